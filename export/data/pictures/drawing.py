"""A portrait that is drawn on, and what drawings are made of: outlines, colours, uneven light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike

from space_runtime.arrays import Floats, Pixels
from space_runtime.geometry import picture_points
from space_runtime.portrait.mesh_points import OUTER_LIPS

SKIN: Final = (50, 280, 205, 425, 5, 151)


N_TEXTURES: Final = 24
BELOW_FACE: Final = 410
"""Row of a portrait below which no face reaches."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A portrait to be covered.

    photo: (h, w, 3). points: (478, 2) of its face, columns and rows. textures: pictures to cut cloth from.
    """

    photo: Pixels
    points: Floats
    textures: Sequence[Pixels]

    @property
    def mouth(self) -> Floats:
        """The middle of the lips."""
        return np.asarray(self.points[list(OUTER_LIPS)].mean(0), np.float32)

    @property
    def height(self) -> float:
        """Pixels from the face's top to its chin."""
        return float(np.ptp(self.points[:, 1]))

    @property
    def width(self) -> float:
        """Pixels between the mouth's corners."""
        return float(np.linalg.norm(self.points[291] - self.points[61]))

    @property
    def skin(self) -> Floats:
        """The skin's colour."""
        columns, rows = np.clip(np.rint(self.points[list(SKIN)]), 0, len(self.photo) - 1).astype(int).T
        return np.asarray(np.median(self.photo[rows, columns], 0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """mask: (h, w) opacity 0…255. paint: (h, w, 3) its colours 0…255."""

    mask: Pixels
    paint: Floats


def scene_of(photo: Pixels, mesh: Floats, textures: Sequence[Pixels]) -> Scene:
    """Return a portrait with a (478, 3) mesh in project axes as a scene."""
    return Scene(photo, picture_points(mesh), textures)


def clothes(portraits: Sequence[Pixels]) -> list[Pixels]:
    """Return pictures of cloth: what stands below the faces of some (512, 512, 3) portraits."""
    return [portrait[BELOW_FACE:] for portrait in portraits[:: max(1, len(portraits) // N_TEXTURES)]]


def polygon(scene: Scene, outline: ArrayLike) -> Pixels:
    """Return (h, w) opacity 0…255 of an outline (n, 2) in columns and rows."""
    mask = np.zeros(scene.photo.shape[:2], np.uint8)
    corners = np.rint(np.asarray(outline, np.float64) * 16).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, 4)
    return mask


def turned(points: ArrayLike, angle: float) -> Floats:
    """Return (n, 2) points turned about the origin."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(np.asarray(points, np.float64) @ turn.T, np.float32)


def any_colour(rng: np.random.Generator) -> Floats:
    """Return the blue-green of surgical masks, dark, white, or anything."""
    plain = {0: (150, 200, 230), 1: (40, 40, 40), 2: (215, 215, 215)}.get(int(rng.integers(5)))
    colour = rng.uniform(10, 245, 3) if plain is None else np.array(plain) + rng.normal(0, 15) + rng.normal(0, 6, 3)
    return np.clip(colour, 0, 255).astype(np.float32)


def skin_colour(scene: Scene, rng: np.random.Generator) -> Floats:
    """Return a colour near that of the face."""
    return np.clip(scene.skin * rng.uniform(0.75, 1.15) + rng.normal(0, 6, 3), 0, 255).astype(np.float32)


def shaded(scene: Scene, rng: np.random.Generator, colour: Floats, cloth: float) -> Floats:
    """Return (h, w, 3) a colour with uneven light; ``cloth``: how often it has a texture's pattern."""
    h, w = scene.photo.shape[:2]
    paint: Floats = np.full((h, w, 3), colour, np.float32)
    for size, strength in ((3, rng.uniform(0, 8)), (12, rng.uniform(0, 8)), (60, rng.uniform(2, 25))):
        coarse = rng.normal(0, strength, (h // size + 2, w // size + 2)).astype(np.float32)
        paint += cv2.resize(coarse, (w, h), interpolation=cv2.INTER_CUBIC)[..., None]
    angle, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0, 60)
    rows, columns = np.mgrid[:h, :w]
    paint += ((np.cos(angle) * columns + np.sin(angle) * rows) / w * slope - 20)[..., None]
    if rng.random() < cloth:
        texture = scene.textures[int(rng.integers(len(scene.textures)))]
        high, wide = (
            min(n, int(size * rng.uniform(0.3, 1.5))) for n, size in zip(texture.shape[:2], (h, w), strict=True)
        )
        y, x = rng.integers(0, texture.shape[0] - high + 1), rng.integers(0, texture.shape[1] - wide + 1)
        pattern = cv2.resize(texture[y : y + high, x : x + wide], (w, h)).astype(np.float32)
        paint += (pattern - pattern.mean((0, 1))) * np.float32(rng.uniform(0.4, 1.2))
    return np.asarray(np.clip(paint, 0, 255), np.float32)
