"""Laws of the speech features."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime.animation.stages import features
from space_runtime.arrays import Floats
from space_runtime.timebase import HOP, SAMPLE_RATE


def run(pcm: Floats) -> Floats:
    state, rows = features.initial_state(), []
    for first in range(0, len(pcm) - HOP + 1, HOP):
        state, row = features.step(state, pcm[None, first : first + HOP])
        rows.append(row[0, 0])
    return np.stack(rows)


def noise(n_hops: int, seed: int = 0) -> Floats:
    return (np.random.default_rng(seed).standard_normal(n_hops * HOP) * 0.1).astype(np.float32)


def tone(hz: float, n_hops: int = 20) -> Floats:
    return (0.1 * np.sin(2 * np.pi * hz * np.arange(n_hops * HOP) / SAMPLE_RATE)).astype(np.float32)


def test_shape_and_type() -> None:
    rows = run(noise(5))
    assert rows.shape == (5, features.N_FEATURES)
    assert rows.dtype == np.float32


@given(st.integers(0, 9), st.integers(1, 9))
@settings(max_examples=20)
def test_a_state_carried_over_any_cut_changes_no_bit(cut: int, seed: int) -> None:
    pcm = noise(10, seed)
    whole = run(pcm)
    state = features.initial_state()
    for n in range(cut):
        state, _ = features.step(state, pcm[None, n * HOP : (n + 1) * HOP])
    resumed = features.FeatureState(state.tail.copy(), state.mean.copy(), state.level.copy())
    for n in range(cut, 10):
        resumed, row = features.step(resumed, pcm[None, n * HOP : (n + 1) * HOP].copy())
        assert np.array_equal(row[0, 0], whole[n])


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(1, 70))
@settings(max_examples=20)
def test_neither_company_nor_hops_at_a_time_change_a_bit(cuts: list[int], n_streams: int) -> None:
    """The network rounds features to eight bits: a last bit would become a visible step."""
    n_hops = sum(cuts)
    sound = np.stack([noise(n_hops, seed) * np.float32(0.5**seed) for seed in range(n_streams)])
    state, parts, place = features.initial_state(n_streams), [], 0
    for cut in cuts:
        state, part = features.step(state, sound[:, place * HOP : (place + cut) * HOP])
        parts.append(part)
        place += cut
    together = np.concatenate(parts, axis=1)
    for row in {0, n_streams // 2, n_streams - 1}:
        assert np.array_equal(together[row], run(sound[row]))


def test_later_sound_never_changes_earlier_features() -> None:
    pcm = noise(10)
    changed = pcm.copy()
    changed[6 * HOP :] *= -3
    assert np.array_equal(run(pcm)[:6], run(changed)[:6])
    assert not np.array_equal(run(pcm)[6], run(changed)[6])


def test_a_window_heard_alone_equals_the_first_steps_of_a_stream() -> None:
    pcm = noise(1)
    window = np.concatenate([np.zeros(features.TAIL, np.float32), pcm])
    assert np.array_equal(features.log_mel(window), run(pcm)[0])


@pytest.mark.parametrize("gain_db", [-25, -10, 10])
def test_loudness_hardly_changes_the_features_of_a_steady_sound(gain_db: float) -> None:
    pcm = noise(60)
    difference = np.abs(run(pcm * np.float32(10 ** (gain_db / 20))) - run(pcm))
    assert difference[30:].max() < 0.02


def test_digital_silence_is_the_same_at_every_step_and_the_smallest_value() -> None:
    silent = run(np.zeros(10 * HOP, np.float32))
    assert (silent == silent[0]).all()
    assert silent.max() < run(noise(10)).min()


@pytest.mark.parametrize("hz", [200.0, 1000.0, 4000.0])
def test_the_loudest_band_of_a_tone_rises_with_its_pitch(hz: float) -> None:
    low, high = (run(tone(h))[-1, -features.N_MELS :].argmax() for h in (hz, 1.5 * hz))
    assert low < high


def test_every_band_hears_something() -> None:
    power = features.mel_power(noise(2)[: features.WINDOW])
    assert power.shape == (features.FRAMES_PER_STEP, features.N_MELS)
    assert (power > 0).all()


def test_the_level_is_forgotten_slowly_after_a_loud_sound() -> None:
    loud, quiet = noise(50) * np.float32(10), noise(50) * np.float32(0.1)
    after_loud, alone = run(np.concatenate([loud, quiet])), run(quiet)
    assert after_loud[50:].mean() < alone.mean() - 0.5
