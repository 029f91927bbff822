"""Frames and textures as JSON for browsers, sub-protocol ``space.json.v1``: everything by its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.field_table import OUTPUTS
from engine_bridge.protocol.messages import Floats, Frame, Texture

_DIGITS: Final = 5


def frame_text(name: str, frame: Frame, rate: float) -> str:
    """Return a frame of the character ``name``; absent parts are left out. seconds: the frame's media time."""
    document: dict[str, object] = {
        "type": "frame",
        "name": name,
        "session": frame.session,
        "stream": frame.stream,
        "seq": frame.seq,
        "index": frame.index,
        "seconds": round(frame.sample / rate, 6),
        "speech": round(frame.speech, _DIGITS),
    }
    for row in OUTPUTS:
        values = getattr(frame, row.key, None)  # a texture is no field of a frame
        if values is not None:
            numbers = _rounded(values)
            document[row.key] = _NAMED[row.key](numbers) if row.key in _NAMED else numbers
    return _json(document)


def texture_text(name: str, texture: Texture) -> str:
    """Return what is said of a texture right before its bytes."""
    return _json(
        {
            "type": "texture",
            "name": name,
            "session": texture.session,
            "stream": texture.stream,
            "index": texture.index,
            "format": texture.format,
            "width": texture.width,
            "height": texture.height,
        }
    )


def _eyes(numbers: list[float]) -> object:
    left_yaw, left_pitch, right_yaw, right_pitch = numbers
    return {"left": {"yaw": left_yaw, "pitch": left_pitch}, "right": {"yaw": right_yaw, "pitch": right_pitch}}


_NAMED: Final[dict[str, Callable[[list[float]], object]]] = {
    "weights": lambda numbers: dict(zip(ARKIT_NAMES, numbers, strict=True)),
    "head": lambda numbers: dict(zip(("yaw", "pitch", "roll", "x", "y", "z"), numbers, strict=True)),
    "eyes": _eyes,
}
"""Outputs whose numbers have names; the others are lists."""


def _rounded(values: Floats) -> list[float]:
    return [round(value, _DIGITS) for value in values.tolist()]


def _json(document: dict[str, object]) -> str:
    return json.dumps(document, allow_nan=False, separators=(",", ":"))
