"""Laws of training: it repeats, an interruption changes nothing, recipes and data are checked before it begins."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch", reason="needs torch (extra 'export')")

import torch

from export.data.augment import LN10_OVER_10, augment, codec_holes, noise, plain_power, reverberate
from export.data.batches import (
    BREATH_WEIGHT,
    FILMED_LEAD_FRAMES,
    LEAD_FRAMES,
    ONSET_WEIGHT,
    _joined,
    _row,
    _speech_and_care,
    batches,
    closure_target,
    speech_target,
)
from export.data.corpora import Corpus, Row, log_powers, read_corpus, read_parts, write_corpus
from export.data.drift import DRIFT_WEIGHT, drift_free
from export.data.excerpts import BEFORE_STEPS
from export.data.motion.identities import FaceModel
from export.data.motion.motion_space import MotionSpace, closers, save_motion_space
from export.data.phonetics import Phonetics, phonetics_of
from export.data.speech.phones import LABIODENTAL, SILENCE, SPOKEN
from export.models.layers import LAYERS
from export.recipes.recipe import KINDS, MOVING, PhoneticShares, Recipe, parse_recipe, read_recipe
from export.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from export.training.compare import TAUGHT_ROWS, candidates, changed, folder_of
from export.training.losses import CONTACT_WEIGHT, motion_losses, motion_weight
from export.training.steps import load_trained
from export.training.train import Materials, build, constants_of, losses, train
from space_runtime.arrays import Floats
from space_runtime.assets import LINE
from space_runtime.errors import UsageError
from space_runtime.geometry import N_LANDMARKS
from space_runtime.style import N_CODE

SHIPPED = Path(__file__).parents[2] / "export" / "recipes" / "speech2landmarks.toml"
N_MOTION = 4
NO_MOTION = np.zeros((0, 0), np.float32)


def corpus(name: str, seed: int, n_rows: int = 3, has_motion: bool = True) -> Corpus:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(60, 140, n_rows)
    n = int(lengths.sum())
    labels = rng.integers(0, 23, n).astype(np.uint8) if has_motion else np.full(n, SILENCE, np.uint8)
    motion = rng.standard_normal((n, N_MOTION)).astype(np.float32) if has_motion else NO_MOTION
    mel = rng.uniform(-14, -2, (n, 48)).astype(np.float16)
    return Corpus(name, mel, labels, np.concatenate([[0], np.cumsum(lengths)]), motion)


@pytest.fixture(scope="module")
def materials() -> Materials:
    rng = np.random.default_rng(0)
    face = rng.standard_normal((N_LANDMARKS, 3)).astype(np.float32)
    model = FaceModel(face, 0.01 * rng.standard_normal((50, N_LANDMARKS, 3)).astype(np.float32))
    constants = {
        "basis": 0.01 * torch.from_numpy(rng.standard_normal((N_MOTION, 3 * N_LANDMARKS)).astype(np.float32)),
        "expressions": torch.zeros(8, 3 * N_LANDMARKS),
        "openings": torch.zeros(8, 3 * N_LANDMARKS),
        "reference_size": torch.ones(2),
        "closers": torch.from_numpy(closers()),
    }
    corpora = {name: corpus(name, n) for n, name in enumerate(MOVING)}
    corpora["sounds"] = corpus("sounds", 9, has_motion=False)
    return Materials(corpora, model, face, constants, "corpora of a test")


SMALL = {
    "n_updates": 4,
    "log_every": 2,
    "save_every": 1,
    "warm_up": 1,
    "width": 12,
    "n_filmed": 2,
    "n_synthetic": 1,
    "n_recorded": 1,
    "n_vocal": 1,
    "n_cut": 1,
    "n_effort": 1,
    "n_sounds": 1,
    "n_steps": 30,
}


def phonetics(materials: Materials) -> Phonetics:
    return phonetics_of(
        materials.corpora["filmed"], materials.constants["basis"].numpy(), PhoneticShares(0.2, 0.35, 0.2, 2)
    )


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return changed(read_recipe(SHIPPED), SMALL)


def test_an_interrupted_training_ends_where_an_uninterrupted_one_does(
    materials: Materials, recipe: Recipe, tmp_path: Path
) -> None:
    torch.set_num_threads(1)
    train(recipe, materials, tmp_path / "whole")
    # The learning rate follows the recipe's end: the interruption is a missing update, not another recipe.
    for n in (2, 4):
        _train_until(n, recipe, materials, tmp_path / "parts")
    whole, parts = (load_checkpoint(tmp_path / name) for name in ("whole", "parts"))
    assert whole.facts.step == parts.facts.step == 4
    for name, value in whole.average.items():
        torch.testing.assert_close(value, parts.average[name], rtol=0, atol=1e-6)


def test_a_trained_network_shows_the_emotions_of_today(materials: Materials, recipe: Recipe, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    train(changed(recipe, {"n_updates": 1}), materials, tmp_path / "run")
    space = MotionSpace(materials.constants["basis"].numpy(), materials.rest, np.ones((1, 3), np.float32))
    save_motion_space(space, tmp_path / "motion_space.npz")
    network, _ = load_trained(tmp_path / "run", tmp_path)
    today = constants_of(space)
    for name in ("expressions", "openings"):
        assert materials.constants[name].abs().max() == 0 < today[name].abs().max()
        torch.testing.assert_close(network.face.get_buffer(name), today[name], rtol=0, atol=0)
    torch.testing.assert_close(network.face.closers, materials.constants["closers"], rtol=0, atol=0)


def _train_until(n: int, recipe: Recipe, materials: Materials, folder: Path) -> None:
    class Enough(Exception):
        pass

    def stop(checkpoint: Checkpoint, to: Path) -> None:
        save_checkpoint(checkpoint, to)
        if checkpoint.facts.step == n:
            raise Enough

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("export.training.train.save_checkpoint", stop)
        with pytest.raises(Enough):
            train(recipe, materials, folder)


def test_a_checkpoint_of_other_corpora_is_not_continued(materials: Materials, recipe: Recipe, tmp_path: Path) -> None:
    train(replace(recipe, n_updates=1), materials, tmp_path)
    with pytest.raises(UsageError, match="other corpora"):
        train(recipe, replace(materials, hash="another"), tmp_path)


@pytest.mark.parametrize(("name", "key", "value"), [("seed", "seed", 8), ("phonetics", "mouth_width", 0.3)])
def test_a_checkpoint_of_another_recipe_is_not_continued(
    materials: Materials, recipe: Recipe, tmp_path: Path, name: str, key: str, value: float
) -> None:
    train(replace(recipe, n_updates=1), materials, tmp_path)
    with pytest.raises(UsageError, match=f"another '{name}'"):
        train(changed(recipe, {key: value}), materials, tmp_path)


def test_a_loss_that_is_no_number_ends_training_and_is_not_kept(
    materials: Materials, recipe: Recipe, tmp_path: Path
) -> None:
    film = materials.corpora["filmed"]
    broken = {**materials.corpora, "filmed": replace(film, motion=np.full_like(film.motion, np.nan))}
    with pytest.raises(UsageError, match="the loss of update 1 is no number"):
        train(recipe, replace(materials, corpora=broken), tmp_path)
    assert not (tmp_path / "facts.json").exists()


def test_a_finished_training_has_nothing_left_to_do(materials: Materials, recipe: Recipe, tmp_path: Path) -> None:
    train(replace(recipe, n_updates=2), materials, tmp_path)
    train(replace(recipe, n_updates=1), materials, tmp_path)
    assert load_checkpoint(tmp_path).facts.step == 2


def test_a_rounded_gru_differs_by_rounding_alone_and_learns() -> None:
    torch.manual_seed(0)
    layer = LAYERS["gru"](16, 0)
    x, state = torch.randn(2, 40, 16), torch.zeros(2, 16)
    plain, _ = layer.sequence(x, state)
    layer.rounded = True
    rounded, last = layer.sequence(x, state)
    assert 1e-4 < (rounded - plain).abs().max() < 0.02
    assert torch.equal(rounded[:, -1], last)
    rounded.square().sum().backward()
    assert all(part.grad is not None and part.grad.abs().max() > 0 for part in layer.parameters())


def test_a_training_may_be_rounded_and_only_of_grus(materials: Materials, recipe: Recipe, tmp_path: Path) -> None:
    train(replace(recipe, n_updates=1), materials, tmp_path / "gru", rounded=True)
    other = replace(recipe, n_updates=1, network=replace(recipe.network, kind="lstm"))
    with pytest.raises(UsageError, match="only a 'gru'"):
        train(other, materials, tmp_path / "lstm", rounded=True)


@pytest.mark.parametrize("look_ahead", [0, 800, 1600, 3200])
def test_every_look_ahead_gives_targets_for_every_step(materials: Materials, recipe: Recipe, look_ahead: int) -> None:
    plan = replace(recipe.batch, look_ahead_samples=look_ahead)
    batch = next(batches(materials.corpora, materials.model, materials.rest, phonetics(materials), plan, 7))
    assert batch.features.shape[1] == batch.motion.shape[1] == batch.speech.shape[1] == plan.n_steps


def test_batches_repeat_and_fit_the_plan(materials: Materials, recipe: Recipe) -> None:
    of_materials = materials.corpora, materials.model, materials.rest, phonetics(materials)

    def two(first: int) -> list[np.ndarray]:
        source = batches(*of_materials, recipe.batch, 7, first)
        return [next(source).features for _ in range(2)]

    again, later = two(0), two(1)
    assert np.array_equal(two(0)[1], again[1]) and np.array_equal(again[1], later[0])
    batch = next(batches(*of_materials, recipe.batch, 7))
    assert batch.features.shape == (8, 30, 96) and np.isfinite(batch.features).all()
    assert batch.motion.shape == (7, 30, N_MOTION)
    assert (batch.classes[-1] == SILENCE).all() and not batch.speech[-1].any()


def test_other_sounds_were_heard_before_and_a_recipe_may_have_none(materials: Materials, recipe: Recipe) -> None:
    of_materials = materials.corpora, materials.model, materials.rest, phonetics(materials)
    for n_sounds in (2, 1, 0):
        plan = replace(recipe.batch, n_sounds=n_sounds)
        batch = next(batches(*of_materials, plan, 7))
        assert batch.before.shape == (plan.n_rows, BEFORE_STEPS, 96) and len(batch.features) == plan.n_rows
        assert not batch.before[: plan.n_moving].any()
        assert batch.before[plan.n_moving :].any((1, 2)).all()
        assert all(math.isfinite(value.item()) for value in losses(build(recipe, materials.constants), batch).values())


def test_phonetics_changes_the_motion_of_a_batch_and_nothing_else(materials: Materials, recipe: Recipe) -> None:
    of_materials = materials.corpora, materials.model, materials.rest
    silent = phonetics_of(materials.corpora["filmed"], materials.constants["basis"].numpy(), PhoneticShares())
    with_it, without = (next(batches(*of_materials, each, recipe.batch, 7)) for each in (phonetics(materials), silent))
    assert np.array_equal(with_it.features, without.features) and np.array_equal(with_it.classes, without.classes)
    assert np.abs(with_it.motion - without.motion).max() > 0.01


def test_noise_has_the_signal_to_noise_ratio_that_was_drawn_and_is_sometimes_white() -> None:
    rng = np.random.default_rng(0)
    power = np.exp(rng.uniform(-8, -2, (600, 100, 48)).astype(np.float32))
    added = noise(power, np.zeros(len(power), bool), rng)
    snr_db = 10 * np.log10(plain_power(power) / plain_power(added))
    audible, faint = snr_db < 50, snr_db > 60
    assert 0.35 < audible.mean() < 0.65 and (audible | faint).all() and snr_db.min() > 0
    # White noise rises by 33 dB over the bands, and no other noise of training does so this evenly.
    rise = np.log(added.mean(1)[:, -4:].mean(1) / added.mean(1)[:, :4].mean(1)) / LN10_OVER_10
    assert (np.abs(rise - 31) < 6).mean() > 0.12


@pytest.mark.parametrize("sound", ["white noise", "speech", "its highs"])
def test_noise_is_as_loud_beside_speech_as_a_waveform_says(sound: str) -> None:
    speech = soundfile.read(LINE, dtype="float32")[0]
    pcm = {
        "white noise": 0.1 * np.random.default_rng(0).standard_normal(32_000).astype(np.float32),
        "speech": speech,
        "its highs": np.diff(speech, prepend=np.float32(0)),
    }[sound]
    found = plain_power(np.exp(log_powers(pcm).astype(np.float32))[None])[0]
    assert 10 * np.log10(found / np.mean(pcm**2)) == pytest.approx(0, abs=1.0)


def test_augmentation_keeps_sequences_apart_and_finite() -> None:
    rng = np.random.default_rng(1)
    mel, sounds = (rng.uniform(-14, -2, (6, 50, 48)).astype(np.float32) for _ in range(2))
    noise_only = np.array([False] * 5 + [True])
    natural = np.arange(6) == 4
    power = augment(mel.copy(), noise_only, natural, sounds, np.random.default_rng(2))
    assert power.shape == mel.shape and np.isfinite(power).all() and (power >= 0).all()
    other = mel.copy()
    other[5] = -3.0
    assert np.array_equal(augment(other, noise_only, natural, sounds, np.random.default_rng(2))[5], power[5])


def test_lines_move_as_far_as_their_effort_says(materials: Materials, recipe: Recipe) -> None:
    def motion_of(effort: float) -> Floats:
        lines = materials.corpora["effort"]
        told = replace(lines, efforts=np.full(len(lines.offsets) - 1, effort, np.float32))
        made = batches(
            {**materials.corpora, "effort": told},
            materials.model,
            materials.rest,
            phonetics(materials),
            recipe.batch,
            1,
        )
        return next(made).motion

    plain, strong = motion_of(1.0), motion_of(1.5)
    n = recipe.batch.n_effort
    np.testing.assert_allclose(strong[-n:], 1.5 * plain[-n:], rtol=1e-5)
    np.testing.assert_array_equal(strong[:-n], plain[:-n])


def test_a_room_only_adds_and_only_afterwards() -> None:
    power = np.zeros((40, 60, 48), np.float32)
    power[:, 20] = 1.0
    wet = power.copy()
    reverberate(wet, np.random.default_rng(0))
    assert np.array_equal(wet[:, :21], power[:, :21]) and (wet >= power).all()
    in_rooms = (wet[:, 21] > 0).all(1)
    assert 8 < in_rooms.sum() < 32
    assert (wet[in_rooms, 21:30].sum((1, 2)) > wet[in_rooms, 40:49].sum((1, 2))).all()


def test_a_codec_takes_faint_bands_alone() -> None:
    rng = np.random.default_rng(0)
    power = 10 ** rng.uniform(-6, 0, (60, 20, 48)).astype(np.float32)
    factors = codec_holes(power, rng)
    touched = factors < 1
    assert 2 < touched.any((1, 2)).sum() < 30
    assert (power[touched] < 10**-1.8 * power.max(2, keepdims=True).repeat(48, 2)[touched] * 1.001).all()


def test_parts_join_to_one_corpus(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [Row(rng.uniform(-9, 0, (30 + n, 48)).astype(np.float16), np.full(30 + n, n, np.uint8)) for n in range(4)]
    write_corpus(tmp_path / "a.npz", rows[:2])
    write_corpus(tmp_path / "b.npz", rows[2:])
    write_corpus(tmp_path / "whole.npz", rows)
    joined, whole = read_parts("whole", [tmp_path / "a.npz", tmp_path / "b.npz"]), read_corpus(tmp_path / "whole.npz")
    for name in ("mel", "labels", "offsets"):
        assert np.array_equal(getattr(joined, name), getattr(whole, name))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("n_updates = ", "n_update = ", "unknown key 'n_update'"),
        ("seed = 7", "", "lacks the key 'seed'"),
        ("lip_gap = 0.35", "lip_gap = 20", "lip_gap = 20; expected a number from 0 to 1"),
        ("jaw_with_lips = 0.2", "jaw_with_lips = 2", "jaw_with_lips = 2; expected a number from 0 to 1"),
        ("later_frames = 0", "later_frames = 21", "width_later_frames = 21; expected a number from 0 to 20"),
        ("later_frames = 0", "later_frames = 1.5", "width_later_frames = 1.5; expected a whole number"),
        ("later_frames = 0", "later_frames = -1", "width_later_frames = -1; expected a number from 0 on"),
        ("width = 256", "widht = 256", r"\[network\] has the unknown key 'widht'"),
        ("n_steps = 180", "n_steps = 1.5", "n_steps = 1.5; expected a whole number"),
        ("points = 1.0", 'points = "much"', "points = 'much'; expected a number"),
        ("points = 1.0", "points = nan", "points = nan; expected a number from 0 on"),
        ("weight_decay = 1e-4", "weight_decay = -1e-4", "weight_decay = -0.0001; expected a number from 0 on"),
        ("save_every = 250", "save_every = 0", "save_every = 0; expected a number from 1 on"),
        ("n_steps = 180", "n_steps = 10", "n_steps = 10; expected a number from 20 on"),
        ("n_sentences = 96", "n_sentences = 0", "n_sentences = 0; expected a number from 1 on"),
        ("samples = 1600", "samples = 100", "look_ahead_samples = 100; expected a multiple of 160"),
        ("[losses]", "[losses", "no valid TOML"),
    ],
)
def test_a_wrong_recipe_is_refused_by_name(before: str, after: str, words: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert before in text
    with pytest.raises(UsageError, match=words):
        parse_recipe(text.replace(before, after), "it")


def test_a_recipe_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing\.toml cannot be read"):
        read_recipe(tmp_path / "nothing.toml")
    (tmp_path / "sound.toml").write_bytes(b"\xff\x00")
    with pytest.raises(UsageError, match=r"sound\.toml cannot be read \(it is no text"):
        read_recipe(tmp_path / "sound.toml")


@pytest.mark.parametrize("name", ["weights.safetensors", "facts.json"])
def test_a_checkpoint_that_is_missing_or_broken_is_named(
    name: str, materials: Materials, recipe: Recipe, tmp_path: Path
) -> None:
    train(replace(recipe, n_updates=1), materials, tmp_path / "run")
    file = tmp_path / "run" / name
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(UsageError, match="run is broken"):
        load_checkpoint(tmp_path / "run")
    file.unlink()
    with pytest.raises(UsageError, match="run; run python -m export train first"):
        load_checkpoint(tmp_path / "run")


def test_a_checkpoint_whose_writing_is_interrupted_leaves_the_one_before(
    materials: Materials, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(replace(recipe, n_updates=1), materials, tmp_path)
    before = load_checkpoint(tmp_path)
    written: list[Path] = []

    def fail(tensors: dict[str, torch.Tensor], path: Path) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(path)
        path.write_bytes(b"half")

    monkeypatch.setattr("export.training.checkpoint.save_file", fail)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, materials, tmp_path)
    after = load_checkpoint(tmp_path)
    assert after.facts == before.facts
    assert all(torch.equal(value, after.weights[name]) for name, value in before.weights.items())


def test_filmed_sentences_are_mostly_heard_in_the_own_voice() -> None:
    n = np.arange(12, dtype=np.int64)
    filmed = Corpus("filmed", np.zeros((11, 48), np.float16), np.zeros(11, np.uint8), n, NO_MOTION, n_voices=5)
    rows = np.array([_row(filmed, 0, rng) for rng in [np.random.default_rng(0)] for _ in range(4000)])
    own = float(np.mean(rows % 5 == 0))
    assert 0.5 < own < 0.7 and set(rows) == set(range(11))


def test_a_moment_of_f_counts_more_than_another() -> None:
    classes = torch.full((2, 4), SILENCE)
    classes[0, 1] = LABIODENTAL
    weight = motion_weight(torch.tensor([1.0, 0.5]), classes)
    target = torch.rand(2, 4, N_LANDMARKS, 3, generator=torch.Generator().manual_seed(0))

    def loss_of_miss(row: int, step: int) -> float:
        missed = target.clone()
        missed[row, step, :, 0] += 0.01  # across: nothing is known to drift there
        return float(motion_losses(missed, target, weight)["points"])

    assert loss_of_miss(0, 1) == pytest.approx(CONTACT_WEIGHT * loss_of_miss(0, 2), rel=1e-3)
    assert loss_of_miss(0, 2) == pytest.approx(2 * loss_of_miss(1, 2), rel=1e-3)


def test_speech_of_unknown_phones_wakes_the_face_and_teaches_no_phone() -> None:
    labels = np.full((1, 200), SILENCE, np.uint8)
    labels[:, 80:120] = SPOKEN
    awake = speech_target(labels, np.array([10]))[0]
    assert awake[70:130].all() and not awake[:69].any() and not awake[133:].any()
    assert np.isnan(closure_target(labels)[0, 80:120]).all() and not closure_target(labels)[0, :80].any()


def test_only_a_filmed_breath_weighs_much() -> None:
    """Of others nothing is heard before their first sound, and that may be a note of music."""
    labels = np.full((2, 200), SILENCE, np.uint8)
    labels[:, 80:120] = SPOKEN
    lead = np.array([FILMED_LEAD_FRAMES, LEAD_FRAMES])
    _, care = _speech_and_care(labels, lead)
    assert care[0].max() == BREATH_WEIGHT > care[1].max() == ONSET_WEIGHT
    for row, frames in enumerate(lead.tolist()):
        assert set(np.flatnonzero(care[row] > 1)) == set(range(80 - frames, 80))


def test_slow_errors_count_little_and_fast_ones_fully() -> None:
    steps = torch.arange(300.0)
    slow = torch.ones(1, 300, 1)
    fast = torch.sin(2 * torch.pi * steps / 20)[None, :, None]
    assert drift_free(slow).mean() == pytest.approx(DRIFT_WEIGHT)
    assert drift_free(fast).mean() == pytest.approx(float(fast.square().mean()), rel=0.05)
    assert drift_free(slow + fast).mean() == pytest.approx(DRIFT_WEIGHT + 0.5, rel=0.05)


def test_only_what_sinks_may_drift() -> None:
    target = torch.rand(1, 200, N_LANDMARKS, 3, generator=torch.Generator().manual_seed(0))
    weight = torch.ones(1, 200)

    def loss_of_offset(point: int, axis: int) -> float:
        moved = target.clone()
        moved[..., point, axis] += 0.01
        return float(motion_losses(moved, target, weight)["points"])

    assert loss_of_offset(8, 1) == pytest.approx(DRIFT_WEIGHT * loss_of_offset(8, 0), rel=1e-2)
    assert loss_of_offset(51, 1) == pytest.approx(loss_of_offset(51, 0), rel=1e-2)


def test_people_are_heard_equally_often_and_one_at_a_time() -> None:
    n_rows = 40
    offsets = np.arange(n_rows + 1, dtype=np.int64) * 60
    people = np.array([0] * 38 + [1, 2], np.int64)
    motion = np.repeat(people + 1, 60)[:, None].astype(np.float32)
    labels, mel = np.ones(n_rows * 60, np.uint8), np.zeros((n_rows * 60, 48), np.float16)
    film = Corpus("filmed", mel, labels, offsets, motion, 1, people)
    rng = np.random.default_rng(0)
    seen = [
        set(np.unique(_joined(film, np.zeros((n_rows, N_CODE), np.float32), 300, rng).motion)) - {0} for _ in range(600)
    ]
    assert all(len(who) <= 1 for who in seen)
    shares = [sum(who == {person} for who in seen) / 600 for person in (1, 2, 3)]
    assert all(0.25 < share < 0.42 for share in shares)


def test_every_network_to_compare_is_its_own_recipe() -> None:
    shipped = read_recipe(SHIPPED)
    recipes = candidates(shipped, 500)
    assert len({folder_of(recipe) for recipe in recipes.values()}) == len(recipes)
    assert {recipe.network.kind for recipe in recipes.values()} == set(KINDS) == set(LAYERS)
    assert {recipe.batch.look_ahead_samples for recipe in recipes.values()} == {0, 800, 1600, 3200}
    assert {recipe.batch.n_moving for recipe in recipes.values()} == {shipped.batch.n_moving}
    assert all(parse_recipe(recipe.text) == recipe for recipe in recipes.values())
    assert all(recipe.corpora == shipped.corpora for recipe in recipes.values())


def test_a_question_that_nobody_asked_is_named() -> None:
    with pytest.raises(UsageError, match="no question 'colour'; known are memory, look-ahead, data"):
        candidates(read_recipe(SHIPPED), 500, ["colour"])


def test_a_recipe_without_motion_is_refused() -> None:
    with pytest.raises(UsageError, match="has 1 sequences with motion; expected 2 or more"):
        changed(read_recipe(SHIPPED), {"n_filmed": 0, **dict.fromkeys(TAUGHT_ROWS, 0), "n_synthetic": 1})
