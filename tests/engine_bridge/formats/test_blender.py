"""Blender reads what was written: the animation of a GLB, and the keys that the script inserts.

It comes from PyPI (``bpy``) into an environment of its own, ``.tools/blender``, made by ``python3.11 -m venv``.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from engine_bridge.formats.blender_script import write_blender
from engine_bridge.formats.glb import read_glb, write_glb
from engine_bridge.formats.gltf import animated
from engine_bridge.formats.keys import Tolerance
from engine_bridge.formats.options import FormatOptions
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.docs.pages import ROOT
from tests.support.clips import random_clip
from tests.support.rigs import rig_glb

PYTHON = ROOT / ".tools" / "blender" / "bin" / "python"


@pytest.mark.skipif(not PYTHON.exists(), reason="needs importers of clips: Blender (bpy) in .tools/blender")
def test_blender_reads_the_weights_back(tmp_path: Path) -> None:
    clip, rig = random_clip(31), rig_glb([f"Face.{name}" for name in ARKIT_NAMES])
    files = [tmp_path / name for name in ("clip.glb", "rig.glb", "hello.blender.py")]
    files[0].write_bytes(write_glb(animated(read_glb(rig, "rig"), clip)))
    files[1].write_bytes(rig)
    with files[2].open("wb") as file:
        write_blender(clip, FormatOptions(tolerance=Tolerance(0, 0)), file)
    reader = ROOT / "tests" / "tools" / "blender_reader.py"
    done = subprocess.run([PYTHON, reader, *files, "31"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    for way in ("glb", "script"):
        assert np.abs(np.array(told[way]) - clip.blendshapes).max() < 1e-6, way
