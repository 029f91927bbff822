"""Laws of motion that is sent to a stream: its face is the one of a take, however the rows come, and bounds hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode
from engine_bridge.protocol.motion_row import CONFIDENCE, ROW_NUMBERS, WEIGHTS
from space_runtime import Controls, Frame, Session
from space_runtime.capture.drive_rows import DriveRows
from space_runtime.rig.shapes import SHAPE
from space_runtime.server.worker.drive_buffer import MAX_DRIVE_ROWS
from space_runtime.timebase import SAMPLE_RATE
from tests.support.drives import driven, driver
from tests.support.inline_server import InlineServer
from tests.support.motion_rows import motion_messages
from tests.support.session_frames import BUNDLE, curves, distance, play
from tests.support.sounds import from_s16, s16, silence, speechlike
from tests.support.wire_client import CHUNK, RATE, WireClient

ALL = (1.0,) * 6
PCM = s16(speechlike(2.5, seed=5)[:, 0])
N_SAMPLES = len(PCM) // 2
ROWS = replace(driver(2.0), samples=driver(2.0).samples.round())
"""Ends half a second before the sound does."""
OUTPUTS = ("weights", "head", "eyes", "landmarks")


def begun(server: InlineServer, **opened: object) -> tuple[WireClient, int]:
    """A client with a stream whose face a driver may lead altogether."""
    client = server.client()
    session = client.open(outputs=OUTPUTS, **opened)
    start = m.Start(session=session, stream=1, rate=RATE, format="s16", drive=np.array(ALL, np.float32))
    client.say(start)
    return client, session


def expected(rows: DriveRows = ROWS) -> list[Frame]:
    return play(Session(BUNDLE, None, Controls(seed=0, drive=ALL), motion=driven(rows)), from_s16(PCM))


def test_a_driven_stream_equals_a_driven_session() -> None:
    """Baked equals live, to the last bit of any value but the rig's weights."""
    server = InlineServer()
    client, session = begun(server)
    client.say(*motion_messages(session, 1, ROWS))
    client.push(session, 1, PCM)
    client.end(session, 1, N_SAMPLES)
    server.wait(3)
    assert distance(client.frames(), expected()) == 0.0
    still = play(Session(BUNDLE, None, Controls(seed=0)), from_s16(PCM))
    assert distance(client.frames(), still) > 0.1


@pytest.mark.parametrize("at_once", [1, 3])
def test_rows_that_come_with_the_sound_give_the_same_face(at_once: int) -> None:
    """Law: rows that are there before their frames are made, and those that come again, change no bit."""
    server = InlineServer()
    client, session = begun(server)
    messages = list(motion_messages(session, 1, ROWS, at_once=at_once))
    for start in range(0, N_SAMPLES, CHUNK):
        while messages and messages[0].at_sample <= start + CHUNK:
            client.say(messages[0], messages.pop(0))
        client.push(session, 1, PCM[2 * start : 2 * (start + CHUNK)], start)
        server.wait(CHUNK / RATE)
    client.end(session, 1, N_SAMPLES)
    server.wait(1)
    assert distance(client.frames(), expected()) == 0.0
    assert not client.take(m.Error)


def test_rows_count_in_samples_of_the_stream_from_where_it_begins() -> None:
    """A stream at 48 kHz that is taken up in its middle shows what a driver does at those media times."""
    server = InlineServer()
    client = server.client()
    session = client.open(outputs=OUTPUTS)
    drive = np.array(ALL, np.float32)
    first = 48_000
    client.say(
        m.Start(session=session, stream=1, rate=48_000, format="s16", first_sample=first, drive=drive),
        *motion_messages(session, 1, ROWS, rate=48_000),
    )
    client.push(session, 1, silence(48_000), first)
    client.end(session, 1, first + 48_000)
    server.wait(2)
    jaw = np.array([frame.weights[SHAPE["jawOpen"]] for frame in client.frames() if frame.weights is not None])
    wanted = ROWS.blendshapes[30:60, SHAPE["jawOpen"]]
    assert len(jaw) == 30 and np.corrcoef(jaw[3:], wanted[3:])[0, 1] > 0.99


