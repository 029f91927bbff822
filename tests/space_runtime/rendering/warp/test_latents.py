"""Laws of Landmarks2Latents: rest stays rest, the head's pose passes through, one step is one step."""

from __future__ import annotations

import numpy as np
import pytest

from space_runtime.animation.stages.features import N_FEATURES
from space_runtime.arrays import Floats
from space_runtime.emotion import N_EMOTIONS
from space_runtime.geometry import HeadPose, apply_pose, normalise
from space_runtime.inference.network import Network, load_network
from space_runtime.portrait.portrait import Portrait
from space_runtime.rendering.warp import latents
from space_runtime.rendering.warp.keypoints import KEYPOINTS, N_KEYPOINTS, keypoints_from_mesh, landmarks_from_keypoints
from tests.support import pictures

SILENCE = np.zeros(N_FEATURES, np.float32)
NEUTRAL = np.zeros(N_EMOTIONS, np.float32)


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network("landmarks2latents", pictures.MODELS / "landmarks2latents.onnx")


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return pictures.portrait()


def driven(
    network: Network, portrait: Portrait, landmarks: Floats, features: Floats = SILENCE, emotion: Floats = NEUTRAL
) -> Floats:
    """Keypoints of one step from a fresh state."""
    at_rest = latents.resting_keypoints(portrait.mesh)
    return step(network, latents.initial_state(network), landmarks, at_rest, features, emotion)[1]


def step(
    network: Network,
    state: Floats,
    landmarks: Floats,
    at_rest: Floats,
    features: Floats = SILENCE,
    emotion: Floats = NEUTRAL,
) -> tuple[Floats, Floats]:
    """State and keypoints of one frame of one stream."""
    after, keypoints = latents.step(
        network, state[None], landmarks[None], features[None], at_rest[None], emotion[None], [None]
    )
    return after[0], keypoints[0]


def test_keypoints_hold_all_landmarks(portrait: Portrait) -> None:
    assert len(set(KEYPOINTS)) == N_KEYPOINTS
    known = landmarks_from_keypoints(keypoints_from_mesh(portrait.mesh))
    irises = [68, 73]  # the centres are the means of their rims, the tracker's own centres differ a little
    rest = np.setdiff1d(np.arange(78), irises)
    assert np.array_equal(known[rest], portrait.landmarks[rest])
    assert np.abs(known - portrait.landmarks).max() < 0.02 * portrait.pose.scale


@pytest.mark.parametrize("loudness", [0.0, 3.0])
def test_own_landmarks_give_own_keypoints_whatever_is_heard(
    network: Network, portrait: Portrait, loudness: float
) -> None:
    own = keypoints_from_mesh(portrait.mesh)
    keypoints = driven(network, portrait, landmarks_from_keypoints(own), SILENCE + np.float32(loudness))
    np.testing.assert_allclose(keypoints, own, atol=0.02)


def test_the_head_s_pose_passes_through(network: Network, portrait: Portrait) -> None:
    normalised, _ = normalise(portrait.landmarks)
    normalised[[8, 57, 66], 1] -= 0.1
    poses = [
        HeadPose(np.array(turn, np.float32), portrait.pose.translation, portrait.pose.scale)
        for turn in ([0, 0, 0], [0.25, -0.1, 0.1])
    ]
    still, turned = (driven(network, portrait, apply_pose(normalised, pose)) for pose in poses)
    np.testing.assert_allclose(
        normalise(landmarks_from_keypoints(still))[0], normalise(landmarks_from_keypoints(turned))[0], atol=1e-3
    )


def test_keypoints_follow_their_landmarks(network: Network, portrait: Portrait) -> None:
    wanted = portrait.landmarks.copy()
    drop = 0.08 * portrait.pose.scale
    wanted[[7, 8, 9, 55, 56, 57, 58, 59, 65, 66, 67], 1] -= drop
    reached = landmarks_from_keypoints(driven(network, portrait, wanted))
    mouth = slice(48, 68)
    assert np.abs(reached - wanted)[mouth].max() < 0.5 * drop
    assert np.abs(reached - wanted)[mouth].mean() < 0.12 * drop


def test_a_step_is_pure_and_its_state_matters_not_to_the_input(network: Network, portrait: Portrait) -> None:
    at_rest = latents.resting_keypoints(portrait.mesh)
    landmarks = portrait.landmarks + np.float32(1.5)
    landmarks[57] -= 5
    state = latents.initial_state(network)
    before = state.copy()
    first = step(network, state, landmarks, at_rest)
    again = step(network, state, landmarks, at_rest)
    assert np.array_equal(state, before)
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], state)


def test_interleaved_streams_equal_separate_ones(network: Network, portrait: Portrait) -> None:
    at_rest = latents.resting_keypoints(portrait.mesh)
    rng = np.random.default_rng(0)
    streams = portrait.landmarks + rng.normal(0, 2, (2, 5, 78, 3)).astype(np.float32)

    def alone(frames: Floats) -> list[Floats]:
        state, out = latents.initial_state(network), []
        for landmarks in frames:
            state, keypoints = step(network, state, landmarks, at_rest)
            out.append(keypoints)
        return out

    states, mixed = [latents.initial_state(network)] * 2, [[], []]  # type: ignore[var-annotated]
    for n in range(5):
        for which in (0, 1):
            states[which], keypoints = step(network, states[which], streams[which, n], at_rest)
            mixed[which].append(keypoints)
    for which in (0, 1):
        assert all(np.array_equal(a, b) for a, b in zip(alone(streams[which]), mixed[which], strict=True))
