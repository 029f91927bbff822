"""Speeds of values from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from space_runtime.arrays import Doubles, Reals
from tests.support.udp_receiver import Seen


def speeds(times_s: Reals, values: Reals) -> tuple[Doubles, Doubles]:
    """Return the change of (T, n) values from frame to frame, a second, and its times; frames of one time are left
    out."""
    apart = np.diff(times_s)
    there = apart > 1e-3
    change = np.abs(np.diff(values, axis=0))[there] / apart[there, None]
    return change.astype(np.float64), np.asarray(times_s[1:][there], np.float64)


def seen_speeds(seen: Sequence[Seen]) -> tuple[Doubles, Doubles]:
    """Return the same of packets."""
    return speeds(np.array([each.seconds for each in seen]), np.array([each.values for each in seen]))
