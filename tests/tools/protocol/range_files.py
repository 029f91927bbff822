"""The generated tables of ranges of what a server says, in C++ and C#."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine_bridge.protocol.server_ranges import LIMIT_RANGES, SERVER_RANGES, RangeRow

NOTE: Final = (
    "// Written by tests/tools/generate_protocol.py from engine_bridge/protocol/server_ranges.py; change that."
)
CPP: Final = "engine_bridge/cpp/space/generated/server_ranges.hpp"
CSHARP: Final = "engine_bridge/csharp/com.spaceruntime.face/Runtime/Core/Protocol/Generated/ServerRanges.cs"


def files() -> Iterator[tuple[str, str]]:
    """Yield (path, text)."""
    yield CPP, "\n".join((*_cpp(), ""))
    yield CSHARP, "\n".join((*_csharp(), ""))


def _cpp() -> Iterator[str]:
    yield from ("// The ranges of the numbers in a server's messages; what lies outside is no message.", "//", NOTE)
    yield from ("#pragma once", "", '#include "space/message_values.hpp"', "", "namespace space {", "")
    yield "/// The range of a number, or of each number of an array: outside it there is no message, within it numbers"
    yield "/// are clamped to least … most."
    yield from (
        "struct ServerRange {",
        "    const char *message, *field;",
        "    double low, high, least, most;",
        "};",
        "",
    )
    yield "constexpr ServerRange kServerRanges[] = {"
    yield from (f'    {{"{row.message}", "{row.field}", {_bounds(row)}}},' for row in SERVER_RANGES)
    yield from ("};", "", "/// A limit of `welcome` that a client follows; a number outside counts as the nearest end.")
    yield from ("struct LimitRange {", "    const char* name;", "    u64 least, most;", "};", "")
    yield "constexpr LimitRange kLimitRanges[] = {"
    yield from (f'    {{"{name}", {low}, {high}}},' for name, (low, high) in LIMIT_RANGES.items())
    yield from ("};", "", "}  // namespace space")


def _csharp() -> Iterator[str]:
    yield from (NOTE, "namespace SpaceRuntime.Protocol", "{")
    yield "    /// <summary>"
    yield "    /// The range of a number in a server's message, or of each number of an array: outside it there is no"
    yield "    /// message, within it numbers are clamped to Least … Most."
    yield "    /// </summary>"
    yield from ("    internal readonly struct ServerRange", "    {")
    yield "        public readonly string Message, Field;"
    yield from ("        public readonly double Low, High, Least, Most;", "")
    yield (
        "        private ServerRange(string message, string field, double low, double high, double least, double most)"
    )
    yield from ("        {", "            Message = message;", "            Field = field;", "            Low = low;")
    yield from ("            High = high;", "            Least = least;", "            Most = most;", "        }", "")
    yield from ("        /// <summary>In the order of messages and fields.</summary>",)
    yield from ("        public static readonly ServerRange[] All =", "        {")
    yield from (
        f'            new ServerRange("{row.message}", "{row.field}", {_bounds(row)}),' for row in SERVER_RANGES
    )
    yield from ("        };", "    }", "")
    yield "    /// <summary>"
    yield "    /// A limit of <c>welcome</c> that a client follows; a number outside counts as the nearest end."
    yield "    /// </summary>"
    yield from ("    internal readonly struct LimitRange", "    {", "        public readonly string Name;")
    yield from ("        public readonly long Least, Most;", "")
    yield "        private LimitRange(string name, long least, long most)"
    yield from (
        "        {",
        "            Name = name;",
        "            Least = least;",
        "            Most = most;",
        "        }",
    )
    yield from ("", "        /// <summary>One a limit.</summary>", "        public static readonly LimitRange[] All =")
    yield "        {"
    yield from (f'            new LimitRange("{name}", {low}, {high}),' for name, (low, high) in LIMIT_RANGES.items())
    yield from ("        };", "    }", "}")


def _bounds(row: RangeRow) -> str:
    least, most = row.clamped or (row.low, row.high)
    return ", ".join(_number(value) for value in (row.low, row.high, least, most))


def _number(value: float) -> str:
    return f"{int(value)}.0"
