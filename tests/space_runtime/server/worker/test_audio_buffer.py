"""The budget of a stream's sound is in bytes: whatever its rate and channels, little is kept of what lies ahead."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from engine_bridge.protocol.messages import ErrorCode, SampleFormat
from space_runtime.server.limits import Refusal
from space_runtime.server.validation import SoundFormat
from space_runtime.server.worker.audio_buffer import MAX_REORDERED_BYTES, AudioBuffer

FORMATS = [
    SoundFormat(192_000, SampleFormat.F32, 8),
    SoundFormat(192_000, SampleFormat.S16, 1),
    SoundFormat(48_000, SampleFormat.S16, 2),
    SoundFormat(8_000, SampleFormat.F32, 1),
]
CHUNK_S = 0.02


def kept_after(work: Callable[[], None]) -> int:
    """Bytes that stay in use after some work."""
    tracemalloc.start()
    work()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept


@pytest.mark.parametrize("sound", FORMATS)
def test_chunks_before_their_time_are_kept_up_to_a_number_of_bytes(sound: SoundFormat) -> None:
    buffer, size = AudioBuffer(sound), round(CHUNK_S * sound.rate)
    pcm = bytes(size * sound.width)

    def push_all() -> None:
        with pytest.raises(Refusal) as refused:
            for n in range(1, 2_000):
                buffer.add(n * size, pcm, 0.0)
        assert refused.value.code is ErrorCode.TOO_MUCH_SOUND

    assert kept_after(push_all) < 1.2 * MAX_REORDERED_BYTES
    assert buffer.n_early_bytes <= MAX_REORDERED_BYTES


def test_what_was_early_is_heard_once_the_first_chunk_is_there_and_counts_no_more() -> None:
    rng = np.random.default_rng(3)
    samples = (rng.standard_normal((9_600, 2)) * 3_000).astype("<i2")
    early, plain = (AudioBuffer(SoundFormat(48_000, SampleFormat.S16, 2)) for _ in range(2))
    for first in (6_400, 3_200, 0):
        early.add(first, samples[first : first + 3_200].tobytes(), 0.0)
    plain.add(0, samples.tobytes(), 0.0)
    assert early.n_early_bytes == 0 and early.buffered == plain.buffered
    assert np.array_equal(early.pop(9)[0], plain.pop(9)[0])


def test_a_chunk_that_comes_again_longer_counts_once() -> None:
    buffer = AudioBuffer(SoundFormat(16_000, SampleFormat.S16, 1))
    for n_bytes in (640, 320, 1_280):
        buffer.add(500, bytes(n_bytes), 0.0)
    assert buffer.n_early_bytes == 1_280


def test_no_more_is_kept_of_a_chunk_than_its_sound_at_16_khz() -> None:
    buffer, pcm = AudioBuffer(FORMATS[0]), bytes(32 * 192_000 // 2)  # half a second of eight channels
    kept = kept_after(lambda: buffer.add(0, pcm, 0.0))
    assert kept < 1 << 20
