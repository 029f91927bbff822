"""Puts a server together: bundle, worker, background threads, gateway, sockets."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Final

from threadpoolctl import threadpool_limits

from engine_bridge.adapters.playout import open_playout
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.arkit import ARKIT_NAMES, DEFAULT_ADDRESS
from engine_bridge.protocol.messages import VERSION, Output, TextureFormat
from space_runtime.emotion import Emotion
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import Bundle
from space_runtime.portrait.landmark_file import PlacedLandmarks
from space_runtime.server import log_events
from space_runtime.server.commands import Command
from space_runtime.server.frame_encoder import counts_of
from space_runtime.server.gateway import Gateway
from space_runtime.server.keys import Keys
from space_runtime.server.limits import Folders, Limits
from space_runtime.server.report_box import ReportBox
from space_runtime.server.sockets import Sockets, WakeSocket
from space_runtime.server.validation import OFFERED
from space_runtime.server.warm_up import capacity, warm_up, warm_up_delivery
from space_runtime.server.worker.character_cache import CharacterCache
from space_runtime.server.worker.child_executor import ChildExecutor
from space_runtime.server.worker.loop import WorkerLoop
from space_runtime.server.worker.sink_output import SinkOutput
from space_runtime.server.worker.texture_renderer import TextureRenderer
from space_runtime.server.worker.worker import Worker
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.version import VERSION as RUNTIME_VERSION

MEASURE_S: Final = 60.0
"""Seconds between two measures of what this machine carries."""
SWITCH_INTERVAL_S: Final = 0.001
"""Seconds for which a Python thread may keep the others waiting."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices of an operator.

    measures_sessions: the sessions of the limits were measured, and are again whenever nobody is there.
    sinks: addresses of `engine_bridge.adapters.open_sink` that see every session too. insecure_sinks: they may be on
        other machines.
    force_portraits: take portraits that look unusable, see `open_portrait`.
    landmarks: placed on the one picture that clients show; pictures of the folder have theirs beside them.
    """

    address: str = DEFAULT_ADDRESS
    limits: Limits = field(default_factory=Limits)
    measures_sessions: bool = False
    folders: Folders = field(default_factory=Folders)
    keys: Keys | None = None
    sinks: tuple[str, ...] = ()
    insecure_sinks: bool = False
    force_portraits: bool = False
    landmarks: PlacedLandmarks | None = None


class Server:
    """A live server. Use as a context manager, or `start` and `stop`; `run` serves in this thread until `stop`.

    Raises `UsageError` when the address cannot be bound, `SinkError` when a sink cannot be opened, `BundleError`.
    """

    def __init__(self, bundle: Bundle, settings: Settings) -> None:
        self.settings = settings
        self.ready = threading.Event()
        self.started_at = time.monotonic()
        self.worker = WorkerLoop()
        self.gateway = Gateway(settings.limits, settings.folders, self.worker, welcome_of(bundle, settings.limits))
        self.reports = ReportBox(self._post)
        self._wake_socket = WakeSocket()
        self._bundle = bundle
        self._characters = CharacterCache(bundle, settings.force_portraits, settings.landmarks)
        self._playout = open_playout(settings.sinks, settings.insecure_sinks)
        self.sockets = self._open_sockets()
        self.address = self.sockets.address
        self.textures = TextureRenderer(self._post, self._characters)
        self._measured_at = time.monotonic()
        self._executor = ChildExecutor(self._post, self._characters, settings.limits.work_ms / 1e3)
        self._thread = threading.Thread(target=self.run, name="space-sockets", daemon=True)

    def run(self, when_ready: Callable[[], None] | None = None) -> None:
        """Warm up, serve until `stop`, tell everybody, and return. when_ready: called once sessions are taken."""
        with threadpool_limits(1):  # matrices are small; more threads would only get in each other's way
            self._run(when_ready)

    def _run(self, when_ready: Callable[[], None] | None) -> None:
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._executor.start(with_pictures=self.settings.folders.portraits is not None)
        warm_up(self._bundle, self._characters.neutral)
        warm_up_delivery(self._new_worker(None))
        self._executor.wait_until_ready()
        self._start_worker()
        gc.collect()
        gc.freeze()  # what is there now stays: no collection has to look at it again, while frames wait
        self.reports.open()
        self.ready.set()
        took_s = time.monotonic() - self.started_at
        n_sessions, device = self.settings.limits.sessions, self._bundle.device.name
        log_events.write(log_events.ready(self.address, n_sessions, took_s, device))
        for page in self._playout.pages if self._playout else ():
            log_events.write(log_events.viewer(page))
        if when_ready:
            when_ready()
        self.sockets.run()
        self.reports.close()
        self.textures.stop()
        self._executor.stop()
        self.worker.stop()
        if self._playout:
            self._playout.close()
        self._wake_socket.close()
        log_events.write(log_events.stopped(time.monotonic() - self.started_at))

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

    def _open_sockets(self) -> Sockets:
        settings = self.settings
        try:
            return Sockets(
                settings.address,
                self.gateway,
                self.worker,
                self._wake_socket,
                self.reports,
                settings.keys,
                self._measure_again if settings.measures_sessions else None,
            )
        except UsageError:
            if self._playout:
                self._playout.close()
            raise

    def _measure_again(self, now: float) -> None:
        """Measure what this machine carries, now and then; a server that was started at a bad moment learns better."""
        if now < self._measured_at + MEASURE_S:
            return
        measured = capacity(self._bundle)
        self._measured_at = time.monotonic()
        if measured > self.gateway.limits.sessions:
            self.gateway.allow_sessions(measured)
            log_events.write(log_events.capacity_measured(measured))

    def _start_worker(self) -> None:
        self.worker.start(self._new_worker(SinkOutput(self._playout) if self._playout else None))
        self.textures.start()

    def _new_worker(self, sink: SinkOutput | None) -> Worker:
        limits, folders = self.settings.limits, self.settings.folders
        return Worker(self._bundle, limits, folders, self._characters, self._executor, self.textures, sink)

    def _post(self, command: Command) -> None:
        """Give the worker a command from another thread."""
        self.worker.post(command)
        self._wake_socket.wake()


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
        **asdict(counts_of(bundle)),
    )
