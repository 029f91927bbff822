"""Motion from a driver on a character: rows of weights, head and eyes, part by part in place of speech or added to it.

Weights move the character's own shapes, ``landmarks = neutral + Σ weight · shape``: the driver's face never enters.
They are the frame's own weights, too, as landmarks do not tell all shapes apart. Where expression is added to a mouth
that speech moves, it moves upper and lower lip alike, so that lips that speech shuts stay shut. A part without strength
is speech, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.field_table import GAZE_LIMIT_RAD
from space_runtime.animation.batch_state import Motion
from space_runtime.animation.control_batch import ControlBatch
from space_runtime.animation.drive_runs import DriveRuns
from space_runtime.animation.pipeline import build_character
from space_runtime.animation.stages import controls as control_stage
from space_runtime.animation.stages import pose as pose_stage
from space_runtime.arguments import instance, one_of
from space_runtime.arrays import Doubles, Floats
from space_runtime.capture.drive_rows import DriveEnd, DriveReference, DriveRows, drive_rows, turned_from
from space_runtime.capture.take import Take
from space_runtime.drive_parts import DRIVE_PARTS, PART_OF_SHAPE, DrivePart
from space_runtime.inference.bundle import Bundle
from space_runtime.portrait.portrait import Portrait
from space_runtime.rig.rig import RigIdentity
from space_runtime.rig.shapes import LIP_PAIRS
from space_runtime.soa import some


@dataclass(frozen=True, slots=True, eq=False)
class DrivenMotion:
    """A motion source: what a driver does, as `Controls.drive` wants of each part, over what speech does.

    rows: of the driver. identity: of the character. end: beyond the last row.
    """

    rows: DriveRows
    identity: RigIdentity
    end: DriveEnd = DriveEnd.REST
    _runs: DriveRuns = field(init=False, repr=False)
    _shapes: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Work out what no time changes."""
        object.__setattr__(self, "_runs", DriveRuns.of(self.rows, self.end))
        object.__setattr__(self, "_shapes", _shapes_of(self.identity))

    def at(self, speech: Motion, controls: ControlBatch, media_sample: Doubles) -> Motion:
        """Return the motion at the media times, with the gate of ``speech``."""
        there, values = self._runs.at(media_sample)
        share = (np.minimum(controls.drive, 1) * there[:, None]).astype(np.float32)
        if not some(share):
            return speech
        gain = np.maximum(controls.drive, 1)
        weights, head, eyes = values[:, :52], values[:, 52:58], values[:, 58:].reshape(-1, 2, 2)
        moved = replace(
            speech,
            landmarks=self._face(speech.landmarks, weights, share, gain),
            head=_between(speech.head, gain[:, _HEAD, None] * head, share[:, _HEAD]),
            lids=_lids(speech.lids, weights, share[:, _BLINKS], gain[:, _BLINKS]),
            weights=(gain[:, _STRENGTH_OF_SHAPE] * weights).astype(np.float32),
            known=_known(share),
        )
        if not some(share[:, _GAZE]):
            return moved
        return self._look(moved, controls, media_sample, gain[:, _GAZE, None, None] * eyes, share)

    def _face(self, landmarks: Floats, weights: Floats, share: Floats, gain: Floats) -> Floats:
        """(F, 78, 3) with the driver's brows, expression and mouth; what they replace is taken off first."""
        taken = (_PART_OF_FACE * share[:, None, _FACE]).sum(-1, keepdims=True)
        strength = (share * gain)[:, _STRENGTH_OF_SHAPE] * weights * _MOVES_FACE
        # One product per frame, of rows that lie in memory in one way: a face does not depend on its company.
        rows = np.empty((len(weights), 1, len(self._shapes)), np.float32)
        rows[:, 0, : strength.shape[1]] = strength
        rows[:, 0, strength.shape[1] :] = share[:, _MOUTH, None] * strength[:, _ON_MOUTH]
        moved = rows @ self._shapes
        kept = landmarks - taken * (landmarks - self.identity.neutral)
        face: Floats = (kept + moved.reshape(kept.shape)).astype(np.float32)
        return face

    def _look(
        self, motion: Motion, controls: ControlBatch, media_sample: Doubles, eyes_rad: Floats, share: Floats
    ) -> Motion:
        """The motion with eyes between contact and where the driver looks; irises and lids stand there."""
        head = pose_stage.head_motion(controls, motion.head, media_sample)
        contact = control_stage.own_gaze(motion.eyes_rad, motion.saccade_offset_rad, head).ahead
        eyes = np.clip(_between(contact, eyes_rad, share[:, _GAZE]), -GAZE_LIMIT_RAD, GAZE_LIMIT_RAD).astype(np.float32)
        own = share[:, _GAZE] > 0
        looking = control_stage.look(self.identity, motion.landmarks, eyes)
        return replace(
            motion,
            landmarks=np.where(own[:, None, None], looking, motion.landmarks),
            eyes_rad=np.where(own[:, None, None], eyes, motion.eyes_rad),
        )


