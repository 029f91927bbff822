"""Rare events of head motion, filmed or generated: holds and turns, and the chin at prominent syllables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, find_peaks, sosfiltfilt

from export.data.motion.filmed_head import FilmedHead
from export.data.motion.head_measures import high_passed
from space_runtime.arrays import Doubles, Longs, Mask
from space_runtime.timebase import HOP, SAMPLE_RATE

SLOW_HZ: Final = 1.0
"""Holds and turns are those of the motion below."""
HELD_DEG_S: Final = 3.0
LEAST_HOLD_S, LEAST_TURN_DEG = 0.3, 3.0
SYLLABLE_S: Final = 0.15
PROMINENT: Final = 0.75
"""Part of the syllables that is less prominent."""
APEX_S: Final = 0.1
"""From a prominent syllable to the highest chin."""
DRAWS: Final = 1000


@dataclass(frozen=True, slots=True)
class Turns:
    """Of one angle. held: part of the time. hold_s, degrees of turns: median and ninth decile. per_minute: turns."""

    held: float
    hold_s: tuple[float, float]
    per_minute: float
    degrees: tuple[float, float]


def turns(angle_rad: Doubles, fps: float) -> Turns:
    """Return the holds, slower than 3°/s for 0.3 s and more, and turns, 3° and more, of (T,) angles below 1 Hz."""
    slow = sosfiltfilt(butter(3, SLOW_HZ / (fps / 2), output="sos"), np.degrees(angle_rad))
    still = np.abs(np.gradient(slow) * fps) < HELD_DEG_S
    holds = [len(run) / fps for run in runs(still) if len(run) >= LEAST_HOLD_S * fps]
    ways = [abs(float(slow[run[-1]] - slow[run[0]])) for run in runs(~still)]
    large = [way for way in ways if way >= LEAST_TURN_DEG]
    seconds = len(slow) / fps
    return Turns(sum(holds) / seconds, _deciles(holds), 60 * len(large) / seconds, _deciles(large))


def runs(where: Mask) -> list[Longs]:
    """Return the indices of each stretch of True."""
    places = np.flatnonzero(where)
    return np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(places) else []


def _deciles(values: list[float]) -> tuple[float, float]:
    fifth, ninth = np.percentile(values, [50, 90]) if values else (0.0, 0.0)
    return float(fifth), float(ninth)


def prominent_frames(head: FilmedHead) -> Longs:
    """Return the frames of the most prominent quarter of the syllables that may be learnt from: loudness, and half as
    much pitch, above the mean of the voice in its deviations."""
    fps, voice = head.film.fps, head.voice
    loudness = gaussian_filter1d(voice.loudness_db, 0.06 * fps)
    hops = float(head.inputs.first_sample[0]) + HOP * np.arange(head.inputs.speech.shape[1])
    pitch = np.interp(np.arange(len(loudness)) * SAMPLE_RATE / fps, hops, head.inputs.prosody.pitch[0])
    height = _standard(loudness, voice.speech) + 0.5 * _standard(pitch, voice.speech)
    peaks, _ = find_peaks(loudness, distance=max(1, round(SYLLABLE_S * fps)))
    first, end, _ = head.frames.indices(len(loudness))
    peaks = peaks[voice.speech[peaks] & (peaks >= first) & (peaks < end)]
    found: Longs = peaks[height[peaks] >= np.quantile(height[peaks], PROMINENT)]
    return found


def _standard(values: Doubles, where: Mask) -> Doubles:
    spread: Doubles = (values - values[where].mean()) / values[where].std()
    return spread


def chin_rise(angles_rad: Doubles, head: FilmedHead) -> tuple[float, float]:
    """Return by how many degrees the chin lies above its own trend 0.1 s after prominent syllables, and what 95 % of as
    many random frames of speech stay below."""
    fps = head.film.fps
    up = -high_passed(np.degrees(angles_rad[:, 1]), fps)
    later, last = round(APEX_S * fps), len(up) - 1
    accents, talking = prominent_frames(head), np.flatnonzero(head.voice.speech)
    chances = np.random.default_rng(0).choice(talking, (DRAWS, len(accents)))
    by_chance = np.abs(up[np.minimum(chances + later, last)].mean(1))
    return float(up[np.minimum(accents + later, last)].mean()), float(np.quantile(by_chance, 0.95))
