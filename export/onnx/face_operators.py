"""MediaPipe's own graph operators in standard ONNX (opset 17, 4-D GridSample), and the means to rebuild a graph."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper


@dataclass(slots=True)
class Rewriter:
    """Collects the nodes and constants of a graph that is being rebuilt."""

    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)
    taken: int = 0

    def name(self) -> str:
        self.taken += 1
        return f"space_{self.taken}"

    def constant(self, values: object, dtype: type[np.generic] = np.float32) -> str:
        """Return the name of a new constant."""
        name = self.name()
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def indices(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: int | str | list[int]) -> str:
        """Add a node; return the name of its (first) output."""
        output = output or self.name()
        node = helper.make_node(operator, inputs, [output])
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return output

    def reshape(self, value: str, *shape: int, output: str = "") -> str:
        return self.add("Reshape", value, self.indices(*shape), output=output)

    def part(self, value: str, first: int, last: int, axis: int) -> str:
        """Return rows or columns first … last−1."""
        return self.add("Slice", value, self.indices(first), self.indices(last), self.indices(axis))


def subset_to_transform(to: Rewriter, node: NodeProto) -> None:
    """Landmarks2TransformMatrix: the 4×4 matrix from an output patch to the box around a subset of the mesh.

    The box is turned so that the line between two given points is level, spans the subset in that turned frame and is
    enlarged by given factors; the matrix maps patch pixels to it.
    """
    given = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    size = np.array([given["output_width"], given["output_height"]], np.float32)
    enlarge = np.array([given["scale_x"], given["scale_y"]], np.float32) / size
    points = to.part(to.reshape(node.input[0], -1, 3), 0, 2, 1)
    ends = [
        to.add("Gather", points, to.constant(given[k], np.int64), axis=0)
        for k in ("right_rotation_idx", "left_rotation_idx")
    ]
    across = to.add("Sub", *ends)
    direction = to.add("Div", across, to.add("ReduceL2", across, axes=[0], keepdims=1))
    cosine, sine = to.part(direction, 0, 1, 0), to.part(direction, 1, 2, 0)
    turn = to.reshape(to.add("Concat", cosine, to.add("Neg", sine), sine, cosine, axis=0), 2, 2)
    subset = to.add("Gather", points, to.constant(given["subset_idxs"], np.int64), axis=0)
    level = to.add("MatMul", subset, turn)
    top, bottom = (to.add(extreme, level, axes=[0], keepdims=1) for extreme in ("ReduceMax", "ReduceMin"))
    middle = to.add("Mul", to.add("Add", top, bottom), to.constant(0.5))
    centre = to.add("MatMul", turn, to.add("Transpose", middle, perm=[1, 0]))
    linear = to.add("Mul", turn, to.add("Mul", to.add("Sub", top, bottom), to.constant(enlarge[None])))
    shift = to.add("Sub", centre, to.add("MatMul", linear, to.constant(size[:, None] / 2)))
    rows = to.add("Concat", linear, to.constant(np.zeros((2, 1))), shift, axis=1)
    matrix = to.add("Concat", rows, to.constant([[0, 0, 1, 0], [0, 0, 0, 1]]), axis=0)
    to.reshape(matrix, 1, 4, 4, output=node.output[0])


def sample_patch(to: Rewriter, node: NodeProto, side: int) -> None:
    """TransformTensorBilinear: a patch of a feature map (side × side), bilinear, zeros outside, centres at +0.5."""
    given = {attribute.name: attribute.i for attribute in node.attribute}
    height, width = given["output_height"], given["output_width"]
    rows, columns = np.mgrid[0:height, 0:width].reshape(2, -1) + 0.5
    patch = np.stack([columns, rows, np.zeros_like(rows), np.ones_like(rows)], 1)
    matrix = to.part(to.reshape(node.input[1], 4, 4), 0, 2, 0)
    places = to.add("MatMul", to.constant(patch), to.add("Transpose", matrix, perm=[1, 0]))
    grid = to.add("Sub", to.add("Mul", places, to.constant(2 / side)), to.constant(1.0))
    features = to.add("Transpose", node.input[0], perm=[0, 3, 1, 2])
    sampled = to.add(
        "GridSample",
        features,
        to.reshape(grid, 1, height, width, 2),
        mode="bilinear",
        padding_mode="zeros",
        align_corners=0,
    )
    to.add("Transpose", sampled, output=node.output[0], perm=[0, 2, 3, 1])


def transform_points(to: Rewriter, node: NodeProto) -> None:
    """TransformLandmarks: (1, n, 2) points through the plane part of a 4×4 matrix."""
    matrix = to.part(to.reshape(node.input[1], 4, 4), 0, 2, 0)
    linear, shift = to.part(matrix, 0, 2, 1), to.part(matrix, 3, 4, 1)
    turned = to.add("MatMul", node.input[0], to.add("Transpose", linear, perm=[1, 0]))
    to.add("Add", turned, to.add("Transpose", shift, perm=[1, 0]), output=node.output[0])


def double_size(to: Rewriter, node: NodeProto, kernel: NDArray[np.generic]) -> None:
    """Convolution2DTransposeBias, 2×2 kernel (out, 2, 2, in), stride 2: a channels-last transposed convolution."""
    if kernel.shape[1:3] != (2, 2):
        raise SystemExit(f"the transposed convolution has a kernel {kernel.shape}; only 2×2 with stride 2 is known")
    weights = to.constant(kernel.transpose(3, 0, 1, 2))
    planes = to.add("Transpose", node.input[0], perm=[0, 3, 1, 2])
    larger = to.add("ConvTranspose", planes, weights, node.input[2], strides=[2, 2])
    to.add("Transpose", larger, output=node.output[0], perm=[0, 2, 3, 1])