def test_motion_of_a_file_may_follow_at_once() -> None:
    """The rate of a `speak` is not known before it is read; rows that come before wait for it."""
    server = InlineServer()
    server.executor.held = True
    client = server.client()
    session = client.open(outputs=OUTPUTS)
    client.say(m.Speak(session=session, stream=1, sound=wav(), drive=np.array(ALL, np.float32)))
    client.say(*motion_messages(session, 1, ROWS))
    server.executor.held = False
    server.executor.work()
    server.wait(4)
    assert distance(client.frames(), expected()) == 0.0


def wav() -> bytes:
    head = b"RIFF" + (36 + len(PCM)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    kind = b"\x01\x00\x01\x00" + RATE.to_bytes(4, "little") + (2 * RATE).to_bytes(4, "little") + b"\x02\x00\x10\x00"
    return head + kind + b"data" + len(PCM).to_bytes(4, "little") + PCM


def test_the_next_stream_has_no_driver() -> None:
    server = InlineServer()
    client, session = begun(server)
    client.say(*motion_messages(session, 1, ROWS))
    client.say(m.Start(session=session, stream=2, rate=RATE, format="s16", drive=np.array(ALL, np.float32)))
    client.push(session, 2, PCM)
    client.end(session, 2, N_SAMPLES)
    server.wait(3)
    still = play(Session(BUNDLE, None, Controls(seed=0)), from_s16(PCM))
    assert distance(client.frames(stream=2), still) == 0.0


def rows_with(n: int = 2, part: slice | None = None, value: float = 0.0) -> np.ndarray:
    rows = np.zeros((n, ROW_NUMBERS), np.float32)
    rows[:, 0], rows[:, CONFIDENCE.first] = np.arange(n) * 160, 1
    if part:
        rows[-1, part] = value
    return rows.reshape(-1)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (rows_with(0), "rows has 0 rows; expected 1…250"),
        (rows_with(251), "rows has 251 rows"),
        (rows_with(2, slice(0, 1), 0.0), "do not rise"),
        (rows_with(2, slice(0, 1), -1.0), "a time of rows is -1"),
        (rows_with(2, slice(0, 1), 1e30), "a time of rows is 1e+30"),
        (rows_with(2, CONFIDENCE.columns, 1.5), "a confidence of rows is 1.5"),
        (rows_with(2, WEIGHTS.columns, -1.5), "a weights of rows is -1.5"),
        (rows_with(2, slice(54, 55), 4), "a rotation of rows is 4"),
        (rows_with(2, slice(57, 58), 1e9), "a translation of rows is 1e+09"),
        (rows_with(2, slice(63, 64), 2), "a eyes of rows is 2"),
    ],
)
def test_rows_that_are_none_are_refused(rows: np.ndarray, sentence: str) -> None:
    server = InlineServer()
    client, session = begun(server)
    client.say(m.Motion(session=session, stream=1, at_sample=0, rows=rows))
    error = client.last(m.Error)
    assert error.code == ErrorCode.BAD_VALUE and sentence in error.message and error.stream == 1
    client.push(session, 1, PCM)
    client.end(session, 1, N_SAMPLES)
    server.wait(3)
    assert client.last(m.Finished).reason == "end"


def test_motion_for_a_stream_that_does_not_run_is_refused() -> None:
    server = InlineServer()
    client, session = begun(server)
    motion = m.Motion(session=session, stream=7, at_sample=0, rows=rows_with())
    client.say(motion, replace(motion, session=99))
    assert [error.code for error in client.take(m.Error)] == [ErrorCode.UNKNOWN_SESSION, ErrorCode.UNKNOWN_STREAM]
    client.push(session, 1, PCM)
    client.end(session, 1, N_SAMPLES)
    client.say(replace(motion, stream=1))  # before its last frames: taken
    server.wait(3)
    client.say(replace(motion, stream=1))
    assert client.last(m.Error).code == ErrorCode.UNKNOWN_STREAM
    assert len(client.take(m.Error)) == 3


