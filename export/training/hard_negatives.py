"""Hard negatives: the moments of sounds that are no speech at which a network's gate would open the mouth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from export.data.augment import SILENCE_LOG, features_of
from export.data.corpora import Corpus
from export.models.landmarks import Speech2Landmarks
from space_runtime.arrays import Floats, Longs
from space_runtime.emotion import N_EMOTIONS

HARD: Final = 0.5
"""From this probability of a voice on a moment is hard: about there the exported gate begins to open."""
AT_ONCE: Final = 32
"""Sounds in one run of the network."""
BEFORE: Final = 50
"""Steps of silence before every sound: a stream begins in silence, and what begins suddenly is most like a cry."""


def hard_negatives(network: Speech2Landmarks, sounds: Corpus) -> Longs:
    """Return the (m,) frames of a corpus, in rising order, at which the network hears a voice in a sound that has none.

    Every second frame is looked at: one a step.
    """
    rows = range(len(sounds.offsets) - 1)
    found: list[Longs] = []
    for first in range(0, len(rows), AT_ONCE):
        some = rows[first : first + AT_ONCE]
        for row, hard in zip(some, _hard_steps(network, [_powers(sounds, row) for row in some]), strict=True):
            found.append(sounds.offsets[row] + 2 * hard)
    return np.concatenate(found)


def _powers(sounds: Corpus, row: int) -> Floats:
    """Return the (2·BEFORE + N, 48) powers of silence and a sound, N even."""
    first, last = int(sounds.offsets[row]), int(sounds.offsets[row + 1])
    heard = sounds.mel[first : last - (last - first) % 2].astype(np.float32)
    return np.exp(np.pad(heard, ((2 * BEFORE, 0), (0, 0)), constant_values=SILENCE_LOG))


def _hard_steps(network: Speech2Landmarks, powers: list[Floats]) -> Iterator[Longs]:
    """Yield the steps of every sound at which the network hears a voice."""
    rng = np.random.default_rng(0)
    heard = [torch.from_numpy(features_of(power[None], rng)[0]) for power in powers]
    with torch.no_grad():
        silent = torch.zeros(len(heard), network.n_state)
        hidden, _ = network.sequence(pad_sequence(heard, True), torch.zeros(len(heard), N_EMOTIONS), silent)
        voice = torch.sigmoid(network.switches(hidden)[..., 0]).numpy()
    for features, probability in zip(heard, voice, strict=True):
        yield np.flatnonzero(probability[BEFORE : len(features)] >= HARD)
