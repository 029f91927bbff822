"""The laws of the codec: what is written reads back, and what is no message ends in `WireError`, soon and cheaply."""

from __future__ import annotations

import json
import math
import random
import struct
import time
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import WireError
from engine_bridge.protocol.field_types import FieldType
from engine_bridge.protocol.messages import Floats, Message
from engine_bridge.protocol.schema import CLASSES, SCHEMA, Field
from engine_bridge.protocol.wire import _WRITERS, audio_from, decode, encode, type_of
from tests.tools import golden_vectors as golden

GOLDEN: Final = dict(golden.messages())
REFUSED: Final = dict(golden.refused())
CLOSE: Final = b"\xa4type\xa5close\xa7session\xce\x00\x00\x00\x07"
"""The entries of a `Close`, without the head of their map."""

texts = st.text(max_size=40)
f32s = st.floats(width=32, allow_nan=False, allow_infinity=False)


def floats_of(n: int) -> st.SearchStrategy[Floats]:
    return st.lists(f32s, min_size=n, max_size=n).map(lambda values: np.array(values, np.float32))


STRATEGIES: Final[dict[FieldType, st.SearchStrategy[object]]] = {
    FieldType.U32: st.integers(0, 2**32 - 1),
    FieldType.U64: st.integers(0, 2**63 - 1),
    FieldType.F32: f32s,
    FieldType.F64: st.floats(allow_nan=False, allow_infinity=False),
    FieldType.STR: texts | st.sampled_from(["x" * 31, "x" * 32, "x" * 255, "x" * 256, "ü" * 2048]),
    FieldType.BIN: st.binary(max_size=300) | st.sampled_from([b"x" * 255, b"x" * 256, b"x" * 65_535, b"x" * 65_536]),
    FieldType.STRS: st.lists(texts, max_size=20).map(tuple),
    FieldType.U32S: st.lists(st.integers(0, 2**32 - 1), max_size=20).map(tuple),
    FieldType.MIX: st.dictionaries(texts, f32s, max_size=20),
    FieldType.COUNTS: st.dictionaries(texts, st.integers(0, 2**63 - 1), max_size=20),
}


def values_of(field: Field) -> st.SearchStrategy[object]:
    if field.kind is FieldType.FLOATS:
        lengths = [n for n in (0, field.length, 2, 3 * field.group, 7 * field.group) if field.fits(n)]
        strategy: st.SearchStrategy[object] = st.sampled_from(lengths).flatmap(floats_of)
    else:
        strategy = STRATEGIES[field.kind]
    return strategy if field.required else strategy | st.none()


def messages_of(name: str) -> st.SearchStrategy[Message]:
    fields = {field.name: values_of(field) for field in SCHEMA[name]}
    return st.fixed_dictionaries(fields).map(lambda values: CLASSES[name](**values))  # type: ignore[arg-type]


any_message = st.sampled_from(sorted(CLASSES)).flatmap(messages_of)


def same(a: Message, b: Message) -> bool:
    """Whether two messages are equal, field by field and bit by bit."""
    if type(a) is not type(b):
        return False
    pairs = ((field.kind, getattr(a, field.name), getattr(b, field.name)) for field in SCHEMA[type(a).__name__.lower()])
    return all(_same(kind, x, y) for kind, x, y in pairs)


def _same(kind: FieldType, x: object, y: object) -> bool:
    if x is None or y is None:
        return x is y
    if kind is FieldType.FLOATS:
        return np.asarray(x, np.float32).tobytes() == np.asarray(y, np.float32).tobytes()
    if kind is FieldType.BIN:
        return bytes(x) == bytes(y)  # type: ignore[call-overload,no-any-return]
    if kind in (FieldType.F32, FieldType.MIX):
        return _rounded(x) == _rounded(y)
    return x == y


def _rounded(value: object) -> object:
    """Every fraction of a document as the float32 that it becomes on the way."""
    if isinstance(value, float):
        return float(np.float32(value))
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return {key: _rounded(item) for key, item in value.items()} if isinstance(value, dict) else value


def parse(data: bytes) -> Message | None:
    """A message or None for a `WireError`; any other exception is a failure."""
    try:
        return decode(data)
    except WireError as error:
        assert str(error) and len(str(error)) < 400
        return None


def entry(key: str, value: bytes) -> bytes:
    return bytes([0x83]) + CLOSE + bytes([0xA0 | len(key)]) + key.encode() + value


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_message_reads_back(name: str) -> None:
    @given(messages_of(name))
    def law(message: Message) -> None:
        data = encode(message)
        read = decode(data)
        assert same(read, message)
        assert encode(read) == data
        assert type_of(data) == name

    law()


def test_every_type_and_every_field_is_golden() -> None:
    """A field of several types (a control, say) is shown in one of them at least."""
    shown = {(name, field.name) for message in GOLDEN.values() for name, field in _present(message)}
    assert {name for name, _ in shown} == set(CLASSES)
    assert {field.name for fields in SCHEMA.values() for field in fields} == {key for _, key in shown}


