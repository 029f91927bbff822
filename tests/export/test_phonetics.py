"""Lip targets that phonetics adds to a film: rounding and spreading, and nothing where nobody speaks."""

from __future__ import annotations

import numpy as np
import pytest

from export.data.batches import closure_target
from export.data.corpora import Corpus
from export.data.phonetics import SMOOTHING_FRAMES, Phonetics, phonetics_of
from export.data.speech.phones import CLASSES, SILENCE, UNKNOWN
from export.evaluation.metrics import SIGNALS, mouth_signals
from export.recipes.recipe import PhoneticShares
from space_runtime.arrays import Floats
from space_runtime.geometry import N_LANDMARKS
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.rig.rig import Rig

N_MOTION = 6
with np.load(EMBEDDED / "rig.npz") as archive:
    RIG = Rig.from_arrays(dict(archive))
GAP, WIDTH, JAW = range(3)


def labels_of(*names: str, each: int = 40) -> np.ndarray:
    return np.repeat([CLASSES.index(name) for name in names], each).astype(np.uint8)


@pytest.fixture(scope="module")
def film() -> Corpus:
    rng = np.random.default_rng(0)
    labels = labels_of(*rng.choice([name for name in CLASSES if name not in {"p", "m", "f"}], 60), each=8)
    motion = rng.normal(0.3, 1, (len(labels), N_MOTION)).astype(np.float32)
    return Corpus("filmed", np.zeros((len(labels), 48), np.float16), labels, np.array([0, len(labels)]), motion)


@pytest.fixture(scope="module")
def basis() -> Floats:
    return 0.01 * np.random.default_rng(1).standard_normal((N_MOTION, 3 * N_LANDMARKS)).astype(np.float32)


@pytest.fixture(scope="module")
def phonetics(film: Corpus, basis: Floats) -> Phonetics:
    return phonetics_of(film, basis, PhoneticShares(0.2, 0.35))


@pytest.fixture(scope="module")
def everything(film: Corpus, basis: Floats) -> Phonetics:
    return phonetics_of(film, basis, PhoneticShares(0.2, 0.35, 0.2, 2))


def signals(phonetics: Phonetics, labels: np.ndarray, motion: Floats) -> Floats:
    return phonetics.mixed_into(motion, labels) @ phonetics.readings.T


def test_motion_weights_are_read_as_a_face_is_measured(phonetics: Phonetics, basis: Floats) -> None:
    face = RIG.neutral.copy()
    face[[67, 66, 65, 8], 1] -= 0.2  # open, so that a gap may also shrink
    eyes = np.linalg.norm(face[36] - face[45])
    directions = 0.01 * basis.reshape(N_MOTION, N_LANDMARKS, 3)
    directions[:, [36, 45]] = 0
    there, back = mouth_signals(face + directions), mouth_signals(face - directions)
    measured = np.stack([(there[name] - back[name]) / 2 * eyes for name in SIGNALS])
    np.testing.assert_allclose(measured[:JAW], 0.01 * phonetics.readings[:JAW], atol=2e-6)
    # The chin lies behind the nose: its height is not all of the distance.
    assert np.corrcoef(measured[JAW], phonetics.readings[JAW])[0, 1] > 0.95


def test_u_and_w_are_rounded_and_i_is_spread(phonetics: Phonetics) -> None:
    labels = labels_of("u", "i", "w")
    for seed in range(3):
        filmed = 0.2 * np.random.default_rng(seed).standard_normal((1, N_MOTION)).astype(np.float32)
        width = signals(phonetics, labels, np.repeat(filmed, len(labels), 0))[:, WIDTH]
        assert width[60] > max(width[20], width[100]) + phonetics.gain[WIDTH] * 0.3


def test_jaw_stays_as_it_was_filmed_unless_it_shall_follow_the_lips(phonetics: Phonetics, film: Corpus) -> None:
    before = film.motion @ phonetics.readings.T
    after = signals(phonetics, film.labels, film.motion)
    np.testing.assert_allclose(after[:, JAW], before[:, JAW], atol=1e-5)
    assert np.abs(after - before)[:, [GAP, WIDTH]].max(0).min() > 1e-3


