"""The beginning and the end of streams."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode, Pace, Reason
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.speech_check import HeardSound, no_speech_note
from space_runtime.animation.track import ControlTrack
from space_runtime.server import log_events
from space_runtime.server.limits import Refusal
from space_runtime.server.validation import controls_of
from space_runtime.server.worker.audio_buffer import AudioBuffer
from space_runtime.server.worker.background import BackgroundExecutor
from space_runtime.server.worker.delivery import Delivery
from space_runtime.server.worker.session import SessionState
from space_runtime.server.worker.stream import Stream
from space_runtime.server.worker.texture_renderer import TextureSink
from space_runtime.values import Controls

Beginning = m.Start | m.Speak | m.Idle


@dataclass(frozen=True, slots=True, eq=False)
class StreamPlan:
    """The shape of a stream that begins. rate: in which its media times are said. audio: None for endless silence.

    first_index, origin: number and media sample of its first frame.
    """

    pace: Pace
    rate: int
    audio: AudioBuffer | None
    first_index: int = 0
    origin: Fraction = Fraction(0)


class StreamLifecycle:
    """Begins and ends streams and says so."""

    def __init__(
        self,
        batch: StreamBatch,
        delivery: Delivery,
        look_ahead: int,
        textures: TextureSink,
        executor: BackgroundExecutor,
    ) -> None:
        self._batch = batch
        self._delivery = delivery
        self._look_ahead = look_ahead
        self._textures = textures
        self._executor = executor

    def begin(self, state: SessionState, message: Beginning, plan: StreamPlan) -> Stream:
        """Put a new stream in the place of the one before. Raises `Refusal`."""
        if message.stream <= state.last_stream:
            raise Refusal(
                ErrorCode.BAD_VALUE, f"stream {message.stream} after {state.last_stream}; stream numbers must rise"
            )
        controls = controls_of(message, Controls(seed=state.seed_of(message.stream)), self._batch.knows_styles)
        self.finish(state, Reason.REPLACED)
        self._batch.restart(state.row, ControlTrack.of(controls))
        self._batch.set_motion(state.row, None)
        state.stream = self._stream(state, plan)
        late_after_s = state.settings.playout_s if plan.pace is Pace.LIVE else math.inf
        grid = plan.rate / state.settings.fps
        state.flow.begin(state.row, message.stream, plan.first_index, grid, late_after_s)
        kind = type(message).__name__.lower()
        self._delivery.log(log_events.stream_started(state.number, message.stream, kind, plan.pace))
        return state.stream

    def finish(self, state: SessionState, reason: Reason) -> None:
        """End a stream at once and say so; frames that wait for credit come first, unless it was replaced."""
        stream = state.stream
        if stream is None:
            return
        state.stream, stream.over = None, True
        if state.settings.texture:
            self._textures.forget(state.number, stream.number)
        if stream.file:
            self._executor.forget(state.number, stream.number)
        if reason in (Reason.REPLACED, Reason.CLOSED, Reason.FAILED):
            self._delivery.discard(state)
        n_frames = min(stream.n_wanted, stream.next_frame)
        media_s = float(n_frames / state.settings.fps)
        if reason is Reason.END and (note := _no_speech(state, stream)):
            self._delivery.notice(state, stream.number, note)
        finished = self._last_word(state, stream, reason, n_frames)
        self._delivery.finished(state, finished, media_s)
        self._delivery.log(log_events.stream_finished(finished, media_s))

    def fail(self, state: SessionState, refusal: Refusal) -> None:
        """Say why a stream cannot go on, and end it."""
        self._delivery.refuse(state, refusal, state.stream.number if state.stream else None)
        self.finish(state, Reason.FAILED)

    def _stream(self, state: SessionState, plan: StreamPlan) -> Stream:
        return Stream(
            row=state.row,
            pace=plan.pace,
            settings=state.settings,
            flow=state.flow,
            batch=self._batch,
            look_ahead=self._look_ahead,
            audio=plan.audio,
            origin=plan.origin,
        )

    def _last_word(self, state: SessionState, stream: Stream, reason: Reason, n_frames: int) -> m.Finished:
        flow, row = state.flow, state.row
        return m.Finished(
            session=state.number,
            stream=stream.number,
            reason=reason,
            sample=float((stream.first_index + n_frames) * stream.samples_per_frame),
            frames=flow.sent.item(row) + self._delivery.n_waiting(state),
            dropped=flow.dropped.item(row),
        )


def _no_speech(state: SessionState, stream: Stream) -> str:
    """Return why a stream that had sound moved no lips, nothing if it had none or they moved."""
    loudest = state.flow.loudest.item(state.row)
    if stream.audio is None or not loudest or stream.track.listens:
        return ""
    heard = HeardSound(10 * math.log10(loudest), math.inf, stream.audio.n_pushed, stream.audio.sound.channels)
    return no_speech_note(state.flow.speech.item(state.row), heard)
