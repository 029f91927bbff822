"""One session as its client sees it, without sockets: calls of the user on one side, messages on the other.

The calls stand in `session_calls`; here is what a connection and a server do to a session: PROTOCOL.md, sections 4.6
and 9.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from engine_bridge.client.replay import AHEAD_S
from engine_bridge.client.session_calls import SessionCalls
from engine_bridge.client.stream import ClientStream
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import BridgeError, RefusedError
from engine_bridge.protocol.messages import ErrorCode, Reason
from engine_bridge.protocol.server_ranges import limit

HOLD_S: Final = 0.25
"""Pause after the server could not take a chunk."""
FIRST_PAUSE_S: Final = 0.1
"""Pause before a lost connection is made, or a lost session opened, again; doubles up to `LONGEST_PAUSE_S` until it
works."""
LONGEST_PAUSE_S: Final = 3.0

AboutSession = (
    m.Opened | m.Resumed | m.Started | m.Frame | m.Texture | m.Underrun | m.Notice | m.Finished | m.Closed | m.Error
)


class SessionCore(SessionCalls):
    """One session."""

    def __init__(self, opening: m.Open, say: Callable[[m.ClientMessage], None]) -> None:
        super().__init__(opening, say)
        self._pause = FIRST_PAUSE_S

    def close(self) -> None:
        """End the session."""
        self.replay.say(m.Close(session=0))
        self.replay.session = None
        self.closed, self.reopen_at = True, math.inf
        self.failure = self.failure or BridgeError("the session is closed; open another one")

    def greet(self, request: int, welcome: m.Welcome) -> None:
        """A connection is there: take the session over to it, or open it (anew)."""
        self._max_part = limit(welcome, "message_bytes", 65_536)
        self.replay.audio_s = limit(welcome, "audio_ms", 1_000) / 1_000
        self.lose()
        self.opening = replace(self.opening, request=request)
        token = self.opened.token if self.opened else b""
        self._say(m.Resume(request=request, token=token) if token else self.opening)

    def lose(self) -> None:
        """The connection is gone."""
        self.replay.session = None
        self.reopen_at = math.inf

    def receive(self, message: AboutSession, now: float) -> None:
        """Take a message that is about this session."""
        stream = self.stream
        match message:
            case m.Opened():
                self._open(message)
            case m.Resumed():
                self._resume(message, now)
            case m.Frame() if stream:
                self._pause = FIRST_PAUSE_S
                self.receiver.frame(stream, message)
                self.replay.pump(stream, now)
            case m.Texture() if stream:
                self.receiver.texture(stream, message)
            case m.Started() | m.Underrun():
                self.log.counters.underruns += isinstance(message, m.Underrun)
                self.log.note(replace(message, sample=message.sample + self._shift(message.stream)))
            case m.Notice():
                self.log.note(message)
            case m.Finished() if message.reason != Reason.CLOSED:  # a session's end is no end of its stream
                self._finish(replace(message, sample=message.sample + self._shift(message.stream)))
            case m.Closed():
                self.log.note(message)
                self._reopen(now)
            case m.Error():
                self._take_error(message, now)

    def tick(self, now: float) -> None:
        """Send sound that had to wait."""
        if self.stream and self.replay.held_until <= now:
            self.replay.pump(self.stream, now)

    def wake_at(self, now: float) -> float:
        """Return when `tick` or the client has something to do at the latest."""
        held = self.replay.held_until
        return min(self.reopen_at, held if held > now else math.inf)

    def _open(self, message: m.Opened) -> None:
        self.opened = message
        self.receiver.new_session()
        self.replay.session = message.session
        if self.closed:
            self.close()
        elif self.stream and self.stream.begun and not self.stream.finished:
            self._take_up(self.stream)
        elif self.stream:
            self.replay.tell(self.stream)

    def _take_up(self, stream: ClientStream) -> None:
        """Send the stream again from a bit ahead of playback, so that its frames come before they are due."""
        self.log.counters.taken_up += 1
        spare_s = self.opening.playout_ms / 1_000 - (self.opened.look_ahead_s if self.opened else 0)
        at = self.receiver.next_wanted(stream, min(max(spare_s, 0), AHEAD_S))
        if stream.n_samples is not None and at >= stream.n_samples:
            self._finish(stream.presumed_end())
        else:
            self.replay.take_up(stream, at, self.receiver.samples_per_frame(stream))

    def _resume(self, message: m.Resumed, now: float) -> None:
        stream = self.stream
        self.log.counters.resumed += 1
        self.replay.session = message.session
        self.receiver.give_credit(at_once=True)
        if self.closed:
            self.close()
        elif stream and stream.is_clip and not stream.finished and message.seq > self.receiver.next_seq:
            self.replay.say(m.Close(session=0))  # frames were lost; only another session makes them again
            self._reopen(now)
        elif stream and not stream.finished and stream.number == message.stream:
            self.replay.go_on(stream, message.next_sample, now)
        elif stream:
            self.replay.tell(stream)

    def _finish(self, message: m.Finished) -> None:
        """The stream is over; without a word of the server, as far as is known here."""
        self.log.note(message)
        if self.stream and self.stream.number == message.stream and not self.stream.finished:
            self.stream.finished = message
            self.receiver.finish(message)

    def _take_error(self, message: m.Error, now: float) -> None:
        stream = self.stream
        if message.code != ErrorCode.BAD_TOKEN:
            self.log.note(message)
        if message.code in (ErrorCode.BAD_TOKEN, ErrorCode.UNKNOWN_SESSION):
            self._reopen(now)
        elif message.request is not None and message.request == self.opening.request and not self.is_open:
            self._refuse(message, now)
        elif message.code in (ErrorCode.TOO_MUCH_SOUND, ErrorCode.TOO_FAST) and stream:
            self.replay.held_until = now + HOLD_S
            self.replay.rewind(stream)
        elif stream and message.stream == stream.number and not stream.finished:
            refused = stream.error if stream.newest < 0 else None  # its beginning was: no wonder that it is unknown
            stream.error = refused or message
            if message.code == ErrorCode.UNKNOWN_STREAM:
                end = stream.presumed_end()
                self._finish(replace(end, reason=Reason.FAILED) if refused else end)

    def _refuse(self, message: m.Error, now: float) -> None:
        """A server that will not open the session: final at first, later a reason to wait."""
        if self.opened:
            self._reopen(now)
        else:
            self.failure = RefusedError(message.code, message.message)

    def _reopen(self, now: float) -> None:
        """The session is gone; another one shall take its place."""
        self.replay.session = None
        self.opened = self.opened and replace(self.opened, token=b"")
        if not self.closed:
            self.reopen_at = now + (self._pause if self.opened else 0)
            self._pause = min(2 * self._pause, LONGEST_PAUSE_S)

    def _shift(self, number: int) -> float:
        return self.stream.shift_samples if self.stream and self.stream.number == number else 0.0
