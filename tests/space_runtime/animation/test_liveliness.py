"""Laws of liveliness: brows on stress, blinks at pauses, saccades; seeded, causal, off at strength 0."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from space_runtime import Controls, HeadMode, Session, assets
from space_runtime.animation.control_batch import controls_at
from space_runtime.animation.glances import LARGEST_DEG
from space_runtime.animation.head_motion import IDLE_HEAD
from space_runtime.animation.schedules import (
    CLOSING_S,
    OPENING_S,
    blink_profile,
    saccade_s,
    saccades_around,
    scheduled_blink,
)
from space_runtime.animation.stages import controls as control_stage
from space_runtime.animation.stages import features, liveliness, pose, prosody
from space_runtime.animation.stages.liveliness import N_BROW_NOD, ControlsAt
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Doubles, Floats, Longs
from space_runtime.media.audio_file import open_sound
from space_runtime.timebase import HOP, SAMPLE_RATE
from tests.support.session_frames import BUNDLE, play
from tests.support.sounds import mono_speech

ASSETS = Path(assets.__file__).parent
BARE = Controls(head_mode=HeadMode.KEEP, blinks_per_minute=0.0, saccade_strength=0.0)
HOP_S = HOP / SAMPLE_RATE
LINE = np.concatenate(list(open_sound(ASSETS / "line.flac").speech_blocks()))[: 2 * SAMPLE_RATE]
"""The bundled line's first two seconds: for the network's gate, made sounds are no speech."""


def syllables(accents: tuple[int, ...], n: int = 12) -> Floats:
    """A (n · 4800,) voice of 0.3 s syllables, each 0.2 s long; accented ones are louder and five semitones higher."""
    t = np.arange(int(0.3 * SAMPLE_RATE)) / SAMPLE_RATE
    parts = []
    for k in range(n):
        hz, gain = (150.0, 0.3) if k in accents else (112.0, 0.12)
        buzz = np.sum([np.sin(2 * np.pi * hz * m * t) / m for m in range(1, 25)], axis=0)
        parts.append(gain * buzz * np.sin(np.pi * np.clip(t / 0.2, 0, 1)))
    return np.concatenate(parts).astype(np.float32)


def talk(seconds: float, seed: int) -> tuple[tuple[Doubles, Doubles, np.ndarray], Floats]:
    """Return prosody and gate of phrases of 1.5…3 s with pauses of 0.3…0.8 s: (1, T) each."""
    rng, loud = np.random.default_rng(seed), np.zeros(0)
    while loud.size < seconds / HOP_S:
        syllable = 30 + 6 * np.sin(np.arange(int(rng.uniform(75, 150))) / 2)
        loud = np.concatenate([loud, syllable, np.full(int(rng.uniform(15, 40)), -30.0)])
    loud = loud[None, : int(seconds / HOP_S)]
    pitch = 2 * np.sin(np.arange(loud.size) / 7)[None]
    return (loud, pitch, loud > 0), np.ones(loud.shape, np.float32)


def run(
    state: liveliness.LivelinessState, voices: liveliness.Voices, speech: Floats, first: Longs, wishes: ControlsAt
) -> tuple[liveliness.LivelinessState, Doubles, liveliness.VoiceEffort]:
    """Liveliness of faces that talk themselves."""
    return liveliness.step(state, voices, speech, speech >= liveliness.SPEECH, first, wishes)


def lived(controls: Controls, seconds: float, seed: int = 0, speaking: bool = True) -> Doubles:
    """(T, 12) what liveliness shows of a talk, or of silence."""
    heard, speech = talk(seconds, seed)
    if not speaking:
        heard, speech = (np.full_like(heard[0], -30.0), heard[1], heard[2] & False), speech * 0
    wishes = ControlTrack.of(controls).at
    state = liveliness.initial_state()
    seen: Doubles = run(state, heard, speech, np.zeros(1, np.int64), lambda _, at: wishes(at))[1][0]
    return np.asarray(seen, np.float64)


def blinks_of(controls: Controls, seen: Doubles, seconds: float) -> Doubles:
    """The times of all blinks in the first seconds: early ones, and scheduled ones that are not spent."""
    early, spent = seen[:, N_BROW_NOD], seen[:, N_BROW_NOD + 1]
    times = [time for time in np.unique(early) if time > 0]
    for index in range(10_000):
        time = scheduled_blink(controls.seed_in_use, controls.blinks_per_minute, index)
        if time >= seconds - HOP_S:
            return np.sort(times)
        if time > spent[int(time / HOP_S)]:
            times.append(time)
    raise AssertionError


def pause_starts(seed: int, seconds: float) -> Doubles:
    voiced = talk(seconds, seed)[0][2][0].astype(int)
    return np.asarray((np.flatnonzero(np.diff(voiced) == -1) + 1) * HOP_S, np.float64)


def saccade_offset(
    controls: Controls, seconds: Doubles, glance: tuple[float, ...] = (-np.inf, -np.inf, 0, 0)
) -> Floats:
    track = ControlTrack.of(controls)
    angles = []
    for second in seconds:
        sample = np.array([second * SAMPLE_RATE])
        angles.append(control_stage.saccade_offset(controls_at(track, float(sample[0])), sample, np.array([glance]))[0])
    return np.stack(angles)


def test_accents_lift_the_brows_and_they_sink_again() -> None:
    accents, sound = (4, 9), syllables((4, 9), 14)
    power = features.extract(features.initial_state(), sound[None, : len(sound) // HOP * HOP])[2]
    heard = prosody.prosody(power)
    speech, first = np.ones(heard.loudness.shape, np.float32), np.zeros(1, np.int64)
    _, seen, _ = run(liveliness.initial_state(), heard, speech, first, lambda *_: Controls())
    lift, at = seen[0, :, 0], np.arange(seen.shape[1]) * HOP_S
    for k in accents:
        begin, top = 0.3 * k, 0.3 * k + 0.4
        assert lift[(at > begin) & (at < top)].max() > 0.5
        assert lift[(at > begin - 0.3) & (at < begin)].max() < 0.2
        assert lift[(at > begin + 0.9) & (at < begin + 1.2)].max() < 0.2
    assert np.abs(np.diff(lift)).max() < 0.15  # smooth: a raise takes several frames
    assert seen[0, :, 1].argmax() > lift.argmax()  # the nod comes later


def test_more_strength_lifts_higher_and_expression_strength_counts_too() -> None:
    def height(brow_strength: float, expression_strength: float = 1.0) -> float:
        controls = replace(BARE, brow_strength=brow_strength, expression_strength=expression_strength)
        frames = play(Session(BUNDLE, controls=controls), LINE)
        return float(np.mean([frame.landmarks[17:27, 1].mean() for frame in frames]))

    heights = np.diff([height(strength) for strength in (0.0, 0.5, 1.0, 2.0)])
    assert (heights > 1e-4).all() and heights[2] == pytest.approx(heights[:2].sum(), rel=0.01)
    assert height(1.0, 0.0) == pytest.approx(height(0.0, 0.0))


def test_strengths_of_zero_equal_a_face_without_liveliness(monkeypatch: pytest.MonkeyPatch) -> None:
    controls, sound = replace(BARE, brow_strength=0.0, blink_samples=(5000,)), LINE
    off = play(Session(BUNDLE, controls=controls), sound)
    nothing = liveliness.initial_state()

    def dead(_state: object, _voices: object, speech: Floats, *_: object) -> tuple[object, Doubles, object]:
        none = liveliness.VoiceEffort(np.zeros(speech.shape), np.zeros(speech.shape), np.zeros(speech.shape, bool))
        return nothing, np.broadcast_to(nothing.outputs, (1, 1, nothing.outputs.shape[1])), none

    monkeypatch.setattr(liveliness, "step", dead)
    without = play(Session(BUNDLE, controls=controls), sound)
    for name in ("landmarks", "blendshapes", "head_rotation_rad", "eye_rotation_rad"):
        assert all(np.array_equal(getattr(a, name), getattr(b, name)) for a, b in zip(off, without, strict=True)), name


def test_silence_shows_nothing_and_stillness_comes_back_exactly() -> None:
    assert not lived(Controls(), 20.0, speaking=False)[:, :N_BROW_NOD].any()
    sound = np.concatenate([LINE, np.zeros(2 * SAMPLE_RATE, np.float32)])
    frames = play(Session(BUNDLE, controls=BARE), sound)
    plain = play(Session(BUNDLE, controls=replace(BARE, brow_strength=0.0)), sound)
    assert not np.array_equal(frames[20].landmarks, plain[20].landmarks)
    assert np.array_equal(frames[-1].landmarks, plain[-1].landmarks)


def test_what_is_no_speech_lifts_nothing() -> None:
    heard, speech = talk(10.0, 1)
    state = liveliness.initial_state()
    _, seen, _ = run(state, heard, speech * 0, np.zeros(1, np.int64), lambda *_: Controls())
    assert not seen[..., :N_BROW_NOD].any() and np.array_equal(seen[0, -1], state.outputs[0])


@pytest.mark.parametrize("n_streams", [2, 5])
def test_plain_numbers_and_arrays_agree_to_the_bit(n_streams: int) -> None:
    """A stream alone is worked out in plain numbers, hop by hop or many at a time; company in arrays."""
    talks = [talk(8.0, seed) for seed in range(n_streams)]
    loudness, pitch = (np.concatenate([one[0][part] for one in talks]) for part in (0, 1))
    heard = prosody.Prosody(loudness, pitch, loudness > 0)
    rng = np.random.default_rng(0)
    speech = rng.uniform(0.3, 1, heard[0].shape).astype(np.float32)
    first = np.arange(n_streams, dtype=np.int64) * 1000 * HOP
    wishes = [Controls(seed=seed, blinks_per_minute=40) for seed in range(n_streams)]
    _, together, effort = run(liveliness.initial_state(n_streams), heard, speech, first, lambda place, _: wishes[place])
    for k in range(n_streams):
        state, parts, cuts = liveliness.initial_state(), [], [0, 1, 2, 40, 41, speech.shape[1]]
        for begin, end in pairwise(cuts):
            some = prosody.Prosody(*(part[k : k + 1, begin:end] for part in heard))  # type: ignore[arg-type]
            state, seen, own = run(
                state, some, speech[k : k + 1, begin:end], first[k : k + 1] + begin * HOP, lambda *_, k=k: wishes[k]
            )
            parts.append(np.column_stack([seen[0], *(part[0] for part in own)]))
        assert np.array_equal(np.concatenate(parts), np.column_stack([together[k], *(part[k] for part in effort)]))
    assert together[..., 0].max() > 0.2 and np.isfinite(together[:, -1, N_BROW_NOD]).any()


def test_the_pitch_of_a_voice_is_heard_and_noise_has_none() -> None:
    t = np.arange(40 * HOP) / SAMPLE_RATE
    for hz in (95.0, 130.0, 190.0, 260.0):
        buzz = np.sum([np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 20)], axis=0)
        power = features.extract(features.initial_state(), (0.1 * buzz[None]).astype(np.float32))[2]
        heard = prosody.prosody(power)
        assert heard.voice[0, 3:].all()
        assert np.abs(heard.pitch[0, 3:] - 12 * math.log2(hz / 100)).max() < 1.2
    noise = np.random.default_rng(0).normal(0, 0.1, (1, 200 * HOP)).astype(np.float32)
    assert prosody.prosody(features.extract(features.initial_state(), noise)[2]).voice.mean() < 0.25
    silence = np.zeros((1, 10 * HOP), np.float32)
    assert not prosody.prosody(features.extract(features.initial_state(), silence)[2]).voice.any()


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("per_minute", [15.0, 26.0])
def test_blinks_come_at_pauses_at_the_same_mean_rate(seed: int, per_minute: float) -> None:
    seconds, controls = 900.0, Controls(seed=seed, blinks_per_minute=per_minute)
    blinks = blinks_of(controls, lived(controls, seconds, seed), seconds)
    assert len(blinks) == pytest.approx(per_minute * seconds / 60, rel=0.03)
    assert np.diff(blinks).min() > CLOSING_S + OPENING_S
    after = blinks[:, None] - pause_starts(seed, seconds)
    near = ((after > 0) & (after < 0.6)).any(1).mean()
    chance = 0.6 * len(pause_starts(seed, seconds)) / seconds
    assert near > 2 * chance and near > 0.5


def test_intervals_between_blinks_are_log_normal_and_exact_in_the_mean() -> None:
    times = np.array([scheduled_blink(7, 15.0, index) for index in range(1600)])
    intervals = np.log(np.diff(times) - 0.32)
    assert times[-1] == pytest.approx(1600 * 4.0)
    assert 0.55 < intervals.std() < 0.85
    assert abs(np.mean(((intervals - intervals.mean()) / intervals.std()) ** 3)) < 0.4  # no skew left


def test_lids_close_twice_as_fast_as_they_open() -> None:
    time = np.arange(-0.2, 0.4, 0.001)
    shut = blink_profile(time)
    closing, opening = ((shut > 0.1) & (shut < 0.9) & side for side in (time < 0, time > 0))
    assert 0.03 < closing.sum() * 0.001 < 0.07
    assert 1.5 < opening.sum() / closing.sum() < 3


def test_given_blinks_and_none_at_all_are_left_alone_by_pauses() -> None:
    for controls in (Controls(blink_samples=(90_000,)), Controls(blinks_per_minute=0.0)):
        assert not np.isfinite(lived(controls, 60.0)[:, N_BROW_NOD : N_BROW_NOD + 2]).any()
    row, early = controls_at(ControlTrack.of(Controls(blink_samples=(16_000,))), 16_000.0), np.array([[1.0, 9.0]])
    assert control_stage.lid_closure(row, np.array([16_000.0]), early)[0] == 1
    row = controls_at(ControlTrack.of(Controls(blink_samples=())), 16_000.0)
    assert control_stage.lid_closure(row, np.array([16_000.0]), early)[0] == 0


def test_an_early_blink_takes_the_place_of_the_next_scheduled_one() -> None:
    controls = Controls(seed=1)
    due = scheduled_blink(1, controls.blinks_per_minute, 0)
    for second, early, shut in ((due, -np.inf, 1.0), (due, due - 1, 0.0), (due - 1, due - 1, 1.0)):
        row = controls_at(ControlTrack.of(controls), second * SAMPLE_RATE)
        looks = np.array([[early, due if np.isfinite(early) else -np.inf]])
        assert control_stage.lid_closure(row, np.array([second * SAMPLE_RATE]), looks)[0] == pytest.approx(
            shut, abs=1e-3
        )


@pytest.mark.parametrize("seed", [2, 3])
def test_saccades_follow_the_main_sequence(seed: int) -> None:
    checked = 0
    place, _, begin = saccades_around(seed, 0.0)
    assert place == 0
    for number in range(1, 25):
        _, began, end = saccades_around(seed, begin + 1e-6)
        assert 0.2 <= end - began < 8
        time = np.arange(began - 0.01, min(end, began + 0.15), 0.001)
        angles = np.degrees(saccade_offset(Controls(seed=seed), time))
        size = float(np.linalg.norm(angles[-1] - angles[0]))
        moving = np.abs(np.diff(angles, axis=0)).sum(1) > 1e-6
        if size > 0.3:
            assert moving.sum() * 0.001 == pytest.approx(saccade_s(math.radians(size)), abs=0.004)
            checked += 1
        begin = end
        assert number
    assert checked > 10


def test_eyes_stay_near_and_strength_scales_how_far() -> None:
    time = np.arange(0, 60, 0.1)
    plain = saccade_offset(Controls(seed=4), time)
    assert not plain[0].any() and np.degrees(np.abs(plain)).max() < 3
    assert np.allclose(
        saccade_offset(Controls(seed=4, saccade_strength=2.0), time)[50:60:3], 2 * plain[50:60:3], atol=0.02
    )
    assert not saccade_offset(Controls(seed=4, saccade_strength=0.0), time).any()
    assert not np.array_equal(plain, saccade_offset(Controls(seed=5), time))


def test_a_gaze_that_is_asked_for_is_kept() -> None:
    glance = (0.0, 60.0, 0.1, 0.0)
    for asked in ({"gaze_rad": np.zeros(2, np.float32)}, {"look_at": np.array([0, 0, 5], np.float32)}):
        assert not saccade_offset(Controls(seed=4, **asked), np.arange(0, 20, 0.5), glance).any()


def test_speakers_glance_aside_and_listeners_do_not() -> None:
    def share(speaking: bool) -> float:
        seen = lived(Controls(seed=2), 600.0, speaking=speaking)
        time = np.arange(len(seen)) * HOP_S
        return float(((time > seen[:, N_BROW_NOD + 2]) & (time < seen[:, N_BROW_NOD + 3])).mean())

    assert 0.03 < share(True) < 0.25 and share(False) == 0
    sizes = np.degrees(np.hypot(*lived(Controls(seed=2), 600.0)[:, N_BROW_NOD + 4 : N_BROW_NOD + 6].T))
    assert 12 < sizes.max() < LARGEST_DEG + 0.5


def test_a_glance_that_is_over_stays_over() -> None:
    """The end of a phrase calls back eyes that are aside, and none that have come back."""
    seen = lived(Controls(seed=2), 600.0)
    time = np.arange(len(seen)) * HOP_S
    begins, until = seen[:, N_BROW_NOD + 2], seen[:, N_BROW_NOD + 3]
    over = (until[:-1] < time[:-1] - HOP_S) & (begins[1:] == begins[:-1])
    assert np.array_equal(until[1:][over], until[:-1][over])


def test_seeds_change_glances_and_blinks_and_repeat() -> None:
    one, again, other = (lived(Controls(seed=seed), 120.0)[:, N_BROW_NOD:] for seed in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_an_idle_head_nods_and_others_do_not() -> None:
    still = np.zeros(1)
    for controls, moves in ((Controls(), True), (Controls(head_mode=HeadMode.KEEP), False)):
        row = controls_at(ControlTrack.of(controls), 0.0)
        motion = pose.head_motion(row, IDLE_HEAD.at(np.ones((1, 2)), np.zeros((1, 2)), row, still), still)
        assert motion[0, 1] == pytest.approx(pose.NOD_RAD if moves else 0)
        assert not motion[0, [0, 2]].any()


def test_later_sound_never_changes_an_earlier_frame() -> None:
    session, sound = Session(BUNDLE, controls=Controls(seed=3)), mono_speech(2.5)
    cut = 24_000
    changed = np.concatenate([sound[:cut], np.zeros(len(sound) - cut, np.float32)])
    one, other = play(session, sound), play(Session(BUNDLE, controls=Controls(seed=3)), changed)
    known = [k for k, frame in enumerate(one) if frame.media_sample + session.look_ahead_samples <= cut]
    for k in known:
        assert np.array_equal(one[k].landmarks, other[k].landmarks)
        assert np.array_equal(one[k].head_rotation_rad, other[k].head_rotation_rad)
    assert Fraction(one[known[-1]].media_sample) > 20_000
