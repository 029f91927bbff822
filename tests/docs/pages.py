"""The pages of documentation, taken apart into the blocks, commands and links that tests run and follow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
GUIDES: Final = tuple(
    ROOT / name
    for name in (
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "THIRD_PARTY.md",
        "engine_bridge/PROTOCOL.md",
        "engine_bridge/unreal/MEMBERS.md",
        "export/README.md",
        "unity_sample/README.md",
    )
)
"""Pages for those who work on the project: their links are followed, their blocks are not run here."""
FENCE: Final = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
HEADING: Final = re.compile(r"^#+ (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page: its language ('' if none is named) and its text."""

    page: str
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page in order."""
    name = page.relative_to(ROOT).as_posix()
    return [Block(name, language, text) for _, language, text in FENCE.findall(page.read_text(encoding="utf-8"))]


def commands(page: Path) -> list[str]:
    """Return the commands of a page's ``bash`` blocks, one a line, without their comments."""
    text = "".join(block.text for block in blocks(page) if block.language == "bash")
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [re.split(r"\s+#", line)[0].strip() for line in lines if line.strip() and line[0] != "#"]


def links(page: Path) -> list[str]:
    """Return the links of a page that stay in the project, outside of its blocks."""
    return LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """Return the names by which links reach the headings of a page, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
