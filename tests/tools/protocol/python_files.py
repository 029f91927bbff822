"""The generated Python files: message fields, the client's control values and its pose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from engine_bridge.protocol.field_table import CONTROLS, OUTPUTS, ControlRow, OutputRow, PoseField
from engine_bridge.protocol.field_types import FieldType
from tests.tools.protocol.text import NOTE, WIDTH, sentence, wrapped

_MESSAGE: Final = {
    FieldType.U64: "U64",
    FieldType.F32: "F32",
    FieldType.STR: "Text",
    FieldType.MIX: "Mix",
    FieldType.FLOATS: "FloatArray",
}
_VALUE: Final = {
    FieldType.U64: "int",
    FieldType.F32: "float",
    FieldType.STR: "str",
    FieldType.MIX: "Mapping[str, float]",
    FieldType.FLOATS: "Sequence[float]",
}
_WIRE_VALUE: Final = {**_VALUE, FieldType.MIX: "dict[str, float]", FieldType.FLOATS: "Floats"}


def files() -> Iterator[tuple[str, str]]:
    """Yield (path, text)."""
    yield "engine_bridge/protocol/control_fields.py", _control_fields()
    yield "engine_bridge/protocol/output_fields.py", _output_fields()
    yield "engine_bridge/client/control_values.py", _control_values()
    yield "engine_bridge/client/pose.py", _pose()


def _control_fields() -> str:
    kinds = sorted({_MESSAGE[row.kind] for row in CONTROLS}, key=lambda name: (not name.isupper(), name))
    return "\n".join(
        (
            '"""The controls of a face as fields of the messages that carry them, written last and in this order.',
            "",
            NOTE,
            '"""',
            "",
            "from __future__ import annotations",
            "",
            "from dataclasses import dataclass",
            "",
            f"from engine_bridge.protocol.field_types import {', '.join(kinds)}",
            "",
            *_message_class(
                "Controlled",
                "Controls, at the end of a client's message; absent ones stay as they are, or at the default.",
                (f"    {row.key}: {_MESSAGE[row.kind]} | None = None" for row in CONTROLS if not row.begins),
            ),
            *_message_class(
                "Seeded(Controlled)",
                "Controls with which a stream begins.",
                (f"    {row.key}: {_MESSAGE[row.kind]} | None = None" for row in CONTROLS if row.begins),
            ),
        )
    )


def _message_class(head: str, doc: str, fields: Iterable[str]) -> list[str]:
    lines = ["", "@dataclass(frozen=True, slots=True, eq=False, kw_only=True)", f"class {head}:", f'    """{doc}"""']
    return [*lines, "", *fields, ""]


def _output_fields() -> str:
    counted = [row for row in OUTPUTS if row.group]
    return "\n".join(
        (
            '"""The outputs of a session: their names, and the fields of messages that carry them.',
            "",
            NOTE,
            '"""',
            "",
            "from __future__ import annotations",
            "",
            "from dataclasses import dataclass",
            "from enum import StrEnum",
            "",
            "from engine_bridge.protocol.field_types import U32, FloatArray",
            "",
            "",
            "class Output(StrEnum):",
            '    """The outputs that a session may ask for."""',
            "",
            *_entries((f'{row.key.upper()} = "{row.key}"', row.doc) for row in OUTPUTS),
            "",
            *_message_class(
                "FrameOutputs",
                "Outputs, at the end of a `Frame`; absent ones were not asked for.",
                (f"    {row.key}: FloatArray | None = None" for row in OUTPUTS if row.in_frame),
            ),
            *_message_class(
                "OutputCounts",
                "Lengths that differ from server to server, at the end of a `Welcome`; absent: not offered.",
                (f"    {row.key}: U32 | None = None" for row in counted),
            ),
        )
    )


