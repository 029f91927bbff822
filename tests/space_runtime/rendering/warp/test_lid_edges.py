"""Laws of the lids' edges: they go through their landmarks, what lies between goes along, nothing else moves."""

from __future__ import annotations

import numpy as np
import pytest

from space_runtime.animation.stages.features import N_FEATURES
from space_runtime.arrays import Floats
from space_runtime.emotion import N_EMOTIONS
from space_runtime.geometry import estimate_pose, remove_pose
from space_runtime.inference.network import load_network
from space_runtime.rendering.warp import latents
from space_runtime.rendering.warp.keypoints import keypoints_from_mesh, landmarks_from_keypoints
from space_runtime.rendering.warp.lid_edges import LANDMARKS, ROWS, SHARES, on_landmarks
from space_runtime.rig.shapes import LID_PAIRS
from tests.support import pictures

OTHERS = np.setdiff1d(np.arange(160), ROWS)
UPPER, LOWER = np.array(LID_PAIRS).reshape(-1, 2).T


def at_rest() -> Floats:
    return latents.resting_keypoints(pictures.portrait().mesh)


def blinking(landmarks: Floats, shut: float, upper_share: float) -> Floats:
    """Landmarks (78, 3) whose lids meet where ``shut`` is 1; the upper ones go that share of the way."""
    moved, way = landmarks.copy(), shut * (landmarks[LOWER] - landmarks[UPPER])
    moved[UPPER] += upper_share * way
    moved[LOWER] -= (1 - upper_share) * way
    return moved


def openings(keypoints: Floats) -> Floats:
    """(2, 7) heights between the lids of each eye, corners left out."""
    heights = keypoints[ROWS[::2, 1:-1], 1] - keypoints[ROWS[1::2, 1:-1], 1]
    return np.asarray(heights, np.float32)


def test_rest_stays_rest() -> None:
    assert np.array_equal(on_landmarks(at_rest(), landmarks_from_keypoints(at_rest())), at_rest())


@pytest.mark.parametrize("seed", range(3))
def test_edges_go_through_their_landmarks_and_all_else_stays(seed: int) -> None:
    wanted = landmarks_from_keypoints(at_rest())
    wanted += np.random.default_rng(seed).normal(0, 0.02, wanted.shape).astype(np.float32)
    held = on_landmarks(at_rest(), wanted)
    np.testing.assert_allclose(landmarks_from_keypoints(held)[LANDMARKS], wanted[LANDMARKS], atol=1e-6)
    assert np.array_equal(held[OTHERS], at_rest()[OTHERS])


def test_what_lies_between_landmarks_goes_along() -> None:
    np.testing.assert_allclose(SHARES.sum(1), 1)
    way = np.array([0.03, -0.02, 0.01], np.float32)
    held = on_landmarks(at_rest(), landmarks_from_keypoints(at_rest()) + way)
    np.testing.assert_allclose(held[ROWS], at_rest()[ROWS] + way, atol=1e-6)


@pytest.mark.parametrize("shut", [0.5, 0.8, 1.0])
@pytest.mark.parametrize("upper_share", [1.0, 0.7, 0.6])
@pytest.mark.parametrize("n_open", [0, 30])
def test_lids_are_as_far_open_as_told_whatever_came_before(shut: float, upper_share: float, n_open: int) -> None:
    network = load_network("landmarks2latents", pictures.MODELS / "landmarks2latents.onnx")
    portrait = pictures.portrait()
    own = landmarks_from_keypoints(keypoints_from_mesh(portrait.mesh))
    state, silence = latents.initial_state(network)[None], np.zeros((1, N_FEATURES), np.float32)
    emotion = np.zeros((1, N_EMOTIONS), np.float32)
    for face in [own] * n_open + [blinking(own, shut, upper_share)]:
        state, posed = latents.step(network, state, face[None], silence, at_rest()[None], emotion, [None])
    reached = remove_pose(posed[0], estimate_pose(landmarks_from_keypoints(posed[0])))
    left = openings(reached).mean() / openings(at_rest()).mean()
    assert abs(left - (1 - shut)) < 0.06
