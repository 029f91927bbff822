"""Motions of the NASA portrait, drawn small: pictures that a faster renderer must not change.

``python -m tests.tools.golden_motions`` writes them to ``tests/golden_data/motions.png``; do so only when portraits are
meant to look different.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.inference.bundle import bundle_or_embedded
from space_runtime.rendering.warp.backward import Box
from space_runtime.rendering.warp.generator import WarpGenerator, load_warp_generator
from tests.space_runtime.rendering.warp.test_warp_generator import blink, driven, gaze, jaw
from tests.support.pictures import portrait

FILE: Final = Path(__file__).parents[1] / "golden_data" / "motions.png"
HEAD: Final = Box(128, 96, 416, 416)
"""The part of the picture that is compared: the head and what lies around it."""
BLOCK: Final = 4
"""Pixels on a side of the blocks whose means are compared: an edge that moves by a quarter of a pixel shows in them."""


def smile(amount: float) -> Floats:
    """Return the displacement (78, 3) of corners of the mouth that go outwards and up."""
    displacement = np.zeros((78, 3), np.float32)
    for corner, way in ((48, -1), (60, -1), (54, 1), (64, 1)):
        displacement[corner, :2] = 0.08 * amount * np.array([way, 1])
    return displacement


def motions() -> Floats:
    """Return the (8, 160, 3) keypoints: rest, turns to the sides and up, gaze aside, blink, open mouth, smile."""
    turns = (driven(turn_deg=turn) for turn in ((0, 0, 0), (15, 0, 0), (-15, 5, 3), (0, 12, 0)))
    return np.stack([*turns, *(driven(part) for part in (gaze(0.04), blink(1.0), jaw(1.0), smile(1.0)))])


def drawn_small(generator: WarpGenerator) -> Pixels:
    """Return (80, 8 · 72, 3): the motions side by side, each pixel the mean of a block."""
    pictures = generator.render(generator.prepare(portrait()), motions())
    size = (HEAD.x1 - HEAD.x0) // BLOCK, (HEAD.y1 - HEAD.y0) // BLOCK
    small = [cv2.resize(picture[HEAD.slices], size, interpolation=cv2.INTER_AREA) for picture in pictures]
    return np.asarray(np.concatenate(small, 1), np.uint8)


def kept() -> Pixels:
    """Return the pictures that were written."""
    values = cv2.imread(str(FILE), cv2.IMREAD_COLOR)
    assert values is not None
    return np.ascontiguousarray(values[..., ::-1], np.uint8)


if __name__ == "__main__":
    cv2.imwrite(str(FILE), drawn_small(load_warp_generator(bundle_or_embedded(None)))[..., ::-1])
