"""The ways in which fields of messages travel as MessagePack, as annotations for the classes of `messages`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class FieldType(StrEnum):
    """A way in which a field travels as MessagePack."""

    U32 = "u32"
    """uint32, always five bytes (0xce …)."""
    U64 = "u64"
    """uint64 below 2^63, always nine bytes (0xcf …)."""
    F32 = "f32"
    """float32 (0xca …), finite."""
    F64 = "f64"
    """float64 (0xcb …), finite."""
    STR = "str"
    """UTF-8 text."""
    BIN = "bin"
    """Bytes."""
    FLOATS = "floats"
    """Little-endian float32 values as ``bin``, finite."""
    STRS = "strs"
    """Array of str."""
    U32S = "u32s"
    """Array of uint32."""
    MIX = "mix"
    """Map from str to float32."""
    COUNTS = "counts"
    """Map from str to uint64."""


U32 = Annotated[int, FieldType.U32]
U64 = Annotated[int, FieldType.U64]
F32 = Annotated[float, FieldType.F32]
F64 = Annotated[float, FieldType.F64]
Text = Annotated[str, FieldType.STR]
Bytes = Annotated[bytes | memoryview, FieldType.BIN]
FloatArray = Annotated[Floats, FieldType.FLOATS]
Texts = Annotated[tuple[str, ...], FieldType.STRS]
Counts = Annotated[dict[str, int], FieldType.COUNTS]
Mix = Annotated[dict[str, float], FieldType.MIX]
Numbers = Annotated[tuple[int, ...], FieldType.U32S]
