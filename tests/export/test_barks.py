"""Laws of voices that are no sentences: a vowel of formants is that vowel, lips are judged by what they follow."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the extra 'export'")
pytest.importorskip("onnx", reason="needs the extra 'export'")

import json

import soundfile

from export.data.speech.phones import CLASSES, SILENCE
from export.data.speech.vowels import FORMANTS, ONE_IN, Aligned, cut_vowels, faded, formant_vowel
from export.data.vocal import CUT, _cut_vowels, _formant_row
from export.evaluation import barks
from export.evaluation.evaluated_model import EvaluatedModel
from export.evaluation.recordings import EvaluatedTrack
from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE


@pytest.mark.parametrize("name", sorted(FORMANTS))
def test_a_vowel_of_formants_is_loudest_at_its_first_formant(name: str) -> None:
    pitch = np.full(SAMPLE_RATE, 40.0, np.float32)  # so low that the harmonics draw the envelope
    spectrum = np.abs(np.fft.rfft(formant_vowel(name, pitch, breath=0.0)))[:1000]
    loudest = float(np.argmax(np.convolve(spectrum, np.hanning(81), "same")))
    assert abs(loudest - FORMANTS[name][0]) < 120


def test_a_cut_sound_begins_and_ends_in_silence() -> None:
    sound = faded(np.ones(4000, np.float32))
    assert sound[0] == sound[-1] == 0 and sound[2000] == 1


def test_recordings_that_judge_teach_no_cries(tmp_path: Path) -> None:
    folder = tmp_path / "speech"
    folder.mkdir()
    rows = []
    for number in range(2 * ONE_IN):
        soundfile.write(folder / f"{number}.wav", np.full(SAMPLE_RATE, number / 100), SAMPLE_RATE)
        rows.append({"file": f"{number}.wav", "phones": [["s", 0.0, 0.3], ["aː", 0.3, 0.7], ["ɪ", 0.7, 0.75]]})
    (folder / "alignments.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "aligned_speech.jsonl").write_text("", encoding="utf-8")
    judging, teaching = (list(cut_vowels(tmp_path, tmp_path, part)) for part in (True, False))
    assert (len(judging), len(teaching)) == (2, 2 * ONE_IN - 2)
    assert {CLASSES[vowel.kind] for vowel in (*judging, *teaching)} == {"ae"}
    assert not {float(v.pcm[99]) for v in judging} & {float(v.pcm[99]) for v in teaching}
    assert len(judging[0].alone) == round(0.4 * SAMPLE_RATE)


def test_vowels_that_teach_alone_lie_in_silence() -> None:
    pytest.importorskip("pyworld", reason="needs pyworld, which only training does")
    phones = [("s", 0.0, 0.3), ("aː", 0.3, 0.7), ("ɪ", 0.7, 0.75)] * 40
    spread = [(name, start + 0.75 * (n // 3), end + 0.75 * (n // 3)) for n, (name, start, end) in enumerate(phones)]
    pcm = np.random.default_rng(0).normal(0, 0.1, 30 * SAMPLE_RATE).astype(np.float32)
    rows = _cut_vowels(Aligned(3, "x.wav", "ipa", spread), pcm)
    assert len(rows) == pytest.approx(40 * CUT, abs=8)
    vowel = CLASSES.index("ae")
    for row in rows:
        there = np.flatnonzero(row.labels == vowel)
        assert len(there) == pytest.approx(40, abs=1) and np.ptp(there) == len(there) - 1
        assert set(row.labels.tolist()) == {vowel, SILENCE} and row.labels[0] == row.labels[-1] == SILENCE
        silent = row.labels == SILENCE
        assert row.mel[~silent].mean() > row.mel[silent].mean() + 10


def face(gap: Floats) -> Floats:
    """Faces whose inner lips stand so far apart."""
    landmarks = np.zeros((len(gap), 78, 3), np.float32)
    landmarks[:, 36, 0], landmarks[:, 45, 0] = -0.5, 0.5
    landmarks[:, [61, 62, 63], 1] = gap[:, None]
    return landmarks


class _Mouth(EvaluatedModel):
    """A model whose lips open by a share of the loudness that a sound has."""

    def tracks(self, sounds, faces=None, emotion=None, style=None):  # type: ignore[no-untyped-def]
        tracks = []
        for pcm in sounds:
            loud = np.abs(pcm[: len(pcm) // 320 * 320].reshape(-1, 320)).max(1)
            times = (np.arange(len(loud), dtype=np.float32) + 0.5) * 0.02
            tracks.append(
                EvaluatedTrack(times, face(0.1 * loud * self.look_ahead), loud, np.zeros((len(loud), 2), np.float32))
            )
        return tracks


@pytest.mark.parametrize(("share", "opens"), [(1, 1.0), (0, 0.0)])
def test_lips_that_follow_open_and_lips_that_rest_do_not(share: int, opens: float) -> None:
    mouth = _Mouth(None, share, face(np.zeros(1, np.float32))[0])  # type: ignore[arg-type]
    found = barks._formant_vowels(mouth, 0.05)
    assert found["vowels_of_formants", "opens"] == opens
    sound = barks.alone_in_silence(formant_vowel("aa", np.full(8000, 120.0, np.float32)))
    cries = [dataclasses.make_dataclass("Sound", ["pcm"])(sound)]
    table = barks._cries(mouth, "held", cries, 0.05)
    assert (table["held", "open_time"] > 0.9) is bool(share)
    assert table["held", "rests"] == 1


def test_vowels_of_formants_sound_where_they_are_labelled() -> None:
    for seed in range(5):
        row = _formant_row(np.random.default_rng(seed))
        loudness = row.mel.astype(np.float32).max(1)
        voiced = row.labels != SILENCE
        assert voiced.any() and not voiced[:15].any()
        assert np.median(loudness[voiced]) > np.median(loudness[~voiced]) + 10
