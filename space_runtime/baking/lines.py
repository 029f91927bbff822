"""Finds the lines that a call names: files, folders with all sounds below them, and patterns with wildcards."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePath
from typing import Final

from space_runtime.baking.cache import is_result
from space_runtime.errors import MediaError, UsageError
from space_runtime.media.audio_file import open_sound

SOUND_ENDINGS: Final = (
    *(".wav", ".wave", ".w64", ".rf64", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf"),
    *(".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".wma", ".amr", ".mka"),
)
"""Endings that promise a sound: a file of such a name that is none is a fault, not something else that lies there."""
SILENT: Final = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "$recycle.bin", "@eadir", "__macosx"))
SILENT_ENDINGS: Final = (".meta", ".import")
"""Files that engines put beside every asset."""
WILDCARD: Final = re.compile(r"[*?]|\[[^\]]+\]")


@dataclass(frozen=True, slots=True)
class Line:
    """A sound to bake: its file, and the place of its results below the output folder, without an ending."""

    sound: Path
    place: PurePath


@dataclass(slots=True)
class Found:
    """The lines of a call in order; the files in its folders that are no sounds; sentences about what cannot be read.

    ``is_batch``: whether folders or patterns were named.
    """

    lines: list[Line] = field(default_factory=list)
    left_out: list[Path] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    is_batch: bool = False


def find_lines(named: Sequence[Path], out: Path) -> Found:
    """Return the lines that paths name.

    A file is a line, whatever it holds. A folder stands for all sounds below it, a pattern (``lines/**/*.wav``) for
    those that it matches; their results keep the tree below the folder, or below the part of the pattern without
    wildcards. Hidden files and those of file managers and engines are passed over, and so is ``out`` and what a bake
    has written. Links to folders are followed, each folder once.

    Raises `UsageError` when files are named twice.
    """
    _check_named_twice(named)
    found = Found()
    for path in named:
        if os.path.isdir(path):
            _add_below(found, _Pattern(path, ("**", "*")), out, f"there are no sounds in the folder {path}")
        elif WILDCARD.search(str(path)) and not os.path.lexists(path):
            _add_below(found, _pattern(path), out, f"{path} does not exist, and no sound matches it as a pattern")
        else:
            found.lines.append(Line(path, place_of(PurePath(path.name))))
    found.lines[:] = _without_repetition(found.lines)
    return found


def place_of(sound: PurePath) -> PurePath:
    """Return a sound's path without its ending; of a name that is all ending, as ``..wav``, nothing is taken."""
    return sound.with_name(sound.stem) if sound.stem.strip(".") else sound


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A folder and the pattern, by parts, of paths below it."""

    root: Path
    parts: tuple[str, ...]


def _pattern(path: Path) -> _Pattern:
    first = next(n for n, part in enumerate(path.parts) if WILDCARD.search(part))
    parts = tuple(_composed(part) for part in path.parts[first:])
    return _Pattern(Path(*path.parts[:first]), (*parts, "*") if parts[-1] == "**" else parts)


def _add_below(found: Found, pattern: _Pattern, out: Path, nothing: str) -> None:
    """Add the sounds that match; ``nothing`` says that there are none."""
    found.is_batch = True
    n_before = len(found.lines) + len(found.faults)
    depth = None if "**" in pattern.parts else len(pattern.parts)
    for path in _files_below(pattern.root, out, depth, found.faults):
        below = path.relative_to(pattern.root)
        if not _matches(below.parts, pattern.parts):
            continue
        if _is_line(path):
            found.lines.append(Line(path, place_of(below)))
        elif not is_result(path):
            found.left_out.append(path)
    if len(found.lines) + len(found.faults) == n_before:
        found.faults.append(f"{nothing}; check the name")


def _files_below(root: Path, out: Path, depth: int | None, faults: list[str]) -> list[Path]:
    """The files below a folder that are not hidden, at most ``depth`` levels down, in the order of their paths."""
    seen = {_identity(out)} - {_identity(root), None}
    files: list[Path] = []
    folders, links = deque([root]), deque[Path]()  # a folder has its own name, whatever links to it
    while folders or links:
        folder = (folders or links).popleft()
        identity = _identity(folder)
        if identity in seen:
            continue
        seen.add(identity)
        for path in _entries(folder, faults):
            if not os.path.isdir(path):
                files.append(path)
            elif depth is None or len(path.relative_to(root).parts) < depth:
                (links if path.is_symlink() else folders).append(path)
    return sorted(files, key=lambda path: path.parts)


def _entries(folder: Path, faults: list[str]) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not _is_hidden(entry))
    except OSError as error:
        faults.append(f"{folder} cannot be read ({error.strerror or error}); check the name and its permissions")
        return
    yield from (folder / name for name in names)


def _is_hidden(entry: os.DirEntry[str]) -> bool:
    name = entry.name.lower()
    if name.startswith(".") or name in SILENT or name.endswith(SILENT_ENDINGS):
        return True
    try:
        attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0)
    except OSError:
        return False
    return bool(attributes & getattr(stat, "FILE_ATTRIBUTE_HIDDEN", 0))


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        info = folder.stat()
    except OSError:
        return None
    return info.st_dev, info.st_ino


def _is_line(path: Path) -> bool:
    """Return whether a file is to be baked: by its ending, or else by what the decoders say."""
    if path.suffix.lower() in SOUND_ENDINGS:
        return True
    if not os.path.isfile(path) or is_result(path):
        return False
    try:
        open_sound(path)
    except MediaError:
        return False
    return True


def _matches(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not parts or not pattern:
        return not parts and not pattern
    if pattern[0] == "**":
        return _matches(parts, pattern[1:]) or _matches(parts[1:], pattern)
    return fnmatch(_composed(parts[0]), pattern[0]) and _matches(parts[1:], pattern[1:])


def _composed(text: str) -> str:
    """A name in the Unicode form that people type: macOS stores another."""
    return unicodedata.normalize("NFC", text)


def _check_named_twice(named: Sequence[Path]) -> None:
    counts = Counter(os.path.realpath(path) for path in named)
    twice = dict.fromkeys(str(path) for path in named if counts[os.path.realpath(path)] > 1)
    if twice:
        raise UsageError(f"the same line is named twice: {', '.join(twice)}; name every line once")


def _without_repetition(lines: Iterable[Line]) -> list[Line]:
    """The lines, each once: folders and patterns may overlap."""
    first: dict[tuple[str, PurePath], Line] = {}
    for line in lines:
        first.setdefault((os.path.realpath(line.sound), line.place), line)
    return list(first.values())
