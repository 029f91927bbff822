"""The reason for which a picture shows no clear face, as far as its pixels tell."""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Pixels
from space_runtime.portrait.tracking import FaceTracker, shrink
from space_runtime.portrait.validation import is_clear_human

PLAIN: Final = 8
"""Values of one colour differ by no more."""
DARK: Final = 40.0
"""Lightness below which nearly all of a picture is too dark; BRIGHT: above which it is too bright."""
BRIGHT: Final = 225.0
SEEN_SIDE: Final = 1024


def why_no_face(rgb: Pixels, tracker: FaceTracker) -> str:
    """Return the reason in brackets with a space before them, empty if there is none to tell."""
    small = shrink(rgb, max(rgb.shape[:2]) / SEEN_SIDE)
    reason = _reason(small, tracker)
    return f" ({reason})" if reason else ""


def _reason(rgb: Pixels, tracker: FaceTracker) -> str:
    flat = rgb.reshape(-1, 3)
    if int((flat.max(0).astype(int) - flat.min(0)).max()) <= PLAIN:
        return "it has one colour only"
    negative = np.asarray(255 - rgb, np.uint8)
    if any(is_clear_human(negative, face, tracker) for face in tracker.faces_at(negative, 1)[:1]):
        return "it looks like a negative: invert it"
    dark, bright = np.quantile(flat.mean(1), [0.05, 0.95])
    if bright < DARK:
        return "it is too dark: brighten it"
    return "it is too bright: darken it" if dark > BRIGHT else ""
