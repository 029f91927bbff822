"""Values that cross module borders: closed sets, settings and frames. Arrays are float32 unless said otherwise.

Units inside: samples at 16 kHz, radians, weights 0…1. Axes: right-handed, x to the subject's left, y up, z forward
(see `geometry`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from engine_bridge.protocol.field_table import CONTROLS, FARTHEST, GAZE_LIMIT_RAD, LONGEST_BLINK_S
from engine_bridge.protocol.field_types import FieldType
from space_runtime.arguments import floats_of, in_range, items_of, one_of, whole
from space_runtime.arrays import Doubles, Floats, Pixels
from space_runtime.drive_parts import DriveLike, drive_of
from space_runtime.emotion import EmotionLike, emotion_of
from space_runtime.errors import UsageError
from space_runtime.head_arguments import offset_of, track_of, track_samples_of
from space_runtime.style import StyleLike, style_of

HEAD_TRACK_FPS: Final = 30
"""Rows per second of a given head's track that comes without times."""

GAZE_LIMIT_DEG: Final = round(math.degrees(GAZE_LIMIT_RAD), 6)

LOUDEST: Final = 64.0
"""Samples may exceed full scale by 36 dB; what is larger is no sound."""


def check_gaze(yaw_deg: float, pitch_deg: float) -> None:
    """Raise `UsageError` for angles that eyes cannot turn by, see `GAZE_LIMIT_RAD`."""
    if not (abs(yaw_deg) <= GAZE_LIMIT_DEG and abs(pitch_deg) <= GAZE_LIMIT_DEG):  # NaN compares as false
        raise UsageError(
            f"gaze {yaw_deg:g}°,{pitch_deg:g}° is outside ±{GAZE_LIMIT_DEG:g} degrees, which is as far as eyes turn; "
            "choose smaller angles"
        )


class HeadMode(StrEnum):
    """The sources of the head's motion."""

    KEEP = "keep"
    """The head rests in the portrait's own pose."""
    IDLE = "idle"
    """The source's own, but of speech no more than a gentle sway."""
    SPEECH = "speech"
    """The motion source's own: generated from speech, repeatable by seed, or what a take has recorded."""
    LISTEN = "listen"
    """The sound is the voice of another, to whom the face listens: its mouth rests, its head nods now and then."""
    GIVEN = "given"
    """The caller's track over media time, see `Controls.head_track`."""


class LookSpace(StrEnum):
    """The spaces in which a point to look at may be given. Unit: the distance of the outer corners of the eyes, about 9
    cm; origin: between the eyes."""

    FACE = "face"
    """Normalised space, which goes along with the head."""
    CHARACTER = "character"
    """That of the head at rest, x to the character's left, y up, z forward: the point stays while the head moves."""
    CAMERA = "camera"
    """That of the portrait's picture, x right, y up, z towards the viewer; without a portrait the character's."""


