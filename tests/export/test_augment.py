"""Laws of what is done to training's sounds: which are heard how often, and what of them stays."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs scipy (extra 'export')")

from export.data.augment import BURST_FRAMES, BURSTS_SHARE, GAP_FRAMES, NATURAL, beside, bursts, hum, warp_bands
from export.data.corpora import Corpus
from export.data.excerpts import excerpt
from export.data.noise import sounds

NO_MOTION = np.zeros((0, 0), np.float32)


def test_a_natural_sequence_keeps_its_spectrum() -> None:
    mel = np.tile(np.linspace(-4, -9, 48, dtype=np.float32), (300, 8, 1))
    natural = np.arange(300) % 2 == 0
    strength = np.where(natural, NATURAL, 1.0).astype(np.float32)
    changes = np.abs(warp_bands(mel, np.random.default_rng(5), strength) - mel).mean((1, 2))
    assert changes[natural].max() < 0.25 * changes[~natural].max()
    assert np.array_equal(
        warp_bands(mel, np.random.default_rng(5)), warp_bands(mel, np.random.default_rng(5), np.ones(300, np.float32))
    )


@pytest.mark.parametrize("seed", range(5))
def test_hum_is_steady(seed: int) -> None:
    heard = hum(30, np.random.default_rng(seed))
    assert heard.mean() == pytest.approx(1, rel=1e-5)
    assert (heard == heard[:1]).all()


def test_kinds_of_sounds_are_heard_as_told_however_long_they_are() -> None:
    kinds = [sounds.KINDS.index(kind) for kind in (sounds.MUSIC, "wind", "mains_hum")]
    groups = np.repeat(np.array(kinds, np.int64), (30, 1, 1))
    offsets = np.arange(33, dtype=np.int64) * 40
    mel = np.repeat(groups, 40)[:, None].astype(np.float16)
    corpus = Corpus("sounds", mel, np.zeros(len(mel), np.uint8), offsets, NO_MOTION, groups=groups)
    told = np.array([sounds.HEARD.get(sounds.KINDS[kind], 1.0) for kind in kinds])
    shares = told / told.sum()
    rng = np.random.default_rng(3)
    heard = np.array([excerpt(corpus, 20, rng)[0, 0] for _ in range(900)])
    for kind, share in zip(kinds, shares, strict=True):
        assert (heard == kind).mean() == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("length", [20, 370])
def test_bursts_begin_in_silence_and_stop(length: int) -> None:
    rng = np.random.default_rng(4)
    many = np.stack([bursts(length, rng) for _ in range(200)])
    assert many.shape == (200, length)
    assert many.min() == 0
    assert many.max() <= 1
    assert (many[:, : GAP_FRAMES[0]] == 0).all()
    assert (many[:, -1] > 0).any()
    stops = ((many[:, 1:] == 0) & (many[:, :-1] > 0)).any(1)
    assert length < BURST_FRAMES[1] or stops.mean() > 0.8


def test_only_sounds_that_are_heard_alone_come_in_bursts() -> None:
    power, alone = np.ones((400, 60, 48), np.float32), np.arange(400) % 2 == 0
    heard = beside(power, alone, np.zeros((400, 60, 48), np.float32), np.random.default_rng(6))
    sounding = np.asarray(heard.any((1, 2)))
    silent_first = np.asarray(sounding & ~heard[:, 0].any(1))
    assert silent_first[alone].sum() == pytest.approx(BURSTS_SHARE * sounding[alone].sum(), rel=0.5)
    assert not silent_first[~alone].any()
