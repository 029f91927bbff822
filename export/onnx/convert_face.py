"""Makes ``face_detector``, ``face_mesh`` and ``person_matte`` (ONNX) from the graphs inside the mediapipe wheel.

The graphs are Google's, under Apache-2.0; their weights stay, but they speak standard ONNX and take uint8 crops::

    face_detector   picture (1,128,128,3) -> boxes (896,4) centre and size, keypoints (896,6,2), scores (896,);
                    unit: the picture's side, origin its upper left corner
    face_mesh       crop (1,192,192,3) -> mesh (478,3) x right, y down, z away, unit: the crop's side, x and y from its
                    centre; confidence (), 0…1, that there is a face
    person_matte    picture (1,256,256,3) -> matte (256,256), 0…1

Three steps: tf2onnx turns a graph into ONNX with MediaPipe's own operators left in; those become standard operators
(their meaning: see each function); a head and a tail are put around. Weights that fp16 holds exactly are stored as fp16
with a cast, which ONNX Runtime folds at load: half the file, the same numbers.

Run with tf2onnx 1.17.0 and tensorflow-cpu 2.21.0 installed (export only)::

    pip download --no-deps mediapipe==0.10.21
    python -m export.onnx.convert_face mediapipe-0.10.21-*.whl space_runtime/models
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.onnx.face_operators import Rewriter, double_size, sample_patch, subset_to_transform, transform_points
from space_runtime.arrays import Floats
from space_runtime.portrait.tracking import DETECTOR_SIDE, MATTE_SIDE, MESH_SIDE

OPSET: Final = 17
IR_VERSION: Final = 8
N_MESH: Final = 468
EYE_RIM: Final = 16
"""The first points of an eye's subset are its lids; the iris gets their mean depth."""


def prepare_picture(to: Rewriter, divisor: float, offset: float, output: str) -> None:
    """uint8 picture → float, divided, shifted."""
    scaled = to.add("Div", to.add("Cast", "picture", to=TensorProto.FLOAT), to.constant(divisor))
    to.add("Add", scaled, to.constant(offset), output=output)


def detector_anchors() -> Floats:
    """Return (896, 2) anchor centres: two on every cell of a 16×16 grid, then six on every cell of an 8×8 grid."""
    anchors = []
    for cells, per_cell in ((16, 2), (8, 6)):
        rows, columns = np.mgrid[0:cells, 0:cells].reshape(2, -1)
        anchors.append(np.repeat(np.stack([columns, rows], 1) + 0.5, per_cell, 0) / cells)
    return np.concatenate(anchors).astype(np.float32)


def finish_detector(to: Rewriter, source: onnx.GraphProto) -> None:
    """Anchor-relative pixels → boxes, keypoints and scores."""
    anchors = detector_anchors()
    raw = to.add("Div", to.reshape("regressors", len(anchors), 16), to.constant(DETECTOR_SIDE))
    centre = to.add("Add", to.part(raw, 0, 2, 1), to.constant(anchors))
    to.add("Concat", centre, to.part(raw, 2, 4, 1), output="boxes", axis=1)
    points = to.reshape(to.part(raw, 4, 16, 1), len(anchors), 6, 2)
    to.add("Add", points, to.constant(anchors[:, None]), output="keypoints")
    to.add("Sigmoid", to.reshape("classificators", len(anchors)), output="scores")


def finish_mesh(to: Rewriter, source: onnx.GraphProto) -> None:
    """Mesh, lips, eyes and irises → one mesh, refined points written over the coarse ones, irises appended."""
    subsets = [
        list(helper.get_attribute_value(attribute))
        for node in source.node
        for attribute in node.attribute
        if attribute.name == "subset_idxs"
    ]
    lips, right_eye, left_eye = (next(s for s in subsets if corner in s) for corner in (61, 33, 263))
    coarse = to.reshape("output_mesh_identity", N_MESH, 3)
    plane, depth = to.part(coarse, 0, 2, 1), to.part(coarse, 2, 3, 1)
    # The graph calls the eye on the picture's left "left"; this project names sides as the subject does.
    for tensor, subset in (("output_lips", lips), ("output_left_eye", right_eye), ("output_right_eye", left_eye)):
        where = to.constant(np.array(subset)[:, None], np.int64)
        plane = to.add("ScatterND", plane, where, to.reshape(tensor, len(subset), 2))
    whole = [to.add("Concat", plane, depth, axis=1)]
    for tensor, eye in (("output_left_iris", right_eye), ("output_right_iris", left_eye)):
        rim = to.add("Gather", depth, to.indices(*eye[:EYE_RIM]), axis=0)
        mean = to.add("Expand", to.add("ReduceMean", rim, axes=[0], keepdims=1), to.indices(5, 1))
        whole.append(to.add("Concat", to.reshape(tensor, 5, 2), mean, axis=1))
    mesh = to.add("Div", to.add("Concat", *whole, axis=0), to.constant(MESH_SIDE))
    to.add("Sub", mesh, to.constant([[0.5, 0.5, 0.0]]), output="mesh")
    to.add("Sigmoid", to.reshape("conv_faceflag", 1), output="confidence")


def finish_matte(to: Rewriter, source: onnx.GraphProto) -> None:
    """Drop the batch and channel axes."""
    to.reshape("activation_10", MATTE_SIDE, MATTE_SIDE, output="matte")