OWN_HEAD: Final = frozenset({HeadMode.SPEECH, HeadMode.IDLE, HeadMode.LISTEN})
"""Modes in which the head does what its motion source does."""
NAMED_HEADS: Final = (HeadMode.KEEP, HeadMode.IDLE, HeadMode.SPEECH, HeadMode.LISTEN)
"""Modes that a name is enough for."""


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Controls:
    """Settings of a face. Every field has a neutral or natural default.

    emotion: (8,) intensities 0…1 in the order of `Emotion`, or by label, ``{"happy": 0.7}``; see `emotion_vector`.
    mouth_strength, expression_strength: factors 0…2 on the motion of the mouth and of the rest of the face.
    brow_strength: factor 0…2 on how brows and upper lids rise on stressed syllables; expression_strength counts too.
    blinks_per_minute: mean rate of the seeded schedule, 0…120; 0 switches blinking off. The default is that of people
        at rest; who talks blinks 26 times (Bentivoglio et al. 1997, Movement Disorders 12(6)). A phrase's end or a
        hesitation calls the next blink early.
    blink_samples: given blinks instead, media times in samples of full closure; None uses the schedule.
    gaze_rad: (2,) yaw and pitch of both eyes in the head, radians within ±35°, signs as in `HeadPose`; None keeps eye
        contact: a rig looks straight ahead, a portrait where its photo looks, and both go on doing so while the head
        sways.
    look_at: (3,) point that both eyes look at, as far as they turn; wins over gaze_rad; within ±`FARTHEST`; None for
        none.
    saccade_strength: factor 0…2 on the small shifts of a gaze that keeps eye contact, and on a speaker's glances aside.
    head_mode, head_strength: the source of head motion, and a factor 0…2 on it.
    head_track: (n, 6) given yaw, pitch, roll in radians and x, y, z in normalised units, relative to the portrait's
        pose; or (n, 3) rotations alone. Linear between rows; the first row holds before them and the last one after.
    head_track_samples: (n,) media times of the rows, samples at 16 kHz, rising; None for 30 rows per second from 0 on.
    head_tempo: factor 0.5…2 on the pace of the head's own motion, which stays as wide.
    drive: (6,) strengths 0…2 of the parts that follow a driver, see `DrivePart`; for streams that have one.
    seed: of blinks, saccades and head motion, 64 bits; None: from the content where there is some, in `bake`, else 0.
    look_space: the space of look_at, see `LookSpace`. Eyes stay on a point of the character's or the camera's space
        while the head moves, and a head that moves by itself turns towards it, see `gaze_shift`.
    head_follow: factor 0…2 on how far the head turns; at 0 the eyes look alone.
    eye_contact: share 0…1 by which a portrait that looks aside in its photo looks into the camera instead, when nothing
        else is asked for.
    style: (5,) weights 0…1 in the order of `Style`, or by name, ``{"mumble": 0.6}``; without any the mean of people.
    blink: (2,) a blink that begins with these controls and belongs to no others: how far the lids shut, 0…1, and for
        how many seconds they stay so, 0…`LONGEST_BLINK_S`; None for none. Blinks of the schedule go on.
    head_offset: (3,) constant yaw, pitch, roll in radians that are added to whatever the head does, signs as in
        `HeadPose`, within ±25°, ±15°, ±20°; None for none.

    Arrays may be given as any sequence of numbers; they are kept as float32, ``head_track_samples`` as float64.

    Raises `UsageError` when a value lies outside its range, is not finite or has another shape.
    """

    emotion: Floats
    mouth_strength: float
    expression_strength: float
    brow_strength: float
    blinks_per_minute: float
    blink_samples: tuple[int, ...] | None
    gaze_rad: Floats | None
    look_at: Floats | None
    saccade_strength: float
    head_mode: HeadMode
    head_strength: float
    head_track: Floats | None
    head_track_samples: Doubles | None
    drive: Floats
    head_tempo: float
    seed: int | None
    look_space: LookSpace
    head_follow: float
    eye_contact: float
    blink: Floats | None
    style: Floats
    head_offset: Floats

    def __init__(
        self,
        emotion: EmotionLike | None = None,
        mouth_strength: float = 1.0,
        expression_strength: float = 1.0,
        brow_strength: float = 1.0,
        blinks_per_minute: float = 17.0,
        blink_samples: Iterable[int] | None = None,
        gaze_rad: ArrayLike | None = None,
        look_at: ArrayLike | None = None,
        saccade_strength: float = 1.0,
        head_mode: HeadMode | str = HeadMode.SPEECH,
        head_strength: float = 1.0,
        head_track: ArrayLike | None = None,
        head_track_samples: ArrayLike | None = None,
        drive: DriveLike | None = None,
        seed: int | None = None,
        look_space: LookSpace | str = LookSpace.FACE,
        head_follow: float = 1.0,
        eye_contact: float = 0.0,
        blink: ArrayLike | None = None,
        head_tempo: float = 1.0,
        style: StyleLike | None = None,
        head_offset: ArrayLike | None = None,
    ) -> None:
        """Check everything once, at the rim."""
        keep = partial(object.__setattr__, self)
        keep("emotion", emotion_of(emotion))
        keep("mouth_strength", _within("mouth_strength", mouth_strength))
        keep("expression_strength", _within("expression_strength", expression_strength))
        keep("brow_strength", _within("brow_strength", brow_strength))
        keep("blinks_per_minute", _within("blinks_per_minute", blinks_per_minute))
        keep("blink_samples", _blinks(blink_samples))
        keep("gaze_rad", _gaze(gaze_rad))
        keep("look_at", _point(look_at))
        keep("saccade_strength", _within("saccade_strength", saccade_strength))
        keep("head_mode", one_of("head_mode", head_mode, HeadMode))
        keep("head_strength", _within("head_strength", head_strength))
        keep("head_track", track_of(head_track))
        keep("head_track_samples", track_samples_of(head_track_samples, self.head_track))
        keep("drive", drive_of(drive))
        keep("head_tempo", _within("head_tempo", head_tempo))
        keep("seed", None if seed is None else whole("seed", seed, -(2**63), 2**64 - 1))
        keep("look_space", one_of("look_space", look_space, LookSpace))
        keep("head_follow", _within("head_follow", head_follow))
        keep("eye_contact", _within("eye_contact", eye_contact))
        keep("blink", _blink(blink))
        keep("style", style_of(style))
        keep("head_offset", offset_of(head_offset))
        if self.head_mode is HeadMode.GIVEN and self.head_track is None:
            raise UsageError("head mode 'given' came without a track; give head_track of shape (n, 6) or (n, 3)")

    @property
    def seed_in_use(self) -> int:
        """The seed, 0 where none is given."""
        return 0 if self.seed is None else self.seed


