"""The C++ codec agrees with Python: every golden vector, every refused one, and mutations of them."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from engine_bridge.protocol import wire
from engine_bridge.protocol.errors import WireError
from tests.engine_bridge.cpp import cpp_program
from tests.support.broken_messages import cut_off, with_other_values

VECTORS: Final = Path(__file__).parents[3] / "engine_bridge" / "vectors"


def judged(messages: list[bytes]) -> list[str]:
    """Return the C++ codec's verdict on each message."""
    given = b"".join(struct.pack("<I", len(message)) + message for message in messages)
    lines = cpp_program.run([cpp_program.program(), "wire"], input=given).splitlines()
    assert len(lines) == len(messages)
    return lines


def same(a: object, b: object) -> bool:
    """Equal as JSON, numbers as float32."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) or isinstance(b, float):
        return isinstance(a, int | float) and isinstance(b, int | float) and (a == b or np.float32(a) == np.float32(b))
    return a == b


def test_golden_vectors_are_read_and_written_to_the_same_bytes() -> None:
    files = sorted(VECTORS.glob("*.bin"))
    assert len(files) > 25
    for file, line in zip(files, judged([file.read_bytes() for file in files]), strict=True):
        verdict, raw, text = line.split(" ", 2)
        assert verdict == "ok", file.name
        assert bytes.fromhex(raw) == file.read_bytes(), file.name
        assert same(json.loads(text), json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))), file.name


def test_refused_vectors_are_refused() -> None:
    files = sorted(VECTORS.glob("refused/*.bin"))
    assert len(files) > 20
    for file, line in zip(files, judged([file.read_bytes() for file in files]), strict=True):
        assert line.startswith("unknown" if file.stem == "unknown_type" else "refused "), (file.name, line)


@pytest.fixture
def _no_large_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program under the address sanitizer ends when it asks for more memory at once than messages here need."""
    monkeypatch.setenv("ASAN_OPTIONS", "max_allocation_size_mb=1")


@pytest.mark.usefixtures("_no_large_memory")
def test_truncated_anywhere_no_vector_is_a_message() -> None:
    cut = [piece for file in sorted(VECTORS.glob("*.bin")) for piece in cut_off(file.read_bytes())]
    assert len(cut) > 5_000
    assert not [line for line in judged(cut) if not line.startswith("refused")]


@pytest.mark.usefixtures("_no_large_memory")
def test_any_value_in_the_place_of_any_other_is_judged_as_python_judges_it() -> None:
    messages = [other for file in sorted(VECTORS.glob("*.bin")) for other in with_other_values(file.read_bytes())]
    read = 0
    for message, line in zip(messages, judged(messages), strict=True):
        expected = judged_by_python(message)
        assert line.split(" ")[:2] == ["ok", expected.hex()] if expected else not line.startswith("ok"), message
        read += expected is not None
    assert 500 < read < len(messages) / 2


def test_ten_thousand_mutated_messages_are_judged_as_python_judges_them() -> None:
    rng = random.Random(1)
    seeds = [file.read_bytes() for file in sorted(VECTORS.glob("*.bin"))]
    messages = [mutated(rng.choice(seeds), rng) for _ in range(10_000)]
    read = 0
    for message, line in zip(messages, judged(messages), strict=True):
        expected = judged_by_python(message)
        if expected is None:
            assert not line.startswith("ok"), message
        else:
            assert line.split(" ")[:2] == ["ok", expected.hex()], message
            read += 1
    assert read > 200


def judged_by_python(message: bytes) -> bytes | None:
    """The canonical bytes, None for what is no message."""
    try:
        return wire.encode(wire.decode(message))
    except WireError:
        return None


def mutated(message: bytes, rng: random.Random) -> bytes:
    """One to four bytes changed, cut off, put in or turned around; mostly in front, where the structure is."""
    data = bytearray(message)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(min(len(data), 200) + 1)
        match rng.randrange(5):
            case 0 if at < len(data):
                data[at] = rng.randrange(256)
            case 1 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case 2:
                data[at:at] = rng.randbytes(rng.randint(1, 5))
            case 3 if rng.random() < 0.3:
                del data[rng.randrange(len(data) + 1) :]
            case _:
                data[at : at + 1] = rng.choice((b"\xc0", b"\xc2", b"\xd9\x02ab", b"\x81\xa1a\x01", b"\x92\xc0\xc0"))
    return bytes(data)
