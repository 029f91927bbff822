"""A clip on a rig before the Khronos validator, three.js and Babylon.js: no complaint, and the same weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine_bridge.formats.glb import read_glb, write_glb
from engine_bridge.formats.gltf import animated
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.docs.pages import ROOT
from tests.support.clips import random_clip
from tests.support.node import needs_web_engines, run_node
from tests.support.rigs import rig_glb
from tests.tools.install_web import FOLDER

SCRIPT = ROOT / "tests" / "tools" / "gltf_readers.mjs"
TILTED = (0.5, 0.5, -0.5, 0.5)


@needs_web_engines
@pytest.mark.parametrize("rest", [(0, 0, 0, 1), TILTED])
def test_validator_and_web_engines_read_what_was_written(tmp_path: Path, rest: tuple[float, ...]) -> None:
    clip = random_clip(31)
    glb = animated(read_glb(rig_glb([f"Face.{name}" for name in ARKIT_NAMES], rest), "rig"), clip)
    (tmp_path / "clip.glb").write_bytes(write_glb(glb))
    times = [f"{time:.9f}" for time in clip.times_s[:30]]
    told = run_node(SCRIPT, tmp_path / "clip.glb", *times, folder=FOLDER)
    assert isinstance(told, dict)
    assert (told["numErrors"], told["numWarnings"]) == (0, 0), told["messages"]
    assert clip.blendshapes is not None
    for reader in ("three", "babylon"):
        assert np.abs(np.array(told[reader]) - clip.blendshapes[:30]).max() < 1e-4, reader
