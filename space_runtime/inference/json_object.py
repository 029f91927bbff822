"""Objects of a JSON file that strangers may have written: every value is asked for by its name and its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from space_runtime.arguments import shown

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class JsonObject:
    """An object of a file. place: its name in messages. Every method raises `ValueError` with a clause that says what
    is wrong and what was expected."""

    place: str
    values: dict[str, object]

    @classmethod
    def of(cls, place: str, value: object) -> JsonObject:
        """Return a value that has to be an object."""
        return cls(place, of_kind(place, value, dict, "an object"))

    def text(self, name: str) -> str:
        """Return a text."""
        return self._of_kind(name, str, "text")

    def whole(self, name: str) -> int:
        """Return a whole number."""
        return self._of_kind(name, int, "a whole number")

    def number(self, name: str) -> float:
        """Return a number."""
        return self._of_kind(name, (float, int), "a number")

    def items(self, name: str) -> list[object]:
        """Return the items of a list."""
        return self._of_kind(name, list, "a list")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(of_kind(f"an item of {self._called(name)}", item, str, "text") for item in self.items(name))

    def objects(self, name: str) -> list[JsonObject]:
        """Return a list of objects."""
        place = self._called(name)
        return [JsonObject.of(f"item {n} of {place}", item) for n, item in enumerate(self.items(name), 1)]

    def inner(self, name: str) -> JsonObject:
        """Return an object."""
        return JsonObject.of(self._called(name), self._value(name))

    def _of_kind(self, name: str, kind: type[Kind] | tuple[type[Kind], ...], expected: str) -> Kind:
        return of_kind(self._called(name), self._value(name), kind, expected)

    def _value(self, name: str) -> object:
        if name not in self.values:
            raise ValueError(f"{self.place} lacks {name!r}")
        return self.values[name]

    def _called(self, name: str) -> str:
        return f"{name!r} of {self.place}"


def of_kind(place: str, value: object, kind: type[Kind] | tuple[type[Kind], ...], expected: str) -> Kind:
    """Return a value of a kind; a truth value is no number. Raises `ValueError`."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{place} is {shown(value)}, expected {expected}")
    return value
