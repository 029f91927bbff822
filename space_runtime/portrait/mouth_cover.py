"""Tells mouths that something covers: a mask, a hand, a cup, hair. The mesh does not tell: it is drawn over anything.

The mouth's surroundings become a small grey patch, laid out by mesh points around it; the directions of its edges,
counted in cells (Dalal and Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR 2005), are weighed by
a logistic regression. Colours do not count: faces are painted, lit and photographed in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.inference.bundle import Bundle

ENTRY: Final = "mouth_cover"
PATCH: Final = (54, 45)
"""Columns and rows of the patch."""
LAYOUT: Final[tuple[tuple[int, float, float], ...]] = (
    (61, 10.0, 19.0), (291, 44.0, 19.0), (2, 27.0, 10.4), (152, 27.0, 48.8), (0, 27.0, 17.7), (17, 27.0, 29.1),
    (205, 3.6, 6.9), (425, 50.4, 6.9), (50, -0.8, 2.0), (280, 54.8, 2.0),
)  # fmt: skip
"""Mesh points around the mouth, and where in the patch they lie on the mean face."""
CELL: Final = 9
DIRECTIONS: Final = 8
N_COUNTS: Final = PATCH[0] // CELL * (PATCH[1] // CELL) * DIRECTIONS
SOFTNESS: Final = 0.8
"""Blur of the patch, pixels: noise has no edges."""
FAINT: Final = 300.0
"""Sum of edges that is added before shares are taken: a patch without edges has none, not those of its noise."""


@dataclass(frozen=True, slots=True, eq=False)
class CoverClassifier:
    """weights: (N_COUNTS,) of the edges' square-root shares; bias: of the sum."""

    weights: Floats
    bias: float

    def score(self, rgb: Pixels, points: Floats) -> float:
        """Return the log odds that the mouth of a face with (478, 2) picture points is covered."""
        counts = edge_counts(mouth_patch(rgb, points))
        return float(counts @ self.weights) + self.bias


def load_classifier(bundle: Bundle) -> CoverClassifier | None:
    """Return the classifier of a bundle, None for one that has none."""
    if not any(entry.name == ENTRY for entry in bundle.manifest.entries):
        return None
    arrays = bundle.arrays(ENTRY)
    return CoverClassifier(arrays["weights"].astype(np.float32), float(arrays["bias"]))


def mouth_patch(rgb: Pixels, points: Floats) -> Floats:
    """Return the (45, 54) grey patch around a mouth, 0…255."""
    places = np.array([(column, row) for _, column, row in LAYOUT])
    known = np.column_stack([points[[point for point, _, _ in LAYOUT]], np.ones(len(LAYOUT))])
    to_patch = np.linalg.lstsq(known.astype(np.float64), places, rcond=None)[0].T
    scale = float(np.sqrt(abs(np.linalg.det(to_patch[:, :2]))))
    if scale < 0.7:  # what is skipped would alias
        rgb = cv2.GaussianBlur(rgb, (0, 0), 0.25 / scale).astype(np.uint8, copy=False)
    patch = cv2.warpAffine(rgb, to_patch, PATCH, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.GaussianBlur(patch, (0, 0), SOFTNESS).mean(2), np.float32)


def edge_counts(patch: Floats) -> Floats:
    """Return (N_COUNTS,) the square roots of the shares of edges, by direction and cell."""
    across, down = cv2.Sobel(patch, cv2.CV_32F, 1, 0, ksize=1), cv2.Sobel(patch, cv2.CV_32F, 0, 1, ksize=1)
    strength = np.hypot(across, down)
    direction = np.arctan2(down, across) / (2 * np.pi) * DIRECTIONS % DIRECTIONS
    away = np.abs(direction - np.arange(DIRECTIONS).reshape(-1, 1, 1))
    shares = np.clip(1 - np.minimum(away, DIRECTIONS - away), 0, 1) * strength
    columns, rows = (size // CELL for size in PATCH)
    cells = shares.reshape(DIRECTIONS, rows, CELL, columns, CELL).sum((2, 4))
    return np.asarray(np.sqrt(cells / (cells.sum() + FAINT)).ravel(), np.float32)
