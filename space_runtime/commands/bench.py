"""``space-runtime bench``: how fast this bundle is on this machine."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer

from space_runtime.arguments import in_range
from space_runtime.assets import LINE, PORTRAIT
from space_runtime.commands.shared_options import BundleFolder, Debug, DeviceName, RefinerFolder
from space_runtime.diagnostics.bench import Measurement, measure_bake, measure_batch, measure_session
from space_runtime.errors import counted
from space_runtime.extras import NEEDS, is_installed
from space_runtime.inference.bundle import load_bundle
from space_runtime.inference.device import AUTO
from space_runtime.media.audio_file import open_sound
from space_runtime.portrait.portrait import open_portrait, open_tracker
from space_runtime.timebase import SAMPLE_RATE, checked_fps
from space_runtime.values import Controls

TOGETHER_S: Final = 2.0
"""Seconds for which the sessions that are stepped together speak."""


def bench_command(
    context: typer.Context,
    line: Annotated[Path, typer.Option(help="What to speak; the bundled line by default.")] = LINE,
    portrait: Annotated[Path, typer.Option(help="Photo; the bundled NASA portrait by default.")] = PORTRAIT,
    seconds: Annotated[float, typer.Option(help="The curves are measured on the line repeated this long.")] = 60.0,
    fps: Annotated[str, typer.Option(help="Frames per second.")] = "30",
    sessions: Annotated[int, typer.Option(help="Sessions that are stepped together.")] = 1000,
    bundle: BundleFolder = None,
    refiner: RefinerFolder = None,
    device: DeviceName = AUTO,
    debug: Debug = False,
) -> None:
    """Measure real-time factor, time per stage, p50 and p99 per frame and memory: curves, then 512×512 video."""
    if context.invoked_subcommand:
        return
    rate, opened, controls = checked_fps(fps), load_bundle(bundle, device, refiner), Controls()
    in_range("--seconds", seconds, 1, 3600)
    in_range("--sessions", sessions, 1, 100_000)
    samples = np.concatenate(list(open_sound(line).speech_blocks()))
    repeated = np.resize(samples, int(seconds * SAMPLE_RATE))
    print(f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} CPUs")
    manifest, on = opened.manifest, opened.device.name
    print(f"bundle {manifest.name} {manifest.version} on {on}, {float(rate):g} frames per second\n")
    _print("curves, baked (a second at a time)", measure_session(opened, repeated, rate, controls, None, SAMPLE_RATE))
    _print("curves, live (20 ms at a time)", measure_session(opened, repeated, rate, controls, None))
    _print_together(measure_batch(opened, samples, sessions, TOGETHER_S, rate), sessions)
    if not is_installed("cv2"):
        print(f"512x512 video: not measured; {NEEDS['cv2']}")
        return
    face = open_portrait(portrait, open_tracker(opened))
    _print("512x512 pictures", measure_session(opened, samples, rate, controls, face))
    if not is_installed("av"):
        print(f"bake to mp4: not measured; {NEEDS['av']}")
        return
    whole = measure_bake(opened, line, rate, controls, face)
    print(f"bake to mp4, from file to file: {whole:.2f} x real time, {whole * float(rate):.1f} frames/s")


def _print_together(measured: Measurement, n_sessions: int) -> None:
    """Milliseconds of one core per second of one session, in all and by stage."""
    per_second = 1e3 / measured.sound_s
    print(
        f"curves, {counted(n_sessions, 'session')} together: {measured.wall_s * per_second:.3f} ms of one core per "
        f"session and second, {counted(measured.n_frames, 'frame')}"
    )
    for stage in measured.stages:
        _print_share(stage.name, f"{stage.total_s * per_second:8.3f} ms", stage.total_s, measured)
    staged_s = sum(stage.total_s for stage in measured.stages)
    _print_share("rest", f"{(measured.wall_s - staged_s) * per_second:8.3f} ms", measured.wall_s - staged_s, measured)
    print()


def _print(title: str, measured: Measurement) -> None:
    p50, p99 = measured.frame_ms
    print(f"{title}: {measured.real_time_factor:.2f} x real time ({measured.sound_s:.1f} s in {measured.wall_s:.2f} s)")
    print(f"  per frame: p50 {p50:.3f} ms, p99 {p99:.3f} ms, {counted(measured.n_frames, 'frame')}")
    if measured.peak_mb is not None:
        print(f"  peak memory of the process so far: {measured.peak_mb:.0f} MiB")
    for stage in measured.stages:
        calls = f"{stage.total_s / stage.n_calls * 1e3:8.3f} ms x {stage.n_calls}"
        _print_share(stage.name, calls, stage.total_s, measured)
    staged_s = sum(stage.total_s for stage in measured.stages)
    _print_share("rest", "", measured.wall_s - staged_s, measured)
    print()


def _print_share(name: str, calls: str, seconds: float, measured: Measurement) -> None:
    print(f"  {name:<22} {calls:<22} {seconds / measured.wall_s:6.1%}")
