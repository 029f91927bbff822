"""The photo's light taken off the skin: what depends on the way a surface faces, and what differs from left to right.

Light from all around on a matte surface is nine numbers of its normal (Ramamoorthi and Hanrahan 2001, "An efficient
representation for irradiance environment maps").
"""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats
from space_runtime.head.atlas import mirrored
from space_runtime.head.picture_fields import blurred, weighted_blur

STRENGTH: Final = 0.75
"""Share of the light that is taken off."""
RANGE: Final = (0.55, 1.6)
"""Light, beside that on a surface to the viewer, that is believed."""
STIFFNESS: Final = 0.01
"""Pull of the coefficients to even light, beside the mean weight of a texel."""
SIGMA: Final = 45.0
"""Pixels of the atlas over which light changes; what changes faster belongs to the skin."""
BALANCE: Final = 0.8
"""Share of the difference of light between left and right that is taken away."""
_ROUNDS: Final = 4
_ROBUST: Final = 0.12
"""Deviation in log lightness from which a texel counts less: lips, brows, beards, shine."""


def evenly_lit(colours: Floats, normals: Floats, weights: Floats) -> Floats:
    """Return (n, 3) colours without the light that normals (n, 3) explain. weights: (n,) of skin that is seen.

    Lightness alone changes; a surface that faces the viewer keeps its own.
    """
    chosen = np.flatnonzero(weights > 0.5)[::7]
    if len(chosen) < 200:
        return colours
    lightness = np.log(np.maximum(colours[chosen].mean(1), 4.0)).astype(np.float64)
    coefficients = _fit(_harmonics(normals[chosen]), lightness, weights[chosen].astype(np.float64))
    front = _harmonics(np.array([[0.0, 0.0, 1.0]], np.float32)) @ coefficients
    light = np.clip(np.exp(_harmonics(normals) @ coefficients - front), *RANGE) ** STRENGTH
    return np.asarray(np.clip(colours / light[:, None], 0, 255), np.float32)


def _harmonics(normals: Floats) -> Doubles:
    """Return (n, 9) real spherical harmonics of unit normals up to the second order, without their factors."""
    x, y, z = normals.astype(np.float64).T
    return np.stack([np.ones_like(x), x, y, z, x * y, y * z, z * x, x * x - y * y, 3 * z * z - 1], 1)


def _fit(basis: Doubles, values: Doubles, weights: Doubles) -> Doubles:
    """Return the (9,) coefficients that explain most values, deviations counting less the larger they are."""
    robust = np.ones_like(values)
    coefficients = np.zeros(basis.shape[1])
    pull = np.diag(np.r_[0.0, np.full(basis.shape[1] - 1, STIFFNESS)]) * weights.sum()
    for _ in range(_ROUNDS):
        rows = basis * (weights * robust)[:, None]
        coefficients = np.linalg.solve(rows.T @ basis + pull, rows.T @ values)
        robust = 1 / np.maximum(1, np.abs(values - basis @ coefficients) / _ROBUST)
    return coefficients


def balanced(colour: Floats, weight: Floats) -> Floats:
    """Return an atlas (h, w, 3), seen by weight (h, w), with the light of left and right made alike.

    Low frequencies change, where both sides are seen.
    """
    logs = np.log(np.maximum(colour, 1.0))
    both = np.minimum(weight, mirrored(weight))
    light = weighted_blur(logs, both, SIGMA)
    known = np.clip(blurred(both, SIGMA) * 10, 0, 1)
    change = 0.5 * BALANCE * (mirrored(light) - light) * known[..., None]
    return np.asarray(np.clip(np.exp(logs + change), 0, 255), np.float32)
