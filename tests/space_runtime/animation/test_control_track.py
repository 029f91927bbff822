"""Laws of a control track: controls over media time, changes, fades and rest."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from space_runtime.animation.asked_gaze import PLACES, Gaze, asked_gaze
from space_runtime.animation.control_batch import controls_at
from space_runtime.animation.control_blend import mixed
from space_runtime.animation.gaze_space import FACING
from space_runtime.animation.hop_controls import hop_controls_at
from space_runtime.animation.track import ControlTrack
from space_runtime.animation.track import track_of as track_of_any
from space_runtime.emotion import Emotion, emotion_vector
from space_runtime.errors import UsageError
from space_runtime.values import Controls, HeadMode

PLAIN = Controls(seed=4)
GLAD = Controls(
    emotion=emotion_vector({Emotion.HAPPY: 0.8}),
    mouth_strength=1.5,
    expression_strength=0.5,
    head_mode=HeadMode.KEEP,
    gaze_rad=np.array([0.3, 0.1], np.float32),
)
ASIDE = replace(GLAD, gaze_rad=np.array([-0.1, 0.2], np.float32), mouth_strength=0.0)

TIMES = st.integers(0, 60_000)
CHANGES = st.lists(st.tuples(TIMES, st.sampled_from([PLAIN, GLAD, ASIDE]), st.integers(0, 9000)), max_size=5)


def track_of(changes: list[tuple[int, Controls, int]]) -> ControlTrack:
    track = ControlTrack.of(PLAIN)
    for at_sample, controls, fade in changes:
        track = track.changed(at_sample, controls, fade)
    return track


def same(one: Controls, other: Controls) -> bool:
    fields = ("mouth_strength", "expression_strength", "head_mode", "head_strength", "seed", "blinks_per_minute")
    numbers = all(getattr(one, name) == getattr(other, name) for name in fields)
    gaze, other_gaze = (np.full(2, 9.0) if side.gaze_rad is None else side.gaze_rad for side in (one, other))
    return numbers and np.array_equal(one.emotion, other.emotion) and np.array_equal(gaze, other_gaze)


@given(st.floats(-5000, 1e9))
def test_without_changes_the_controls_hold(sample: float) -> None:
    track = ControlTrack.of(GLAD)
    assert track.at(sample) is GLAD and track.rest_factor(sample) == 1
    assert track.steady(sample) == (-math.inf, math.inf)


def test_a_change_holds_from_its_sample_on() -> None:
    track = ControlTrack.of(PLAIN).changed(1000, GLAD).changed(2000, ASIDE)
    answers = [track.at(sample) for sample in (999.9, 1000, 1999, 2000, 9999)]
    assert answers == [PLAIN, GLAD, GLAD, ASIDE, ASIDE]


def test_degrees_fade_linearly_and_end_exactly() -> None:
    track = ControlTrack.of(PLAIN).changed(1000, GLAD, 800)
    half = track.at(1400)
    assert np.allclose(half.emotion, GLAD.emotion / 2) and np.allclose(track.emotion_at(1400), GLAD.emotion / 2)
    assert half.mouth_strength == pytest.approx(1.25) and half.expression_strength == pytest.approx(0.75)
    assert half.head_mode is HeadMode.SPEECH and half.head_strength == pytest.approx(0.5)
    assert half.gaze_rad is GLAD.gaze_rad  # eye contact is no angle that one could blend with
    assert track.at(1800) is GLAD and np.array_equal(track.emotion_at(1800), GLAD.emotion)
    gaze = asked_gaze(ControlTrack.of(GLAD).changed(0, ASIDE, 100), 50, FACING).row[PLACES[Gaze.ANGLES]]
    assert np.allclose(gaze, [0.1, 0.15])


def test_overlapping_fades_do_not_jump() -> None:
    track = ControlTrack.of(PLAIN).changed(0, GLAD, 4000).changed(2000, PLAIN, 4000)
    happy = np.array([track.emotion_at(sample)[1] for sample in range(0, 8000, 10)])
    assert np.abs(np.diff(happy)).max() < 0.003 and happy[-1] == 0


def test_the_last_word_counts_from_its_sample_on() -> None:
    track = ControlTrack.of(PLAIN).changed(5000, GLAD).changed(3000, ASIDE)
    assert [track.at(sample) for sample in (2999, 3000, 6000)] == [PLAIN, ASIDE, ASIDE]
    assert ControlTrack.of(PLAIN).changed(3000, GLAD).changed(3000, ASIDE).at(3000) is ASIDE


def test_rest_takes_speech_away_smoothly_and_for_good() -> None:
    track = ControlTrack.of(PLAIN).resting(1000, 3200)
    shares = np.array([track.rest_factor(sample) for sample in range(0, 6000, 20)])
    assert shares[:51].min() == 1 and shares[210:].max() == 0
    assert (np.diff(shares) <= 0).all() and track.rest_factor(2600) == pytest.approx(0.5)
    assert np.abs(np.diff(shares, 2)).max() < 5e-4
    assert ControlTrack.of(PLAIN).resting(1000, 0).rest_factor(1000) == 0


def test_a_rest_survives_changes_and_the_earlier_one_counts() -> None:
    track = ControlTrack.of(PLAIN).resting(1000, 100).changed(500, GLAD).changed(3000, ASIDE)
    assert track.rest_factor(2000) == 0 and track.at(3000) is ASIDE
    assert track.resting(4000, 0) is track
    assert track.resting(700, 0).rest_factor(700) == 0


@given(CHANGES, TIMES, st.one_of(st.none(), TIMES))
def test_steady_says_where_nothing_changes(
    changes: list[tuple[int, Controls, int]], sample: int, rest: int | None
) -> None:
    track = track_of(changes) if rest is None else track_of(changes).resting(rest, 777)
    begin, end = track.steady(sample)
    inside = [x for x in np.linspace(max(begin, sample - 9000), min(end, sample + 9000), 20, endpoint=False)]
    assert begin <= sample <= end
    assert all(same(track.at(x), track.at(sample)) for x in inside if begin < end)
    assert all(track.rest_factor(x) == track.rest_factor(sample) for x in inside if begin < end)


@given(CHANGES, TIMES)
def test_it_answers_as_if_all_changes_were_heard_one_after_another(
    changes: list[tuple[int, Controls, int]], sample: int
) -> None:
    track = track_of(changes)
    emotion = track.first.emotion
    for change in track.changes:
        emotion = mixed(emotion, change.controls.emotion, change.share(sample))
    assert np.array_equal(track.emotion_at(sample), emotion) and np.array_equal(track.at(sample).emotion, emotion)


def test_a_track_is_taken_for_what_it_is() -> None:
    track = ControlTrack.of(PLAIN).changed(1000, GLAD)
    assert track_of_any(track) is track and track_of_any(GLAD).at(5) is GLAD
    assert same(track_of_any(None).at(0), Controls())


@given(CHANGES, TIMES, TIMES)
def test_what_is_over_can_be_forgotten(changes: list[tuple[int, Controls, int]], now: int, later: int) -> None:
    track = track_of(changes)
    short = track.since(now)
    assert len(short.changes) <= len(track.changes)
    assert same(track.at(now + later), short.at(now + later))


@given(CHANGES, TIMES)
def test_rows_say_what_the_track_says(changes: list[tuple[int, Controls, int]], sample: int) -> None:
    track = track_of(changes).resting(30_000, 5000)
    controls, row = track.at(sample), controls_at(track, sample)
    assert row.mouth_strength[0] == np.float32(controls.mouth_strength)
    assert row.rest_factor[0] == np.float32(track.rest_factor(sample))
    assert np.array_equal(hop_controls_at(track, sample, 1600).obeyed.emotion[0], controls.emotion)
    assert row.last_blink[0] * 16_000 <= sample < row.next_blink[0] * 16_000
    assert row.until[0] <= max(sample, row.next_blink[0] * 16_000)


@pytest.mark.parametrize(("at_sample", "fade"), [(-1, 0), (0, -1)])
def test_no_change_comes_before_the_start_or_lasts_less_than_nothing(at_sample: int, fade: int) -> None:
    with pytest.raises(UsageError):
        ControlTrack.of(PLAIN).changed(at_sample, GLAD, fade)
    with pytest.raises(UsageError):
        ControlTrack.of(PLAIN).resting(at_sample, fade)
