"""The largest product of eight-bit numbers: does this processor add it up exactly?

ONNX Runtime multiplies unsigned activations by signed weights. Without VNNI an x86 processor adds pairs of products in
16 bits, 2 · 255 · 127 > 32,767, and the sum saturates: lips stay open. There its entry `PRECISE` takes a slower way.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels

PRECISE: Final = "session.x64quantprecision"
"""The configuration entry that keeps eight-bit sums exact on every processor, at about half the speed of VNNI."""
MODEL: Final = Path(__file__).with_name("eight_bit_product.onnx")
"""Written by `export.onnx.eight_bit_product`."""
N_TERMS: Final = 64
ACTIVATION: Final = 255
WEIGHT: Final = 127
ROWS: Final = (1, 4, 64)
"""Sizes of a batch; the kernels for few rows are others than those for many."""


def is_exact(product: Callable[[Pixels], Floats]) -> bool:
    """Return whether sums are exact; product: `MODEL` without `PRECISE`, from (n, 64) bytes to (n, 16) sums."""
    return all(
        bool((product(np.full((n, N_TERMS), ACTIVATION, np.uint8)) == ACTIVATION * WEIGHT * N_TERMS).all())
        for n in ROWS
    )
