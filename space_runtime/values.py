"""Values that cross module borders: closed sets, settings and frames. Arrays are float32 unless said otherwise.

Units inside: samples at 16 kHz, radians, weights 0…1. Axes: right-handed, x to the subject's left, y up, z forward
(see `geometry`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine_bridge.protocol.field_table import CONTROLS
from engine_bridge.protocol.field_types import FieldType
from space_runtime.arrays import Doubles, Floats, Pixels
from space_runtime.errors import UsageError


class Emotion(StrEnum):
    """The emotion labels, in the order of the emotion vector's entries."""

    NEUTRAL = "neutral"
    HAPPY = "happy"
    SAD = "sad"
    ANGRY = "angry"
    FEARFUL = "fearful"
    DISGUSTED = "disgusted"
    SURPRISED = "surprised"
    CONTEMPT = "contempt"


N_EMOTIONS: Final = len(Emotion)

HEAD_TRACK_FPS: Final = 30
"""Rows per second of a given head's track that comes without times."""

LOUDEST: Final = 64.0
"""Samples may exceed full scale by 36 dB; what is larger is no sound."""


def emotion_vector(mix: Mapping[Emotion, float]) -> Floats:
    """Return the (8,) vector of a mix: one intensity 0…1 per label. Neutral's entry never matters to the networks.

    Raises `UsageError` on a label that is none and on an intensity outside 0…1.
    """
    known = {label.value for label in Emotion}
    for label, intensity in mix.items():
        if label not in known:
            raise UsageError(f"unknown emotion {label!r}; the known ones are {', '.join(sorted(known))}")
        in_range(f"the intensity of {label}", intensity, 0.0, 1.0)
    return np.array([mix.get(label, 0.0) for label in Emotion], np.float32)


def in_range(what: str, value: float, low: float, high: float) -> float:
    """Return ``value`` if it lies in low…high; ``what`` names it in the message. Raises `UsageError`."""
    if not low <= value <= high:
        raise UsageError(f"{what} is {_shown(value)}, outside {_shown(low)}…{_shown(high)}; choose a value inside")
    return value


def _shown(value: float) -> str:
    """A number as text; whole ones may be too large for a float and too long for a sentence."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 24 else f"{text[:20]}…"


class HeadMode(StrEnum):
    """Where the head's motion comes from."""

    KEEP = "keep"
    """The head rests in the portrait's own pose."""
    IDLE = "idle"
    """The motion source's own: of speech a gentle sway, repeatable by seed, of a take what was recorded."""
    GIVEN = "given"
    """The caller's track over media time, see `Controls.head_track`."""


