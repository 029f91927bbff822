"""The tables of PROTOCOL.md: the cells of message fields, and the tables of controls and outputs between markers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from engine_bridge.protocol.client_ranges import CLIENT_RANGES
from engine_bridge.protocol.field_table import CONTROLS, OUTPUTS, ControlRow, OutputRow
from engine_bridge.protocol.field_types import FieldType
from engine_bridge.protocol.messages import Controlled, Seeded
from engine_bridge.protocol.motion_row import ROW_PARTS, RowPart
from engine_bridge.protocol.schema import FROM_CLIENT, FROM_SERVER, SCHEMA, Field
from engine_bridge.protocol.server_ranges import SERVER_RANGES, RangeRow
from tests.tools.protocol.text import span

_KINDS: Final = {
    FieldType.STRS: "str[]",
    FieldType.U32S: "u32[]",
    FieldType.MIX: "map(f32)",
    FieldType.COUNTS: "map(u64)",
}
_ROW: Final = re.compile(r"^\| (`[a-z]+`(?:, `[a-z]+`)*) \| (client|server|both) \| .*? \| ", re.MULTILINE)
_MARKED: Final = re.compile(
    r"(<!-- (controls|outputs|motion rows|client ranges|server ranges): .*? -->\n).*?(<!-- end -->)", re.DOTALL
)


def updated(text: str) -> str:
    """Return the specification with the cells ``from`` and ``fields`` and the marked tables written anew."""
    tables = {
        "controls": _controls(),
        "outputs": _outputs(),
        "motion rows": _motion_rows(),
        "client ranges": _client_ranges(),
        "server ranges": _server_ranges(),
    }
    text = _ROW.sub(lambda found: _message_row(found[1]), text)
    return _MARKED.sub(lambda found: found[1] + "\n".join(("", *tables[found[2]], "", "")) + found[3], text)


def _message_row(names: str) -> str:
    name = names.split("`")[1]
    both = name in FROM_CLIENT & FROM_SERVER
    sender = "both" if both else "client" if name in FROM_CLIENT else "server"
    return f"| {names} | {sender} | {', '.join(_message_fields(name))} | "


def _message_fields(name: str) -> Iterator[str]:
    shared = {row.key for row in CONTROLS} if name in _CARRIERS else set()
    yield from (_field(field) for field in SCHEMA[name] if field.name not in shared)
    if shared:
        yield "*controls*"


_CARRIERS: Final = {cls.__name__.lower() for base in (Controlled, Seeded) for cls in base.__subclasses__()} - {"seeded"}


def _field(field: Field) -> str:
    return f"`{field.name}`{'' if field.required else '?'} {_kind(field.kind, field.length, field.group)}"


def _kind(kind: FieldType, length: int = 0, group: int = 0) -> str:
    if kind is FieldType.FLOATS:
        return f"floats[{group}·n]" if group else f"floats[{length}]"
    return _KINDS.get(kind, kind.value)


def _table(*rows: Iterable[str]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], "|" + "---|" * (lines[0].count("|") - 1), *lines[1:]]


def _controls() -> list[str]:
    return _table(("control", "type", "allowed", "default", "meaning", "name in the clients"), *map(_control, CONTROLS))


def _control(row: ControlRow) -> tuple[str, ...]:
    only = "; not in `set`" if row.begins else ""
    kind = _kind(row.kind, row.length)
    return f"`{row.key}`", kind, span(row), row.default, f"{row.doc}{only}", f"`{row.name}`"


def _motion_rows() -> list[str]:
    return _table(("numbers", "of a row", "allowed", "meaning"), *map(_row_part, ROW_PARTS))


def _row_part(part: RowPart) -> tuple[str, ...]:
    last = part.first + part.n_numbers - 1
    place = f"{part.first}" if part.n_numbers == 1 else f"{part.first}…{last}"
    return place, part.name, f"{part.low:.10g}…{part.high:.10g}", part.meaning


def _client_ranges() -> list[str]:
    rows = [(f"`{row.message}`", f"`{row.field}`", f"{row.low}…{row.high}") for row in CLIENT_RANGES]
    return _table(("message", "field", "allowed"), *rows)


def _outputs() -> list[str]:
    return _table(("output", "in a frame", "meaning", "in a client's pose"), *map(_output, OUTPUTS))


def _output(row: OutputRow) -> tuple[str, ...]:
    kind = _kind(FieldType.FLOATS, row.length, row.group) if row.in_frame else "–"
    return f"`{row.key}`", kind, row.doc, ", ".join(f"`{member.name}`" for member in row.pose) or "–"


def _server_ranges() -> list[str]:
    return _table(("message", "field", "range", "clamped to"), *map(_server_range, SERVER_RANGES))


def _server_range(row: RangeRow) -> tuple[str, ...]:
    clamped = f"{row.clamped[0]:g} … {row.clamped[1]:g}" if row.clamped else "–"
    return f"`{row.message}`", f"`{row.field}`", row.span, clamped
