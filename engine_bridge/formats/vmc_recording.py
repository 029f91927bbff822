"""A clip as a recording of Virtual Motion Capture packets, ``.vmc``: what `adapters.vmc` sends, with its times.

An OSC stream as OSC 1.0 frames it: of each packet its size as a big-endian i32, then the packet, a bundle whose time
tag is the media time of its frame (32.32 fixed point seconds from the beginning). To play it, send each packet at its
time to UDP port 39539.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO, Final

import numpy as np

from engine_bridge.adapters import osc
from engine_bridge.adapters.sink import Face
from engine_bridge.adapters.vmc import packets_of
from engine_bridge.adapters.vrm import Preset
from engine_bridge.formats.clip import Clip, ClipError
from engine_bridge.formats.options import FormatOptions

_SIZE: Final = struct.Struct(">i")
_TAG: Final = struct.Struct(">Q")
_AT_TAG: Final = 8
_NOW: Final = osc.BUNDLE_HEAD[_AT_TAG:]
MAX_PACKET_BYTES: Final = 65_507


def write_vmc(clip: Clip, _: FormatOptions, file: IO[bytes]) -> None:
    """Write a clip as a VMC recording, under the names of "Perfect Sync" avatars."""
    for index in range(clip.n_frames):
        face = _face(clip, index)
        tag = _TAG.pack(round(face.seconds * 2**32))
        for packet in packets_of(face, Preset.ARKIT):
            file.write(_SIZE.pack(len(packet)) + packet[:_AT_TAG] + tag + packet[_AT_TAG + _TAG.size :])


def read_vmc(data: bytes) -> Iterator[tuple[float, bytes]]:
    """Yield the media time in seconds and the packet, as it is sent, of each record. Raises `ClipError`."""
    at = 0
    while at < len(data):
        (size,) = _SIZE.unpack_from(data, at) if at + _SIZE.size <= len(data) else (0,)
        at += _SIZE.size
        packet = data[at : at + size]
        if not len(osc.BUNDLE_HEAD) <= size <= MAX_PACKET_BYTES or len(packet) < size or packet[:8] != b"#bundle\0":
            raise ClipError("the file is no VMC recording, or is cut off; bake it anew")
        at += size
        (tag,) = _TAG.unpack_from(packet, _AT_TAG)
        yield tag / 2**32, packet[:_AT_TAG] + _NOW + packet[_AT_TAG + _TAG.size :]


def _face(clip: Clip, index: int) -> Face:
    eyes = clip.eye_rotation_rad
    return Face(
        seconds=float(clip.times_s[index]),
        weights=None if clip.blendshapes is None else np.asarray(clip.blendshapes[index], np.float32),
        head_rad=None if clip.head_rotation_rad is None else np.asarray(clip.head_rotation_rad[index], np.float32),
        eyes_rad=None if eyes is None else np.asarray(eyes[index], np.float32).reshape(4),
    )
