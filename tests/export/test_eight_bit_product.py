"""The product that the runtime is shipped with is the one that its source makes."""

from __future__ import annotations

import pytest

onnx = pytest.importorskip("onnx", reason="needs the extra 'export'")

from export.onnx.eight_bit_product import eight_bit_product  # noqa: E402
from space_runtime.inference.eight_bit import MODEL  # noqa: E402


def test_the_shipped_product_is_that_of_its_source() -> None:
    onnx.checker.check_model(onnx.load(MODEL))
    assert onnx.load(MODEL) == eight_bit_product()
