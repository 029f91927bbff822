"""Exact time. The sample index since the start of the stream is the only clock; frame rates are fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from engine_bridge.protocol.errors import BridgeError
from engine_bridge.protocol.frame_rate import FrameRate as FrameRate
from engine_bridge.protocol.frame_rate import exact_fps
from space_runtime.errors import UsageError

SAMPLE_RATE: Final = 16_000
"""Samples per second inside the runtime; everything at the rim is resampled to it."""

HOP: Final = 320
"""Samples per model step (20 ms): the clock of the features and of Speech2Landmarks."""


def checked_fps(fps: FrameRate) -> Fraction:
    """Return a frame rate as a fraction; see `exact_fps`. Raises `UsageError` for what is none within 1…240."""
    try:
        return exact_fps(fps)
    except BridgeError as error:
        raise UsageError(str(error)) from None


def frame_sample(frame_index: int, fps: Fraction) -> Fraction:
    """Return the exact media time of a frame, in samples (not necessarily whole)."""
    return Fraction(frame_index * SAMPLE_RATE * fps.denominator, fps.numerator)


def n_frames(n_samples: int, fps: Fraction) -> int:
    """Return the number of frames for ``n_samples``: every frame whose media time lies before the end of the sound."""
    return -((-n_samples * fps.numerator) // (SAMPLE_RATE * fps.denominator))
