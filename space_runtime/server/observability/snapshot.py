"""The state of a running server as values: its worker, its sessions, its totals."""

from __future__ import annotations

from dataclasses import dataclass

from space_runtime.server.answers import State


@dataclass(frozen=True, slots=True)
class WorkerSnapshot:
    """A worker. lag_s: how long the hops of its last batch had waited; worst_lag_s: at worst within a second.

    busy_s: spent working so far; busy_share: of the last second, 0…1. waiting: commands that it has not taken.
    """

    alive: bool
    sessions: int
    streams: int
    hops: int
    batches: int
    lag_s: float
    worst_lag_s: float
    busy_s: float
    busy_share: float
    waiting: int


@dataclass(frozen=True, slots=True)
class SessionSnapshot:
    """A session. stream, frames_sent, frames_dropped: of the current or last stream; stream is −1 before the first.

    connected: False while its connection is lost. outputs, fps: empty and 0 while opening. media_s: how much of the
    stream's sound has been animated.
    buffered_s: sound that waits; waiting: frames that wait for credit; credit: frames that may still be made and sent
    at once. silent_s: since its client last said anything.
    """

    number: int
    client: str
    connected: bool
    character: str
    state: State
    outputs: tuple[str, ...] = ()
    fps: float = 0.0
    stream: int = -1
    media_s: float = 0.0
    frames_sent: int = 0
    frames_dropped: int = 0
    buffered_s: float = 0.0
    waiting: int = 0
    credit: int = 0
    silent_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Totals:
    """A whole server. closed_for: why no session can be opened now, a code of the protocol or "starting"; else empty.

    healthy: workers live and the sockets' loop turns. slow_sends: ZeroMQ messages that peers did not take in time.
    Every count is since the start.
    """

    uptime_s: float
    ready: bool
    healthy: bool
    closed_for: str
    max_sessions: int
    sessions: int
    connections: int
    opened: int
    resumed: int
    expired: int
    received: int
    refused: int
    bad_messages: int
    too_fast: int
    frames_sent: int
    frames_dropped: int
    textures_drawn: int
    textures_skipped: int
    slow_sends: int
    workers: tuple[WorkerSnapshot, ...]

    @property
    def streams(self) -> int:
        """Streams that run."""
        return sum(worker.streams for worker in self.workers)

    @property
    def hops(self) -> int:
        """Hops of 20 ms stepped."""
        return sum(worker.hops for worker in self.workers)

    @property
    def batches(self) -> int:
        """Batches stepped."""
        return sum(worker.batches for worker in self.workers)

    @property
    def mean_batch(self) -> float:
        """Hops per batch, 0 before the first."""
        return self.hops / self.batches if self.batches else 0.0

    @property
    def lag_s(self) -> float:
        """By how many seconds the latest worker is late."""
        return max((worker.lag_s for worker in self.workers), default=0.0)

    @property
    def worst_lag_s(self) -> float:
        """By how many seconds the latest worker was late within the last second."""
        return max((worker.worst_lag_s for worker in self.workers), default=0.0)

    @property
    def waiting(self) -> int:
        """Commands that workers have not taken."""
        return sum(worker.waiting for worker in self.workers)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A server and its sessions by number."""

    totals: Totals
    sessions: tuple[SessionSnapshot, ...]
