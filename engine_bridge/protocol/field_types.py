"""How the fields of messages travel as MessagePack: one kind per way, as annotations for the classes of `messages`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Kind(StrEnum):
    """How a field travels as MessagePack."""

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


U32 = Annotated[int, Kind.U32]
U64 = Annotated[int, Kind.U64]
F32 = Annotated[float, Kind.F32]
F64 = Annotated[float, Kind.F64]
Text = Annotated[str, Kind.STR]
Bytes = Annotated[bytes | memoryview, Kind.BIN]
FloatArray = Annotated[Floats, Kind.FLOATS]
Texts = Annotated[tuple[str, ...], Kind.STRS]
Counts = Annotated[dict[str, int], Kind.COUNTS]
Mix = Annotated[dict[str, float], Kind.MIX]
Numbers = Annotated[tuple[int, ...], Kind.U32S]
