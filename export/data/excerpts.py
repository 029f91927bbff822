"""Sequences of the sounds that are no speech, for training: kinds as often as they matter, hard moments more often."""

from __future__ import annotations

import numpy as np

from export.data.augment import SILENCE_LOG, augment, features_of
from export.data.corpora import Corpus
from export.data.noise import sounds
from space_runtime.animation.stages.features import N_MELS
from space_runtime.arrays import Floats

Rng = np.random.Generator
HARD_SHARE = 0.35
"""So many of the other sounds hold a moment that was taken for a voice, where their kind has any."""
BEFORE_STEPS = 250
"""Other sounds last this long before a sequence begins: what has opened the mouth must not keep it open for good."""


def sound_features(corpus: Corpus, n: int, n_steps: int, rng: Rng) -> tuple[Floats, Floats]:
    """Return (n, `BEFORE_STEPS`, F) features of what is heard before, and (n, T, F) of what is heard in, sequences of
    other sounds alone."""
    heard = np.zeros((max(n, 1), 2 * (BEFORE_STEPS + n_steps), N_MELS), np.float32)  # arrays of none have no shape
    others = np.stack([excerpt(corpus, heard.shape[1], rng) for _ in heard])
    power = augment(heard, np.ones(len(heard), bool), np.zeros(len(heard), bool), others, rng)
    features = features_of(power, rng)[:n]
    return features[:, :BEFORE_STEPS], features[:, BEFORE_STEPS:]


def excerpt(corpus: Corpus, n_frames: int, rng: Rng) -> Floats:
    """Return (n_frames, 48) log powers from anywhere in a long recording, the end repeated where it is too short.

    Kinds are heard as `sounds.HEARD` says, however long their recordings are. What holds a hard moment may begin before
    its recording does, in silence: how a sound comes is what makes it a voice's or not.
    """
    kinds = np.unique(corpus.groups) if len(corpus.groups) else np.zeros(1, np.int64)
    shares = np.array([sounds.HEARD.get(sounds.KINDS[kind], 1.0) for kind in kinds])
    row, start = _place(corpus, corpus.utterances_of(int(rng.choice(kinds, p=shares / shares.sum()))), n_frames, rng)
    first, last = int(corpus.offsets[row]), int(corpus.offsets[row + 1])
    place = np.arange(start, start + n_frames)
    mel = corpus.mel[np.clip(place, first, last - 1)].astype(np.float32)
    mel[place < first] = SILENCE_LOG
    return mel


def _place(corpus: Corpus, rows: range, n_frames: int, rng: Rng) -> tuple[int, int]:
    """Return one of the sounds and the frame where an excerpt begins, often before a hard moment."""
    row, wanted = int(rng.integers(rows.start, rows.stop)), None
    first, last = np.searchsorted(corpus.hard, corpus.offsets[[rows.start, rows.stop]])
    if first < last and rng.random() < HARD_SHARE:
        frame = int(corpus.hard[rng.integers(first, last)])
        row, wanted = int(np.searchsorted(corpus.offsets, frame, "right")) - 1, frame - int(rng.integers(n_frames))
    begins, ends = int(corpus.offsets[row]), int(corpus.offsets[row + 1])
    latest = max(begins, ends - n_frames)
    return row, int(rng.integers(begins, latest + 1)) if wanted is None else min(wanted, latest)
