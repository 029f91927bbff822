"""One session as its client sees it, without sockets: what the user wants on one side, messages on the other.

The user's wishes are kept in a `ClientStream` until it is finished, so that whatever a lost connection or a
restarted server
has swallowed can be said again: PROTOCOL.md, sections 4.6 and 9.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

from engine_bridge.client.controls import Controls
from engine_bridge.client.jitter import Pose
from engine_bridge.client.log import SessionLog
from engine_bridge.client.receiver import Receiver
from engine_bridge.client.replay import AHEAD_S, StreamReplay
from engine_bridge.client.stream import Change, ClientStream, Samples, Sound, file_bytes
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import BridgeError, RefusedError
from engine_bridge.protocol.messages import ErrorCode, Pace, Reason, SampleFormat
from engine_bridge.protocol.wire import encode

UNSENT_S: Final = 600.0
"""Sound that may wait to be sent."""
HOLD_S: Final = 0.25
"""Pause after the server could not take a chunk."""
FIRST_PAUSE_S: Final = 0.1
"""Pause before a lost session is opened again; doubles up to `LONGEST_PAUSE_S` until frames come."""
LONGEST_PAUSE_S: Final = 3.0

AboutSession = m.Opened | m.Resumed | m.Started | m.Frame | m.Texture | m.Underrun | m.Finished | m.Closed | m.Error


class SessionCore:
    """One session. opened: what the server has said about it; reopen_at: when it shall be opened anew."""

    def __init__(self, opening: m.Open, say: Callable[[m.ClientMessage], None]) -> None:
        self.opening = opening
        self.opened: m.Opened | None = None
        self.failure: BridgeError | None = None
        self.line: ClientStream | None = None
        self.log = SessionLog()
        self.closed = False
        self.reopen_at = math.inf
        self.teller = StreamReplay(say)
        self.arrivals = Receiver(Fraction(*opening.fps), self.log.counters, self.teller.grant)
        self._say = say
        self._max_part = 65_536
        self._stream = 0
        self._pause = FIRST_PAUSE_S
        self._asked_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether a server knows the session on this connection."""
        return self.teller.session is not None

    # What the user does

    def start(self, opening: m.Start, controls: Controls) -> None:
        """Begin a line of pushed sound. Numbers and controls of ``opening`` are filled in here."""
        sound = Sound(SampleFormat(opening.format), opening.channels or 1, opening.first_sample or 0)
        opening = replace(opening, stream=self._stream + 1, **controls.for_start())
        self._begin(ClientStream(opening, opening.rate, controls, sound, sent_until=sound.first))

    def speak(self, sound: str | Path | bytes | None, asset: str | None, pace: Pace, controls: Controls) -> None:
        """Begin a line whose sound is a file's (path or bytes), or a name on the server."""
        if (sound is None) == (asset is None):
            raise BridgeError("speak takes either a sound (a path or bytes) or an asset (a name on the server)")
        data = None if sound is None else file_bytes(sound, self._max_part)
        number = self._stream + 1
        opening = m.Speak(session=0, stream=number, sound=data, asset=asset, pace=pace, **controls.for_start())
        self._begin(ClientStream(opening, 16_000, controls))

    def idle(self, controls: Controls) -> None:
        """Begin a line of silence that lasts until another one begins."""
        opening = m.Idle(session=0, stream=self._stream + 1, **controls.for_start())
        self._begin(ClientStream(opening, 16_000, controls))

    def push(self, samples: Samples, now: float) -> int:
        """Append sound to the line; return the index after its last sample."""
        line = self._current()
        if line.sound is None or line.n_samples is not None:
            raise BridgeError("push needs a line that was begun with start and has not been ended")
        if line.sound.end - line.sent_until > UNSENT_S * line.rate:
            raise BridgeError(f"more than {UNSENT_S:.0f} s of sound wait to be sent; push it more slowly")
        line.sound.push(samples)
        self.teller.pump(line, now)
        return line.sound.end

    def end(self, now: float) -> None:
        """Say that the pushed sound is over."""
        line = self._current()
        if line.sound is None:
            raise BridgeError("end belongs to a line that was begun with start; end others with interrupt")
        line.n_samples = line.sound.end if line.n_samples is None else line.n_samples
        self.teller.pump(line, now)

    def set(self, change: Change) -> None:
        """Change controls from a media time on."""
        if change.controls.seed is not None:
            raise BridgeError("a seed is given with the beginning of a line, not in its middle")
        line = self._current()
        encode(
            m.Set(session=0, stream=0, at_sample=change.at_sample, fade_ms=change.fade_ms, **change.controls.for_set())
        )
        line.changes.append(change)
        if not line.finished:
            self.teller.change(line, change)

    def interrupt(self, at_sample: int | None, fade_ms: int) -> None:
        """Barge in, by default at the last position asked for."""
        line = self._current()
        at = int(max(self.arrivals.buffer.position, 0)) if at_sample is None else at_sample
        interrupt = m.Interrupt(session=0, stream=line.stream, at_sample=at, fade_ms=fade_ms)
        encode(interrupt)
        line.interrupt = interrupt
        if not line.finished:
            self.teller.interrupt(line)

    def evaluate(self, position: float, now: float, dt: float | None) -> Pose:
        """Return what is due at a playback position; dt: seconds since the question before, by default from ``now``."""
        passed = now - self._asked_at if self._asked_at is not None else 0.0
        self._asked_at = now
        return self.arrivals.ask(position, passed if dt is None else dt)

    def next_frame(self) -> m.Frame | None:
        """Take the next frame of a clip, if it is there."""
        line = self._current()
        if not line.is_clip:
            raise BridgeError("frames come one by one with the pace 'clip' only; ask for evaluate(position)")
        return self.arrivals.next_of_clip(line)

    def result(self) -> m.Finished | None:
        """Return how the line ended, None while it goes on. Raises what made it fail, or why there is no session."""
        line = self._current()
        if line.finished and line.finished.reason == Reason.FAILED:
            code, text = (
                (line.error.code, line.error.message) if line.error else (ErrorCode.INTERNAL, "the line failed")
            )
            raise RefusedError(code, text)
        return line.finished

    def close(self) -> None:
        """End the session."""
        self.teller.say(m.Close(session=0))
        self.teller.session = None
        self.closed, self.reopen_at = True, math.inf
        self.failure = self.failure or BridgeError("the session is closed; open another one")

    # What the connection does

    def greet(self, request: int, welcome: m.Welcome) -> None:
        """A connection is there: take the session over to it, or open it (anew)."""
        self._max_part = welcome.limits.get("message_bytes", 65_536)
        self.teller.audio_s = welcome.limits.get("audio_ms", 1_000) / 1_000
        self.lose()
        self.opening = replace(self.opening, request=request)
        token = self.opened.token if self.opened else b""
        self._say(m.Resume(request=request, token=token) if token else self.opening)

    def lose(self) -> None:
        """The connection is gone."""
        self.teller.session = None
        self.reopen_at = math.inf

    def hear(self, message: AboutSession, now: float) -> None:
        """Take a message that is about this session."""
        line = self.line
        match message:
            case m.Opened():
                self._open(message)
            case m.Resumed():
                self._resume(message, now)
            case m.Frame() if line:
                self._pause = FIRST_PAUSE_S
                self.arrivals.frame(line, message)
                self.teller.pump(line, now)
            case m.Texture() if line:
                self.arrivals.texture(line, message)
            case m.Started() | m.Underrun():
                self.log.counters.underruns += isinstance(message, m.Underrun)
                self.log.note(replace(message, sample=message.sample + self._shift(message.stream)))
            case m.Finished() if message.reason != Reason.CLOSED:  # a session's end is no end of its line
                self._finish(replace(message, sample=message.sample + self._shift(message.stream)))
            case m.Closed():
                self.log.note(message)
                self._reopen(now)
            case m.Error():
                self._take_error(message, now)

    def tick(self, now: float) -> None:
        """Send sound that had to wait."""
        if self.line and self.teller.held_until <= now:
            self.teller.pump(self.line, now)

    def wake_at(self, now: float) -> float:
        """Return when `tick` or the client has something to do at the latest."""
        held = self.teller.held_until
        return min(self.reopen_at, held if held > now else math.inf)

    # Inside

    def _current(self) -> ClientStream:
        if self.failure:
            raise self.failure
        if self.line is None:
            raise BridgeError("there is no line: call start, speak or idle first")
        return self.line

    def _begin(self, line: ClientStream) -> None:
        if self.failure:
            raise self.failure
        encode(line.opening)  # what does not fit is refused here, not when it is sent again
        self._stream = line.stream
        self.line = line
        self.arrivals.begin(line)
        self.teller.tell(line)

    def _open(self, message: m.Opened) -> None:
        self.opened = message
        self.arrivals.new_session()
        self.teller.session = message.session
        if self.closed:
            self.close()
        elif self.line and self.line.begun and not self.line.finished:
            self._take_up(self.line)
        elif self.line:
            self.teller.tell(self.line)

    def _take_up(self, line: ClientStream) -> None:
        """Say the line again from where it is: a bit ahead of playback, so that its frames come before they are due."""
        self.log.counters.taken_up += 1
        spare_s = self.opening.playout_ms / 1_000 - (self.opened.look_ahead_s if self.opened else 0)
        at = self.arrivals.next_wanted(line, min(max(spare_s, 0), AHEAD_S))
        if line.n_samples is not None and at >= line.n_samples:
            self._finish(line.presumed_end())
        else:
            self.teller.take_up(line, at, self.arrivals.samples_per_frame(line))

    def _resume(self, message: m.Resumed, now: float) -> None:
        line = self.line
        self.log.counters.resumed += 1
        self.teller.session = message.session
        self.arrivals.give_credit(at_once=True)
        if self.closed:
            self.close()
        elif line and line.is_clip and not line.finished and message.seq > self.arrivals.next_seq:
            self.teller.say(m.Close(session=0))  # frames were lost; only another session makes them again
            self._reopen(now)
        elif line and not line.finished and line.stream == message.stream:
            self.teller.go_on(line, message.next_sample, now)
        elif line:
            self.teller.tell(line)

    def _finish(self, message: m.Finished) -> None:
        """The line is over; without a word of the server, as far as is known here."""
        self.log.note(message)
        if self.line and self.line.stream == message.stream and not self.line.finished:
            self.line.finished = message
            self.arrivals.finish(message)

    def _take_error(self, message: m.Error, now: float) -> None:
        line = self.line
        if message.code != ErrorCode.BAD_TOKEN:
            self.log.note(message)
        if message.code in (ErrorCode.BAD_TOKEN, ErrorCode.UNKNOWN_SESSION):
            self._reopen(now)
        elif message.request is not None and message.request == self.opening.request and not self.is_open:
            self._refuse(message, now)
        elif message.code in (ErrorCode.TOO_MUCH_SOUND, ErrorCode.TOO_FAST) and line and line.sound:
            self.teller.held_until = now + HOLD_S
            line.sent_until = max(line.sound.first, int(max(line.newest, line.first_sample)))
            line.end_sent = False
        elif line and message.stream == line.stream and not line.finished:
            refused = line.error if line.newest < 0 else None  # its beginning was: no wonder that it is unknown
            line.error = refused or message
            if message.code == ErrorCode.UNKNOWN_STREAM:
                end = line.presumed_end()
                self._finish(replace(end, reason=Reason.FAILED) if refused else end)

    def _refuse(self, message: m.Error, now: float) -> None:
        """A server that will not open the session: final at first, later a reason to wait."""
        if self.opened:
            self._reopen(now)
        else:
            self.failure = RefusedError(message.code, message.message)

    def _reopen(self, now: float) -> None:
        """The session is gone; another one shall take its place."""
        self.teller.session = None
        self.opened = self.opened and replace(self.opened, token=b"")
        if not self.closed:
            self.reopen_at = now + (self._pause if self.opened else 0)
            self._pause = min(2 * self._pause, LONGEST_PAUSE_S)

    def _shift(self, stream: int) -> float:
        return self.line.shift_samples if self.line and self.line.stream == stream else 0.0