def test_more_rows_than_a_stream_keeps_are_refused_until_frames_have_passed_them() -> None:
    server = InlineServer()
    client, session = begun(server)
    long = np.arange(MAX_DRIVE_ROWS + 250) * 200.0
    still = [np.zeros((len(long), *shape), np.float32) for shape in ((52,), (6,), (2, 2))]
    driver_rows = DriveRows(long.astype(np.float64), still[0], still[1], still[2], np.ones(len(long), np.float32))
    *messages, last = motion_messages(session, 1, driver_rows, at_once=250)
    client.say(*messages, last)
    refused = client.take(m.Error)
    assert {error.code for error in refused} == {ErrorCode.TOO_FAST} and "1024" in refused[0].message
    state = server.state_of(session)
    assert state.stream and len(state.stream.drive.samples) <= MAX_DRIVE_ROWS
    n = 9 * RATE
    client.push(session, 1, silence(n))
    server.wait(n / RATE)
    client.say(messages[-1], last)
    assert len(client.take(m.Error)) == len(refused)


def test_a_long_stream_keeps_the_rows_of_a_second_alone() -> None:
    server = InlineServer()
    client, session = begun(server)
    for second in range(12):
        n = second * SAMPLE_RATE
        rows = replace(ROWS, samples=ROWS.samples / 2 + n + 100)
        client.say(*motion_messages(session, 1, rows))
        client.push(session, 1, silence(SAMPLE_RATE), n)
        server.wait(1)
    stream = server.state_of(session).stream
    assert stream and len(stream.drive.samples) <= 2.3 * len(ROWS.samples)
    frames = client.frames()
    assert len(frames) > 340 and np.isfinite([curves(frame) for frame in frames]).all()


def test_a_flood_of_motion_costs_nobody_else_a_frame() -> None:
    server = InlineServer()
    other, quiet = begun(server)
    client, session = begun(server)
    flood = m.Motion(session=session, stream=1, at_sample=0, rows=rows_with(250))
    for start in range(0, N_SAMPLES, CHUNK):
        client.send_all(*[replace(flood, at_sample=start + k) for k in range(20)])
        other.push(quiet, 1, PCM[2 * start : 2 * (start + CHUNK)], start)
        server.wait(CHUNK / RATE)
    other.end(quiet, 1, N_SAMPLES)
    server.wait(1)
    assert other.last(m.Finished).dropped == 0
    assert distance(other.frames(), play(Session(BUNDLE, None, Controls(seed=0)), from_s16(PCM))) == 0.0


@pytest.mark.parametrize("lost", [(), (0.06, 0.3), (0.3, 0.6), (0.6, 1.4)])
def test_rows_that_come_late_make_no_jump(lost: tuple[float, ...]) -> None:
    """Law: however late rows come, no angle of the head moves faster than twice as fast as the driver's, or in a blend.

    lost: seconds for which rows are kept back on their way; then all come at once.
    """
    server = InlineServer()
    client, session = begun(server, fps=(60, 1))
    messages = list(motion_messages(session, 1, ROWS, at_once=1))
    waiting = list(messages)
    for start in range(0, N_SAMPLES, CHUNK):
        now = start / RATE
        held = len(lost) == 2 and 0.5 + lost[0] <= now < 0.5 + lost[1]
        while waiting and not held and waiting[0].at_sample <= start + CHUNK:
            client.say(waiting.pop(0))
        client.push(session, 1, PCM[2 * start : 2 * (start + CHUNK)], start)
        server.wait(CHUNK / RATE)
    heads = np.array([frame.head[:3] for frame in client.frames() if frame.head is not None])
    driver_step = np.abs(np.diff(ROWS.head[:, :3], axis=0)).max(0) / 2
    blend = 2 * np.abs(ROWS.head[:, :3]).max(0) * 1.875 / (0.3 * 60)
    assert (np.abs(np.diff(heads, axis=0)).max(0) <= 2 * driver_step + blend).all()