@dataclass(frozen=True, slots=True, eq=False)
class Controls:
    """What the caller may set. Every field has a neutral or natural default.

    emotion: (8,) intensities 0…1, see `emotion_vector`.
    mouth_strength, expression_strength: factors 0…2 on the motion of the mouth and of the rest of the face.
    brow_strength: factor 0…2 on how brows and upper lids rise on stressed syllables; expression_strength counts too.
    blinks_per_minute: mean rate of the seeded schedule, 0…120; 0 switches blinking off. The default is that of people
        at rest; who talks blinks 26 times (Bentivoglio et al. 1997, Movement Disorders 12(6)). A phrase's end or a
        hesitation calls the next blink early.
    blink_samples: given blinks instead, media times in samples of full closure; None uses the schedule.
    gaze_rad: (2,) yaw and pitch of both eyes in the head, radians, signs as in `HeadPose`; None keeps eye contact: a
        rig looks straight ahead, a portrait where its photo looks, and both go on doing so while the head sways.
    look_at: (3,) point in normalised space that both eyes look at; wins over gaze_rad; None for none.
    saccade_strength: factor 0…2 on the small shifts of a gaze that keeps eye contact, and on a speaker's glances aside.
    head_mode, head_strength: where head motion comes from, and a factor 0…2 on the idle sway and its nods on stressed
        syllables.
    head_track: (n, 6) given yaw, pitch, roll in radians and x, y, z in normalised units, relative to the portrait's
        pose; or (n, 3) rotations alone. Linear between rows; the first row holds before them and the last one after.
    head_track_samples: (n,) media times of the rows, samples at 16 kHz, rising; None for 30 rows per second from 0 on.
    seed: of blinks, saccades and idle motion.

    Raises `UsageError` when a value lies outside its range, is not finite or has another shape.
    """

    emotion: Floats = field(default_factory=lambda: np.zeros(N_EMOTIONS, np.float32))
    mouth_strength: float = 1.0
    expression_strength: float = 1.0
    brow_strength: float = 1.0
    blinks_per_minute: float = 17.0
    blink_samples: tuple[int, ...] | None = None
    gaze_rad: Floats | None = None
    look_at: Floats | None = None
    saccade_strength: float = 1.0
    head_mode: HeadMode = HeadMode.IDLE
    head_strength: float = 1.0
    head_track: Floats | None = None
    head_track_samples: Doubles | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Check everything once, at the rim."""
        for name, low, high in _RANGES:
            in_range(name, getattr(self, name), low, high)
        _check_array("emotion", self.emotion, (N_EMOTIONS,))
        in_range("the least intensity of emotion", float(self.emotion.min()), 0.0, 1.0)
        in_range("the greatest intensity of emotion", float(self.emotion.max()), 0.0, 1.0)
        for name, shape in _SHAPES:
            array = getattr(self, name)
            if array is not None:
                _check_array(name, array, shape)
        _check_head_track(self.head_track, self.head_track_samples)
        if self.head_mode is HeadMode.GIVEN and self.head_track is None:
            raise UsageError("head mode 'given' came without a track; give head_track of shape (n, 6) or (n, 3)")


_KNOWN: Final = {field.name for field in fields(Controls)}
_RANGES: Final = tuple(
    (row.name, row.low, row.high)
    for row in CONTROLS
    if row.kind is FieldType.F32 and row.name in _KNOWN and row.low is not None and row.high is not None
)
_SHAPES: Final = (("gaze_rad", (2,)), ("look_at", (3,)))


def _check_head_track(track: Floats | None, samples: Doubles | None) -> None:
    """Raise `UsageError` unless both are usable together."""
    if track is not None:
        _check_array("head_track", track, (-1, 6 if track.ndim == 2 and track.shape[1] == 6 else 3))
    if samples is None:
        return
    if track is None:
        raise UsageError("head_track_samples came without head_track; give the rows that stand at these times")
    _check_array("head_track_samples", samples, (len(track),))
    if (np.diff(samples) <= 0).any():
        raise UsageError("head_track_samples do not rise; give every row a later media time than the one before it")


def _check_array(name: str, array: NDArray[np.floating], shape: tuple[int, ...]) -> None:
    """Raise `UsageError` unless an array is finite and has that shape; −1 stands for any length from 1."""
    actual = array.shape
    fits = len(actual) == len(shape) and all(n == m or (m == -1 and n > 0) for n, m in zip(actual, shape, strict=True))
    if not fits:
        expected = str(shape).replace("-1", "n")
        raise UsageError(f"{name} has the shape {actual}; expected {expected}, give it that shape")
    if not np.isfinite(array).all():
        raise UsageError(f"{name} contains NaN or infinity; expected finite numbers, repair it first")


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One animation instant.

    frame_index: counts from 0; media_sample: exact media time in samples at 16 kHz.
    landmarks: (78, 3) normalised. blendshapes: (52,) weights 0…1 in `engine_bridge.protocol.arkit.ARKIT_NAMES` order.
    head_rotation_rad: (3,) yaw, pitch, roll relative to the portrait's own pose (a rig's rest pose).
    head_translation: (3,) relative to the rest, in normalised units (outer-eye-corner distances).
    eye_rotation_rad: (2, 2) yaw, pitch of the subject's left eye, then of the right.
    rgb: (h, w, 3) uint8 picture, or None when no pictures are asked for.
    keypoints: (K, 3) of the picture generator, in its own space, or None when neither they nor pictures are asked for.
    """

    frame_index: int
    media_sample: Fraction
    landmarks: Floats
    blendshapes: Floats
    head_rotation_rad: Floats
    head_translation: Floats
    eye_rotation_rad: Floats
    rgb: Pixels | None = None
    keypoints: Floats | None = None
