"""The container of binary glTF 2.0: a JSON document and one binary chunk."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine_bridge.formats.clip import ClipError

_HEAD: Final = struct.Struct("<4sII")
_CHUNK: Final = struct.Struct("<I4s")
MAX_DOCUMENT_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Glb:
    """A file: its document, as JSON has it, and its binary chunk, empty for none."""

    document: Mapping[str, object]
    binary: bytes


def read_glb(data: bytes, name: str) -> Glb:
    """Return the file in ``data``. Raises `ClipError` for everything that is none of version 2."""
    if len(data) < _HEAD.size or data[:4] != b"glTF":
        raise ClipError(f"{name} is no binary glTF; expected a .glb file, export the rig as glTF Binary")
    _, version, length = _HEAD.unpack_from(data)
    if version != 2 or not _HEAD.size <= length <= len(data):
        raise ClipError(f"{name} is a damaged or outdated .glb file; export the rig anew as glTF 2.0")
    chunks = _chunks(data[:length], name)
    return Glb(_document(chunks.get(b"JSON", b""), name), chunks.get(b"BIN\0", b""))


def write_glb(glb: Glb) -> bytes:
    """Return the bytes of a file."""
    text = json.dumps(glb.document, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    parts = [_chunk(b"JSON", text, b" ")]
    if glb.binary:
        parts.append(_chunk(b"BIN\0", glb.binary, b"\0"))
    return _HEAD.pack(b"glTF", 2, _HEAD.size + sum(map(len, parts))) + b"".join(parts)


def read_document(data: bytes, name: str) -> Mapping[str, object]:
    """Return the document of a ``.gltf`` text. Raises `ClipError`."""
    return _document(data, name)


def _document(data: bytes, name: str) -> Mapping[str, object]:
    try:
        if len(data) > MAX_DOCUMENT_BYTES:
            raise ValueError("it is too long")
        document = json.loads(data, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError:
        raise ClipError(f"the document of {name} is nested too deep; export the rig anew") from None
    except ValueError as error:
        raise ClipError(f"the document of {name} is no JSON ({error}); export the rig anew") from None
    if not isinstance(document, dict):
        raise ClipError(f"the document of {name} is no JSON object; export the rig anew")
    return document


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_constant(text)


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _chunks(data: bytes, name: str) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    at = _HEAD.size
    while at < len(data):
        if at + _CHUNK.size > len(data):
            raise ClipError(f"{name} ends within the head of a chunk; export the rig anew")
        length, kind = _CHUNK.unpack_from(data, at)
        at += _CHUNK.size
        if length > len(data) - at:
            raise ClipError(f"{name} ends within a chunk; copy or export the rig anew")
        found.setdefault(kind, data[at : at + length])
        at += length
    return found


def _chunk(kind: bytes, data: bytes, padding: bytes) -> bytes:
    padded = data + padding * (-len(data) % 4)
    return _CHUNK.pack(len(padded), kind) + padded
