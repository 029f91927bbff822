"""The generated C++ headers: controls and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from engine_bridge.protocol.field_table import CONTROLS, OUTPUTS, ControlRow, OutputRow
from engine_bridge.protocol.field_types import FieldType
from tests.tools.protocol.text import NOTE, pascal, sentence, wrapped

FOLDER: Final = "engine_bridge/cpp/space/generated"

_TYPES: Final = {
    FieldType.U64: "std::optional<std::uint64_t>",
    FieldType.F32: "std::optional<float>",
    FieldType.STR: "std::optional<std::string_view>",
    FieldType.MIX: "std::optional<Mix>",
}


def files() -> Iterator[tuple[str, str]]:
    """Yield (path, text)."""
    yield f"{FOLDER}/control_fields.hpp", _text(_control_fields())
    yield f"{FOLDER}/output_fields.hpp", _text(_output_fields())


def _text(lines: Iterable[str]) -> str:
    return "\n".join((*lines, ""))


def _control_fields() -> Iterator[str]:
    yield from (
        "// The controls of a face as start, speak, idle and set carry them.",
        "//",
        f"// {NOTE}",
        "#pragma once",
    )
    yield from ("", "#include <limits>", "", '#include "space/message_values.hpp"', "", "namespace space {", "")
    yield from ("/// The controls of a face; absent: as it is.", "struct Controls {")
    for row in CONTROLS:
        yield from wrapped(sentence(row), "    ", "/// ")
        yield f"    {_type(row)} {row.name};"
    yield from ("", "    /// Shows (wire key, value) to a visitor, in canonical order.")
    yield "    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {"
    yield from (f'        visit("{row.key}", m.{row.name});' for row in CONTROLS if row.begins)
    yield from ("        without_seed(m, visit);", "    }")
    yield "    template <class Self, class Visit> static void without_seed(Self& m, Visit& visit) {"
    yield from (f'        visit("{row.key}", m.{row.name});' for row in CONTROLS if not row.begins)
    yield from ("    }", "", "    /// Shows (wire key, value of a, value of b) to a visitor, without the seed.")
    yield "    template <class A, class B, class Visit> static void pairs(A& a, B& b, Visit& visit) {"
    yield from (f'        visit("{row.key}", a.{row.name}, b.{row.name});' for row in CONTROLS if not row.begins)
    yield from ("    }", "};", "", "/// One control: its member of `Controls`, its name on the wire, its range.")
    yield from ("struct ControlField {", "    const char* name;", "    const char* key;")
    yield from ("    float least, most;  ///< infinite where any number is allowed", "};", "")
    yield from ("/// All controls, in canonical order.", "constexpr ControlField kControlFields[] = {")
    yield from (
        f'    {{"{row.name}", "{row.key}", {_bound(row.low, "-")}, {_bound(row.high, "")}}},' for row in CONTROLS
    )
    yield from ("};", "", "}  // namespace space")


def _type(row: ControlRow) -> str:
    return _TYPES.get(row.kind) or f"std::optional<FloatsOrNone<{row.length}>>"


def _bound(value: float | None, sign: str) -> str:
    return f"{sign}std::numeric_limits<float>::infinity()" if value is None else f"{float(value)!r}F"


def _output_fields() -> Iterator[str]:
    frame = [row for row in OUTPUTS if row.in_frame]
    counted = [row for row in OUTPUTS if row.group]
    yield from ("// The outputs of a session as frames carry them.", "//", f"// {NOTE}")
    yield from ("#pragma once", "", '#include "space/message_values.hpp"', "", "namespace space {", "")
    yield "// Numbers of an output in a frame."
    yield from (f"constexpr std::size_t k{pascal(row.key)} = {row.length};" for row in frame if row.length)
    yield from ("", "/// Names of the outputs that `open` may ask for.", "namespace outputs {")
    yield from (f'constexpr const char* {row.key} = "{row.key}";' for row in OUTPUTS)
    yield from (
        "}  // namespace outputs",
        "",
        "/// The outputs of a frame; absent: not asked for.",
        "struct FrameOutputs {",
    )
    for row in frame:
        yield from wrapped(f"{row.doc[:1].upper()}{row.doc[1:]}.", "    ", "/// ")
        yield f"    std::optional<{_output_type(row)}> {row.key};"
    yield from ("", "    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {")
    yield from (f'        visit("{row.key}", m.{row.key});' for row in frame)
    yield from ("    }", "};", "", "/// Lengths that differ from server to server; absent: not offered.")
    yield "struct OutputCounts {"
    yield from (
        f"    std::optional<std::uint32_t> {row.key};  ///< groups of {row.group} numbers in a frame" for row in counted
    )
    yield from ("", "    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {")
    yield from (f'        visit("{row.key}", m.{row.key});' for row in counted)
    yield from ("    }", "};", "", "}  // namespace space")


def _output_type(row: OutputRow) -> str:
    return f"FloatGroups<{row.group}>" if row.group else f"Floats<k{pascal(row.key)}>"
