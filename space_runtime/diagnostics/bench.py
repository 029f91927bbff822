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

from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.head_motion import IdleHead
from space_runtime.animation.pipeline import build_character
from space_runtime.animation.session import Session
from space_runtime.animation.stages import controls, features, landmarks, liveliness, pose, prosody
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats
from space_runtime.baking.bake import bake
from space_runtime.inference.bundle import Bundle
from space_runtime.media.audio_file import open_sound
from space_runtime.option_parsing import Format
from space_runtime.portrait.portrait import Portrait
from space_runtime.rig.rig import Rig
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import Controls

STAGES: Final[tuple[tuple[str, object, str], ...]] = (
    ("features", features, "extract"),
    ("prosody", prosody, "prosody"),
    ("liveliness", liveliness, "step"),
    ("landmarks (network)", landmarks, "step"),
    ("controls", controls, "strengthen"),
    ("controls", controls, "lift_brows"),
    ("controls", controls, "saccade_offset"),
    ("controls", controls, "lid_closure"),
    ("controls", controls, "move_eyes"),
    ("rig", Rig, "solve"),
    ("pose", IdleHead, "at"),
    ("pose", pose, "head_motion"),
)


N_WARM_UP: Final = 10
"""Steps before a batch is measured: the first frame of a stream costs more than all others."""


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
    return Measurement(
        len(samples) / SAMPLE_RATE,
        wall_s,
        len(frame_times),
        _percentiles(frame_times),
        _stage_times(clock),
        peak_memory_mb(),
    )


def measure_batch(bundle: Bundle, samples: Floats, n_sessions: int, seconds: float, fps: Fraction) -> Measurement:
    """Step many streams of the neutral identity together, 20 ms at a time, each at its own place of ``samples``.

    sound_s is that of all streams; wall_s and the stages' times are those that the processor worked, all threads
    together; the time per frame is that of the steps that complete frames.
    """
    batch, character = StreamBatch(bundle), build_character(bundle, None, fps, pictures=False)
    rows = np.array([batch.add(character, ControlTrack.of(Controls(seed=n))) for n in range(n_sessions)])
    places = np.arange(n_sessions)[:, None] * 7919 + np.arange(HOP)
    clock: dict[str, list[float]] = {}
    frame_times: list[float] = []
    n_steps, work_s = int(seconds * SAMPLE_RATE) // HOP, 0.0
    for step in range(-N_WARM_UP, n_steps):
        hops = samples[(places + step * HOP) % len(samples)]
        with _timed(STAGES, clock if step >= 0 else {}, time.process_time):
            begin = time.process_time()
            made = len(batch.step(rows, hops).row)
            step_s = time.process_time() - begin
        if step >= 0:
            work_s += step_s
            frame_times += [step_s / made] * made if made else []
    sound_s = n_sessions * n_steps * HOP / SAMPLE_RATE
    return Measurement(
        sound_s, work_s, len(frame_times), _percentiles(frame_times), _stage_times(clock), peak_memory_mb()
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
    pictures = session._character.pictures
    if pictures is None:
        return STAGES
    generator = type(pictures.generator)
    return (*STAGES, ("latents (network)", generator, "keypoints"), ("frames (generator)", generator, "render"))


def _percentiles(frame_times: list[float]) -> tuple[float, float]:
    """p50 and p99 in milliseconds."""
    p50, p99 = np.percentile(frame_times, [50, 99]) * 1e3
    return float(p50), float(p99)


def _stage_times(clock: dict[str, list[float]]) -> tuple[StageTime, ...]:
    return tuple(StageTime(name, len(times), sum(times)) for name, times in clock.items() if times)


@contextmanager
def _timed(
    stages: tuple[tuple[str, object, str], ...],
    clock: dict[str, list[float]],
    now: Callable[[], float] = time.perf_counter,
) -> Iterator[None]:
    """Put a stop-watch around every stage for a while; the runtime itself carries none."""
    originals = [getattr(owner, name) for _, owner, name in stages]
    try:
        for (label, owner, name), original in zip(stages, originals, strict=True):
            setattr(owner, name, _with_clock(original, clock.setdefault(label, []), now))
        yield
    finally:
        for (_, owner, name), original in zip(stages, originals, strict=True):
            setattr(owner, name, original)


def _with_clock(work: Callable[..., object], times: list[float], now: Callable[[], float]) -> Callable[..., object]:
    def clocked(*args: object, **named: object) -> object:
        begin = now()
        try:
            return work(*args, **named)
        finally:
            times.append(now() - begin)

    return clocked
