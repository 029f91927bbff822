"""The way out of a worker: frames and events to bytes, in order, under credit, counted."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine_bridge.protocol.messages import Error, Finished, Notice, Output, ServerMessage, Texture
from engine_bridge.protocol.output_fields import OutputCounts
from engine_bridge.protocol.wire import encode
from space_runtime.animation.batch_state import Frames
from space_runtime.arrays import Doubles, Floats, Index, Longs
from space_runtime.server import log_events
from space_runtime.server.answers import Outbox
from space_runtime.server.flow_control import FlowControl
from space_runtime.server.frame_encoder import FrameEncoder
from space_runtime.server.limits import Refusal
from space_runtime.server.log_events import LogEvent
from space_runtime.server.worker.session import SessionState, SessionTable
from space_runtime.server.worker.sink_output import SinkOutput, sink_frames
from space_runtime.soa import take
from space_runtime.timebase import SAMPLE_RATE

GRACE_S: Final = 0.05
"""A frame may be later than its playback by this: paced ones leave with their hop, and what is a little late is better
shown than missed."""

NO_CREDIT_NEEDED: Final = -1

_WAITING: Final = attrgetter("waiting")


class Delivery:
    """Sends what sessions are to get, through the outbox of a worker, and counts it in its flow control.

    queue_frames: frames of a session that may wait for credit. counts: of outputs whose length differs from server to
    server. sink: sees all frames too, if there is one.
    """

    def __init__(
        self,
        sessions: SessionTable,
        flow: FlowControl,
        outbox: Outbox,
        queue_frames: int,
        counts: OutputCounts,
        sink: SinkOutput | None = None,
    ) -> None:
        self.n_sent = self.n_dropped = self.n_refused = 0
        self._sessions = sessions
        self._flow = flow
        self._outbox = outbox
        self._queue_frames = queue_frames
        self._counts = counts
        self._sink = sink
        self._encoders: list[FrameEncoder] = []
        self._encoder_of: dict[frozenset[Output], int] = {}

    def encoder_for(self, outputs: frozenset[Output]) -> int:
        """Return the number of the frame encoder for outputs, as flow control keeps it."""
        curves = outputs - {Output.TEXTURE}
        if curves not in self._encoder_of:
            self._encoder_of[curves] = len(self._encoders)
            self._encoders.append(FrameEncoder(curves, self._counts))
        return self._encoder_of[curves]

    def send(self, session: int, message: ServerMessage) -> None:
        """Send a message to a session at once, before all that waits."""
        self._outbox.outgoing.append((session, encode(message)))

    def gone(self, session: int) -> None:
        """Say that a session is gone, after all that it was sent."""
        self._outbox.outgoing.append((session, None))
        if self._sink:
            self._sink.closed(session)

    def log(self, event: LogEvent) -> None:
        """Give an event to the log."""
        self._outbox.events.append(event)

    def event(self, state: SessionState, message: ServerMessage) -> None:
        """Send a message after all frames that were made before it."""
        if state.waiting:
            self._wait(state, NO_CREDIT_NEEDED, message)
        else:
            self.send(state.number, message)

    def notice(self, state: SessionState, stream: int, note: str) -> None:
        """Tell a client, and the log, a sentence about the sound of a stream."""
        self.log(log_events.notice(state.number, stream, note))
        self.event(state, Notice(session=state.number, stream=stream, message=f"the sound: {note}"))

    def texture(self, state: SessionState, texture: Texture, media_s: float) -> None:
        """Send a picture, unless half of its reader's credit is used: what it has not read is kept somewhere.

        media_s: from the stream's first frame.
        """
        left = int(self._flow.until[state.row] - self._flow.seq[state.row])
        if not state.waiting and 2 * left >= self._flow.window[state.row]:
            self.event(state, texture)
        if self._sink:
            self._sink.texture(texture, self.played_at(state.row, media_s))

    def finished(self, state: SessionState, message: Finished, media_s: float) -> None:
        """Send the last message of a stream. media_s: its end, from its first frame."""
        state.finished = message
        self.event(state, message)
        if self._sink:
            self._sink.finished(message, self.played_at(state.row, media_s))

    def refuse(self, state: SessionState, refusal: Refusal, stream: int | None) -> None:
        """Tell a client at once why what it said about a session is not done."""
        self.n_refused += 1
        self.log(log_events.refused(refusal.code, state.number))
        self.send(state.number, Error(code=refusal.code, message=str(refusal), session=state.number, stream=stream))

    def grant(self, state: SessionState, until: int) -> None:
        """Take credit and send what waited for it."""
        self._flow.until[state.row] = max(until, self._flow.until.item(state.row))
        self._send_waiting(state)

    def n_waiting(self, state: SessionState) -> int:
        """Return how many frames of a session's stream wait for credit."""
        return sum(self._is_current(state, seq) for seq, _ in state.waiting)

    def discard(self, state: SessionState) -> None:
        """Drop a session's frames that wait for credit; events come out."""
        while state.waiting:
            self._drop_oldest(state)

    def heard(self, rows: Index, sound: Floats, frames: Frames) -> None:
        """Take account of the (B, S) sound of rows that was stepped, and of how much of its frames is speech."""
        self._flow.note_sound(rows, sound)
        self._flow.note_speech(frames.row, frames.speech)

    def frames(self, frames: Frames, heard_at: Doubles, now: float) -> Frames:
        """Send the frames that are wanted and in time; return them.

        heard_at: (F,) when the sound that completed each frame came.
        """
        frames, heard_at = self._wanted(frames, heard_at)
        if not len(frames.row):
            return frames
        flow, rows = self._flow, frames.row
        seq = flow.seq[rows] + _ranks(rows)
        np.add.at(flow.seq, rows, 1)
        due = np.maximum(flow.started_at[rows] + frames.media_sample / SAMPLE_RATE, heard_at)
        in_time = now - due <= flow.late_after_s[rows] + GRACE_S
        if not in_time.all():
            self._count_late(rows[~in_time])
            frames, seq = take(frames, np.flatnonzero(in_time)), seq[in_time]
        if not len(seq):
            return frames
        self._send(frames, seq)
        if self._sink:
            fps = [self._sessions.by_row[row].settings.fps for row in frames.row.tolist()]
            self._sink.frames(sink_frames(frames, seq, flow, fps))
        return frames

    def played_at(self, row: int, media_s: float) -> float:
        """Return when a session's client plays a media time, in seconds from its stream's first frame.

        Infinity for a clip, which may be played at any time.
        """
        return self._flow.started_at.item(row) + media_s + self._flow.late_after_s.item(row)

    def _wanted(self, frames: Frames, heard_at: Doubles) -> tuple[Frames, Doubles]:
        wanted = frames.frame_index < self._flow.wanted[frames.row]
        if wanted.all():
            return frames, heard_at
        places = np.flatnonzero(wanted)
        return take(frames, places), heard_at[places]

    def _count_late(self, rows: Index) -> None:
        np.add.at(self._flow.dropped, rows, 1)
        self.n_dropped += len(rows)

    def _send(self, frames: Frames, seq: Longs) -> None:
        numbers = self._flow.encoder[frames.row]
        if (numbers == numbers[0]).all():
            self._send_encoded(self._encoders[int(numbers[0])], frames, seq)
            return
        for number in np.unique(numbers).tolist():
            places = np.flatnonzero(numbers == number)
            self._send_encoded(self._encoders[number], take(frames, places), seq[places])

    def _send_encoded(self, encoder: FrameEncoder, frames: Frames, seq: Longs) -> None:
        flow, rows = self._flow, frames.row
        encoded = encoder.encode(frames, seq, flow)
        states = [self._sessions.by_row[row] for row in rows.tolist()]
        if (seq < flow.until[rows]).all() and not any(map(_WAITING, states)):
            self._outbox.outgoing += zip(flow.session[rows].tolist(), encoded, strict=True)
            np.add.at(flow.sent, rows, 1)
            self.n_sent += len(encoded)
            return
        for state, number, data in zip(states, seq.tolist(), encoded, strict=True):
            self._send_one(state, number, data)

    def _send_one(self, state: SessionState, seq: int, data: bytes) -> None:
        if seq < self._flow.until[state.row] and not state.waiting:
            self._outbox.outgoing.append((state.number, data))
            self._count(state, seq)
            return
        self._wait(state, seq, data)

    def _wait(self, state: SessionState, seq: int, what: bytes | ServerMessage) -> None:
        waiting = state.waiting
        waiting.append((seq, what))
        if len(waiting) <= self._queue_frames:
            return
        n_frames = sum(number != NO_CREDIT_NEEDED for number, _ in waiting)
        if n_frames > self._queue_frames or len(waiting) > 2 * self._queue_frames:
            self._drop_oldest(state)

    def _drop_oldest(self, state: SessionState) -> None:
        """Drop the first frame that waits and send the events behind it. The first in a queue is always a frame."""
        seq, _ = state.waiting.popleft()
        self.n_dropped += 1
        if self._is_current(state, seq):
            self._flow.dropped[state.row] += 1
        else:
            _correct(state)
        self._send_waiting(state)

    def _send_waiting(self, state: SessionState) -> None:
        """Send what waits up to the first frame without credit."""
        limit = self._flow.until.item(state.row)
        while state.waiting and state.waiting[0][0] < limit:
            seq, what = state.waiting.popleft()
            self._outbox.outgoing.append((state.number, what if isinstance(what, bytes) else encode(what)))
            self._count(state, seq)

    def _count(self, state: SessionState, seq: int) -> None:
        self._flow.sent[state.row] += self._is_current(state, seq)
        self.n_sent += seq != NO_CREDIT_NEEDED

    def _is_current(self, state: SessionState, seq: int) -> bool:
        """Return whether a frame is one of a session's latest stream, not one of a stream before that still waits."""
        return seq != NO_CREDIT_NEEDED and seq >= self._flow.first_seq.item(state.row)


def _correct(state: SessionState) -> None:
    """Say in the first `Finished` that waits that one frame of its stream was dropped after all."""
    for place, (seq, what) in enumerate(state.waiting):
        if isinstance(what, Finished):
            state.waiting[place] = seq, replace(what, frames=what.frames - 1, dropped=what.dropped + 1)
            return


def _ranks(rows: Index) -> NDArray[np.int64]:
    """Return how many earlier frames of the same row stand before each."""
    if len(rows) < 2 or (np.diff(rows) != 0).all():
        return np.zeros(len(rows), np.int64)
    first = np.flatnonzero(np.concatenate([[True], np.diff(rows) != 0]))
    counts = np.diff(np.append(first, len(rows)))
    return np.arange(len(rows)) - np.repeat(first, counts)
