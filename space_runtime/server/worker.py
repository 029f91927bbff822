"""The sessions of one thread: what clients say goes in, frames come out. Knows no sockets, no clocks and no threads.

All streams that have a hop of sound are stepped together, one hop each; what arrives meanwhile makes the next batch.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from itertools import islice
from typing import Final, Protocol

import numpy as np

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode, Message, Pace, Reason
from engine_bridge.protocol.wire import encode
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.batch_state import Frames
from space_runtime.animation.pipeline import Character
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Doubles, Floats
from space_runtime.errors import SpaceError
from space_runtime.inference.bundle import Bundle
from space_runtime.server import log_events
from space_runtime.server.character_cache import CharacterCache
from space_runtime.server.delivery import Delivery, Outgoing
from space_runtime.server.limits import MAX_LONG_WORK, Folders, Limits, Refusal
from space_runtime.server.session import (
    BackgroundExecutor,
    CloseSession,
    Command,
    Completion,
    OpenSession,
    ResumeSession,
    SessionMessage,
    SessionState,
)
from space_runtime.server.sink_output import SinkOutput
from space_runtime.server.stream import LiveStream
from space_runtime.server.stream_handlers import StreamHandlers
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import Controls

MAX_BATCH: Final = 256
"""Streams stepped together at most: a larger batch gains nothing and lets the others wait."""

HOUSEKEEPING_S: Final = 0.05
"""How often sound that lacks is looked for."""

_SILENCE: Final = np.zeros(HOP, np.float32)


class TextureSink(Protocol):
    """Draws the pictures of frames, elsewhere and later."""

    def show(self, seat: SessionState, stream: LiveStream, frames: Frames, place: int, now: float) -> None:
        """Draw frame ``place`` of ``frames``; the picture is left out when drawing lags behind."""
        ...


class Worker:
    """Owns sessions and steps their streams.

    clerk: does what takes long. gallery: draws pictures. lag_s: by how much the last batch was later than
    sound that is taken no faster than it is spoken. n_hops, n_batches: stepped so far.
    """

    def __init__(
        self,
        bundle: Bundle,
        limits: Limits,
        folders: Folders,
        faces: CharacterCache,
        clerk: BackgroundExecutor,
        gallery: TextureSink,
        tap: SinkOutput | None = None,
    ) -> None:
        self.delivery = Delivery(limits.queue_frames, tap)
        self.seats: dict[int, SessionState] = {}
        self.lag_s = 0.0
        self.n_hops = self.n_batches = 0
        self._batch = StreamBatch(bundle)
        self._faces = faces
        self._clerk = clerk
        self._gallery = gallery
        self._lines = StreamHandlers(limits, folders, clerk, self._batch, self.delivery, self._settle)
        self._stepping: list[SessionState] = []
        self._ready: dict[LiveStream, SessionState] = {}
        self._opening: set[int] = set()
        self._later: list[tuple[float, int, SessionState]] = []
        self._housekeeping = -math.inf
        self._handlers: dict[type, Callable[..., None]] = {
            OpenSession: self._open,
            SessionMessage: self._said,
            ResumeSession: self._resume,
            CloseSession: self._shut,
            Completion: lambda command, now: command.then(now),
        }

    def handle(self, command: Command, now: float) -> None:
        """Take what the core asks for."""
        self._handlers[type(command)](command, now)

    def step(self, now: float) -> bool:
        """Step every stream that has sound and may take it, once. Return whether there was any."""
        self._keep_house(now)
        while self._later and self._later[0][0] <= now:
            self._settle(heapq.heappop(self._later)[2], now)
        batches = self._take_hops(now)
        for n_hops, (seats, sound, heard_at) in batches.items():
            self._stepping = seats
            self._step_batch(seats, n_hops, np.stack(sound), np.array(heard_at), now)
            self._stepping = []
            for seat in seats:
                self._settle(seat, now)
        return bool(batches)

    @property
    def n_ready(self) -> int:
        """Streams that wait to be stepped."""
        return len(self._ready)

    def abandon(self, command: Command | None, now: float) -> None:
        """Close the sessions of a command, or of a batch, that failed for a reason of our own."""
        doomed = [seat.session for seat in self._stepping]
        if isinstance(command, SessionMessage | OpenSession | ResumeSession):
            doomed.append(command.session)
        self._stepping = []
        for session in doomed:
            self._shut(CloseSession(session, ErrorCode.INTERNAL), now)

    def wait_until(self) -> float:
        """Return the time of the next thing to do without being told; infinity if there is none."""
        if self._ready:
            return -math.inf
        first = self._later[0][0] if self._later else math.inf
        return min(first, self._housekeeping + HOUSEKEEPING_S) if self.seats else first

    def take_outbox(self) -> list[Outgoing]:
        """Return what is to be sent, and forget it."""
        outbox, self.delivery.outbox = self.delivery.outbox, []
        return outbox

    def deliver_texture(self, seat: SessionState, stream: LiveStream, texture: m.Texture) -> None:
        """Send a picture, unless its stream is over."""
        if seat.stream is stream:
            media_s = float((texture.index - stream.first_index) / stream.fps)
            self.delivery.texture(seat, texture, media_s)

    # Sessions

    def _open(self, command: OpenSession, now: float) -> None:
        if command.face is None:
            self._seat(command, self._faces.neutral(command.settings.fps))
            return
        face = command.face
        self._opening.add(command.session)
        if self._clerk.n_waiting >= MAX_LONG_WORK:
            self._no_face(command, ErrorCode.BUSY, f"{MAX_LONG_WORK} faces wait to be built; open again later")
            return

        def work() -> Completion:
            try:
                character = face()
            except SpaceError as error:
                text = str(error)
                return Completion(lambda then: self._no_face(command, ErrorCode.BAD_PICTURE, text))
            return Completion(lambda then: self._faced(command, character))

        self._clerk.submit(command.session, work)

    def _faced(self, command: OpenSession, character: Character) -> None:
        """Seat a session whose face is built, if it has not been shut meanwhile."""
        if command.session in self._opening:
            self._opening.remove(command.session)
            self._seat(command, character)

    def _seat(self, command: OpenSession, character: Character) -> None:
        row = self._batch.add(character, ControlTrack.of(Controls()))
        seat = SessionState(command.session, row, command.settings, character, command.name)
        self.seats[command.session] = seat
        self.delivery.add(seat, command.until)
        opened = m.Opened(
            request=command.request,
            session=command.session,
            token=command.token,
            look_ahead_s=(character.look_ahead + HOP) / SAMPLE_RATE,
            lease_ms=round(command.settings.lease_s * 1e3),
        )
        self.delivery.event(seat, opened)

    def _no_face(self, command: OpenSession, code: ErrorCode, text: str) -> None:
        if command.session not in self._opening:
            return
        self._opening.remove(command.session)
        error = m.Error(code=code, message=text, request=command.request)
        self.delivery.outbox += [(command.session, encode(error)), (command.session, None)]
        self.delivery.n_refused += 1
        log_events.session_closed(command.session, code, 0)

    def _shut(self, command: CloseSession, now: float) -> None:
        seat = self.seats.pop(command.session, None)
        if command.session in self._opening:
            self._opening.remove(command.session)
            closed = m.Closed(session=command.session, reason=command.reason)
            self.delivery.outbox += [(command.session, encode(closed)), (command.session, None)]
        if seat is None:
            return
        if seat.stream:
            self._ready.pop(seat.stream, None)
        self.delivery.discard(seat)
        self._lines.finish(seat, Reason.CLOSED)
        self.delivery.event(seat, m.Closed(session=seat.session, reason=command.reason))
        log_events.session_closed(seat.session, command.reason, int(self.delivery.ledger.seq[seat.row]))
        self.delivery.remove(seat)
        self._batch.remove(seat.row)

    def _resume(self, command: ResumeSession, now: float) -> None:
        seat = self.seats.get(command.session)
        if seat is None:
            return
        intake = seat.stream.intake if seat.stream else None
        resumed = m.Resumed(
            request=command.request,
            session=seat.session,
            stream=max(seat.last_stream, 0),
            next_sample=intake.next_sample if intake else 0,
            seq=int(self.delivery.ledger.seq[seat.row]),
        )
        self.delivery.outbox.append((seat.session, encode(resumed)))
        if seat.stream is None and seat.finished and not seat.waiting:
            self.delivery.event(seat, seat.finished)

    def _said(self, command: SessionMessage, now: float) -> None:
        seat, message, now = self.seats.get(command.session), command.message, min(now, command.at)
        if seat is None:
            return
        try:
            if isinstance(message, m.Credit):
                self.delivery.grant(seat, message.until)
                self._settle(seat, now)
            else:
                self._lines.handle(seat, message, now)
        except Refusal as refusal:
            self._refuse(seat, message, refusal)

    def _refuse(self, seat: SessionState, message: Message, refusal: Refusal) -> None:
        if refusal.code is ErrorCode.BAD_SOUND and seat.stream:
            self._lines.fail(seat, refusal)
            return
        number = getattr(message, "stream", None)
        self.delivery.refuse(seat, refusal, number)

    # Stepping

    def _settle(self, seat: SessionState, now: float) -> None:
        """Decide when a seat's stream is stepped next: now, later, when something comes, or never."""
        stream = seat.stream
        if stream is None or stream.ready:
            return
        next_frame = self._batch.next_frame(seat.row) if stream.closing else 0
        if stream.closing and next_frame >= stream.n_wanted:
            self._lines.finish(seat, stream.closing)
        elif stream.has_hop(next_frame) and not self._clogged(seat, stream):
            due = stream.step_due()
            if due <= now:
                stream.ready = True
                self._ready[stream] = seat
            elif due != stream.due:
                stream.due = due
                heapq.heappush(self._later, (due, id(seat), seat))

    def _take_hops(self, now: float) -> dict[int, tuple[list[SessionState], list[Floats], list[float]]]:
        """By number of hops: whose they are, the sound, and since when it could have been taken."""
        batches: dict[int, tuple[list[SessionState], list[Floats], list[float]]] = {}
        first = now
        for stream, seat in list(islice(self._ready.items(), MAX_BATCH)):
            del self._ready[stream]
            if stream.over:
                continue
            due, n_hops = stream.step_due(), stream.hops_at_once()
            sound, when = stream.intake.pop(n_hops) if stream.intake else (_SILENCE, due)
            when = max(when, due)
            for column, value in zip(batches.setdefault(n_hops, ([], [], [])), (seat, sound, when), strict=True):
                column.append(value)  # type: ignore[attr-defined]  # three lists of three types
            stream.paced_at = max(when, stream.paced_at + n_hops * HOP / SAMPLE_RATE)
            first = min(first, stream.paced_at)
            stream.n_steps += n_hops
            stream.ready = False
        self.lag_s = now - first
        return batches

    def _clogged(self, seat: SessionState, stream: LiveStream) -> bool:
        """Whether a clip has to wait for its reader."""
        return stream.pace is Pace.CLIP and bool(seat.waiting)

    def _step_batch(self, seats: list[SessionState], n_hops: int, sound: Floats, heard_at: Doubles, now: float) -> None:
        rows = np.array([seat.row for seat in seats], np.intp)
        frames = self._batch.step(rows, sound)
        self.n_hops += n_hops * len(seats)
        self.n_batches += 1
        if not len(frames.row):
            return
        when = np.zeros(int(rows.max()) + 1)
        when[rows] = heard_at
        seat_of = {seat.row: seat for seat in seats}
        self._announce(seat_of, frames)
        shown = self.delivery.frames(frames, when[frames.row], now)
        for place, row in enumerate(shown.row.tolist()):
            seat = seat_of[row]
            if seat.settings.texture and seat.stream:
                self._gallery.show(seat, seat.stream, shown, place, now)

    def _announce(self, seat_of: dict[int, SessionState], frames: Frames) -> None:
        """Say `started` before a stream's first frame."""
        for row in set(frames.row.tolist()):
            seat = seat_of[row]
            if seat.stream and not seat.stream.announced:
                seat.stream.announced = True
                sample = float(seat.stream.origin)
                started = m.Started(session=seat.session, stream=seat.stream.number, sample=sample)
                self.delivery.event(seat, started)

    def _keep_house(self, now: float) -> None:
        if now < self._housekeeping + HOUSEKEEPING_S:
            return
        self._housekeeping = now
        for seat in self.seats.values():
            self._lines.look_after(seat, now)
