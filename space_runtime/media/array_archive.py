"""Archives of arrays (``.npz``) from outside, read in bounded memory whatever they state."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_BYTES: Final = 1 << 30
"""Bytes of the arrays of an archive: three hours of a take at 60 pictures a second, sixteen without landmarks."""
DAMAGE: Final = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""Errors of reading an archive of arrays that is none, or is damaged."""


def read_arrays(
    file: Path, names: Collection[str] | None = None, most_bytes: int = MAX_BYTES
) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of an archive that have one of ``names``, None for all. Raises one of `DAMAGE`."""
    arrays: dict[str, NDArray[np.generic]] = {}
    with zipfile.ZipFile(file) as archive:
        for name in dict.fromkeys(item.removesuffix(".npy") for item in archive.namelist()):
            if names is None or name in names:
                taken = sum(values.nbytes for values in arrays.values())
                arrays[name] = _array(archive, name, most_bytes - taken, most_bytes)
    return arrays


def _array(archive: zipfile.ZipFile, name: str, room: int, most_bytes: int) -> NDArray[np.generic]:
    """Return an array of at most ``room`` bytes: the stated size is looked at before any memory is taken."""
    with archive.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(member)
    if math.prod(shape) * dtype.itemsize > room:
        raise ValueError(f"its {name} have the shape {shape}, and all arrays together more than {most_bytes >> 20} MB")
    with archive.open(f"{name}.npy") as member:
        values: NDArray[np.generic] = np.lib.format.read_array(member, allow_pickle=False)
    return values
