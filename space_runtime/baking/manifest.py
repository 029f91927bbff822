"""Reads a table of lines with settings of their own: CSV as spreadsheets write it, one line a row.

The first row names the columns: ``sound``, and any of ``out`` and of the settings of `LineSettings`, and ``intensity``
(0…1) of an ``emotion`` that is a label alone. An empty cell takes the call's option. Paths count from the table's
folder, ``out`` from the output folder. UTF-8 or UTF-16; separated by comma, semicolon or tab; with semicolons and tabs
numbers may have a decimal comma.
"""

from __future__ import annotations

import csv
import io
import math
import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Final

from space_runtime.animation.key_file import is_key_file
from space_runtime.arguments import path_of
from space_runtime.baking.jobs import Result
from space_runtime.baking.lines import Line, place_of
from space_runtime.baking.settings import CheckedSettings, LineSettings
from space_runtime.emotion import Emotion
from space_runtime.errors import SpaceError, UsageError, counted

MAX_BYTES: Final = 64 << 20
SEPARATORS: Final = ";\t,"
FREE_COLUMNS: Final = frozenset(("id", "text", "character", "speaker", "note", "notes", "comment", "comments"))
"""Columns that dialogue tables have and a bake has no use for; so has it for names that begin with ``#``."""
YES, NO = frozenset(("yes", "true", "1", "x")), frozenset(("no", "false", "0"))


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A line with its settings, as they are written and as values. place: the table's file and line, if it has one."""

    line: Line
    settings: LineSettings
    checked: CheckedSettings
    place: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The rows of a table, and a sentence for each row that says something wrong; if there is one, also for each
    whose sound is missing, which otherwise fails alone."""

    rows: tuple[Row, ...]
    faults: tuple[str, ...]


def read_manifest(path: Path, defaults: LineSettings) -> Manifest:
    """Return the lines of a table. Raises `UsageError` for a file that cannot be read or is no such table."""
    text = _text(path)
    separator = _separator(text)
    cells = _cells(path, text, separator)
    names = _names(path, next(cells, _Cells(1, ())).values)
    reader = _Reader(path, separator != ",", names, defaults)
    rows: list[Row] = []
    faults: list[str] = []
    missing: dict[str, str] = {}
    for row in cells:
        place = f"{path} line {row.number}"
        try:
            if any(row.values):
                rows.append(replace(reader.row(row), place=place))
                if not os.path.exists(sound := rows[-1].line.sound):
                    missing[place] = f"{place}: there is no sound {sound}; check the name"
        except SpaceError as error:
            faults.append(f"{place}: {error}")
    if faults:
        faults += missing.values()
    if not rows and not faults:
        raise UsageError(f"{path} names no line; write one a row below the row of column names")
    return Manifest(tuple(rows), tuple(faults))


@dataclass(frozen=True, slots=True)
class _Cells:
    """A row of a table and the number of its first line in the file."""

    number: int
    values: tuple[str, ...]


def _text(path: Path) -> str:
    try:
        if not os.path.isfile(path):
            raise UsageError(f"the manifest {path} is no file; name a table of lines, for example lines.csv")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"the manifest {path} cannot be read ({error.strerror or error}); check the name") from None
    if len(data) > MAX_BYTES:
        raise UsageError(f"the manifest {path} has more than {MAX_BYTES >> 20} MiB; cut it into several")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"the manifest {path} is not UTF-8 in line {number}; save it as 'CSV UTF-8', as spreadsheets call it"
        ) from None
    return text


def _separator(text: str) -> str:
    """The separator: what Excel's first line ``sep=;`` says, or what stands most often in the first row."""
    first = text.lstrip().split("\n", 1)[0].strip(" \r")
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[-1]
    return max(SEPARATORS, key=first.count)


