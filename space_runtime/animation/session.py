"""A session: one character and one stream of sound, a stream batch of one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import numpy as np

from space_runtime.animation import pipeline
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.batch_state import Frames
from space_runtime.animation.motion_source import MotionSource
from space_runtime.animation.textures import picture_size, render
from space_runtime.animation.track import ControlTrack, track_of
from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import Bundle
from space_runtime.portrait.portrait import Portrait
from space_runtime.soa import take
from space_runtime.timebase import HOP, checked_fps, frame_sample, n_frames
from space_runtime.values import LOUDEST, Controls, Frame

HOPS_AT_ONCE: Final = 50
"""Hops handed to the pipeline together when a push brings many."""


class Session:
    """Speech in, frames out.

    ``push`` takes any number of samples and returns the frames that are complete; ``finish`` returns the rest.
    How the sound is cut into pushes does not change a bit of any frame, and a frame appears as soon as the sound up to
    its media time plus `look_ahead_samples` is in.

    bundle: an opened bundle. portrait: whose face speaks, None for a neutral identity.
    controls: see `Controls`; or a track of them over media time (`ControlTrack`, `EmotionTrack.over`).
    fps: frames per second. pictures: also render RGB pictures; needs a portrait.
    motion: where the face's motion comes from, None for speech; see `RecordedMotion`, `MixedMotion`.
    keypoints: also give the picture generator's keypoints, which pictures always bring; needs a portrait.

    Raises `UsageError` when pictures or keypoints are asked for without a portrait, and for a frame rate outside 1…240.
    """

    def __init__(
        self,
        bundle: Bundle,
        portrait: Portrait | None = None,
        controls: Controls | ControlTrack | None = None,
        fps: Fraction = Fraction(30),
        pictures: bool = False,
        motion: MotionSource | None = None,
        keypoints: bool = False,
    ) -> None:
        if portrait is None and (pictures or keypoints):
            what = "pictures" if pictures else "keypoints"
            raise UsageError(f"{what} need a portrait; give one, or ask for curves only")
        self._controls = track_of(controls)
        driven = pictures or keypoints
        self._pictures = pictures
        self._character = pipeline.build(bundle, portrait, checked_fps(fps), driven)
        self._batch = StreamBatch(bundle)
        self._row = self._batch.add(self._character, self._controls, motion, driven)
        self._rows = np.array([self._row])
        self.reset()

    @property
    def look_ahead_samples(self) -> int:
        """Samples at 16 kHz beyond a frame's media time that may be needed before the frame appears."""
        return self._character.look_ahead + HOP

    @property
    def picture_size(self) -> tuple[int, int]:
        """Height and width of the pictures in pixels. Raises `UsageError` when neither they nor keypoints are asked
        for."""
        return picture_size(self._character)

    def reset(self) -> None:
        """Forget everything heard and every change of controls since; the session equals a new one."""
        self._batch.restart(self._row, self._controls)
        self._pending: Floats = np.zeros(0, np.float32)
        self._n_samples = 0
        self._finished = False

    def set_controls(self, controls: Controls, at_sample: int | None = None, fade: int = 0) -> None:
        """Change the controls from a media sample on, at once by default; see `ControlTrack.changed`.

        What a track had for later is forgotten. Frames that are out stay as they are; a change that lies in their time
        applies to all after them.
        """
        self._follow(self._track.changed(self._moment(at_sample), controls, fade))

    def rest(self, at_sample: int | None = None, fade: int = 0) -> None:
        """Let the face go to rest from a media sample on, at once by default; see `ControlTrack.resting`."""
        self._follow(self._track.resting(self._moment(at_sample), fade))

    @property
    def _track(self) -> ControlTrack:
        return self._batch.track(self._row)

    def _moment(self, at_sample: int | None) -> int:
        """A media sample, by default that of the first frame to come."""
        return math.floor(self._next_sample()) if at_sample is None else at_sample

    def _next_sample(self) -> Fraction:
        return frame_sample(self._batch.next_frame(self._row), self._character.fps)

    def _follow(self, track: ControlTrack) -> None:
        # The frames to come and the network outputs of hops to come: nothing before them is asked for again.
        done = min(float(self._next_sample()), self._batch.n_steps(self._row) * HOP - self._character.look_ahead)
        self._batch.set_track(self._row, track.since(done))

    def push(self, samples: Floats) -> list[Frame]:
        """Take (n,) mono samples at 16 kHz in −1…1 and return the frames that they complete.

        Raises `UsageError` on another shape or type, on NaN and on values beyond ±64, and after `finish`.
        """
        return self._frames(self.push_batches(samples))

    def push_batches(self, samples: Floats) -> list[Frames]:
        """Do what `push` does, but return the frames as columns, in order; `pictures` draws theirs."""
        self._n_samples += _checked(samples, self._finished).size
        self._pending = np.concatenate([self._pending, samples.astype(np.float32)])
        return self._drain()

    def finish(self) -> list[Frame]:
        """Say that the sound is over and return the remaining frames, up to the end of the sound."""
        return self._frames(self.finish_batches())

    def finish_batches(self) -> list[Frames]:
        """Do what `finish` does, but return the frames as columns, in order."""
        self._finished = True
        wanted = n_frames(self._n_samples, self._character.fps)
        batches: list[Frames] = []
        while self._batch.next_frame(self._row) < wanted:
            padding = HOP - self._pending.size % HOP
            self._pending = np.concatenate([self._pending, np.zeros(padding, np.float32)])
            batches += self._drain()
        return [take(frames, np.flatnonzero(frames.frame_index < wanted)) for frames in batches]

    def pictures(self, frames: Frames) -> Iterator[Pixels]:
        """Yield the (h, w, 3) pictures of frames of this session, none for a session without pictures."""
        if self._pictures:
            for keypoints in frames.keypoints:
                yield render(self._character, keypoints)

    def _drain(self) -> list[Frames]:
        batches: list[Frames] = []
        whole = self._pending.size // HOP * HOP
        for start in range(0, whole, HOPS_AT_ONCE * HOP):
            sound = self._pending[start : min(whole, start + HOPS_AT_ONCE * HOP)]
            frames = self._batch.step(self._rows, sound[None])
            if len(frames.row):
                batches.append(frames)
        self._pending = self._pending[whole:]
        return batches

    def _frames(self, batches: list[Frames]) -> list[Frame]:
        made: list[Frame] = []
        for frames in batches:
            pictures: list[Pixels | None] = [*self.pictures(frames)] or [None] * len(frames.row)
            made += [self._frame(frames, place, rgb) for place, rgb in enumerate(pictures)]
        return made

    def _frame(self, made: Frames, place: int, rgb: Pixels | None) -> Frame:
        index = int(made.frame_index[place])
        return Frame(
            index,
            frame_sample(index, self._character.fps),
            made.landmarks[place],
            made.blendshapes[place],
            made.head_rotation_rad[place],
            made.head_translation[place],
            made.eye_rotation_rad[place],
            rgb,
            made.keypoints[place] if self._character.pictures else None,
        )


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
