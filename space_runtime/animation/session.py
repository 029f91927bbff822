"""A session: one character and one stream of sound, a stream batch of one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.batch_state import Frames
from space_runtime.animation.motion_source import MotionSource
from space_runtime.animation.pipeline import build_character
from space_runtime.animation.textures import picture_size, render
from space_runtime.animation.track import ControlTrack, track_of
from space_runtime.arguments import in_range, instance, switch, whole
from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import Bundle, bundle_or_embedded
from space_runtime.media.mono import mix_to_mono
from space_runtime.media.resampling import MAX_RATE, MIN_RATE, Resampler, sound_of
from space_runtime.portrait.portrait import Portrait
from space_runtime.soa import take
from space_runtime.timebase import HOP, SAMPLE_RATE, FrameRate, frame_sample, n_frames
from space_runtime.values import Controls, Frame

HOPS_AT_ONCE: Final = 50
"""Hops handed to the pipeline together when a push brings many."""

MAX_TAIL_S: Final = 10.0
"""Longest release after the sound, in seconds."""


class Session:
    """Speech in, frames out.

    ``push`` takes any number of samples and returns the frames that are complete; ``finish`` returns the rest.
    How the sound is cut into pushes does not change a bit of any frame, and a frame appears as soon as the sound up to
    its media time plus `look_ahead_samples` is in.

    bundle: an opened bundle, None for the embedded one. portrait: whose face speaks, None for a neutral identity.
    controls: see `Controls`; or a track of them over media time (`ControlTrack`, `EmotionTrack.over`).
    fps: frames per second, see `exact_fps`. pictures: also render RGB pictures; needs a portrait.
    motion: where the face's motion comes from, None for speech; see `drive_motion`, `RecordedMotion`, `MixedMotion`.
    keypoints: also give the picture generator's keypoints, which pictures always bring; needs a portrait.

    Raises `UsageError` when pictures or keypoints are asked for without a portrait, and for a frame rate outside 1…240.
    """

    def __init__(
        self,
        bundle: Bundle | None = None,
        portrait: Portrait | None = None,
        controls: Controls | ControlTrack | None = None,
        fps: FrameRate = 30,
        pictures: bool = False,
        motion: MotionSource | None = None,
        keypoints: bool = False,
    ) -> None:
        self._pictures, driven = switch("pictures", pictures), pictures or switch("keypoints", keypoints)
        if driven and portrait is None:
            what = "pictures" if pictures else "keypoints"
            raise UsageError(f"{what} need a portrait; give one, or ask for curves only")
        self._controls = track_of(controls)
        opened = bundle_or_embedded(bundle)
        self._character = build_character(opened, portrait, fps, driven)
        self._batch = StreamBatch(opened)
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
        self._rate: int | None = None
        self._resampler: Resampler | None = None
        self._finished = self._is_over = False
        self._made: list[Frames] = []

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

    def push(self, samples: ArrayLike, sample_rate: int = SAMPLE_RATE) -> list[Frame]:
        """Take (n,) mono samples, or (n, channels), and return the frames that they complete.

        samples: floats in −1…1, int16 or int32, in any sequence; channels are mixed to their mean.
        sample_rate: the same in every push of a sound, 4,000…768,000; other rates than 16,000 are resampled, and frames
        then come a few milliseconds later. Media times stay in samples at 16 kHz.

        Raises `UsageError` on another shape or type, on NaN and on values beyond ±64, for a rate other than that of the
        push before, and after `finish`.
        """
        return self._frames(self.push_batches(samples, sample_rate))

    def push_batches(self, samples: ArrayLike, sample_rate: int = SAMPLE_RATE) -> list[Frames]:
        """Do what `push` does, but return the frames as columns, in order; `pictures` draws theirs."""
        if self._finished:
            raise UsageError("the session is finished; call reset() before pushing another sound")
        sound, rate = sound_of(samples), whole("sample_rate", sample_rate, MIN_RATE, MAX_RATE)
        if len(sound):
            self._hear(self._resampled(mix_to_mono(sound) if sound.ndim == 2 else sound, rate))
        return self._drain()

    def _resampled(self, sound: Floats, rate: int) -> Floats:
        """(n,) sound at 16 kHz; the first push says at which rate all come."""
        if self._rate is None:
            self._rate, self._resampler = rate, None if rate == SAMPLE_RATE else Resampler(rate, SAMPLE_RATE)
        if rate != self._rate:
            raise UsageError(
                f"the sound came at {self._rate} samples per second and now at {rate}; keep to one rate, "
                "or call reset() before another sound"
            )
        return sound if self._resampler is None else self._resampler.push(sound)

    def _hear(self, sound: Floats) -> None:
        self._n_samples += sound.size
        self._pending = np.concatenate([self._pending, sound])

    def finish(self, tail_s: float = 0.0) -> list[Frame]:
        """Say that the sound is over and return the remaining frames: up to its end, or until the face is at rest.

        tail_s: seconds, 0…10, for face and head from the end of the sound to rest, with minimum jerk. Frames before the
        end of the sound are the same, bit for bit, whatever the tail; the last one is the first that lies at or
        after the end of the tail. 0: no frame follows the sound. Raises `UsageError` for another number.
        """
        return self._frames(self.finish_batches(tail_s))

    def finish_batches(self, tail_s: float = 0.0) -> list[Frames]:
        """Do what `finish` does, but return the frames as columns, in order."""
        tail = round(in_range("tail_s", tail_s, 0, MAX_TAIL_S) * SAMPLE_RATE)
        if self._is_over:
            return []
        if self._resampler is not None and not self._finished:
            self._hear(self._resampler.finish())
        self._finished = True
        wanted = self._released(tail)
        batches: list[Frames] = []
        while self._batch.next_frame(self._row) < wanted:
            padding = HOP - self._pending.size % HOP
            self._pending = np.concatenate([self._pending, np.zeros(padding, np.float32)])
            batches += self._drain()
        self._is_over = True
        return [take(frames, np.flatnonzero(frames.frame_index < wanted)) for frames in batches]

    def _released(self, tail: int) -> int:
        """Let the face go to rest within ``tail`` samples after the sound; return the number of frames in all."""
        if not tail or not self._n_samples:
            return n_frames(self._n_samples, self._character.fps)
        self._follow(self._track.ending(self._n_samples, tail))
        return n_frames(self._n_samples + tail, self._character.fps) + 1

    def pictures(self, frames: Frames) -> Iterator[Pixels]:
        """Yield the (h, w, 3) pictures of frames, (h, w, 4) of a transparent portrait; none without pictures."""
        instance("frames", frames, Frames, "as push_batches and finish_batches return them")
        if self._pictures:
            for keypoints in frames.keypoints:
                yield render(self._character, keypoints)

    def _drain(self) -> list[Frames]:
        """Step whole hops; where a step fails, what was made before it is returned when it has succeeded."""
        while n_hops := min(self._pending.size // HOP, HOPS_AT_ONCE):
            frames = self._batch.step(self._rows, self._pending[None, : n_hops * HOP])
            self._pending = self._pending[n_hops * HOP :]
            if len(frames.row):
                self._made.append(frames)
        made, self._made = self._made, []
        return made

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
            made.tongue[place],
        )
