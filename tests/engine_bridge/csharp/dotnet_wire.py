"""C# agrees with Python and the golden vectors on what is a message, and raises nothing but WireException."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from engine_bridge.protocol import wire
from engine_bridge.protocol.errors import WireError
from engine_bridge.protocol.field_table import CONTROLS as CONTROL_ROWS
from engine_bridge.protocol.field_types import FieldType
from engine_bridge.protocol.schema import SCHEMA
from tests.engine_bridge.csharp.dotnet import as_bytes, as_floats, byte_array
from tests.engine_bridge.csharp.dotnet_loaded import Probe, Protocol, System
from tests.tools import golden_vectors as golden
from tests.tools.protocol.text import pascal

VECTORS = golden.FOLDER
NAMES = sorted(path.stem for path in VECTORS.glob("*.bin"))
REFUSED = sorted((VECTORS / "refused").glob("*.bin"))

SPECIAL = {"message": "Text", "n_samples": "SampleCount", "look_ahead_s": "LookAheadSeconds"}
"""Fields whose name in C# is not simply the same in other letters."""

CONTROLS = {row.key: pascal(row.name) for row in CONTROL_ROWS}
"""Members of C#'s `Controls` by their wire names."""


def decode(data: bytes) -> object:
    return Protocol.Wire.Decode(byte_array(data))


def kind_of(error: BaseException) -> str:
    return type(error).__name__


def refusal(data: bytes) -> str:
    """The name of the exception that these bytes end in; empty: they are a message."""
    try:
        decode(data)
    except BaseException as error:
        return kind_of(error)
    return ""


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_message_is_written_again_to_the_same_bytes(name: str) -> None:
    data = (VECTORS / f"{name}.bin").read_bytes()
    assert as_bytes(Protocol.Wire.Encode(decode(data))) == data


def binary(value: object) -> object:
    array = value.ToArray()  # type: ignore[attr-defined]
    return {"hex": as_bytes(array).hex()}


READERS: dict[FieldType, Callable[..., object]] = {
    FieldType.BIN: binary,
    FieldType.FLOATS: lambda value: [float(str(number)) for number in as_floats(value)] if value.Length else [],
    FieldType.STRS: list,
    FieldType.U32S: list,
    FieldType.MIX: lambda value: {item.Name: float(str(_single(item.Value))) for item in value},
    FieldType.COUNTS: lambda value: {item.Name: item.Value for item in value},
    FieldType.F32: lambda value: float(str(_single(value))),
}


def _single(value: float) -> object:
    import numpy as np

    return np.float32(value)


def as_document(message: object, name: str) -> dict[str, object]:
    """A C# message in the form of the vectors' text twins."""
    document: dict[str, object] = {"type": name}
    for field in SCHEMA[name]:
        key = SPECIAL.get(field.name) or "".join(part.title() for part in field.name.split("_"))
        holder = message
        if hasattr(message, "Controls") and field.name in CONTROLS:
            holder, key = message.Controls, CONTROLS[field.name]
        value = getattr(holder, key)
        absent = value is None or (field.kind is FieldType.BIN and value.Array is None)
        if not absent:
            document[field.name] = READERS[field.kind](value) if field.kind in READERS else value
    return document


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_message_says_what_its_twin_says(name: str) -> None:
    twin = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    found = as_document(decode((VECTORS / f"{name}.bin").read_bytes()), twin["type"])
    if twin["type"] == "start":  # what Python writes as text was float64 before it became float32
        twin["emotion"] = {key: pytest.approx(value) for key, value in twin.get("emotion", {}).items()} or None
        found.setdefault("emotion", None)
    assert found == {key: pytest.approx(value) if isinstance(value, float) else value for key, value in twin.items()}


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_bytes_of_the_refused_vectors_are_refused(path: Path) -> None:
    assert refusal(path.read_bytes()) == "WireException"


def pack(*entries: bytes) -> bytes:
    return bytes([0x80 | len(entries)]) + b"".join(entries)


TYPE = b"\xa4type\xa5close"
SESSION = b"\xa7session"

BEYOND_THE_VECTORS = {
    "surrogate in a text": pack(b"\xa4type\xa3bye", b"\xa6reason\xa3\xed\xa0\x80"),
    "overlong UTF-8": pack(b"\xa4type\xa3bye", b"\xa6reason\xa2\xc0\x80"),
    "bad UTF-8 in a skipped key": pack(TYPE, SESSION + b"\x07", b"\xa1\xff\x01"),
    "bad UTF-8 in a skipped text": pack(TYPE, SESSION + b"\x07", b"\xa1x\xa1\xff"),
    "doubled key in a skipped map": pack(TYPE, SESSION + b"\x07", b"\xa1x\x82\xa1a\x01\xa1a\x02"),
    "number as a skipped map's key": pack(TYPE, SESSION + b"\x07", b"\xa1x\x81\x01\x01"),
    "five containers": pack(TYPE, SESSION + b"\x07", b"\xa1x\x91\x91\x91\x91\x01"),
    "257 items": pack(TYPE, SESSION + b"\x07", b"\xa1x\xdc\x01\x01" + b"\x01" * 257),
    "a text of 4097 bytes": pack(b"\xa4type\xa3bye", b"\xa6reason\xda\x10\x01" + b"x" * 4097),
    "a nil session": pack(TYPE, SESSION + b"\xc0"),
    "a doubled key, once nil": pack(TYPE, SESSION + b"\x07", SESSION + b"\xc0"),
    "timestamp": pack(TYPE, SESSION + b"\x07", b"\xa1x\xd6\xff\x00\x00\x00\x00"),
    "a float32 beyond its range": pack(
        b"\xa4type\xa4idle", SESSION + b"\x07", b"\xa6stream\x01", b"\xa5mouth\xcb" + struct.pack(">d", 1e300)
    ),
    "negative as int64": pack(TYPE, SESSION + b"\xd3" + struct.pack(">q", -1)),
}


