"""Messages to bytes and back: strict MessagePack, see PROTOCOL.md. Knows no sockets.

``decode(encode(m))`` equals ``m``, and canonical bytes are encoded again to the same bytes. Whatever else comes in ends
in `WireError`, in time and memory proportional to its length.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Final

import msgpack
import numpy as np

from engine_bridge.protocol.errors import WireError, counted
from engine_bridge.protocol.field_types import FieldType
from engine_bridge.protocol.messages import Audio, Message
from engine_bridge.protocol.schema import CLASSES, SCHEMA, Field

MAX_DEPTH: Final = 4
"""Nested containers of the deepest message that may be skipped; known ones have two."""
MAX_TEXT: Final = 4_096
"""Bytes of the longest text."""
MAX_ITEMS: Final = 256
"""Entries of the longest array or map."""
MAX_F32: Final = float(np.finfo(np.float32).max)


def encode(message: Message) -> bytes:
    """Return the canonical bytes of a message. Raises `WireError` when a field does not fit its kind."""
    name = type(message).__name__.lower()
    present = [(field, value) for field in SCHEMA[name] if (value := getattr(message, field.name)) is not None]
    parts = [_head(0x80, 0xDE, len(present) + 1), _TYPE, _text(name)]
    for field, value in present:
        parts.append(_text(field.name))
        try:
            parts.append(_WRITERS[field.kind](value))
        except (struct.error, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise WireError(f"{field.name} of {name} is {value!r:.60}, which is no {field.kind} ({error})") from None
    return b"".join(parts)


def decode(data: bytes | memoryview) -> Message:
    """Return the message in ``data``.

    Fields that this version does not know are skipped. Raises `WireError` for everything that is no message: other
    bytes, a missing field, a value of another kind or length, NaN, doubled keys, trailing bytes.
    """
    document = _unpack(data)
    name = document.get("type")
    if not isinstance(name, str) or name not in SCHEMA:
        raise WireError(f"unknown message type {name!r:.40}")
    values: dict[str, object] = {}
    for field in SCHEMA[name]:
        value = document.get(field.name)
        if value is not None:
            values[field.name] = _value(name, field, value)
        elif field.required:
            raise WireError(f"{name} lacks {field.name!r}")
    return CLASSES[name](**values)  # type: ignore[arg-type]  # each value has just been checked against its kind


def type_of(data: bytes | memoryview) -> str:
    """Return the type of a message that may be unknown to this version. Raises `WireError` if it has none."""
    name = _unpack(data).get("type")
    if not isinstance(name, str):
        raise WireError("a message without a type")
    return name


def audio_from(data: bytes | memoryview) -> Audio | None:
    """Return the chunk in ``data`` if it is one in canonical form, without a general parse; None for all the rest."""
    if len(data) < _AUDIO_SIZE or data[:_AT_SESSION] != _AUDIO_HEAD:
        return None
    fields = _AUDIO.unpack_from(data, _AT_SESSION)
    if (fields[1], fields[3], fields[5]) != _AUDIO_KEYS:
        return None
    session, stream, first_sample, head = fields[0], fields[2], fields[4], fields[6]
    size = _BIN_HEADS.get(head)
    if size is None or first_sample >= 2**63:
        return None
    start = _AUDIO_SIZE + size
    if int.from_bytes(data[_AUDIO_SIZE:start], "big") != len(data) - start:
        return None
    return Audio(session=session, stream=stream, first_sample=first_sample, pcm=memoryview(data)[start:])


def _unpack(data: bytes | memoryview) -> dict[str, object]:
    try:
        document = msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=True,
            object_pairs_hook=_unique,
            ext_hook=_no_extension,
            max_str_len=min(MAX_TEXT, len(data)),
            max_array_len=MAX_ITEMS,
            max_map_len=MAX_ITEMS,
            max_ext_len=0,
        )
    except WireError:
        raise
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        size = counted(len(data), "byte that is", "bytes that are")
        raise WireError(f"{size} no message ({error or type(error).__name__})") from None
    if not isinstance(document, dict):
        raise WireError(f"a {type(document).__name__} instead of a map")
    _check_depth(document, MAX_DEPTH)
    return document


def _check_depth(value: object, left: int) -> None:
    """Refuse what nests deeper than any message; the library itself stops at about a thousand levels."""
    if not isinstance(value, list | dict):
        return
    if not left:
        raise WireError(f"more than {MAX_DEPTH} nested containers")
    for item in value.values() if isinstance(value, dict) else value:
        _check_depth(item, left - 1)


def _unique(pairs: list[tuple[object, object]]) -> dict[object, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise WireError("a map with the same key twice")
    if bytes in map(type, found):  # the library takes them for texts
        raise WireError("a map with bytes as a key")
    return found


def _no_extension(code: int, _: bytes) -> object:
    raise WireError(f"an extension type ({code}); the protocol has none")


def _value(message: str, field: Field, value: object) -> object:
    try:
        return _READERS[field.kind](field, value)
    except ValueError as error:
        raise WireError(f"{field.name} of {message} {error}") from None


def _whole(bits: int) -> Callable[[Field, object], object]:
    def read(_: Field, value: object) -> int:
        if type(value) is not int or not 0 <= value < 1 << bits:
            raise ValueError(f"is {value!r:.40}; expected a whole number within 0…2^{bits} − 1")
        return value

    return read


def _number(field: Field, value: object) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):  # type: ignore[arg-type]
        raise ValueError(f"is {value!r:.40}; expected a finite number")
    number = float(value)  # type: ignore[arg-type]
    if field.kind in (FieldType.F32, FieldType.MIX) and abs(number) > MAX_F32:
        raise ValueError(f"is {number!r:.40}; expected a number within float32's range")
    return number


def _string(_: Field, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"is a {type(value).__name__}; expected text")
    return value


def _binary(_: Field, value: object) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError(f"is a {type(value).__name__}; expected bytes")
    return value


def _floats(field: Field, value: object) -> object:
    if not isinstance(value, bytes) or len(value) % 4:
        raise ValueError("is no array of float32 in bytes")
    array = np.frombuffer(value, "<f4")
    if not field.fits(array.size):
        raise ValueError(f"has {counted(array.size, 'value')}; expected {field.expected}")
    if not np.isfinite(array).all():
        raise ValueError("contains NaN or infinity")
    return array


def _list(read: Callable[[Field, object], object]) -> Callable[[Field, object], object]:
    def read_all(field: Field, value: object) -> object:
        if not isinstance(value, list):
            raise ValueError(f"is a {type(value).__name__}; expected an array")
        return tuple(read(field, item) for item in value)

    return read_all


def _map(read: Callable[[Field, object], object]) -> Callable[[Field, object], object]:
    def read_all(field: Field, value: object) -> object:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise ValueError(f"is a {type(value).__name__}; expected a map with text as keys")
        return {key: read(field, item) for key, item in value.items()}

    return read_all


_READERS: Final[dict[FieldType, Callable[[Field, object], object]]] = {
    FieldType.U32: _whole(32),
    FieldType.U64: _whole(63),
    FieldType.F32: _number,
    FieldType.F64: _number,
    FieldType.STR: _string,
    FieldType.BIN: _binary,
    FieldType.FLOATS: _floats,
    FieldType.STRS: _list(_string),
    FieldType.U32S: _list(_whole(32)),
    FieldType.MIX: _map(_number),
    FieldType.COUNTS: _map(_whole(63)),
}


def _head(fix: int, wide: int, n: int) -> bytes:
    """The head of a map or an array of n entries."""
    return struct.pack(">B", fix | n) if n < 16 else struct.pack(">BH", wide, n)


def _text(text: str) -> bytes:
    raw = text.encode()
    n = len(raw)
    if n < 32:
        return bytes([0xA0 | n]) + raw
    if n < 256:
        return bytes([0xD9, n]) + raw
    return struct.pack(">BH", 0xDA, n) + raw


def _bytes(data: bytes | memoryview) -> bytes:
    n = memoryview(data).nbytes
    if n < 256:
        head = bytes([0xC4, n])
    elif n < 65_536:
        head = struct.pack(">BH", 0xC5, n)
    else:
        head = struct.pack(">BI", 0xC6, n)
    return head + bytes(data)


def _u32(value: int) -> bytes:
    return struct.pack(">BI", 0xCE, value)


def _u64(value: int) -> bytes:
    if value >= 1 << 63:
        raise ValueError("2^63 or more")
    return struct.pack(">BQ", 0xCF, value)


def _f32(value: float) -> bytes:
    return struct.pack(">Bf", 0xCA, _finite(value))


def _f64(value: float) -> bytes:
    return struct.pack(">Bd", 0xCB, _finite(value))


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("not finite")
    return value


def _float_bytes(values: object) -> bytes:
    array = np.ascontiguousarray(values, "<f4")
    if not np.isfinite(array).all():
        raise ValueError("not finite")
    return _bytes(array.tobytes())


_WRITERS: Final[dict[FieldType, Callable[..., bytes]]] = {
    FieldType.U32: _u32,
    FieldType.U64: _u64,
    FieldType.F32: _f32,
    FieldType.F64: _f64,
    FieldType.STR: _text,
    FieldType.BIN: _bytes,
    FieldType.FLOATS: _float_bytes,
    FieldType.STRS: lambda texts: _head(0x90, 0xDC, len(texts)) + b"".join(map(_text, texts)),
    FieldType.U32S: lambda numbers: _head(0x90, 0xDC, len(numbers)) + b"".join(map(_u32, numbers)),
    FieldType.MIX: lambda mix: _head(0x80, 0xDE, len(mix)) + b"".join(_text(k) + _f32(v) for k, v in mix.items()),
    FieldType.COUNTS: lambda mix: _head(0x80, 0xDE, len(mix)) + b"".join(_text(k) + _u64(v) for k, v in mix.items()),
}

_TYPE: Final = _text("type")

_AUDIO_HEAD: Final = _head(0x80, 0xDE, 5) + _TYPE + _text("audio") + _text("session") + b"\xce"
_AT_SESSION: Final = len(_AUDIO_HEAD)
_AUDIO_KEYS: Final = (_text("stream") + b"\xce", _text("first_sample") + b"\xcf", _text("pcm"))
_AUDIO: Final = struct.Struct(">I{}sI{}sQ{}sB".format(*map(len, _AUDIO_KEYS)))
_AUDIO_SIZE: Final = _AT_SESSION + _AUDIO.size
_BIN_HEADS: Final = {0xC4: 1, 0xC5: 2, 0xC6: 4}
"""First byte of a ``bin`` to the bytes of its length."""
