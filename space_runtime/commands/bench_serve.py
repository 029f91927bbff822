"""``space-runtime bench serve``: how many sessions a live server on this machine carries, and how fast."""

from __future__ import annotations

import os
import platform
from typing import Annotated

import numpy as np
import typer

from space_runtime.arguments import in_range
from space_runtime.assets import LINE, PORTRAIT
from space_runtime.commands.shared_options import Debug, DeviceName
from space_runtime.diagnostics.bench_serve import ServeMeasurement, dropped, measure_server
from space_runtime.errors import counted
from space_runtime.inference.device import AUTO, checked_name
from space_runtime.media.audio_file import open_sound


def bench_serve_command(
    sessions: Annotated[int, typer.Option(help="Sessions that speak at the same time.")] = 100,
    connections: Annotated[int, typer.Option(help="Connections that they share, as characters of one game do.")] = 4,
    seconds: Annotated[float, typer.Option(help="How long they speak.")] = 10.0,
    textures: Annotated[bool, typer.Option("--textures", help="One more session with a 512x512 picture.")] = False,
    device: DeviceName = AUTO,
    debug: Debug = False,
) -> None:
    """Start a server and a load generator here, and measure latency, processor time and memory."""
    in_range("--sessions", sessions, 1, 100_000)
    in_range("--connections", connections, 1, 1_000)
    in_range("--seconds", seconds, 1, 3_600)
    options = ["--device", checked_name(device)]
    sound = np.concatenate(list(open_sound(LINE).speech_blocks()))
    print(f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} CPUs")
    portrait = PORTRAIT if textures else None
    print_measured(measure_server(sound, sessions, connections, seconds, portrait, options))


def print_measured(measured: ServeMeasurement) -> None:
    """Print one run."""
    result = measured.result
    print(
        f"{counted(measured.n_sessions, 'session')} over {counted(measured.n_connections, 'connection')}, 30 fps "
        f"curves, 30 pushes a second each, {measured.seconds:g} s"
    )
    print(_row("sound in → frame out, look-ahead excluded", measured.latency_ms))
    print(_row("a sound → its frame, all included", measured.total_ms))
    print(f"  look-ahead {measured.look_ahead_ms:.0f} ms; playout delay asked for: 1000 ms")
    print(f"  frames: {result.frames} of {result.expected} expected, {dropped(result)} dropped as late")
    if measured.textures_per_s:
        print(f"  512x512 JPEG textures beside them: {measured.textures_per_s:.1f} a second")
    if measured.server_cores is not None:
        clients = (
            f"the clients {measured.client_cores:.2f} (at worst {result.pushed_late_s * 1e3:.0f} ms late themselves)"
        )
        print(f"  processors: the server {measured.server_cores:.2f}, {clients}")
    if measured.idle_kib is not None:
        print(f"  memory: {measured.resident_mib:.0f} MiB, {measured.idle_kib:.1f} KiB for each idle session")


def _row(what: str, spread: tuple[float, float, float]) -> str:
    p50, p99, worst = spread
    return f"  {what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {worst:.1f} ms"
