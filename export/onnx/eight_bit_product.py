"""The product by which the runtime finds out whether this processor adds eight-bit products exactly.

``python -m export.onnx.eight_bit_product`` writes it beside the runtime's `network` module.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from space_runtime.inference.eight_bit import MODEL, N_TERMS, WEIGHT

N_COLUMNS: Final = 16


def eight_bit_product() -> onnx.ModelProto:
    """Return a network from (rows, 64) unsigned bytes ``x`` to (rows, 16) float ``sum``: 127 times the sum of a row."""
    constants = {
        "x_scale": np.float32(1),
        "x_zero": np.uint8(0),
        "weights": np.full((N_COLUMNS, N_TERMS), WEIGHT, np.int8),
        "weights_scale": np.ones(N_COLUMNS, np.float32),
        "weights_zero": np.zeros(N_COLUMNS, np.int8),
        "bias": np.zeros(N_COLUMNS, np.int32),
    }
    node = helper.make_node("QGemm", ["x", *constants], ["sum"], domain="com.microsoft", transB=1)
    graph = helper.make_graph(
        [node],
        "eight_bit_product",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, ["rows", N_TERMS])],
        [helper.make_tensor_value_info("sum", TensorProto.FLOAT, ["rows", N_COLUMNS])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


if __name__ == "__main__":
    MODEL.write_bytes(eight_bit_product().SerializeToString())
