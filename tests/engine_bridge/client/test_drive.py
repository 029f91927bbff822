"""The laws of motion that a client gives a stream: it goes out before its sound, and again where it may be lost."""

from __future__ import annotations

import numpy as np
import pytest

from engine_bridge.client.drive import MAX_WAITING, ROWS_AHEAD, Drive, MotionRows
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import BridgeError
from engine_bridge.protocol.motion_row import CONFIDENCE, EYES, MAX_ROWS, ROTATION, ROW_NUMBERS, TRANSLATION, WEIGHTS
from engine_bridge.protocol.wire import encode
from tests.support.linked_client import LinkedClient

RATE = 16_000


@pytest.fixture
def linked() -> LinkedClient:
    linked = LinkedClient()
    linked.connect()
    return linked


def rows_at(*samples: float) -> MotionRows:
    return MotionRows(samples, np.full((len(samples), 52), 0.25))


def told(linked: LinkedClient) -> list[float]:
    """The times of all rows that the server has heard, in the order of their coming."""
    return [
        message.at_sample + float(row[0])
        for message in linked.heard(m.Motion)
        if isinstance(message, m.Motion)
        for row in message.rows.reshape(-1, ROW_NUMBERS)
    ]


def test_motion_reaches_the_server_before_the_sound_of_its_time(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session)
    session.drive(rows_at(0, 800, 1_600), linked.now)
    linked.push(session, 0.2)
    kinds = [type(message) for message in linked.server.heard]
    assert kinds.index(m.Motion) < kinds.index(m.Audio)
    assert told(linked) == [0, 800, 1_600]


def test_rows_arrive_as_they_were_given(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session)
    rng = np.random.default_rng(1)
    given = MotionRows([3.0, 5.5], rng.random((2, 52)), rng.random((2, 6)), rng.random((2, 2, 2)), [0.5, 1.0])
    session.drive(given, linked.now)
    linked.talk()
    (message,) = linked.heard(m.Motion)
    assert isinstance(message, m.Motion)
    rows = message.rows.reshape(-1, ROW_NUMBERS)
    assert message.at_sample == 3 and rows[:, 0].tolist() == [0.0, 2.5]
    assert np.allclose(rows[:, WEIGHTS.columns], given.blendshapes)
    assert given.head is not None and given.eyes_rad is not None
    assert np.allclose(rows[:, ROTATION.first : TRANSLATION.columns.stop], given.head)
    assert np.allclose(rows[:, EYES.columns], np.asarray(given.eyes_rad).reshape(2, 4))
    assert rows[:, CONFIDENCE.first].tolist() == [0.5, 1.0]


def test_a_take_given_at_once_goes_out_as_the_face_goes_on(linked: LinkedClient) -> None:
    """At most as many rows lie ahead as half of what a server keeps, and all come in the end, each once."""
    session = linked.open()
    linked.start(session)
    times = np.arange(6_000) * 16.0
    session.drive(MotionRows(times, np.zeros((6_000, 52))), linked.now)
    linked.talk()
    assert len(told(linked)) == ROWS_AHEAD
    linked.push(session, 6.0)
    for second in np.arange(0, 6, 0.1):
        linked.ask(session, second)
    assert told(linked) == times.tolist()
    assert all(len(encode(message)) < 65_536 for message in linked.heard(m.Motion))


def test_rows_go_out_again_over_a_new_connection(linked: LinkedClient) -> None:
    session = linked.open()
    linked.start(session)
    session.drive(rows_at(0, 800, 8_000), linked.now)
    linked.push(session, 0.1)
    linked.lose()
    linked.connect()
    session.drive(rows_at(9_000), linked.now)
    linked.talk()
    assert told(linked)[:3] == [0, 800, 8_000] and told(linked)[-2:] == [8_000, 9_000]


def test_messages_hold_whole_numbers_exactly_wherever_a_stream_is() -> None:
    drive, late = Drive(), 2.0**52
    drive.give(rows_at(*(late + 3 * n for n in range(MAX_ROWS + 1))))
    first, second = drive.messages(-np.inf, 2.0**53, 0.0)
    assert (first.at_sample, second.at_sample) == (2**52, 2**52 + 3 * MAX_ROWS)
    assert first.rows.reshape(-1, ROW_NUMBERS)[:, 0].tolist() == [3 * n for n in range(MAX_ROWS)]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (MotionRows([0, 0], np.zeros((2, 52))), "do not rise"),
        (MotionRows([0], np.zeros((2, 52))), r"blendshapes of a drive are no numbers of the shape \(1, 52\)"),
        (MotionRows([0], np.full((1, 52), np.nan)), "not finite"),
        (MotionRows([0], np.full((1, 52), 2.0)), "a weights of rows is 2"),
        (MotionRows([-1], np.zeros((1, 52))), "expected 0 to 2"),
        (MotionRows([0], np.zeros((1, 52)), confidence=[3]), "confidence"),
        (MotionRows(["x"], np.zeros((1, 52))), "samples of a drive are no numbers"),
        (MotionRows(range(MAX_WAITING + 1), np.zeros((MAX_WAITING + 1, 52))), "wait to be sent"),
    ],
)
def test_a_row_that_no_server_takes_is_refused_at_the_call(rows: MotionRows, fault: str) -> None:
    drive = Drive()
    with pytest.raises(BridgeError, match=fault):
        drive.give(rows)
    assert not list(drive.messages(-np.inf, 2.0**53, 0.0))


def test_a_row_that_is_not_later_than_the_last_is_refused() -> None:
    drive = Drive()
    drive.give(rows_at(5))
    with pytest.raises(BridgeError, match="do not rise"):
        drive.give(rows_at(5))
