"""A head drawn at known turns and with its mouth open: truth for every pixel where nobody was filmed.

The drawn head from the front is the photo. It is that of the package's portrait, lit by a fixed light, so that what a
turn reveals and how the light changes on it is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from export.evaluation.drawn_head import Camera, DrawnHead, Shown
from export.evaluation.portraits.films import Moving
from space_runtime.arrays import Pixels
from space_runtime.assets import PORTRAIT
from space_runtime.media.array_archive import read_arrays
from space_runtime.media.atomic_files import written_whole
from space_runtime.portrait.portrait import open_portrait
from space_runtime.rig.shapes import SHAPE

CAMERA: Final = Camera((512, 512), 60.0, 900.0)
KEPT: Final = "turned-head-1.npz"
"""The drawn pictures in the cache; the number counts changes of what is drawn."""
YAWS: Final = (*range(0, 26, 5), *range(20, -26, -5), *range(-20, 1, 5))
"""Degrees, in steps that tracking follows."""
PITCHES: Final = (5, 10, 15, 10, 5, 0, -5, -10, -15, -10, -5, 0)
JAW: Final = 0.45
POSES_A_SECOND: Final = Fraction(1)
"""They are poses, not motion: so far apart that steadying leaves them as they are."""
WIDE: Final = ((0, JAW), (5, JAW), (10, JAW), (15, JAW), (20, JAW), (10, JAW), (0, JAW), (0, 0.8))
"""Yaws at which the mouth is open, and by what weight."""


def poses() -> list[tuple[float, float, float]]:
    """Return yaw and pitch in degrees and the jaw's weight of every picture, the first from the front."""
    turned = [(float(yaw), 0.0, 0.0) for yaw in YAWS] + [(0.0, float(pitch), 0.0) for pitch in PITCHES]
    return turned + [(float(yaw), 0.0, jaw) for yaw, jaw in WIDE]


def turned_head(cache: Path) -> Moving:
    """Return the film of the drawn head. It takes a minute to draw and is kept."""
    kept = cache / KEPT
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        pictures = np.stack(list(_drawn()))
        with written_whole(kept) as partial, partial.open("wb") as file:
            np.savez_compressed(file, pictures=pictures)
    pictures = read_arrays(kept, ("pictures",))["pictures"].astype(np.uint8, copy=False)
    return Moving("turned head", tuple(pictures), POSES_A_SECOND, np.zeros(0, np.float32))


def _drawn() -> Iterator[Pixels]:
    head = DrawnHead.of_portrait(open_portrait(PORTRAIT))
    behind = _background()
    for yaw, pitch, jaw in poses():
        weights = np.zeros(len(SHAPE), np.float32)
        weights[SHAPE["jawOpen"]] = jaw
        rotation = np.radians(np.array([yaw, pitch, 0], np.float32))
        still = np.zeros(3, np.float32), np.zeros((2, 2), np.float32)
        yield head.draw(Shown(weights, rotation, *still), CAMERA, behind)


def _background() -> Pixels:
    """Return colours out of focus."""
    colours = np.random.default_rng(3).integers(90, 180, (6, 6, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(colours, CAMERA.size[::-1], interpolation=cv2.INTER_CUBIC), np.uint8)
