"""Files of keys that people write: their bytes, and tables of numbers over time, as CSV, JSON or ``.npz``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from space_runtime.arguments import StrPath, numbers_of, path_of
from space_runtime.arrays import Doubles
from space_runtime.errors import UsageError, counted
from space_runtime.media.array_archive import DAMAGE, read_arrays

MAX_FILE_BYTES: Final = 8 << 20
"""Ten thousand keys of eight labels, generously spaced, are half as long."""
MAX_ROWS: Final = 200_000
"""Rows of a table: half an hour at 100 a second."""
LATEST_S: Final = 86_400
"""Latest time of a row: a day."""


class Columns(NamedTuple):
    """The columns of a table behind ``time``: those that it must have, and those that it may have, all or none."""

    needed: tuple[str, ...]
    further: tuple[str, ...] = ()

    @property
    def example(self) -> str:
        """Return the first row of a CSV file."""
        return ",".join(("time", *self.needed)) + (f"[,{','.join(self.further)}]" if self.further else "")


@dataclass(frozen=True, slots=True, eq=False)
class TimedTable:
    """Rows over time. seconds: (T,) rising, 0…a day. values: (T, C) in the order of the columns, NaN where empty."""

    seconds: Doubles
    values: Doubles


def read_timed_table(what: str, path: StrPath, columns: Columns, may_be_empty: bool = False) -> TimedTable:
    """Return the rows of a file: CSV with a row of names, a JSON list of objects, or arrays by name in ``.npz``.

    may_be_empty: whether a row may leave all but its time empty. Raises `UsageError` that names the file and the row.
    """
    path = path_of(what, path)
    readers = {".json": _json_rows, ".npz": _npz_rows}
    try:
        rows = readers.get(path.suffix.lower(), _csv_rows)(path, columns)
        return _table(rows, columns, may_be_empty)
    except UsageError as error:
        raise UsageError(f"{what} {str(path)!r:.200}: {error}") from None


def is_key_file(text: str) -> bool:
    """Return whether an option names a file of keys rather than saying them."""
    return Path(text.strip()).suffix.lower() in (".json", ".csv")


def read_key_file(path: Path) -> bytes:
    """Return the bytes of a file of keys. Raises `UsageError` when it cannot be read or is too long."""
    try:
        if not path.is_file():  # anything else might never end
            raise UsageError("there is no such file; check the path")
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"it cannot be read ({getattr(error, 'strerror', None) or error}); check the path") from None
    if len(data) > MAX_FILE_BYTES:
        raise UsageError(f"the file has more than {MAX_FILE_BYTES >> 20} MiB; write fewer keys")
    return data.removeprefix(b"\xef\xbb\xbf")  # a mark that editors leave


def json_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return a JSON object; which of two values of one name counts, JSON does not say. Raises `UsageError`."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for n, (name, _) in enumerate(pairs) if name in dict(pairs[:n]))
        raise UsageError(f"{twice!r:.40} is named twice in one object; name everything once")
    return found


class _Row(NamedTuple):
    """A row as it is written: how messages call it, and its cells by name, empty ones left out."""

    name: str
    cells: dict[str, object]


def _csv_rows(path: Path, columns: Columns) -> list[_Row]:
    try:
        text = read_key_file(path).decode()
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = [cell.strip().lower() for cell in next(lines, [])]
        _check_names(header, columns)
        rows = [_csv_row(f"line {lines.line_num}", header, cells) for cells in lines if any(map(str.strip, cells))]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"it is no CSV in UTF-8 ({error}); its first row is {columns.example}") from None
    return rows


def _csv_row(name: str, header: Sequence[str], cells: Sequence[str]) -> _Row:
    if len(cells) != len(header):
        sizes = f"{counted(len(cells), 'cell')} for {counted(len(header), 'column')}"
        raise UsageError(f"{name} has {sizes}; write one number a column")
    return _Row(name, {column: cell.strip() for column, cell in zip(header, cells, strict=True) if cell.strip()})


def _json_rows(path: Path, columns: Columns) -> list[_Row]:
    try:
        entries: object = json.loads(read_key_file(path), object_pairs_hook=json_object)
    except (ValueError, RecursionError):  # of text that is no UTF-8, no JSON, or nested too deeply
        entries = None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"it is no JSON list of objects with the numbers {columns.example}")
    for entry in entries:
        _check_names([*({"time", *columns.needed} | set(entry))], columns)
    return [_Row(f"entry {n}", {k: v for k, v in entry.items() if v is not None}) for n, entry in enumerate(entries, 1)]


def _npz_rows(path: Path, columns: Columns) -> list[_Row]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UsageError(f"the file has more than {MAX_FILE_BYTES >> 20} MiB; write fewer rows")
        given = read_arrays(path, most_bytes=MAX_FILE_BYTES)
        _check_names(list(given), columns)
        arrays = {name: numbers_of(name, values).astype(np.float64) for name, values in given.items()}
        if len({array.shape for array in arrays.values()}) != 1 or next(iter(arrays.values())).ndim != 1:
            raise ValueError("its arrays differ in length")
    except DAMAGE as error:
        raise UsageError(f"it has no arrays of one length named {columns.example} ({error})") from None
    numbers = zip(*(array.tolist() for array in arrays.values()), strict=True)
    return [_Row(f"row {n}", dict(zip(arrays, row, strict=True))) for n, row in enumerate(numbers, 1)]


def _check_names(names: Sequence[str], columns: Columns) -> None:
    allowed = [{"time", *columns.needed}, {"time", *columns.needed, *columns.further}]
    if len(set(names)) < len(names) or set(names) not in allowed:
        raise UsageError(f"its columns are {', '.join(names)!r:.200}; expected {columns.example}")


def _table(rows: Sequence[_Row], columns: Columns, may_be_empty: bool) -> TimedTable:
    if not 1 <= len(rows) <= MAX_ROWS:
        raise UsageError(f"it has {len(rows):,} rows; expected 1 to {MAX_ROWS:,}")
    has_further = bool(columns.further) and any(name in row.cells for row in rows for name in columns.further)
    names = (*columns.needed, *(columns.further if has_further else ()))
    values = np.array([_values(row, names, may_be_empty) for row in rows])
    seconds = np.array([_number(row, "time") for row in rows])
    for n, row in enumerate(rows):
        if not 0 <= seconds[n] <= LATEST_S or (n and seconds[n] <= seconds[n - 1]):
            raise UsageError(f"{row.name}: its time is {seconds[n]:g} s; times lie in 0…{LATEST_S} s and rise")
    return TimedTable(seconds, values)


def _values(row: _Row, names: Sequence[str], may_be_empty: bool) -> list[float]:
    if may_be_empty and row.cells.keys() <= {"time"}:
        return [np.nan] * len(names)
    return [_number(row, name) for name in names]


def _number(row: _Row, name: str) -> float:
    given = row.cells.get(name, "")
    try:
        value = float(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else np.nan
    except (ValueError, OverflowError):
        value = np.nan
    if not np.isfinite(value):
        raise UsageError(f"{row.name}: {name} is {given!r:.40}; expected a number")
    return value
