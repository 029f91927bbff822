"""Frames and textures as JSON for browsers, sub-protocol ``space.json.v1``: everything by its name."""

from __future__ import annotations

import json
from typing import Final

from engine_bridge.protocol.arkit import ARKIT_NAMES
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
    if frame.weights is not None:
        document["weights"] = dict(zip(ARKIT_NAMES, _rounded(frame.weights), strict=True))
    if frame.head is not None:
        document["head"] = dict(zip(("yaw", "pitch", "roll", "x", "y", "z"), _rounded(frame.head), strict=True))
    if frame.eyes is not None:
        left_yaw, left_pitch, right_yaw, right_pitch = _rounded(frame.eyes)
        document["eyes"] = {
            "left": {"yaw": left_yaw, "pitch": left_pitch},
            "right": {"yaw": right_yaw, "pitch": right_pitch},
        }
    if frame.landmarks is not None:
        document["landmarks"] = _rounded(frame.landmarks)
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


def _rounded(values: Floats) -> list[float]:
    return [round(value, _DIGITS) for value in values.tolist()]


def _json(document: dict[str, object]) -> str:
    return json.dumps(document, allow_nan=False, separators=(",", ":"))
