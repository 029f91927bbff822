"""A baked clip as columns, one row a frame: what every clip format is written from.

Weights 0…1, angles in radians, right-handed axes, y up, the face looks to +z. Every other unit or axis belongs to a
format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.errors import BridgeError

Metadata = Mapping[str, object]
Values = NDArray[np.floating]


class ClipError(BridgeError):
    """A clip or a rig file that cannot be read, or that a format cannot carry: fix it, or choose another format."""


class Channel(StrEnum):
    """The parts of a clip that may be left out of it; times are always there."""

    WEIGHTS = "weights"
    """The 52 ARKit weights and their names."""
    HEAD = "head"
    """Rotation and shift of the head."""
    EYES = "eyes"
    """Rotations of both eyes."""
    LANDMARKS = "landmarks"
    """The 78 normalised landmarks: most of the bytes of a clip."""
    TONGUE = "tongue"
    """Its tip at the ridge behind the upper teeth, and between the teeth."""


FACE_CHANNELS: Final = frozenset((Channel.WEIGHTS, Channel.HEAD, Channel.EYES))
"""The channels that move a face in an engine."""
ALL_CHANNELS: Final = frozenset(Channel)

TONGUE_UP: Final = "tongueUp"
"""A shape that is none of ARKit's 52 and that rigs may have: the tongue's tip at the ridge."""


@dataclass(frozen=True, slots=True)
class Column:
    """One array of a clip: its key, the shape of a frame's row, its dtype and its channel, None for times.

    Every key names a field of `Clip`.
    """

    key: str
    shape: tuple[int, ...]
    dtype: str
    channel: Channel | None


COLUMNS: Final = (
    Column("times_s", (), "<f8", None),
    Column("landmarks", (78, 3), "<f4", Channel.LANDMARKS),
    Column("blendshapes", (len(ARKIT_NAMES),), "<f4", Channel.WEIGHTS),
    Column("head_rotation_rad", (3,), "<f4", Channel.HEAD),
    Column("head_translation", (3,), "<f4", Channel.HEAD),
    Column("eye_rotation_rad", (2, 2), "<f4", Channel.EYES),
    Column("tongue", (2,), "<f4", Channel.TONGUE),
)
"""The columns that npz and json name, in their order."""


_ALL: Final = slice(None)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Clip:
    """The frames of a clip, T of them. Columns that were left out are None.

    name: of the line, without an ending. fps: frames per second. sample_rate: samples per second of the clock inside.
    metadata: versions, hashes and settings, as JSON has them. times_s: (T,) float64, media time in seconds.
    speech: (T,) float32, how much of this moment is speech, 0…1. blendshapes: (T, 52) in the order of `ARKIT_NAMES`.
    head_rotation_rad: (T, 3) yaw, pitch, roll; head_translation: (T, 3) in outer-eye-corner distances, both relative to
    the rest. eye_rotation_rad: (T, 2, 2) yaw, pitch of the left eye, then of the right. landmarks: (T, 78, 3).
    tongue: (T, 2) 0…1: its tip at the ridge behind the upper teeth, and between the teeth, which ``tongueOut`` shows.
    """

    name: str
    fps: Fraction
    sample_rate: int
    metadata: Metadata
    times_s: Values
    speech: Values
    blendshapes: Values | None = None
    head_rotation_rad: Values | None = None
    head_translation: Values | None = None
    eye_rotation_rad: Values | None = None
    landmarks: Values | None = None
    tongue: Values | None = None

    @property
    def n_frames(self) -> int:
        """The number of frames."""
        return len(self.times_s)

    def column(self, column: Column) -> Values | None:
        """Return the rows of a column, None if it was left out."""
        rows: Values | None = getattr(self, column.key)
        return rows

    def shape(self, name: str, rows: slice = _ALL) -> Values:
        """Return the weights 0…1 of one of ARKit's shapes or of `TONGUE_UP`, (T,) or of some of the rows; 0 where the
        clip has no such column."""
        column, place = (self.tongue, 0) if name == TONGUE_UP else (self.blendshapes, ARKIT_NAMES.index(name))
        if column is None:
            return np.zeros(len(self.times_s[rows]))
        return np.clip(np.asarray(column[rows, place], np.float64), 0, 1)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that are there."""
        return tuple(column for column in COLUMNS if self.column(column) is not None)