def drive_motion(
    driver: Take | DriveRows,
    portrait: Portrait | None = None,
    bundle: Bundle | None = None,
    reference: DriveReference = DriveReference.RELATIVE,
    end: DriveEnd = DriveEnd.REST,
    begin_s: float = 0.0,
) -> DrivenMotion:
    """Return the motion source with which a driver leads the face of a portrait, None for the neutral identity.

    driver: a take, or rows that are made already, which count as ``reference`` says. begin_s: seconds in the driver at
    which the sound begins. Raises `UsageError`.
    """
    instance("the driver", driver, (Take, DriveRows), "which open_take() opens")
    counted, ends = one_of("reference", reference, DriveReference), one_of("end", end, DriveEnd)
    character = build_character(bundle, portrait)
    rows = drive_rows(driver, counted) if isinstance(driver, Take) else driver
    if counted is DriveReference.ABSOLUTE:
        rest = np.concatenate([character.portrait_pose.rotation_rad, np.zeros(3)]).astype(np.float32)
        head, eyes = turned_from(rest, rows.head, rows.eyes_rad)
        rows = replace(rows, head=head, eyes_rad=eyes)
    return DrivenMotion(rows.begun_at(begin_s), character.identity, ends)


def _between(speech: NDArray[np.floating], driver: NDArray[np.floating], share: Floats) -> Floats:
    part = share.reshape(-1, *(1,) * (speech.ndim - 1))
    between: Floats = (speech + part * (driver - speech)).astype(np.float32)
    return between


def _known(share: Floats) -> Floats:
    """(F, 52) how far the driver's weights are the face's: not those of the gaze, which follow the eyes, nor those of
    expression on a mouth that is speech's."""
    known: Floats = share[:, _STRENGTH_OF_SHAPE] * _TAKEN_OVER
    known[:, _ON_LIPS] *= share[:, _MOUTH, None]
    return known


def _lids(speech: Doubles, weights: Floats, share: Floats, gain: Floats) -> Doubles:
    """(F, 2) closure of the left and the right eye: scheduled blinks go as the driver's come."""
    own = np.clip(gain[:, None] * weights[:, _BLINK_ROWS], 0, 1)
    closure: Doubles = speech + share[:, None].astype(np.float64) * (own - speech)
    return closure


_PLACES: Final = {part: place for place, part in enumerate(DrivePart)}
_HEAD, _BLINKS, _GAZE, _BROWS, _EXPRESSION, _MOUTH = range(len(DrivePart))
_FACE: Final = [_BROWS, _EXPRESSION, _MOUTH]
_BLINK_ROWS: Final = list(DRIVE_PARTS[DrivePart.BLINKS])
_STRENGTH_OF_SHAPE: Final = np.array([_PLACES[part] for part in PART_OF_SHAPE])
_MOVES_FACE: Final = np.isin(_STRENGTH_OF_SHAPE, _FACE).astype(np.float32)
_TAKEN_OVER: Final = (_STRENGTH_OF_SHAPE != _GAZE).astype(np.float32)
_ON_LIPS: Final = [row for row in DRIVE_PARTS[DrivePart.EXPRESSION] if ARKIT_NAMES[row].startswith("mouth")]
_ON_MOUTH: Final = [*DRIVE_PARTS[DrivePart.BROWS], *DRIVE_PARTS[DrivePart.EXPRESSION]]
"""Shapes that are added to a mouth that speech may have shut."""


@lru_cache(maxsize=64)
def _shapes_of(identity: RigIdentity) -> Floats:
    """(52 + E, 78·3): the shapes, those beside the mouth's moving upper and lower lip alike; then what these leave
    out, which belongs to a mouth that is the driver's."""
    alike = identity.basis.copy()
    for upper, lower in LIP_PAIRS:
        middle = (identity.basis[_ON_MOUTH, upper] + identity.basis[_ON_MOUTH, lower]) / 2
        alike[_ON_MOUTH, upper] = alike[_ON_MOUTH, lower] = middle
    opening = (identity.basis - alike)[_ON_MOUTH]
    return np.concatenate([alike, opening]).reshape(len(alike) + len(opening), -1).astype(np.float32)


def _part_of_face() -> Floats:
    """(78, 3): how much each landmark belongs to brows, expression and mouth."""
    mouth = control_stage.MOUTH_SHARE[:, 0]
    brows = np.zeros_like(mouth)
    brows[17:27] = 1
    return np.stack([brows, 1 - brows - mouth, mouth], 1)


_PART_OF_FACE: Final = _part_of_face()
