"""Laws of `speak` with long files: frames are those of the whole sound, little of it is kept, bytes are counted."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode
from space_runtime.arrays import Floats
from space_runtime.server.commands import RefusedSound
from space_runtime.server.worker import file_budget
from space_runtime.server.worker.file_sound import LOW, PART
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Frame
from tests.support.inline_server import InlineServer
from tests.support.session_frames import distance, session_frames
from tests.support.sounds import mono_speech
from tests.support.wire_client import WireClient

LINE_S = 13.0


def encoded(samples: Floats, kind: str = "FLAC") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLE_RATE, format=kind, subtype="PCM_16")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def line() -> Floats:
    """A sound that needs several parts, on the grid of 16 bits."""
    return np.asarray(np.round(mono_speech(LINE_S) * 20_000) / 32_768, np.float32)


@pytest.fixture(scope="module")
def whole(line: Floats) -> list[Frame]:
    """The frames of the whole sound."""
    return session_frames(line)


def speaking(server: InlineServer, sound: bytes, **fields: object) -> tuple[WireClient, int]:
    client = server.client()
    session = client.open()
    client.say(m.Speak(session=session, stream=1, sound=sound, **fields))  # type: ignore[arg-type]  # they fit
    return client, session


@pytest.mark.parametrize("pace", ["live", "clip"])
def test_a_long_file_gives_the_frames_of_the_whole_sound(line: Floats, whole: list[Frame], pace: str) -> None:
    server = InlineServer()
    client, _ = speaking(server, encoded(line), pace=pace)
    server.wait(LINE_S + 0.5 if pace == "live" else 0.1)
    assert client.last(m.Finished).reason == "end"
    assert distance(client.frames(), whole) == 0


def test_little_of_a_long_file_is_kept_however_little_was_sent() -> None:
    server, kept = InlineServer(), [0]
    _, session = speaking(server, encoded(np.zeros(60 * SAMPLE_RATE, np.float32)))
    for _ in range(12):
        server.wait(1.0, 0.1)
        stream = server.state_of(session).stream
        assert stream and stream.audio
        kept.append(stream.audio.buffered)
    assert min(kept[1:]) >= LOW - SAMPLE_RATE and max(kept) <= PART + LOW


def test_a_file_that_is_as_large_as_its_sound_comes_whole(line: Floats) -> None:
    server = InlineServer()
    client, session = speaking(server, encoded(line, "WAV"), pace="clip")
    assert client.last(m.Finished).reason == "end"
    floats = io.BytesIO()
    soundfile.write(floats, line, SAMPLE_RATE, format="WAV", subtype="FLOAT")
    client.say(m.Speak(session=session, stream=2, sound=floats.getvalue()))
    stream = server.state_of(session).stream
    assert stream and stream.file is None and stream.audio and stream.audio.n_pushed == line.size


def test_an_interrupt_in_a_long_file_counts_from_its_whole_sound(line: Floats, whole: list[Frame]) -> None:
    server = InlineServer()
    client, session = speaking(server, encoded(line))
    client.say(m.Interrupt(session=session, stream=1, at_sample=11 * SAMPLE_RATE, fade_ms=200))
    server.wait(LINE_S)
    finished = client.last(m.Finished)
    assert finished.reason == "interrupted" and abs(finished.sample / SAMPLE_RATE - 11.2) < 0.1
    until = round(10.9 * 30)
    assert distance(client.frames()[:until], whole[:until]) == 0


def test_a_part_that_cannot_be_read_fails_the_stream_and_not_the_session(line: Floats) -> None:
    server = InlineServer()
    client, session = speaking(server, encoded(line))
    server.port.post(RefusedSound(session, 1, ErrorCode.BUSY, "there is no room; send it again later"))
    server.run()
    assert client.last(m.Finished).reason == "failed" and client.last(m.Error).code == "busy"
    client.say(m.Speak(session=session, stream=2, sound=encoded(line[:SAMPLE_RATE]), pace="clip"))
    server.run()
    assert client.last(m.Finished).reason == "end"


def test_a_part_of_a_stream_that_is_over_changes_nothing(line: Floats) -> None:
    server = InlineServer()
    client, session = speaking(server, encoded(line))
    server.executor.held = True
    server.wait(3.0)
    assert [task.is_for(session, 1) for task in server.executor.tasks] == [True]
    client.say(m.Speak(session=session, stream=2, sound=encoded(line[:SAMPLE_RATE]), pace="clip"))
    assert [task.is_for(session, 2) for task in server.executor.tasks] == [True]
    server.executor.held = False
    server.run()
    assert client.last(m.Finished).stream == 2 and client.last(m.Finished).reason == "end"


def test_a_stream_waits_for_a_part_that_is_late_and_is_not_filled_up(line: Floats, whole: list[Frame]) -> None:
    server = InlineServer()
    client, _ = speaking(server, encoded(line), pace="clip")
    assert client.last(m.Finished).reason == "end"
    client, _ = speaking(server, encoded(line))
    server.executor.held = True
    server.wait(7.0)
    stuck = len(client.frames())
    server.wait(1.0)
    assert len(client.frames()) == stuck
    server.executor.held = False
    server.wait(LINE_S)
    finished = client.last(m.Finished)
    assert finished.frames + finished.dropped == len(whole)


def test_files_in_work_are_counted_in_bytes_of_each_client_and_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_budget, "MAX_KEPT_BYTES", 2_500)
    monkeypatch.setattr(file_budget, "MAX_KEPT_IN_ALL", 6_000)
    server = InlineServer()
    server.executor.held = True
    clients = [server.client() for _ in range(3)]
    for client in clients:
        for _ in range(3):
            client.say(m.Speak(session=client.open(), stream=1, sound=bytes(1_000)))
    assert [len(client.take(m.Error)) for client in clients] == [1, 1, 1]
    last = server.client()
    last.say(m.Open(request=9, outputs=("weights",), fps=(30, 1), playout_ms=0, until=9, portrait=bytes(1_000)))
    assert last.last(m.Error).code == ErrorCode.BUSY and last.last(m.Error).request == 9
    server.executor.held = False
    server.run()
    last.say(m.Speak(session=last.open(), stream=1, sound=bytes(1_000)))
    server.run()
    assert last.last(m.Error).code == ErrorCode.BAD_SOUND
