"""Runs an exported Speech2Landmarks through the runtime's own stages over whole recordings, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.animation.stages import features as feature_stage
from space_runtime.animation.stages import landmarks as landmark_stage
from space_runtime.arrays import Floats
from space_runtime.emotion import N_EMOTIONS
from space_runtime.inference.network import Network
from space_runtime.style import MEAN_CODE
from space_runtime.timebase import HOP, SAMPLE_RATE

NO_EMOTION = np.zeros(N_EMOTIONS, np.float32)
TOGETHER: Final = 32
"""Recordings that run in one batch: more need more memory and are hardly faster."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A sound, and the face to animate. pcm: (n,) at 16 kHz. neutral: (78, 3). emotion: (8,). style: (4,)."""

    pcm: Floats
    neutral: Floats
    emotion: Floats
    style: Floats = field(default_factory=lambda: MEAN_CODE)


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedTrack:
    """times_s (T,), landmarks (T,78,3), speech (T,), tongue (T,2) of every step that belongs to the recording."""

    times_s: Floats
    landmarks: Floats
    speech: Floats
    tongue: Floats

    def at(self, times_s: NDArray[np.floating]) -> Floats:
        """Return (n, 78, 3) landmarks at given times, interpolated like the runtime does."""
        place = np.clip((times_s - self.times_s[0]) * SAMPLE_RATE / HOP, 0, len(self.times_s) - 1.001)
        low = place.astype(int)
        share = (place - low)[:, None, None]
        return np.asarray(self.landmarks[low] * (1 - share) + self.landmarks[low + 1] * share, np.float32)


def track_of(
    network: Network, look_ahead: int, pcm: Floats, neutral: Floats, emotion: Floats = NO_EMOTION
) -> EvaluatedTrack:
    """Return the answers to (n,) samples at 16 kHz, silence appended until the last one has its look-ahead."""
    return tracks_of(network, look_ahead, [Recording(pcm, neutral, emotion)])[0]


def tracks_of(network: Network, look_ahead: int, recordings: Sequence[Recording]) -> list[EvaluatedTrack]:
    """Return the answers to every recording, as `track_of` gives them.

    Recordings of like length are rows of one batch; no row depends on the others.
    """
    order = sorted(range(len(recordings)), key=lambda row: len(recordings[row].pcm))
    tracks: dict[int, EvaluatedTrack] = {}
    for first in range(0, len(order), TOGETHER):
        rows = order[first : first + TOGETHER]
        tracks |= zip(rows, _batch_tracks(network, look_ahead, [recordings[row] for row in rows]), strict=True)
    return [tracks[row] for row in range(len(recordings))]


def _batch_tracks(network: Network, look_ahead: int, rows: list[Recording]) -> list[EvaluatedTrack]:
    n_steps = [(len(row.pcm) + look_ahead + HOP) // HOP for row in rows]
    sound = np.zeros((len(rows), max(n_steps) * HOP), np.float32)
    for row, recording in enumerate(rows):
        sound[row, : len(recording.pcm)] = recording.pcm
    _, features = feature_stage.step(feature_stage.initial_state(len(rows)), sound)
    given = [np.stack([getattr(row, name) for row in rows]) for name in ("neutral", "emotion", "style")]
    state = landmark_stage.initial_state(network, len(rows))
    first = max(0, -(-look_ahead // HOP) - 1)
    steps = []
    for n in range(max(n_steps)):
        state, answer = landmark_stage.step_hop(network, state, features[:, n], *given)
        steps += [answer] if n >= first else []
    times = (np.arange(first + 1, max(n_steps) + 1) * HOP - look_ahead) / SAMPLE_RATE
    parts = [np.stack([getattr(step, name) for step in steps], 1) for name in ("landmarks", "speech", "tongue")]
    kept = [slice(0, n - first) for n in n_steps]
    return [
        EvaluatedTrack(times[part].astype(np.float32), *(values[row, part] for values in parts))
        for row, part in enumerate(kept)
    ]
