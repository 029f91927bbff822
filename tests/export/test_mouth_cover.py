"""Laws of drawn covers and what is learned from them: covers hide lips, things beside leave them, edges tell both."""

from __future__ import annotations

import numpy as np
import pytest

from space_runtime.arrays import Floats, Mask
from space_runtime.geometry import picture_points
from tests.support import pictures

pytest.importorskip("scipy", reason="needs scipy (extra 'export')")

from export.data.pictures.covers import BEFORE, BESIDE, covered
from export.data.pictures.drawing import clothes, scene_of
from export.data.pictures.faults import FAULTS, HARMLESS
from export.data.pictures.photo_changes import CHANGES, changed
from export.training.train_mouth_cover import Drawings, cross_validate, draw, fit, report, scores

SCENE = scene_of(pictures.portrait().image, pictures.portrait().mesh, clothes([pictures.portrait().image]))


@pytest.mark.parametrize("kind", BEFORE)
def test_what_is_drawn_before_the_lips_hides_them(kind: str) -> None:
    shares = [covered(SCENE, kind, np.random.default_rng(seed))[1] for seed in range(6)]
    assert np.mean(shares) > 0.6 and max(shares) < 1.001


@pytest.mark.parametrize("kind", BESIDE)
def test_what_is_drawn_beside_the_lips_leaves_them(kind: str) -> None:
    assert np.mean([covered(SCENE, kind, np.random.default_rng(seed))[1] for seed in range(4)]) < 0.25


def test_drawings_repeat_by_their_generator() -> None:
    for kind in BEFORE:
        first, second = (covered(SCENE, kind, np.random.default_rng(5))[0] for _ in range(2))
        assert np.array_equal(first, second)


def test_changes_keep_size_and_type() -> None:
    rng = np.random.default_rng(0)
    for _ in range(3 * len(CHANGES)):
        picture = changed(SCENE.photo, rng)
        assert picture.shape == SCENE.photo.shape and picture.dtype == np.uint8


@pytest.mark.parametrize("kind", [*FAULTS, *HARMLESS])
def test_faults_are_pictures(kind: str) -> None:
    picture = {**FAULTS, **HARMLESS}[kind](SCENE)
    assert picture.ndim == 3 and picture.shape[2] == 3 and picture.dtype == np.uint8 and min(picture.shape[:2]) > 60


def patches(n: int) -> tuple[Floats, Mask]:
    """Noise, in every second patch a dark line where lips meet."""
    values = np.random.default_rng(1).normal(128, 6, (n, 45, 54)).astype(np.float32)
    is_covered = np.arange(n) % 2 == 0
    values[~is_covered, 18:21, 12:42] -= 60
    return values, is_covered


def test_edges_that_tell_are_learned() -> None:
    values, is_covered = patches(60)
    hidden = is_covered.astype(np.float32)
    drawings = Drawings(values, ["one", "two"] * 30, np.arange(60) // 2, hidden)
    said = cross_validate(drawings)
    assert ((said > 0) == is_covered).mean() > 0.95
    assert "refused" in report(drawings, said)
    assert np.allclose(scores(fit(values, is_covered), values[:, :, ::-1].copy()) > 0, is_covered)


def test_the_tracker_reads_every_drawing() -> None:
    drawings = draw([pictures.portrait()], pictures.tracker())
    assert drawings.patches.shape[1:] == (45, 54) and len(drawings.kinds) >= 15
    assert drawings.is_covered.sum() >= 8 and (drawings.hidden == 0).sum() >= 5


def test_the_embedded_classifier_knows_the_astronaut() -> None:
    cover = pictures.tracker().cover
    assert cover is not None
    assert cover.score(pictures.portrait().image, picture_points(pictures.portrait().mesh)) < 0