@pytest.mark.parametrize("name", BEYOND_THE_VECTORS)
def test_more_bytes_that_are_refused_here_and_in_python(name: str) -> None:
    data = BEYOND_THE_VECTORS[name]
    with pytest.raises(WireError):
        wire.decode(data)
    assert refusal(data) == "WireException"


TOLERATED = {
    "signed int64": pack(TYPE, SESSION + b"\xd3" + struct.pack(">q", 7)),
    "int8": pack(TYPE, SESSION + b"\xd0\x07"),
    "uint16": pack(TYPE, SESSION + b"\xcd\x00\x07"),
    "other order": pack(SESSION + b"\x07", TYPE),
    "unknown fields of all kinds": pack(
        b"\xa1a\xc0", TYPE, b"\xa1b\xc3", b"\xa1c\xcb" + struct.pack(">d", 1.5), b"\xa1d\x92\x01\xff",
        b"\xa1e\x81\xa1k\x91\x81\xa1l\xc2", SESSION + b"\x07", b"\xa1f\xc4\x01\x00", b"\xa1g\xd9\x01x",
        b"\xa1h\xcf" + b"\xff" * 8, b"\xa1i\xca\x7f\xc0\x00\x00",
    ),
    "wide heads": b"\xdf\x00\x00\x00\x02" + b"\xdb\x00\x00\x00\x04type\xda\x00\x05close" + SESSION + b"\x07",
}  # fmt: skip


@pytest.mark.parametrize("name", TOLERATED)
def test_other_forms_than_the_canonical_are_read(name: str) -> None:
    message = decode(TOLERATED[name])
    assert message.Session == 7  # type: ignore[attr-defined]
    assert wire.encode(wire.decode(TOLERATED[name])) == as_bytes(Protocol.Wire.Encode(message))


def mutated(rng: random.Random, data: bytes) -> bytes:
    """One to six changes: a byte, a bit, a hole, a doubled piece, a cut."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(changed)) if changed else 0
        match rng.randrange(5):
            case 0 if changed:
                changed[at] = rng.randrange(256)
            case 1 if changed:
                changed[at] ^= 1 << rng.randrange(8)
            case 2:
                del changed[at : at + rng.randint(1, 8)]
            case 3:
                changed[at:at] = changed[at : at + rng.randint(1, 16)]
            case _:
                del changed[len(changed) - rng.randint(0, 3) :]
    return bytes(changed)


@cache
def mutants(n: int) -> list[bytes]:
    rng = random.Random(20)
    originals = [path.read_bytes() for path in VECTORS.glob("*.bin")] + [path.read_bytes() for path in REFUSED]
    small = [data for data in originals if len(data) < 5_000]
    return [mutated(rng, rng.choice(small)) for _ in range(n)]


def decode_all(messages: list[bytes], reuse: bool) -> bytes:
    lengths = System.Array[System.Int32](list(map(len, messages)))
    return as_bytes(Probe.DecodeAll(byte_array(b"".join(messages)), lengths, reuse))


@pytest.mark.parametrize("reuse", [False, True])
def test_mutated_messages_are_messages_or_refused(reuse: bool) -> None:
    results = decode_all(mutants(8_000), reuse)
    assert set(results) <= {0, 1}
    assert 0.5 < results.count(1) / len(results) < 1


def test_every_prefix_of_every_message_is_refused() -> None:
    whole = [path.read_bytes() for path in VECTORS.glob("*.bin")]
    prefixes = [data[:n] for data in whole if len(data) < 2_000 for n in range(len(data))]
    assert set(decode_all(prefixes, True)) == {1}


def python_says(data: bytes) -> int:
    """0: a message, perhaps of an unknown type; 1: refused."""
    try:
        name = wire.type_of(data)
        if name in SCHEMA:
            wire.decode(data)
    except WireError:
        return 1
    return 0


def test_python_and_csharp_agree_on_mutated_messages() -> None:
    messages = mutants(8_000)
    results = decode_all(messages, False)
    assert [m.hex() for m, r in zip(messages, results, strict=True) if r != python_says(m)] == []


def test_what_cannot_be_written_is_a_wire_exception() -> None:
    assert set(Probe.Unwritable()) == {"WireException"}


def test_reading_and_writing_what_comes_each_frame_makes_no_garbage() -> None:
    for name in ("frame_all", "frame_weights", "texture_rgb", "audio", "credit", "ping", "underrun"):
        data = byte_array((VECTORS / f"{name}.bin").read_bytes())
        read_us, read_bytes = Probe.ReadCost(data, 50_000)
        write_us, write_bytes = Probe.WriteCost(data, 20_000)
        print(
            f"MEASURED {name}: read {read_us:.2f} µs, {read_bytes:.2f} B; write {write_us:.2f} µs, {write_bytes:.2f} B"
        )
        assert read_bytes < 0.5, name
        assert write_bytes < 0.5, name
