"""Laws of the tongue: at rest in silence, no faster than a tongue goes, no further out than lips are open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from space_runtime import Controls, Frame, HeadMode, RecordedMotion, Session
from space_runtime.animation.stages import tongue as stage
from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE
from tests.support.session_frames import play
from tests.support.sounds import bundled_line
from tests.support.styled_bundle import plain_bundle, styled_bundle

pytest.importorskip("onnx", reason="needs onnx (extra 'export')")

LINE = bundled_line()[:SAMPLE_RATE]
FULL = Controls(seed=1)


def spoken(controls: Controls = FULL, sound: Floats = LINE, fps: int = 50) -> list[Frame]:
    return play(Session(styled_bundle(), controls=controls, fps=fps), sound)


def tongue_of(frames: list[Frame]) -> Floats:
    return np.array([frame.tongue for frame in frames])


def tongue_out(frames: list[Frame]) -> Floats:
    return np.array([frame.blendshapes[stage.SHAPE_ROW] for frame in frames])


def test_speech_moves_the_tongue_and_the_shape_shows_its_tip() -> None:
    frames = spoken()
    tongue, weights = tongue_of(frames), tongue_out(frames)
    assert tongue.min() == 0 and tongue.max(0).min() > 0.9 and tongue.max() <= 1
    assert np.array_equal(weights, np.float32(stage.SHAPE_AT_FULL) * tongue[:, stage.OUT])
    shapes = np.array([frame.blendshapes for frame in frames])
    assert shapes.min() >= 0 and shapes.max() <= 1


def test_the_tongue_rests_in_silence_exactly() -> None:
    silence = spoken(sound=np.zeros(SAMPLE_RATE, np.float32))
    assert not tongue_of(silence).any() and not tongue_out(silence).any()
    sound = np.concatenate([LINE, np.zeros(SAMPLE_RATE, np.float32)])
    assert not tongue_of(spoken(sound=sound))[-25:].any()


def test_a_face_that_listens_keeps_its_tongue() -> None:
    assert not tongue_of(spoken(Controls(seed=1, head_mode=HeadMode.LISTEN))).any()


def test_the_tongue_takes_60_ms_for_its_way_at_mouth_strength_1() -> None:
    up = tongue_of(spoken(fps=100))[:, stage.UP]
    assert np.abs(np.diff(up)).max() <= 10 / 60 + 1e-5


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_the_mouth_s_strength_scales_the_tongue(strength: float) -> None:
    whole, part = tongue_of(spoken()), tongue_of(spoken(replace(FULL, mouth_strength=strength)))
    assert np.allclose(part[:, stage.UP], strength * whole[:, stage.UP], atol=1e-6)
    assert (part[:, stage.OUT] <= strength * whole[:, stage.OUT] + 1e-6).all()


def test_no_strength_takes_a_weight_beyond_1() -> None:
    frames = spoken(replace(FULL, mouth_strength=2.0))
    assert tongue_of(frames).max() == 1 and tongue_out(frames).max() <= np.float32(stage.SHAPE_AT_FULL)


def test_no_tongue_shows_between_shut_lips() -> None:
    frames = spoken()
    rest = frames[0].landmarks
    gap = np.array([(frame.landmarks[61:64, 1] - frame.landmarks[[67, 66, 65], 1]).max() for frame in frames])
    shut = gap - (rest[61:64, 1] - rest[[67, 66, 65], 1]).max() < stage.LEAST_GAP
    assert shut.any() and not tongue_of(frames)[shut, stage.OUT].any()


def test_a_take_replays_the_tongue() -> None:
    frames = spoken()
    again = play(Session(styled_bundle(), fps=50, motion=RecordedMotion.of_frames(frames)), LINE)
    assert np.allclose(tongue_of(again), tongue_of(frames), atol=1e-6)
    assert np.allclose(tongue_out(again), tongue_out(frames), atol=1e-6)


def test_a_network_without_a_tongue_leaves_it_at_rest() -> None:
    frames = play(Session(plain_bundle()), LINE)
    assert not tongue_of(frames).any() and not tongue_out(frames).any()


values = st.floats(0, 1, width=32)


@given(st.lists(st.tuples(values, values), min_size=1, max_size=30), st.integers(0, 30))
def test_how_hops_are_cut_does_not_change_the_way_of_the_tongue(rows: list[tuple[float, float]], cut: int) -> None:
    said, last = np.array([rows], np.float32), np.zeros((1, 2), np.float32)
    whole = stage.follow(last, said)
    first = stage.follow(last, said[:, :cut])
    then = stage.follow(first[:, -1] if first.shape[1] else last, said[:, cut:])
    assert np.array_equal(whole, np.concatenate([first, then], 1))
    assert whole.min() >= 0 and whole.max() <= 1
    assert np.abs(np.diff(whole, axis=1)).max(initial=0) <= 1 / stage.HOPS_OF_FULL_WAY + 1e-6


def test_a_held_value_is_reached_exactly() -> None:
    said = np.full((1, 5, 2), 0.7, np.float32)
    assert np.array_equal(stage.follow(np.zeros((1, 2), np.float32), said)[0, 2:], said[0, 2:])


def test_a_driver_s_tongue_takes_the_place_of_speech_s() -> None:
    tongue = np.array([[0.8, 0.4], [0.8, 0.4]], np.float32)
    known, weights = np.zeros((2, 52), np.float32), np.zeros((2, 52), np.float32)
    weights[:, stage.SHAPE_ROW] = 0.15
    assert stage.driven_tongue(tongue, known, weights) is tongue
    known[1, stage.SHAPE_ROW] = 1
    assert np.allclose(stage.driven_tongue(tongue, known, weights), [[0.8, 0.4], [0, 0.5]])
