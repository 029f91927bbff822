"""Videos of a person who calls: the sample portrait, whose head rolls, and who is not there for a while."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from space_runtime.arrays import Doubles, Pixels
from space_runtime.assets import PORTRAIT
from tests.support.videos import write_video

FPS: Final = 15
SIDE: Final = 320
ROLL_RAD: Final = np.radians(5.0)
ROLL_HZ: Final = 0.5

Span = tuple[float, float]
"""Seconds from, to."""


def rolls_at(times_s: Doubles) -> Doubles:
    """Return the roll of the caller's head at (T,) times; at rest for the first second and a half."""
    return np.where(times_s > 1.5, ROLL_RAD * np.sin(2 * np.pi * ROLL_HZ * (times_s - 1.5)), 0.0)


def call_video(path: Path, seconds: float, black: Sequence[Span] = (), gaps: Sequence[Span] = ()) -> Path:
    """Write a call. black: pictures without anything. gaps: no pictures at all."""
    times = [Fraction(k, FPS) for k in range(round(seconds * FPS))]
    times = [time for time in times if not any(begin <= time < end for begin, end in gaps)]
    return write_video(path, _pictures(times, black), times)


def _pictures(times: Sequence[Fraction], black: Sequence[Span]) -> Iterator[Pixels]:
    large = np.asarray(cv2.imread(str(PORTRAIT)), np.uint8)[..., ::-1]
    portrait = np.asarray(cv2.resize(np.ascontiguousarray(large), (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    for time in times:
        if any(begin <= time < end for begin, end in black):
            yield np.zeros_like(portrait)
            continue
        roll = np.degrees(rolls_at(np.array([float(time)]))[0])
        turn = cv2.getRotationMatrix2D((SIDE / 2, 0.45 * SIDE), roll, 1.0)
        turned = cv2.warpAffine(portrait, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
        yield np.asarray(turned, np.uint8)
