"""The fields of every message, read off the classes in `messages`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from inspect import get_annotations
from typing import Final, get_args, get_type_hints

from engine_bridge.protocol.field_table import CONTROLS, OUTPUTS
from engine_bridge.protocol.field_types import FieldType
from engine_bridge.protocol.messages import ClientMessage, Message, ServerMessage
from engine_bridge.protocol.motion_row import ROW_NUMBERS


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    length: values of a `FieldType.FLOATS`; may_be_empty: none are allowed too. group: any number of groups of so many
    values instead.
    """

    name: str
    kind: FieldType
    required: bool
    length: int = 0
    may_be_empty: bool = False
    group: int = 0

    def fits(self, n_values: int) -> bool:
        """Return whether a `FieldType.FLOATS` may have so many values."""
        if self.group:
            return n_values % self.group == 0
        return n_values == self.length or (self.may_be_empty and not n_values)

    @property
    def expected(self) -> str:
        """The numbers of values that fit, in words."""
        return f"a multiple of {self.group}" if self.group else f"{self.length}"


_OUTPUTS: Final = {row.key: row for row in OUTPUTS}
_CONTROLS: Final = {row.key: row for row in CONTROLS}
_GROUPS: Final = {"rows": ROW_NUMBERS}
"""Numbers of a group, of arrays that are neither outputs nor controls."""


def _fields(cls: type[Message]) -> tuple[Field, ...]:
    hints = get_type_hints(cls, include_extras=True)
    defaults = {field.name: field.default for field in fields(cls)}
    keys = (key for kind in cls.__mro__ for key in get_annotations(kind))  # its own before those of its bases
    return tuple(_field(key, _kind(hints[key]), required=defaults[key] is not None) for key in keys)


def _field(key: str, kind: FieldType, required: bool) -> Field:
    """Return a field. Arrays of float32 are outputs or controls, whose lengths stand in their rows, or groups."""
    if kind is not FieldType.FLOATS or key in _GROUPS:
        return Field(key, kind, required, group=_GROUPS.get(key, 0))
    if key in _OUTPUTS:
        return Field(key, kind, required, _OUTPUTS[key].length, group=_OUTPUTS[key].group)
    return Field(key, kind, required, _CONTROLS[key].length, may_be_empty=True)


def _kind(hint: object) -> FieldType:
    for part in (hint, *get_args(hint)):
        for mark in getattr(part, "__metadata__", ()):
            if isinstance(mark, FieldType):
                return mark
    raise TypeError(f"{hint} has no kind")


CLASSES: Final[dict[str, type[Message]]] = {
    cls.__name__.lower(): cls for cls in dict.fromkeys((*get_args(ClientMessage), *get_args(ServerMessage)))
}
"""The class of every message type as it stands in the ``type`` field."""

SCHEMA: Final[dict[str, tuple[Field, ...]]] = {name: _fields(cls) for name, cls in CLASSES.items()}
"""The fields of every message type, in their order."""

FROM_CLIENT: Final = frozenset(cls.__name__.lower() for cls in get_args(ClientMessage))
FROM_SERVER: Final = frozenset(cls.__name__.lower() for cls in get_args(ServerMessage))
