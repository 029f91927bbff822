"""The samples that the package carries: a spoken line with its phone times, and a portrait.

Who made them and under which licences stands in ``LICENCE.txt`` beside them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from space_runtime.media.atomic_files import written_whole

LINE: Final = Path(__file__).parent / "line.flac"
"""A line of 7 s, mono 16 kHz, rich in sounds that close, round and open the lips."""

LINE_PHONES: Final = Path(__file__).parent / "line_phones.json"
"""Its text and its phones in order, each with start and end in seconds."""

PORTRAIT: Final = Path(__file__).parent / "portrait.png"
"""NASA's portrait of astronaut Eileen Collins, 512×512, in the public domain."""


def write_line(path: Path) -> None:
    """Write a copy of `LINE`. Raises `OutputError` when the file cannot be written."""
    _write_copy(LINE, path)


def write_portrait(path: Path) -> None:
    """Write a copy of `PORTRAIT`. Raises `OutputError` when the file cannot be written."""
    _write_copy(PORTRAIT, path)


def _write_copy(source: Path, target: Path) -> None:
    with written_whole(target) as partial:
        partial.write_bytes(source.read_bytes())
