"""Two ways to read a chunk of sound, one verdict: what `audio_from` takes `decode` takes too, and means the same."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import WireError
from engine_bridge.protocol.wire import audio_from, decode, encode
from tests.tools import golden_vectors as golden

REFUSED = sorted((golden.FOLDER / "refused").glob("*.bin"))
PCM = b"\x01\x00\xff\x7f"
LATEST = 2**63 - 1


def audio_at(first_sample: int) -> bytes:
    """A chunk in canonical form at any position that 64 bits can say."""
    data = encode(m.Audio(session=7, stream=1, first_sample=LATEST, pcm=PCM))
    written = struct.pack(">Q", LATEST)
    assert data.count(written) == 1
    return data.replace(written, struct.pack(">Q", first_sample))


def slowly(data: bytes) -> m.Message | None:
    """Return the decoded message; None when `decode` refuses."""
    try:
        return decode(data)
    except WireError:
        return None


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_the_short_way_takes_nothing_that_is_refused(path: Path) -> None:
    data = path.read_bytes()
    assert slowly(data) is None and audio_from(data) is None
    assert audio_from(memoryview(data)) is None


def test_a_chunk_is_among_what_is_refused() -> None:
    """Bytes that begin like a chunk are the ones that the short way may get wrong."""
    assert any(b"\xa5audio" in path.read_bytes() for path in REFUSED)


@pytest.mark.parametrize("first_sample", [0, 1, 2**32, LATEST - 1, LATEST])
def test_both_ways_take_a_position_that_fits(first_sample: int) -> None:
    for data in (audio_at(first_sample), memoryview(audio_at(first_sample))):
        chunk, slow = audio_from(data), decode(data)
        assert chunk is not None and isinstance(slow, m.Audio)
        assert chunk.first_sample == slow.first_sample == first_sample
        assert bytes(chunk.pcm) == bytes(slow.pcm) == PCM


@pytest.mark.parametrize("first_sample", [2**63, 2**63 + 1, 2**64 - 1])
def test_both_ways_refuse_a_position_beyond_63_bits(first_sample: int) -> None:
    assert slowly(audio_at(first_sample)) is None
    assert audio_from(audio_at(first_sample)) is None
