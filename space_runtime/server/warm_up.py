"""First times before the first client: batches of several sizes, a whole delivery; and what this machine carries."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from engine_bridge.protocol.messages import Audio, End, Output, Pace, SampleFormat, Set, Start
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.pipeline import Character, build_character
from space_runtime.animation.track import ControlTrack
from space_runtime.inference.bundle import Bundle
from space_runtime.server.commands import CharacterSpec, CloseSession, Command, OpenSession, SessionMessage
from space_runtime.server.validation import SessionSettings
from space_runtime.server.worker.worker import Worker
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import Controls

BATCHES: Final = (1, 2, 8, 64)
STEPS: Final = 8
"""Of each size."""
FPS: Final = Fraction(30)
HOPS_PER_CYCLE: Final = 5
"""Hops after which frames fall on hops as before: 0.1 s."""
CYCLES: Final = 8
FULL_SHARE: Final = 0.75
"""Part of a core that the sessions of a full server may fill: beyond it frames begin to wait for one another."""
AROUND_IT: Final = 1.5
"""The cost of a session in all, over the cost of its steps: with sound, messages, sockets; by `bench serve`."""
ROUNDED_TO: Final = 10
"""Measures differ by a few in a hundred; what is told does not pretend to know more."""
LINE_S: Final = 0.5
CURVES: Final = frozenset({Output.WEIGHTS, Output.HEAD, Output.EYES, Output.LANDMARKS})


def warm_up(bundle: Bundle, character: Character) -> None:
    """Step batches of several sizes, so that the first client does not pay for first times."""
    step = _stepper(bundle, character)
    for n in BATCHES:
        for _ in range(STEPS):
            step(n)


def warm_up_delivery(worker: Worker) -> None:
    """Let a worker that nobody else uses animate and encode a line: nothing is imported or built later for the first.

    The worker is as new afterwards, its counters aside.
    """
    settings = SessionSettings(CURVES, FPS, playout_s=0.2, lease_s=1.0, texture=None)
    n_samples = int(LINE_S * SAMPLE_RATE)
    gaze = np.zeros(2, np.float32)
    said = (
        Start(session=1, stream=1, rate=SAMPLE_RATE, format=SampleFormat.S16, pace=Pace.CLIP, emotion={"happy": 0.5}),
        Audio(session=1, stream=1, first_sample=0, pcm=bytes(2 * n_samples)),
        Set(session=1, stream=1, at_sample=0, gaze=gaze),
        End(session=1, stream=1, n_samples=n_samples),
    )
    commands: list[Command] = [OpenSession(1, 1, bytes(16), settings, 1_000, CharacterSpec())]
    commands += [SessionMessage(1, message, 0.0) for message in said]
    for command in commands:
        worker.handle(command, 0.0)
    while worker.step(0.0):
        pass
    worker.handle(CloseSession(1, ""), 0.0)
    worker.take_answers()


def capacity(bundle: Bundle) -> int:
    """Return how many sessions one core of this machine carries that all speak at once, by the processor time of steps.

    What else runs on the machine hardly changes it: the median of several measures differs by a few in a hundred.
    """
    with threadpool_limits(1):
        step = _stepper(bundle, build_character(bundle, None, FPS, False))
        n = max(BATCHES)
        times = [_cycle_s(step, n) for _ in range(CYCLES + 1)]
    per_hop_s = float(np.median(times[1:])) / (HOPS_PER_CYCLE * n)
    sessions = int(FULL_SHARE / (per_hop_s * SAMPLE_RATE / HOP * AROUND_IT))
    return max(1, sessions if sessions < 2 * ROUNDED_TO else sessions // ROUNDED_TO * ROUNDED_TO)


def _cycle_s(step: Callable[[int], None], n: int) -> float:
    """Return the processor time in which streams step over one cycle of hops and frames."""
    begin = time.thread_time()
    for _ in range(HOPS_PER_CYCLE):
        step(n)
    return time.thread_time() - begin


def _stepper(bundle: Bundle, character: Character) -> Callable[[int], None]:
    """Return what steps the first so many of a batch of streams that hear noise."""
    batch = StreamBatch(bundle)
    rows = np.array([batch.add(character, ControlTrack.of(Controls())) for _ in range(max(BATCHES))])
    noise = np.random.default_rng(0).standard_normal((len(rows), HOP)).astype(np.float32) * np.float32(0.1)

    def step(n: int) -> None:
        batch.step(rows[:n], noise[:n])

    return step
