"""The half of a session that its user calls, without sockets.

What was asked for is kept in a `ClientStream` until it is finished, so that whatever a lost connection or a restarted
server has swallowed can be sent again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

from engine_bridge.client.controls import Controls
from engine_bridge.client.drive import MotionRows
from engine_bridge.client.fitting import check_fits
from engine_bridge.client.jitter import Pose
from engine_bridge.client.log import SessionLog
from engine_bridge.client.receiver import Receiver
from engine_bridge.client.replay import StreamReplay
from engine_bridge.client.stream import Change, ClientStream, Samples, Sound, file_bytes
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import BridgeError, RefusedError
from engine_bridge.protocol.messages import ErrorCode, Pace, Reason, SampleFormat
from engine_bridge.protocol.server_ranges import LAST_SAMPLE

UNSENT_S: Final = 600.0
"""Sound that may wait to be sent."""


class SessionCalls:
    """One session and the calls of its user. opened: the server's answer; reopen_at: the time to open it anew."""

    def __init__(self, opening: m.Open, say: Callable[[m.ClientMessage], None]) -> None:
        self.opening = opening
        self.opened: m.Opened | None = None
        self.failure: BridgeError | None = None
        self.stream: ClientStream | None = None
        self.log = SessionLog()
        self.closed = False
        self.reopen_at = math.inf
        self.replay = StreamReplay(say)
        self.receiver = Receiver(Fraction(*opening.fps), self.log.counters, self.replay.grant)
        self._say = say
        self._max_part = 65_536
        self._last_number = 0
        self._asked_at: float | None = None

    @property
    def is_open(self) -> bool:
        """True while a server knows the session on this connection."""
        return self.replay.session is not None

    @property
    def now_sample(self) -> int:
        """The last position that was evaluated, in whole samples; 0 before."""
        return int(max(self.receiver.buffer.position, 0))

    def start(self, opening: m.Start, controls: Controls) -> None:
        """Begin a stream of pushed sound. Numbers and controls of ``opening`` are filled in here."""
        check_fits(opening)
        sound = Sound(SampleFormat(opening.format), opening.channels or 1, opening.first_sample or 0)
        opening = replace(opening, stream=self._last_number + 1, **controls.for_start())
        self._begin(ClientStream(opening, opening.rate, controls, sound, sent_until=sound.first))

    def speak(self, sound: str | Path | bytes | None, asset: str | None, pace: Pace, controls: Controls) -> None:
        """Begin a stream whose sound is a file's (path or bytes), or a name on the server."""
        if (sound is None) == (asset is None):
            raise BridgeError("speak takes either a sound (a path or bytes) or an asset (a name on the server)")
        data = None if sound is None else file_bytes(sound, self._max_part)
        opening = m.Speak(
            session=0, stream=self._last_number + 1, sound=data, asset=asset, pace=pace, **controls.for_start()
        )
        self._begin(ClientStream(opening, 16_000, controls))

    def idle(self, controls: Controls) -> None:
        """Begin a stream of silence that lasts until another one begins."""
        opening = m.Idle(session=0, stream=self._last_number + 1, **controls.for_start())
        self._begin(ClientStream(opening, 16_000, controls))

    def push(self, samples: Samples, now: float) -> int:
        """Append sound to the stream; return the index after its last sample."""
        stream = self._current()
        if stream.sound is None or stream.n_samples is not None:
            raise BridgeError("push needs a stream that was begun with start and has not been ended")
        if stream.sound.end - stream.sent_until > UNSENT_S * stream.rate:
            raise BridgeError(f"more than {UNSENT_S:.0f} s of sound wait to be sent; push it more slowly")
        if stream.sound.end > LAST_SAMPLE:
            raise BridgeError("a stream has 2^53 samples at most; begin another one")
        stream.sound.push(samples)
        self.replay.pump(stream, now)
        return stream.sound.end

    def drive(self, rows: MotionRows, now: float) -> None:
        """Give the stream rows of motion."""
        stream = self._current()
        stream.drive.give(rows)
        self.replay.pump(stream, now)

    def end(self, now: float) -> None:
        """Say that the pushed sound is over."""
        stream = self._current()
        if stream.sound is None:
            raise BridgeError("end belongs to a stream that was begun with start; end others with interrupt")
        stream.n_samples = stream.sound.end if stream.n_samples is None else stream.n_samples
        self.replay.pump(stream, now)

    def set(self, change: Change) -> None:
        """Change controls from a media time on."""
        if change.controls.seed is not None:
            raise BridgeError("a seed is given with the beginning of a stream, not in its middle")
        stream = self._current()
        check_fits(
            m.Set(session=0, stream=0, at_sample=change.at_sample, fade_ms=change.fade_ms, **change.controls.for_set())
        )
        stream.changes.append(change)
        if not stream.finished:
            self.replay.change(stream, change)

    def interrupt(self, at_sample: int | None, fade_ms: int) -> None:
        """Barge in, by default at the last position asked for."""
        stream = self._current()
        at = self.now_sample if at_sample is None else at_sample
        interrupt = m.Interrupt(session=0, stream=stream.number, at_sample=at, fade_ms=fade_ms)
        check_fits(interrupt)
        stream.interrupt = interrupt
        if not stream.finished:
            self.replay.interrupt(stream)

    def evaluate(self, position: float, now: float, dt: float | None) -> Pose:
        """Return what is due at a playback position; dt: seconds since the question before, by default from ``now``."""
        passed = now - self._asked_at if self._asked_at is not None else 0.0
        self._asked_at = now
        return self.receiver.ask(position, passed if dt is None else dt)

    def next_frame(self) -> m.Frame | None:
        """Take the next frame of a clip, if it is there."""
        stream = self._current()
        if not stream.is_clip:
            raise BridgeError("frames come one by one with the pace 'clip' only; ask for evaluate(position)")
        return self.receiver.next_of_clip(stream)

    def result(self) -> m.Finished | None:
        """Return the end of the stream, None while it goes on. Raises what made it fail, or why there is no session."""
        stream = self._current()
        if stream.finished and stream.finished.reason == Reason.FAILED:
            code, text = (
                (stream.error.code, stream.error.message) if stream.error else (ErrorCode.INTERNAL, "the stream failed")
            )
            raise RefusedError(code, text)
        return stream.finished

    def _current(self) -> ClientStream:
        if self.failure:
            raise self.failure
        if self.stream is None:
            raise BridgeError("there is no stream: call start, speak or idle first")
        return self.stream

    def _begin(self, stream: ClientStream) -> None:
        if self.failure:
            raise self.failure
        check_fits(stream.opening)  # what does not fit is refused here, not when it is sent again
        self._last_number = stream.number
        self.stream = stream
        self.receiver.begin(stream)
        self.replay.tell(stream)
