"""The generated C header: the structure of the controls, its bits, and its members as a list for what converts it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine_bridge.protocol.field_table import CONTROLS, ControlRow
from engine_bridge.protocol.field_types import FieldType
from tests.tools.protocol.text import NOTE, sentence, wrapped

FILE: Final = "engine_bridge/cpp/space/generated/controls.h"

_MEMBERS: Final = {
    FieldType.U64: "uint64_t {0};",
    FieldType.F32: "float {0};",
    FieldType.STR: "const char *{0};",
    FieldType.FLOATS: "float {0}[{1}];",
    FieldType.MIX: "const space_emotion *{0};\n    size_t n_{0};",
}
_LISTED: Final = {
    FieldType.U64: "NUMBER",
    FieldType.F32: "NUMBER",
    FieldType.STR: "TEXT",
    FieldType.FLOATS: "VECTOR",
    FieldType.MIX: "MIX",
}


def files() -> Iterator[tuple[str, str]]:
    """Yield (path, text)."""
    yield FILE, "\n".join((*_lines(), ""))


def _lines() -> Iterator[str]:
    yield from ("/* The controls of a face in C; a part of space.h.", " *", f" * {NOTE}", " */")
    yield from ("#ifndef SPACE_GENERATED_CONTROLS_H", "#define SPACE_GENERATED_CONTROLS_H", "")
    yield from ("#include <stddef.h>", "#include <stdint.h>", "")
    yield from ("/* The members of space_controls that are meant; SPACE_UNSET_… takes a vector back. */", "enum {")
    yield from (",\n".join(_bits()), "};", "")
    yield from ("typedef struct space_emotion {", "    const char *label;", "    float amount; /* 0…1 */")
    yield from ("} space_emotion;", "")
    yield "/* Initialised by space_controls_init. Members are appended, never moved: earlier programs have fewer. */"
    yield from ("typedef struct space_controls {", "    size_t size;")
    yield "    uint32_t set; /* SPACE_SET_… | …; 0: as it is */"
    for row in CONTROLS:
        yield from _comment(sentence(row))
        yield "    " + _MEMBERS[row.kind].format(row.name, row.length)
    yield from (
        "} space_controls;",
        "",
        "/* The members in order: KIND(member, NAME), VECTOR(member, NAME, length). */",
    )
    yield from (" \\\n    ".join(("#define SPACE_CONTROLS(NUMBER, TEXT, VECTOR, MIX)", *map(_item, CONTROLS))), "")
    yield "#endif"


def _bits() -> Iterator[str]:
    yield from (f"    SPACE_SET_{row.name.upper()} = 1 << {number}" for number, row in enumerate(CONTROLS))
    vectors = [row for row in CONTROLS if row.kind is FieldType.FLOATS]
    yield from (f"    SPACE_UNSET_{row.name.upper()} = 1 << {30 - number}" for number, row in enumerate(vectors))


def _comment(text: str) -> Iterator[str]:
    first, *more = wrapped(text, "", "", 110)
    lines = [f"    /* {first}", *(f"     * {line}" for line in more)]
    yield from (*lines[:-1], f"{lines[-1]} */")


def _item(row: ControlRow) -> str:
    length = f", {row.length}" if row.kind is FieldType.FLOATS else ""
    return f"{_LISTED[row.kind]}({row.name}, {row.name.upper()}{length})"
