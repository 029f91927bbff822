"""The log of a server: one line per event, nothing private, nothing that a hostile client can flood or forge."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode
from space_runtime.server import log_events
from space_runtime.server.observability.log_output import (
    RATES,
    STOP_S,
    LogFormat,
    LogFormatter,
    LogLevel,
    RateLimitFilter,
    logging_to,
    queued_to,
)
from space_runtime.server.server import Server
from tests.support.real_server import serving
from tests.support.sounds import speech_pcm
from tests.support.waiting import wait_for
from tests.support.wire_client import connect_client

log = logging.getLogger("space_runtime.test")

SECRET = "a-secret-word"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def told(kind: LogFormat, level: LogLevel, *happen: object) -> list[str]:
    """The lines that calls lead to."""
    stream = io.StringIO()
    with logging_to(stream, kind, level):
        for call in happen:
            assert callable(call)
            call()
    return stream.getvalue().splitlines()


def refuse() -> None:
    log_events.write(log_events.refused(ErrorCode.BAD_VALUE, 7, "anna"))


def fail() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        log.exception("a batch failed")


def test_a_line_of_speech_makes_one_line_per_event_and_none_per_frame(server: Server) -> None:
    stream = io.StringIO()
    with logging_to(stream, LogFormat.JSON, LogLevel.INFO), connect_client(server.address, "anna") as anna:
        session = anna.open()
        finished = anna.speak(session, 1, speech_pcm(1.0))
        anna.say(m.Set(session=session, stream=1, at_sample=0, emotion={SECRET: 1.0}))
        assert SECRET not in str(anna.wait(m.Error).code)
        anna.say(m.Speak(session=session, stream=2, asset=f"{SECRET}.wav"))
        anna.wait(m.Error)
        anna.say(m.Close(session=session))
        anna.wait(m.Closed)
        wait_for(lambda: not server.gateway.sessions)
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    names = ["session_opened", "stream_started", "stream_finished", "refused", "refused", "session_closed"]
    assert [event["event"] for event in events] == names
    assert all(event["session"] == session for event in events)
    assert (
        events[0].items() >= {"client": "anna", "character": "neutral", "outputs": "head,weights", "fps": 30.0}.items()
    )
    assert events[1].items() >= {"stream": 1, "kind": "start", "pace": "clip"}.items()
    assert events[2].items() >= {"reason": "end", "frames": finished.frames, "dropped": 0, "seconds": 1.0}.items()
    assert [event["code"] for event in events[3:5]] == ["unknown_stream", "no_asset"]
    assert events[5].items() >= {"reason": "close", "frames": 30}.items()
    assert SECRET not in stream.getvalue()
    assert anna.tokens[session].hex() not in stream.getvalue()


def test_a_line_is_time_level_event_and_fields() -> None:
    (line,) = told(LogFormat.TEXT, LogLevel.INFO, refuse)
    time_, rest = line.split(" ", 1)
    assert time_.endswith("Z") and time_[10] == "T"
    assert rest == "info refused code=bad_value session=7 client=anna"


@pytest.mark.parametrize("name", ["two words", "a\nb", "\x1b[31m", 'x" session=9', "a=b", "ünï\u2028", "\\", " "])
@pytest.mark.parametrize("kind", list(LogFormat))
def test_a_name_cannot_forge_a_line(name: str, kind: LogFormat) -> None:
    (line,) = told(kind, LogLevel.INFO, lambda: log_events.write(log_events.slow_peer(name)))
    assert line.isascii() and line.isprintable()
    value = json.loads(line)["client"] if kind is LogFormat.JSON else json.loads(line.split("client=", 1)[1])
    assert value == name


def test_a_failure_tells_what_and_where_and_everything_at_debug() -> None:
    (line,) = told(LogFormat.TEXT, LogLevel.INFO, fail)
    assert (
        ' error failure logger=space_runtime.test message="a batch failed" error=ValueError at=test_log_output.py:'
        in line
    )
    first, *more = told(LogFormat.TEXT, LogLevel.DEBUG, fail)
    assert first.split(" ", 1)[1] == line.split(" ", 1)[1]
    assert all(text.startswith("| ") for text in more)
    assert f"ValueError: {SECRET}" in more[-1]
    (whole,) = told(LogFormat.JSON, LogLevel.DEBUG, fail)
    assert SECRET in json.loads(whole)["traceback"]
    assert "traceback" not in json.loads(told(LogFormat.JSON, LogLevel.INFO, fail)[0])


def test_the_level_decides() -> None:
    assert told(LogFormat.TEXT, LogLevel.WARNING, refuse) == []
    assert len(told(LogFormat.TEXT, LogLevel.WARNING, lambda: log_events.write(log_events.slow_peer("")))) == 1
    assert len(told(LogFormat.TEXT, LogLevel.DEBUG, lambda: log.debug("x"))) == 1
    assert told(LogFormat.TEXT, LogLevel.INFO, lambda: log.debug("x")) == []


def test_what_is_logged_too_often_is_counted() -> None:
    most, _ = RATES["refused"]
    stream = io.StringIO()
    with logging_to(stream, LogFormat.JSON, LogLevel.INFO):
        for _ in range(1_000):
            refuse()
        log_events.write(log_events.slow_peer("another event has its own room"))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    refused = [line for line in lines if line["event"] == "refused"]
    assert most <= len(refused) < 2 * most
    assert lines[-1]["event"] == "slow_peer"


@pytest.mark.parametrize("event", ["session_opened", "session_closed", "stream_started", "refused", "an unknown one"])
def test_churn_without_end_writes_few_lines_a_second(event: str) -> None:
    throttle, minute = RateLimitFilter(), [0] * 10
    for n in range(100 * 600):  # a hundred a second for ten minutes
        record = logging.LogRecord("n", logging.INFO, "", 0, event, None, None)
        record.created, record.__dict__["event"] = 1e9 + n / 100, event
        minute[n // 6_000] += throttle.filter(record)
    assert minute[0] <= 2_300 and max(minute[1:]) <= 5 * 60 + 1


def test_the_next_line_tells_how_many_were_left_out() -> None:
    throttle, lines = RateLimitFilter(), LogFormatter(LogFormat.JSON, tracebacks=False)

    def record(at: float) -> logging.LogRecord:
        made = logging.LogRecord("n", logging.INFO, "", 0, "refused", None, None)
        made.created, made.__dict__["event"] = at, "refused"
        return made

    passed = [throttle.filter(record(1_000.0)) for _ in range(50)]
    assert passed == [True] * 20 + [False] * 30
    last = record(1_001.0)
    assert throttle.filter(last)
    assert json.loads(lines.format(last))["suppressed"] == 30


class Blocked(io.StringIO):
    """A stream whose reader has stopped reading."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()

    def write(self, text: str) -> int:
        self.go_on.wait()
        return super().write(text)