def content_seed(digest: str) -> int:
    """Return the seed that stands for a content by its SHA-256, hexadecimal text: 32 bits, which every option takes."""
    return int(digest[:8], 16)


_RANGES: Final = {
    row.name: (row.low, row.high)
    for row in CONTROLS
    if row.kind is FieldType.F32 and row.low is not None and row.high is not None
}
_GAZE_LIMIT: Final = np.float32(GAZE_LIMIT_RAD)
MAX_BLINK_SAMPLE: Final = 2**53


def _within(name: str, value: float) -> float:
    """The value of a control that the table of controls has a range for."""
    return in_range(name, value, *_RANGES[name])


def _blinks(given: Iterable[int] | None) -> tuple[int, ...] | None:
    if given is None:
        return None
    return tuple(
        whole("a time in blink_samples", at, -MAX_BLINK_SAMPLE, MAX_BLINK_SAMPLE)
        for at in items_of("blink_samples", given)
    )


def _gaze(given: ArrayLike | None) -> Floats | None:
    if given is None:
        return None
    gaze = floats_of("gaze_rad", given, (2,))
    if not (np.abs(gaze) <= _GAZE_LIMIT).all():
        check_gaze(*np.degrees(gaze.astype(np.float64)).tolist())
    return gaze


def _point(given: ArrayLike | None) -> Floats | None:
    if given is None:
        return None
    point = floats_of("look_at", given, (3,))
    in_range("the farthest coordinate of look_at", float(np.abs(point).max()), 0.0, FARTHEST)
    return point


def _blink(given: ArrayLike | None) -> Floats | None:
    if given is None:
        return None
    blink = floats_of("blink", given, (2,))
    in_range("the closure of blink", float(blink[0]), 0.0, 1.0)
    in_range("the seconds of blink", float(blink[1]), 0.0, LONGEST_BLINK_S)
    return blink


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One animation instant.

    frame_index: counts from 0; media_sample: exact media time in samples at 16 kHz.
    landmarks: (78, 3) normalised, in the order of `LANDMARK_NAMES`. blendshapes: (52,) weights 0…1 in the order of
        `ARKIT_NAMES`.
    head_rotation_rad: (3,) yaw, pitch, roll relative to the portrait's own pose (a rig's rest pose).
    head_translation: (3,) relative to the rest, in normalised units (outer-eye-corner distances).
    eye_rotation_rad: (2, 2) yaw, pitch of the subject's left eye, then of the right.
    tongue: (2,) 0…1: its tip at the ridge behind the upper teeth, and between the teeth.
    rgb: (h, w, 3) uint8 picture, (h, w, 4) of a transparent portrait; None when no pictures are asked for.
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
    tongue: Floats = field(default_factory=lambda: np.zeros(2, np.float32))
