"""Loads the Unity components over the stand-in of UnityEngine. Only for files that ``test_csharp.py`` starts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

import pytest

from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.engine_bridge.csharp import dotnet
from tests.engine_bridge.csharp.dotnet_loaded import Space, System

for assembly in (*dotnet.editor_assemblies(), dotnet.compile_unity_scenes()):
    import_module("clr").AddReference(str(assembly))

Scene = import_module("SpaceTests").Scene
LiveScene = import_module("SpaceTests").LiveScene
Bones = import_module("SpaceTests").Bones
ModelScene = import_module("SpaceTests").ModelScene
Object = Any
"""Objects of .NET, which have no types here."""


@pytest.fixture
def scene() -> Iterator[Object]:
    """An empty scene with a character; afterwards play mode ends, and no component may have raised anything."""
    made = Scene()
    yield made
    errors = list(Scene.Errors)
    Scene.Forget()
    assert errors == []


def texts(values: Sequence[str]) -> object:
    """Return a ``string[]``."""
    return System.Array[System.String](list(values))


def clip_file(rows: Sequence[Sequence[float]], fps: int = 30, nested: bool = True) -> bytes:
    """Return a baked clip as ``.json``: rows of weights in ARKit's order, the rest of each row 0."""
    full = [[*row, *[0.0] * (len(ARKIT_NAMES) - len(row))] for row in rows]
    return json.dumps(
        {
            "metadata": {"a": [1, {"b": 'c"\\d'}], "n": None},
            "fps": [fps, 1],
            "sample_rate": 16_000,
            "blendshape_names": ARKIT_NAMES,
            "times_s": [n / fps for n in range(len(rows))],
            "blendshapes": full if nested else [value for row in full for value in row],
            "head_rotation_rad": [[0.1, 0.2, 0.3]] * len(rows),
        }
    ).encode()


def jaw_ramp(seconds: float, fps: int = 30) -> list[list[float]]:
    """Rows in which ``jawOpen`` rises from 0 to 1."""
    n_frames = round(seconds * fps) + 1
    jaw = ARKIT_NAMES.index("jawOpen")
    return [[*[0.0] * jaw, n / (n_frames - 1)] for n in range(n_frames)]


def read_clip(data: bytes) -> Object:
    """Return the clip in a file's bytes."""
    return Space.FaceClip.Read(dotnet.byte_array(data))
