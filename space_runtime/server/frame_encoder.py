"""Many frames to canonical wire bytes at once: a template whose numbers are written as columns of records."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

import numpy as np

from engine_bridge.protocol import messages as wire_messages
from engine_bridge.protocol.field_types import FieldType
from engine_bridge.protocol.messages import Output
from engine_bridge.protocol.output_fields import OutputCounts
from engine_bridge.protocol.schema import SCHEMA
from engine_bridge.protocol.wire import encode
from space_runtime.animation.batch_state import Frames
from space_runtime.arrays import Floats, Longs
from space_runtime.inference.bundle import Bundle
from space_runtime.rendering.embedded import open_generator
from space_runtime.server.flow_control import FlowControl

COLUMNS: Final[dict[Output, Callable[[Frames], Floats]]] = {
    Output.WEIGHTS: lambda frames: frames.blendshapes,
    Output.HEAD: lambda frames: frames.head,
    Output.EYES: lambda frames: frames.eye_rotation_rad.reshape(len(frames.row), -1),
    Output.LANDMARKS: lambda frames: frames.landmarks.reshape(len(frames.row), -1),
    Output.KEYPOINTS: lambda frames: frames.keypoints.reshape(len(frames.row), -1),
}
"""The (F, n) numbers of F frames by output, made only where somebody asks for them."""

_PARTS: Final = {Output(part.name): part for part in SCHEMA["frame"] if part.kind is FieldType.FLOATS}
"""The parts of a frame, in the order of the wire."""


def counts_of(bundle: Bundle) -> OutputCounts:
    """Return the lengths that a server with this bundle says in its `Welcome`. Raises `BundleError`."""
    return OutputCounts(keypoints=len(open_generator(bundle).keypoint_names))


class FrameEncoder:
    """Encodes frames with one set of outputs.

    Law: the same bytes as `engine_bridge.protocol.wire.encode` gives for each frame. places: where its numbers stand.
    counts: of outputs whose length differs from server to server.
    """

    def __init__(self, outputs: frozenset[Output], counts: OutputCounts) -> None:
        self._parts = tuple(output for output in _PARTS if output in outputs)
        sizes = {output: _size(output, counts) for output in self._parts}
        marker = {output.value: np.full(sizes[output], _MARK, np.float32) for output in self._parts}
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
        formats: dict[str, object] = dict(_FORMATS)
        start = 0
        for output in self._parts:
            start = template.index(np.full(sizes[output], _MARK, "<f4").tobytes(), start)
            self.places[output.value], formats[output.value] = start, ("<f4", (sizes[output],))
            start += 4 * sizes[output]
        self._record = np.dtype(
            {
                "names": list(self.places),
                "formats": [formats[name] for name in self.places],
                "offsets": list(self.places.values()),
                "itemsize": len(template),
            }
        )

    @property
    def n_bytes(self) -> int:
        """Bytes of one frame."""
        return self._template.size

    def encode(self, frames: Frames, seq: Longs, flow: FlowControl) -> list[bytes]:
        """Return the bytes of each of F frames. seq: (F,) their sequence numbers."""
        rows, size = frames.row, self.n_bytes
        index = flow.first_index[rows] + frames.frame_index
        records = np.repeat(self._template[None], len(rows), 0).view(self._record)[:, 0]
        records["session"], records["stream"], records["seq"] = flow.session[rows], flow.stream[rows], seq
        records["index"], records["sample"] = index, flow.media_sample(rows, index)
        records["speech"] = frames.speech
        for output in self._parts:
            records[output.value] = COLUMNS[output](frames)
        data = records.tobytes()
        return [data[start : start + size] for start in range(0, len(data), size)]


def _size(output: Output, counts: OutputCounts) -> int:
    """Return how many values of an output a frame carries."""
    part = _PARTS[output]
    return part.group * (getattr(counts, part.name) or 0) if part.group else part.length


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
_FORMATS: Final = {"session": ">u4", "stream": ">u4", "seq": ">u4", "index": ">u4", "sample": ">f8", "speech": ">f4"}
