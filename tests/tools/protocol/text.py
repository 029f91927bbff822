"""Words and sentences that the writers share."""

from __future__ import annotations

import textwrap
from typing import Final

from engine_bridge.protocol.field_table import ControlRow

SOURCE: Final = "engine_bridge/protocol/field_table.py"
NOTE: Final = f"Written by tests/tools/generate_protocol.py from {SOURCE}; change that."
WIDTH: Final = 120


def pascal(name: str) -> str:
    """Return ``look_at`` as ``LookAt``."""
    return "".join(part.title() for part in name.split("_"))


def span(row: ControlRow) -> str:
    """Return the allowed values of a control, empty where every value of its type is allowed."""
    if row.words:
        return " or ".join(f"`{word}`" for word in row.words)
    return "" if row.low is None or row.high is None else f"{row.low:g}…{row.high:g}"


def sentence(row: ControlRow) -> str:
    """Return what documentation says about a control, with range and default."""
    allowed = f": {span(row)}" if row.words else f", {span(row)}" if span(row) else ""
    only = " Given with the beginning of a stream alone." if row.begins else ""
    return f"{row.doc}{allowed}. Default: {row.default}.{only}"


def wrapped(text: str, indent: str, prefix: str, width: int = WIDTH) -> list[str]:
    """Return a text in lines of at most ``width`` characters, each behind indent and prefix."""
    return [indent + prefix + line for line in textwrap.wrap(text, width - len(indent) - len(prefix))]
