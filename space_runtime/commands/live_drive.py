"""Motion that ``live`` gives a face, from its options: a take, a video, a camera, a given head."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from space_runtime.animation.direction import HeadTrack, read_head_track
from space_runtime.animation.pipeline import open_rig
from space_runtime.arguments import in_range, one_of
from space_runtime.arrays import Floats
from space_runtime.baking.drive import DriveOptions
from space_runtime.capture.drive_rows import DriveEnd, DriveReference, DriveRows
from space_runtime.capture.face_following import FaceFollower
from space_runtime.capture.live_face import LiveFace
from space_runtime.capture.person import Person
from space_runtime.capture.recordings import open_take
from space_runtime.commands.report import say as tell
from space_runtime.drive_parts import PRESETS, parse_drive_parts
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import load_bundle
from space_runtime.live.call import CallFeed
from space_runtime.live.camera import open_camera
from space_runtime.live.motion_feed import STEP, TakeFeed
from space_runtime.portrait.portrait import open_tracker
from space_runtime.rig.rig import N_SHAPES

PLAYOUT_MS: Final = 200
"""From a sound to its face."""
CALL_PLAYOUT_MS: Final = 400
"""The same in a call: look-ahead, a camera and its tracking that are `call.HOLD_S` late, two frames."""


@dataclass(frozen=True, slots=True)
class MotionOptions:
    """The options that give a face motion; none of the first three: speech alone."""

    drive: Path | None
    camera: str | None
    head_track: Path | None
    parts: str
    end: str
    reference: str
    begin_s: float

    def __post_init__(self) -> None:
        """Check what needs no file."""
        named = [("--drive", self.drive), ("--camera", self.camera), ("--head-track", self.head_track)]
        given = [option for option, value in named if value is not None]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(given)}; give one of them, a face follows one motion")
        if self.drive is None and (ignored := self._of_a_take()):
            raise UsageError(f"{ignored}, but no take drives the face; add --drive")
        _ = self.strengths

    @property
    def strengths(self) -> Floats | None:
        """Strengths of the parts that are driven: by a camera all, by a take all but the mouth; else None."""
        if self.drive is None and self.camera is None:
            if self.parts:
                raise UsageError("--drive-parts, but nobody drives the face; add --drive or --camera")
            return None if self.head_track is None else PRESETS["pose"]
        if self.parts:
            return parse_drive_parts(self.parts)
        return PRESETS["all" if self.camera is not None else "face"]

    def playout_ms(self, given: int | None) -> int:
        """Return the milliseconds from a sound to its face."""
        return (PLAYOUT_MS if self.camera is None else CALL_PLAYOUT_MS) if given is None else given

    def feed(self) -> TakeFeed | CallFeed | None:
        """Return the motion, a video being tracked first. Raises `UsageError`, `MediaError`."""
        strengths = self.strengths
        if self.camera is not None and strengths is not None:
            camera, bundle = open_camera(self.camera), load_bundle()
            face = LiveFace(FaceFollower(open_tracker(bundle), Person()), open_rig(bundle))
            tell(f"space-runtime: {camera.name}: look into it for a second, at rest; the key c switches it")
            return CallFeed(camera, face, strengths, _said)
        if self.head_track is not None:
            return TakeFeed(_head_rows(read_head_track(self.head_track)), DriveEnd.HOLD)
        if self.drive is None:
            return None
        options = self._given()
        return TakeFeed(options.of(open_take(self.drive)).rows, options.end)

    def _of_a_take(self) -> str:
        """Return the option that says how a take is taken, empty where none does."""
        given, usual = self._given(), DriveOptions()
        options = ("--drive-reference", "reference"), ("--drive-end", "end"), ("--drive-from", "begin_s")
        return next((option for option, name in options if getattr(given, name) != getattr(usual, name)), "")

    def _given(self) -> DriveOptions:
        return DriveOptions(
            one_of("--drive-reference", self.reference, DriveReference),
            one_of("--drive-end", self.end, DriveEnd),
            in_range("--drive-from", self.begin_s, 0, math.inf),
        )


def _head_rows(track: HeadTrack) -> DriveRows:
    """The rows of a given head, close enough to one another to count as one motion; the first holds from 0 on."""
    times = np.arange(0.0, max(track.samples[-1], 0.0) + STEP, STEP)
    head = np.zeros((len(times), 6), np.float32)
    for column, values in enumerate(track.rows.T):
        head[:, column] = np.interp(times, track.samples, values)
    n = len(times)
    return DriveRows(
        times, np.zeros((n, N_SHAPES), np.float32), head, np.zeros((n, 2, 2), np.float32), np.ones(n, np.float32)
    )


def keys_of(feed: TakeFeed | CallFeed | None) -> dict[str, Callable[[], None]]:
    """Return the keys of the terminal that motion obeys."""
    return {"c": feed.toggle} if isinstance(feed, CallFeed) else {}


def _said(sentence: str) -> None:
    tell(f"space-runtime: {sentence}")
