"""The generated C# files: controls, their table, and the fields of messages that carry outputs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from engine_bridge.protocol.field_table import CONTROLS, OUTPUTS, ControlRow, OutputRow
from engine_bridge.protocol.field_types import FieldType
from tests.tools.protocol.text import NOTE, pascal, sentence, wrapped

FOLDER: Final = "engine_bridge/csharp/com.spaceruntime.face/Runtime/Core/Protocol/Generated"

_TYPES: Final = {
    FieldType.U64: "ulong?",
    FieldType.F32: "float?",
    FieldType.STR: "string",
    FieldType.MIX: "NamedValue[]",
    FieldType.FLOATS: "float[]",
}


def files() -> Iterator[tuple[str, str]]:
    """Yield (path, text)."""
    yield f"{FOLDER}/Controls.cs", _file("", _controls())
    yield f"{FOLDER}/ControlFields.cs", _file("using System.Collections.Generic;\n\n", _control_fields())
    yield f"{FOLDER}/OutputFields.cs", _file("", _output_fields())


def _file(head: str, lines: Iterable[str]) -> str:
    body = "".join(f"    {line}\n" if line else "\n" for line in lines)
    return f"// {NOTE}\n{head}namespace SpaceRuntime.Protocol\n{{\n{body}}}\n"


def _summary(text: str, indent: str = "    ") -> list[str]:
    text = re.sub(r"`([^`]+)`", r"<c>\1</c>", text.replace("&", "&amp;").replace("<", "&lt;"))
    one_line = f"{indent}/// <summary>{text}</summary>"
    if len(one_line) <= 116:
        return [one_line]
    return [f"{indent}/// <summary>", *wrapped(text, indent, "/// ", 116), f"{indent}/// </summary>"]


def _controls() -> Iterator[str]:
    yield from _summary("The controls of a face. null leaves the server's default, or in `set` what was before.", "")
    yield from ("public sealed class Controls", "{")
    for row in CONTROLS:
        yield from (*_summary(sentence(row)), f"    public {_TYPES[row.kind]} {pascal(row.name)};", "")
    yield from _summary("Shows the fields to a visitor, in canonical order.")
    yield from ("    public void Visit(FieldVisitor visitor, bool withSeed)", "    {")
    yield from (f"        {'if (withSeed) ' if row.begins else ''}{_visit(row)}" for row in CONTROLS)
    yield from ("    }", "")
    yield from _summary("Returns a copy; the arrays are shared, since nothing writes into them.")
    yield from ("    public Controls Copy() => (Controls)MemberwiseClone();", "")
    yield '    /// <summary>Takes over what <paramref name="later"/> says; the rest stays, and the seed.</summary>'
    yield from ("    public void Merge(Controls later)", "    {")
    names = [pascal(row.name) for row in CONTROLS if not row.begins]
    yield from (f"        {name} = later.{name} ?? {name};" for name in names)
    yield from ("    }", "}")


def _visit(row: ControlRow) -> str:
    name = pascal(row.name)
    match row.kind:
        case FieldType.FLOATS:
            return f'visitor.Floats("{row.key}", ref {name}, {row.length}, true);'
        case FieldType.STR:
            return f'visitor.Text("{row.key}", ref {name}, false);'
        case FieldType.MIX:
            return f'visitor.Values("{row.key}", ref {name});'
    return f'visitor.{row.kind.upper()}("{row.key}", ref {name});'


def _control_fields() -> Iterator[str]:
    yield from _summary("One control: its names and range, for checks and for user interfaces.", "")
    yield from ("public readonly struct ControlField", "{")
    yield from _summary("Describes a control.")
    yield "    public ControlField(string name, string key, float least, float most)"
    yield from (
        "    {",
        "        Name = name;",
        "        Key = key;",
        "        Least = least;",
        "        Most = most;",
        "    }",
    )
    for kind, name, doc in (
        ("string", "Name", 'Its member of <see cref="Controls"/>.'),
        ("string", "Key", "Its name on the wire."),
        ("float", "Least", "The least allowed number; minus infinity where any is."),
        ("float", "Most", "The greatest allowed number; infinity where any is."),
    ):
        yield from ("", f"    /// <summary>{doc}</summary>", f"    public {kind} {name} {{ get; }}")
    yield from ("}", "")
    yield from _summary("All controls, in canonical order.", "")
    yield from ("public static class ControlFields", "{")
    yield from _summary("One entry a control.")
    yield from ("    public static readonly IReadOnlyList<ControlField> All = new[]", "    {")
    yield from (
        f'        new ControlField("{pascal(row.name)}", "{row.key}", {_number(row.low, "Negative")}, '
        f"{_number(row.high, 'Positive')}),"
        for row in CONTROLS
    )
    yield from ("    };", "}")


def _number(value: float | None, sign: str) -> str:
    return f"float.{sign}Infinity" if value is None else f"{value:.9g}f"


def _output_fields() -> Iterator[str]:
    yield from _summary("Names of the outputs that `open` may ask for.", "")
    yield from ("public static class OutputNames", "{")
    yield from _separated(
        [*_summary(_capital(row.doc)), f'    public const string {pascal(row.key)} = "{row.key}";'] for row in OUTPUTS
    )
    yield from ("}", "", *_summary("Numbers of the outputs of a frame.", ""))
    yield from ("public static partial class WireLimits", "{")
    yield from _separated(
        [*_summary(f"Numbers of `{row.key}`: {row.doc}."), f"    public const int {pascal(row.key)} = {row.length};"]
        for row in OUTPUTS
        if row.length
    )
    yield from ("}", "", *_summary("The outputs that a frame carries; null: not asked for.", ""))
    yield from ("public sealed partial class FrameMessage", "{")
    frame = [row for row in OUTPUTS if row.in_frame]
    for row in frame:
        yield from (*_summary(_capital(row.doc)), f"    public float[] {pascal(row.key)};", "")
    yield from ("    private void VisitOutputs(FieldVisitor visitor)", "    {")
    yield from (f"        {_visit_output(row)}" for row in frame)
    yield from ("    }", "}", "")
    yield from _summary("Lengths that differ from server to server; null: not offered.", "")
    yield from ("public sealed partial class WelcomeMessage", "{")
    counted = [row for row in OUTPUTS if row.group]
    for row in counted:
        doc = f"Groups of {row.group} numbers in a frame's `{row.key}`."
        yield from (*_summary(doc), f"    public uint? {pascal(row.key)};", "")
    yield from ("    private void VisitOutputCounts(FieldVisitor visitor)", "    {")
    yield from (f'        visitor.U32("{row.key}", ref {pascal(row.key)});' for row in counted)
    yield from ("    }", "}")


def _visit_output(row: OutputRow) -> str:
    name = pascal(row.key)
    if row.group:
        return f'visitor.FloatGroups("{row.key}", ref {name}, {row.group});'
    return f'visitor.Floats("{row.key}", ref {name}, WireLimits.{name}, false);'


def _capital(doc: str) -> str:
    return f"{doc[:1].upper()}{doc[1:]}."


def _separated(blocks: Iterable[list[str]]) -> Iterator[str]:
    for number, block in enumerate(blocks):
        if number:
            yield ""
        yield from block
