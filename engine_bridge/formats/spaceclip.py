"""A clip as ``.spaceclip``: a header, then the frames as the wire carries them; what players of ours read.

===========  =========  ==========================================================================================
offset       type       meaning
===========  =========  ==========================================================================================
0            8 bytes    ``SPACECLP``
8            u32 LE     version of this layout: 1
12           u32 LE     h, bytes of the header
16           h bytes    header, a MessagePack map with text as keys (below)
16 + h       n × f      n frames of f bytes each: messages of type ``frame`` (PROTOCOL.md), one after the other
===========  =========  ==========================================================================================

Header: ``name`` (str), ``fps`` (array of numerator and denominator), ``sample_rate`` (samples per second in which
``sample`` of a frame counts), ``frames`` (n), ``frame_bytes`` (f), ``weights`` (array of the names of the weights, in
their order), ``metadata`` (bin: JSON). Keys that a reader does not know are skipped. ``session`` and ``stream`` of the
frames are 0, ``seq`` and ``index`` count from 0; all frames have the same outputs and so the same length.
"""

from __future__ import annotations

import json
import struct
from fractions import Fraction
from typing import IO, Final

import msgpack
import numpy as np

from engine_bridge.formats.clip import Clip, ClipError, Values
from engine_bridge.formats.options import FormatOptions
from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.errors import WireError, counted
from engine_bridge.protocol.messages import Floats, Frame
from engine_bridge.protocol.wire import decode, encode

MAGIC: Final = b"SPACECLP"
VERSION: Final = 1
MAX_HEADER_BYTES: Final = 1 << 20
_HEAD: Final = struct.Struct("<8sII")


def write_spaceclip(clip: Clip, _: FormatOptions, file: IO[bytes]) -> None:
    """Write a clip as ``.spaceclip``."""
    size = len(encode(_frame(clip, 0))) if clip.n_frames else 0
    header = msgpack.packb(
        {
            "name": clip.name,
            "fps": [clip.fps.numerator, clip.fps.denominator],
            "sample_rate": clip.sample_rate,
            "frames": clip.n_frames,
            "frame_bytes": size,
            "weights": list(ARKIT_NAMES),
            "metadata": json.dumps(clip.metadata, ensure_ascii=False, sort_keys=True).encode(),
        }
    )
    file.write(_HEAD.pack(MAGIC, VERSION, len(header)) + header)
    for index in range(clip.n_frames):
        file.write(encode(_frame(clip, index)))


def read_spaceclip(data: bytes) -> Clip:
    """Return the clip in ``data``. Raises `ClipError` for everything that is none."""
    try:
        magic, version, size = _HEAD.unpack_from(data)
        if magic != MAGIC or version != VERSION or size > min(MAX_HEADER_BYTES, len(data) - _HEAD.size):
            raise ValueError("it has no header of version 1")
        start = _HEAD.size + size
        header = msgpack.unpackb(data[_HEAD.size : start], raw=False, max_array_len=1_024, max_map_len=256)
        frames = _frames(data[start:], int(header["frames"]), int(header["frame_bytes"]))
        return _clip(header, frames)
    except (
        *(WireError, struct.error, ValueError, TypeError, LookupError, ArithmeticError, RecursionError),
        msgpack.UnpackException,
    ) as error:
        raise ClipError(f"the file is no .spaceclip that can be read ({error}); bake it anew") from None


def _frame(clip: Clip, index: int) -> Frame:
    head, shift = clip.head_rotation_rad, clip.head_translation
    return Frame(
        session=0,
        stream=0,
        seq=index,
        index=index,
        sample=float(index * clip.sample_rate / clip.fps),
        speech=float(clip.speech[index]),
        weights=None if clip.blendshapes is None else _floats(clip.blendshapes[index]),
        head=None if head is None or shift is None else _floats(np.concatenate([head[index], shift[index]])),
        eyes=None if clip.eye_rotation_rad is None else _floats(clip.eye_rotation_rad[index].reshape(4)),
    )


def _floats(values: Values) -> Floats:
    return np.ascontiguousarray(values, np.float32)


def _frames(data: bytes, n_frames: int, size: int) -> list[Frame]:
    if not 0 <= n_frames <= len(data) or len(data) != n_frames * size:
        raise ValueError(f"it has {counted(len(data), 'byte')} of frames; expected {n_frames} × {size}")
    found = [decode(memoryview(data)[start : start + size]) for start in range(0, len(data), size or 1)]
    frames = [frame for frame in found if isinstance(frame, Frame)]
    if len(frames) != len(found) or [frame.index for frame in frames] != list(range(n_frames)):
        raise ValueError("its frames are not in order")
    return frames


def _clip(header: dict[str, object], frames: list[Frame]) -> Clip:
    fps, rate, names = header["fps"], header["sample_rate"], header["weights"]
    metadata, name = header.get("metadata", b"{}"), header.get("name", "")
    if not isinstance(fps, list) or not isinstance(rate, int) or rate <= 0 or names != list(ARKIT_NAMES):
        raise ValueError("its header lacks fps, sample_rate or the names of weights")
    told = json.loads(metadata) if isinstance(metadata, bytes) else {}
    head = _rows([frame.head for frame in frames], 6)
    eyes = _rows([frame.eyes for frame in frames], 4)
    return Clip(
        name=str(name),
        fps=Fraction(*fps),
        sample_rate=rate,
        metadata=told if isinstance(told, dict) else {},
        times_s=np.array([frame.sample / rate for frame in frames], np.float64),
        speech=np.array([frame.speech for frame in frames], np.float32),
        blendshapes=_rows([frame.weights for frame in frames], len(ARKIT_NAMES)),
        head_rotation_rad=None if head is None else head[:, :3],
        head_translation=None if head is None else head[:, 3:],
        eye_rotation_rad=None if eyes is None else eyes.reshape(-1, 2, 2),
    )


def _rows(parts: list[Floats | None], size: int) -> Floats | None:
    """The rows of an output, (T, size); None where the frames have none of it."""
    there = [part for part in parts if part is not None]
    if there and len(there) < len(parts):
        raise ValueError("its frames differ in what they carry")
    if parts and not there:
        return None
    return np.array(there, np.float32).reshape(-1, size)
