"""Block *cost*: processor time of each stage of a portrait on one thread, and the memory of a process that draws."""

from __future__ import annotations

import cProfile
import pstats
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from export.evaluation.portraits.acting import Actor
from export.evaluation.results import Found, Measure
from space_runtime.animation.batch import StreamBatch
from space_runtime.arrays import Floats
from space_runtime.assets import LINE, PORTRAIT
from space_runtime.inference.bundle import Bundle
from space_runtime.media.audio_file import open_sound
from space_runtime.portrait.portrait import open_portrait
from space_runtime.portrait.tracking import FaceTracker
from space_runtime.rendering.warp.generator import load_warp_generator
from space_runtime.timebase import HOP, SAMPLE_RATE

SPOKEN_S: Final = 3
ROUNDS: Final = 5
GENERATOR: Final = "generator.py"
"""The file whose callees are the stages of a picture."""
LEAST_MS: Final = 0.05
"""Stages that take less are not told."""
DRAWING: Final = """
import numpy as np
from space_runtime import open_portrait
from space_runtime.animation.session import Session
from space_runtime.assets import PORTRAIT
session = Session(portrait=open_portrait(PORTRAIT), pictures=True)
session.push(np.zeros(16000, np.float32))
"""
PEAK: Final = """
import re
print(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1])
"""
"""Not `resource.getrusage`: its maximum begins with what the parent held when it started the process."""


def measure(bundle: Bundle, tracker: FaceTracker) -> Found:
    """Return milliseconds of processor time by stage, of the package's portrait that speaks the package's line."""
    portrait = open_portrait(PORTRAIT, tracker)
    generator = load_warp_generator(bundle)
    appearance = generator.prepare(portrait)
    keypoints = spoken_keypoints(Actor.of(portrait, bundle))

    def render() -> None:
        generator.render(appearance, keypoints)

    stages = {
        "open the portrait": best_ms(lambda: open_portrait(PORTRAIT, tracker)),
        "prepare": best_ms(lambda: generator.prepare(portrait)),
        "track a picture": best_ms(lambda: tracker.track(portrait.image, portrait.mesh)),
        "render": best_ms(render) / len(keypoints),
    }
    stages |= {f"· {name}": ms for name, ms in parts_ms(render, len(keypoints), stages["render"]).items()}
    small = open_portrait(PORTRAIT, tracker, size=256)
    drawn, driving = generator.prepare(small), spoken_keypoints(Actor.of(small, bundle))
    stages["render 256²"] = best_ms(lambda: generator.render(drawn, driving)) / len(driving)
    values: dict[Measure, float] = {(name, "processor_ms"): ms for name, ms in stages.items()}
    values["process that draws", "memory_mib"] = memory_mib()
    return Found(values)


def spoken_keypoints(actor: Actor) -> Floats:
    """Return the (F, K, 3) keypoints of the first seconds of the package's line, ten a second."""
    sound = np.concatenate(list(open_sound(LINE).speech_blocks()))[: SPOKEN_S * SAMPLE_RATE // HOP * HOP]
    batch = StreamBatch(actor.bundle)
    frames = batch.step([batch.add(actor.character, keypoints=True)], sound[None])
    return np.stack([frames.keypoints[place] for place in range(len(frames.row))])


def best_ms(action: Callable[[], object]) -> float:
    """Return the least processor time of an action, milliseconds; the first run is not counted."""
    action()
    times = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        action()
        times.append(time.process_time() - begin)
    return min(times) * 1000


def parts_ms(action: Callable[[], object], n_frames: int, whole_ms: float) -> dict[str, float]:
    """Return the milliseconds a frame of what the generator calls outside its file, scaled to the time of the whole."""
    profile = cProfile.Profile(time.process_time)
    profile.runcall(action)
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # not in the stub
    spent: dict[str, float] = {}
    for (file, _, name), (*_, callers) in stats.items():
        from_generator = [row[3] for (caller, _, _), row in callers.items() if Path(caller).name == GENERATOR]
        if Path(file).parent.name == "warp" and Path(file).name != GENERATOR and from_generator:
            spent[name] = spent.get(name, 0.0) + sum(from_generator)
    total = max(row[3] for row in stats.values())
    ms = {name: seconds / total * whole_ms for name, seconds in spent.items()}
    return {name: value for name, value in sorted(ms.items(), key=lambda item: -item[1]) if value >= LEAST_MS}


def memory_mib() -> float:
    """Return the largest resident memory of a process that opens a portrait and draws a second."""
    done = subprocess.run([sys.executable, "-c", DRAWING + PEAK], capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024
