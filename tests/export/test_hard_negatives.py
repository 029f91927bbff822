"""Sounds that a network takes for voices are found, and are drawn more often."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (extra 'export')")
pytest.importorskip("scipy", reason="needs scipy (extra 'export')")

import torch

from export.data.corpora import Corpus
from export.data.excerpts import HARD_SHARE, excerpt
from export.data.noise import sounds
from export.models.landmarks import LandmarksConfig, Speech2Landmarks
from export.training.hard_negatives import hard_negatives
from space_runtime.animation.stages.features import N_FEATURES, N_MELS
from space_runtime.arrays import Floats, Longs

SILENT = 3_456
LENGTHS = (400, 401, 640)
SPACING = 128
"""Frames say their numbers in parts of a logarithm, which half precision keeps."""


def corpus(kinds: tuple[str, ...] = ("wind", "wind", "rain")) -> Corpus:
    """Three sounds of noise, every frame of which says its own number in the first band."""
    offsets = np.concatenate([[0], np.cumsum(LENGTHS)])
    mel = np.random.default_rng(0).normal(-9, 1, (offsets[-1], N_MELS)).astype(np.float16)
    mel[:, 0] = -np.arange(len(mel)) / SPACING
    groups = np.array([sounds.KINDS.index(kind) for kind in kinds], np.int64)
    return Corpus("sounds", mel, np.zeros(len(mel), np.uint8), offsets, np.zeros((0, 0), np.float32), groups=groups)


def network(bias: float) -> Speech2Landmarks:
    torch.manual_seed(0)
    made = Speech2Landmarks(LandmarksConfig(N_FEATURES, 4, 3, width=16, n_layers=1))
    with torch.no_grad():
        made.switches.bias[0] = bias
    return made


def numbers(mel: Floats) -> Longs:
    return np.asarray(np.rint(-SPACING * mel[:, 0]), np.int64)


def test_a_network_that_hears_voices_everywhere_finds_every_step_of_every_sound() -> None:
    rows = corpus()
    steps = [np.arange(first, last - 1, 2) for first, last in zip(rows.offsets, rows.offsets[1:], strict=False)]
    assert (hard_negatives(network(50.0), rows) == np.concatenate(steps)).all()


def test_a_network_that_hears_none_finds_nothing() -> None:
    assert len(hard_negatives(network(-50.0), corpus())) == 0


@pytest.mark.parametrize("frame", [0, 250, 399, 400, 800, 801, 1_440])
def test_hard_moments_are_in_their_share_of_their_kind_s_excerpts_and_excerpts_stay_in_one_sound(frame: int) -> None:
    rows, rng, n = replace(corpus(), hard=np.array([frame], np.int64)), np.random.default_rng(1), 100
    drawn = [numbers(excerpt(rows, n, rng)) for _ in range(600)]
    row = int(np.searchsorted(rows.offsets, frame, "right")) - 1
    of_its_kind = [one for one in drawn if (one[-1] >= rows.offsets[2]) == (row == 2)]
    assert sum(frame in one for one in drawn) >= 0.8 * HARD_SHARE * len(of_its_kind)
    for one in drawn:
        heard = one[one != SILENT]
        assert (one[len(one) - len(heard) :] == heard).all()
        assert (np.diff(heard) == 1).all()
        assert len(set(np.searchsorted(rows.offsets, heard, "right"))) == 1
    begun_before = sum(one[0] == SILENT for one in drawn)
    assert (begun_before > 0) == (frame - rows.offsets[row] < n - 1)


def test_without_hard_moments_every_place_is_drawn() -> None:
    rng = np.random.default_rng(2)
    drawn = np.array([excerpt(corpus(), 100, rng)[0, 0] for _ in range(3_000)])
    assert len(np.unique(drawn)) > 700