def test_the_jaw_may_follow_the_lips_and_moves_as_far_as_before(film: Corpus, basis: Floats) -> None:
    follows = phonetics_of(film, basis, PhoneticShares(jaw_with_lips=0.5))
    spoken = film.labels != SILENCE
    before, after = film.motion[spoken] @ follows.readings.T, signals(follows, film.labels, film.motion)[spoken]
    np.testing.assert_allclose(after[:, :JAW], before[:, :JAW], atol=1e-4)
    together = [np.corrcoef(rows[:, GAP], rows[:, JAW])[0, 1] for rows in (before, after)]
    assert together[1] > together[0] + 0.2
    assert after[:, JAW].std() == pytest.approx(before[:, JAW].std(), rel=0.1)


def test_width_may_come_later_and_nothing_else_does(film: Corpus, basis: Floats) -> None:
    late = phonetics_of(film, basis, PhoneticShares(width_later_frames=2))
    labels = labels_of("aa", each=40)
    motion = np.random.default_rng(4).standard_normal((40, N_MOTION)).astype(np.float32)
    before, after = motion @ late.readings.T, signals(late, labels, motion)
    np.testing.assert_allclose(after[2:, WIDTH], before[:-2, WIDTH], atol=1e-5)
    np.testing.assert_allclose(after[:2, WIDTH], before[[0, 0], WIDTH], atol=1e-5)
    np.testing.assert_allclose(after[:, [GAP, JAW]], before[:, [GAP, JAW]], atol=1e-5)


@pytest.mark.parametrize("name", ["p", "m", "f"])
def test_lips_that_touch_stay_as_they_were_filmed(everything: Phonetics, name: str) -> None:
    labels = np.concatenate([labels_of("aa", each=30), labels_of(name, each=6), labels_of("i", each=30)])
    motion = np.random.default_rng(3).standard_normal((len(labels), N_MOTION)).astype(np.float32)
    before = motion @ everything.readings.T
    change = np.abs(signals(everything, labels, motion) - before)
    assert change[30:36, GAP].max() < 1e-5 < change[:20, GAP].min()
    assert change[30:36, WIDTH].min() > 1e-5


@pytest.mark.parametrize("label", [SILENCE, UNKNOWN])
def test_nothing_changes_where_nobody_is_known_to_speak(everything: Phonetics, label: int) -> None:
    motion = np.random.default_rng(2).standard_normal((2, 50, N_MOTION)).astype(np.float32)
    assert np.array_equal(everything.mixed_into(motion, np.full((2, 50), label, np.uint8)), motion)
    beside = np.full((2, 50), label, np.uint8)
    beside[:, :10] = CLASSES.index("aa")
    far = slice(10 + SMOOTHING_FRAMES // 2 + 1, None)
    assert np.abs(everything.mixed_into(motion, beside) - motion)[:, far].max() < 1e-5


def test_without_shares_the_film_stays_as_it_is(film: Corpus, basis: Floats) -> None:
    none = phonetics_of(film, basis, PhoneticShares())
    assert np.array_equal(none.mixed_into(film.motion, film.labels), film.motion)


def test_the_whole_expectation_has_mean_and_spread_of_the_film(film: Corpus, basis: Floats) -> None:
    spoken = film.labels != SILENCE
    whole = phonetics_of(film, basis, PhoneticShares(1, 1))
    wanted = signals(whole, film.labels, film.motion)[spoken]
    filmed = film.motion[spoken] @ whole.readings.T
    # Smoothing carries a little of it into the silence beside speech.
    assert (np.abs(wanted.mean(0) - filmed.mean(0)) < 0.2 * filmed.std(0)).all()
    np.testing.assert_allclose(wanted.std(0), filmed.std(0), rtol=0.2)


def test_one_sequence_at_a_time_says_the_same_as_all(everything: Phonetics, film: Corpus) -> None:
    labels, motion = film.labels[:240].reshape(2, 120), film.motion[:240].reshape(2, 120, N_MOTION)
    one = np.stack([everything.mixed_into(m, row) for m, row in zip(motion, labels, strict=True)])
    np.testing.assert_allclose(everything.mixed_into(motion, labels), one, atol=1e-6)


def test_every_frame_of_a_closure_counts_and_only_its_neighbours_are_left_open() -> None:
    target = closure_target(np.concatenate([labels_of("aa", each=4), labels_of("m", each=3), labels_of("aa", each=4)]))
    assert np.array_equal(target[4:7], [1, 1, 1])
    assert np.isnan(target[[3, 7]]).all() and not target[[2, 8]].any()
