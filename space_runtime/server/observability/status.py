"""Looks at a running server from any thread, without stopping its workers.

Numbers are read while others write them: each is right at some moment of the reading, together they need not be.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from space_runtime.server.connections import SessionEntry
from space_runtime.server.flow_control import FlowControl
from space_runtime.server.gateway import Gateway
from space_runtime.server.observability.snapshot import SessionSnapshot, Snapshot, State, Totals, WorkerSnapshot
from space_runtime.server.server import Server
from space_runtime.server.session import SessionState
from space_runtime.server.stream import LiveStream
from space_runtime.server.threads import WorkerThread
from space_runtime.timebase import HOP, SAMPLE_RATE

STALLED_S: Final = 2.0
"""A server whose socket loop has not turned for so long does not work."""
SHARE_S: Final = 1.0
"""Over how much time a worker's busy share is taken."""


class StatusCollector:
    """Looks at a server. May be used from several threads. clock: seconds, monotonic."""

    def __init__(self, server: Server, clock: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._clock = clock
        self._lock = threading.Lock()
        self._busy: deque[tuple[float, tuple[float, ...]]] = deque()

    def snapshot(self) -> Snapshot:
        """Return everything."""
        return Snapshot(self.totals(), self._sessions())

    def totals(self) -> Totals:
        """Return what concerns the whole server."""
        server, now = self._server, self._clock()
        counters, painters = server.core.counters, list(server.painters)
        workers = self._workers(now)
        deliveries = [thread.worker.delivery for thread in server.workers if thread.worker]
        ready = server.ready.is_set()
        return Totals(
            uptime_s=now - server.started_at,
            ready=ready,
            healthy=self._healthy(now, workers),
            closed_for=str(server.core.closed_for or "") if ready else "starting",
            max_sessions=server.core.limits.sessions,
            sessions=len(server.core.sessions),
            connections=len(server.core.connections),
            opened=counters.opened,
            resumed=counters.resumed,
            expired=counters.expired,
            received=counters.received,
            refused=counters.refused + sum(delivery.n_refused for delivery in deliveries),
            bad_messages=counters.bad_messages,
            too_fast=counters.too_fast,
            frames_sent=sum(delivery.n_sent for delivery in deliveries),
            frames_dropped=sum(delivery.n_dropped for delivery in deliveries),
            textures_drawn=sum(painter.n_drawn for painter in painters),
            textures_skipped=sum(painter.n_skipped for painter in painters),
            slow_sends=server.sockets.n_slow,
            workers=workers,
        )

    def _healthy(self, now: float, workers: tuple[WorkerSnapshot, ...]) -> bool:
        """Whether it works, or is still about to."""
        if not self._server.ready.is_set():
            return True
        turned_at = self._server.sockets.turned_at
        return all(worker.alive for worker in workers) and (turned_at is None or now - turned_at < STALLED_S)

    def _workers(self, now: float) -> tuple[WorkerSnapshot, ...]:
        threads = self._server.workers
        shares = self._shares(now, tuple(thread.busy_s for thread in threads))
        return tuple(_worker(thread, share) for thread, share in zip(threads, shares, strict=True))

    def _shares(self, now: float, busy: tuple[float, ...]) -> list[float]:
        """Busy time against the newest reading that is a second old, else against the start."""
        with self._lock:
            known = self._busy or deque([(self._server.started_at, (0.0,) * len(busy))])
            self._busy = known
            if now - known[-1][0] >= SHARE_S / 2:
                known.append((now, busy))
            while len(known) > 1 and now - known[1][0] >= SHARE_S:
                known.popleft()
            then, before = known[0]
        passed = max(now - then, 1e-9)
        return [min(1.0, max(0.0, (b - a) / passed)) for a, b in zip(before, busy, strict=True)]

    def _sessions(self) -> tuple[SessionSnapshot, ...]:
        now, core = self._clock(), self._server.core
        seats, ledgers = zip(*map(_seats, self._server.workers), strict=True)
        found = []
        for number, session in sorted(core.sessions.copy().items()):
            seat = seats[session.worker].get(number)
            found.append(_session(core, session, seat, ledgers[session.worker], now))
        return tuple(found)


def _worker(thread: WorkerThread, share: float) -> WorkerSnapshot:
    worker = thread.worker
    seats = list(worker.seats.values()) if worker else []
    return WorkerSnapshot(
        alive=thread.alive,
        sessions=len(seats),
        streams=sum(seat.stream is not None for seat in seats),
        hops=worker.n_hops if worker else 0,
        batches=worker.n_batches if worker else 0,
        lag_s=worker.lag_s if worker else 0.0,
        worst_lag_s=thread.load,
        busy_s=thread.busy_s,
        busy_share=share,
        waiting=thread.n_waiting,
    )


def _seats(thread: WorkerThread) -> tuple[dict[int, SessionState], FlowControl | None]:
    worker = thread.worker
    return (worker.seats.copy(), worker.delivery.ledger) if worker else ({}, None)


def _session(
    core: Gateway, session: SessionEntry, seat: SessionState | None, ledger: FlowControl | None, now: float
) -> SessionSnapshot:
    """One session; of what its worker has not (or no longer) heard only what the core knows."""
    route = session.route
    connection = core.connections.get(route) if route else None
    client = connection.client if connection else ""
    silent_s = max(0.0, now - (connection.heard_at if connection else session.lost_at))
    if seat is None or ledger is None:
        state = State.CLOSING if session.closing else State.OPENING
        return SessionSnapshot(session.number, client, connection is not None, session.face, state, silent_s=silent_s)
    stream, row = seat.stream, seat.row
    sent, dropped, credit = _accounts(ledger, row, session.number)
    return SessionSnapshot(
        number=session.number,
        client=client,
        connected=connection is not None,
        face=session.face,
        state=State.CLOSING if session.closing else _state(stream),
        outputs=tuple(sorted(seat.settings.outputs)),
        fps=round(float(seat.settings.fps), 3),
        stream=seat.last_stream,
        media_s=_media_s(stream) if stream else 0.0,
        frames_sent=sent,
        frames_dropped=dropped,
        buffered_s=stream.intake.buffered / SAMPLE_RATE if stream and stream.intake else 0.0,
        waiting=len(seat.waiting),
        credit=credit,
        silent_s=silent_s,
    )


def _accounts(ledger: FlowControl, row: int, number: int) -> tuple[int, int, int]:
    """Frames sent and dropped, and credit left; zeros while the row is not the session's own yet, or any more."""
    if row >= len(ledger.session) or ledger.session[row] != number:
        return 0, 0, 0
    return int(ledger.sent[row]), int(ledger.dropped[row]), max(0, int(ledger.until[row] - ledger.seq[row]))


def _state(stream: LiveStream | None) -> State:
    if stream is None or (stream.intake is None and stream.closing is None):
        return State.IDLE
    return State.SPEAKING if stream.closing is None else State.FINISHING


def _media_s(stream: LiveStream) -> float:
    animated = max(0, stream.n_steps * HOP - stream.look_ahead)
    return stream.outside(animated) / stream.rate
