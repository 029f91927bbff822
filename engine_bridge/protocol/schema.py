"""The fields of every message, read off the classes in `messages`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from inspect import get_annotations
from typing import Final, get_args, get_type_hints

from engine_bridge.protocol.field_types import FieldType
from engine_bridge.protocol.messages import N_LANDMARKS, N_WEIGHTS, ClientMessage, Message, ServerMessage


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message. length: values of a `FieldType.FLOATS` field, the longest where `exact` is false."""

    name: str
    kind: FieldType
    required: bool
    length: int = 0
    exact: bool = True


_LENGTHS: Final = {
    ("frame", "weights"): N_WEIGHTS,
    ("frame", "head"): 6,
    ("frame", "eyes"): 4,
    ("frame", "landmarks"): N_LANDMARKS * 3,
    "gaze": 2,
    "look_at": 3,
}
"""How many float32 values a field has; gaze and look_at may also have none, which takes an earlier one back."""


def _fields(name: str, cls: type[Message]) -> tuple[Field, ...]:
    hints = get_type_hints(cls, include_extras=True)
    defaults = {field.name: field.default for field in fields(cls)}
    keys = (key for kind in cls.__mro__ for key in get_annotations(kind))  # its own before those of its bases
    return tuple(_field(name, key, hints[key], required=defaults[key] is not None) for key in keys)


def _field(message: str, key: str, hint: object, required: bool) -> Field:
    kind = _kind(hint)
    length = _LENGTHS.get((message, key)) or _LENGTHS.get(key, 0) if kind is FieldType.FLOATS else 0
    return Field(key, kind, required, length, exact=key not in ("gaze", "look_at"))


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

SCHEMA: Final[dict[str, tuple[Field, ...]]] = {name: _fields(name, cls) for name, cls in CLASSES.items()}
"""The fields of every message type, in their order."""

FROM_CLIENT: Final = frozenset(cls.__name__.lower() for cls in get_args(ClientMessage))
FROM_SERVER: Final = frozenset(cls.__name__.lower() for cls in get_args(ServerMessage))
