"""Handlers of commands about whole sessions: open, resume, close."""

from __future__ import annotations

from dataclasses import replace

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode, Reason
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.pipeline import Character
from space_runtime.animation.track import ControlTrack
from space_runtime.server import log_events
from space_runtime.server.commands import (
    BuiltCharacter,
    CharacterKey,
    CloseSession,
    OpenSession,
    RefusedCharacter,
    ResumeSession,
)
from space_runtime.server.flow_control import FlowControl
from space_runtime.server.limits import Refusal
from space_runtime.server.worker.background import BackgroundExecutor, BuildCharacter
from space_runtime.server.worker.character_cache import NEUTRAL, CharacterCache
from space_runtime.server.worker.delivery import Delivery
from space_runtime.server.worker.file_budget import FileBudget
from space_runtime.server.worker.session import SessionState, SessionTable
from space_runtime.server.worker.sink_output import SinkOutput
from space_runtime.server.worker.stream_lifecycle import StreamLifecycle
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import Controls


class SessionHandlers:
    """Opens, resumes and closes the sessions of a worker. opening: those that wait for their characters, by number.

    budget: of the files that clients send.
    """

    def __init__(
        self,
        sessions: SessionTable,
        flow: FlowControl,
        batch: StreamBatch,
        delivery: Delivery,
        lifecycle: StreamLifecycle,
        characters: CharacterCache,
        executor: BackgroundExecutor,
        sink: SinkOutput | None,
    ) -> None:
        self.opening: dict[int, OpenSession] = {}
        self._sessions = sessions
        self._flow = flow
        self._batch = batch
        self._delivery = delivery
        self._lifecycle = lifecycle
        self._characters = characters
        self._executor = executor
        self.budget = FileBudget(sessions, self.opening, executor)
        self._sink = sink

    def open(self, command: OpenSession, now: float) -> None:
        """Open a session, at once with the neutral character, else when its character is built."""
        if command.character.is_neutral:
            self._characters.take(NEUTRAL)
            self._enter(command, NEUTRAL, self._characters.neutral)
            return
        try:
            self.budget.check(command.owner, len(command.character.picture or b""))
        except Refusal as refusal:
            self._refuse(command, refusal.code, str(refusal))
            return
        self.opening[command.session] = command
        self._executor.submit(BuildCharacter(command.session, command.owner, command.character))

    def take_character(self, built: BuiltCharacter, now: float) -> None:
        """Open a session whose character is built, if it has not been closed meanwhile."""
        command = self.opening.get(built.session)
        if command is None:
            return
        character = self._characters.take(built.key)
        if character is None:  # so many others were built meanwhile that it is gone again
            self._executor.submit(BuildCharacter(command.session, command.owner, command.character))
            return
        del self.opening[built.session]
        self._enter(command, built.key, character)

    def refuse_character(self, refused: RefusedCharacter, now: float) -> None:
        """Tell a client why its session cannot be opened."""
        command = self.opening.pop(refused.session, None)
        if command:
            self._refuse(command, refused.code, refused.text)

    def resume(self, command: ResumeSession, now: float) -> None:
        """Tell a session's client where its stream stands."""
        state = self._sessions.by_number.get(command.session)
        if state is None:
            return
        audio = state.stream.audio if state.stream else None
        resumed = m.Resumed(
            request=command.request,
            session=command.session,
            stream=max(state.last_stream, 0),
            next_sample=audio.next_sample if audio else 0,
            seq=self._flow.seq.item(state.row),
        )
        self._delivery.send(command.session, resumed)
        if state.stream is None and state.finished and not state.waiting:
            self._delivery.event(state, state.finished)

    def close(self, command: CloseSession, now: float) -> None:
        """End a session, open or opening; all that waits comes out before."""
        closed = m.Closed(session=command.session, reason=command.reason)
        if self.opening.pop(command.session, None):
            self._executor.forget(command.session, None)
            self._delivery.send(command.session, closed)
            self._delivery.gone(command.session)
        state = self._sessions.by_number.get(command.session)
        if state is None:
            return
        self._delivery.discard(state)
        self._lifecycle.finish(state, Reason.CLOSED)
        self._delivery.event(state, closed)
        n_frames = self._flow.seq.item(state.row)
        self._delivery.log(log_events.session_closed(command.session, command.reason, n_frames))
        self._delivery.gone(command.session)
        self._sessions.remove(state)
        self._batch.remove(state.row)
        self._characters.release(state.character)

    def _refuse(self, command: OpenSession, code: ErrorCode, text: str) -> None:
        self._delivery.n_refused += 1
        self._delivery.send(command.session, m.Error(code=code, message=text, request=command.request))
        self._delivery.gone(command.session)
        self._delivery.log(log_events.session_closed(command.session, code, 0))

    def _enter(self, command: OpenSession, key: CharacterKey, character: Character) -> None:
        settings = command.settings
        track = ControlTrack.of(Controls())
        row = self._batch.add(replace(character, fps=settings.fps), track, keypoints=settings.keypoints)
        encoder = self._delivery.encoder_for(settings.outputs)
        self._flow.open(row, command.session, command.until, encoder)
        twin = self._sessions.free_twin(key, command.name)
        state = SessionState(row, settings, key, self._flow, command.name, twin, command.owner)
        self._sessions.add(state)
        if self._sink:
            self._sink.opened(command.session, command.name)
        opened = m.Opened(
            request=command.request,
            session=command.session,
            token=command.token,
            look_ahead_s=(character.look_ahead + HOP) / SAMPLE_RATE,
            lease_ms=round(settings.lease_s * 1e3),
        )
        self._delivery.event(state, opened)