def _cells(path: Path, text: str, separator: str) -> Iterator[_Cells]:
    if text.lower().startswith("sep="):
        text = text[text.find("\n") :]  # the line stays, empty, so that numbers are those of the file
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 1
    while True:
        try:
            values = tuple(cell.strip() for cell in next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            raise UsageError(f"{path} line {number}: the row is no CSV ({error}); check its quotation marks") from None
        if values:
            yield _Cells(number, values)
        number = reader.line_num + 1


def _names(path: Path, header: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the columns, empty for those that do not count."""
    known = ("sound", "out", "intensity", *_PARSERS)
    names = tuple(cell.lower().lstrip("-").replace("-", "_").replace(" ", "_") for cell in header)
    if "sound" not in names:
        raise UsageError(f"{path} has no column named sound; its first row names the columns: {', '.join(known)}")
    counted = tuple("" if name.startswith("#") or name in FREE_COLUMNS else name for name in names)
    for name in filter(None, counted):
        if name not in known:
            raise UsageError(
                f"{path} has an unknown column {name!r:.40}; the known ones are {', '.join(known)}; "
                "begin the name of a column of your own with #"
            )
        if counted.count(name) > 1:
            raise UsageError(f"{path} has the column {name} twice; name every column once")
    return counted


@dataclass(frozen=True, slots=True)
class _Reader:
    """The table's file, its columns, whether numbers may have a decimal comma, and the settings of empty cells."""

    path: Path
    decimal_comma: bool
    names: tuple[str, ...]
    defaults: LineSettings

    def row(self, row: _Cells) -> Row:
        """Return a row. Raises `SpaceError`."""
        if any(row.values[len(self.names) :]):
            sizes = f"{counted(len(row.values), 'cell')} for {counted(len(self.names), 'column')}"
            raise UsageError(f"it has {sizes}; put quotes around commas")
        cells = {name: cell for name, cell in zip(self.names, row.values, strict=False) if name and cell}
        sound = self._sound(cells.pop("sound", ""))
        place = _place(cells.pop("out", ""), sound, self.path.parent)
        settings = self._settings(cells)
        return Row(Line(sound, place), settings, settings.checked())

    def _sound(self, text: str) -> Path:
        if not text:
            raise UsageError("it names no sound; write the path of a sound file into the column sound")
        path = _found(self.path.parent, text)
        if path.name in ("", "..") or os.path.isdir(path):
            raise UsageError(f"sound {text!r:.80} is a folder; write a sound a row, or name the folder as a LINE")
        return path

    def _settings(self, cells: dict[str, str]) -> LineSettings:
        intensity = cells.pop("intensity", "")
        values = {name: _PARSERS[name](self, name, cell) for name, cell in cells.items()}
        settings = replace(self.defaults, **values)  # type: ignore[arg-type]  # each parser gives its field's type
        return replace(settings, emotion=self._emotion(cells.get("emotion", ""), intensity)) if intensity else settings

    def _emotion(self, emotion: str, intensity: str) -> str:
        if emotion.isalpha() and emotion.lower() not in set(Emotion):
            raise UsageError(f"unknown emotion {emotion!r:.40}; the known ones are {', '.join(Emotion)}")
        if emotion.lower() not in set(Emotion):
            raise UsageError(
                f"intensity {intensity!r:.20} goes with one label in the column emotion, which says {emotion!r:.40}; "
                "write happy there, or leave intensity empty and write happy=0.7,sad=0.2"
            )
        return f"{emotion}={self.number('intensity', intensity):g}"

    def number(self, name: str, text: str) -> float:
        """Return a number. Raises `UsageError`."""
        try:
            value = float(text.replace(",", ".") if self.decimal_comma else text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise UsageError(f"{name} is {text!r:.40}; expected a number")
        return value

    def whole(self, name: str, text: str) -> int:
        """Return a whole number. Raises `UsageError`."""
        try:
            return int(text)
        except ValueError:
            raise UsageError(f"{name} is {text!r:.40}; expected a whole number") from None

    def switch(self, name: str, text: str) -> bool:
        """Return yes or no. Raises `UsageError`."""
        if text.lower() not in YES | NO:
            raise UsageError(f"{name} is {text!r:.40}; expected yes or no")
        return text.lower() in YES

    def file(self, _: str, text: str) -> Path:
        """Return a file named by the table."""
        return _found(self.path.parent, text)

    def keys(self, _: str, text: str) -> str:
        """Return an emotion or a look as the option takes it; a file of keys is named by the table."""
        return str(_found(self.path.parent, text)) if is_key_file(text) else text

    def fps(self, _: str, text: str) -> str:
        """Return a frame rate as the option takes it."""
        return text.replace(",", ".") if self.decimal_comma else text

    def text(self, _: str, text: str) -> str:
        """Return a cell as it is."""
        return text


_Parser = Callable[[_Reader, str, str], object]
_SPECIAL: Final[Mapping[str, _Parser]] = {
    "portrait": _Reader.file,
    "landmarks": _Reader.file,
    "emotion": _Reader.keys,
    "look_at": _Reader.keys,
    "look_space": _Reader.text,
    "blink_at": _Reader.text,
    "head_track": _Reader.file,
    "fps": _Reader.fps,
    "seed": _Reader.whole,
    "plot": _Reader.switch,
    "crop": _Reader.text,
    "size": _Reader.whole,
    "transparent": _Reader.switch,
    "formats": _Reader.text,
    "channels": _Reader.text,
    "gaze": _Reader.text,
    "head": _Reader.text,
    "drive": _Reader.file,
    "drive_parts": _Reader.text,
    "drive_end": _Reader.text,
    "drive_reference": _Reader.text,
    "style": _Reader.text,
    "rig": _Reader.file,
    "renderer_path": _Reader.text,
    "head_path": _Reader.text,
    "eye_paths": _Reader.text,
}
_PARSERS: Final[Mapping[str, _Parser]] = {
    field.name: _SPECIAL.get(field.name, _Reader.number) for field in fields(LineSettings)
}


def _found(folder: Path, text: str) -> Path:
    """A file that a table names; on another system it may be written with backslashes or in another Unicode form."""
    path = folder / path_of("a path", text)
    others = (folder / PureWindowsPath(text).as_posix(), *(path.with_name(form) for form in _unicode_forms(path.name)))
    return next((other for other in (path, *others) if os.path.exists(other)), path)


def _unicode_forms(name: str) -> Iterator[str]:
    return (unicodedata.normalize(form, name) for form in ("NFC", "NFD") if name)


def _place(out: str, sound: Path, folder: Path) -> PurePath:
    """The place of results below the output folder, without an ending."""
    if not out:
        return _place_of_sound(sound, folder)
    given = PureWindowsPath(out)
    place = PurePosixPath(given.as_posix())
    if given.is_absolute() or given.drive or place.is_absolute() or ".." in place.parts or not place.name:
        raise UsageError(f"out {out!r:.80} leaves the output folder; write a name, or folders and a name, as npc/hello")
    return place.with_suffix("") if place.suffix.lower() in {result.ending for result in Result} else place


def _place_of_sound(sound: Path, folder: Path) -> PurePath:
    try:
        below = sound.relative_to(folder)
    except ValueError:
        return place_of(PurePath(sound.name))
    return place_of(PurePath(sound.name) if ".." in below.parts else below)