def _entries(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for line, doc in rows:
        yield f"    {line}"
        yield from _docstring(f"{doc[:1].upper()}{doc[1:]}.", "    ")


def _docstring(text: str, indent: str) -> list[str]:
    text = text.replace("`", "``")
    lines = wrapped(f'"""{text}"""', indent, "", WIDTH)
    return lines


def _control_values() -> str:
    return "\n".join(
        (
            '"""The controls of a face as a client gives them, and as typed fields of messages.',
            "",
            NOTE,
            '"""',
            "",
            "from __future__ import annotations",
            "",
            "from collections.abc import Mapping, Sequence",
            "from dataclasses import dataclass",
            "from typing import TypedDict",
            "",
            "from engine_bridge.protocol.field_types import Floats",
            "",
            "",
            "class SetFields(TypedDict, total=False):",
            '    """Controls as fields of a `Set`."""',
            "",
            *(f"    {row.key}: {_WIRE_VALUE[row.kind]}" for row in CONTROLS if not row.begins),
            "",
            "",
            "class StartFields(SetFields, total=False):",
            '    """Controls as fields of a `Start`, a `Speak` or an `Idle`."""',
            "",
            *(f"    {row.key}: {_WIRE_VALUE[row.kind]}" for row in CONTROLS if row.begins),
            "",
            "",
            "@dataclass(frozen=True, slots=True, kw_only=True)",
            "class ControlValues:",
            '    """Controls of a stream; None leaves one as it is."""',
            "",
            *_values(CONTROLS),
            "",
        )
    )


def _values(rows: Iterable[ControlRow]) -> Iterator[str]:
    for row in rows:
        yield f"    {row.name}: {_VALUE[row.kind]} | None = None"
        yield from _docstring(sentence(row), "    ")


def _pose() -> str:
    members = [(output, member) for output in OUTPUTS for member in output.pose]
    return "\n".join(
        (
            '"""A face at one instant: the frame of a stream in the words of the API, its rest, and mixtures of two.',
            "",
            NOTE,
            '"""',
            "",
            "from __future__ import annotations",
            "",
            "from dataclasses import dataclass",
            "from typing import Final",
            "",
            "from engine_bridge.client.playback_state import State",
            "from engine_bridge.client.pose_parts import mix, mix_last, part, reshaped, zeros",
            "from engine_bridge.protocol.messages import Floats, Frame",
            "",
            "",
            "@dataclass(frozen=True, slots=True, eq=False)",
            "class Pose:",
            '    """A face at one instant. Arrays are float32 and not written to."""',
            "",
            *_pose_members(members),
            "    speech: float",
            '    """Share of speech in it, 0…1."""',
            "    state: State",
            '    """Reason why it is shown."""',
            "",
            "",
            *_pose_function(
                "rest(last: Pose | None = None, state: State = State.RESTING)",
                "Return the pose at rest; what has none stays what it was in ``last``.",
                (_at_rest(output, member) for output, member in members),
                "0.0",
                "state",
            ),
            *_pose_function(
                "pose_of(frame: Frame, state: State)",
                "Return a frame as a pose; what the session did not ask for is at rest.",
                (_of_frame(output, member) for output, member in members),
                "frame.speech",
                "state",
            ),
            *_pose_function(
                "between(a: Pose, b: Pose, x: float)",
                "Return the pose at x (0…1) of the way from a to b, with b's state.",
                (_between(output, member) for output, member in members),
                "a.speech + (b.speech - a.speech) * x",
                "b.state",
            ),
            *(
                f"_{member.name.upper()}: Final[Floats] = zeros({_shape(member)})"
                for output, member in members
                if output.rests
            ),
            "",
        )
    )


def _pose_members(members: Iterable[tuple[OutputRow, PoseField]]) -> Iterator[str]:
    for output, member in members:
        optional = "" if output.rests else " | None"
        shape = str(member.shape).replace("-1", "n")
        yield f"    {member.name}: Floats{optional}"
        yield from _docstring(f"{shape}: {member.doc}{'' if output.rests else '; None until some have come'}.", "    ")


def _pose_function(head: str, doc: str, members: Iterable[str], speech: str, state: str) -> list[str]:
    lines = [f"def {head} -> Pose:", f'    """{doc}"""', "    return Pose(", *(f"        {line}," for line in members)]
    return [*lines, f"        speech={speech},", f"        state={state},", "    )", "", ""]


def _at_rest(output: OutputRow, member: PoseField) -> str:
    name = member.name
    return f"{name}=_{name.upper()}" if output.rests else f"{name}=last.{name} if last else None"


def _of_frame(output: OutputRow, member: PoseField) -> str:
    shape, first = _shape(member), f", {member.first}" if member.first else ""
    if output.rests:
        return f"{member.name}=part(frame.{output.key}, _{member.name.upper()}{first})"
    return f"{member.name}=reshaped(frame.{output.key}, {shape})"


def _between(output: OutputRow, member: PoseField) -> str:
    mix = "mix" if output.rests else "mix_last"
    return f"{member.name}={mix}(a.{member.name}, b.{member.name}, x)"


def _shape(member: PoseField) -> str:
    return str(member.shape)
