"""The editor script for Unreal, run against a stand-in of the ``unreal`` module."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path
from unittest.mock import MagicMock, create_autospec

import numpy as np
import pytest

from engine_bridge.adapters.live_link_face import NAMES
from engine_bridge.formats.live_link_csv import rows_of, write_csv
from engine_bridge.formats.options import FormatOptions
from tests.engine_bridge.unreal.unreal_program import ROOT
from tests.support.clips import speaking_clip


def add_curve(animation_sequence: object, curve_name: str, curve_type: object, meta_data_curve: bool) -> None:
    """As Epic documents ``AnimationLibrary.add_curve``."""


def add_float_curve_keys(animation_sequence: object, curve_name: str, times: list[float], values: list[float]) -> None:
    """As Epic documents ``AnimationLibrary.add_float_curve_keys``."""


class Unreal:
    """A stand-in of the module: it keeps what it was told."""

    def __init__(self) -> None:
        self.module = types.ModuleType("unreal")
        self.made: dict[str, MagicMock] = {}
        self.curves: dict[str, tuple[list[float], list[float]]] = {}
        self.saved: list[object] = []
        classes = (
            "AnimSequenceFactory AnimSequence LevelSequence LevelSequenceFactoryNew MovieSceneSkeletalAnimationTrack"
        )
        for name in (*classes.split(), "MovieSceneAudioTrack", "SkeletalMeshComponent", "RawCurveTrackTypes"):
            setattr(self.module, name, MagicMock(name=name))
        for name in ("FrameRate", "FrameNumber"):
            setattr(self.module, name, lambda *values: values)
        library = MagicMock()
        library.add_curve = create_autospec(add_curve)
        library.add_float_curve_keys = create_autospec(add_float_curve_keys, side_effect=self.keep)
        assets = MagicMock()
        assets.load_asset = lambda path: None if "None" in path else f"asset {path}"
        assets.save_loaded_asset = self.saved.append
        helpers = MagicMock()
        helpers.get_asset_tools.return_value.create_asset = self.create
        for name, value in (
            ("AnimationLibrary", library),
            ("EditorAssetLibrary", assets),
            ("AssetToolsHelpers", helpers),
        ):
            setattr(self.module, name, value)
        self.library = library

    def keep(self, _: object, curve_name: str, times: list[float], values: list[float]) -> None:
        self.curves[curve_name] = (times, values)

    def create(self, name: str, folder: str, kind: object, factory: object) -> MagicMock | None:
        if f"{folder}/{name}" in self.made:
            return None
        self.made[f"{folder}/{name}"] = MagicMock(name=name)
        return self.made[f"{folder}/{name}"]


@pytest.fixture
def unreal(monkeypatch: pytest.MonkeyPatch) -> Unreal:
    stand_in = Unreal()
    monkeypatch.setitem(sys.modules, "unreal", stand_in.module)
    return stand_in


@pytest.fixture
def script(unreal: Unreal) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("import_clip", ROOT / "import_clip.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def line(tmp_path: Path) -> Path:
    path = tmp_path / "hello.csv"
    with path.open("wb") as file:
        write_csv(speaking_clip(120), FormatOptions(), file)
    return path


def test_every_curve_of_the_app_becomes_one_with_a_key_a_frame(
    script: types.ModuleType, unreal: Unreal, line: Path
) -> None:
    animation, sequence = script.import_clip(str(line), "/Game/Lines", "/Game/Face_Skeleton")
    clip = speaking_clip(120)
    assert sequence is None and animation is unreal.made["/Game/Lines/hello"]
    assert set(unreal.curves) == set(NAMES)
    for place, name in enumerate(NAMES):
        times, values = unreal.curves[name]
        assert np.abs(np.array(values) - rows_of(clip)[:, place]).max() < 1e-6, name
        assert np.abs(np.array(times) - clip.times_s).max() < 1e-3 / 60
    controller = animation.get_editor_property.return_value
    controller.set_frame_rate.assert_called_once_with((60, 1))
    controller.set_number_of_frames.assert_called_once_with((119,))
    assert unreal.saved == [animation]


def test_curves_can_be_called_as_morph_targets(script: types.ModuleType, unreal: Unreal, line: Path) -> None:
    script.import_clip(str(line), "/Game/Lines", "/Game/Face_Skeleton", morph_names=True)
    assert {"jawOpen", "mouthSmileLeft"} <= set(unreal.curves)


def test_a_level_sequence_plays_face_and_sound(script: types.ModuleType, unreal: Unreal, line: Path) -> None:
    actor, body, face = MagicMock(), MagicMock(), MagicMock()
    body.get_name.return_value, face.get_name.return_value = "Body", "Face"
    actor.get_components_by_class.return_value = [body, face]
    animation, sequence = script.import_clip(
        str(line), "/Game/Lines", "/Game/Face_Skeleton", sound_path="/Game/Sounds/hello", actor=actor
    )
    sequence.add_possessable.assert_called_once_with(face)
    section = sequence.add_possessable.return_value.add_track.return_value.add_section.return_value
    section.set_range.assert_called_once_with(0, 119)
    section.get_editor_property.return_value.set_editor_property.assert_called_once_with("animation", animation)
    heard = sequence.add_track.return_value.add_section.return_value
    heard.set_sound.assert_called_once_with("asset /Game/Sounds/hello")
    assert unreal.saved == [animation, sequence]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no CSV"),
        ("Timecode,BlendshapeCount,JawOpen\n", "no CSV"),
        ("a,b\n1,2\n", "no CSV"),
        ("Timecode,BlendshapeCount,JawOpen\nsoon,1,0.5\n", "not HH:MM:SS:FF.mmm"),
    ],
)
def test_what_is_no_recording_is_refused(script: types.ModuleType, tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=reason):
        script.import_clip(str(path), "/Game/Lines", "/Game/Face_Skeleton")


def test_what_unreal_refuses_is_told(script: types.ModuleType, line: Path) -> None:
    with pytest.raises(ValueError, match="there is no asset"):
        script.import_clip(str(line), "/Game/Lines", "/Game/None")
    script.import_clip(str(line), "/Game/Lines", "/Game/Face_Skeleton")
    with pytest.raises(ValueError, match="is there one already"):
        script.import_clip(str(line), "/Game/Lines", "/Game/Face_Skeleton")
    faceless = MagicMock()
    faceless.get_components_by_class.return_value = []
    with pytest.raises(ValueError, match="no skeletal mesh"):
        script.import_clip(str(line), "/Game/More", "/Game/Face_Skeleton", actor=faceless)


def test_rows_without_a_face_are_passed_over(script: types.ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "gap.csv"
    path.write_text(
        "Timecode,BlendShapeCount,JawOpen\n00:00:01:00.000,1,0.5\n00:00:01:01.000,0\n00:00:01:02.500,1,0.25\n",
        encoding="utf-8",
    )
    times, curves = script.read_curves(str(path))
    assert times == pytest.approx([0, 2.5 / 60]) and curves == {"JawOpen": [0.5, 0.25]}
