"""The face that speaks the new line: the mesh of the video's person, moved by a session, at any rising media times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from space_runtime.animation.session import Session
from space_runtime.arrays import Floats
from space_runtime.geometry import estimate_pose, remove_pose
from space_runtime.inference.bundle import Bundle
from space_runtime.media.audio_file import Sound
from space_runtime.media.resampling import Resampler
from space_runtime.portrait.portrait import Portrait
from space_runtime.rendering.warp.keypoints import keypoints_from_mesh, landmarks_from_keypoints
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls

TAIL_S = 0.4
"""Seconds in which the mouth goes to rest after the line."""


class SpokenFace:
    """The speaking mesh over time. It reads the line as far as it is asked to, and keeps two frames.

    portrait: of the video's person at rest; rest: (478, 3) the same mesh, normalised. hear: is given each (n, channels)
    block of the line as it is read.
    """

    def __init__(
        self,
        bundle: Bundle,
        portrait: Portrait,
        rest: Floats,
        line: Sound,
        fps: Fraction,
        controls: Controls,
        hear: Callable[[Floats], None],
    ) -> None:
        """Open the line; raises what its `Sound` raises when it is read."""
        self._session = Session(bundle, portrait, controls, fps, keypoints=True)
        self._mesh_from_keypoints = np.asarray(bundle.arrays("warp")["mesh_from_keypoints"], np.float32)
        self._rest, self._own = rest, _unposed(keypoints_from_mesh(portrait.mesh))
        self._seconds, self._is_read = Fraction(), False
        self._frames = self._read(line, hear)
        self._before = self._after = next(self._frames, None)

    def at(self, time: Fraction) -> Floats:
        """Return (478, 3) normalised points at a time in seconds, none earlier than the last. Before and after the
        line the mouth is at rest."""
        sample = float(time * SAMPLE_RATE)
        while self._after is not None and self._after[0] < sample:
            self._before, self._after = self._after, next(self._frames, None)
        if self._before is None or self._after is None or sample < 0:
            return self._rest
        (early, old), (late, new) = self._before, self._after
        share = 0.0 if late == early else (sample - early) / (late - early)
        return np.asarray(old + (new - old) * np.float32(share), np.float32)

    def goes_on(self, time: Fraction) -> bool:
        """Return whether there is more of the line after the time in seconds that was last asked for."""
        return not self._is_read or self._seconds > time

    def _read(self, line: Sound, hear: Callable[[Floats], None]) -> Iterator[tuple[float, Floats]]:
        resampler, mixer = Resampler(line.rate, SAMPLE_RATE), line.mixer()
        for block in line.blocks():
            hear(block)
            self._seconds += Fraction(len(block), line.rate)
            yield from self._meshes(resampler.push(mixer.mix(block)), last=False)
        self._is_read = True
        yield from self._meshes(resampler.finish(), last=True)

    def _meshes(self, sound: Floats, last: bool) -> Iterator[tuple[float, Floats]]:
        batches = self._session.push_batches(sound)
        for frames in [*batches, *(self._session.finish_batches(TAIL_S) if last else ())]:
            for sample, keypoints in zip(frames.media_sample.tolist(), frames.keypoints, strict=True):
                expression = (_unposed(keypoints) - self._own).reshape(len(keypoints), 3)
                yield sample, (self._rest + self._mesh_from_keypoints @ expression).astype(np.float32)


def _unposed(keypoints: Floats) -> Floats:
    return remove_pose(keypoints, estimate_pose(landmarks_from_keypoints(keypoints)))
