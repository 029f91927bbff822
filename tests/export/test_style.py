"""Laws of style, effort, cries and the tongue as the training hears of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (extra 'export')")

import torch

from export.data.augment import CREATURES, warp_bands
from export.data.batches import tongue_target
from export.data.calls import called, is_cry
from export.data.corpora import EFFORTS, Corpus, acted_efforts
from export.data.motion.people import PEOPLE
from export.data.phonetics import phonetics_of
from export.data.speech.phones import CLASSES, SILENCE, SPOKEN
from export.data.style import MEAN, N_PEOPLE, articulations, assigned, code_of
from export.models.landmarks import LandmarksConfig, Speech2Landmarks
from export.onnx.float_weights import with_face
from export.recipes.recipe import PhoneticShares
from space_runtime.style import CODES, Style
from tests.support.sounds import speechlike

AA, H, T, TH = (CLASSES.index(name) for name in ("aa", "h", "t", "th"))
SENTENCE = ("sil", "t", "aa", "p", "i", "l", "o", "sil")
N_SENTENCES = 12


def film(sizes: tuple[float, ...]) -> Corpus:
    """A person who says the same sentence in several sizes; three directions: gap, width, jaw, mixed with noise."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.array([CLASSES.index(name) for name in SENTENCE], np.uint8), 14)
    shape = np.cumsum(rng.standard_normal((len(labels), 3)), 0) * 0.01 * (labels != SILENCE)[:, None]
    motion = np.concatenate([shape * size for size in sizes]).astype(np.float32)
    offsets = np.arange(len(sizes) + 1) * len(labels)
    mel = np.zeros((len(motion), 48), np.float16)
    people = np.zeros(len(sizes), np.int64)
    return Corpus("filmed", mel, np.tile(labels, len(sizes)), offsets, motion, groups=people)


def basis() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(1).standard_normal((3, 234)).astype(np.float32)


def test_the_people_s_codes_are_around_the_mean() -> None:
    codes = np.stack([code_of(person) for person in range(N_PEOPLE)])
    assert np.allclose(codes.mean(0), 0, atol=1e-7)
    assert not code_of(MEAN).any()
    assert len(np.unique(codes, axis=0)) == N_PEOPLE
    assert code_of(MEAN, -1.0).tolist() == [-1, 0, 0, 0]


def test_the_runtime_s_names_are_the_codes_that_were_learned() -> None:
    people = {"s1": Style.READER_MAN, "hq_female": Style.READER_WOMAN, "address": Style.ORATOR}
    for number, person in enumerate(PEOPLE):
        assert np.allclose(CODES[people[person.name]], code_of(number), atol=1e-6)
    for style, sign in ((Style.ARTICULATE, 1), (Style.MUMBLE, -1)):
        assert np.array_equal(CODES[style], code_of(MEAN, sign))


def test_half_of_what_was_not_filmed_has_the_mean_s_style() -> None:
    drawn = assigned(6000)
    assert np.array_equal(drawn, assigned(6000))
    shares = np.bincount(drawn, minlength=MEAN + 1) / len(drawn)
    assert np.allclose(shares, [*(1 / (2 * N_PEOPLE),) * N_PEOPLE, 0.5], atol=0.03)


def test_articulation_rises_with_the_size_of_motion_and_not_with_a_person_s_own() -> None:
    sizes = tuple(np.linspace(0.6, 1.6, N_SENTENCES))
    small, large = film(sizes), film(tuple(3 * size for size in sizes))
    found = articulations(small, phonetics_of(small, basis(), PhoneticShares()))
    assert (np.diff(found) >= 0).all() and found[0] == -1 and found[-1] == 1
    assert np.allclose(found, articulations(large, phonetics_of(large, basis(), PhoneticShares())), atol=1e-3)


