"""The same photo in other light, tint, sharpness and style."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from space_runtime.arrays import Floats, Pixels

Change = Callable[[Pixels, np.random.Generator], Floats]


def changed(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Return (h, w, 3) a photo changed by one of `CHANGES`, and in contrast and brightness."""
    values = CHANGES[rng.integers(len(CHANGES))](photo, rng)
    values = (values - 128) * rng.uniform(0.75, 1.1) + 128 + rng.normal(0, 8)
    return np.clip(values, 0, 255).astype(np.uint8)


def _grey(photo: Pixels, rng: np.random.Generator) -> Floats:
    return np.repeat(photo.mean(2, keepdims=True), 3, 2).astype(np.float32)


def _tinted(photo: Pixels, rng: np.random.Generator) -> Floats:
    return np.asarray(_grey(photo, rng) * rng.uniform(0.5, 1.2, 3), np.float32)


def _in_coloured_light(photo: Pixels, rng: np.random.Generator) -> Floats:
    return np.asarray(photo * rng.uniform(0.3, 1.2, 3), np.float32)


def _darker(photo: Pixels, rng: np.random.Generator) -> Floats:
    return np.asarray(255 * (photo / 255) ** rng.uniform(1.5, 3), np.float32)


def _lighter(photo: Pixels, rng: np.random.Generator) -> Floats:
    return np.asarray(255 * (photo / 255) ** rng.uniform(0.4, 0.7), np.float32)


def _small(photo: Pixels, rng: np.random.Generator) -> Floats:
    factor = rng.uniform(0.2, 0.45)
    small = cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, photo.shape[1::-1], interpolation=cv2.INTER_CUBIC).astype(np.float32)


def _noisy(photo: Pixels, rng: np.random.Generator) -> Floats:
    return np.asarray(photo + rng.normal(0, rng.uniform(5, 18), photo.shape), np.float32)


def _painted(photo: Pixels, rng: np.random.Generator) -> Floats:
    drawn = cv2.stylization(photo, sigma_s=rng.uniform(20, 60), sigma_r=rng.uniform(0.2, 0.45))
    return drawn.astype(np.float32)


def _face_paint(photo: Pixels, rng: np.random.Generator) -> Floats:
    return photo[..., rng.permutation(3)].astype(np.float32)


def _blurred(photo: Pixels, rng: np.random.Generator) -> Floats:
    return cv2.GaussianBlur(photo, (0, 0), rng.uniform(0.8, 3.5)).astype(np.float32)


def _compressed(photo: Pixels, rng: np.random.Generator) -> Floats:
    _, data = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(12, 40))])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded.astype(np.float32)


CHANGES: Final[tuple[Change, ...]] = (
    _grey, _tinted, _in_coloured_light, _darker, _lighter, _small, _noisy, _painted, _face_paint, _blurred, _compressed,
)  # fmt: skip
