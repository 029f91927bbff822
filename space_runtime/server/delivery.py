"""The way out of a worker: frames and events to bytes, in order, under credit, counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine_bridge.protocol.messages import N_LANDMARKS, Error, Finished, Output, ServerMessage, Texture
from engine_bridge.protocol.wire import encode
from space_runtime.animation.batch_state import Frames
from space_runtime.arrays import Index
from space_runtime.server import log_events
from space_runtime.server.flow_control import FlowControl
from space_runtime.server.frame_encoder import Columns, FrameEncoder
from space_runtime.server.limits import Refusal
from space_runtime.server.session import SessionState
from space_runtime.server.sink_output import SinkOutput
from space_runtime.soa import take
from space_runtime.timebase import SAMPLE_RATE

Outgoing = tuple[int, bytes | None]
"""Session and bytes; None says that the session is gone."""

GRACE_S: Final = 0.05
"""A frame may be later than its playback by this: paced ones leave with their hop, and what is a little late is better
shown than missed."""

NO_CREDIT_NEEDED: Final = -1


class Delivery:
    """Keeps the ledger and the outbox of a worker.

    queue_frames: frames of a session that may wait for credit. tap: sees all frames too, if there is one.
    """

    def __init__(self, queue_frames: int, tap: SinkOutput | None = None) -> None:
        self.ledger = FlowControl.of(0)
        self.outbox: list[Outgoing] = []
        self.n_sent = self.n_dropped = self.n_refused = 0
        self._queue_frames = queue_frames
        self._tap = tap
        self._encoders: dict[frozenset[Output], int] = {}
        self._kinds: list[FrameEncoder] = []
        self._seats: dict[int, SessionState] = {}

    def add(self, seat: SessionState, until: int) -> None:
        """Begin to keep a session's numbers."""
        self.ledger.grow(seat.row + 1)
        self.ledger.clear(seat.row)
        self.ledger.session[seat.row] = seat.session
        self.ledger.until[seat.row] = seat.credit = until
        self.ledger.kind[seat.row] = self._kind(seat.settings.outputs - {Output.TEXTURE})
        self._seats[seat.row] = seat

    def remove(self, seat: SessionState) -> None:
        """Forget a session."""
        self._seats.pop(seat.row, None)
        self.outbox.append((seat.session, None))
        if self._tap:
            self._tap.closed(seat)

    def event(self, seat: SessionState, message: ServerMessage) -> None:
        """Send a message after all frames that were made before it."""
        if seat.waiting:
            self._wait(seat, NO_CREDIT_NEEDED, message)
        else:
            self.outbox.append((seat.session, encode(message)))

    def texture(self, seat: SessionState, texture: Texture, media_s: float) -> None:
        """Send a picture, unless half of its reader's credit is used: what it has not read is kept somewhere.

        media_s: from the stream's first frame.
        """
        left = int(self.ledger.until[seat.row] - self.ledger.seq[seat.row])
        if not seat.waiting and 2 * left >= seat.credit:
            self.event(seat, texture)
        if self._tap:
            self._tap.texture(seat, texture, self.played_at(seat.row, media_s))

    def finished(self, seat: SessionState, message: Finished, media_s: float) -> None:
        """Send the last message of a stream. media_s: its end, from its first frame."""
        seat.finished = message
        self.event(seat, message)
        if self._tap:
            self._tap.finished(seat, message.reason, self.played_at(seat.row, media_s))

    def refuse(self, seat: SessionState, refusal: Refusal, stream: int | None) -> None:
        """Tell a client at once why what it said about a session is not done."""
        self.n_refused += 1
        log_events.refused(refusal.code, seat.session)
        error = Error(code=refusal.code, message=str(refusal), session=seat.session, stream=stream)
        self.outbox.append((seat.session, encode(error)))

    def grant(self, seat: SessionState, until: int) -> None:
        """Take credit and send what waited for it."""
        self.ledger.until[seat.row] = max(until, int(self.ledger.until[seat.row]))
        self._let_go(seat)

    def n_waiting(self, seat: SessionState) -> int:
        """Return how many frames of a seat's stream wait for credit."""
        return sum(self._is_current(seat, seq) for seq, _ in seat.waiting)

    def discard(self, seat: SessionState) -> None:
        """Let go of a seat's frames that wait for credit; events come out."""
        while seat.waiting:
            self._drop_oldest(seat)

    def frames(self, frames: Frames, heard_at: NDArray[np.float64], now: float) -> Frames:
        """Send the frames that are wanted and in time; return them.

        heard_at: (F,) when the sound that completed each frame came.
        """
        frames, heard_at = self._wanted(frames, heard_at)
        if not len(frames.row):
            return frames
        ledger, rows = self.ledger, frames.row
        seq = ledger.seq[rows] + _ranks(rows)
        np.add.at(ledger.seq, rows, 1)
        due = np.maximum(ledger.started_at[rows] + frames.media_sample / SAMPLE_RATE, heard_at)
        in_time = now - due <= ledger.playout_s[rows] + GRACE_S
        np.add.at(ledger.dropped, rows[~in_time], 1)
        self.n_dropped += int((~in_time).sum())
        if not in_time.all():
            frames, seq = take(frames, np.flatnonzero(in_time)), seq[in_time]
        if not len(seq):
            return frames
        self._send(frames, seq)
        if self._tap:
            self._show(self._tap, frames, seq)
        return frames

    def played_at(self, row: int, media_s: float) -> float:
        """Return when a session's client plays a media time, in seconds from its stream's first frame.

        Infinity for a clip, which may be played at any time.
        """
        return float(self.ledger.started_at[row]) + media_s + float(self.ledger.playout_s[row])

    def _show(self, tap: SinkOutput, frames: Frames, seq: NDArray[np.int64]) -> None:
        rows = frames.row.tolist()
        media_s = (frames.media_sample / SAMPLE_RATE).tolist()
        due = [self.played_at(row, media) for row, media in zip(rows, media_s, strict=True)]
        tap.frames(self._seats, rows, columns_of(self.ledger, frames, seq), due)

    def _wanted(self, frames: Frames, heard_at: NDArray[np.float64]) -> tuple[Frames, NDArray[np.float64]]:
        wanted = frames.frame_index < self.ledger.wanted[frames.row]
        if wanted.all():
            return frames, heard_at
        places = np.flatnonzero(wanted)
        return take(frames, places), heard_at[places]

    def _send(self, frames: Frames, seq: NDArray[np.int64]) -> None:
        kinds = self.ledger.kind[frames.row]
        for kind in np.unique(kinds).tolist():
            places = np.flatnonzero(kinds == kind)
            self._send_kind(self._kinds[kind], take(frames, places) if len(places) < len(seq) else frames, seq[places])

    def _send_kind(self, encoder: FrameEncoder, frames: Frames, seq: NDArray[np.int64]) -> None:
        ledger, rows = self.ledger, frames.row
        encoded = encoder.encode(columns_of(ledger, frames, seq))
        sessions = ledger.session[rows].tolist()
        credited = seq < ledger.until[rows]
        if credited.all() and not any(self._seats[row].waiting for row in rows.tolist()):
            self.outbox += zip(sessions, encoded, strict=True)
            np.add.at(ledger.sent, rows, 1)
            self.n_sent += len(encoded)
            return
        for row, number, data in zip(rows.tolist(), seq.tolist(), encoded, strict=True):
            self._send_one(self._seats[row], number, data)

    def _send_one(self, seat: SessionState, seq: int, data: bytes) -> None:
        if seq < self.ledger.until[seat.row] and not seat.waiting:
            self.outbox.append((seat.session, data))
            self._count(seat, seq)
            return
        self._wait(seat, seq, data)

    def _wait(self, seat: SessionState, seq: int, what: bytes | ServerMessage) -> None:
        waiting = seat.waiting
        waiting.append((seq, what))
        if len(waiting) <= self._queue_frames:
            return
        n_frames = sum(number != NO_CREDIT_NEEDED for number, _ in waiting)
        if n_frames > self._queue_frames or len(waiting) > 2 * self._queue_frames:
            self._drop_oldest(seat)

    def _drop_oldest(self, seat: SessionState) -> None:
        """Let go of the first frame that waits, and of the events behind it. The first in a queue is always a frame."""
        seq, _ = seat.waiting.popleft()
        self.n_dropped += 1
        if self._is_current(seat, seq):
            self.ledger.dropped[seat.row] += 1
        else:
            _correct(seat)
        self._let_go(seat)

    def _let_go(self, seat: SessionState) -> None:
        """Send what waits up to the first frame without credit."""
        limit = int(self.ledger.until[seat.row])
        while seat.waiting and seat.waiting[0][0] < limit:
            seq, what = seat.waiting.popleft()
            self.outbox.append((seat.session, what if isinstance(what, bytes) else encode(what)))
            self._count(seat, seq)

    def _count(self, seat: SessionState, seq: int) -> None:
        self.ledger.sent[seat.row] += self._is_current(seat, seq)
        self.n_sent += seq != NO_CREDIT_NEEDED

    def _is_current(self, seat: SessionState, seq: int) -> bool:
        """Whether a frame is one of a seat's latest stream, not one of a stream before that still waits."""
        return seq != NO_CREDIT_NEEDED and seq >= int(self.ledger.first_seq[seat.row])

    def _kind(self, outputs: frozenset[Output]) -> int:
        if outputs not in self._encoders:
            self._encoders[outputs] = len(self._kinds)
            self._kinds.append(FrameEncoder(outputs))
        return self._encoders[outputs]


