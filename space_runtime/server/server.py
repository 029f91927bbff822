"""Puts a server together: bundle, workers, painters, front desk, sockets."""

from __future__ import annotations

import gc
import sys
import threading
import time
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from engine_bridge.adapters.playout import open_playout
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.arkit import ARKIT_NAMES, DEFAULT_ADDRESS
from engine_bridge.protocol.messages import VERSION, Output, TextureFormat
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.pipeline import Character, build
from space_runtime.animation.track import ControlTrack
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import Bundle
from space_runtime.server import log_events
from space_runtime.server.character_cache import CharacterCache
from space_runtime.server.gateway import Gateway
from space_runtime.server.keys import Keys
from space_runtime.server.limits import Folders, Limits
from space_runtime.server.session import Command
from space_runtime.server.sink_output import SinkOutput
from space_runtime.server.sockets import Outbound, Sockets
from space_runtime.server.texture_renderer import TextureRenderer
from space_runtime.server.threads import ThreadExecutor, WorkerThread
from space_runtime.server.validation import OFFERED
from space_runtime.server.worker import Worker
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import Controls, Emotion
from space_runtime.version import VERSION as RUNTIME_VERSION

WARM_BATCHES: Final = (1, 2, 8, 64)
FULL_SHARE: Final = 0.75
"""Part of a core that the sessions of a full server may fill: beyond it frames begin to wait for one another."""
AROUND_IT: Final = 1.5
"""What a session costs in all, over what its steps cost: sound, messages and sockets, measured with `bench serve`."""
SWITCH_INTERVAL_S: Final = 0.001
"""How long a Python thread may keep the others waiting."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator chooses.

    n_workers: threads that step streams; a single one shares the thread of the sockets. sinks: addresses of
    `engine_bridge.adapters.open_sink` that see every session too.
    """

    address: str = DEFAULT_ADDRESS
    limits: Limits = field(default_factory=Limits)
    folders: Folders = field(default_factory=Folders)
    keys: Keys | None = None
    n_workers: int = 1
    sinks: tuple[str, ...] = ()


class Server:
    """A live server. Use as a context manager, or `start` and `stop`; `run` serves in this thread until `stop`.

    Raises `UsageError` when the address cannot be bound, `SinkError` when a sink cannot be opened, `BundleError`.
    """

    def __init__(self, bundle: Bundle, settings: Settings) -> None:
        self.settings = settings
        self.ready = threading.Event()
        self.started_at = time.monotonic()
        self.outbound = Outbound()
        self.workers = [WorkerThread(f"space-worker-{n}", self.outbound.put) for n in range(settings.n_workers)]
        self._bundle = bundle
        faces = CharacterCache(bundle)
        self.core = Gateway(settings.limits, settings.folders, faces, self.workers, welcome_of(bundle, settings.limits))
        self._playout = open_playout(settings.sinks)
        try:
            self.sockets = Sockets(settings.address, self.core, self.workers, self.outbound, settings.keys)
        except UsageError:
            if self._playout:
                self._playout.close()
            raise
        self.address = self.sockets.address
        self.painters: list[TextureRenderer] = []
        self._clerks: list[ThreadExecutor] = []
        self._faces = faces
        self._thread = threading.Thread(target=self.run, name="space-sockets", daemon=True)

    def run(self) -> None:
        """Warm up, serve until `stop`, tell everybody, and return."""
        with threadpool_limits(1):  # matrices are small; more threads would only get in each other's way
            self._run()

    def _run(self) -> None:
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        warm_up(self._bundle, self._faces.neutral(Fraction(30)))
        for thread in self.workers:
            self._start_worker(thread)
        gc.collect()
        gc.freeze()  # what is there now stays: no collection has to look at it again, while frames wait
        self.ready.set()
        took_s = time.monotonic() - self.started_at
        log_events.ready(self.address, len(self.workers), self.settings.limits.sessions, took_s)
        self.sockets.run()
        for painter in self.painters:
            painter.stop()
        for clerks in self._clerks:
            clerks.stop()
        for thread in self.workers:
            thread.stop(1.0)
        if self._playout:
            self._playout.close()
        self.outbound.close()
        log_events.stopped(time.monotonic() - self.started_at)

    def start(self) -> None:
        """Serve in a thread of its own; return when ready."""
        self._thread.start()
        while not self.ready.wait(0.05) and self._thread.is_alive():
            pass

    def stop(self) -> None:
        """End, from any thread; return when everything has ended."""
        self.sockets.stop()
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start_worker(self, thread: WorkerThread) -> None:
        def post(command: Command) -> None:
            thread.post(command)
            self.outbound.ring()

        clerks, painter = ThreadExecutor(post), TextureRenderer(post)
        settings = self.settings
        tap = SinkOutput(self._playout) if self._playout else None
        worker = Worker(self._bundle, settings.limits, settings.folders, self._faces, clerks, painter, tap)
        self._clerks.append(clerks)
        self.painters.append(painter)
        painter.start(worker.deliver_texture)
        thread.start(worker, own_thread=len(self.workers) > 1)


def welcome_of(bundle: Bundle, limits: Limits) -> m.Welcome:
    """Return how a server introduces itself."""
    return m.Welcome(
        version=VERSION,
        server=f"space-runtime {RUNTIME_VERSION}",
        bundle=f"{bundle.manifest.name} {bundle.manifest.version}",
        look_ahead_s=(bundle.look_ahead() + HOP) / SAMPLE_RATE,
        weights=ARKIT_NAMES,
        emotions=tuple(Emotion),
        outputs=tuple(output for output in Output if output in OFFERED),
        textures=tuple(TextureFormat),
        limits=limits.counts(),
    )


def warm_up(bundle: Bundle, face: Character) -> float:
    """Step batches of several sizes, so that the first client does not pay for first times.

    Returns the seconds that a stream's hop takes in the largest of them.
    """
    ensemble = StreamBatch(bundle)
    rows = [ensemble.add(face, ControlTrack.of(Controls())) for _ in range(max(WARM_BATCHES))]
    noise = np.random.default_rng(0).standard_normal((len(rows), HOP)).astype(np.float32) * np.float32(0.1)
    took = np.inf
    for n in WARM_BATCHES:
        for _ in range(8):
            begin = time.perf_counter()
            ensemble.step(np.array(rows[:n]), noise[:n])
            took = (time.perf_counter() - begin) / n
    return float(took)


def capacity(bundle: Bundle) -> int:
    """Return how many sessions this machine carries that all speak at once, as measured now."""
    face = build(bundle, None, Fraction(30), False)
    with threadpool_limits(1):
        per_hop_s = min(warm_up(bundle, face) for _ in range(3))
    per_session = per_hop_s * SAMPLE_RATE / HOP * AROUND_IT
    return max(1, int(FULL_SHARE / per_session))
