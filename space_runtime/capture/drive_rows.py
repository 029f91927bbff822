"""Rows that drive a face: a take's motion as offsets from the driver's rest, or as it was tracked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np

from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.motion_row import EYES
from space_runtime.arguments import doubles_of, floats_of, in_range
from space_runtime.arrays import Doubles, Floats
from space_runtime.capture.take import LONGEST_S, Take
from space_runtime.errors import UsageError
from space_runtime.geometry import euler_angles, rotation_matrix
from space_runtime.timebase import SAMPLE_RATE

GREATEST_REST: Final = 0.6
"""Weight of a driver's rest above which a full weight is not reached: stretching further would show noise."""
SEEN: Final = 0.5
"""Confidence from which a row counts: below there is no driver."""
LATE_S: Final = 0.1
"""A take that begins as late as this after its beginning counts from there."""


class DriveReference(StrEnum):
    """Rests that a driver's motion counts from."""

    RELATIVE = "relative"
    """His own, so that the face that he drives leaves its own rest by as much."""
    ABSOLUTE = "absolute"
    """None: weights as tracked, the head as it faces the camera."""


class DriveEnd(StrEnum):
    """Motion of a face that is driven for longer than there are rows."""

    REST = "rest"
    """Goes over to speech, or to rest, within 0.4 s."""
    HOLD = "hold"
    """The last row stays."""
    LOOP = "loop"
    """The rows begin again, blended over 0.4 s."""


@dataclass(frozen=True, slots=True, eq=False)
class DriveRows:
    """Motion that drives a face, T rows at media times.

    samples: (T,) samples at 16 kHz, rising. blendshapes: (T, 52) offsets of weights within −1…1; those of eyeLook are
    not looked at, lids follow the eyes. head: (T, 6) yaw, pitch, roll, then x, y, z as `Frame` has them. eyes_rad:
    (T, 2, 2) yaw, pitch of the left and right eye in the head. confidence: (T,) 0…1; below 0.5 there is no driver.

    Raises `UsageError` for arrays of other shapes, values that are not finite and times that do not rise.
    """

    samples: Doubles
    blendshapes: Floats
    head: Floats
    eyes_rad: Floats
    confidence: Floats

    def __post_init__(self) -> None:
        """Check everything once, at the rim; sequences become arrays."""
        object.__setattr__(self, "samples", doubles_of("samples of a drive", self.samples, (-1,)))
        for name, shape in _SHAPES.items():
            values = floats_of(f"{name} of a drive", getattr(self, name), (len(self.samples), *shape))
            object.__setattr__(self, name, values)
        if (np.diff(self.samples) <= 0).any():
            raise UsageError("the times of a drive do not rise; give every row a later time than the last")

    def begun_at(self, begin_s: float) -> DriveRows:
        """Return these rows with media time 0 at ``begin_s`` seconds of theirs, without those before.

        Raises `UsageError` when none is left, or nobody is seen in them.
        """
        begin_s = in_range("the beginning in a drive", begin_s, 0, LONGEST_S)
        begin = begin_s * SAMPLE_RATE
        kept = self.samples >= begin
        if not kept.any():
            raise UsageError(f"a drive of {self.samples[-1] / SAMPLE_RATE:.2f} s has no row after {begin_s:g} s")
        if (self.confidence[kept] < SEEN).all():
            raise UsageError(f"nobody is seen in a drive after {begin_s:g} s; give a take that shows a face there")
        samples = self.samples[kept] - begin
        if samples[0] <= LATE_S * SAMPLE_RATE:
            samples[0] = min(samples[0], 0.0)
        return replace(self, samples=samples, **{name: getattr(self, name)[kept] for name in _SHAPES})


_SHAPES: Final[Mapping[str, tuple[int, ...]]] = {
    "blendshapes": (len(ARKIT_NAMES),),
    "head": (6,),
    "eyes_rad": (2, 2),
    "confidence": (),
}


def drive_rows(take: Take, reference: DriveReference = DriveReference.RELATIVE) -> DriveRows:
    """Return the rows of a take, against the driver's rest or as they were tracked."""
    if reference is DriveReference.ABSOLUTE:
        return DriveRows(take.samples, take.blendshapes, take.head, take.eyes_rad, take.confidence)
    head, eyes = turned_from(take.neutral_head, take.head, take.eyes_rad)
    weights = offsets(take.blendshapes, take.neutral_blendshapes)
    return DriveRows(take.samples, weights, head, eyes, take.confidence)


def offsets(weights: Floats, rest: Floats) -> Floats:
    """Return (T, 52) weights as offsets from (52,) those at rest: of the way up, so that a full weight stays one."""
    above: Floats = weights - rest
    return np.where(above > 0, above / (1 - np.minimum(rest, GREATEST_REST)), above).astype(np.float32)


def turned_from(rest: Floats, head: Floats, eyes_rad: Floats) -> tuple[Floats, Floats]:
    """Return (T, 6) heads relative to a (6,) rest, and (T, 2, 2) eyes that look in space where they looked.

    A driver who rests aside of his camera and looks into it looks ahead all the same.
    """
    own, turns = rotation_matrix(rest[:3]), np.moveaxis(rotation_matrix(head[:, :3].T), -1, 0)
    turned = head.copy()
    turned[:, :3] = euler_angles(own.T @ turns)
    turned[:, 3:] = (head[:, 3:] - rest[3:]) @ own
    return turned, np.clip(eyes_rad + (head[:, :2] - turned[:, :2])[:, None], EYES.low, EYES.high)
