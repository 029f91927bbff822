"""The sessions of one thread: commands go in, answers come out. Knows no sockets, no clocks and no threads.

All streams that have a hop of sound are stepped together, one hop each; what arrives meanwhile makes the next batch.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Final

import numpy as np

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode, Pace
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.batch_state import Frames
from space_runtime.inference.bundle import Bundle
from space_runtime.server.answers import Answers, Outbox
from space_runtime.server.commands import (
    BuiltCharacter,
    CloseSession,
    Command,
    DecodedSound,
    OpenSession,
    RefusedCharacter,
    RefusedSound,
    RenderedTexture,
    ReportStatus,
    ResumeSession,
    SessionMessage,
    StreamMessage,
)
from space_runtime.server.flow_control import FlowControl
from space_runtime.server.frame_encoder import counts_of
from space_runtime.server.limits import Folders, Limits, Refusal
from space_runtime.server.worker.background import BackgroundExecutor
from space_runtime.server.worker.character_cache import CharacterCache
from space_runtime.server.worker.delivery import Delivery
from space_runtime.server.worker.report import Counts, report_of
from space_runtime.server.worker.session import SessionState, SessionTable
from space_runtime.server.worker.session_handlers import SessionHandlers
from space_runtime.server.worker.sink_output import SinkOutput
from space_runtime.server.worker.step_queue import HopBatch, StepQueue
from space_runtime.server.worker.stream_handlers import STEPPABLE, StreamHandlers
from space_runtime.server.worker.stream_lifecycle import StreamLifecycle
from space_runtime.server.worker.texture_renderer import TextureSink, texture_job

log = logging.getLogger(__name__)

MAX_PICTURE_LAG_S: Final = 0.05
"""Lag of the last batches beyond which no picture is begun."""
HOUSEKEEPING_S: Final = 0.05
"""Seconds between two searches for sound that lacks."""


class Worker:
    """Owns sessions and steps their streams. What fails in one session ends that session alone.

    executor: does background work, with the same characters. textures: renders pictures. n_hops, n_batches: stepped so
    far; n_skipped: pictures left out for readers without credit.
    """

    def __init__(
        self,
        bundle: Bundle,
        limits: Limits,
        folders: Folders,
        characters: CharacterCache,
        executor: BackgroundExecutor,
        textures: TextureSink,
        sink: SinkOutput | None = None,
    ) -> None:
        self.sessions = SessionTable()
        self.queue = StepQueue()
        self.n_hops = self.n_batches = self.n_skipped = 0
        self._batch = StreamBatch(bundle)
        self._textures = textures
        self._outbox = Outbox()
        flow = FlowControl.of(0)
        self.delivery = Delivery(self.sessions, flow, self._outbox, limits.queue_frames, counts_of(bundle), sink)
        lifecycle = StreamLifecycle(self._batch, self.delivery, bundle.look_ahead(), textures, executor)
        self._lifecycle = lifecycle
        self._sessions = SessionHandlers(
            self.sessions, flow, self._batch, self.delivery, lifecycle, characters, executor, sink
        )
        self._streams = StreamHandlers(limits, folders, executor, self._sessions.budget, self.delivery, lifecycle)
        self._periodic_at = -math.inf
        self._handlers: dict[type, Callable[..., None]] = {
            OpenSession: self._sessions.open,
            BuiltCharacter: self._sessions.take_character,
            RefusedCharacter: self._sessions.refuse_character,
            ResumeSession: self._sessions.resume,
            CloseSession: self._close,
            DecodedSound: self._take_sound,
            RefusedSound: self._refuse_sound,
            RenderedTexture: self._take_texture,
            ReportStatus: self._report,
        }

    @property
    def n_ready(self) -> int:
        """Streams that wait to be stepped."""
        return self.queue.n_ready

    @property
    def lag_s(self) -> float:
        """By how much the last batches were late."""
        return self.queue.lag_s

    @property
    def is_idle(self) -> bool:
        """Return whether nothing is left: no session, none that opens, nothing to step, nothing to send."""
        return not (len(self.sessions) or self._sessions.opening or self.queue or self._outbox)

    def handle(self, command: Command, now: float) -> None:
        """Take a command."""
        if isinstance(command, SessionMessage):
            self._handle_message(command, now)
        else:
            self._handlers[type(command)](command, now)

    def step(self, now: float) -> bool:
        """Step every stream that has sound and may take it, once. Return whether there was any."""
        self._run_periodic(now)
        for state in self.queue.due(now):
            self._schedule(state, now)
        batches = self.queue.take(now)
        for batch in batches:
            self._step_batch(batch, now)
            for state in batch.states:
                self._schedule(state, now)
        return bool(batches)

    def take_answers(self) -> Answers:
        """Return the answers so far and forget them."""
        return self._outbox.take()

    def wait_until(self) -> float:
        """Return the time of the next thing to do without being told; infinity if there is none."""
        due = self.queue.next_due()
        return min(due, self._periodic_at + HOUSEKEEPING_S) if len(self.sessions) else due

    def fail(self, command: Command, now: float) -> None:
        """Close the session of a command that failed for a reason of our own."""
        if not isinstance(command, ReportStatus):
            self._close(CloseSession(command.session, ErrorCode.INTERNAL), now)

    # Commands

    def _handle_message(self, command: SessionMessage, now: float) -> None:
        state, now = self.sessions.by_number.get(command.session), min(now, command.at)
        if state is None:
            return
        try:
            change = self._streams.handlers[type(command.message)](state, command.message, now)
        except Refusal as refusal:
            self._refuse(state, command.message, refusal)
            return
        if change in STEPPABLE:
            self._schedule(state, now)

    def _refuse(self, state: SessionState, message: StreamMessage, refusal: Refusal) -> None:
        if refusal.code is ErrorCode.BAD_SOUND and state.stream:
            self._lifecycle.fail(state, refusal)
        else:
            self.delivery.refuse(state, refusal, getattr(message, "stream", None))

    def _close(self, command: CloseSession, now: float) -> None:
        state = self.sessions.by_number.get(command.session)
        if state and state.stream:
            self.queue.remove(state.stream)
        self._sessions.close(command, now)

    def _take_sound(self, sound: DecodedSound, now: float) -> None:
        state = self.sessions.by_number.get(sound.session)
        if state and self._streams.take_sound(state, sound, now) in STEPPABLE:
            self._schedule(state, now)

    def _refuse_sound(self, refused: RefusedSound, now: float) -> None:
        state = self.sessions.by_number.get(refused.session)
        if state:
            self._streams.refuse_sound(state, refused)

    def _take_texture(self, rendered: RenderedTexture, now: float) -> None:
        """Send a picture, unless its stream is over."""
        state, texture = self.sessions.by_number.get(rendered.session), rendered.texture
        if state and state.stream and state.stream.number == texture.stream:
            media_s = float((texture.index - state.stream.first_index) / state.settings.fps)
            self.delivery.texture(state, texture, media_s)

    def _report(self, command: ReportStatus, now: float) -> None:
        counts = Counts(
            hops=self.n_hops,
            batches=self.n_batches,
            lag_s=self.lag_s,
            textures_drawn=self._textures.n_rendered,
            textures_skipped=self._textures.n_skipped + self.n_skipped,
        )
        self._outbox.reports.append(report_of(command.request, self.sessions, self.delivery, counts))

    # Stepping

    def _schedule(self, state: SessionState, now: float) -> None:
        """Decide when a session's stream is stepped next: now, later, when something comes, or never.

        A clip waits for its reader.
        """
        stream = state.stream
        if stream is None or stream in self.queue.ready:
            return
        try:
            if stream.wants_part():
                self._streams.read_on(state, stream)
            if stream.closing and stream.is_complete():
                self._lifecycle.finish(state, stream.closing)
            elif stream.has_hop() and not (state.waiting and stream.pace is Pace.CLIP):
                self.queue.add(state, stream, now)
        except Exception:
            self._give_up([state], now)

    def _step_batch(self, batch: HopBatch, now: float) -> None:
        """Step a batch and send its frames; what fails in sending may have been sent in part and is not done again."""
        rows = np.array([state.row for state in batch.states], np.intp)
        try:
            frames = self._batch.step(rows, batch.sound)
        except Exception:
            self._step_apart(batch, now)
            return
        self.n_hops += batch.n_hops * len(rows)
        self.n_batches += 1
        self.delivery.heard(rows, batch.sound, frames)
        if not len(frames.row):
            return
        try:
            heard_at = np.zeros(int(rows.max()) + 1)
            heard_at[rows] = batch.heard_at
            self._announce(frames.row.tolist())
            self._render(self.delivery.frames(frames, heard_at[frames.row], now))
        except Exception:
            self._give_up(batch.states, now)

    def _step_apart(self, batch: HopBatch, now: float) -> None:
        """Step the halves of a batch that failed, which has not happened; end the session that fails alone."""
        if len(batch.states) == 1:
            self._give_up(batch.states, now)
            return
        for half in batch.halves():
            self._step_batch(half, now)

    def _give_up(self, states: list[SessionState], now: float) -> None:
        """End sessions whose streams cannot go on for a reason of our own. To be called where that was caught."""
        log.exception(
            "what a stream needs failed; its session ends: %s", ", ".join(str(each.number) for each in states)
        )
        for state in states:
            self._close(CloseSession(state.number, ErrorCode.INTERNAL), now)

    def _announce(self, rows: list[int]) -> None:
        """Say `started` before a stream's first frame."""
        for row in rows:
            state = self.sessions.by_row[row]
            stream = state.stream
            if stream and not stream.announced:
                stream.announced = True
                started = m.Started(session=state.number, stream=stream.number, sample=float(stream.origin))
                self.delivery.event(state, started)

    def _render(self, frames: Frames) -> None:
        """Let the pictures of frames be rendered; none for a client that has no credit left, and none while frames lag:
        both share an interpreter, and on a busy machine each picture makes all frames later."""
        for place, row in enumerate(frames.row.tolist()):
            state = self.sessions.by_row[row]
            if state.settings.texture and state.stream and not state.waiting and self.lag_s <= MAX_PICTURE_LAG_S:
                self._textures.show(texture_job(state, state.stream, frames, place))
            elif state.settings.texture:
                self.n_skipped += 1

    def _run_periodic(self, now: float) -> None:
        if now < self._periodic_at + HOUSEKEEPING_S:
            return
        self._periodic_at = now
        for state in list(self.sessions):
            try:
                change = self._streams.conceal_gaps(state, now)
            except Exception:
                self._give_up([state], now)
                continue
            if change in STEPPABLE:
                self._schedule(state, now)
