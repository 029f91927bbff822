"""A pose on a rig: names matched as in Python and C#, weights and bones in three.js and Babylon.js."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from engine_bridge.formats.axes import product, quaternions
from engine_bridge.formats.rig_map import match_names
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.docs.pages import ROOT
from tests.support.node import needs_node, needs_web_engines, run_node
from tests.support.rigs import rig_glb
from tests.tools.install_web import FOLDER

HERE: Final = Path(__file__).parent
TILTED: Final = (0.5, 0.5, -0.5, 0.5)
SPELLINGS: Final[tuple[list[str], ...]] = (
    [f"Face.{name}" for name in ARKIT_NAMES],
    [name.upper() for name in ARKIT_NAMES],
    [re.sub("Left$", "_L", re.sub("Right$", "_R", name)) for name in ARKIT_NAMES],
    ["JawOpen", "jawOpen", "viseme_aa", "Basis"],
    [],
)
PRESETS_CS: Final = ROOT / "engine_bridge/csharp/com.spaceruntime.face/Runtime/Core/Rig/RigPresets.cs"
IN_CSHARP: Final = {"reallusion": "Reallusion", "metahuman": "MetaHuman", "oculus": "OculusVisemes", "vrm0": "Vrm0"}


def asked(**cases: object) -> dict[str, object]:
    told = run_node(HERE / "rig_names.mjs", json.dumps({"matches": [], "best": [], "bones": [], **cases}))
    assert isinstance(told, dict)
    return told


@needs_node
def test_names_are_matched_as_in_python() -> None:
    found = asked(matches=[[ARKIT_NAMES, targets] for targets in SPELLINGS])["matches"]
    assert isinstance(found, list)
    for targets, matched in zip(SPELLINGS, found, strict=True):
        assert matched == {match.name: match.target for match in match_names(ARKIT_NAMES, targets).matches}


@needs_node
def test_presets_are_those_of_the_unity_package() -> None:
    told = asked(best=[["Jaw_Open", "Mouth_Smile_L"], ["viseme_aa", "viseme_O"], ["aa", "blinkLeft"], [], SPELLINGS[0]])
    assert told["best"] == ["reallusion", "oculus", "vrm1", "arkit", "arkit"]
    assert isinstance(told["presets"], dict)
    source = PRESETS_CS.read_text(encoding="utf-8")
    for preset, name in {**IN_CSHARP, "vrm1": "Vrm1"}.items():
        table = re.search(rf'RigPreset\.{name}\] = @"(.*?)"', source, re.DOTALL)
        assert table
        found = [(row["source"], row["target"], row["gain"]) for row in told["presets"][preset]]
        assert found == [row for word in table[1].split() for row in rows_of(word)], preset


def rows_of(word: str) -> list[tuple[str, str, float]]:
    """Return source, target and gain of a word of the tables, for each side."""
    sides = [("Left", "L"), ("Right", "R")] if "#" in word else [("", "")]
    written = [word.replace("#", long).replace("%", short) for long, short in sides]
    parts = [re.split("[=*]", each) for each in written]
    return [(source, target, float(gain[0]) if gain else 1.0) for source, target, *gain in parts]


@needs_node
def test_bones_are_found_by_the_names_of_avatars() -> None:
    nodes = [["Root", "mixamorig:Head", "Neck", "LeftEye", "RightEye"], ["CC_Base_Head", "CC_Base_L_Eye"], ["Body"]]
    assert asked(bones=nodes)["bones"] == [
        {"head": 1, "neck": 2, "leftEye": 3, "rightEye": 4},
        {"head": 0, "neck": -1, "leftEye": 1, "rightEye": -1},
        {"head": -1, "neck": -1, "leftEye": -1, "rightEye": -1},
    ]


@needs_web_engines
@pytest.mark.parametrize("rest", [(0, 0, 0, 1), TILTED])
def test_three_and_babylon_show_a_pose(tmp_path: Path, rest: tuple[float, ...]) -> None:
    path = tmp_path / "rig.glb"
    path.write_bytes(rig_glb([*(f"Face.{name}" for name in ARKIT_NAMES), "own"], rest))
    weights = np.linspace(0, 1, 52)
    pose = {
        "blendshapes": weights.tolist(),
        "headRotationRad": [0.4, -0.2, 0.1],
        "eyeRotationRad": [0.1, 0.2, -0.1, 0.05],
    }
    told = run_node(HERE / "rig_pose.mjs", path, json.dumps(pose), folder=FOLDER)
    assert isinstance(told, dict)
    assert told["report"]["undriven"] == ["own"] and told["report"]["missing"] == []
    assert told["report"]["bones"] == ["head", "leftEye", "rightEye"]
    head = turned(0.4, -0.2, 0.1)
    expected = {
        "Head": product(head, np.array(rest)),
        "LeftEye": product(product(head, turned(0.1, 0.2)), np.array(rest)),
        "RightEye": product(product(head, turned(-0.1, 0.05)), np.array(rest)),
    }
    for engine in ("three", "babylon"):
        assert told[engine]["weights"].pop("own") == 0
        assert list(told[engine]["weights"].values()) == pytest.approx(weights, abs=1e-6)
        for bone, found in told[engine]["bones"].items():
            assert abs(np.dot(found, expected[bone].ravel())) == pytest.approx(1, abs=1e-6), (engine, bone)


def turned(yaw: float, pitch: float, roll: float = 0.0) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return our rotation, x y z w, as Python's formats write it."""
    return quaternions(*(np.array([angle]) for angle in (yaw, pitch, roll)))
