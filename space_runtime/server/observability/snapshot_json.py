"""Snapshots as JSON text, and back: what ``/sessions`` answers and ``space-runtime top`` reads."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Final, get_args, get_origin, get_type_hints

from space_runtime.server.observability.snapshot import SessionSnapshot, Snapshot, Totals, WorkerSnapshot

_SUMS: Final = ("streams", "hops", "batches", "mean_batch", "lag_s", "worst_lag_s", "waiting")
"""Values that follow from the workers: written for whoever reads the JSON, never read."""


def to_json(snapshot: Snapshot) -> str:
    """Return a snapshot as one line of ASCII."""
    totals = snapshot.totals
    workers = [_plain(worker) for worker in totals.workers]
    whole = _plain(totals) | {name: getattr(totals, name) for name in _SUMS} | {"workers": workers}
    return json.dumps({"totals": whole, "sessions": [_plain(session) for session in snapshot.sessions]})


def from_json(text: str | bytes) -> Snapshot:
    """Return the snapshot in a text. Raises `ValueError` for whatever else it is; unknown fields are skipped."""
    try:
        found = _read(Snapshot, json.loads(text))
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"no snapshot: {error}") from None
    assert isinstance(found, Snapshot)
    return found


def _plain(value: Totals | WorkerSnapshot | SessionSnapshot) -> dict[str, object]:
    """The fields of a value, as they are."""
    kind: type = type(value)
    return {name: getattr(value, name) for name in _hints(kind)}


@cache
def _hints(kind: type) -> dict[str, type]:
    """The types of a dataclass's fields by name."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _read(kind: type, value: object) -> object:
    """Return a JSON value as a dataclass, a tuple, a word of an enum or a plain value; `TypeError` if it is none."""
    if is_dataclass(kind):
        if not isinstance(value, dict):
            raise TypeError(f"{kind.__name__} is a {type(value).__name__}")
        return kind(**{name: _read(hint, value[name]) for name, hint in _hints(kind).items()})
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise TypeError(f"a list is a {type(value).__name__}")
        return tuple(_read(get_args(kind)[0], item) for item in value)
    if issubclass(kind, StrEnum):
        return kind(str(value))
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"a {kind.__name__} is a {type(value).__name__}")
    return value
