"""The measures of the evaluation as laws: what a perfect prediction scores, what lags, shuts, settles and dips."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from space_runtime.arrays import Floats

pytest.importorskip("scipy", reason="needs the extra 'export'")
pytest.importorskip("onnx", reason="needs the extra 'export'")

from export.data.corpora import is_held_out
from export.data.motion.films import Talk
from export.data.phonetics import SHAPES
from export.data.speech.phones import CLASSES
from export.evaluation import articulation, baselines, blocks, detection, emotion, lip_sync, rest, robustness
from export.evaluation.evaluated_model import EvaluatedModel, Sources, usual_range
from export.evaluation.metrics import SIGNALS, Match, match, mean_over_speakers, mouth_signals, remove_drift
from export.evaluation.recordings import NO_EMOTION, Recording, track_of, tracks_of
from export.evaluation.results import Found
from export.evaluation.spoken import VOICES, Phone, Spoken, phones_of, silence
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import EMBEDDED, load_bundle
from space_runtime.rig.rig import Rig
from tests.support.sounds import speechlike

FPS = 25.0
STEP_S = 0.02


@pytest.fixture(scope="module")
def model() -> EvaluatedModel:
    bundle = load_bundle()
    face = Rig.from_arrays(bundle.arrays("rig")).neutral_identity().neutral
    return EvaluatedModel(bundle.network("speech2landmarks"), bundle.look_ahead(), face)


def babble(n: int, seed: int = 0) -> Floats:
    """A smooth random curve."""
    rng = np.random.default_rng(seed)
    return np.convolve(rng.standard_normal(n + 8), np.hanning(9), "valid").astype(np.float32)


def talk(model: EvaluatedModel, seed: int = 0, n: int = 100) -> Talk:
    """A film whose lower lip and chin babble."""
    landmarks = np.repeat(model.neutral[None], n, 0)
    landmarks[:, [8, 65, 66, 67], 1] -= 0.05 + 0.02 * babble(n, seed)[:, None]
    landmarks[:, 48, 0] -= 0.02 * babble(n, seed + 1)
    pcm = speechlike(n / FPS, seed=seed)[:, 0]
    return Talk(f"clip{seed}", f"speaker{seed}", pcm, landmarks, FPS)


# Lip sync


def test_a_perfect_prediction_scores_one_without_lag() -> None:
    real = babble(200)
    found = match(real, real, FPS)
    assert found.r == pytest.approx(1, abs=1e-6)
    assert found.lag_s == 0
    assert found.spread == pytest.approx(1)


@pytest.mark.parametrize("late", [-3, -1, 2, 4])
def test_a_late_prediction_has_a_positive_lag(late: int) -> None:
    real = babble(208)
    found = match(real[4 - late : 204 - late], real[4:204], FPS)
    assert found.lag_s == pytest.approx(late / FPS, abs=0.25 / FPS)
    assert found.r > 0.99


def test_size_changes_spread_alone_and_the_opposite_is_no_match() -> None:
    real = babble(200)
    half = match(0.5 * real, real, FPS)
    assert half.r == pytest.approx(1, abs=1e-6)
    assert half.spread == pytest.approx(0.5)
    assert match(-real, real, FPS).r < 0.5
    assert match(np.zeros_like(real), real, FPS).r == 0


def test_drift_is_nobodys_fault() -> None:
    real = babble(300)
    drifted = real + np.linspace(0, 10, 300, dtype=np.float32)
    assert match(drifted, real, FPS).r < 0.8
    assert match(remove_drift(drifted, FPS), remove_drift(real, FPS), FPS).r > 0.95


def test_the_film_against_itself_is_perfect_for_every_speaker(model: EvaluatedModel) -> None:
    talks = [talk(model, seed) for seed in (1, 2, 3)]
    found = lip_sync.scores(talks, [mouth_signals(each.landmarks) for each in talks])
    assert all(score.r > 0.999 and abs(score.spread - 1) < 1e-6 for score in found.values())


def test_a_network_matches_the_film_of_what_it_said_and_no_other_sound(model: EvaluatedModel) -> None:
    pcm, other = (np.concatenate([speechlike(2, seed=seed)[:, 0], silence(1)]) for seed in (1, 2))
    times = np.arange(0, 2.9, 1 / FPS)
    track = track_of(model.network, model.look_ahead, pcm, model.neutral)
    film = Talk("clip", "speaker", pcm, track.at(times), FPS)
    own, wrong = (
        lip_sync.lip_sync_scores(model.network, model.look_ahead, [dataclasses.replace(film, pcm=sound)])
        for sound in (pcm, other)
    )
    assert set(own) == set(SIGNALS)
    assert all(own[name].r > 0.99 and own[name].r > wrong[name].r + 0.1 for name in SIGNALS)


def test_chance_is_what_predictions_for_others_score_and_far_below_the_own(model: EvaluatedModel) -> None:
    talks = [talk(model, seed, n) for seed, n in ((1, 100), (4, 80), (7, 120))]
    own: list[lip_sync.Signals] = [mouth_signals(each.landmarks) for each in talks]
    floor = lip_sync.chance(talks, own)
    assert all(0 < floor[name] < 0.6 for name in ("gap", "width"))
    same = lip_sync.chance([talks[0]] * 2, [own[0]] * 2)
    assert same["gap"] == pytest.approx(1, abs=1e-3)


def test_a_set_has_its_floor_beside_r_and_names_clips_far_below_the_rest(model: EvaluatedModel) -> None:
    talks = [talk(model, seed) for seed in (1, 2, 3, 4)]
    predicted: list[lip_sync.Signals] = [mouth_signals(each.landmarks) for each in talks]
    predicted[3] = {name: -signal for name, signal in predicted[3].items()}
    rows = lip_sync._rows("set", talks, predicted)
    assert {row for row, _ in rows} == {"set", *(each.speaker for each in talks), "outlier_clip4"}
    assert rows["set", "gap_chance"] < rows["set", "gap_r"]


def test_a_lag_is_the_median_of_the_speakers() -> None:
    rows = [(str(lag), 10, Match(1.0, lag, 1.0)) for lag in (0.0, 0.01, 0.19)]
    assert mean_over_speakers(rows).lag_s == pytest.approx(0.01)


def test_company_does_not_change_what_is_heard(model: EvaluatedModel) -> None:
    sounds = [speechlike(seconds, seed=seed)[:, 0] for seed, seconds in enumerate((0.7, 0.31, 1.0))]
    together = tracks_of(model.network, model.look_ahead, [Recording(pcm, model.neutral, NO_EMOTION) for pcm in sounds])
    for pcm, track in zip(sounds, together, strict=True):
        alone = track_of(model.network, model.look_ahead, pcm, model.neutral)
        for field in dataclasses.fields(alone):
            assert np.array_equal(getattr(alone, field.name), getattr(track, field.name))
        assert track.times_s[-1] >= len(pcm) / 16_000 - STEP_S


# Simpler systems


def test_tables_of_shapes_know_every_shape() -> None:
    assert set(SHAPES) == set(CLASSES)
    assert set(baselines.RHUBARB) == set("ABCDEFGHX")
    assert set(baselines.HEADAUDIO) == {str(viseme) for viseme in range(15)}


def test_given_cues_hold_until_the_next(model: EvaluatedModel, tmp_path: Path) -> None:
    film = talk(model)
    (tmp_path / f"{film.clip}.tsv").write_text("0.00\tX\n1.00\tD\n2.00\tX\n", encoding="utf-8")
    heard, (signals,) = baselines.given_rhubarb([film, talk(model, 5)], tmp_path)
    assert [each.clip for each in heard] == [film.clip]
    assert signals["gap"][[10, 37, 80]] == pytest.approx([0, 1, 0], abs=1e-6)


def test_loudness_follows_loudness(model: EvaluatedModel) -> None:
    film = talk(model)
    swelling = dataclasses.replace(film, pcm=film.pcm * np.linspace(0, 1, len(film.pcm), dtype=np.float32))
    (predicted,) = baselines.loudness([swelling], Path())
    assert predicted["gap"][-20:].mean() > 2 * predicted["gap"][:20].mean()


def test_a_system_that_is_not_installed_leaves_its_row_out(model: EvaluatedModel, tmp_path: Path) -> None:
    with pytest.raises(baselines.Unavailable, match="README"):
        baselines.rhubarb([talk(model)], tmp_path)


# Articulation


def spoken_line(phones: str, phone_s: float = 0.1) -> Spoken:
    """An utterance of ARPAbet phones of one length."""
    segments = [(name, i * phone_s, (i + 1) * phone_s) for i, name in enumerate(phones.split())]
    return Spoken(np.zeros(16, np.float32), phones_of(segments, "arpabet"), "voice", "en")


def mouth(spoken: Spoken, gap_of: dict[str, float], phones: str) -> articulation.Mouth:
    """A mouth that holds a gap through every phone."""
    times = np.arange(0, spoken.phones[-1].end_s, 0.005, dtype=np.float32)
    gaps = np.array([gap_of[phones.split()[min(int(t / 0.1), len(phones.split()) - 1)]] for t in times], np.float32)
    return articulation.Mouth(times, gaps, np.zeros_like(gaps), np.zeros_like(gaps))


LINE = "aa b aa t eh t p ae k m iy t aa t eh"


def test_a_mouth_that_closes_at_every_bilabial_is_perfect() -> None:
    spoken = spoken_line(LINE)
    gaps = dict.fromkeys(LINE.split(), 1.0) | {"b": 0.0, "p": 0.05, "m": -0.02}
    found = articulation.judge([spoken], [mouth(spoken, gaps, LINE)])
    assert (found["recall"], found["n_closures"], found["false"]) == (1, 3, 0)
    assert found["n_vowels"] == 3  # the others lie beside a bilabial


@pytest.mark.parametrize(("gap", "recall"), [(0.0, 1.0), (0.09, 1.0), (0.2, 2 / 3)])
def test_recall_counts_what_is_within_a_tenth_of_the_range(gap: float, recall: float) -> None:
    spoken = spoken_line(LINE)
    gaps = dict.fromkeys(LINE.split(), 1.0) | {"b": gap, "p": 0.0, "m": 0.0}
    assert articulation.judge([spoken], [mouth(spoken, gaps, LINE)])["recall"] == pytest.approx(recall)


def test_a_shut_vowel_is_a_false_closure_unless_a_bilabial_is_near() -> None:
    spoken = spoken_line(LINE)
    gaps = dict.fromkeys(LINE.split(), 1.0) | {"b": 0.0, "p": 0.0, "m": 0.0}
    assert articulation.judge([spoken], [mouth(spoken, gaps | {"ae": 0.0}, LINE)])["false"] == 0
    assert articulation.judge([spoken], [mouth(spoken, gaps | {"eh": 0.0}, LINE)])["false"] == pytest.approx(2 / 3)


def test_the_range_is_the_voices_own() -> None:
    spoken = spoken_line(LINE)
    gaps = dict.fromkeys(LINE.split(), 1.0) | {"b": 0.05, "p": 0.05, "m": 0.05}
    small = {name: gap * 0.01 for name, gap in gaps.items()}
    assert articulation.judge([spoken], [mouth(spoken, small, LINE)])["recall"] == 1
    assert usual_range([np.linspace(0, 1, 101, dtype=np.float32)]) == pytest.approx(0.95)


def test_between_steps_lips_move_in_straight_lines() -> None:
    times, gap = np.array([0, 0.02, 0.04], np.float32), np.array([1, 0, 1], np.float32)
    assert articulation.lowest(times, gap, 0.0, 0.04) == 0
    assert articulation.lowest(times, gap, 0.0, 0.01) == pytest.approx(0.5)
    assert articulation.lowest(times, gap, 0.03, 0.2) == pytest.approx(0.5)


def test_lip_and_teeth_need_a_raised_lower_lip() -> None:
    line = "aa t f t aa t v t eh"
    spoken = spoken_line(line)
    gaps = dict.fromkeys(line.split(), 1.0) | {"f": 0.2, "v": 0.2}
    flat = mouth(spoken, gaps, line)
    lifts = mouth(spoken, dict.fromkeys(line.split(), 0.0) | {"f": 0.5, "v": 0.1}, line).gap
    assert articulation.judge([spoken], [flat])["contact"] == 0
    assert articulation.judge([spoken], [dataclasses.replace(flat, lift=lifts)])["contact"] == 0.5


def test_sounds_in_which_lips_need_not_meet_are_no_closures() -> None:
    approximant, stop = phones_of([("β", 0, 1), ("b", 1, 2)], "ipa")
    assert (approximant.is_closing, stop.is_closing) == (False, True)


@pytest.mark.parametrize("n_silent", [0, 1])
def test_voices_that_are_not_installed_are_named_and_leave_no_worst_language(
    n_silent: int, model: EvaluatedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [
        dataclasses.replace(spoken_line(LINE), pcm=speechlike(1.6)[:, 0], voice=voice.name, group=voice.language)
        for voice in VOICES[: len(VOICES) - n_silent]
    ]
    monkeypatch.setattr(articulation, "read_synthetic", lambda _: said)
    found = articulation.measure(model, Sources(EMBEDDED / "speech2landmarks.onnx", tmp_path, tmp_path))
    assert (("worst_language", "recall") in found.values) is not bool(n_silent)
    assert ("voices" in found.missing) is bool(n_silent)
    assert not n_silent or found.missing["voices"].startswith(f"{VOICES[-1].name} did not speak")


def test_a_tenth_of_the_speakers_is_held_out_by_name() -> None:
    names = [f"speechocean762:so{number:04d}" for number in range(1000)]
    assert sum(map(is_held_out, names)) == 100
    assert not is_held_out("kathleen9")


# Rest and detection


def test_settling_is_the_last_time_off_rest() -> None:
    times = np.arange(100, dtype=np.float32) * STEP_S
    gap = np.where(times < 1.1, 1.0, 0.0).astype(np.float32)
    assert rest.settling_s(times, gap, 1.0, 0.05) == pytest.approx(0.08, abs=1e-5)
    assert rest.settling_s(times, gap, 1.5, 0.05) == 0
    assert rest.settling_s(times, -gap, 1.0, 0.05) > 0


def test_silence_moves_nothing_and_the_worst_sound_is_the_worst(model: EvaluatedModel) -> None:
    sounds = {"digital_silence": [silence(1)], "speech": [speechlike(1.5)[:, 0]]}
    found = rest.flapping(model, sounds, 0.1)
    assert found["digital_silence", "max_gap"] == 0
    assert found["worst_sound", "max_gap"] == found["speech", "max_gap"]


def test_noise_comes_at_the_asked_level() -> None:
    pcm = speechlike(2)[:, 0]
    for snr_db in (20.0, 0.0):
        noise = rest.with_room(pcm, snr_db, 0) - pcm
        loud = pcm[np.abs(pcm) > 1e-3]
        assert 10 * np.log10(np.mean(loud**2) / np.mean(noise**2)) == pytest.approx(snr_db, abs=0.1)


def test_nobody_is_judged_beside_a_border() -> None:
    spoken = Spoken(np.zeros(1, np.float32), (Phone(0.5, 1.0, (1,), True), Phone(1.0, 2.0, (0,), False)), "v", "en")
    times = np.arange(0, 4, STEP_S, dtype=np.float32)
    speech, hush = detection.truth(spoken, times)
    assert times[speech].min() == pytest.approx(1.5, abs=STEP_S)
    assert times[speech].max() == pytest.approx(2.0, abs=2 * STEP_S)
    assert not (speech & hush).any()
    assert not hush[(times > 1.41) & (times < 2.09)].any()


# Robustness


def test_changes_change_what_they_say() -> None:
    tone = np.sin(2 * np.pi * 6000 * np.arange(16_000) / 16_000).astype(np.float32)
    assert np.abs(robustness.telephone(tone)[1000:-1000]).max() < 0.01
    pcm = speechlike(1)[:, 0]
    assert np.abs(robustness.at_full_scale(pcm)).max() == pytest.approx(1)
    assert len(robustness.room(pcm)) == len(pcm)
    noise = robustness.white_noise(pcm) - pcm
    assert np.std(noise) == pytest.approx(np.std(pcm[np.abs(pcm) > 0.01]) * 10**-0.5, rel=0.3)


def test_agreement_is_one_for_the_same_and_less_for_others() -> None:
    a, b = [{"gap": babble(90, seed)} for seed in (0, 1)]
    assert robustness.agreement([a, b], [a, b]) == pytest.approx(1)
    assert robustness.agreement([a], [b]) < 0.9


# Emotion


def test_a_dip_is_found_and_a_rise_is_none() -> None:
    rising = np.linspace(0, 1, 11, dtype=np.float32)[:, None]
    assert emotion.largest_dip(rising) == 0
    dipped = rising.copy()
    dipped[6] -= 0.3
    assert emotion.largest_dip(np.hstack([rising, dipped])) == pytest.approx(0.2, abs=1e-6)


# Blocks


def test_missing_data_empty_a_block_and_an_unknown_block_is_refused(model: EvaluatedModel, tmp_path: Path) -> None:
    sources = Sources(EMBEDDED / "speech2landmarks.onnx", tmp_path, tmp_path)
    results = blocks.evaluate(model, sources, ["robustness"])
    assert "missing" in results.missing["robustness"]["all"]
    measured = results.adding("rest", Found({("music", "moving"): 0.5}))
    again = blocks.evaluate(model, sources, ["robustness"], measured)
    assert again.value("rest", "music", "moving") == 0.5
    other = dataclasses.replace(model, look_ahead=800)
    assert blocks.evaluate(other, sources, ["robustness"], measured).value("rest", "music", "moving") is None
    with pytest.raises(UsageError, match="lip_sync"):
        blocks.evaluate(model, sources, ["lipsync"])
