"""How log records become lines: ``key=value`` or JSON, on standard error, written by a thread of their own.

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
from pathlib import PurePath
from typing import Final, TextIO

QUEUE_LINES: Final = 10_000
STOP_S: Final = 1.0

Fields = Mapping[str, str | int | float]


class LogFormat(StrEnum):
    """How a line is written."""

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
    scribe = Scribe(stream)
    scribe.setFormatter(LogFormatter(kind, tracebacks=level is LogLevel.DEBUG))
    scribe.addFilter(RateLimitFilter())
    before = own.level
    root.addHandler(scribe)
    own.setLevel(level.value.upper())
    try:
        yield
    finally:
        root.removeHandler(scribe)
        own.setLevel(before)
        scribe.close()


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
        """Whether a record is written."""
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
    "": (2_000.0, 200.0),
}
"""Of each event: how many at once, how many a second; of all others."""


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


class Scribe(logging.Handler):
    """Writes lines on a thread of its own. n_lost: lines for which there was no room."""

    def __init__(self, stream: TextIO, room: int = QUEUE_LINES) -> None:
        super().__init__()
        self.n_lost = 0
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(room)
        self._thread = threading.Thread(target=self._write, name="space-scribe", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a line over."""
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self.n_lost += 1

    def close(self) -> None:
        """Write what waits, for a second at most."""
        with suppress(queue.Full):
            self._lines.put(None, timeout=STOP_S)
        self._thread.join(STOP_S)
        super().close()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            with suppress(OSError, ValueError):  # nobody reads any more
                self._stream.write(line + "\n")
                self._stream.flush()


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
    """Where an error was raised: file and line."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
