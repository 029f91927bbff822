"""Laws of making a refiner: whose films they are, who teaches, a training that is interrupted, the whole way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxscript", reason="needs onnxscript (extra 'export')")
pytest.importorskip("safetensors", reason="needs safetensors (extra 'export')")

import torch

from export.models.refiner import SIDE as TAUGHT_SIDE
from export.models.refiner import Refiner
from export.refiner import training
from export.refiner.make import Asked, make
from export.refiner.pairs import DRAWN, PHOTO, TRUE, Pairs
from export.refiner.people import PASSAGE, Passage, Person, people_in, split
from export.refiner.training import Plan, batch_of, loss_of, train
from space_runtime import Session, UsageError, load_bundle
from space_runtime.inference.bundle import REFINER
from space_runtime.rendering.refiner import REVISION, SIDE
from tests.support.face_videos import FPS, acted, nasa
from tests.support.sounds import speechlike
from tests.support.videos import write_video

PLAN = Plan(n_updates=6, batch=2, save_every=2, log_every=2, warm_up=2)


def noise(n: int = 5) -> Pairs:
    mouths = np.random.default_rng(1).integers(0, 256, (n, 3, SIDE, SIDE, 3)).astype(np.uint8)
    return Pairs(((mouths,), (mouths[:1],)), "noise")


def test_folders_and_single_films_are_people(tmp_path: Path) -> None:
    for name in ("b/2.mp4", "b/1.MOV", "b/notes.txt", "a.webm", ".hidden/1.mp4", "empty/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = people_in(tmp_path)
    assert found == (
        Person("a", (tmp_path / "a.webm",)),
        Person("b", (tmp_path / "b" / "1.MOV", tmp_path / "b" / "2.mp4")),
    )
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.mp4").touch()
    with pytest.raises(UsageError, match="two people called 'a'"):
        people_in(tmp_path)


def test_a_folder_without_films_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no films"):
        people_in(tmp_path)
    with pytest.raises(UsageError, match="is no folder"):
        people_in(tmp_path / "nowhere")


@pytest.mark.parametrize("n_people", [1, 2, 6])
def test_who_is_kept_back_teaches_nothing(n_people: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def passages(person: Person) -> list[Passage]:
        return [Passage(person.name, Path("film"), PASSAGE * k) for k in range(7)]

    monkeypatch.setattr("export.refiner.people.passages_of", passages)
    people = [Person(str(n), ()) for n in range(n_people)]
    teaching, kept_back = split(people)
    assert len(teaching) + len(kept_back) == 7 * n_people and not set(teaching) & set(kept_back)
    if n_people == 1:
        assert [one.first for one in kept_back] == [5 * PASSAGE, 6 * PASSAGE]
    else:
        assert not {one.person for one in teaching} & {one.person for one in kept_back}


def test_one_short_film_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("export.refiner.people.passages_of", lambda person: [Passage("a", Path("film"), 0)])
    with pytest.raises(UsageError, match="the films of a are too short"):
        split([Person("a", ())])


def test_a_batch_is_a_function_of_its_step_and_treats_the_three_mouths_alike() -> None:
    pairs = noise()
    one, again, other = (batch_of(pairs, PLAN, step) for step in (3, 3, 4))
    assert torch.equal(one, again) and not torch.equal(one, other)
    assert one.shape == (2, 3, 3, SIDE, SIDE) and float(one.min()) >= 0 and float(one.max()) <= 1
    same = pairs.mouths[0][0].copy()
    same[:, DRAWN] = same[:, PHOTO] = same[:, TRUE]
    batch = batch_of(Pairs(((same,),), ""), PLAN, 3)
    assert torch.equal(batch[:, DRAWN], batch[:, TRUE]) and torch.equal(batch[:, PHOTO], batch[:, TRUE])


def test_an_untrained_network_changes_nothing_and_truth_has_no_loss() -> None:
    batch = batch_of(noise(), PLAN, 0)
    assert not Refiner()(batch[:, DRAWN], batch[:, PHOTO]).any() and TAUGHT_SIDE == SIDE
    batch[:, TRUE] = batch[:, DRAWN]
    assert float(loss_of(torch.zeros_like(batch[:, DRAWN]), batch, 0.5)) == 0


def test_a_layer_that_fell_silent_still_learns() -> None:
    torch.manual_seed(0)
    network = Refiner()
    torch.nn.init.constant_(network.get_parameter("leave.1.0.bias"), -10)
    batch = batch_of(noise(), PLAN, 0)
    loss_of(network(batch[:, DRAWN], batch[:, PHOTO]), batch, PLAN.gradients).backward()
    found = network.get_parameter("change.weight").grad
    assert found is not None and bool(found.any())


def test_an_interrupted_training_ends_as_an_uninterrupted_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = noise()
    whole = train(PLAN, pairs, tmp_path / "whole").state_dict()

    def stop(pairs: Pairs, plan: Plan, step: int) -> torch.Tensor:
        if step == 5:
            raise KeyboardInterrupt
        return batch_of(pairs, plan, step)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "batch_of", stop)
        train(PLAN, pairs, tmp_path / "parts")
    resumed = train(PLAN, pairs, tmp_path / "parts").state_dict()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert any(bool(whole[name].any()) for name in ("change.weight", "change.bias"))
    with pytest.raises(UsageError, match="trained on other films"):
        train(PLAN, replace(pairs, hash="others"), tmp_path / "parts")
    with pytest.raises(UsageError, match="trained by another plan"):
        train(replace(PLAN, batch=3), pairs, tmp_path / "parts")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people: NASA's portrait as a session moves it, and its mirror image."""
    folder = tmp_path_factory.mktemp("films")
    pictures = acted(1.2).pictures
    times = [Fraction(k, FPS) for k in range(len(pictures))]
    (folder / "left").mkdir()
    write_video(folder / "left" / "one.mp4", pictures, times)
    write_video(folder / "right.mp4", [np.ascontiguousarray(picture[:, ::-1]) for picture in pictures], times)
    return folder


