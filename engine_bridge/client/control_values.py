"""The controls of a face as a client gives them, and as typed fields of messages.

Written by tests/tools/generate_protocol.py from engine_bridge/protocol/field_table.py; change that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from engine_bridge.protocol.field_types import Floats


class SetFields(TypedDict, total=False):
    """Controls as fields of a `Set`."""

    emotion: dict[str, float]
    mouth: float
    expression: float
    blinks: float
    gaze: Floats
    look_at: Floats
    head: str
    head_strength: float
    brows: float
    saccades: float
    drive: Floats
    look_space: str
    follow: float
    eye_contact: float
    blink: Floats
    head_tempo: float
    style: dict[str, float]
    head_offset: Floats


class StartFields(SetFields, total=False):
    """Controls as fields of a `Start`, a `Speak` or an `Idle`."""

    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlValues:
    """Controls of a stream; None leaves one as it is."""

    seed: int | None = None
    """Seed of blinks, glances and sway: the same seed gives the same face. Default: one of its own for each stream.
    Given with the beginning of a stream alone."""
    emotion: Mapping[str, float] | None = None
    """Intensities of the labels in ``welcome.emotions``, 0…1. Default: none."""
    mouth_strength: float | None = None
    """Strength of the mouth's motion, 0…2. Default: 1."""
    expression_strength: float | None = None
    """Strength of the motion of the rest of the face, 0…2. Default: 1."""
    blinks_per_minute: float | None = None
    """Mean rate of blinks, a minute, 0…120. Default: 17."""
    gaze_rad: Sequence[float] | None = None
    """Yaw and pitch of both eyes in the head (no values: eye contact), radians, -0.610865…0.610865. Default: eye
    contact."""
    look_at: Sequence[float] | None = None
    """A point (x, y, z) that both eyes look at, wins over the gaze; no values: none, -10000…10000. Default: none."""
    head_mode: str | None = None
    """Source of the head's motion: ``keep`` or ``idle`` or ``speech`` or ``listen``. Default: speech."""
    head_strength: float | None = None
    """Strength of the head's motion, 0…2. Default: 1."""
    brow_strength: float | None = None
    """Strength with which brows and upper lids rise on stressed syllables, 0…2. Default: 1."""
    saccade_strength: float | None = None
    """Strength of the small shifts of a gaze that keeps eye contact, and of glances aside, 0…2. Default: 1."""
    drive: Sequence[float] | None = None
    """Strengths with which parts of the face follow a driver, where the stream has one: head, blinks, gaze, brows,
    expression, mouth; up to 1 his share against speech, beyond 1 his motion grows (no values: the default), 0…2.
    Default: 1 1 1 1 1 0."""
    look_space: str | None = None
    """Space of ``look_at``: fixed to the moving face, to the character, or to the portrait's camera: ``face`` or
    ``character`` or ``camera``. Default: face."""
    head_follow: float | None = None
    """Part that the head takes of a look at a point of the character's or the camera's space, 0…2. Default: 1."""
    eye_contact: float | None = None
    """Share by which a portrait that looks aside in its photo looks into the camera instead, 0…1. Default: 0."""
    blink: Sequence[float] | None = None
    """One blink, now: how far the lids shut, 0…1, and for how many seconds they stay so (a usual blink: 1, 0.04), 0…60.
    Default: none."""
    head_tempo: float | None = None
    """Pace of the head's own motion, 0.5…2. Default: 1."""
    style: Mapping[str, float] | None = None
    """Weights of styles of speaking: articulate, mumble, reader_man, reader_woman, orator (no values: the mean of all
    people), 0…1. Default: none."""
    head_offset: Sequence[float] | None = None
    """Constant yaw, pitch and roll by which the head is turned beside its motion, radians, within ±25°, ±15° and ±20°
    (no values: none), -0.436332…0.436332. Default: none."""
