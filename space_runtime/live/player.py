"""A source spoken by a session, shown on sinks in step with the playback of the sound."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from engine_bridge.adapters import Sink
from engine_bridge.client import ClientSession
from engine_bridge.client.controls import Controls
from engine_bridge.client.jitter import Pose, State
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import RefusedError
from engine_bridge.protocol.messages import ErrorCode, Pace, SampleFormat
from space_runtime.animation.direction import Direction
from space_runtime.arrays import Floats
from space_runtime.live.control_schedule import AHEAD_S, ControlSchedule, begun
from space_runtime.live.motion_feed import MotionFeed
from space_runtime.live.playback_clock import PlaybackClock
from space_runtime.live.sources import Samples, Source
from space_runtime.media.resampling import sound_of

RELEASE_S: Final = 0.5
"""Seconds for which frames go on after the end, until the face is at rest."""

LET_GO_S: Final = 0.1
"""Longest wait for an interrupted source to let go of its device: the next line may want it."""

LEAD_FRAMES: Final = 45
"""Frames that are there before sound is played that is animated ahead: one and a half seconds at the rate of pages."""
LEAD_WAIT_S: Final = 3.0
"""Longest wait for them; then the line is spoken with what is there."""

_FATAL: Final = (ErrorCode.BAD_VALUE, ErrorCode.BAD_SOUND, ErrorCode.TOO_LARGE)
"""Errors that the client cannot mend by itself."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlaybackResult:
    """The result of playing a stream. seconds: of sound. frames: shown. resting: the number of them that, before its
    end, had nothing to show."""

    seconds: float
    frames: int
    resting: int

    def __add__(self, other: PlaybackResult) -> PlaybackResult:
        """Return the result of two streams together."""
        return PlaybackResult(self.seconds + other.seconds, self.frames + other.frames, self.resting + other.resting)


class SoundOutput(Protocol):
    """A receiver of the sound that is spoken."""

    def sound(self, first_sample: int, samples: Floats) -> None:
        """Take (n,) samples, full scale −1…1, as soon as they are there."""

    def end(self, seconds: float) -> None:
        """Take the length of the sound."""


class FrameSender:
    """Hands the poses of a session to sinks as frames, and each picture with the first pose that it belongs to."""

    def __init__(self, session: ClientSession, sinks: Sequence[Sink], name: str) -> None:
        self._session, self._sinks, self._name = session, sinks, name
        self._n_frames = 0
        self._picture = -1

    def send(self, pose: Pose, seconds: float, rate: float) -> None:
        """Send a pose. seconds: its media time. rate: samples per second of its stream."""
        self._n_frames += 1
        frame = m.Frame(
            session=0,
            stream=0,
            seq=self._n_frames,
            index=self._n_frames,
            sample=seconds * rate,
            speech=pose.speech,
            weights=pose.blendshapes,
            head=np.concatenate([pose.head_rotation_rad, pose.head_translation]),
            eyes=pose.eye_rotation_rad.reshape(4),
        )
        for sink in self._sinks:
            sink.send(self._name, frame, rate)
        texture = self._session.texture()
        if texture is not None and texture.index != self._picture:
            self._picture = texture.index
            for sink in self._sinks:
                sink.texture(self._name, texture)

    def rest(self) -> None:
        """Send the neutral face."""
        for sink in self._sinks:
            sink.rest(self._name)


