"""Faster pictures are the same pictures: motions of the NASA portrait are what they were."""

from __future__ import annotations

import numpy as np

from space_runtime.inference.bundle import bundle_or_embedded
from space_runtime.rendering.warp.generator import load_warp_generator
from tests.tools.golden_motions import drawn_small, kept

LARGEST = 4
MEAN = 0.1
"""Differences of the means of blocks of 4² pixels, of 255: less than is seen in two pictures shown in turn."""


def test_motions_of_the_portrait_look_as_they_did() -> None:
    difference = np.abs(drawn_small(load_warp_generator(bundle_or_embedded(None))).astype(int) - kept())
    assert difference.max() <= LARGEST
    assert difference.mean() <= MEAN
