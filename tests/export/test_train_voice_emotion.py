"""Laws of the training of the guess of an emotion: what it learns, what it leaves out, how it is calibrated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from space_runtime.arrays import Doubles

pytest.importorskip("scipy", reason="needs scipy (extra 'export')")

from export.data.speech.emotional_speech import ACTED, Measurements, measured_speech
from export.training.train_voice_emotion import (
    AROUSAL,
    LABELS,
    calibration_error,
    cross_validate,
    fit,
    folds,
    shares,
    temperature_of,
)
from space_runtime.errors import UsageError

N = 400


@pytest.fixture
def speech() -> tuple[Measurements, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Four actors with four labels that two of six measures tell, and two corpora of neutral sentences."""
    rng = np.random.default_rng(0)
    acted = np.arange(N) < 3 * N // 4
    labels = np.where(acted, np.arange(N) % 4, 0)
    values = rng.normal(0, 1, (N, 6))
    values[:, 0] += 4 * (labels % 2)
    values[:, 1] += 4 * (labels // 2)
    sources = np.where(acted, ACTED, np.where(np.arange(N) % 2, "a corpus", "another"))
    speakers = np.where(acted, np.array([f"actor {k // 4 % 4}" for k in range(N)]), sources)
    words = np.array(["neutral"] * N)
    return Measurements(values, words, speakers, sources, words, np.zeros(N, int), words[:0]), labels


Speech = tuple[Measurements, np.ndarray[tuple[int], np.dtype[np.int64]]]


def test_labels_that_can_be_told_are_learned_for_speakers_left_out(speech: Speech) -> None:
    measured, labels = speech
    said = cross_validate(measured, labels, np.ones(N, bool))
    assert (said.logits.argmax(axis=1) == labels).mean() > 0.9
    assert np.corrcoef(said.arousal, AROUSAL[labels])[0, 1] > 0.8


def test_noise_is_learned_by_nobody(speech: Speech) -> None:
    measured, labels = speech
    shuffled = np.random.default_rng(1).permutation(labels)
    acted = measured.sources == ACTED
    said = cross_validate(measured, shuffled, acted)
    assert (said.logits.argmax(axis=1) == shuffled)[acted].mean() < 0.45


def test_neither_a_speaker_nor_a_corpus_is_in_two_folds(speech: Speech) -> None:
    measured, _ = speech
    fold = folds(measured, np.ones(N, bool))
    for names in (measured.speakers, measured.sources[measured.sources != ACTED]):
        of = fold if len(names) == N else fold[measured.sources != ACTED]
        for name in np.unique(names):
            assert len(set(of[names == name])) == 1


def test_shares_sum_to_one_and_every_emotion_weighs_the_same(speech: Speech) -> None:
    measured, labels = speech
    share = shares(measured, labels, np.ones(N, bool))
    assert share.sum() == pytest.approx(1)
    assert [share[labels == k].sum() for k in range(len(LABELS))] == pytest.approx([0.5, 1 / 6, 1 / 6, 1 / 6])


def test_the_penalty_keeps_weights_finite_where_labels_part_perfectly() -> None:
    values: Doubles = np.repeat(np.eye(4), 5, axis=0)
    labels = np.repeat(np.arange(4), 5)
    model = fit(values, labels, np.full(20, 0.05))
    assert np.abs(model.weights).max() < 50
    assert (model.logits(values).argmax(axis=1) == labels).all()


def test_a_temperature_makes_boastful_logits_honest() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (4_000, 4))
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (rng.random((4_000, 1)) > honest.cumsum(axis=1)).sum(axis=1)
    assert temperature_of(3 * logits, labels) == pytest.approx(3, rel=0.1)
    assert calibration_error(honest, labels) < 0.03
    boast = np.exp(3 * logits) / np.exp(3 * logits).sum(axis=1, keepdims=True)
    assert calibration_error(boast, labels) > 0.1


def test_data_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"manifest\.jsonl is missing; name the folder"):
        measured_speech(tmp_path, tmp_path)
