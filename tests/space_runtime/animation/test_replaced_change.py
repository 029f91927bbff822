"""A change of controls at the sample of another replaces it: ``changed(a).changed(b)`` is ``changed(b)`` throughout."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from space_runtime.animation.control_batch import controls_at
from space_runtime.animation.hop_controls import hop_controls_at
from space_runtime.animation.track import ControlTrack
from space_runtime.emotion import Emotion, emotion_vector
from space_runtime.values import Controls, HeadMode

PLAIN = Controls(seed=4, gaze_rad=np.array([0.0, 0.1], np.float32))
STRONG = replace(
    PLAIN,
    emotion=emotion_vector({Emotion.HAPPY: 0.8}),
    mouth_strength=2.0,
    expression_strength=0.2,
    gaze_rad=np.array([0.3, -0.1], np.float32),
)
WEAK = replace(
    PLAIN,
    emotion=emotion_vector({Emotion.SAD: 0.6}),
    mouth_strength=0.0,
    brow_strength=0.5,
    saccade_strength=0.0,
    head_mode=HeadMode.KEEP,
)
CHOICES = [PLAIN, STRONG, WEAK]
START = 1_000


def same(one: object, other: object) -> bool:
    """Every field of two dataclasses, bit for bit."""
    assert type(one) is type(other)
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name))  # None and arrays alike
        for field in fields(one)  # type: ignore[arg-type]  # both are dataclasses
    )


def assert_same_at(one: ControlTrack, other: ControlTrack, sample: float) -> None:
    assert same(one.at(sample), other.at(sample)), sample
    assert np.array_equal(one.emotion_at(sample), other.emotion_at(sample)), sample
    assert one.steady(sample) == other.steady(sample), sample


@pytest.mark.parametrize("first_fade", [0, 100, 400, 900])
def test_a_replaced_change_leaves_no_trace_at_any_sample_of_the_fade(first_fade: int) -> None:
    fade = 400
    replaced = ControlTrack.of(PLAIN).changed(START, STRONG, first_fade).changed(START, WEAK, fade)
    alone = ControlTrack.of(PLAIN).changed(START, WEAK, fade)
    for sample in range(START - 2, START + max(first_fade, fade) + 2):
        assert_same_at(replaced, alone, sample)
    assert replaced.at(START + fade // 2).mouth_strength == pytest.approx(0.5)


@given(st.lists(st.tuples(st.sampled_from(CHOICES), st.integers(0, 900)), min_size=1, max_size=4), st.data())
def test_of_changes_at_one_sample_the_last_alone_counts(
    changes: list[tuple[Controls, int]], data: st.DataObject
) -> None:
    before = ControlTrack.of(PLAIN).changed(START - 500, STRONG, 800)
    track = before
    for controls, fade in changes:
        track = track.changed(START, controls, fade)
    alone = before.changed(START, *changes[-1])
    sample = data.draw(st.integers(0, 2_500))
    assert_same_at(track, alone, sample)
    assert same(controls_at(track, sample), controls_at(alone, sample))
    one, other = (hop_controls_at(each, sample, 1600) for each in (track, alone))
    assert same(one.obeyed, other.obeyed) and one.until == other.until
    assert len(track.changes) == 2