def test_whoever_logs_never_waits_for_whoever_reads() -> None:
    stream = Blocked()
    with queued_to(stream, room=10) as handler:
        handler.setFormatter(LogFormatter(LogFormat.TEXT, tracebacks=False))
        for _ in range(100):
            handler.handle(logging.LogRecord("n", logging.INFO, "", 0, "x", None, None))
        assert 89 <= handler.n_lost <= 90
        stream.go_on.set()
    assert len(stream.getvalue().splitlines()) == 100 - handler.n_lost


def test_the_end_does_not_wait_for_a_reader_that_has_stopped() -> None:
    stream, begun = Blocked(), time.monotonic()
    with queued_to(stream, room=1) as handler:
        for _ in range(5):
            handler.handle(logging.LogRecord("n", logging.INFO, "", 0, "x", None, None))
    assert time.monotonic() - begun < STOP_S + 4
    stream.go_on.set()


STUCK = """
import logging, sys
from space_runtime.server.observability.log_output import LogFormat, LogLevel, logging_to
with logging_to(sys.stderr, LogFormat.TEXT, LogLevel.INFO):
    for _ in range(200):
        logging.getLogger("space_runtime.test").warning("y" * 2_000)
"""
"""Logs more than a pipe holds."""


def test_a_program_whose_log_nobody_reads_comes_to_its_end() -> None:
    with subprocess.Popen([sys.executable, "-c", STUCK], stderr=subprocess.PIPE) as program:
        try:
            assert program.wait(30) == 0
        finally:
            program.kill()


def test_a_stream_that_is_gone_ends_nothing() -> None:
    stream = io.StringIO()
    with queued_to(stream) as handler:
        stream.close()
        for _ in range(3):
            handler.handle(logging.LogRecord("n", logging.INFO, "", 0, "x", None, None))
    assert handler.n_lost == 0


def test_nothing_is_left_behind() -> None:
    before = logging.getLogger().handlers[:], logging.getLogger("space_runtime").level
    told(LogFormat.TEXT, LogLevel.DEBUG, refuse)
    assert (logging.getLogger().handlers, logging.getLogger("space_runtime").level) == before