@dataclass(frozen=True, slots=True)
class Recipe:
    """The conversion of one graph. scale: (divisor, offset) of the picture's 0…255; outputs: names and shapes."""

    graph: str
    sha256: str
    picture: str
    side: int
    scale: tuple[float, float]
    finish: Callable[[Rewriter, onnx.GraphProto], None]
    outputs: dict[str, tuple[int, ...]]


RECIPES: Final = {
    "face_detector": Recipe(
        "face_detection/face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        "input",
        DETECTOR_SIDE,
        (127.5, -1.0),
        finish_detector,
        {"boxes": (896, 4), "keypoints": (896, 6, 2), "scores": (896,)},
    ),
    "face_mesh": Recipe(
        "face_landmark/face_landmark_with_attention.tflite",
        "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
        "input_1",
        MESH_SIDE,
        (255.0, 0.0),
        finish_mesh,
        {"mesh": (478, 3), "confidence": (1,)},
    ),
    "person_matte": Recipe(
        "selfie_segmentation/selfie_segmentation.tflite",
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
        "input_1",
        MATTE_SIDE,
        (255.0, 0.0),
        finish_matte,
        {"matte": (256, 256)},
    ),
}


def rewrite(recipe: Recipe, source: onnx.ModelProto) -> onnx.ModelProto:
    """Return the graph in standard ONNX with the recipe's uint8 input and outputs."""
    graph, to = source.graph, Rewriter()
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    prepare_picture(to, *recipe.scale, output=recipe.picture)
    for node in graph.node:
        if node.op_type == "TFL_Landmarks2TransformMatrix":
            subset_to_transform(to, node)
        elif node.op_type == "TFL_TransformTensorBilinear":
            sample_patch(to, node, MESH_SIDE // 4)
        elif node.op_type == "TFL_TransformLandmarks":
            transform_points(to, node)
        elif node.op_type == "TFL_Convolution2DTransposeBias":
            double_size(to, node, weights[node.input[1]])
        else:
            to.nodes.append(node)
    recipe.finish(to, graph)
    shape = (1, recipe.side, recipe.side, 3)
    inputs = [helper.make_tensor_value_info("picture", TensorProto.UINT8, shape)]
    outputs = [helper.make_tensor_value_info(k, TensorProto.FLOAT, s) for k, s in recipe.outputs.items()]
    used = {name for node in to.nodes for name in node.input}
    constants = [tensor for tensor in (*graph.initializer, *to.constants) if tensor.name in used]
    built = helper.make_graph(to.nodes, Path(recipe.graph).name, inputs, outputs, constants)
    return helper.make_model(built, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def store_as_half(model: onnx.ModelProto) -> None:
    """Store in place, as fp16 plus a cast, every larger constant that fp16 holds exactly."""
    kept, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if values.dtype == np.float32 and values.size > 256 and np.array_equal(half.astype(np.float32), values):
            kept.append(numpy_helper.from_array(half, f"{tensor.name}_half"))
            casts.append(helper.make_node("Cast", [f"{tensor.name}_half"], [tensor.name], to=TensorProto.FLOAT))
        else:
            kept.append(tensor)
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)


def name_in_order(model: onnx.ModelProto) -> None:
    """Rename every inner value by its first use and sort the constants so: tf2onnx's names differ from run to run."""
    graph = model.graph
    names = {value.name: value.name for value in (*graph.input, *graph.output)}
    for node in graph.node:
        for part in (node.input, node.output):
            part[:] = [names.setdefault(name, f"v{len(names)}") if name else "" for name in part]
        node.name = node.output[0]
    for tensor in graph.initializer:
        tensor.name = names[tensor.name]
    constants = sorted(graph.initializer, key=lambda tensor: int(tensor.name[1:]))
    del graph.initializer[:]
    graph.initializer.extend(constants)


def convert(recipe: Recipe, wheel: zipfile.ZipFile, scratch: Path) -> onnx.ModelProto:
    """Return the finished network. Raises `SystemExit` when the wheel holds another graph than the known one."""
    data = wheel.read(f"mediapipe/modules/{recipe.graph}")
    if hashlib.sha256(data).hexdigest() != recipe.sha256:
        raise SystemExit(f"{recipe.graph} is not the known graph; use the wheel of mediapipe 0.10.21")
    tflite, raw = scratch / "graph.tflite", scratch / "graph.onnx"
    tflite.write_bytes(data)
    command = ["-m", "tf2onnx.convert", "--tflite", str(tflite), "--output", str(raw), "--opset", str(OPSET)]
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    model = rewrite(recipe, onnx.load(str(raw)))
    name_in_order(model)
    store_as_half(model)
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    """Convert every graph of the wheel that has a recipe."""
    parser = argparse.ArgumentParser(description="Convert MediaPipe's face graphs to ONNX.")
    parser.add_argument("wheel", type=Path, help="the wheel of mediapipe 0.10.21")
    parser.add_argument("out", type=Path, help="the folder of the bundle")
    options = parser.parse_args()
    with zipfile.ZipFile(options.wheel) as wheel, tempfile.TemporaryDirectory() as scratch:
        for name, recipe in RECIPES.items():
            onnx.save(convert(recipe, wheel, Path(scratch)), str(options.out / f"{name}.onnx"))
            sys.stdout.write(f"{name}: {(options.out / f'{name}.onnx').stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
