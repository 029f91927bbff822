"""The laws of the jitter buffer's clock: whatever a player does with its position, nothing moves when nothing plays."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_bridge.client.jitter import CAPACITY, FURTHEST, HISTORY, HOLD_S, RELEASE_S, JitterBuffer, Pose, State
from engine_bridge.protocol import messages as m
from tests.engine_bridge.client.test_jitter import DT, RATE, STEP, begun, finished, frame, value

REST_S = HOLD_S + RELEASE_S
FINITE = st.floats(allow_nan=False, allow_infinity=False)
STILL = st.one_of(st.just(math.nan), st.just(math.inf), st.just(-math.inf), st.floats(-0.99 * HOLD_S, 0.0))
"""Positions that are no move: none at all, or seconds before the one before."""
DTS = st.floats(0.001, 0.3)
N_FRAMES = st.sampled_from([1, 45, 52, 80])
"""Frames that are there from the beginning: far fewer, a little fewer and more than the player needs at 2 s."""
ANYTHING = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.floats(0, 3), DTS),
        st.tuples(st.just("go"), st.floats(0.1, 4.0), DTS),
        st.tuples(st.just("put"), st.integers(1, 80), st.floats(0, 1)),
        st.tuples(st.just("finish"), st.floats(0, 4), st.just(0.0)),
    ),
    max_size=40,
)
"""Events of a run, in seconds and frames: a position, a speed, a frame, an end."""


def do(buffer: JitterBuffer, steps: list[tuple[str, float, float]]) -> None:
    for kind, a, b in steps:
        if kind == "ask":
            buffer.ask(a * RATE, b)
        elif kind == "go":
            buffer.ask(max(buffer.position, 0) + a * b * RATE, b)
        elif kind == "put":
            buffer.put(frame(int(a), b))
        else:
            buffer.finish(finished(a * RATE))


def is_open(pose: Pose) -> bool:
    return bool(pose.blendshapes.any())


@settings(max_examples=100)
@given(N_FRAMES, ANYTHING, st.lists(st.tuples(STILL, DTS, st.booleans()), min_size=1, max_size=60))
def test_a_face_rests_when_its_player_has_stood_still(
    n_frames: int, steps: list[tuple[str, float, float]], stand: list[tuple[float, float, bool]]
) -> None:
    """Frames that come meanwhile do not wake it."""
    buffer, still_s = begun(n_frames), 0.0
    do(buffer, [*steps, ("ask", 2.0, DT)])
    for k, (position, dt, comes) in enumerate(stand):
        if comes:
            buffer.put(frame(20 + k % 60, 1.0))
        pose = buffer.ask(buffer.position + position * RATE, dt)
        still_s += dt
        if still_s >= REST_S:
            assert not is_open(pose) and pose.state is State.RESTING


@settings(max_examples=100)
@given(ANYTHING, st.floats(0.11, 8.0), DTS)
def test_a_face_rests_when_its_player_is_starved(
    steps: list[tuple[str, float, float]], speed: float, dt: float
) -> None:
    buffer, starved_s = begun(81), 0.0
    do(buffer, steps)
    buffer.ask(79.5 * STEP, dt)
    for _ in range(200):
        starved_s += dt if buffer.position >= 80 * STEP else 0.0
        pose = buffer.ask(buffer.position + speed * dt * RATE, dt)
        if starved_s >= REST_S:
            assert not is_open(pose) and pose.state is State.RESTING


@given(ANYTHING, st.floats(0, 3.2), st.lists(DTS, min_size=1, max_size=40))
def test_a_finished_stream_rests_whatever_its_player_does_behind_its_end(
    steps: list[tuple[str, float, float]], end: float, dts: list[float]
) -> None:
    buffer, over_s = begun(81), 0.0
    do(buffer, steps)
    buffer.ask(end * RATE, DT)
    buffer.finish(finished(end * RATE))
    position = max(buffer.position, end * RATE) + 1.0
    for k, dt in enumerate(dts):
        position += (k % 3) * dt * RATE
        pose = buffer.ask(position, dt)
        over_s += dt
        if over_s >= RELEASE_S:
            assert not is_open(pose)


@given(st.permutations(range(40)), st.lists(st.floats(0.1, 0.6), min_size=5, max_size=12))
def test_it_never_runs_back_unless_the_position_does(order: list[int], ways: list[float]) -> None:
    """Blends are over at every answer, so that what is shown is what the frames say."""
    buffer, position, shown = begun(), 0.0, 0.0
    for k, way in enumerate(ways):
        for index in order[4 * k : 4 * k + 4]:
            buffer.put(frame(index))
        position += way * RATE
        pose = buffer.ask(position, 0.1)
        if pose.state in (State.PLAYING, State.HOLDING):
            assert value(pose) >= shown - 1e-6
            shown = value(pose)


@given(st.floats(0, 1.5), st.floats(0.11, 1.4))
def test_a_seek_shows_the_right_frames(at: float, back: float) -> None:
    buffer = begun(80)
    for k in range(200):
        buffer.ask(k * RATE / 100, 0.01)
    target = max(buffer.position - (at + back) * RATE, 0.0)
    buffer.ask(target, 0.05)
    pose = buffer.ask(target + 0.05 * RATE, 0.05)
    assert pose.state is State.PLAYING
    assert value(pose) == pytest.approx((target + 0.05 * RATE) / STEP / 100, abs=1e-5)


def test_a_loop_shows_the_same_every_time() -> None:
    buffer = begun(100)
    buffer.finish(finished(99 * STEP))
    rounds = [[value(buffer.ask(k * STEP / 2, 0.02)) for k in range(198)] for _ in range(3)]
    assert rounds[0][20:] == pytest.approx(rounds[1][20:]) and rounds[1] == pytest.approx(rounds[2])


@given(
    st.lists(
        st.tuples(st.floats(), st.floats(), st.integers(0, 2**32 - 1), FINITE),
        max_size=40,
    ),
    st.floats(min_value=0, exclude_min=True, allow_infinity=False),
)
def test_numbers_at_the_edges_of_their_types(entries: list[tuple[float, float, int, float]], rate: float) -> None:
    buffer = JitterBuffer()
    buffer.begin(1, rate)
    weights = np.ones(52, np.float32)
    for position, dt, index, sample in entries:
        buffer.put(m.Frame(session=1, stream=1, seq=0, index=index, sample=sample, speech=1.0, weights=weights))
        pose = buffer.ask(position, dt)
        assert np.isfinite(pose.blendshapes).all() and math.isfinite(pose.speech)
        assert buffer.position == -math.inf or abs(buffer.position) <= FURTHEST


def test_memory_is_bounded() -> None:
    """The frames that a player can seek to and those that wait are bounded."""
    buffer = begun()
    for k in range(3 * CAPACITY):
        buffer.put(frame(k, 0.5))
        if k % 7 == 0:
            buffer.ask(k * STEP, DT)
    assert len(buffer) <= 7
    newest = buffer.position
    assert buffer.ask(newest - (HISTORY + 2) * STEP, 1.0).state is State.RESTING
    assert buffer.ask(newest - (HISTORY - 8) * STEP, 1.0).state is State.PLAYING
    for k in range(3 * CAPACITY, 5 * CAPACITY):
        buffer.put(frame(k, 0.5))
    assert len(buffer) == CAPACITY and buffer.counts.refused > 0


def test_an_answer_takes_less_than_a_millisecond() -> None:
    buffer = begun(CAPACITY)
    buffer.ask(HISTORY * STEP, DT)
    for k in range(HISTORY):
        buffer.put(frame(CAPACITY + k))
    times = []
    for k in range(1_000):
        position = (HISTORY * (k % 2) + k % 50) * STEP
        began = time.perf_counter()
        buffer.ask(position, DT)
        times.append(time.perf_counter() - began)
    assert np.median(times) < 0.001
