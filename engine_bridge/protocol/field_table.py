"""The controls of a face and the outputs of a session, each a row: the one place where they are listed.

``python -m tests.tools.generate_protocol`` writes from these rows the message fields and the client values of Python,
C# and C++, and the tables of PROTOCOL.md; a test fails while a written file differs. A new control is a row at the end
of `CONTROLS` (and what obeys it in the server); a new output is a row at the end of `OUTPUTS` (and what makes it).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from engine_bridge.protocol.field_types import FieldType

N_WEIGHTS: Final = 52
N_LANDMARKS: Final = 78

GAZE_LIMIT_RAD: Final = math.radians(35.0)
"""Eyes turn no further than this in the head, sideways and up and down: beyond it the irises leave the lids."""

OFFSET_LIMIT_RAD: Final = math.radians(25.0)
"""The largest constant offset of a head, that of its yaw; pitch and roll have less, which the server says."""

FARTHEST: Final = 1e4
"""Points to look at lie no further away, in normalised units: some 900 m, which is infinity to eyes."""


STYLES: Final = ("articulate", "mumble", "reader_man", "reader_woman", "orator")
"""Styles of speaking: effort, less effort, and the people that the network has learned from."""

LONGEST_BLINK_S: Final = 60.0
"""Lids that are told to blink stay shut no longer than this."""


@dataclass(frozen=True, slots=True)
class ControlRow:
    """One control. Rows stand in the order of the wire."""

    name: str
    """In the API of every client and of the runtime (C#: the same words in PascalCase)."""
    key: str
    """On the wire and in files."""
    kind: FieldType
    doc: str
    """Its meaning without range and default, for the documentation of every language; no full stop."""
    default: str
    """Value at the beginning of a stream that does not set it, for the documentation."""
    low: float | None = None
    high: float | None = None
    """Range of a number, both ends allowed; of a `FieldType.MIX` and of `FieldType.FLOATS`, of each of its values."""
    length: int = 0
    """Values of a `FieldType.FLOATS`; none takes an earlier value back."""
    words: tuple[str, ...] = ()
    """Allowed texts of a `FieldType.STR`."""
    begins: bool = False
    """True for what is given with the beginning of a stream alone."""


@dataclass(frozen=True, slots=True)
class PoseField:
    """One member of a client's pose: ``shape`` values of an output, from its value ``first`` on. −1: any number."""

    name: str
    shape: tuple[int, ...]
    doc: str
    first: int = 0


@dataclass(frozen=True, slots=True)
class OutputRow:
    """Something a session may ask for. Rows stand in the order of the wire."""

    key: str
    """In ``open.outputs``, and the field of `Frame` that carries it."""
    length: int
    """float32 values a frame; 0 where ``group`` says more, or where no field of a frame carries it."""
    doc: str
    """Its meaning in a frame, for PROTOCOL.md; no full stop."""
    group: int = 0
    """A field of any number of groups of so many values; ``welcome`` says how many, in a field of the same key."""
    rests: bool = True
    """True where it is zero at rest; otherwise it keeps its last value, and a pose has none until some have come."""
    pose: tuple[PoseField, ...] = ()

    @property
    def in_frame(self) -> bool:
        """True where a field of `Frame` carries it."""
        return bool(self.length or self.group)


CONTROLS: Final = (
    ControlRow(
        "seed",
        "seed",
        FieldType.U64,
        "Seed of blinks, glances and sway: the same seed gives the same face",
        "one of its own for each stream",
        begins=True,
    ),
    ControlRow("emotion", "emotion", FieldType.MIX, "Intensities of the labels in `welcome.emotions`", "none", 0, 1),
    ControlRow("mouth_strength", "mouth", FieldType.F32, "Strength of the mouth's motion", "1", 0, 2),
    ControlRow(
        "expression_strength", "expression", FieldType.F32, "Strength of the motion of the rest of the face", "1", 0, 2
    ),
    ControlRow("blinks_per_minute", "blinks", FieldType.F32, "Mean rate of blinks, a minute", "17", 0, 120),
    ControlRow(
        "gaze_rad",
        "gaze",
        FieldType.FLOATS,
        "Yaw and pitch of both eyes in the head (no values: eye contact), radians",
        "eye contact",
        -GAZE_LIMIT_RAD,
        GAZE_LIMIT_RAD,
        length=2,
    ),
    ControlRow(
        "look_at",
        "look_at",
        FieldType.FLOATS,
        "A point (x, y, z) that both eyes look at, wins over the gaze; no values: none",
        "none",
        -FARTHEST,
        FARTHEST,
        length=3,
    ),
    ControlRow(
        "head_mode",
        "head",
        FieldType.STR,
        "Source of the head's motion",
        "speech",
        words=("keep", "idle", "speech", "listen"),
    ),
    ControlRow("head_strength", "head_strength", FieldType.F32, "Strength of the head's motion", "1", 0, 2),
    ControlRow(
        "brow_strength",
        "brows",
        FieldType.F32,
        "Strength with which brows and upper lids rise on stressed syllables",
        "1",
        0,
        2,
    ),
    ControlRow(
        "saccade_strength",
        "saccades",
        FieldType.F32,
        "Strength of the small shifts of a gaze that keeps eye contact, and of glances aside",
        "1",
        0,
        2,
    ),
    ControlRow(
        "drive",
        "drive",
        FieldType.FLOATS,
        "Strengths with which parts of the face follow a driver, where the stream has one: head, blinks, gaze, brows, "
        "expression, mouth; up to 1 his share against speech, beyond 1 his motion grows (no values: the default)",
        "1 1 1 1 1 0",
        0,
        2,
        length=6,
    ),
    ControlRow(
        "look_space",
        "look_space",
        FieldType.STR,
        "Space of `look_at`: fixed to the moving face, to the character, or to the portrait's camera",
        "face",
        words=("face", "character", "camera"),
    ),
    ControlRow(
        "head_follow",
        "follow",
        FieldType.F32,
        "Part that the head takes of a look at a point of the character's or the camera's space",
        "1",
        0,
        2,
    ),
    ControlRow(
        "eye_contact",
        "eye_contact",
        FieldType.F32,
        "Share by which a portrait that looks aside in its photo looks into the camera instead",
        "0",
        0,
        1,
    ),
    ControlRow(
        "blink",
        "blink",
        FieldType.FLOATS,
        "One blink, now: how far the lids shut, 0…1, and for how many seconds they stay so (a usual blink: 1, 0.04)",
        "none",
        0,
        LONGEST_BLINK_S,
        length=2,
    ),
    ControlRow("head_tempo", "head_tempo", FieldType.F32, "Pace of the head's own motion", "1", 0.5, 2),
    ControlRow(
        "style",
        "style",
        FieldType.MIX,
        f"Weights of styles of speaking: {', '.join(STYLES)} (no values: the mean of all people)",
        "none",
        0,
        1,
    ),
    ControlRow(
        "head_offset",
        "head_offset",
        FieldType.FLOATS,
        "Constant yaw, pitch and roll by which the head is turned beside its motion, radians, within ±25°, ±15° and "
        "±20° (no values: none)",
        "none",
        -OFFSET_LIMIT_RAD,
        OFFSET_LIMIT_RAD,
        length=3,
    ),
)

OUTPUTS: Final = (
    OutputRow(
        "weights",
        N_WEIGHTS,
        "weights 0…1 in the order of `welcome.weights`",
        pose=(PoseField("blendshapes", (N_WEIGHTS,), "weights 0…1, in the order of `welcome.weights`"),),
    ),
    OutputRow(
        "head",
        6,
        "yaw, pitch, roll, then x, y, z, relative to rest",
        pose=(
            PoseField("head_rotation_rad", (3,), "yaw, pitch, roll relative to rest, radians"),
            PoseField("head_translation", (3,), "x, y, z relative to rest, in outer-eye-corner distances", first=3),
        ),
    ),
    OutputRow(
        "eyes",
        4,
        "yaw, pitch of the character's left eye, then of the right",
        pose=(PoseField("eye_rotation_rad", (2, 2), "yaw, pitch of the left eye, then of the right, radians"),),
    ),
    OutputRow(
        "landmarks",
        N_LANDMARKS * 3,
        "78 × (x, y, z), normalised",
        rests=False,
        pose=(PoseField("landmarks", (N_LANDMARKS, 3), "x, y, z, normalised"),),
    ),
    OutputRow(
        "keypoints",
        0,
        "`welcome.keypoints` × (x, y, z): the picture generator's keypoints, in its own space; the embedded one's are "
        "points of MediaPipe's face mesh in pixels of the portrait's 512×512 square, x right, y up (minus the row), z "
        "towards the viewer; needs a portrait",
        group=3,
        rests=False,
        pose=(PoseField("keypoints", (-1, 3), "x, y, z of the picture generator's keypoints, in its own space"),),
    ),
    OutputRow("texture", 0, "pictures, in messages of their own; needs a portrait"),
)
