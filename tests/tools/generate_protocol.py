"""The files that follow from the rows of `engine_bridge.protocol.field_table`, in every language.

``python -m tests.tools.generate_protocol`` writes them; a test compares what lies there with them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.tools.protocol import c_files, cpp_files, csharp_files, js_files, python_files

ROOT: Final = Path(__file__).resolve().parents[2]
DOCUMENT: Final = "engine_bridge/PROTOCOL.md"


def sources() -> Iterator[tuple[str, str]]:
    """Yield (path, text) of every source file."""
    yield from python_files.files()
    yield from csharp_files.files()
    yield from cpp_files.files()
    yield from c_files.files()
    yield from js_files.files()

    from tests.tools.protocol import range_files  # the message classes that it reads are written first

    yield from range_files.files()


def document(text: str) -> str:
    """Return PROTOCOL.md with its tables as the schema has them."""
    from tests.tools.protocol import tables  # the message classes that it reads are written first

    return tables.updated(text)


def write(root: Path) -> None:
    """Write everything below a checkout's root."""
    for path, text in sources():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8", newline="\n")
    specification = root / DOCUMENT
    specification.write_text(document(specification.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
