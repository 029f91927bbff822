"""Random damage to the bytes of files, by a generator: the same generator does the same damage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

EDGES: Final = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 2_000_000_000)


def mutated_file(files: Mapping[str, bytes], number: int) -> tuple[str, bytes]:
    """Return the name and the bytes of the damaged file of a number: one of the files after up to four damages."""
    rng = np.random.default_rng(number)
    names = sorted(files)
    name = names[number % len(names)]
    data = bytearray(files[name])
    for _ in range(int(rng.integers(1, 5))):
        data = damaged(data, files[names[int(rng.integers(len(names)))]], rng)
    return name, bytes(data)


def damaged(data: bytearray, other: bytes, rng: np.random.Generator) -> bytearray:
    """Return the data after one damage: bytes or numbers changed, pieces cut out, repeated, emptied or foreign."""
    n = len(data)
    if n < 16:
        return data
    reach = n if rng.random() < 0.4 else min(n, 600)
    first = int(rng.integers(0, reach - 8))
    last = min(n, first + int(rng.integers(1, max(2, n // 4))))
    match int(rng.integers(0, 8)):
        case 0:
            for place in rng.integers(0, reach, int(rng.integers(1, 24))):
                data[place] = int(rng.integers(0, 256))
        case 1 | 2:
            number = EDGES[int(rng.integers(len(EDGES)))].to_bytes(4)
            data[first : first + 4] = number if rng.random() < 0.5 else number[::-1]
        case 3:
            del data[last:]
        case 4:
            del data[first:last]
        case 5:
            data[last:last] = data[first:last]
        case 6:
            data[first:last] = bytes(last - first)
        case _:
            data += other
    return data
