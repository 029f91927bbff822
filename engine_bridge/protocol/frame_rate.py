"""Frame rates as exact fractions: one rule for the runtime, its command line and its clients."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from numbers import Rational, Real
from typing import Final

from engine_bridge.protocol.errors import BridgeError

FrameRate = Fraction | float | str
"""A frame rate as callers may give it: 30, 29.97, Fraction(30000, 1001), "30000/1001"."""

MIN_FPS: Final = Fraction(1)
MAX_FPS: Final = Fraction(240)
FINEST_FPS: Final = 1_000_000
"""Largest denominator of a frame rate: finer ones leave the 32-bit clocks of video files."""
FINEST_FLOAT: Final = 1_001
"""Largest denominator of a rate that comes as a float, whose last digits mean nothing."""

BROADCAST: Final = tuple(
    Fraction(1000 * whole, 1001) for whole in (12, 15, 24, 30, 48, 60, 72, 90, 96, 120, 144, 180, 192, 240)
)
"""Rates of television: so many frames in 1.001 s."""
FEWEST_DECIMALS: Final = 2
"""Decimals from which a number may mean one of them: 23.98, 29.97, 119.88."""

_TEXT: Final = re.compile(r"[+-]?\d{1,20}(\.\d{0,20}|/\d{1,20})?", re.ASCII)
"""Texts that may become a number: an exponent could ask for one of millions of digits."""


def exact_fps(fps: FrameRate) -> Fraction:
    """Return a frame rate as a fraction; decimals of the broadcast rates mean their exact fractions.

    A float is taken to three decimals for these, else as the nearest fraction of a denominator up to `FINEST_FLOAT`.
    Raises `BridgeError` for what is no number, too fine, or outside 1…240.
    """
    exact, named = _fraction(fps), _shown(fps)
    if exact is None:
        raise BridgeError(f"frame rate {named} is not a number; write for example 30, 25 or 30000/1001")
    if exact.denominator > FINEST_FPS:
        raise BridgeError(
            f"frame rate {named} is finer than {FINEST_FPS:,}ths; write six decimals at most, or 30000/1001"
        )
    if not MIN_FPS <= exact <= MAX_FPS:
        raise BridgeError(f"frame rate {named} is outside {MIN_FPS}…{MAX_FPS} frames per second; choose one inside")
    return exact


def _fraction(fps: object) -> Fraction | None:
    if isinstance(fps, str):
        return _of_text(fps.strip())
    if isinstance(fps, bool) or not isinstance(fps, Real):
        return None
    if isinstance(fps, Rational):
        return Fraction(int(fps.numerator), int(fps.denominator))
    rate = float(fps)
    if not math.isfinite(rate):
        return None
    return _broadcast(f"{rate:.3f}") or Fraction(rate).limit_denominator(FINEST_FLOAT)


def _of_text(text: str) -> Fraction | None:
    try:
        known = text if _TEXT.fullmatch(text) else ""
        return _broadcast(known) or Fraction(known)
    except (ValueError, ZeroDivisionError):
        return None


def _broadcast(text: str) -> Fraction | None:
    """The rate of television that is a decimal number as soon as it is rounded to as many decimals."""
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    if len(decimals) < FEWEST_DECIMALS:
        return None
    given, half = Fraction(f"{whole}.{decimals}"), Fraction(1, 2 * 10 ** len(decimals))
    return next((rate for rate in BROADCAST if abs(rate - given) <= half), None)


def _shown(fps: object) -> str:
    """A rate as text of a bearable length."""
    try:
        text = repr(fps) if isinstance(fps, str) else str(fps)
    except ValueError:  # of a whole number with too many digits for text
        text = type(fps).__name__
    text = " ".join(text.split())
    return text if len(text) <= 34 else f"{text[:33]}…"
