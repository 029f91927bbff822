"""The controls that a client gives to a face, as one value; `control_values` lists them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import cast

import numpy as np

from engine_bridge.client.control_values import ControlValues, SetFields, StartFields
from engine_bridge.protocol.field_table import CONTROLS, ControlRow
from engine_bridge.protocol.field_types import FieldType


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls(ControlValues):
    """Controls of a stream; None leaves one as it is.

    The server checks ranges and labels: what does not fit is refused with the code ``bad_value``.
    """

    def updated(self, later: Controls) -> Controls:
        """Return these controls with those that ``later`` has."""
        values = {field.name: getattr(later, field.name) for field in fields(later)}
        return replace(self, **{name: value for name, value in values.items() if value is not None})

    def for_set(self) -> SetFields:
        """Return the present ones, without the seed, as fields of a message."""
        return cast(SetFields, self._present(begins=False))

    def for_start(self) -> StartFields:
        """Return the present ones as fields of a message."""
        return cast(StartFields, self._present(begins=True))

    def _present(self, begins: bool) -> dict[str, object]:
        rows = (row for row in CONTROLS if begins or not row.begins)
        return {row.key: _field(row, value) for row in rows if (value := getattr(self, row.name)) is not None}


def _field(row: ControlRow, value: object) -> object:
    return np.asarray(value, np.float32) if row.kind is FieldType.FLOATS else value
