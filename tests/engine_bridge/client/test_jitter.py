"""The laws of the jitter buffer: never back, never late, never a jump, and the golden runs."""

from __future__ import annotations

import json
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_bridge.client.jitter import CAPACITY, HOLD_S, JitterBuffer, Pose, State
from engine_bridge.protocol import messages as m
from tests.tools import golden_jitter

RATE = 16_000
STEP = 640.0
DT = 1 / 60


def frame(index: int, value: float | None = None, stream: int = 1) -> m.Frame:
    weights = np.full(52, index / 100 if value is None else value, np.float32)
    return m.Frame(session=1, stream=stream, seq=index, index=index, sample=index * STEP, speech=0.5, weights=weights)


def finished(sample: float, stream: int = 1) -> m.Finished:
    return m.Finished(session=1, stream=stream, reason="end", sample=sample, frames=0, dropped=0)


def begun(n_frames: int = 0) -> JitterBuffer:
    buffer = JitterBuffer()
    buffer.begin(1, RATE)
    for index in range(n_frames):
        buffer.put(frame(index))
    return buffer


def value(pose: Pose) -> float:
    assert np.ptp(pose.blendshapes) == 0
    return float(pose.blendshapes[0])


def test_the_golden_runs_are_what_the_generator_makes() -> None:
    assert golden_jitter.FILE.read_text(encoding="utf-8") == golden_jitter.text()


@pytest.mark.parametrize(
    "run", json.loads(golden_jitter.FILE.read_text(encoding="utf-8"))["runs"], ids=lambda r: r["name"]
)
def test_a_golden_run(run: dict[str, list[golden_jitter.Step]]) -> None:
    for given_step, step in zip(run["steps"], golden_jitter.answers(run["steps"]), strict=True):
        if "expect" not in given_step:
            assert given_step == step
            continue
        expected, found = given_step["expect"], step["expect"]
        assert isinstance(expected, dict) and isinstance(found, dict)
        assert expected.keys() == found.keys()
        assert expected["state"] == found["state"]
        for name in expected.keys() - {"state", "speech"}:
            a, b = (golden_jitter.floats(values[name], 234) for values in (expected, found))
            assert np.abs(a - b).max() < 1e-5


def test_the_golden_runs_keep_clear_of_what_rounding_decides() -> None:
    """Whoever sums ``dt`` in another order must get the same states."""
    elapsed = np.cumsum([golden_jitter.DT] * 20)
    assert np.abs(elapsed[:, None] - [0.1, 0.3]).min() > 1e-3


@given(st.permutations(range(12)))
def test_the_order_of_arrival_does_not_matter(order: list[int]) -> None:
    a, b = begun(12), begun()
    for index in order:
        b.put(frame(index))
    for k in range(60):
        one, other = a.ask(k * 150.0, DT), b.ask(k * 150.0, DT)
        assert one.state == other.state
        assert np.array_equal(one.blendshapes, other.blendshapes)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("ask"), st.floats(-1e6, 1e6), st.floats(-1, 1)),
            st.tuples(st.just("put"), st.integers(0, 60), st.floats(0, 1)),
            st.tuples(st.just("begin"), st.integers(1, 3), st.sampled_from([8_000.0, 48_000.0])),
            st.tuples(st.just("finish"), st.integers(1, 3), st.floats(0, 1e5)),
        ),
        max_size=80,
    )
)
def test_whatever_comes_the_pose_is_sound(steps: list[tuple[str, float, float]]) -> None:
    buffer = begun()
    position = -math.inf
    for kind, a, b in steps:
        if kind == "ask":
            pose = buffer.ask(a, b)
            position = a if a < position - HOLD_S * buffer.rate else max(position, a)
            assert buffer.position == position
            assert pose.blendshapes.dtype == np.float32
            assert pose.blendshapes.min() >= 0 and pose.blendshapes.max() <= 1.000001
            assert pose.state not in (State.WAITING, State.RESTING) or not pose.blendshapes.any()
        elif kind == "put":
            buffer.put(frame(int(a), b))
        elif kind == "begin":
            buffer.begin(int(a), b)
            position = -math.inf
        else:
            buffer.finish(finished(b, int(a)))
    assert len(buffer) <= CAPACITY


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.9))
def test_lost_frames_never_make_the_face_jump(seed: int, lost: float) -> None:
    """In 5 ms the pose moves no more than a blend and the frames could; only the end of `holding` may be sudden."""
    rng = random.Random(seed)
    buffer = begun()
    coming = [frame(k, 0.5 - 0.5 * math.cos(math.pi * k * STEP / RATE)) for k in range(50) if rng.random() > lost]
    before = buffer.shown
    for k in range(480):
        position = k * RATE / 200
        while coming and coming[0].sample <= position + 3_200:
            buffer.put(coming.pop(0))
        now = buffer.ask(position, 0.005)
        assert abs(value(now) - value(before)) < 0.12 or before.state is State.HOLDING
        before = now


def test_a_late_frame_is_never_shown() -> None:
    buffer = begun(6)
    shown = value(buffer.ask(4.5 * STEP, 1.0))
    buffer.put(frame(3, 1.0))
    assert value(buffer.ask(4.5 * STEP, 0.0)) == shown
    assert buffer.counts.late == 1


def test_linear_between_frames() -> None:
    buffer = begun(10)
    buffer.ask(0.0, 1.0)
    for position in np.linspace(0, 9 * STEP, 100):
        assert value(buffer.ask(float(position), DT)) == pytest.approx(position / STEP / 100, abs=1e-6)


def test_what_has_passed_is_forgotten_and_room_comes_back() -> None:
    buffer = begun(CAPACITY + 5)
    assert (len(buffer), buffer.counts.refused) == (CAPACITY, 5)
    buffer.ask(100.5 * STEP, DT)
    assert len(buffer) == CAPACITY - 100
    buffer.put(frame(CAPACITY))
    assert len(buffer) == CAPACITY - 99
    assert buffer.counts.refused == 5


def test_without_a_stream_it_rests() -> None:
    buffer = JitterBuffer()
    buffer.put(frame(0))
    pose = buffer.ask(0.0, DT)
    assert pose.state is State.WAITING and not pose.blendshapes.any()
    assert buffer.counts.foreign == 1


@pytest.mark.parametrize("none", [math.nan, math.inf, -math.inf])
def test_a_position_that_is_none_counts_as_the_one_before(none: float) -> None:
    buffer = begun(10)
    buffer.ask(2.5 * STEP, 1.0)
    assert value(buffer.ask(none, none)) == pytest.approx(0.025)
    assert buffer.position == 2.5 * STEP


def test_answers_do_not_change_afterwards() -> None:
    buffer = begun(3)
    pose = buffer.ask(0.5 * STEP, 1.0)
    kept = pose.blendshapes.copy()
    buffer.ask(1.5 * STEP, 1.0)
    assert np.array_equal(pose.blendshapes, kept)
    with pytest.raises(ValueError, match="read-only"):
        JitterBuffer().ask(0.0, DT).blendshapes[0] = 1
