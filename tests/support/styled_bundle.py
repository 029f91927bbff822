"""Bundles whose Speech2Landmarks has styles and a tongue, or has neither, made of the shipped network.

What the first adds is arithmetic, so that tests know what to expect of it, whatever the shipped one has learned.
Effort, the first number of a style's code, widens the mouth's motion or takes it back; the others lift the face. The
tongue follows two features of the sound, also in silence, where the runtime has to keep it at rest.
"""

from __future__ import annotations

import atexit
import shutil
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from space_runtime.animation.stages.features import N_FEATURES
from space_runtime.animation.stages.landmarks import N_TONGUE
from space_runtime.inference.bundle import EMBEDDED, Bundle, load_bundle
from space_runtime.inference.manifest import Tensor, read_manifest, sha256_of, write_manifest
from space_runtime.style import N_CODE

EFFORT = 0.5
"""Share by which full effort widens motion."""
FILE = "speech2landmarks.onnx"

_FOLDERS = ExitStack()
atexit.register(_FOLDERS.close)


@cache
def styled_bundle() -> Bundle:
    """Return the bundle with styles and a tongue, written once a process."""
    folder = Path(_FOLDERS.enter_context(TemporaryDirectory(prefix="styled")))
    shutil.copytree(plain_bundle().folder, folder, dirs_exist_ok=True)
    _add_styles(folder / FILE)
    _describe(folder, added=True)
    return load_bundle(folder)


@cache
def plain_bundle() -> Bundle:
    """Return a bundle without them: the shipped one, or a copy that always speaks as the mean of all people."""
    if "style" not in load_bundle().network("speech2landmarks").inputs:
        return load_bundle()
    folder = Path(_FOLDERS.enter_context(TemporaryDirectory(prefix="plain")))
    shutil.copytree(EMBEDDED, folder, dirs_exist_ok=True)
    take_styles(folder / FILE)
    _describe(folder, added=False)
    return load_bundle(folder)


def take_styles(path: Path) -> None:
    """Rewrite a network in place as one that hears no style, which is 0, and says nothing of a tongue."""
    import onnx  # of the trainer's packages, which not every installation has
    from onnx import helper, numpy_helper

    model = onnx.load(path)
    graph = model.graph
    graph.input.remove(next(value for value in graph.input if value.name == "style"))
    graph.output.remove(next(value for value in graph.output if value.name == "tongue"))
    style, tongue, nothing = (f"{name}_{len(graph.node)}" for name in ("style", "tongue", "nothing"))
    _rename(graph, {"style": style, "tongue": tongue})
    graph.initializer.append(numpy_helper.from_array(np.zeros((N_FEATURES, N_CODE), np.float32), nothing))
    graph.node.insert(0, helper.make_node("MatMul", ["features", nothing], [style]))
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _rename(graph: Any, names: dict[str, str]) -> None:
    """Give values of a graph and of those within it other names, in place."""
    for node in graph.node:
        for values in (node.input, node.output):
            values[:] = [names.get(name, name) for name in values]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename(attribute.g, names)


def _add_styles(path: Path) -> None:
    """Rewrite the network in place."""
    import onnx  # of the trainer's packages, which not every installation has
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(path)
    graph = model.graph
    for node in graph.node:
        node.output[:] = ["plain" if name == "landmarks" else name for name in node.output]
    constants: dict[str, NDArray[np.generic]] = {
        "effort": np.array([[EFFORT], [0], [0], [0]], np.float32),
        "lift": np.array([[0, 0, 0], [0, 0.01, 0], [0, 0.02, 0], [0, 0.03, 0]], np.float32),
        "one": np.ones(1, np.float32),
        "zero": np.zeros((), np.float32),
        "full": np.ones((), np.float32),
        "axis": np.array([1], np.int64),
        "heard": np.array([10, 30], np.int64),
    }
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    graph.node.extend(
        [
            helper.make_node("Sub", ["plain", "neutral"], ["moved"]),
            helper.make_node("MatMul", ["style", "effort"], ["more"]),
            helper.make_node("Add", ["more", "one"], ["factor"]),
            helper.make_node("Unsqueeze", ["factor", "axis"], ["factors"]),
            helper.make_node("Mul", ["moved", "factors"], ["wider"]),
            helper.make_node("MatMul", ["style", "lift"], ["lifted"]),
            helper.make_node("Mul", ["lifted", "speech"], ["spoken"]),
            helper.make_node("Unsqueeze", ["spoken", "axis"], ["shift"]),
            helper.make_node("Add", ["wider", "shift"], ["styled"]),
            helper.make_node("Add", ["neutral", "styled"], ["landmarks"]),
            helper.make_node("Gather", ["features", "heard"], ["bands"], axis=1),
            helper.make_node("Clip", ["bands", "zero", "full"], ["tongue"]),
        ]
    )
    graph.input.append(helper.make_tensor_value_info("style", TensorProto.FLOAT, ["batch", 4]))
    graph.output.append(helper.make_tensor_value_info("tongue", TensorProto.FLOAT, ["batch", 2]))
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _describe(folder: Path, added: bool) -> None:
    """Make the manifest say what lies there: style and tongue, or neither."""
    manifest, file = read_manifest(folder), folder / FILE
    entry = manifest.entry("speech2landmarks")
    inputs, outputs = (
        tuple(tensor for tensor in tensors if tensor.name not in ("style", "tongue"))
        for tensors in (entry.inputs, entry.outputs)
    )
    if added:
        inputs = (*inputs, Tensor("style", ("batch", N_CODE), "float32"))
        outputs = (*outputs, Tensor("tongue", ("batch", N_TONGUE), "float32"))
    made = replace(entry, inputs=inputs, outputs=outputs, sha256=sha256_of(file), n_bytes=file.stat().st_size)
    entries = tuple(made if each is entry else each for each in manifest.entries)
    write_manifest(replace(manifest, entries=entries), folder)
