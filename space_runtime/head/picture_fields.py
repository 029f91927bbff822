"""Values over a picture: read between pixels, spread, thresholded softly."""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime import geometry
from space_runtime.arrays import Floats, Pixels, Reals
from space_runtime.extras import cv2

_ROW: Final = 1024
_ROWS: Final = 8192
"""OpenCV remaps pictures of less than 32768 pixels on a side: points are laid out in rows."""
_LEAST: Final = 1e-4
_COARSE_SIGMA: Final = 5.0
"""Pixels of the smaller copy's Gaussian."""


def smoothstep(values: Reals, low: float, high: float) -> Floats:
    """Return 0 up to ``low``, 1 from ``high`` on, smooth between; low above high falls instead."""
    return geometry.smoothstep(values, low, high).astype(np.float32)


def sample(picture: Floats, points: Floats) -> Floats:
    """Return (…) or (…, c) bilinear values of an (h, w) or (h, w, c) picture at (…, 2) columns and rows.

    Beyond its edge the picture repeats the edge.
    """
    flat = np.asarray(points, np.float32).reshape(-1, 2)
    if len(flat) == 0:
        return np.zeros((*points.shape[:-1], *picture.shape[2:]), np.float32)
    short = -len(flat) % _ROW
    grid = np.concatenate([flat, np.zeros((short, 2), np.float32)]).reshape(-1, _ROW, 2)
    parts = [
        cv2.remap(picture, part[..., 0], part[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for part in (grid[start : start + _ROWS] for start in range(0, len(grid), _ROWS))
    ]
    values = np.concatenate(parts)
    values = values.reshape(-1, *values.shape[2:])[: len(flat)]
    return np.asarray(values.reshape(*points.shape[:-1], *values.shape[1:]), np.float32)


def blurred(values: Floats, sigma: float) -> Floats:
    """Return a picture blurred by a Gaussian of sigma pixels; a wide one is worked out on a smaller copy."""
    factor = int(sigma // _COARSE_SIGMA)
    if factor < 2:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32).reshape(values.shape)
    height, width = values.shape[:2]
    size = (max(1, width // factor), max(1, height // factor))
    small = cv2.GaussianBlur(cv2.resize(values, size, interpolation=cv2.INTER_AREA), (0, 0), sigma / factor)
    wide = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(wide, np.float32).reshape(values.shape)


def weighted_blur(values: Floats, weights: Floats, sigma: float) -> Floats:
    """Return the (h, w, c) Gaussian mean of values where weights (h, w) are; 0 far from any weight."""
    total = blurred(weights, sigma)[..., None]
    return np.asarray(blurred(values * weights[..., None], sigma) / np.maximum(total, _LEAST), np.float32)


def spread(values: Floats, weights: Floats, sigmas: tuple[float, ...]) -> Floats:
    """Return (h, w, c) values kept where weights (h, w) are 1 and filled from ever wider surroundings elsewhere."""
    filled = np.asarray(values * weights[..., None], np.float32)
    known = np.array(weights, np.float32)
    for sigma in sigmas:
        near = blurred(weights, sigma)
        share = np.minimum(1 - known, np.clip(near * 20, 0, 1 - known))
        filled += share[..., None] * weighted_blur(values, weights, sigma)
        known += share
    mean = (values * weights[..., None]).sum((0, 1)) / max(float(weights.sum()), _LEAST)
    return np.asarray(filled + (1 - known)[..., None] * mean, np.float32)


def eroded(mask: Floats | Pixels, pixels: float) -> Floats:
    """Return a picture's minimum over an ellipse of that diameter."""
    return np.asarray(cv2.erode(mask, _ellipse(pixels)), np.float32)


def dilated(mask: Floats | Pixels, pixels: float) -> Floats:
    """Return a picture's maximum over an ellipse of that diameter."""
    return np.asarray(cv2.dilate(mask, _ellipse(pixels)), np.float32)


def _ellipse(pixels: float) -> Pixels:
    """Return an ellipse as a kernel of the odd side at or above a length, at least 1."""
    side = max(1, int(np.ceil(pixels))) | 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
