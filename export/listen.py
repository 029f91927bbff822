"""Runs an exported Speech2Landmarks through the runtime's own stages over a whole recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from space_runtime.geometry import Floats
from space_runtime.ort import Network
from space_runtime.stages import features as feature_stage
from space_runtime.stages import landmarks as landmark_stage
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import N_EMOTIONS

NO_EMOTION = np.zeros(N_EMOTIONS, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """times_s (T,), landmarks (T,78,3), speech (T,), closure (T,) of every step that belongs to the recording."""

    times_s: Floats
    landmarks: Floats
    speech: Floats
    closure: Floats

    def at(self, times_s: NDArray[np.floating]) -> Floats:
        """Return (n, 78, 3) landmarks at given times, interpolated like the runtime does."""
        place = np.clip((times_s - self.times_s[0]) * SAMPLE_RATE / HOP, 0, len(self.times_s) - 1.001)
        low = place.astype(int)
        share = (place - low)[:, None, None]
        return np.asarray(self.landmarks[low] * (1 - share) + self.landmarks[low + 1] * share, np.float32)


def listen(network: Network, look_ahead: int, pcm: Floats, neutral: Floats, emotion: Floats = NO_EMOTION) -> Track:
    """Return the answers to (n,) samples at 16 kHz, silence appended until the last one has its look-ahead."""
    padded = np.concatenate([pcm, np.zeros(look_ahead + HOP, np.float32)]).astype(np.float32)
    _, heard = feature_stage.step(feature_stage.initial_state(), padded[None, : len(padded) // HOP * HOP])
    state = landmark_stage.initial_state(network)
    times, steps = [], []
    for n in range(heard.shape[1]):
        state, answer = landmark_stage.step(network, state, heard[:, n], neutral[None], emotion[None])
        if (n + 1) * HOP >= look_ahead:
            times.append(((n + 1) * HOP - look_ahead) / SAMPLE_RATE)
            steps.append(answer)
    return Track(
        np.array(times, np.float32),
        np.concatenate([answer.landmarks for answer in steps]),
        np.concatenate([answer.speech for answer in steps]),
        np.concatenate([answer.closure for answer in steps]),
    )
