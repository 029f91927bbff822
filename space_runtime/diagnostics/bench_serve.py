"""Measures the live server from outside: a load generator against a server process of its own, on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import BridgeError
from space_runtime.arrays import Doubles, Floats
from space_runtime.diagnostics.load_generator import LoadGenerator, LoadResult
from space_runtime.errors import UsageError
from space_runtime.timebase import SAMPLE_RATE

STOP_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Usage:
    """The resources that a process has used. cpu_s: processor time. resident: bytes in memory."""

    cpu_s: float
    resident: int


@dataclass(frozen=True, slots=True, eq=False)
class ServeMeasurement:
    """One run. latency_ms, total_ms: p50, p99 and worst, see `load_generator.LoadResult`. look_ahead_ms: sound
    that frames need beyond their time. server_cores, client_cores: processors kept busy; None where the system does
    not tell. idle_kib: memory
    of a session that is open and silent. textures_per_s: of the one session that has some."""

    n_sessions: int
    n_connections: int
    seconds: float
    latency_ms: tuple[float, float, float]
    total_ms: tuple[float, float, float]
    look_ahead_ms: float
    result: LoadResult
    server_cores: float | None
    client_cores: float
    resident_mib: float | None
    idle_kib: float | None
    textures_per_s: float


def measure_server(
    sound: Floats, n_sessions: int, n_connections: int, seconds: float, portrait: Path | None, options: list[str]
) -> ServeMeasurement:
    """Let (n,) ``sound`` at 16 kHz be spoken by the load generator; options: further words for ``space-runtime serve``.

    Raises `UsageError` when the server does not start, and what `LoadGenerator` raises.
    """
    n = str(n_sessions + 2)
    words = ["--sessions", n, "--sessions-per-client", n, "--http", "0", "--log-level", "error", *options]
    with running_server(words) as (process, address):
        before = usage(process.pid)
        with LoadGenerator(address, n_sessions, n_connections) as load:
            opened = usage(process.pid)
            if portrait:
                load.show_portrait(portrait.read_bytes())
            begin, cpu, own = time.monotonic(), usage(process.pid), time.process_time()
            result = load.speak(sound, seconds)
            wall, after = time.monotonic() - begin, usage(process.pid)
            own = time.process_time() - own
            return ServeMeasurement(
                n_sessions=n_sessions,
                n_connections=min(n_connections, n_sessions),
                seconds=seconds,
                latency_ms=_spread(result.latency_s),
                total_ms=_spread(result.total_s),
                look_ahead_ms=load.look_ahead / SAMPLE_RATE * 1e3,
                result=result,
                server_cores=(after.cpu_s - cpu.cpu_s) / wall if after and cpu else None,
                client_cores=own / wall,
                resident_mib=after.resident / 2**20 if after else None,
                idle_kib=(opened.resident - before.resident) / 1024 / n_sessions if opened and before else None,
                textures_per_s=result.textures / seconds,
            )


@contextmanager
def running_server(words: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run ``space-runtime serve`` with these words on a free port; give the process and its address, once ready."""
    address = f"tcp://127.0.0.1:{_free_port()}"
    process = subprocess.Popen([sys.executable, "-m", "space_runtime", "serve", "--bind", address, *words])
    try:
        _wait_until_ready(process, address)
        yield process, address
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def usage(pid: int) -> Usage | None:
    """Return what a process has used so far; None outside Linux."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks, pages = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError, IndexError):
        return None
    return Usage((int(fields[11]) + int(fields[12])) / ticks, int(fields[21]) * pages)


def dropped(result: LoadResult) -> int:
    """Return how many frames the server says that it dropped."""
    return sum(event.dropped for event in result.events if isinstance(event, m.Finished))


def _wait_until_ready(process: subprocess.Popen[bytes], address: str) -> None:
    """Wait for the first answer, which comes after the warm-up."""
    try:
        with LoadGenerator(address, 1, 1):
            return
    except BridgeError as error:
        state = "does not answer" if process.poll() is None else f"ended with code {process.returncode}"
        raise UsageError(f"the server {state} ({error}); try `space-runtime serve` to see why") from None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _spread(seconds: Doubles) -> tuple[float, float, float]:
    p50, p99, worst = np.percentile(seconds, [50, 99, 100]) * 1e3 if len(seconds) else (np.nan,) * 3
    return float(p50), float(p99), float(worst)
