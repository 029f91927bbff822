"""A call: a face that follows a camera, and the sound alone while the camera sees nobody."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np

from engine_bridge.client import ClientSession
from engine_bridge.client.controls import Controls
from engine_bridge.protocol.errors import BridgeError
from space_runtime.arrays import Floats
from space_runtime.capture.live_face import LiveFace, LiveRow, nobody
from space_runtime.errors import SpaceError
from space_runtime.live.camera import Camera

HOLD_S: Final = 0.2
"""For which sound waits at most for the row of its time: a camera and its tracking may be so much later than it."""
SILENT_S: Final = 0.3
"""After which a camera without pictures is not waited for any more."""
TOGGLE_S: Final = 0.4
"""In which the face goes over from the camera to the sound and back when it is asked to."""
MEASURED: Final = 900
"""Pictures that say how late rows are."""
DRIFT: Final = 1e-4
"""Seconds a second by which a sound card's clock may differ from the machine's."""
BLOCK_S: Final = 0.02
"""Length of a microphone's blocks."""
log = logging.getLogger(__name__)


class CallClock:
    """The time of a stream's sound on the machine's clock: of its first sample.

    A microphone's block comes when its last sample has been spoken, or later: the earliest tells. Of sound that is
    there in advance the first piece counts as just spoken, and all else follows from it.
    """

    def __init__(self, is_live: bool) -> None:
        self._is_live = is_live
        self.begun_at = math.nan

    def hear(self, end_s: float, now: float) -> None:
        """Take the time at which the sound up to ``end_s`` came."""
        if math.isnan(self.begun_at):
            self.begun_at = now - end_s
        elif self._is_live:
            self.begun_at = min(self.begun_at + DRIFT * BLOCK_S, now - end_s)


class CallFeed:
    """Motion of a person in front of a camera, see `MotionFeed`. Sound is held until the rows that it needs are there.

    drive: strengths of the parts while the camera leads. say: takes sentences about the camera.
    """

    def __init__(self, camera: Camera, face: LiveFace, drive: Floats, say: Callable[[str], None]) -> None:
        self._camera, self._face, self._drive, self._say = camera, face, drive, say
        self._session: ClientSession | None = None
        self._clock = CallClock(True)
        self._rate = 0
        self._newest_s = self._heard_at = -math.inf
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_on = True
        self._latency_s: deque[float] = deque(maxlen=MEASURED)

    def begin(self, session: ClientSession, rate: int, is_live: bool) -> None:
        """See `MotionFeed`."""
        self._session, self._rate, self._clock = session, rate, CallClock(is_live)
        self._newest_s = self._heard_at = -math.inf
        self._stopped = threading.Event()
        if not self._is_on:
            session.set(self._controls(), at_sample=0, fade_s=0.0)

    def before(self, end_s: float) -> None:
        """See `MotionFeed`: wait until the rows up to the look-ahead before ``end_s`` are there, or are too late."""
        self._clock.hear(end_s, time.monotonic())
        if self._thread is None:
            self._heard_at = time.monotonic()
            self._thread = threading.Thread(target=self._watch, name="space-camera", daemon=True)
            self._thread.start()
        needed_s = end_s - (self._session.look_ahead_s if self._session else 0.0)
        with self._changed:
            while self._newest_s < needed_s > 0 and not self._stopped.is_set():
                wait = self._clock.begun_at + end_s + self._patience_s() - time.monotonic()
                if wait <= 0:
                    return
                self._changed.wait(wait)

    def stop(self) -> None:
        """See `MotionFeed`."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread:
            self._thread.join(1.0)
        self._thread = self._session = None

    def toggle(self) -> None:
        """Go over to the sound alone, or back to the camera, from any thread."""
        self._is_on = not self._is_on
        if self._session:
            self._session.set(self._controls(), fade_s=TOGGLE_S)
        self._say("the face follows the camera" if self._is_on else "the face follows the sound alone")

    def summary(self) -> str:
        """Return how late the rows of the last pictures were, and whether nobody led; empty without pictures."""
        if not self._latency_s:
            return ""
        typical, most = (1e3 * float(np.quantile(self._latency_s, share)) for share in (0.5, 0.95))
        led = "" if self._face.is_calibrated else "; the sound led, as no face was seen for a second to learn its rest"
        return f"{self._camera.name}: {typical:.0f} ms from a picture to its motion, at most {most:.0f} ms of 95 %{led}"

    def _controls(self) -> Controls:
        return Controls(drive=(self._drive if self._is_on else np.zeros_like(self._drive)).tolist())

    def _patience_s(self) -> float:
        return HOLD_S if time.monotonic() - self._heard_at < SILENT_S else 0.0

    def _watch(self) -> None:
        """Track picture after picture until the stream is over."""
        was_calibrated, was_there, stopped = self._face.is_calibrated, True, self._stopped
        try:
            for picture in self._camera.pictures(self._clock.begun_at, stopped):
                if (picture.rgb is not None) != was_there:
                    was_there = picture.rgb is not None
                    self._say(
                        f"{self._camera.name} is back" if was_there else f"{self._camera.name} is gone; the sound leads"
                    )
                time_s = picture.time_s - self._clock.begun_at
                row = nobody(time_s) if picture.rgb is None else self._face.row(time_s, picture.rgb)
                self._give(row, time_s, stopped)
                self._latency_s.append(time.monotonic() - picture.time_s)
                if self._face.is_calibrated and not was_calibrated:
                    was_calibrated = True
                    self._say("the face follows the camera: your rest is as you looked in the last second")
        except SpaceError as error:
            self._say(f"{error}; the sound leads")
        except Exception:  # a thread's top: the call goes on without it
            log.exception("the camera cannot be followed any more; the sound leads")

    def _give(self, row: LiveRow | None, time_s: float, stopped: threading.Event) -> None:
        session = self._session
        if row is not None and session is not None and time_s >= 0 and time_s > self._newest_s and not stopped.is_set():
            eyes, confidence = row.eyes_rad[None], [row.confidence]
            try:
                session.drive([time_s * self._rate], row.blendshapes[None], row.head[None], eyes, confidence)
            except BridgeError:  # the stream is over
                return
        with self._changed:
            self._newest_s, self._heard_at = max(self._newest_s, time_s), time.monotonic()
            self._changed.notify_all()
