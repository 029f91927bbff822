"""The outputs of a session: their names, and the fields of messages that carry them.

Written by tests/tools/generate_protocol.py from engine_bridge/protocol/field_table.py; change that.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine_bridge.protocol.field_types import U32, FloatArray


class Output(StrEnum):
    """The outputs that a session may ask for."""

    WEIGHTS = "weights"
    """Weights 0…1 in the order of ``welcome.weights``."""
    HEAD = "head"
    """Yaw, pitch, roll, then x, y, z, relative to rest."""
    EYES = "eyes"
    """Yaw, pitch of the character's left eye, then of the right."""
    LANDMARKS = "landmarks"
    """78 × (x, y, z), normalised."""
    KEYPOINTS = "keypoints"
    """``welcome.keypoints`` × (x, y, z): the picture generator's keypoints, in its own space; the embedded one's are
    points of MediaPipe's face mesh in pixels of the portrait's 512×512 square, x right, y up (minus the row), z towards
    the viewer; needs a portrait."""
    TEXTURE = "texture"
    """Pictures, in messages of their own; needs a portrait."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FrameOutputs:
    """Outputs, at the end of a `Frame`; absent ones were not asked for."""

    weights: FloatArray | None = None
    head: FloatArray | None = None
    eyes: FloatArray | None = None
    landmarks: FloatArray | None = None
    keypoints: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OutputCounts:
    """Lengths that differ from server to server, at the end of a `Welcome`; absent: not offered."""

    keypoints: U32 | None = None
