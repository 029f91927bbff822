"""Arrays of a pose: cut from those of a frame, at rest, mixed."""

from __future__ import annotations

import numpy as np

from engine_bridge.protocol.field_types import Floats


def zeros(shape: tuple[int, ...]) -> Floats:
    """Return an array at rest, which cannot be written to."""
    array = np.zeros(shape, np.float32)
    array.flags.writeable = False
    return array


def part(values: Floats | None, rest: Floats, first: int = 0) -> Floats:
    """Return a member's values, from ``first`` on and in the shape of its rest; rest where there are none."""
    return rest if values is None else values[first : first + rest.size].reshape(rest.shape)


def reshaped(values: Floats | None, shape: tuple[int, ...]) -> Floats | None:
    """Return the values of a member that has no rest."""
    return None if values is None else values.reshape(shape)


def mix(a: Floats, b: Floats, x: float) -> Floats:
    """Return the array at x (0…1) of the way from a to b."""
    return np.asarray(a + (b - a) * np.float32(x), np.float32)


def mix_last(a: Floats | None, b: Floats | None, x: float) -> Floats | None:
    """Return the same where both are there and of one shape, else b."""
    return b if a is None or b is None or a.shape != b.shape else mix(a, b, x)
