"""A server's numbers for Prometheus. Totals alone: series by session or client would never stop growing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from space_runtime.server.answers import State
from space_runtime.server.observability.snapshot import Snapshot, Totals, WorkerSnapshot
from space_runtime.server.observability.status import StatusCollector
from space_runtime.version import VERSION

__all__ = ["CONTENT_TYPE_LATEST", "Metrics"]

PREFIX: Final = "space_runtime_"

Family = type[GaugeMetricFamily] | type[CounterMetricFamily]

TOTALS: Final[tuple[tuple[Family, str, str, Callable[[Totals], float]], ...]] = (
    (GaugeMetricFamily, "uptime_seconds", "Time since the server was made", lambda t: t.uptime_s),
    (GaugeMetricFamily, "ready", "1 when a session can be opened now", lambda t: not t.closed_for),
    (GaugeMetricFamily, "healthy", "1 while workers live and the socket loop turns", lambda t: t.healthy),
    (GaugeMetricFamily, "sessions_limit", "Sessions at most", lambda t: t.max_sessions),
    (GaugeMetricFamily, "connections", "Connections known", lambda t: t.connections),
    (CounterMetricFamily, "sessions_opened", "Sessions admitted", lambda t: t.opened),
    (CounterMetricFamily, "sessions_resumed", "Sessions moved to another connection", lambda t: t.resumed),
    (CounterMetricFamily, "sessions_expired", "Sessions whose lease ran out", lambda t: t.expired),
    (CounterMetricFamily, "messages_received", "Messages of clients", lambda t: t.received),
    (CounterMetricFamily, "refusals", "Errors answered", lambda t: t.refused),
    (CounterMetricFamily, "bad_messages", "Messages that were none", lambda t: t.bad_messages),
    (CounterMetricFamily, "messages_too_fast", "Messages beyond the rate", lambda t: t.too_fast),
    (CounterMetricFamily, "frames_sent", "Frames sent", lambda t: t.frames_sent),
    (CounterMetricFamily, "frames_dropped", "Frames made but late, or without credit", lambda t: t.frames_dropped),
    (CounterMetricFamily, "textures_drawn", "Pictures drawn", lambda t: t.textures_drawn),
    (CounterMetricFamily, "textures_skipped", "Pictures left out", lambda t: t.textures_skipped),
    (CounterMetricFamily, "slow_sends", "ZeroMQ messages that peers did not take", lambda t: t.slow_sends),
)

WORKERS: Final[tuple[tuple[Family, str, str, Callable[[WorkerSnapshot], float]], ...]] = (
    (GaugeMetricFamily, "worker_alive", "1 while the worker lives", lambda w: w.alive),
    (GaugeMetricFamily, "worker_streams", "Streams that run", lambda w: w.streams),
    (CounterMetricFamily, "worker_hops", "Hops of 20 ms animated", lambda w: w.hops),
    (CounterMetricFamily, "worker_batches", "Batches of hops animated", lambda w: w.batches),
    (GaugeMetricFamily, "worker_lag_seconds", "How long the last batch had waited", lambda w: w.lag_s),
    (GaugeMetricFamily, "worker_worst_lag_seconds", "The same at worst in a second", lambda w: w.worst_lag_s),
    (CounterMetricFamily, "worker_busy_seconds", "Time spent working", lambda w: w.busy_s),
    (GaugeMetricFamily, "worker_waiting_commands", "Commands not yet taken", lambda w: w.waiting),
)


class Metrics(Collector):
    """Answers with a server's numbers at the time of asking, and the process's own where the system tells them."""

    def __init__(self, status: StatusCollector) -> None:
        self._status = status
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """Return the server's own metrics."""
        snapshot = self._status.snapshot()
        yield InfoMetricFamily(PREFIX + "build", "What runs", value={"version": VERSION})
        yield _states(snapshot)
        for family, name, text, value in TOTALS:
            yield family(PREFIX + name, text, value=float(value(snapshot.totals)))
        for family, name, text, worker_value in WORKERS:
            metric = family(PREFIX + name, text, labels=["worker"])
            for number, worker in enumerate(snapshot.totals.workers):
                metric.add_metric([str(number)], float(worker_value(worker)))
            yield metric


def _states(snapshot: Snapshot) -> Metric:
    """Return the number of sessions by state."""
    counts = Counter(session.state for session in snapshot.sessions)
    metric = GaugeMetricFamily(PREFIX + "sessions", "Sessions by state", labels=["state"])
    for state in State:
        metric.add_metric([state.value], counts[state])
    return metric
