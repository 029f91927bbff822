"""Arguments of `Controls` that give a head's pose: a track over media time, and a constant offset."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from space_runtime.arguments import doubles_of, floats_of, in_range, numbers_of
from space_runtime.arrays import Doubles, Floats
from space_runtime.errors import UsageError

OFFSET_LIMITS_DEG: Final = {"yaw": 25.0, "pitch": 15.0, "roll": 20.0}
"""Largest constant offsets: a photo shows one side of a head, and beyond these a picture tears."""
ROUNDING_DEG: Final = 1e-4
"""By how much radians in single precision may miss a limit in degrees."""


def track_of(given: ArrayLike | None) -> Floats | None:
    """Return the (n, 6) or (n, 3) rows of a given head, None for none. Raises `UsageError`."""
    if given is None:
        return None
    track = numbers_of("head_track", given)
    return floats_of("head_track", track, (-1, 6 if track.ndim == 2 and track.shape[1] == 6 else 3))


def track_samples_of(given: ArrayLike | None, track: Floats | None) -> Doubles | None:
    """Return the (n,) media times of a track's rows, None for none. Raises `UsageError`."""
    if given is None:
        return None
    if track is None:
        raise UsageError("head_track_samples came without head_track; give the rows that stand at these times")
    samples = doubles_of("head_track_samples", given, (len(track),))
    if (np.diff(samples) <= 0).any():
        raise UsageError("head_track_samples do not rise; give every row a later media time than the one before it")
    return samples


def offset_of(given: ArrayLike | None) -> Floats:
    """Return the (3,) yaw, pitch, roll in radians of a constant offset, zeros for None. Raises `UsageError`."""
    if given is None:
        return np.zeros(3, np.float32)
    offset = floats_of("head_offset", given, (3,))
    for (name, limit), angle in zip(OFFSET_LIMITS_DEG.items(), np.degrees(offset.astype(np.float64)), strict=True):
        if abs(angle) > limit + ROUNDING_DEG:
            check_offset(f"the {name} of head_offset in degrees", round(float(angle), 4), limit)
    return offset


def parse_offset(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Floats:
    """Return the (3,) radians of ``--yaw``, ``--pitch`` and ``--roll`` in degrees. Raises `UsageError`."""
    degrees = dict(zip(OFFSET_LIMITS_DEG, (yaw_deg, pitch_deg, roll_deg), strict=True))
    checked = [check_offset(f"--{name}", angle, OFFSET_LIMITS_DEG[name]) for name, angle in degrees.items()]
    return np.array([math.radians(angle) for angle in checked], np.float32)


def check_offset(what: str, angle_deg: float, limit: float) -> float:
    """Return an angle of an offset. Raises `UsageError` beyond the limit."""
    return in_range(what, angle_deg, -limit, limit)
