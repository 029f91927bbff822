"""Numbers and texts as Unity's YAML has them."""

from __future__ import annotations

import re
from typing import Final

import numpy as np


def number(value: float) -> str:
    """Return a float32 as Unity writes it: the shortest text that reads back the same."""
    single = np.float32(value)
    if np.isinf(single):
        return "Infinity" if single > 0 else "-Infinity"
    if single == 0:
        return "0"
    if 1e-4 <= abs(single) < 1e7:
        return np.format_float_positional(single, unique=True, trim="-")
    return np.format_float_scientific(single, unique=True, trim="-", exp_digits=1)


def yaml_text(text: str) -> str:
    """Return a text as YAML reads it back: plain where that is safe, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if " " <= c <= "~" else _escaped(c) for c in escaped) + '"'


_PLAIN: Final = re.compile(r"[A-Za-z_](?:[\w./()+-]|(?<! ) (?! |#))*(?<! )", re.ASCII)
_WORDS: Final = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))
"""Plain words that YAML 1.1 takes for something else than text."""


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
