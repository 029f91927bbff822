"""``SpaceHead`` on bones with axes of their own: handedness, the neck's share, an Animator beside it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine_bridge.adapters.vmc import unity_rotation
from tests.engine_bridge.csharp.dotnet import byte_array
from tests.engine_bridge.csharp.dotnet_unity_loaded import Bones, Object, Scene, clip_file, jaw_ramp
from tests.engine_bridge.csharp.dotnet_unity_loaded import scene as scene

YAW, PITCH, ROLL = 0.1, 0.2, 0.3
"""The head of `clip_file`."""


def turned_by_hand(yaw: float, pitch: float, roll: float, point: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return ``Ry(yaw) · Rx(pitch) · Rz(roll)`` times a point."""
    (sy, cy), (sx, cx), (sz, cz) = ((np.sin(angle), np.cos(angle)) for angle in (yaw, pitch, roll))
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    turned: NDArray[np.float64] = about_y @ about_x @ about_z @ np.array(point)
    return turned


@pytest.mark.parametrize("angles", [(0.3, 0, 0), (0, 0.4, 0), (0, 0, -0.5), (0.3, -0.4, 0.5)])
def test_a_rotation_means_the_same_in_both_handednesses(angles: tuple[float, float, float]) -> None:
    for point in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.2, -0.3, 0.9)):
        np.testing.assert_allclose(list(Bones.Axes(*angles, *point)), turned_by_hand(*angles, point), atol=1e-6)


def test_a_gaze_is_told_in_our_angles() -> None:
    left_and_down = list(Bones.GazeTo(-1.0, -1.0, 1.0))  # the character's left is Unity's -x
    np.testing.assert_allclose(left_and_down, [np.pi / 4, np.arctan(1 / np.sqrt(2))], atol=1e-6)


def shown(scene: Object, share: float = 0.4) -> tuple[Object, dict[str, list[float]]]:
    """A skeleton that has seen two frames of a clip, and how its bones lay at rest."""
    bones = Bones(scene.Character)
    bones.Turner.NeckShare = share
    rest = {name: list(bones.InCharacter(getattr(bones, name))) for name in ("Head", "Neck", "LeftEye")}
    player = scene.AddPlayer(False)
    bones.Turner.Source = player
    player.Play(Scene.File(byte_array(clip_file(jaw_ramp(4.0)))), None)
    Scene.Step(1 / 60, 2)
    return bones, rest


def test_the_head_turns_in_the_frame_of_the_character(scene: Object) -> None:
    bones, rest = shown(scene, share=0.0)
    expected = unity_rotation(YAW, PITCH, ROLL)
    np.testing.assert_allclose(list(bones.Turned(bones.Head, rest["Head"])), expected, atol=1e-5)
    np.testing.assert_allclose(list(bones.Turned(bones.LeftEye, rest["LeftEye"])), expected, atol=1e-5)
    np.testing.assert_allclose(list(bones.Turned(bones.Neck, rest["Neck"])), (0, 0, 0, 1), atol=1e-5)


def test_the_neck_takes_its_share_and_the_head_the_rest(scene: Object) -> None:
    bones, rest = shown(scene)
    np.testing.assert_allclose(
        list(bones.Turned(bones.Neck, rest["Neck"])), unity_rotation(0.4 * YAW, 0.4 * PITCH, 0.4 * ROLL), atol=1e-5
    )
    together = np.array(list(bones.Turned(bones.Head, rest["Head"])))
    assert abs(together @ unity_rotation(YAW, PITCH, ROLL)) > 0.9999


def test_frames_do_not_add_up_and_an_animator_is_kept(scene: Object) -> None:
    bones, rest = shown(scene, share=0.0)
    before = list(bones.Turned(bones.Head, rest["Head"]))
    Scene.Step(1 / 60, 60)
    np.testing.assert_allclose(list(bones.Turned(bones.Head, rest["Head"])), before, atol=1e-5)
    bones.Animate(bones.Neck, 0.7)
    animated = list(bones.InCharacter(bones.Neck))
    for _ in range(3):
        bones.Animate(bones.Neck, 0.7)
        Scene.Step(1 / 60)
        np.testing.assert_allclose(list(bones.InCharacter(bones.Neck)), animated, atol=1e-5)


def test_a_disabled_head_goes_back_to_rest(scene: Object) -> None:
    bones, rest = shown(scene)
    bones.Turner.enabled = False
    for name in ("Head", "Neck", "LeftEye"):
        np.testing.assert_allclose(list(bones.Turned(getattr(bones, name), rest[name])), (0, 0, 0, 1), atol=1e-5)
    assert Scene.Garbage(100, 1 / 60) == 0
