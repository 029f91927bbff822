"""The report of a worker on itself, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from space_runtime.server.answers import SessionReport, State, WorkerReport
from space_runtime.server.worker.delivery import Delivery
from space_runtime.server.worker.session import SessionState, SessionTable
from space_runtime.server.worker.stream import Stream
from space_runtime.timebase import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of a worker's steps and pictures, as in `WorkerReport`."""

    hops: int
    batches: int
    lag_s: float
    textures_drawn: int
    textures_skipped: int


def report_of(request: int, sessions: SessionTable, delivery: Delivery, counts: Counts) -> WorkerReport:
    """Return the report of a worker with these sessions."""
    return WorkerReport(
        request=request,
        sessions=tuple(map(_session, sessions)),
        streams=sum(state.stream is not None for state in sessions),
        hops=counts.hops,
        batches=counts.batches,
        lag_s=counts.lag_s,
        frames_sent=delivery.n_sent,
        frames_dropped=delivery.n_dropped,
        refused=delivery.n_refused,
        textures_drawn=counts.textures_drawn,
        textures_skipped=counts.textures_skipped,
    )


def _session(state: SessionState) -> SessionReport:
    flow, row, stream = state.flow, state.row, state.stream
    return SessionReport(
        number=state.number,
        state=_state(stream),
        outputs=tuple(sorted(state.settings.outputs)),
        fps=round(float(state.settings.fps), 3),
        stream=state.last_stream,
        media_s=stream.outside(max(0, stream.stepped())) / stream.rate if stream else 0.0,
        frames_sent=flow.sent.item(row),
        frames_dropped=flow.dropped.item(row),
        buffered_s=stream.audio.buffered / SAMPLE_RATE if stream and stream.audio else 0.0,
        waiting=len(state.waiting),
        credit=max(0, int(flow.until[row] - flow.seq[row])),
    )


def _state(stream: Stream | None) -> State:
    if stream is None or (stream.audio is None and stream.closing is None):
        return State.IDLE
    return State.SPEAKING if stream.closing is None else State.FINISHING
