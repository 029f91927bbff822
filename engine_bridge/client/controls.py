"""What a client may ask of a face: the protocol's controls as one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypedDict, cast

import numpy as np

from engine_bridge.protocol.messages import Floats


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


class StartFields(SetFields, total=False):
    """Controls as fields of a `Start`, a `Speak` or an `Idle`."""

    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """Controls of a stream; None leaves one as it is."""

    seed: int | None = None
    """Of everything that is left to chance; with the beginning of a stream only."""
    emotion: dict[str, float] | None = None
    """Labels of ``welcome.emotions`` to 0…1."""
    mouth: float | None = None
    """Strength of the lips' motion, 0…2."""
    expression: float | None = None
    """Strength of the rest of the face, 0…2."""
    blinks: float | None = None
    """Blinks a minute, 0…120."""
    gaze: Sequence[float] | None = None
    """Yaw and pitch, radians; empty: eye contact."""
    look_at: Sequence[float] | None = None
    """A point that both eyes look at: x, y, z; empty: none."""
    head: str | None = None
    """``keep`` or ``idle``."""
    head_strength: float | None = None
    """Strength of the head's motion, 0…2."""
    brows: float | None = None
    """Strength with which brows and upper lids rise on stressed syllables, 0…2."""
    saccades: float | None = None
    """Strength of the small shifts of a gaze that keeps eye contact, and of glances aside, 0…2."""

    def updated(self, later: Controls) -> Controls:
        """Return these controls with those that ``later`` has."""
        values = {field.name: getattr(later, field.name) for field in fields(later)}
        return replace(self, **{name: value for name, value in values.items() if value is not None})

    def for_set(self) -> SetFields:
        """Return the present ones, without the seed, as fields of a message."""
        found = SetFields()
        for name in ("emotion", "mouth", "expression", "blinks", "head", "head_strength", "brows", "saccades"):
            value = getattr(self, name)
            if value is not None:
                found[name] = value
        if self.gaze is not None:
            found["gaze"] = np.asarray(self.gaze, np.float32)
        if self.look_at is not None:
            found["look_at"] = np.asarray(self.look_at, np.float32)
        return found

    def for_start(self) -> StartFields:
        """Return the present ones as fields of a message."""
        found = cast(StartFields, self.for_set())
        if self.seed is not None:
            found["seed"] = self.seed
        return found