class Player:
    """Plays one stream. name: of the character, for sinks. playout_s: from a sound to its playback. sound: gets it.

    ahead: whether the sound is there before it is spoken and is animated as fast as that can be done. Its playback
    begins when `LEAD_FRAMES` are there, so that a machine that becomes busy does not make its frames late. motion:
    drives the face. is_live: its sound comes as it is spoken.
    """

    def __init__(
        self,
        session: ClientSession,
        sinks: Sequence[Sink],
        fps: float,
        playout_s: float,
        name: str,
        sound: SoundOutput | None = None,
        ahead: bool = False,
        motion: MotionFeed | None = None,
        is_live: bool = False,
    ) -> None:
        self._session = session
        self._sender = FrameSender(session, sinks, name)
        self._sound = sound
        self._motion, self._is_live = motion, is_live
        self._period = 1.0 / fps
        self._playback = PlaybackClock(playout_s, max(0.0, playout_s - session.look_ahead_s), waits=ahead)
        self._pace = Pace.CLIP if ahead else Pace.LIVE
        self._n_before: int | None = None  # frames of other streams
        self._is_animated = False
        self._stopped = threading.Event()
        self._pushing = threading.Lock()  # nothing is pushed after the end: it would belong to the next stream
        self._failure: Exception | None = None

    def stop(self) -> None:
        """End the stream at once, from any thread."""
        self._stopped.set()

    def speak(
        self,
        source: Source,
        controls: Controls,
        direction: Direction,
        watch: Callable[[float, Pose], None],
        is_interrupted: Callable[[], bool] = lambda: False,
    ) -> PlaybackResult:
        """Push the source and show its frames until the face is at rest again; however it ends, it ends with that.

        direction: over the time of the sound; the rest of the controls holds. watch: called with the playback time in
        seconds and the pose of every frame. is_interrupted: asked before every frame; if so, it ends.
        Raises what the source raises, and `RefusedError` when the server does not take the stream.
        """
        self._session.events()  # what is left of the stream before
        first = begun(controls, direction)
        self._session.start(source.rate, SampleFormat.F32, first, pace=self._pace)
        if self._motion:
            self._motion.begin(self._session, source.rate, self._is_live)
        schedule = ControlSchedule(direction, source.rate)
        pushing = threading.Thread(target=self._push, args=(source, schedule), name="space-source", daemon=True)
        pushing.start()
        try:
            frames, resting = self._show(source.rate, watch, is_interrupted)
        finally:
            with self._pushing:
                self._stopped.set()
            if self._motion:
                self._motion.stop()
            self._sender.rest()
            pushing.join(LET_GO_S)
        if self._failure:
            raise self._failure
        return PlaybackResult(self._playback.received_s, frames, resting)

    def _show(
        self, rate: int, watch: Callable[[float, Pose], None], is_interrupted: Callable[[], bool]
    ) -> tuple[int, int]:
        """Show frame after frame; return their number, and how many had nothing to show."""
        frames = resting = 0
        due = time.monotonic()
        while not self._is_over(time.monotonic()):
            due = max(due + self._period, time.monotonic())
            if self._stopped.wait(due - time.monotonic()) or is_interrupted():
                break
            self._check()
            self._release(time.monotonic())
            seconds = self._playback.position(time.monotonic())
            if seconds is not None:
                pose = self._session.evaluate(seconds * rate)
                frames += 1
                resting += pose.state in (State.WAITING, State.RESTING) and seconds < self._playback.received_s
                self._sender.send(pose, seconds, rate)
                watch(seconds, pose)
        return frames, resting

    def _release(self, now: float) -> None:
        """Let playback that waits for frames begin once they are there, or have been waited for in vain."""
        playback = self._playback
        if not playback.waits or playback.begun_at is None:
            return
        if self._is_animated or self._n_frames >= LEAD_FRAMES or now - playback.begun_at > LEAD_WAIT_S:
            with self._pushing:
                playback.release(now)

    @property
    def _n_frames(self) -> int:
        """Frames of the stream that have come since its beginning was noticed."""
        return 0 if self._n_before is None else self._session.counters.frames - self._n_before

    def _check(self) -> None:
        """Raise what the server has against the stream; log what it says about its sound."""
        for event in self._session.events():
            if isinstance(event, m.Notice):
                log.warning("%s", event.message)
            is_own = isinstance(event, m.Started | m.Finished) and event.stream == self._session.stream_number
            if is_own and isinstance(event, m.Started):
                self._n_before = self._session.counters.frames
            self._is_animated |= is_own and isinstance(event, m.Finished)
            if isinstance(event, m.Error) and event.code in _FATAL:
                raise RefusedError(event.code, event.message)

    def _push(self, source: Source, schedule: ControlSchedule) -> None:
        """Push everything; what is there at once is not pushed faster than the session takes it."""
        n_pushed = 0
        try:
            for block in source.blocks():
                for piece in _pieces(block, source.rate):
                    if self._motion:
                        self._motion.before((n_pushed + len(piece)) / source.rate)
                    with self._pushing:
                        if self._stopped.is_set():
                            return
                        n_pushed = self._push_piece(piece, n_pushed, source.rate, schedule)
                    ahead = self._playback.ahead_s(time.monotonic())
                    if self._stopped.wait(max(0.0, ahead - AHEAD_S)):
                        return
            with self._pushing:
                self._end()
        except Exception as error:  # a thread's top: whatever it is, the main thread raises it
            self._failure = error
            self._stopped.set()
        self._playback.over = True

    def _push_piece(self, piece: Samples, n_pushed: int, rate: int, schedule: ControlSchedule) -> int:
        """Push a piece, after the changes of controls that begin in it; return the samples so far."""
        self._playback.add(len(piece) / rate, time.monotonic())
        for change in schedule.take(n_pushed + len(piece)):
            self._session.set(change.controls, change.at_sample, change.fade_s)
        if self._sound:
            self._sound.sound(n_pushed, sound_of(piece))
        return self._session.push(piece)

    def _end(self) -> None:
        if self._stopped.is_set():
            return
        self._session.end()
        if self._sound:
            self._sound.end(self._playback.received_s)

    def _is_over(self, now: float) -> bool:
        playback = self._playback
        return playback.over and (
            not playback.received_s or (playback.position(now) or 0.0) > playback.received_s + RELEASE_S
        )


def _pieces(block: Samples, rate: int) -> Iterator[Samples]:
    """Yield a block in pieces of a tenth of a second."""
    n = max(1, rate // 10)
    for start in range(0, len(block), n):
        yield block[start : start + n]
