"""Laws of the landmark geometry."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from space_runtime.geometry import (
    MIRROR_68,
    RIGID,
    HeadPose,
    apply_pose,
    estimate_pose,
    estimate_poses,
    euler_angles,
    normalise,
    remove_pose,
    rotation_matrix,
)
from space_runtime.inference.bundle import load_bundle
from space_runtime.rig.rig import Rig

FACE = Rig.from_arrays(load_bundle().arrays("rig")).neutral
ANGLE = st.floats(-1.2, 1.2)
POSES = st.builds(
    lambda y, p, r, x, s: HeadPose(np.array([y, p, r], np.float32), np.array([x, -x, 2 * x], np.float32), s),
    ANGLE, ANGLE, ANGLE, st.floats(-500, 500), st.floats(0.1, 300),
)  # fmt: skip


@given(POSES)
def test_angles_survive_the_matrix(pose: HeadPose) -> None:
    matrix = rotation_matrix(pose.rotation_rad)
    assert np.allclose(euler_angles(matrix), pose.rotation_rad, atol=1e-5)
    assert np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-5)


@given(POSES)
def test_pose_put_on_comes_off(pose: HeadPose) -> None:
    tolerance = 1e-4 * max(1.0, float(np.abs(pose.translation).max()) / pose.scale)
    assert np.allclose(remove_pose(apply_pose(FACE, pose), pose), FACE, atol=tolerance)


@given(POSES)
def test_normalised_landmarks_do_not_know_the_pose(pose: HeadPose) -> None:
    tolerance = 1e-4 * max(1.0, float(np.abs(pose.translation).max()) / pose.scale)
    assert np.allclose(normalise(apply_pose(FACE, pose))[0], normalise(FACE)[0], atol=tolerance)


def test_poses_of_many_faces_are_bit_for_bit_those_of_each() -> None:
    rng = np.random.default_rng(0)
    faces = rng.normal(0, 0.5, (50, 78, 3)).astype(np.float32) * np.float32(140) + np.float32(256)
    for pose, face in zip(estimate_poses(faces), faces, strict=True):
        alone = estimate_pose(face)
        assert np.array_equal(pose.rotation_rad, alone.rotation_rad) and pose.scale == alone.scale
        assert np.array_equal(pose.translation, alone.translation)


def test_the_mouth_never_takes_part_in_the_alignment() -> None:
    talking = FACE.copy()
    talking[48:68, 1] -= 0.3
    talking[0:17, 1] -= 0.3
    assert np.array_equal(normalise(talking)[1].rotation_rad, normalise(FACE)[1].rotation_rad)
    assert not set(RIGID) & set(range(48, 68))


def test_mirroring_twice_is_nothing() -> None:
    mirror = np.array(MIRROR_68)
    assert np.array_equal(mirror[mirror], np.arange(68))