def _correct(seat: SessionState) -> None:
    """Say in the first `Finished` that waits that one frame of its stream was dropped after all."""
    for place, (seq, what) in enumerate(seat.waiting):
        if isinstance(what, Finished):
            told = replace(what, frames=what.frames - 1, dropped=what.dropped + 1)
            seat.waiting[place] = seq, told
            return


def columns_of(ledger: FlowControl, frames: Frames, seq: NDArray[np.int64]) -> Columns:
    """Return the numbers of frames as they go on the wire."""
    rows = frames.row
    index = ledger.first_index[rows] + frames.frame_index
    n = len(rows)
    return Columns(
        session=ledger.session[rows],
        stream=ledger.stream[rows],
        seq=seq,
        index=index,
        sample=index * ledger.samples[rows] / ledger.per_frames[rows],
        speech=frames.speech,
        parts={
            Output.WEIGHTS: frames.blendshapes,
            Output.HEAD: np.concatenate([frames.head_rotation_rad, frames.head_translation], 1),
            Output.EYES: frames.eye_rotation_rad.reshape(n, 4),
            Output.LANDMARKS: frames.landmarks.reshape(n, N_LANDMARKS * 3),
        },
    )


def _ranks(rows: Index) -> NDArray[np.int64]:
    """How many earlier frames of the same row stand before each."""
    if len(rows) < 2 or (np.diff(rows) != 0).all():
        return np.zeros(len(rows), np.int64)
    first = np.flatnonzero(np.concatenate([[True], np.diff(rows) != 0]))
    counts = np.diff(np.append(first, len(rows)))
    return np.arange(len(rows)) - np.repeat(first, counts)
