"""A long film without a text as sentences: cut in its pauses, which its loudness tells; the phones stay unknown."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.ndimage import uniform_filter1d

from export.data.motion.films import TRACK_HZ, Talk
from export.data.speech.phones import SPOKEN_SYMBOL
from export.data.speech.voices import Segment
from space_runtime.arrays import Floats, Mask
from space_runtime.timebase import SAMPLE_RATE

SHORTEST_S, LONGEST_S = 2.5, 4.0
"""Of a sentence: a training sequence begins at most 1.5 s into one, so what comes later would never be heard."""
BELOW_PEAK_DB: Final = 30.0
"""Pauses are this much quieter than speech (the 95th percentile of its levels)."""
SHORTEST_PAUSE_S: Final = 0.15
FRAME: Final = SAMPLE_RATE // TRACK_HZ


def cut_at_pauses(talk: Talk) -> list[tuple[Talk, list[Segment]]]:
    """Return the parts of a long talk with what is speech in each, the last one as short as it comes."""
    level = loudness_db(talk.pcm)
    spoken = speech_frames(level)
    parts: list[tuple[Talk, list[Segment]]] = []
    first = 0
    while first < len(level):
        last = _end(level, first)
        parts.append((_part(talk, len(parts), first, last), _segments(spoken[first:last])))
        first = last
    return parts


def loudness_db(pcm: Floats) -> Floats:
    """Return (n,) levels of (samples,) sound in 10 ms frames, smoothed over 50 ms."""
    frames = pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME)
    return np.asarray(uniform_filter1d(10 * np.log10(np.square(frames).mean(1) + 1e-10), 5), np.float32)


def speech_frames(level_db: Floats) -> Mask:
    """Return (n,) where (n,) levels are speech: all that is not a pause of `SHORTEST_PAUSE_S` or longer."""
    quiet = level_db < np.quantile(level_db, 0.95) - BELOW_PEAK_DB
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]])))
    spoken = np.ones(len(level_db), bool)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        spoken[start:end] = end - start < SHORTEST_PAUSE_S * TRACK_HZ
    return spoken


def _end(level_db: Floats, first: int) -> int:
    """Return the quietest frame at which a part that begins at ``first`` may end; the end where little is left."""
    earliest, latest = (first + round(seconds * TRACK_HZ) for seconds in (SHORTEST_S, LONGEST_S))
    if latest >= len(level_db):
        return len(level_db)
    return earliest + int(np.argmin(uniform_filter1d(level_db, 15)[earliest:latest]))


def _part(talk: Talk, number: int, first: int, last: int) -> Talk:
    frames = slice(*(round(place / TRACK_HZ * talk.fps) for place in (first, last)))
    samples = slice(*(round(frame / talk.fps * SAMPLE_RATE) for frame in (frames.start, frames.stop)))
    clip = f"{talk.clip}_{number:02d}"
    return replace(talk, clip=clip, pcm=talk.pcm[samples], landmarks=talk.landmarks[frames])


def _segments(spoken: Mask) -> list[Segment]:
    """Return speech and pauses of (n,) frames as segments."""
    edges = [0, *(np.flatnonzero(np.diff(spoken)) + 1).tolist(), len(spoken)]
    names = (SPOKEN_SYMBOL if spoken[start] else "pau" for start in edges[:-1])
    return [(name, start / TRACK_HZ, end / TRACK_HZ) for name, (start, end) in zip(names, pairwise(edges), strict=True)]
