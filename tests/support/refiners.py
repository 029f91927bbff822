"""Refiners of mouths whose change is arithmetic, so that tests know what a picture must be; written as bundles."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from space_runtime.inference.bundle import REFINER
from space_runtime.inference.manifest import Entry, Manifest, Setting, Tensor, sha256_of, write_manifest
from space_runtime.rendering.refiner import REVISION, SIDE

SQUARE = (3, SIDE, SIDE)


def write_refiner(
    folder: Path,
    change: tuple[float, float, float] = (0.0, 0.0, 0.0),
    shape: tuple[int, int, int] = SQUARE,
    settings: dict[str, Setting] | None = None,
) -> Path:
    """Write a refiner that adds a colour everywhere, in units of the full range, and return its folder.

    shape: of its tensors without the batch. settings: of its manifest.
    """
    import onnx  # of the trainer's packages, which not every installation has
    from onnx import TensorProto, helper, numpy_helper

    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{REFINER}.onnx"
    sizes: list[str | int | None] = ["batch", *shape]
    names = {"colour": np.array(change, np.float32).reshape(3, 1, 1), "zero": np.zeros(1, np.float32)}
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["drawn", "photo"], ["both"]),
            helper.make_node("Mul", ["both", "zero"], ["nothing"]),
            helper.make_node("Add", ["nothing", "colour"], ["change"]),
        ],
        REFINER,
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes) for name in ("drawn", "photo")],
        [helper.make_tensor_value_info("change", TensorProto.FLOAT, sizes)],
        [numpy_helper.from_array(value, name) for name, value in names.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), file)
    describe(folder, shape, settings)
    return folder


def describe(
    folder: Path, shape: tuple[int, int, int] = SQUARE, settings: dict[str, Setting] | None = None, name: str = REFINER
) -> None:
    """Write the manifest of the refiner's file in a folder, whatever it holds."""
    file = folder / f"{REFINER}.onnx"
    tensors = {each: Tensor(each, ("batch", *shape), "float32") for each in ("drawn", "photo", "change")}
    entry = Entry(
        name=name,
        file=file.name,
        sha256=sha256_of(file),
        n_bytes=file.stat().st_size,
        purpose="a test",
        licence="none",
        sources=("made by a test",),
        inputs=(tensors["drawn"], tensors["photo"]),
        outputs=(tensors["change"],),
        settings={"revision": REVISION} if settings is None else settings,
    )
    write_manifest(Manifest("refiner of a test", "1", (entry,)), folder)
