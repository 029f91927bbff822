"""The manner in which heads move while they talk: numbers that are measured on films and stand in the bundle."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np

from space_runtime.arrays import Doubles
from space_runtime.errors import BundleError
from space_runtime.inference.bundle import Bundle

BANDS_HZ: Final = ((0.2, 0.55), (0.55, 1.15), (1.15, 2.1), (2.1, 3.5), (3.5, 6.0))
"""Edges of the bands that motion is described by. Below lie postures; above, what a head of some kilograms hardly
does."""
N_BANDS: Final = len(BANDS_HZ)
HEAD_NOISE_HZ: Final = (*BANDS_HZ * 3, (0.2, 0.6))
"""Edges of a head's channels of noise: the bands of yaw, pitch and roll, then that of the amplitude."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadStyle:
    """Statistics of one manner of moving. Angles in radians; the three are yaw, pitch, roll.

    speech, pause: (3, 5) standard deviations by angle and band of `BANDS_HZ`, in speech and in pauses.
    posture: (3,) standard deviation of the postures that phrases begin with. keep: (3,) correlation of one with the
        next. bow: how far the chin lies lower in pauses. beat: how far it goes up on a fully stressed syllable, or,
        negative, down.
    """

    speech: Doubles
    pause: Doubles
    posture: Doubles
    keep: Doubles
    bow: float
    beat: float

    @classmethod
    def of_bundle(cls, bundle: Bundle) -> Self:
        """Return the style of a bundle. Raises `BundleError` for one without, or of other shapes."""
        arrays = bundle.arrays("head_style")
        for name, shape in SHAPES.items():
            if arrays[name].shape != shape or not np.isfinite(arrays[name]).all():
                raise BundleError(
                    f"{name} of the bundle's head style has shape {arrays[name].shape}; expected finite numbers of "
                    f"shape {shape}, use a bundle made for this version"
                )
        speech, pause, posture, keep, bow, beat = (arrays[name].astype(np.float64) for name in SHAPES)
        return cls(speech, pause, posture, keep, float(bow), float(beat))


SHAPES: Final[dict[str, tuple[int, ...]]] = dict(
    zip((each.name for each in fields(HeadStyle)), ((3, N_BANDS), (3, N_BANDS), (3,), (3,), (), ()), strict=True)
)
