"""A session: one character listening to one stream of sound. The only place where a stream's state is kept."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np

from space_runtime import pipeline as pipeline_module
from space_runtime.bundle import Bundle
from space_runtime.errors import UsageError
from space_runtime.geometry import Floats
from space_runtime.portrait import Portrait
from space_runtime.timebase import HOP, checked_fps, n_frames
from space_runtime.values import LOUDEST, Controls, Frame

HOPS_AT_ONCE: Final = 50
"""Hops handed to the pipeline together when a push brings many."""


class Session:
    """Speech in, frames out.

    ``push`` takes any number of samples and returns the frames that are complete; ``finish`` returns the rest.
    How the sound is cut into pushes does not change a bit of any frame, and a frame appears as soon as the sound up to
    its media time plus `look_ahead_samples` is in.

    bundle: an opened bundle. portrait: whose face speaks, None for a neutral identity.
    controls: see `Controls`. fps: frames per second. pictures: also render (512, 512, 3) RGB; needs a portrait.

    Raises `UsageError` when pictures are asked for without a portrait, and for a frame rate outside 1…240.
    """

    def __init__(
        self,
        bundle: Bundle,
        portrait: Portrait | None = None,
        controls: Controls | None = None,
        fps: Fraction = Fraction(30),
        pictures: bool = False,
    ) -> None:
        if pictures and portrait is None:
            raise UsageError("pictures need a portrait; give one, or ask for curves only")
        self._pipeline = pipeline_module.build(bundle, portrait, controls or Controls(), checked_fps(fps), pictures)
        self.reset()

    @property
    def look_ahead_samples(self) -> int:
        """Samples at 16 kHz beyond a frame's media time that may be needed before the frame appears."""
        return self._pipeline.look_ahead + HOP

    def reset(self) -> None:
        """Forget everything heard; the session equals a new one."""
        self._state = pipeline_module.initial_state(self._pipeline)
        self._pending: Floats = np.zeros(0, np.float32)
        self._n_samples = 0
        self._finished = False

    def push(self, samples: Floats) -> list[Frame]:
        """Take (n,) mono samples at 16 kHz in −1…1 and return the frames that they complete.

        Raises `UsageError` on another shape or type, on NaN and on values beyond ±64, and after `finish`.
        """
        self._n_samples += _checked(samples, self._finished).size
        self._pending = np.concatenate([self._pending, samples.astype(np.float32)])
        return self._drain()

    def finish(self) -> list[Frame]:
        """Say that the sound is over and return the remaining frames, up to the end of the sound."""
        self._finished = True
        wanted = n_frames(self._n_samples, self._pipeline.fps)
        frames: list[Frame] = []
        while self._state.next_frame < wanted:
            padding = HOP - self._pending.size % HOP
            self._pending = np.concatenate([self._pending, np.zeros(padding, np.float32)])
            frames += self._drain()
        return [frame for frame in frames if frame.frame_index < wanted]

    def _drain(self) -> list[Frame]:
        frames: list[Frame] = []
        whole = self._pending.size // HOP * HOP
        hops = self._pending[:whole].reshape(-1, HOP)
        for start in range(0, len(hops), HOPS_AT_ONCE):
            self._state, made = pipeline_module.step(self._pipeline, self._state, hops[start : start + HOPS_AT_ONCE])
            frames += made
        self._pending = self._pending[whole:]
        return frames


def _checked(samples: Floats, finished: bool) -> Floats:
    if finished:
        raise UsageError("the session is finished; call reset() before pushing another sound")
    if samples.ndim != 1:
        raise UsageError(f"samples have shape {samples.shape} instead of (n,); mix the channels to mono first")
    if not np.issubdtype(samples.dtype, np.floating):
        raise UsageError(f"samples are {samples.dtype}; expected float32 in −1…1, divide 16-bit integers by 32768")
    if not (np.abs(samples) <= LOUDEST).all():
        raise UsageError(f"samples contain NaN or values beyond ±{LOUDEST:g}; expected −1…1, repair the sound first")
    return samples
