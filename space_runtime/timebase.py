"""Exact time. The sample index since the start of the stream is the only clock; frame rates are fractions."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from space_runtime.errors import UsageError

SAMPLE_RATE: Final = 16_000
"""Samples per second inside the runtime; everything at the rim is resampled to it."""

HOP: Final = 320
"""Samples per model step (20 ms): the clock of the features and of Speech2Landmarks."""

MIN_FPS: Final = Fraction(1)
MAX_FPS: Final = Fraction(240)
FINEST_FPS: Final = 1_000_000
"""Largest denominator of a frame rate as text: finer ones leave the 32-bit clocks of video files."""


_FPS_TEXT: Final = re.compile(r"[+-]?\d{1,20}(\.\d{0,20}|/\d{1,20})?", re.ASCII)
"""What may become a number: an exponent could ask for one of millions of digits."""


def parse_fps(text: str) -> Fraction:
    """Return a frame rate from ``30``, ``29.97``, ``23.976`` or ``30000/1001``.

    The broadcast rates written as decimals mean their exact fractions. Raises `UsageError` outside 1…240.
    """
    broadcast = {
        "23.976": Fraction(24000, 1001),
        "23.98": Fraction(24000, 1001),
        "29.97": Fraction(30000, 1001),
        "59.94": Fraction(60000, 1001),
    }
    shown = repr(text if len(text) <= 32 else text[:32] + "…")
    try:
        fps = broadcast.get(text.strip()) or Fraction(text.strip() if _FPS_TEXT.fullmatch(text.strip()) else "")
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"frame rate {shown} is not a number; write for example 30, 25 or 30000/1001") from None
    if fps.denominator > FINEST_FPS:
        raise UsageError(
            f"frame rate {shown} is finer than {FINEST_FPS:,}ths; write six decimals at most, or 30000/1001"
        )
    return _within_limits(fps, shown)


def checked_fps(fps: Fraction | int) -> Fraction:
    """Return a frame rate that an API caller gave. Raises `UsageError` unless it is a fraction within 1…240."""
    if not isinstance(fps, Fraction | int) or fps.denominator > FINEST_FPS:
        raise UsageError(f"the frame rate {fps!r} is no usable fraction; give for example Fraction(30000, 1001)")
    return _within_limits(Fraction(fps), str(fps))


def _within_limits(fps: Fraction, shown: str) -> Fraction:
    if not MIN_FPS <= fps <= MAX_FPS:
        raise UsageError(f"frame rate {shown} is outside {MIN_FPS}…{MAX_FPS} frames per second; choose one inside")
    return fps


def frame_sample(frame_index: int, fps: Fraction) -> Fraction:
    """Return the exact media time of a frame, in samples (not necessarily whole)."""
    return Fraction(frame_index * SAMPLE_RATE * fps.denominator, fps.numerator)


def n_frames(n_samples: int, fps: Fraction) -> int:
    """Return how many frames cover ``n_samples``: every frame whose media time lies before the end of the sound."""
    return -((-n_samples * fps.numerator) // (SAMPLE_RATE * fps.denominator))
