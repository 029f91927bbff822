"""The generated JavaScript file: names of weights, outputs and their parts in a pose."""

from __future__ import annotations

import math
from collections.abc import Iterator

from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.field_table import OUTPUTS, OutputRow, PoseField
from tests.tools.protocol.text import NOTE, WIDTH, wrapped


def files() -> Iterator[tuple[str, str]]:
    """Yield (path, text)."""
    yield "engine_bridge/web/fields.js", _fields()


def _fields() -> str:
    names = wrapped(", ".join(f'"{name}"' for name in ARKIT_NAMES) + ",", "  ", "", WIDTH)
    return "\n".join(
        (
            "// Names of the weights in their order, and the outputs of a frame with their parts in a pose.",
            "//",
            f"// {NOTE}",
            "",
            "/** @type {readonly string[]} */",
            "export const ARKIT_NAMES = Object.freeze([",
            *names,
            "]);",
            "",
            "// length: float32 values in a frame; 0: groups of `group` of them. rests: zero at rest.",
            "// first: of a member's values in those of the output.",
            "export const OUTPUTS = Object.freeze([",
            *(line for row in OUTPUTS if row.in_frame for line in _output(row)),
            "]);",
            "",
        )
    )


def _output(row: OutputRow) -> Iterator[str]:
    rests = str(row.rests).lower()
    yield f'  {{ key: "{row.key}", length: {row.length}, group: {row.group}, rests: {rests}, pose: ['
    yield from (f"    {_member(member)}," for member in row.pose)
    yield "  ] },"


def _member(member: PoseField) -> str:
    length = max(0, math.prod(member.shape))
    return f'{{ name: "{_camel(member.name)}", length: {length}, first: {member.first} }}'


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)
