"""A stand-in for the stream batch that keeps its clock and draws no faces: for tests of time and order alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from unittest.mock import patch

import numpy as np

from space_runtime.animation.batch_state import Frames, blank_frames
from space_runtime.animation.motion_source import MotionSource
from space_runtime.animation.pipeline import Character
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats, Index
from space_runtime.inference.bundle import Bundle
from space_runtime.rig.rig import RigIdentity
from space_runtime.server.worker import worker
from space_runtime.timebase import HOP, frame_sample


@dataclass(slots=True, eq=False)
class _Row:
    character: Character
    track: ControlTrack
    n_steps: int = 0
    next_frame: int = 0


class QuickBatch:
    """The interface of `StreamBatch`; frames come when they must, all values are 0."""

    knows_styles = True

    def __init__(self, bundle: Bundle) -> None:
        self.rows: dict[int, _Row] = {}
        self._look_ahead = bundle.look_ahead()

    def add(self, character: Character, track: ControlTrack, motion: None = None, keypoints: bool = False) -> int:
        assert not keypoints, "frames of this stand-in have no keypoints"
        row = next(n for n in range(len(self.rows) + 1) if n not in self.rows)
        self.rows[row] = _Row(character, track)
        return row

    def remove(self, row: int) -> None:
        del self.rows[row]

    def restart(self, row: int, track: ControlTrack, character: Character | None = None) -> None:
        self.rows[row] = _Row(character or self.rows[row].character, track)

    def set_track(self, row: int, track: ControlTrack) -> None:
        self.rows[row].track = track

    def set_motion(self, row: int, motion: MotionSource | None) -> None:
        assert row in self.rows

    def identity(self, row: int) -> RigIdentity:
        return self.rows[row].character.identity

    def track(self, row: int) -> ControlTrack:
        return self.rows[row].track

    def n_steps(self, row: int) -> int:
        return self.rows[row].n_steps

    def next_frame(self, row: int) -> int:
        return self.rows[row].next_frame

    def step(self, rows: Index, hops: Floats) -> Frames:
        assert len(set(rows.tolist())) == len(rows) and np.isfinite(hops).all() and hops.shape[1] % HOP == 0
        made: list[tuple[int, int, float]] = []
        for number in rows.tolist():
            row = self.rows[number]
            row.n_steps += hops.shape[1] // HOP
            fps: Fraction = row.character.fps
            while frame_sample(row.next_frame, fps) <= row.n_steps * HOP - self._look_ahead:
                made.append((number, row.next_frame, float(frame_sample(row.next_frame, fps))))
                row.next_frame += 1
        return _blank([number for number, _, _ in made], [index for _, index, _ in made], [at for _, _, at in made])


def _blank(rows: list[int], index: list[int], sample: list[float]) -> Frames:
    return replace(
        blank_frames(len(rows)),
        row=np.array(rows, np.intp),
        frame_index=np.array(index, np.int64),
        media_sample=np.array(sample, np.float64),
    )


@contextmanager
def quick() -> Iterator[None]:
    """Let workers that are made inside use the stand-in."""
    with patch.object(worker, "StreamBatch", QuickBatch):
        yield