def test_a_cry_is_open_while_it_sounds_and_follows_its_loudness() -> None:
    seen = film((1.0,) * N_SENTENCES)
    phonetics = phonetics_of(seen, basis(), PhoneticShares())
    labels = np.array([SILENCE] * 40 + [AA] * 200 + [SILENCE] * 40, np.uint8)
    loud = np.concatenate([np.full(40, -12.0), np.linspace(0, -6, 200), np.full(40, -12.0)])
    motion = called(np.zeros((280, 3), np.float32), labels, loud.astype(np.float32), phonetics)
    opening = motion @ phonetics.readings[0]
    assert opening[:30] == pytest.approx(0, abs=1e-6) and opening[-30:] == pytest.approx(0, abs=1e-6)
    held = opening[55:225]
    sign = np.sign(phonetics.gain[0] + phonetics.offset[0])
    assert (sign * held > 0).all() and (np.diff(sign * held) <= 1e-5).all()


def test_cries_are_told_from_sentences() -> None:
    assert is_cry(np.array([SILENCE, AA, H, AA], np.uint8))
    assert not is_cry(np.array([SILENCE, AA, T], np.uint8))
    assert not is_cry(np.array([SPOKEN], np.uint8))


def test_the_tongue_is_wanted_at_its_own_sounds_alone() -> None:
    labels = np.array([SILENCE, AA, AA, T, T, AA, AA, TH, TH, AA, SPOKEN], np.uint8)
    up, out = tongue_target(labels).T
    assert up[3:5].tolist() == [1, 1] and out[7:9].tolist() == [1, 1]
    assert up[7:9].tolist() == [0, 0] and out[3:5].tolist() == [0, 0]
    assert np.isnan(up[[2, 5, 10]]).all() and np.isnan(out[[6, 9, 10]]).all()
    assert up[0] == out[0] == 0


def test_effort_is_judged_by_actors_who_do_not_teach_it(tmp_path: Path) -> None:
    folder = tmp_path / "speech"
    folder.mkdir()
    rows = [
        {"file": f"emodb/{who}_{n}.opus", "speaker": f"emodb:emodb{who}", "emotion": emotion}
        for who in ("03", "14", "16")
        for n, emotion in enumerate((*EFFORTS, "disgust"))
    ]
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    teaching, judging = acted_efforts(tmp_path), acted_efforts(tmp_path, judging=True)
    assert not set(teaching) & set(judging)
    assert sorted(teaching.values()) == sorted(EFFORTS.values())
    assert len(judging) == 2 * len(EFFORTS)


@pytest.mark.parametrize("effort", [-1.0, -0.4, 0.0, 0.6, 1.0])
def test_a_raised_voice_is_as_long_and_as_loud(effort: float) -> None:
    pytest.importorskip("pyworld", reason="needs pyworld, which only training does")
    from export.data.speech.changed_voices import raised

    pcm = speechlike(1.5)[:, 0]
    changed = raised(pcm, effort)
    assert len(changed) == len(pcm)
    assert np.sqrt(np.mean(changed**2)) == pytest.approx(np.sqrt(np.mean(pcm**2)), rel=0.02)


def test_a_creature_s_voice_has_nothing_above_what_was_recorded() -> None:
    mel = np.zeros((400, 4, 48), np.float32)
    warped = warp_bands(mel, np.random.default_rng(0))
    lowered = (warped[:, 0, -1] < -5).mean()
    assert 0.02 < lowered < CREATURES / 2
    assert (warped[:, 0, 0] == 0).all()


def test_a_network_moves_as_before_on_a_face_with_other_directions() -> None:
    torch.manual_seed(0)
    network = Speech2Landmarks(LandmarksConfig(6, 5, 4, width=8, n_embedded=3)).eval()
    for buffer in network.face.buffers():
        torch.nn.init.uniform_(buffer, 0.01, 0.1)
    hidden, neutral = torch.randn(5, 8), torch.randn(5, 78, 3)
    none, mean = torch.zeros(5, 8), torch.zeros(5, 4)
    with torch.no_grad():
        before = network.decode(hidden, neutral, none, mean).landmarks
        mixed = torch.linalg.qr(torch.randn(4, 4))[0] @ network.face.basis
        with_face(network, {"basis": mixed})
        after = network.decode(hidden, neutral, none, mean).landmarks
    assert not torch.allclose(before, neutral)
    torch.testing.assert_close(after, before, atol=1e-5, rtol=1e-5)
