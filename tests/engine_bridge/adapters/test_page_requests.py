"""Requests that pages may make: whole files and microphones within budgets, and one error for all else."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_bridge.adapters.page_requests import (
    AHEAD_S,
    MAX_FILE_BYTES,
    MAX_MICROPHONE_S,
    MAX_TITLE,
    MAX_UPLOAD_S,
    QUEUED_PIECES,
    TEXTS_AT_ONCE,
    TEXTS_PER_S,
    PageMicrophone,
    Ready,
    Replay,
    RequestReader,
    SoundFile,
    Stop,
    ToggleCamera,
)
from engine_bridge.protocol.errors import WireError

RATE = 48_000


def said(**fields: object) -> str:
    return json.dumps(fields)


def microphone(reader: RequestReader, now: float = 0.0) -> PageMicrophone:
    opened = reader.take(said(type="microphone", rate=RATE), now)
    assert isinstance(opened, PageMicrophone)
    return opened


def test_plain_wishes() -> None:
    reader = RequestReader(uploads=False)
    wishes = [reader.take(said(type=kind), 0.0) for kind in ("ready", "replay", "stop")]
    assert wishes == [Ready(), Replay(), Stop()]


def test_the_camera_is_switched_by_who_may_speak() -> None:
    reader = RequestReader(uploads=True)
    microphone(reader)
    assert reader.take(said(type="camera"), 0.0) == ToggleCamera()
    with pytest.raises(WireError, match="taken only from the viewer page"):
        RequestReader(uploads=False).take(said(type="camera"), 0.0)


def test_a_file_is_whole_however_it_is_cut() -> None:
    reader = RequestReader(uploads=True)
    assert reader.take(said(type="file", title="a\nb.wav", bytes=5), 7.0) is None
    assert (reader.until, reader.pending_bytes) == (7.0 + MAX_UPLOAD_S, 5)
    assert reader.take(b"12", 7.1) is None
    file = reader.take(b"345", 7.2)
    assert isinstance(file, SoundFile) and (file.title, file.content) == (r"a\nb.wav", b"12345")
    assert (reader.until, reader.pending_bytes) == (math.inf, 0)
    assert reader.take(said(type="file", title="x" * 999, bytes=1), 8.0) is None
    again = reader.take(b"6", 8.0)
    assert isinstance(again, SoundFile) and len(again.title) == MAX_TITLE


def test_a_microphone_gives_what_it_hears_until_it_is_switched_off() -> None:
    reader = RequestReader(uploads=True)
    heard = microphone(reader)
    for value in (1, 2):
        reader.take(np.full(480, value, "<i2").tobytes(), 0.1)
    reader.take(said(type="microphone_end"), 0.2)
    assert [int(block[0]) for block in heard.blocks()] == [1, 2]
    assert reader.take(bytes(4), 0.3) is None, "what was on its way harms nobody"


def test_a_microphone_that_nobody_hears_keeps_the_oldest_and_still_ends() -> None:
    reader = RequestReader(uploads=True)
    heard = microphone(reader)
    for n in range(QUEUED_PIECES + 9):
        reader.take(np.full(480, n, "<i2").tobytes(), n / 100)
    reader.close()
    blocks = [int(block[0]) for block in heard.blocks()]
    assert len(blocks) == QUEUED_PIECES - 1 and blocks[-1] == QUEUED_PIECES - 1


def test_a_microphone_is_cut_off_after_its_time() -> None:
    reader = RequestReader(uploads=True)
    heard = microphone(reader)
    now = 0.0
    while now < MAX_MICROPHONE_S + 1:
        now += 0.1
        reader.take(bytes(RATE // 5), now)
    assert sum(1 for _ in heard.blocks()) == QUEUED_PIECES - 1


@pytest.mark.parametrize(
    "message",
    [
        "no json",
        "[]",
        "1",
        "{}",
        "[" * 4_000,
        " " * 5_000,
        said(type="fly"),
        said(type=["ready"]),
        said(type="file", title="x"),
        said(type="file", bytes=3),
        said(type="file", title=3, bytes=3),
        *(said(type="file", title="x", bytes=n) for n in (0, -1, 2.5, True, "3", MAX_FILE_BYTES + 1)),
        *(said(type="microphone", rate=n) for n in (0, 7_999, 192_001, None, 1e9)),
        b"bytes out of nowhere",
    ],
)
def test_all_else_is_an_error(message: str | bytes) -> None:
    with pytest.raises(WireError):
        RequestReader(uploads=True).take(message, 0.0)


@pytest.mark.parametrize("kind", ["file", "microphone"])
def test_who_may_only_look_sends_no_sound(kind: str) -> None:
    with pytest.raises(WireError, match="taken only from the viewer page"):
        RequestReader(uploads=False).take(said(type=kind, title="x", bytes=3, rate=RATE), 0.0)


def test_more_than_was_announced_is_an_error() -> None:
    reader = RequestReader(uploads=True)
    reader.take(said(type="file", title="x", bytes=3), 0.0)
    with pytest.raises(WireError, match="more came"):
        reader.take(b"1234", 0.0)


@pytest.mark.parametrize("kind", ["file", "microphone"])
def test_two_sounds_at_once_are_an_error(kind: str) -> None:
    reader = RequestReader(uploads=True)
    microphone(reader)
    with pytest.raises(WireError, match="second sound"):
        reader.take(said(type=kind, title="x", bytes=3, rate=RATE), 0.0)


def test_a_microphone_faster_than_time_is_an_error() -> None:
    reader = RequestReader(uploads=True)
    microphone(reader, 100.0)
    for _ in range(int(AHEAD_S / 0.1)):
        reader.take(bytes(RATE // 5), 100.05)
    with pytest.raises(WireError, match="faster"):
        reader.take(bytes(RATE // 5), 100.05)


def test_more_texts_than_anybody_means_are_an_error() -> None:
    reader = RequestReader(uploads=False)
    for n in range(600):
        assert reader.take(said(type="replay"), n / TEXTS_PER_S) == Replay()
    for _ in range(TEXTS_AT_ONCE - 1):
        reader.take(said(type="replay"), 30.0)
    with pytest.raises(WireError, match="more requests"):
        reader.take(said(type="replay"), 30.0)


@pytest.mark.parametrize("piece", [b"", b"123", bytes(2 * RATE)])
def test_half_a_sample_and_far_too_many_are_an_error(piece: bytes) -> None:
    reader = RequestReader(uploads=True)
    microphone(reader)
    with pytest.raises(WireError, match="16-bit"):
        reader.take(piece, 0.0)


@given(
    st.lists(
        st.one_of(
            st.text(max_size=60),
            st.binary(max_size=60),
            st.builds(
                lambda kind, size: said(type=kind, title="x", bytes=size, rate=size),
                st.sampled_from(["file", "microphone", "microphone_end", "ready", "odd"]),
                st.integers(-1, 50_000),
            ),
        ),
        max_size=30,
    ),
    st.booleans(),
)
def test_whatever_comes_is_a_request_or_an_error(messages: list[str | bytes], uploads: bool) -> None:
    reader = RequestReader(uploads)
    for n, message in enumerate(messages):
        try:
            reader.take(message, n / 10)
        except WireError:
            break
        assert reader.pending_bytes <= MAX_FILE_BYTES
