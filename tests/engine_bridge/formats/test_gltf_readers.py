"""A clip on a rig before the Khronos validator, three.js and Babylon.js: no complaint, and the same weights.

They come from npm: ``npm install --prefix .tools/gltf gltf-validator three @babylonjs/core @babylonjs/loaders``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from engine_bridge.formats.glb import read_glb, write_glb
from engine_bridge.formats.gltf import animated
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.docs.pages import ROOT
from tests.support.clips import random_clip
from tests.support.rigs import rig_glb

MODULES = ROOT / ".tools" / "gltf"
SCRIPT = ROOT / "tests" / "tools" / "gltf_readers.mjs"
TILTED = (0.5, 0.5, -0.5, 0.5)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs importers of clips: Node.js")
@pytest.mark.skipif(
    not (MODULES / "node_modules" / "three").is_dir(), reason="needs importers of clips: three.js in .tools/gltf"
)
@pytest.mark.parametrize("rest", [(0, 0, 0, 1), TILTED])
def test_validator_and_web_engines_read_what_was_written(tmp_path: Path, rest: tuple[float, ...]) -> None:
    clip = random_clip(31)
    glb = animated(read_glb(rig_glb([f"Face.{name}" for name in ARKIT_NAMES], rest), "rig"), clip)
    (tmp_path / "clip.glb").write_bytes(write_glb(glb))
    times = [f"{time:.9f}" for time in clip.times_s[:30]]
    done = subprocess.run(
        ["node", str(SCRIPT), str(tmp_path / "clip.glb"), *times],
        cwd=MODULES,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["numErrors"], told["numWarnings"]) == (0, 0), told["messages"]
    assert clip.blendshapes is not None
    for reader in ("three", "babylon"):
        assert np.abs(np.array(told[reader]) - clip.blendshapes[:30]).max() < 1e-4, reader
