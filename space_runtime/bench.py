"""Measures a bundle on this machine: real-time factor, time per stage, spread over frames, memory."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from space_runtime.bake import bake
from space_runtime.bundle import Bundle
from space_runtime.config import Format
from space_runtime.geometry import Floats
from space_runtime.portrait import Portrait
from space_runtime.rig import Rig
from space_runtime.session import Session
from space_runtime.sound import open_sound
from space_runtime.stages import controls, features, landmarks, latents, pose
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import Controls

STAGES: Final[tuple[tuple[str, object, str], ...]] = (
    ("features", features, "step"),
    ("landmarks (network)", landmarks, "step"),
    ("controls", controls, "apply"),
    ("rig", Rig, "solve"),
    ("pose", pose, "head_motion"),
    ("latents (network)", latents, "step"),
)


@dataclass(frozen=True, slots=True)
class StageTime:
    """Calls of a stage and the seconds that they took together."""

    name: str
    n_calls: int
    total_s: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run. sound_s: length of what was spoken; wall_s: time it took; frame_ms: p50 and p99 of the time per frame.

    peak_mb: greatest resident memory of the process so far, in MiB; None where the system does not tell.
    """

    sound_s: float
    wall_s: float
    n_frames: int
    frame_ms: tuple[float, float]
    stages: tuple[StageTime, ...]
    peak_mb: float | None

    @property
    def real_time_factor(self) -> float:
        """Seconds of sound per second of work."""
        return self.sound_s / self.wall_s


def measure_session(
    bundle: Bundle, samples: Floats, fps: Fraction, settings: Controls, portrait: Portrait | None, piece: int = HOP
) -> Measurement:
    """Push (n,) samples at 16 kHz through a session, ``piece`` at a time, with pictures if there is a portrait."""
    session = Session(bundle, portrait, settings, fps, pictures=portrait is not None)
    session.push(samples[:SAMPLE_RATE])
    session.reset()
    clock: dict[str, list[float]] = {}
    with _timed(_stages(session), clock):
        frame_times, wall_s = _push_all(session, samples, piece)
    p50, p99 = np.percentile(frame_times, [50, 99]) * 1e3
    stages = tuple(StageTime(name, len(times), sum(times)) for name, times in clock.items() if times)
    return Measurement(
        len(samples) / SAMPLE_RATE, wall_s, len(frame_times), (float(p50), float(p99)), stages, peak_memory_mb()
    )


def measure_bake(bundle: Bundle, line: Path, fps: Fraction, settings: Controls, portrait: Portrait) -> float:
    """Return the real-time factor of a whole bake of ``line`` to mp4: reading, rendering and encoding."""
    sound = open_sound(line)
    with TemporaryDirectory() as folder:
        begin = time.perf_counter()
        bake(line, Path(folder), bundle=bundle, portrait=portrait, controls=settings, fps=fps, formats=(Format.MP4,))
        wall_s = time.perf_counter() - begin
    n_samples = sound.n_samples or sum(len(block) for block in sound.blocks())
    return n_samples / sound.rate / wall_s


def peak_memory_mb() -> float | None:
    """Return the process's greatest resident memory so far in MiB, None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _push_all(session: Session, samples: Floats, piece: int) -> tuple[list[float], float]:
    """Time every frame: the pushes since the frame before it."""
    frame_times: list[float] = []
    begin = last = time.perf_counter()
    for start in range(0, len(samples), piece):
        made = len(session.push(samples[start : start + piece]))
        if made:
            now = time.perf_counter()
            frame_times += [(now - last) / made] * made
            last = now
    made = len(session.finish())
    end = time.perf_counter()
    return frame_times + [(end - last) / made] * made if made else frame_times, end - begin


def _stages(session: Session) -> tuple[tuple[str, object, str], ...]:
    pictures = session._pipeline.pictures
    return STAGES if pictures is None else (*STAGES, ("frames (generator)", type(pictures.generator), "render"))


@contextmanager
def _timed(stages: tuple[tuple[str, object, str], ...], clock: dict[str, list[float]]) -> Iterator[None]:
    """Put a stop-watch around every stage for a while; the runtime itself carries none."""
    originals = [getattr(owner, name) for _, owner, name in stages]
    try:
        for (label, owner, name), original in zip(stages, originals, strict=True):
            setattr(owner, name, _with_clock(original, clock.setdefault(label, [])))
        yield
    finally:
        for (_, owner, name), original in zip(stages, originals, strict=True):
            setattr(owner, name, original)


def _with_clock(work: Callable[..., object], times: list[float]) -> Callable[..., object]:
    def clocked(*args: object, **named: object) -> object:
        begin = time.perf_counter()
        try:
            return work(*args, **named)
        finally:
            times.append(time.perf_counter() - begin)

    return clocked
