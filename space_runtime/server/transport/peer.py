"""One TCP connection of a client: what it may still send, what waits to be sent to it."""

from __future__ import annotations

import math
import socket
from contextlib import suppress
from typing import Final

from space_runtime.server.transport.client import Hearing
from space_runtime.server.transport.zmtp import Zmtp

MAX_UNSENT: Final = 4 << 20
"""Bytes that may wait for a slow peer; further messages to it are lost, and counted."""
SEND_BYTES: Final = 1 << 18
"""Bytes given to the system at a time."""
COST_MEMORY_S: Final = 1.0
"""Time in which the processor time that a peer has cost is forgotten."""
MAX_PAUSED_S: Final = 10.0
"""Seconds of pauses for sending too much, forgotten at half the speed of time, after which a peer is cut off."""


class Peer:
    """A connection. born, heard_at: when it came and last sent anything. pinged_at: when it was last asked for a sign
    of life. resume_at: until when it is not read, because it sent more than its rate. closing_at: when it is to be
    closed, infinite while it is not. begun_at: when the message that is not complete began, NaN without one; n_held:
    its bytes. events: of `selectors`, for which it is waited. unsent: bytes that wait for it.
    """

    __slots__ = (
        "_allowance", "_cost_at", "_cost_s", "_n_messages", "_paused_at", "_paused_s", "_refilled_at", "begun_at",
        "born", "closing_at", "events", "heard_at", "hearing", "is_over", "n_held", "pinged_at", "resume_at", "unsent",
        "wire", "zmtp",
    )  # fmt: skip

    def __init__(self, wire: socket.socket, hearing: Hearing, zmtp: Zmtp, burst: float, now: float) -> None:
        self.wire = wire
        self.hearing = hearing
        self.zmtp = zmtp
        self.events = self.n_held = self._n_messages = 0
        self.is_over = False
        self.born = self.heard_at = self.pinged_at = now
        self.resume_at = -math.inf
        self.closing_at = math.inf
        self.begun_at = math.nan
        self.unsent = bytearray()
        self._allowance, self._refilled_at = burst, now
        self._cost_s, self._cost_at = 0.0, now
        self._paused_s, self._paused_at = 0.0, now

    @property
    def is_closing(self) -> bool:
        """Return whether nothing of it is heard any more."""
        return math.isfinite(self.closing_at)

    def cost_s(self, now: float) -> float:
        """Return the time that it has cost lately."""
        return self._cost_s * max(0.0, 1.0 - (now - self._cost_at) / COST_MEMORY_S)

    def charge(self, seconds: float, now: float) -> None:
        """Note the time that it has cost just now."""
        self._cost_s, self._cost_at = self.cost_s(now) + seconds, now

    def spend(self, n_bytes: int, rate: float, burst: float, now: float) -> bool:
        """Note bytes received. Return whether it may go on, or has sent too much for too long and is to be cut off.

        What goes beyond ``rate`` a second, after ``burst`` at once, makes a pause in which it is not read.
        """
        refilled = min(burst, self._allowance + (now - self._refilled_at) * rate)
        self._allowance, self._refilled_at = refilled - n_bytes, now
        pause_s = max(0.0, -self._allowance / rate)
        self.resume_at = now + pause_s
        self._paused_s = max(0.0, self._paused_s - (now - self._paused_at) / 2) + pause_s
        self._paused_at = now
        return self._paused_s <= MAX_PAUSED_S

    def read(self, n_bytes: int) -> bytes | None:
        """Return what has come; nothing if that was nothing yet, None when the peer is gone."""
        try:
            return self.wire.recv(n_bytes) or None
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
        self._n_messages = self.zmtp.n_messages

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
