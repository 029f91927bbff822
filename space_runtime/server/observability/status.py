"""The state of a running server, collected from any thread: what the gateway counts, what the worker reports.

The gateway's numbers are read while others write them: each is right at some moment of the reading, together they need
not be. The worker's are one report, made when it is asked.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from space_runtime.server.answers import SessionReport, State, WorkerReport
from space_runtime.server.connections import SessionEntry
from space_runtime.server.observability.snapshot import (
    SessionSnapshot,
    Snapshot,
    Totals,
    WorkerSnapshot,
)
from space_runtime.server.server import Server

STALLED_S: Final = 2.0
"""A server whose socket loop has not turned for so long does not work."""
SHARE_S: Final = 1.0
"""Over how much time a worker's busy share is taken."""


class StatusCollector:
    """Collects the state of a server. May be used from several threads. clock: seconds, monotonic."""

    def __init__(self, server: Server, clock: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._clock = clock
        self._lock = threading.Lock()
        self._busy: deque[tuple[float, float]] = deque()

    def snapshot(self) -> Snapshot:
        """Return everything."""
        report = self._server.reports.ask()
        return Snapshot(self._totals(report), self._sessions(report))

    def totals(self) -> Totals:
        """Return what concerns the whole server."""
        return self._totals(self._server.reports.ask())

    def _totals(self, report: WorkerReport) -> Totals:
        server, now = self._server, self._clock()
        gateway, counters = server.gateway, server.gateway.counters
        ready, worker = server.ready.is_set(), self._worker(report, now)
        return Totals(
            uptime_s=now - server.started_at,
            ready=ready,
            healthy=self._healthy(now, worker),
            closed_for=str(gateway.closed_for or "") if ready else "starting",
            max_sessions=gateway.limits.sessions,
            sessions=len(gateway.sessions),
            connections=len(gateway.connections),
            opened=counters.opened,
            resumed=counters.resumed,
            expired=counters.expired,
            received=counters.received,
            refused=counters.refused + report.refused,
            bad_messages=counters.bad_messages,
            too_fast=counters.too_fast,
            frames_sent=report.frames_sent,
            frames_dropped=report.frames_dropped,
            textures_drawn=report.textures_drawn,
            textures_skipped=report.textures_skipped,
            slow_sends=server.sockets.n_slow,
            workers=(worker,),
        )

    def _healthy(self, now: float, worker: WorkerSnapshot) -> bool:
        """Return whether it works, or is still about to."""
        if not self._server.ready.is_set():
            return True
        turned_at = self._server.sockets.turned_at
        return worker.alive and (turned_at is None or now - turned_at < STALLED_S)

    def _worker(self, report: WorkerReport, now: float) -> WorkerSnapshot:
        loop = self._server.worker
        return WorkerSnapshot(
            alive=loop.alive,
            sessions=len(report.sessions),
            streams=report.streams,
            hops=report.hops,
            batches=report.batches,
            lag_s=report.lag_s,
            worst_lag_s=loop.load,
            busy_s=loop.busy_s,
            busy_share=self._busy_share(now, loop.busy_s),
            waiting=loop.n_waiting,
        )

    def _busy_share(self, now: float, busy_s: float) -> float:
        """Return the busy time against the newest reading that is a second old, else against the start."""
        with self._lock:
            known = self._busy
            if not known:
                known.append((self._server.started_at, 0.0))
            if now - known[-1][0] >= SHARE_S / 2:
                known.append((now, busy_s))
            while len(known) > 1 and now - known[1][0] >= SHARE_S:
                known.popleft()
            then, before = known[0]
        return min(1.0, max(0.0, (busy_s - before) / max(now - then, 1e-9)))

    def _sessions(self, report: WorkerReport) -> tuple[SessionSnapshot, ...]:
        known = {session.number: session for session in report.sessions}
        entries = sorted(self._server.gateway.sessions.copy().items())
        return tuple(self._session(entry, known.get(number)) for number, entry in entries)

    def _session(self, entry: SessionEntry, report: SessionReport | None) -> SessionSnapshot:
        """Return one session; of what its worker has not (or no longer) heard only what the gateway knows."""
        table = self._server.gateway.table
        connection = table.connection_of(entry)
        opening = SessionSnapshot(
            number=entry.number,
            client=connection.client if connection else "",
            connected=connection is not None,
            character=entry.character,
            state=State.CLOSING if entry.closing else State.OPENING,
            silent_s=max(0.0, self._clock() - table.heard_at(entry)),
        )
        return _with_report(opening, report) if report else opening


def _with_report(known: SessionSnapshot, report: SessionReport) -> SessionSnapshot:
    """Return a session with what its worker reports of it."""
    return replace(
        known,
        state=known.state if known.state is State.CLOSING else report.state,
        outputs=report.outputs,
        fps=report.fps,
        stream=report.stream,
        media_s=report.media_s,
        frames_sent=report.frames_sent,
        frames_dropped=report.frames_dropped,
        buffered_s=report.buffered_s,
        waiting=report.waiting,
        credit=report.credit,
    )
