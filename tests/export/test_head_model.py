"""The face model's files come from ICT-FaceKit as they are stored; points find their places on a surface."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from export.head.correspondence import correspondence
from export.head.face_asset import face_asset, sides_alike
from export.head.report import report
from export.head.spreads import edge_spread
from space_runtime.geometry import remove_pose
from space_runtime.head.model import MODEL, N_TRACKED, load_model
from space_runtime.head.spread import load_spreads
from tests.support.pictures import portrait

FACE_MODEL = Path(os.environ.get("SPACE_DATA", "../shared/data")) / "face_model" / "ict_facekit.npz"


@pytest.mark.skipif(not FACE_MODEL.exists(), reason="needs the training data")
def test_the_stored_model_is_what_the_data_make() -> None:
    with np.load(FACE_MODEL) as ict, np.load(MODEL) as stored:
        made = face_asset(dict(ict))
        assert set(made) == set(stored)
        for name, array in made.items():
            assert np.array_equal(array, stored[name]), name


def test_the_stored_spread_of_edges_is_what_the_model_makes() -> None:
    edges, spread = edge_spread(load_model())
    stored = load_spreads()
    assert np.array_equal(edges, stored.edge_vertices) and np.abs(spread - stored.edges).max() < 6e-4


def test_twins_are_averaged_with_their_mirror_images() -> None:
    neutral = np.array([[1.0, 0, 0], [-1.0, 0, 0]])
    left, right = np.array([[0.2, 1, 0], [0, 0, 0]]), np.array([[0, 0, 0], [0, 3.0, 0]])
    alike = sides_alike(neutral, np.stack([left, right]), ["smile_L", "smile_R"])
    wanted = np.array([[[0.1, 2, 0], [0, 0, 0]], [[0, 0, 0], [-0.1, 2, 0]]])
    assert np.allclose(alike, wanted)


def test_the_points_of_one_face_find_places_near_those_stored() -> None:
    model, face = load_model(), portrait()
    vertices, weights = correspondence(model, remove_pose(face.mesh, face.pose).astype(np.float64))
    assert np.allclose(weights[:N_TRACKED].sum(1), 1) and not weights[N_TRACKED:].any()
    found = (model.neutral[vertices[:N_TRACKED]] * weights[:N_TRACKED, :, None]).sum(1)
    away = np.linalg.norm(found - model.tracker.on(model.neutral), axis=1)
    assert np.median(away) < 0.5


def test_the_report_tells_what_is_left() -> None:
    text = report(load_model(), [portrait()])
    assert text.startswith("1 portraits; ") and "gap of lips" in text
