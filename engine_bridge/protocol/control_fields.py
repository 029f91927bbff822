"""The controls of a face as fields of the messages that carry them, written last and in this order.

Written by tests/tools/generate_protocol.py from engine_bridge/protocol/field_table.py; change that.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine_bridge.protocol.field_types import F32, U64, FloatArray, Mix, Text


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Controlled:
    """Controls, at the end of a client's message; absent ones stay as they are, or at the default."""

    emotion: Mix | None = None
    mouth: F32 | None = None
    expression: F32 | None = None
    blinks: F32 | None = None
    gaze: FloatArray | None = None
    look_at: FloatArray | None = None
    head: Text | None = None
    head_strength: F32 | None = None
    brows: F32 | None = None
    saccades: F32 | None = None
    drive: FloatArray | None = None
    look_space: Text | None = None
    follow: F32 | None = None
    eye_contact: F32 | None = None
    blink: FloatArray | None = None
    head_tempo: F32 | None = None
    style: Mix | None = None
    head_offset: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Seeded(Controlled):
    """Controls with which a stream begins."""

    seed: U64 | None = None
