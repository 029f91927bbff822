"""Laws of the eight-bit weights, on a small product."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (extra 'export')")

import onnx
from onnx import helper, numpy_helper

from export.onnx.quantise import SMALLEST, Feeds, large_matrices, quantise
from space_runtime.inference.network import load_network

N_IN, N_OUT = 128, 256


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """A network of one large product and one small one."""
    rng = np.random.default_rng(0)
    weights = {"large": (N_OUT, N_IN), "small": (4, N_OUT)}
    assert N_OUT * N_IN > SMALLEST > 4 * N_OUT
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["x", "large"], ["h"], name="first", transB=1),
            helper.make_node("Gemm", ["h", "small"], ["y"], name="second", transB=1),
        ],
        "product",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["batch", N_IN])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["batch", 4])],
        [numpy_helper.from_array((rng.standard_normal(s) / 16).astype(np.float32), n) for n, s in weights.items()],
    )
    path = tmp_path / "product.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    return path


def feeds() -> list[Feeds]:
    rng = np.random.default_rng(1)
    return [{"x": rng.uniform(-1, 1, (1, N_IN)).astype(np.float32)} for _ in range(70)]


def test_only_large_matrices_are_chosen(product: Path) -> None:
    assert large_matrices(onnx.load(product)) == ["first"]


def test_the_file_shrinks_and_the_answer_hardly_changes(product: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.onnx"
    full = load_network("product", product)
    scale = np.std([np.asarray(full.run(feed)["y"], np.float32) for feed in feeds()])
    assert 0 < quantise(product, feeds(), small) < 0.05 * scale
    assert small.stat().st_size < 0.4 * product.stat().st_size


def test_rows_of_a_batch_do_not_see_one_another(product: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.onnx"
    quantise(product, feeds(), small)
    network = load_network("small", small)
    x = np.concatenate([feeds()[0]["x"], 0.01 * feeds()[1]["x"], 100 * feeds()[2]["x"]])
    alone = np.concatenate([np.asarray(network.run({"x": row[None]})["y"]) for row in x])
    assert np.allclose(network.run({"x": x})["y"], alone, atol=1e-6)
