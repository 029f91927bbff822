"""The rows of a stream batch that drive a picture generator, each with the state of its latents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from space_runtime.animation.batch_state import Frames
from space_runtime.animation.pipeline import Character
from space_runtime.animation.textures import drive, initial_latents
from space_runtime.animation.track import ControlTrack
from space_runtime.rendering.generator import State
from space_runtime.soa import take


class KeypointRows:
    """Rows whose frames get keypoints, and the latents' state of each after its last frame."""

    def __init__(self) -> None:
        self._states: dict[int, State] = {}

    def begin(self, row: int, character: Character) -> None:
        """Let a row be one of these. Raises `UsageError` for a character without `PictureParts`."""
        self._states[row] = initial_latents(character)

    def restart(self, row: int, character: Character) -> None:
        """Let a row begin as if new, if it is one of these."""
        if row in self._states:
            self.begin(row, character)

    def remove(self, row: int) -> None:
        """Forget a row, if it is one of these."""
        self._states.pop(row, None)

    def driven(
        self, frames: Frames, character_of: Callable[[int], Character], track_of: Callable[[int], ControlTrack]
    ) -> Frames:
        """Return the frames with the keypoints of these rows, all driven together; the states go on.

        Every frame of a row counts, once and in order, whatever becomes of it: so its keypoints depend on the sound
        and the controls alone. All characters are of one bundle, whose generator they share.
        """
        rows = [row for row in dict.fromkeys(frames.row.tolist()) if row in self._states] if self._states else []
        if not rows:
            return frames
        stream_of = {row: stream for stream, row in enumerate(rows)}
        own = np.flatnonzero(np.isin(frames.row, rows))
        stream = np.array([stream_of[row] for row in frames.row[own].tolist()], np.intp)
        states, points = drive(
            [character_of(row) for row in rows],
            [track_of(row) for row in rows],
            [self._states[row] for row in rows],
            take(frames, own),
            stream,
        )
        self._states.update(zip(rows, states, strict=True))
        keypoints = np.full((len(frames.row), *points.shape[1:]), np.nan, np.float32)
        keypoints[own] = points
        return replace(frames, keypoints=keypoints)
