"""Plain data to bytes and back, for a pipe: no code travels, so that nothing has to be believed of a child."""

from __future__ import annotations

import struct
from dataclasses import fields, is_dataclass
from typing import IO, Final, cast

import msgpack
import numpy as np

from space_runtime.file_reader import requests as r
from space_runtime.geometry import HeadPose
from space_runtime.portrait.landmark_file import PlacedLandmarks
from space_runtime.portrait.portrait import Portrait

MAX_BYTES: Final = 65 << 20
"""Of one message: the largest are files of 64 MiB."""

_KINDS: Final[dict[str, type]] = {
    kind.__name__: kind
    for kind in (
        r.ReadSound,
        r.DropSound,
        r.ReadPicture,
        r.SoundPart,
        r.TrackedPicture,
        r.Refused,
        r.Failed,
        r.Done,
        r.NotOpen,
        Portrait,
        HeadPose,
        PlacedLandmarks,
    )
}
_LENGTH: Final = struct.Struct(">I")
_KIND, _DTYPE, _SHAPE, _BYTES = "kind", "dtype", "shape", "bytes"


def pack(value: object) -> bytes:
    """Return the bytes of a value of a known kind. Fields are numbers, texts, bytes, arrays, tuples, such values."""
    return cast(bytes, msgpack.packb(_plain(value)))


def unpack(data: bytes) -> object:
    """Return the value of such bytes. Raises ValueError, KeyError or TypeError for others."""
    return _value(msgpack.unpackb(data))


def send(file: IO[bytes], value: object) -> None:
    """Write a value to a pipe. Raises OSError when the other side has closed it."""
    data = pack(value)
    file.write(_LENGTH.pack(len(data)) + data)
    file.flush()


def receive(file: IO[bytes]) -> object | None:
    """Return the next value from a pipe, None at its end. Raises as `unpack`."""
    head = file.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_BYTES:
        raise ValueError(f"a message of {length} bytes")
    data = file.read(length)
    return unpack(data) if len(data) == length else None


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return {_DTYPE: value.dtype.str, _SHAPE: list(value.shape), _BYTES: np.ascontiguousarray(value).tobytes()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if is_dataclass(value):
        return {_KIND: type(value).__name__} | {
            field.name: _plain(getattr(value, field.name)) for field in fields(value)
        }
    return float(value) if isinstance(value, np.floating) else value


def _value(plain: object) -> object:
    if isinstance(plain, list):
        return tuple(map(_value, plain))
    if not isinstance(plain, dict):
        return plain
    if _DTYPE in plain:
        return np.frombuffer(plain[_BYTES], np.dtype(plain[_DTYPE])).reshape(plain[_SHAPE]).copy()
    return _KINDS[plain[_KIND]](**{name: _value(one) for name, one in plain.items() if name != _KIND})
