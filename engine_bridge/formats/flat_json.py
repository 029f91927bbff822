"""A clip as ``.json``: every column as one flat list of numbers, so that Unity's ``JsonUtility`` reads it too.

``JsonUtility`` knows no lists of lists: a column is one list, row after row (a row a line), and a row of
``blendshapes`` has as many numbers as there are ``blendshape_names``. Numbers have six significant digits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from math import prod
from typing import IO, Final

import numpy as np

from engine_bridge.formats.clip import COLUMNS, Channel, Clip, ClipError, Column, Values
from engine_bridge.formats.options import FormatOptions
from engine_bridge.protocol.arkit import ARKIT_NAMES

ROWS_PER_BLOCK: Final = 512


def write_json(clip: Clip, _: FormatOptions, file: IO[bytes]) -> None:
    """Write a clip as ``.json``."""
    has_weights = any(column.channel is Channel.WEIGHTS for column in clip.columns)
    head = {
        "metadata": clip.metadata,
        "fps": [clip.fps.numerator, clip.fps.denominator],
        "sample_rate": clip.sample_rate,
        **({"blendshape_names": ARKIT_NAMES} if has_weights else {}),
    }
    file.write(json.dumps(head, separators=(",", ":"), ensure_ascii=False, sort_keys=True)[:-1].encode())
    for column in clip.columns:
        file.write(f',\n"{column.key}":['.encode())
        for text in _rows_as_text(clip, column):
            file.write(text.encode())
        file.write(b"]")
    file.write(b"}\n")


def read_json(data: bytes, name: str = "") -> Clip:
    """Return the clip in ``data``. Raises `ClipError`.

    The speech of a frame is not in the file; it is 0. Rows of lists, which clips had before they were flat, are read.
    """
    try:
        told = json.loads(data)
        columns = {column.key: _values(told[column.key], column) for column in COLUMNS if column.key in told}
        n_frames = len(columns["times_s"])
        if any(len(rows) != n_frames for rows in columns.values()):
            raise ValueError("its columns differ in length")
        if tuple(told.get("blendshape_names", ARKIT_NAMES)) != ARKIT_NAMES:
            raise ValueError("it has other blend shapes than ARKit's")
        return Clip(
            name=name,
            fps=Fraction(*map(int, told["fps"])),
            sample_rate=int(told["sample_rate"]),
            metadata=dict(told["metadata"]),
            speech=np.zeros(n_frames, np.float32),
            **columns,
        )
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ClipError(f"{name or 'the file'} is no JSON clip ({error}); bake it anew") from None


def _values(told: object, column: Column) -> Values:
    values = np.asarray(told, np.float64).reshape(-1, *column.shape).astype(column.dtype)
    if not np.isfinite(values).all():
        raise ValueError(f"{column.key} has a number that is not finite")
    return values


def _rows_as_text(clip: Clip, column: Column) -> Iterator[str]:
    rows = clip.column(column)
    assert rows is not None
    number = "%.10g" if column.key == "times_s" else "%.6g"  # times have what a frame index needs over twenty hours
    template = ",".join([number] * prod(column.shape))
    separator = ""
    for first in range(0, len(rows), ROWS_PER_BLOCK):
        flat = rows[first : first + ROWS_PER_BLOCK].reshape(-1, prod(column.shape))
        yield separator + ",\n".join([template % tuple(row) for row in flat.tolist()])
        separator = ",\n"