def _present(message: Message) -> Iterable[tuple[str, Field]]:
    name = type(message).__name__.lower()
    return [(name, field) for field in SCHEMA[name] if getattr(message, field.name) is not None]


def test_the_golden_files_are_what_the_generator_makes(tmp_path: Path) -> None:
    golden.write(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    there = {path.relative_to(golden.FOLDER): path.read_bytes() for path in golden.FOLDER.rglob("*.bin")}
    there |= {path.relative_to(golden.FOLDER): path.read_bytes() for path in golden.FOLDER.glob("*.json")}
    assert there.keys() - made.keys() <= {Path("jitter.json")}
    assert made == {path: there.get(path) for path in made}


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_a_golden_message_reads_as_its_twin_says(name: str) -> None:
    data = (golden.FOLDER / f"{name}.bin").read_bytes()
    twin = json.loads((golden.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    read = decode(data)
    assert same(read, GOLDEN[name])
    assert _rounded(golden.as_json(read)) == _rounded(twin)
    assert encode(read) == data


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_must_be_refused_is_refused(name: str) -> None:
    data = (golden.FOLDER / "refused" / f"{name}.bin").read_bytes()
    assert data == REFUSED[name]
    with pytest.raises(WireError):
        decode(data)


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_a_truncated_message_is_refused(name: str) -> None:
    data = encode(GOLDEN[name])
    for n in range(min(len(data), 3_000)):
        assert parse(data[:n]) is None
    assert parse(data[:-1]) is None


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_flipped_bits_give_a_message_or_a_wire_error(name: str) -> None:
    data = bytearray(encode(GOLDEN[name]))
    for bit in range(min(8 * len(data), 20_000)):
        data[bit // 8] ^= 1 << bit % 8
        parse(bytes(data))
        data[bit // 8] ^= 1 << bit % 8


def test_mutated_messages_give_a_message_or_a_wire_error() -> None:
    rng = random.Random(0)
    sources = [data for data in map(encode, GOLDEN.values()) if len(data) < 5_000]
    for _ in range(10_000):
        data = bytearray(rng.choice(sources))
        for _ in range(rng.randint(1, 6)):
            _mutate(data, rng)
        message = parse(bytes(data))
        if message is not None:
            assert same(decode(encode(message)), message)


def _mutate(data: bytearray, rng: random.Random) -> None:
    """Change, insert, remove or double some bytes; favourites are the first bytes of MessagePack's forms."""
    at = rng.randrange(len(data) + 1)
    match rng.randrange(4):
        case 0:
            data[at : at + 1] = bytes([rng.choice([rng.randrange(256), rng.randrange(0xC0, 0xE0)])])
        case 1:
            data[at:at] = rng.randbytes(rng.randint(1, 8))
        case 2:
            del data[at : at + rng.randint(1, 8)]
        case _:
            data[at:at] = data[at : at + rng.randint(1, 40)]


@given(st.binary(max_size=200))
def test_noise_gives_a_message_or_a_wire_error(data: bytes) -> None:
    parse(data)


def bombs() -> Iterable[tuple[str, bytes]]:
    n = 1_000_000
    yield "arrays in arrays", b"\x91" * n
    yield "maps in maps", b"\x81\xa1x" * (n // 3)
    yield "arrays in an unknown field", entry("x", b"\x91" * n)
    yield "a wide array of arrays", entry("x", b"\xdc\x01\x00" + b"\x90" * 255 + b"\x91" * n)
    yield "an array that claims 2^32 items", entry("x", b"\xdd\xff\xff\xff\xff" + b"\xc0" * n)
    yield "an array of a million items", entry("x", b"\xdd" + struct.pack(">I", n) + b"\xc0" * n)
    yield "a map that claims 2^32 entries", b"\xdf\xff\xff\xff\xff" + CLOSE * 1_000
    yield "a text that claims 4 GiB", entry("x", b"\xdb\xff\xff\xff\xff" + b"x" * n)
    yield "a text of a million bytes", entry("x", b"\xdb" + struct.pack(">I", n) + b"x" * n)
    yield "bytes that claim 4 GiB", entry("x", b"\xc6\xff\xff\xff\xff" + b"x" * n)
    yield "an extension that claims 4 GiB", entry("x", b"\xc9\xff\xff\xff\xff\x01" + b"x" * n)
    yield (
        "a million keys",
        b"\xdf"
        + struct.pack(">I", n // 6)
        + b"".join(b"\xa4" + struct.pack(">I", 0x41414141 + k) + b"\xc0" for k in range(n // 6)),
    )


@pytest.mark.parametrize(("name", "data"), list(bombs()), ids=[name for name, _ in bombs()])
def test_a_bomb_costs_no_more_than_its_length(name: str, data: bytes) -> None:
    tracemalloc.start()
    begun = time.perf_counter()
    try:
        assert parse(data) is None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * len(data) + 1_000_000
    assert time.perf_counter() - begun < 5


@given(any_message, st.randoms(use_true_random=False))
def test_readers_take_any_order_and_skip_what_they_do_not_know(message: Message, rng: random.Random) -> None:
    document = _entries(message)
    document["later_version"] = b"\x92\x01\x82\xa1a\x91\xc0\xa1b\xc3"
    document["absent"] = b"\xc0"
    keys = list(document)
    rng.shuffle(keys)
    data = b"\xde" + struct.pack(">H", len(keys)) + b"".join(_text(key) + document[key] for key in keys)
    assert same(decode(data), message)


def _entries(message: Message) -> dict[str, bytes]:
    """The bytes of every present value of a message, by its key."""
    name = type(message).__name__.lower()
    values = {field: getattr(message, field.name) for field in SCHEMA[name]}
    written = {field.name: _WRITERS[field.kind](value) for field, value in values.items() if value is not None}
    return {"type": _text(name)} | written


def _text(text: str) -> bytes:
    return bytes([0xA0 | len(text)]) + text.encode()


@pytest.mark.parametrize(
    "form",
    [b"\x07", b"\xcc\x07", b"\xcd\x00\x07", b"\xce\x00\x00\x00\x07", b"\xcf" + b"\x00" * 7 + b"\x07", b"\xd0\x07"],
)
def test_readers_take_every_form_of_a_whole_number(form: bytes) -> None:
    read = decode(b"\x82\xa4type\xa5close\xa7session" + form)
    assert isinstance(read, m.Close) and read.session == 7


@pytest.mark.parametrize(
    "form", [b"\x05", b"\xca" + struct.pack(">f", 5), b"\xcb" + struct.pack(">d", 5), b"\xcd\x00\x05"]
)
def test_readers_take_every_number_as_a_fraction(form: bytes) -> None:
    started = decode(b"\x84\xa4type\xa7started\xa7session\x01\xa6stream\x02\xa6sample" + form)
    assert isinstance(started, m.Started) and started.sample == 5


@pytest.mark.parametrize(("depth", "good"), [(3, True), (4, False), (600, False)])
def test_readers_skip_four_levels_and_no_more(depth: int, good: bool) -> None:
    assert (parse(entry("x", b"\x91" * depth + b"\x01")) is not None) is good


def test_a_number_too_large_for_float32_is_refused() -> None:
    data = encode(m.Start(session=1, stream=1, rate=16_000, format="s16", mouth=1.0))
    at = data.index(b"\xca" + struct.pack(">f", 1.0))
    assert parse(data[:at] + b"\xcb" + struct.pack(">d", 1e300) + data[at + 5 :]) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: m.Close(session=-1),
        lambda: m.Close(session=2**32),
        lambda: m.Ping(nonce=2**63),
        lambda: m.Close(session="7"),  # type: ignore[arg-type]
        lambda: m.Started(session=1, stream=1, sample=math.nan),
        lambda: m.Bye(reason=3),  # type: ignore[arg-type]
        lambda: m.Start(session=1, stream=1, rate=1, format="s16", mouth=math.inf),
        lambda: m.Start(session=1, stream=1, rate=1, format="s16", mouth=1e39),
        lambda: m.Start(session=1, stream=1, rate=1, format="s16", gaze=np.array([0.0, np.nan], np.float32)),
        lambda: m.Bye(reason="\ud800"),
    ],
)
def test_a_message_that_does_not_fit_is_not_written(make: Callable[[], Message]) -> None:
    with pytest.raises(WireError):
        encode(make())


@given(messages_of("audio"))
def test_the_short_way_to_a_chunk_reads_what_the_long_one_does(message: Message) -> None:
    data = encode(message)
    chunk = audio_from(data)
    assert chunk is not None
    assert same(chunk, decode(data))
    assert isinstance(chunk.pcm, memoryview)


@given(messages_of("audio"), st.integers(0, 2**31), st.integers(0, 255))
def test_the_short_way_never_disagrees(message: Message, at: int, byte: int) -> None:
    data = bytearray(encode(message))
    data[at % len(data)] = byte
    chunk = audio_from(bytes(data))
    if chunk is not None:
        assert same(chunk, decode(bytes(data)))


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_the_short_way_takes_chunks_alone(name: str) -> None:
    data = encode(GOLDEN[name])
    assert (audio_from(data) is not None) == isinstance(GOLDEN[name], m.Audio)
    assert audio_from(data[:-1]) is None
    assert audio_from(data + b"\x00") is None


def test_the_short_way_leaves_other_forms_to_the_long_one() -> None:
    chunk = m.Audio(session=7, stream=1, first_sample=5, pcm=b"abcd")
    data = encode(chunk).replace(b"session\xce\x00\x00\x00\x07", b"session\x07")
    assert audio_from(data) is None
    assert same(decode(data), chunk)


def test_bytes_of_an_unknown_type_have_a_type() -> None:
    assert type_of(REFUSED["unknown_type"]) == "dance"
    for name in ("nothing", "no_map", "empty_map", "type_is_number", "trailing"):
        with pytest.raises(WireError):
            type_of(REFUSED[name])
