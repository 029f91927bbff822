"""Many frames to canonical wire bytes at once: a template whose numbers are written column by column."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine_bridge.protocol import messages as wire_messages
from engine_bridge.protocol.field_types import FieldType
from engine_bridge.protocol.messages import Output
from engine_bridge.protocol.schema import SCHEMA
from engine_bridge.protocol.wire import encode

Bytes = NDArray[np.uint8]

_SIZES: Final = {Output(part.name): part.length for part in SCHEMA["frame"] if part.kind is FieldType.FLOATS}
"""Values of every part of a frame, in the order of the wire."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Numbers of F frames. Whole numbers (F,); sample (F,) float64; speech (F,); parts: (F, n) float32 by output."""

    session: NDArray[np.integer]
    stream: NDArray[np.integer]
    seq: NDArray[np.integer]
    index: NDArray[np.integer]
    sample: NDArray[np.float64]
    speech: NDArray[np.float32]
    parts: dict[Output, NDArray[np.float32]]


class FrameEncoder:
    """Encodes frames with one set of outputs.

    Law: the same bytes as `engine_bridge.protocol.wire.encode` gives for each frame. places: where its numbers stand.
    """

    def __init__(self, outputs: frozenset[Output]) -> None:
        self._parts = tuple(output for output in _SIZES if output in outputs)
        marker = {output.value: np.full(_SIZES[output], _MARK, np.float32) for output in self._parts}
        frame = wire_messages.Frame(
            session=0xA1A1A1A1,
            stream=0xA2A2A2A2,
            seq=0xA3A3A3A3,
            index=0xA4A4A4A4,
            sample=_MARK,
            speech=_MARK,
            **marker,
        )
        template = encode(frame)
        self._template = np.frombuffer(template, np.uint8)
        self.places = {name: template.index(mark) for name, mark in _MARKS.items()}
        self._part_at = self._find_parts(template)

    @property
    def n_bytes(self) -> int:
        """Bytes of one frame."""
        return self._template.size

    def encode(self, columns: Columns) -> list[bytes]:
        """Return the bytes of each frame."""
        n, size = len(columns.session), self.n_bytes
        rows = np.repeat(self._template[None], n, 0)
        for name in ("session", "stream", "seq", "index"):
            _write(rows, self.places[name], getattr(columns, name).astype(">u4"))
        _write(rows, self.places["sample"], columns.sample.astype(">f8"))
        _write(rows, self.places["speech"], columns.speech.astype(">f4"))
        for output, at in self._part_at.items():
            _write(rows, at, columns.parts[output].astype("<f4", copy=False))
        data = rows.tobytes()
        return [data[start : start + size] for start in range(0, n * size, size)]

    def _find_parts(self, template: bytes) -> dict[Output, int]:
        found, start = {}, 0
        for output in self._parts:
            at = template.index(np.full(_SIZES[output], _MARK, "<f4").tobytes(), start)
            found[output], start = at, at + 4 * _SIZES[output]
        return found


def _write(rows: Bytes, at: int, values: NDArray[np.generic]) -> None:
    data = np.ascontiguousarray(values).view(np.uint8).reshape(len(rows), -1)
    rows[:, at : at + data.shape[1]] = data


_MARK: Final = 12345677824.0
"""A number whose bytes stand nowhere else in a frame; exact in float32."""
_MARKS: Final = {
    "session": b"\xa1" * 4,
    "stream": b"\xa2" * 4,
    "seq": b"\xa3" * 4,
    "index": b"\xa4" * 4,
    "sample": struct.pack(">d", _MARK),
    "speech": struct.pack(">f", _MARK),
}
