"""Sources of the motion of a face: speech, a recorded take, or a mix of sources by region.

A source answers for any media time and keeps nothing, so that no cut of the sound changes a frame. Controls apply to
every source alike: strengths and rest to the landmarks, a gaze that is asked for to the eyes, head mode and strength to
the head. A source replaces what speech would do, the sound still sets the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, Protocol, Self

import numpy as np

from space_runtime.animation.batch_state import Motion
from space_runtime.animation.control_batch import ControlBatch
from space_runtime.animation.rows_over_time import between_rows
from space_runtime.animation.stages.controls import MOUTH_SHARE
from space_runtime.animation.stream_arguments import checked_source
from space_runtime.arguments import StrPath, doubles_of, floats_of, instance, items_of, path_of
from space_runtime.arrays import Doubles, Floats
from space_runtime.errors import UsageError
from space_runtime.geometry import N_LANDMARKS
from space_runtime.media.array_archive import DAMAGE, read_arrays
from space_runtime.rig.shapes import EYE_POINTS
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Frame


class MotionSource(Protocol):
    """Gives the motion of one stream at media times. Pure."""

    def at(self, speech: Motion, controls: ControlBatch, media_sample: Doubles) -> Motion:
        """Return the motion at (F,) media samples at 16 kHz.

        speech: what speech makes of the same F frames. controls: F rows; what they ask of every source alike is done
        afterwards, so that most sources have no use for them.
        """


@dataclass(frozen=True, slots=True)
class SpeechMotion:
    """Speech itself, bit for bit: what a stream follows by default."""

    def at(self, speech: Motion, controls: ControlBatch, media_sample: Doubles) -> Motion:
        """Return ``speech``."""
        return speech


SPEECH: Final[MotionSource] = SpeechMotion()


@dataclass(frozen=True, slots=True, eq=False)
class RecordedMotion:
    """A take: arrays at media times, linear between them; the first and the last row hold beyond.

    samples: (T,) media times at 16 kHz, rising. landmarks: (T, 78, 3) normalised, with gaze and blinks, of the face
    that shall show them. head: (T, 6) yaw, pitch, roll in radians and x, y, z in normalised units. eyes_rad: (T, 2, 2)
    yaw, pitch in the head of the left and right eye. lids: (T,) how far they are shut beyond what the landmarks show.
    tongue: (T, 2) see `Frame`, None where nothing is known of it: then it rests.

    Raises `UsageError` for arrays of other shapes, values that are not finite and times that do not rise.
    """

    samples: Doubles
    landmarks: Floats
    head: Floats
    eyes_rad: Floats
    lids: Doubles
    tongue: Floats | None = None

    def __post_init__(self) -> None:
        """Check everything once, at the rim; sequences become arrays."""
        object.__setattr__(self, "samples", doubles_of("samples of a recorded motion", self.samples, (-1,)))
        for name, shape in _SHAPES.items():
            read = doubles_of if name == "lids" else floats_of
            values = read(f"{name} of a recorded motion", getattr(self, name), (len(self.samples), *shape))
            object.__setattr__(self, name, values)
        if self.tongue is not None:
            tongue = floats_of("tongue of a recorded motion", self.tongue, (len(self.samples), 2))
            object.__setattr__(self, "tongue", tongue)
        if (np.diff(self.samples) <= 0).any():
            raise UsageError("the times of a recorded motion do not rise; give every row a later time than the last")

    @classmethod
    def of_frames(cls, frames: Sequence[Frame]) -> Self:
        """Return the take that a session gave. Raises `UsageError` for what are no frames, and for none."""
        frames = list(items_of("frames", frames))
        for frame in frames:
            instance("a frame", frame, Frame, "as a session returns them")
        return cls(
            samples=np.array([float(frame.media_sample) for frame in frames]),
            landmarks=np.array([frame.landmarks for frame in frames], np.float32),
            head=np.array([(*frame.head_rotation_rad, *frame.head_translation) for frame in frames], np.float32),
            eyes_rad=np.array([frame.eye_rotation_rad for frame in frames], np.float32),
            lids=np.zeros(len(frames)),
            tongue=np.array([frame.tongue for frame in frames], np.float32),
        )

    @classmethod
    def of_clip(cls, path: StrPath) -> Self:
        """Return the take of a baked clip, ``.npz``. Raises `UsageError` when the file is none."""
        clip_path = path_of("the clip", path)
        try:
            clip = read_arrays(clip_path, (*_CLIP, _TONGUE))
            fps = Fraction(*clip["fps"].tolist())
            landmarks = floats_of("landmarks of the clip", clip["landmarks"], (-1, *_SHAPES["landmarks"]))
            head = np.concatenate([clip["head_rotation_rad"], clip["head_translation"]], 1)
            eyes = floats_of("eyes of the clip", clip["eye_rotation_rad"], (len(landmarks), *_SHAPES["eyes_rad"]))
            if fps <= 0:
                raise ValueError(f"its frame rate is {fps}")
            tongue = floats_of("tongue of the clip", clip[_TONGUE], (len(landmarks), 2)) if _TONGUE in clip else None
            samples = np.arange(len(landmarks)) * (fps.denominator * SAMPLE_RATE) / fps.numerator
        except DAMAGE as error:
            raise UsageError(f"{path} is no baked clip ({error}); give the .npz that bake has written") from None
        return cls(samples, landmarks, head, eyes, np.zeros(len(landmarks)), tongue)

    def at(self, speech: Motion, controls: ControlBatch, media_sample: Doubles) -> Motion:
        """Return the take at the media times, with the gate of ``speech``."""
        at = between_rows(self.samples, media_sample)
        return Motion(
            landmarks=at.of(self.landmarks).astype(np.float32),
            speech=speech.speech,
            head=at.of(self.head).astype(np.float32),
            eyes_rad=at.of(self.eyes_rad).astype(np.float32),
            saccade_offset_rad=np.zeros_like(speech.saccade_offset_rad),
            lids=at.of(self.lids).astype(np.float64)[:, None].repeat(2, 1),
            weights=speech.weights,
            known=speech.known,
            tongue=np.zeros_like(speech.tongue) if self.tongue is None else at.of(self.tongue).astype(np.float32),
        )


_CLIP: Final = ("fps", "landmarks", "head_rotation_rad", "head_translation", "eye_rotation_rad")
"""The arrays of a clip that are read."""
_TONGUE: Final = "tongue"
"""Another one, which older clips lack."""

_SHAPES: Final[dict[str, tuple[int, ...]]] = {
    "landmarks": (N_LANDMARKS, 3),
    "head": (6,),
    "eyes_rad": (2, 2),
    "lids": (),
}


@dataclass(frozen=True, slots=True)
class MixedMotion:
    """One source per region of the face.

    mouth: lips, and the jaw as far as it goes with them. face: brows and all else. eyes: irises, lids, gaze and blinks.
    head: its pose. All are `SPEECH` unless said otherwise.
    """

    mouth: MotionSource = SPEECH
    face: MotionSource = SPEECH
    eyes: MotionSource = SPEECH
    head: MotionSource = SPEECH

    def __post_init__(self) -> None:
        """Check that every region has a source."""
        for name in ("mouth", "face", "eyes", "head"):
            checked_source(name, getattr(self, name))

    def at(self, speech: Motion, controls: ControlBatch, media_sample: Doubles) -> Motion:
        """Return every region as its source has it."""
        mouth, face, eyes, head = (
            source.at(speech, controls, media_sample) for source in (self.mouth, self.face, self.eyes, self.head)
        )
        part = face.landmarks + MOUTH_SHARE * (mouth.landmarks - face.landmarks)
        landmarks: Floats = np.where(MOUTH_SHARE == 1, mouth.landmarks, part)
        for points in EYE_POINTS:
            landmarks[:, points] = eyes.landmarks[:, points]
        return replace(
            eyes,
            landmarks=landmarks,
            head=head.head,
            speech=speech.speech,
            weights=speech.weights,
            known=speech.known,
            tongue=mouth.tongue,
        )
