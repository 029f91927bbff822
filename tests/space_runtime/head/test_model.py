"""The face model's file: its parts, curves and tracker's points fit together; matrices spread what they should."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from space_runtime.head import model as model_room
from space_runtime.head.model import N_TRACKED, FaceModel, Part
from space_runtime.head.spread import load_spreads
from space_runtime.head.surface import harmonic, surface


def test_parts_follow_one_another_and_hold_every_vertex(model: FaceModel) -> None:
    ends = [0, *(part.stop for part in model.parts.values())]
    assert [part.start for part in model.parts.values()] == ends[:-1] and ends[-1] == len(model.neutral)
    assert model.faces.max() == len(model.neutral) - 1 and model.face_uv.max() < len(model.uv)


def test_left_is_the_subjects_left(model: FaceModel) -> None:
    assert model.neutral[model.parts[Part.LEFT_EYE], 0].min() > 0
    assert model.neutral[model.curves["left_upper_lid"], 0].min() > 0
    assert model.neutral[model.parts[Part.RIGHT_LASHES], 0].max() < 0


def test_curves_run_from_the_pictures_left_to_its_right_and_share_their_corners(model: FaceModel) -> None:
    for name in ("left_upper_lid", "right_upper_lid", "upper_lip"):
        upper, lower = model.curves[name], model.curves[name.replace("upper", "lower")]
        assert (upper[0], upper[-1]) == (lower[0], lower[-1])
        assert model.neutral[upper[0], 0] < model.neutral[upper[-1], 0]


def test_sides_are_alike(model: FaceModel) -> None:
    left, right = model.expression("mouthSmile_L"), model.expression("mouthSmile_R")
    assert np.abs(left[:, 0]).sum() == pytest.approx(np.abs(right[:, 0]).sum(), rel=1e-3)


def test_tracker_points_are_weighted_means(model: FaceModel) -> None:
    assert np.allclose(model.tracker.weights[:N_TRACKED].sum(1), 1, atol=1e-6)
    assert (model.tracker.weights >= 0).all() and not model.tracker.weights[N_TRACKED:].any()
    assert model.tracker.on(model.neutral).shape == (N_TRACKED, 3)


def test_the_files_are_small_and_name_their_licence() -> None:
    folder = Path(model_room.__file__).parent
    assert sum(path.stat().st_size for path in folder.glob("*.npz")) < 6_000_000
    text = (folder / "LICENCE.txt").read_text(encoding="utf-8")
    assert all(path.name in text for path in folder.glob("*.npz")) and "USC Institute for Creative Technologies" in text


def test_edges_spread_to_where_they_are_and_not_to_other_edges(model: FaceModel) -> None:
    spreads, lip = load_spreads(), np.unique(model.curves["upper_lip"])
    moved = spreads.from_edges(lip, np.ones((len(lip), 3)))
    assert np.abs(moved[lip] - 1).max() < 0.05
    assert np.abs(moved[model.curves["left_upper_lid"]]).max() < 0.05


def test_smooth_values_are_near_what_is_known_and_constant_where_it_is() -> None:
    corner = np.arange(20 * 20).reshape(20, 20)
    quads = np.stack([corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]], -1).reshape(-1, 4)
    mesh = surface(quads, corner.size)
    weights = (np.arange(corner.size) % 7 == 0).astype(np.float64)
    assert np.allclose(harmonic(mesh, weights, np.full((corner.size, 2), 3.0)), 3, atol=1e-3)
    known = np.linspace(0, 1, corner.size)[:, None]
    assert np.abs(harmonic(mesh, weights * 1e4, known) - known)[weights > 0].max() < 1e-2
