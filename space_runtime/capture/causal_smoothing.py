"""Smoothing of values as they come, without knowing those to come: strong at rest, weak in motion.

The 1 € filter (Casiez, Roussel and Vogel 2012, https://doi.org/10.1145/2207676.2208639): a low pass of first order
whose cut-off frequency rises with the speed of the value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles

SPEED_CUTOFF_HZ: Final = 1.5
"""Of the low pass through which the speed itself goes."""
LONGEST_STEP_S: Final = 0.2
"""After a longer pause a value begins anew."""


@dataclass(slots=True, eq=False)
class CausalSmoothing:
    """Smooths (n,) values. cutoff_hz: at rest. rise: by how much the cut-off rises, Hz per unit a second."""

    cutoff_hz: float
    rise: float
    _time_s: float = field(default=-math.inf, init=False)
    _value: Doubles = field(default_factory=lambda: np.zeros(0), init=False)
    _speed: Doubles = field(default_factory=lambda: np.zeros(0), init=False)

    def reset(self) -> None:
        """Forget everything: the next values are no continuation."""
        self._time_s = -math.inf

    def smoothed(self, time_s: float, values: Doubles) -> Doubles:
        """Return the values of a time, which is later than that of the call before."""
        step = time_s - self._time_s
        if step > LONGEST_STEP_S or step <= 0:
            self._speed = np.zeros_like(values)
            self._value = values
        else:
            speed = (values - self._value) / step
            self._speed = self._speed + _share(SPEED_CUTOFF_HZ, step) * (speed - self._speed)
            cutoff = self.cutoff_hz + self.rise * np.abs(self._speed)
            self._value = self._value + _share(cutoff, step) * (values - self._value)
        self._time_s = time_s
        return self._value


def _share(cutoff_hz: Doubles | float, step_s: float) -> Doubles:
    """The share of a new value that a low pass lets through."""
    way = 2 * np.pi * np.asarray(cutoff_hz) * step_s
    return np.asarray(way / (way + 1))
