"""One TCP connection of a client: what it may still send, what waits to be sent to it."""

from __future__ import annotations

import math
import socket
from contextlib import suppress
from typing import Final

from space_runtime.server.transport.account import Account
from space_runtime.server.transport.bucket import Bucket
from space_runtime.server.transport.client import Hearing, Rates
from space_runtime.server.transport.zmtp import Zmtp

MAX_UNSENT: Final = 4 << 20
"""Bytes that may wait for a slow peer; further messages to it are lost, and counted."""
SEND_BYTES: Final = 1 << 18
"""Bytes given to the system at a time."""
READ_BYTES: Final = 1 << 16
"""Bytes of a long part that are read at a time."""
LEAST_READ: Final = 512
MOST_READ: Final = 4_096
"""Bytes that are read at a time otherwise: some 60 short messages."""
CHEAP_S: Final = 0.0003
COSTLY_S: Final = 0.001
"""Processor time of what was read, below and above which more and less is read next time."""
BURST_S: Final = 2.0
"""Processor time that a peer may take at once, beyond its share."""
MAX_PAUSED_S: Final = 10.0
"""Seconds of pauses for sending or costing too much, after which a peer is cut off; forgotten at half time's speed."""


class Peer:
    """A connection.

    born, heard_at, said_at: when it came, last sent anything, last sent a message. pinged_at: when it was last asked
    for a sign of life. is_paused, resume_at: whether, and until when, it is not read, because it sent or cost more than
    its rate. closing_at: when it is to be closed, infinite while it is not; is_over: it is closed. begun_at: when the
    message that is not complete began, NaN without one; n_held: its bytes. events: of `selectors`, for which it is
    waited. unsent: bytes that wait for it. account: of it, or of its key.
    """

    __slots__ = (
        "_bytes", "_n_messages", "_paused_at", "_paused_s", "_read_bytes", "_seconds", "account", "begun_at", "born",
        "closing_at", "events", "heard_at", "hearing", "is_over", "is_paused", "n_held", "pinged_at", "resume_at",
        "said_at", "unsent", "wire", "zmtp",
    )  # fmt: skip

    def __init__(self, wire: socket.socket, hearing: Hearing, zmtp: Zmtp, rates: Rates, now: float) -> None:
        self.wire = wire
        self.hearing = hearing
        self.zmtp = zmtp
        self.events = self.n_held = self._n_messages = 0
        self.is_over = self.is_paused = False
        self.born = self.heard_at = self.said_at = self.pinged_at = now
        self.resume_at = -math.inf
        self.closing_at = math.inf
        self.begun_at = math.nan
        self.unsent = bytearray()
        self._bytes, self._seconds = Bucket(rates.burst, now), Bucket(BURST_S, now)
        self._read_bytes = LEAST_READ
        self.account = Account(now)
        self._paused_s, self._paused_at = 0.0, now

    @property
    def is_closing(self) -> bool:
        """Return whether nothing of it is heard any more."""
        return math.isfinite(self.closing_at)

    def charge(self, seconds: float, now: float) -> None:
        """Note the processor time that it has cost just now; who costs much is read in smaller pieces."""
        self.account.charge(seconds, now)
        if seconds > COSTLY_S:
            self._read_bytes = max(LEAST_READ, self._read_bytes // 2)
        elif seconds < CHEAP_S:
            self._read_bytes = min(MOST_READ, self._read_bytes * 2)

    def spend(self, n_bytes: int, seconds: float, rates: Rates, weight: int, now: float) -> bool:
        """Note what was received and what it cost. Return whether it may go on, or is to be cut off.

        What goes beyond the rates makes a pause in which it is not read; too many pauses end in being cut off.
        """
        pause_s = max(
            self._bytes.spend(n_bytes, rates.bytes_per_s * weight, now),
            self._seconds.spend(seconds, rates.share(weight), now),
        )
        self.resume_at = now + pause_s
        self._paused_s = max(0.0, self._paused_s - (now - self._paused_at) / 2) + pause_s
        self._paused_at = now
        return self._paused_s <= MAX_PAUSED_S

    @property
    def read_bytes(self) -> int:
        """Bytes to read at a time: few, since they may be many messages; many in the middle of a long part."""
        return max(self._read_bytes, min(READ_BYTES, self.zmtp.n_missing))

    def read(self) -> bytes | None:
        """Return what has come; nothing if that was nothing yet, None when the peer is gone."""
        try:
            return self.wire.recv(self.read_bytes) or None
        except (BlockingIOError, InterruptedError):
            return b""
        except OSError:
            return None

    def send(self, data: bytes) -> bool:
        """Send bytes, now or as soon as the peer takes them; return False if too many wait already."""
        if len(self.unsent) > MAX_UNSENT:
            return False
        if self.unsent:
            self.unsent += data
        else:
            n_sent = self._give(data)
            if n_sent < len(data):
                self.unsent += memoryview(data)[n_sent:]
        return True

    def answer(self) -> None:
        """Send what the protocol itself answers; a peer that is too slow for it misses it."""
        if self.zmtp.answers:
            self.send(bytes(self.zmtp.answers))
            self.zmtp.answers.clear()

    def flush(self) -> None:
        """Send what waits, as far as the peer takes it."""
        while self.unsent:
            n_sent = self._give(self.unsent)
            if not n_sent:
                return
            del self.unsent[:n_sent]

    def note_progress(self, now: float) -> None:
        """Note whether a message has begun or ended."""
        if not self.n_held:
            self.begun_at = math.nan
        elif self.zmtp.n_messages != self._n_messages or math.isnan(self.begun_at):
            self.begun_at = now
        if self.zmtp.n_messages != self._n_messages:
            self._n_messages, self.said_at = self.zmtp.n_messages, now

    def end(self, closing_at: float) -> None:
        """Forget what has come of a message; nothing is heard any more, and it is to be closed then."""
        self.closing_at = closing_at
        self.begun_at = math.nan
        self.zmtp.forget()

    def close(self) -> None:
        """End the connection."""
        with suppress(OSError):
            self.wire.close()

    def _give(self, data: bytes | bytearray) -> int:
        """Return how many bytes the system took; all of them when the peer is gone, which reading will tell."""
        try:
            return self.wire.send(memoryview(data)[:SEND_BYTES])
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            return len(data)