@pytest.fixture(scope="module")
def made(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("made")
    others = tmp_path_factory.mktemp("others")
    shutil.copy(films / "right.mp4", others)
    asked = Asked(films, "a studio", 'released, "2026"', folder / "out", others, folder / "cache")
    make(asked, replace(PLAN, n_updates=20, batch=4))
    yield folder


def test_films_become_a_bundle_that_says_where_it_comes_from(made: Path) -> None:
    assert {path.name for path in (made / "out").iterdir()} == {"refiner.onnx", "manifest.json"}
    assert {path.name for path in made.iterdir()} == {"out", "cache"}
    bundle = load_bundle(refiner=made / "out")
    assert bundle.refiner
    entry = bundle.refiner.manifest.entry(REFINER)
    assert entry.licence == 'released, "2026"' and entry.licence in entry.sources[0]
    assert {name: entry.settings[name] for name in ("revision", "people", "updates", "trained_by")} == {
        "revision": REVISION,
        "people": 1,
        "updates": 20,
        "trained_by": "a studio",
    }
    assert {"mouth_kept_back", "mouth_others"} <= set(entry.settings) and int(entry.settings["pairs"]) > 10
    session = Session(bundle, nasa(), fps=5, pictures=True)
    frames = [*session.push(speechlike(0.4)[:, 0]), *session.finish()]
    assert any(frame.rgb is not None for frame in frames)


def test_what_is_made_already_is_not_made_again(films: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    before = (made / "out" / "refiner.onnx").read_bytes()
    monkeypatch.setattr("export.refiner.pairs.pairs_of", never)
    monkeypatch.setattr("export.refiner.make.judge", lambda *_: None)
    monkeypatch.setattr(training, "_update", never)
    asked = Asked(films, "a studio", "released", made / "out", None, made / "cache")
    make(asked, replace(PLAN, n_updates=20, batch=4))
    assert (made / "out" / "refiner.onnx").read_bytes() == before


def test_a_folder_of_something_else_is_not_written_over(films: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UsageError, match="holds something else than a refiner"):
        make(Asked(films, "a studio", "released", tmp_path, None, tmp_path), PLAN)


@pytest.mark.parametrize("by, footage", [(" ", "released"), ("a studio", "")])
def test_origin_must_be_told(films: Path, tmp_path: Path, by: str, footage: str) -> None:
    with pytest.raises(UsageError, match="say who trains it"):
        make(Asked(films, by, footage, tmp_path / "out", None, tmp_path), PLAN)
