"""Laws of a rewritten Speech2Landmarks: same answers, whatever form its graph had before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (extra 'export')")
pytest.importorskip("onnxscript", reason="needs onnxscript (extra 'export')")

import onnx
from onnx import numpy_helper

from export.regraph import regraph
from space_runtime.bundle import EMBEDDED
from space_runtime.ort import load_network

SHIPPED = EMBEDDED / "speech2landmarks.onnx"


def test_the_shipped_network_has_its_final_form(tmp_path: Path) -> None:
    again = tmp_path / "again.onnx"
    assert regraph(SHIPPED, again) == 0
    assert load_network("again", again).outputs == load_network("shipped", SHIPPED).outputs
    assert again.stat().st_size == SHIPPED.stat().st_size


def test_another_face_is_refused(tmp_path: Path) -> None:
    """A graph whose constants are not those that it computes with is not rewritten."""
    model = onnx.load(SHIPPED)
    (openings,) = (value for value in model.graph.initializer if value.name == "face.height_limit")
    openings.CopyFrom(numpy_helper.from_array(np.ones_like(numpy_helper.to_array(openings)), openings.name))
    broken = tmp_path / "broken.onnx"
    onnx.save(model, broken)
    with pytest.raises(ValueError, match="differs"):
        regraph(broken, tmp_path / "again.onnx")
    assert not (tmp_path / "again.onnx").exists()
