"""The eyeball's picture: an iris with the photo's colour and size on a standard eye."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.head.fitted_head import EYE_TILE, FittedHead
from space_runtime.head.meshes import EYE_DEGREES
from space_runtime.head.picture_fields import smoothstep
from space_runtime.portrait.mesh_points import EYES, IRISES

PUPIL: Final = 0.36
"""Radius of the pupil, in radii of the iris."""
RADIUS_CM: Final = (0.52, 0.68)
"""Range of an iris's radius in the model, whose heads are about a seventh larger than people."""
SCLERA: Final = np.array([232.0, 222.0, 214.0])
BLOOD: Final = np.array([40.0, 4.0, 0.0])
"""Red that is added to the white of the eye far from the iris."""
USUAL: Final = np.array([78.0, 56.0, 42.0], np.float32)
"""Colour of an iris that the photo does not show."""
LEAST_PIXELS: Final = 6


@dataclass(frozen=True, slots=True, eq=False)
class Iris:
    """The irises of a person: colour (3,) RGB 0…255, radius in cm of the model."""

    colour: Floats
    radius: float


def iris_of(photo: Floats, mesh: Floats, fitted: FittedHead) -> Iris:
    """Return the irises that a photo (h, w, 3) shows, from a tracked (478, 3) mesh in its pixels."""
    points = np.asarray(mesh[:, :2] * np.array([1, -1], np.float32), np.float32)
    found = [
        _pixels(photo, points[list(ring)], points[list(lids[0] + lids[1])])
        for ring, lids in zip(IRISES, EYES, strict=True)
    ]
    colours = np.concatenate(found)
    colour = USUAL if len(colours) < LEAST_PIXELS else _typical(colours)
    radii = [np.linalg.norm(points[list(ring[1:])] - points[ring[0]], axis=1).mean() for ring in IRISES]
    return Iris(colour, float(np.clip(np.mean(radii) / fitted.scale, *RADIUS_CM)))


def _pixels(photo: Floats, ring: Floats, lids: Floats) -> Floats:
    """Return (n, 3) colours between pupil and rim, and between the lids."""
    centre, radius = ring[0], float(np.linalg.norm(ring[1:] - ring[0], axis=1).mean())
    rows, columns = np.mgrid[: photo.shape[0], : photo.shape[1]]
    across, down = columns - centre[0], rows - centre[1]
    away = np.hypot(across, down) / radius
    upper, lower = lids[: len(lids) // 2], lids[len(lids) // 2 :]
    open_rows = rows > np.interp(columns, upper[:, 0], upper[:, 1]) + 0.25 * radius
    open_rows &= rows < np.interp(columns, lower[:, 0], lower[:, 1]) - 0.1 * radius
    return np.asarray(photo[(away > 0.48) & (away < 0.86) & open_rows], np.float32)


def _typical(colours: Floats) -> Floats:
    """Return the median of (n, 3) colours without the lightest: reflections, and the white of the eye."""
    light = colours.sum(1)
    return np.asarray(np.median(colours[light <= np.percentile(light, 70)], axis=0), np.float32)


def eye_picture(iris: Iris, eye_radius: float, lightness: float) -> Floats:
    """Return the (256, 256, 3) picture of an eyeball. lightness: of the photo, about 1."""
    side = EYE_TILE.width
    places = (np.arange(side) + 0.5) / side * 2 - 1
    right, down = np.meshgrid(places, places)
    degrees = np.hypot(right, down) * EYE_DEGREES
    edge = np.degrees(np.arcsin(min(0.6, iris.radius / eye_radius)))
    share = (degrees / edge)[..., None]
    far = smoothstep(degrees, float(edge), 60)[..., None]
    white = (SCLERA * (1 - 0.2 * far) + BLOOD * 0.5 * far) * lightness
    streaks = 1 + 0.3 * _streaks(np.arctan2(down, right))[..., None]
    light = 1 + 0.45 * np.exp(-(((share - 0.5) / 0.2) ** 2))
    coloured = np.clip(1.15 * iris.colour * streaks * light, 0, 255) * (1 - 0.55 * smoothstep(share, 0.75, 1.0))
    picture = white + smoothstep(share, 1.05, 0.92) * (coloured - white)
    picture = picture + smoothstep(share, PUPIL + 0.05, PUPIL - 0.04) * (8 - picture)
    return np.asarray(np.clip(picture, 0, 255), np.float32)


def _streaks(angles: Floats) -> Floats:
    """Return values −1…1 that change around the pupil: the fibres of an iris."""
    noise = np.random.default_rng(2).standard_normal(360)
    kernel = np.hanning(7)
    smooth = np.convolve(np.r_[noise[-3:], noise, noise[:3]], kernel / kernel.sum(), "valid")
    values = smooth / np.abs(smooth).max()
    return np.asarray(np.interp(angles, np.linspace(-np.pi, np.pi, 361), np.r_[values, values[0]]), np.float32)
