"""The importer of ``.spaceclip`` on the stand-in of the editor: the clip, and its AnimationClip."""

from __future__ import annotations

from fractions import Fraction
from importlib import import_module
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine_bridge.formats.clip import Clip
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.spaceclip import write_spaceclip
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.engine_bridge.csharp.dotnet import as_floats
from tests.engine_bridge.csharp.dotnet_unity_loaded import Object, Scene, clip_file, jaw_ramp, texts
from tests.engine_bridge.csharp.dotnet_unity_loaded import scene as scene

EditorScene = import_module("SpaceTests").EditorScene
FPS = 30
JAW = ARKIT_NAMES.index("jawOpen")


def weights_of(n_frames: int, seed: int = 5) -> NDArray[np.float32]:
    """Weights that wander, with rests between: (n_frames, 52)."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(n_frames, len(ARKIT_NAMES)))
    smooth = np.apply_along_axis(lambda column: np.convolve(column, np.ones(5) / 5, "same"), 0, steps)
    weights: NDArray[np.float32] = np.clip(smooth, 0, 1).astype(np.float32)
    return weights


def spaceclip(path: Path, weights: NDArray[np.float32]) -> Path:
    """Write a ``.spaceclip``."""
    n_frames = len(weights)
    clip = Clip(
        name=path.stem,
        fps=Fraction(FPS),
        sample_rate=16_000,
        times_s=np.arange(n_frames) / FPS,
        blendshapes=weights,
        head_rotation_rad=np.full((n_frames, 3), 0.1, np.float32),
        head_translation=np.zeros((n_frames, 3), np.float32),
        eye_rotation_rad=np.zeros((n_frames, 2, 2), np.float32),
        landmarks=None,
        speech=np.ones(n_frames, np.float32),
        metadata={},
    )
    file = BytesIO()
    write_spaceclip(clip, FormatOptions(), file)
    path.write_bytes(file.getvalue())
    return path


def times(n_frames: int) -> list[float]:
    return [n / FPS for n in range(n_frames)]


@pytest.mark.parametrize(("tolerance", "off"), [(0.0, 1e-4), (0.002, 0.0021)])
def test_the_animation_is_the_clip(tmp_path: Path, tolerance: float, off: float) -> None:
    weights = weights_of(200)
    made = EditorScene()
    made.Set("tolerance", tolerance)
    assert made.Import(str(spaceclip(tmp_path / "hello.spaceclip", weights))) == ""
    assert list(made.Added) == ["clip", "animation"]
    assert (made.Main.name, made.Animation.name, made.Animation.frameRate) == ("hello", "hello", FPS)
    assert sorted(made.Bindings) == sorted(f":blendShape.{name}" for name in ARKIT_NAMES)
    for place, name in enumerate(ARKIT_NAMES):
        found = np.array(list(made.Values("", f"blendShape.{name}", times(200))))
        np.testing.assert_allclose(found, weights[:, place] * 100.0, atol=off * 100)
    print(f"MEASURED keys of 200 frames at tolerance {tolerance}: {made.KeyCount}")


@pytest.mark.parametrize("full", [1.0, 100.0])
def test_names_paths_and_full_weights_come_from_the_avatar(scene: Object, tmp_path: Path, full: float) -> None:
    scene.AddMesh("Face", texts(["JawOpen", "mouthSmile_L", "belly"]), full)
    scene.AddMesh("Teeth", texts(["Teeth.jawOpen"]), 100.0)
    made = EditorScene()
    made.Inspect(scene.Character)
    weights = weights_of(60)
    made.Import(str(spaceclip(tmp_path / "a.spaceclip", weights)))
    assert sorted(made.Bindings) == [
        "Face:blendShape.JawOpen",
        "Face:blendShape.mouthSmile_L",
        "Teeth:blendShape.Teeth.jawOpen",
    ]
    for path, name, scale in (("Face", "JawOpen", full), ("Teeth", "Teeth.jawOpen", 100.0)):
        found = np.array(list(made.Values(path, f"blendShape.{name}", times(60))))
        np.testing.assert_allclose(found, weights[:, JAW] * scale, atol=0.0021 * scale)


def test_a_shape_that_rests_has_one_key_and_tangents_stay_in_range(tmp_path: Path) -> None:
    weights = np.zeros((100, len(ARKIT_NAMES)), np.float32)
    weights[40:60, JAW] = 1.0
    made = EditorScene()
    made.Import(str(spaceclip(tmp_path / "a.spaceclip", weights)))
    assert made.KeyCount == (len(ARKIT_NAMES) - 1) + 6
    between = list(made.Values("", "blendShape.jawOpen", list(np.linspace(0, 99 / FPS, 1_000))))
    assert min(between) >= -1e-4
    assert max(between) <= 100.0001


def test_the_player_plays_what_the_importer_made(scene: Object, tmp_path: Path) -> None:
    weights = weights_of(60)
    made = EditorScene()
    made.Import(str(spaceclip(tmp_path / "a.spaceclip", weights)))
    scene.AddMesh("head", texts(["jawOpen"]), 100.0)
    player = scene.AddPlayer(False)
    scene.AddFace()
    player.Play(made.Main, None)
    Scene.Step(0.5, 2)
    assert player.Seconds == pytest.approx(1.0)
    assert scene.Weight(0, "jawOpen") == pytest.approx(weights[30, JAW] * 100, abs=1e-3)
    assert as_floats(player.Pose.HeadRotationRad) == pytest.approx([0.1] * 3)


def test_a_json_can_be_imported_too(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(clip_file(jaw_ramp(1.0)))
    made = EditorScene()
    assert made.Import(str(tmp_path / "a.json")) == ""
    assert made.Main.Seconds == pytest.approx(1.0)
    assert list(made.Values("", "blendShape.jawOpen", [0.5])) == [pytest.approx(50.0)]


def test_a_damaged_file_is_an_error_with_its_path(tmp_path: Path) -> None:
    path = spaceclip(tmp_path / "a.spaceclip", weights_of(10))
    path.write_bytes(path.read_bytes()[:-5])
    made = EditorScene()
    assert str(path) in made.Import(str(path))
    assert list(made.Added) == []


def test_the_animation_can_be_left_out(tmp_path: Path) -> None:
    made = EditorScene()
    made.Set("animationClip", False)
    made.Import(str(spaceclip(tmp_path / "a.spaceclip", weights_of(10))))
    assert list(made.Added) == ["clip"]
