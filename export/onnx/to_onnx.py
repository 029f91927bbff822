"""Export of any network of this project to one self-contained ONNX file, with its parity checked on the spot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from space_runtime.inference.network import load_network

OPSET = 20
TRACED_BATCH = 3
"""An odd batch: sizes 1 and 2 are easily taken for constants."""
TOLERANCE = 2e-5


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """inputs: example tensors by name, batch first, of size `TRACED_BATCH`. outputs: names in forward's order."""

    inputs: dict[str, Tensor]
    outputs: tuple[str, ...]


def export_onnx(network: nn.Module, signature: Signature, path: Path) -> float:
    """Write ``network`` to ``path`` and return the largest difference between torch and ONNX Runtime.

    The first axis of every tensor is a free batch. Raises `ValueError` when the difference exceeds `TOLERANCE`.
    """
    network.eval()
    batch = torch.export.Dim("batch", min=1)
    program = torch.onnx.export(
        network,
        tuple(signature.inputs.values()),
        input_names=list(signature.inputs),
        output_names=list(signature.outputs),
        opset_version=OPSET,
        dynamo=True,
        dynamic_shapes=tuple({0: batch} for _ in signature.inputs),
        verbose=False,
    )
    if program is None:
        raise ValueError("torch returned no ONNX program")
    model = program.model_proto
    del model.graph.value_info[:]  # the exporter leaves stale shapes, on which later tools stop
    model.graph.doc_string = model.doc_string = ""
    for node in model.graph.node:
        del node.metadata_props[:]  # stack traces of the exporting machine
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    difference = parity(network, signature, path)
    if difference > TOLERANCE:
        raise ValueError(f"{path.name} differs from torch by {difference:.1e}, more than {TOLERANCE:.0e}")
    return difference


def parity(network: nn.Module, signature: Signature, path: Path) -> float:
    """Return the largest difference between torch and ONNX Runtime over all outputs, for batches of 1 and 3.

    Of outputs with values beyond ±1 it is relative to the largest.
    """
    session = load_network(path.stem, path)
    worst = 0.0
    for n in (1, TRACED_BATCH):
        inputs = {name: value[:n] for name, value in signature.inputs.items()}
        with torch.no_grad():
            expected = network(*inputs.values())
        expected = expected if isinstance(expected, tuple) else (expected,)
        actual = session.run({name: value.numpy() for name, value in inputs.items()})
        for name, value in zip(signature.outputs, expected, strict=True):
            size = max(1.0, float(value.abs().max()))  # cells of an LSTM count, and may be in the hundreds
            difference = float(np.abs(actual[name] - value.numpy()).max()) / size
            worst = max(worst, difference if math.isfinite(difference) else math.inf)
    return worst
