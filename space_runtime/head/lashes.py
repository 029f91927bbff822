"""The picture of lashes: single hairs from the lid outwards, roots at the lower edge."""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Pixels
from space_runtime.extras import cv2

SIZE: Final = (64, 256)
"""Rows and columns."""
N_LASHES: Final = 44
COLOUR: Final = (26, 18, 14)
_FINER: Final = 4
"""Drawn this much larger, then reduced."""


def lash_picture() -> Pixels:
    """Return the (64, 256, 4) picture."""
    height, width = (_FINER * side for side in SIZE)
    drawn = np.zeros((height, width), np.uint8)
    random = np.random.default_rng(3)
    for number in range(N_LASHES):
        root = (number + 0.5 + 0.3 * random.standard_normal()) / N_LASHES
        length, lean = random.uniform(0.6, 0.98), (root - 0.5) * 0.07
        along = np.linspace(0, 1, 13)
        columns = (root + lean * along**2) * width
        rows = (1 - length * along) * height
        for start in range(12):
            thick = max(1, round(_FINER * 2.4 * (1 - along[start]) ** 0.8))
            ends = [(round(columns[k]), round(rows[k])) for k in (start, start + 1)]
            cv2.line(drawn, ends[0], ends[1], 235, thick, cv2.LINE_AA)
    alpha = cv2.resize(drawn, SIZE[::-1], interpolation=cv2.INTER_AREA)
    return np.dstack([np.broadcast_to(np.array(COLOUR, np.uint8), (*SIZE, 3)), alpha]).astype(np.uint8)
