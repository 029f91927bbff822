"""Log output: records as lines, ``key=value`` or JSON, written to a stream by a thread of their own.

Whoever logs never waits for whoever reads: lines that find no room are counted and left out, and so are events that
come too fast, as a hostile client can make them do.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from logging.handlers import QueueHandler, QueueListener
from pathlib import PurePath
from typing import Final, TextIO

QUEUE_LINES: Final = 10_000
STOP_S: Final = 1.0
"""For which the lines that wait at the end are given time."""

Fields = Mapping[str, str | int | float]


class LogFormat(StrEnum):
    """The two ways to write a line."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """The least that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@contextmanager
def logging_to(stream: TextIO, kind: LogFormat, level: LogLevel) -> Iterator[None]:
    """Write what the runtime logs, and warnings of libraries, to a stream for a while."""
    root, own = logging.getLogger(), logging.getLogger("space_runtime")
    before = own.level
    with queued_to(stream) as handler:
        handler.setFormatter(LogFormatter(kind, tracebacks=level is LogLevel.DEBUG))
        handler.addFilter(RateLimitFilter())
        root.addHandler(handler)
        own.setLevel(level.value.upper())
        try:
            yield
        finally:
            root.removeHandler(handler)
            own.setLevel(before)


@contextmanager
def queued_to(stream: TextIO, room: int = QUEUE_LINES) -> Iterator[BoundedQueueHandler]:
    """Yield a handler that never waits; a thread writes its lines, at the end for `STOP_S` more at most."""
    lines: queue.Queue[logging.LogRecord] = queue.Queue(room)
    handler, listener = BoundedQueueHandler(lines), _LineWriter(lines, stream)
    listener.start()
    try:
        yield handler
    finally:
        stop = threading.Thread(target=_stop, args=(lines, listener), name="space-log-stop", daemon=True)
        stop.start()  # the listener's own stop has no time limit, and a stream may block for ever
        stop.join(STOP_S)
        handler.close()


class LogFormatter(logging.Formatter):
    """Turns a record into a line. tracebacks: whether failures tell all, or only what and where.

    In text a traceback follows on lines that begin with ``|``.
    """

    def __init__(self, kind: LogFormat, tracebacks: bool) -> None:
        super().__init__()
        self._kind = kind
        self._tracebacks = tracebacks

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields: dict[str, str | int | float] = {
            "time": _utc(record.created),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", "failure" if record.exc_info else "log"),
        }
        if not hasattr(record, "event"):
            fields |= {"logger": record.name, "message": record.getMessage()}
        fields |= getattr(record, "fields", {})
        if suppressed := getattr(record, "suppressed", 0):
            fields["suppressed"] = suppressed
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            fields |= {"error": type(error).__name__, "at": _place(error)}
        told = "".join(traceback.format_exception(error)) if error and self._tracebacks else ""
        if self._kind is LogFormat.JSON:
            return json.dumps(fields | ({"traceback": told} if told else {}))
        return _text(fields) + "".join(f"\n| {line}" for line in told.splitlines())


class RateLimitFilter(logging.Filter):
    """Lets so many records of an event pass at once and so many a second; the next tells how many were left out."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is written."""
        event = getattr(record, "event", "failure" if record.exc_info else "log")
        with self._lock:
            bucket = self._buckets.setdefault(event, _Bucket(*RATES.get(event, RATES[""])))
            if not bucket.takes(record.created):
                return False
            record.suppressed, bucket.n_suppressed = bucket.n_suppressed, 0
        return True


RATES: Final[dict[str, tuple[float, float]]] = {
    "refused": (20.0, 5.0),
    "slow_peer": (5.0, 1.0),
    "failure": (20.0, 2.0),
    "": (2_000.0, 5.0),
}
"""Of each event: how many at once, how many a second; of all others. Clients that open and close without end make few
kilobytes a second of it."""


@dataclass(slots=True)
class _Bucket:
    most: float
    per_s: float
    left: float = -1.0
    filled_at: float = 0.0
    n_suppressed: int = 0

    def takes(self, now: float) -> bool:
        passed = max(0.0, now - self.filled_at)
        self.left = min(self.most, self.left + passed * self.per_s) if self.filled_at else self.most
        self.filled_at = now
        if self.left < 1:
            self.n_suppressed += 1
            return False
        self.left -= 1
        return True


class BoundedQueueHandler(QueueHandler):
    """Formats records and hands them over without waiting. n_lost: lines for which there was no room."""

    def __init__(self, lines: queue.Queue[logging.LogRecord]) -> None:
        super().__init__(lines)
        self.n_lost = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        """Hand a formatted record over."""
        try:
            super().enqueue(record)
        except queue.Full:
            self.n_lost += 1


class _LineWriter(QueueListener):
    """Writes formatted records. No handler does it: at the exit of the program `logging` waits for handlers' locks."""

    def __init__(self, lines: queue.Queue[logging.LogRecord], stream: TextIO) -> None:
        super().__init__(lines)
        self._stream = stream

    def handle(self, record: logging.LogRecord) -> None:
        """Write a line, if anybody still reads."""
        with suppress(OSError, ValueError):
            self._stream.write(f"{record.getMessage()}\n")
            self._stream.flush()


def _stop(lines: queue.Queue[logging.LogRecord], listener: QueueListener) -> None:
    lines.join()
    listener.stop()


def _text(fields: Fields) -> str:
    time_, level, event, *rest = fields.items()
    return " ".join([str(time_[1]), str(level[1]), str(event[1]), *(f"{key}={_word(value)}" for key, value in rest)])


def _word(value: str | int | float) -> str:
    """A value as one word, in quotes where it would be several or none."""
    text = str(value)
    plain = text and text.isascii() and text.isprintable() and not set(text) & set(' "=\\')
    return text if plain else json.dumps(text)


def _utc(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1e3):03d}Z"


def _place(error: BaseException) -> str:
    """The file and line where an error was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
