"""Laws of styles: none is none bit for bit, mixtures have no order, changes crossfade, bundles without say so."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime import Controls, Frame, Session, StreamBatch, Style, UsageError, build_character
from space_runtime.animation.stages import landmarks as landmark_stage
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats
from space_runtime.inference.network import load_network
from space_runtime.style import CODES, N_CODE, style_code, style_vector
from space_runtime.timebase import HOP, SAMPLE_RATE
from tests.support.session_frames import play
from tests.support.sounds import bundled_line
from tests.support.styled_bundle import plain_bundle, styled_bundle, take_styles

pytest.importorskip("onnx", reason="needs onnx (extra 'export')")

LINE = bundled_line()[:SAMPLE_RATE]
MIXES = st.dictionaries(st.sampled_from(list(Style)), st.floats(0, 1, width=32), max_size=5)


def columns(frames: Sequence[Frame]) -> list[Floats]:
    names = ("landmarks", "blendshapes", "head_rotation_rad", "head_translation", "eye_rotation_rad", "tongue")
    return [np.array([getattr(frame, name) for frame in frames]) for name in names]


def same_bits(one: Sequence[Frame], other: Sequence[Frame]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(columns(one), columns(other), strict=True))


def spoken(controls: Controls, cuts: Sequence[int] = ()) -> list[Frame]:
    return play(Session(styled_bundle(), controls=controls), LINE, cuts)


def test_no_style_and_a_style_of_no_weight_are_the_same_bits() -> None:
    plain = spoken(Controls(seed=1))
    assert same_bits(plain, spoken(Controls(seed=1, style={"articulate": 0.0, "orator": 0.0})))
    assert same_bits(plain, spoken(Controls(seed=1, style=np.zeros(5))))


def test_a_network_that_is_told_no_style_hears_the_mean_of_all_people() -> None:
    network, rng = styled_bundle().network("speech2landmarks"), np.random.default_rng(0)
    neutral = rng.random((2, 78, 3), np.float32)
    rows = (landmark_stage.initial_state(network, 2), rng.random((2, 96), np.float32), neutral, np.zeros((2, 8), "f4"))
    _, one = landmark_stage.step_hop(network, *rows)
    _, other = landmark_stage.step_hop(network, *rows, np.zeros((2, N_CODE), np.float32))
    assert np.array_equal(one.landmarks, other.landmarks) and np.array_equal(one.tongue, other.tongue)


@given(mix=MIXES, seed=st.randoms())
def test_the_order_of_a_mixture_does_not_matter(mix: dict[Style, float], seed: object) -> None:
    names = list(mix)
    seed.shuffle(names)  # type: ignore[attr-defined]  # random.Random
    assert np.array_equal(style_code(style_vector(mix)), style_code(style_vector({name: mix[name] for name in names})))


@given(MIXES)
def test_codes_are_sums_and_stay_within_one(mix: dict[Style, float]) -> None:
    code = style_code(style_vector(mix))
    wanted = sum((weight * np.array(CODES[name]) for name, weight in mix.items()), np.zeros(N_CODE))
    assert code.dtype == np.float32 and np.allclose(code, wanted, atol=1e-6) and np.abs(code).max() <= 1 + 1e-6


def test_all_people_together_are_their_mean() -> None:
    people = style_code(style_vector({"reader_man": 1, "reader_woman": 1, "orator": 1}))
    assert np.abs(people).max() < 1e-7


def test_effort_widens_and_narrows_the_mouth() -> None:
    opened = [
        np.array([frame.blendshapes[17] for frame in spoken(Controls(seed=1, style=style))]).mean()
        for style in ({"mumble": 1.0}, {"mumble": 0.4}, None, {"articulate": 1.0})
    ]
    assert opened == sorted(opened) and opened[0] < opened[-1]


@settings(max_examples=5)
@given(cuts=st.lists(st.integers(0, SAMPLE_RATE), max_size=6))
def test_how_sound_is_cut_does_not_change_a_bit(cuts: list[int]) -> None:
    controls = Controls(seed=1, style={"orator": 0.8, "mumble": 0.3})
    assert same_bits(spoken(controls), spoken(controls, cuts))


def test_rows_of_a_batch_speak_in_their_own_styles() -> None:
    styles = [None, {"articulate": 1.0}, {"reader_woman": 0.5}, {"orator": 1.0}]
    batch, character = StreamBatch(styled_bundle()), build_character(styled_bundle())
    rows = [batch.add(character, Controls(seed=1, style=style)) for style in styles]
    sound = LINE[: 20 * HOP]
    frames = batch.step(rows, np.repeat(sound[None], len(rows), 0))
    for row, style in zip(rows, styles, strict=True):
        alone = StreamBatch(styled_bundle())
        wanted = alone.step([alone.add(character, Controls(seed=1, style=style))], sound[None])
        assert np.array_equal(frames.landmarks[frames.row == row], wanted.landmarks)
        assert np.array_equal(frames.tongue[frames.row == row], wanted.tongue)


def test_styles_crossfade_as_emotions_do() -> None:
    track = ControlTrack.of(Controls(style={"mumble": 1.0})).changed(1_000, Controls(style={"orator": 0.5}), 2_000)
    assert np.array_equal(track.style_at(999), style_vector({"mumble": 1.0}))
    assert np.allclose(track.style_at(2_000), style_vector({"mumble": 0.5, "orator": 0.25}))
    assert np.array_equal(track.at(2_000).style, track.style_at(2_000))
    assert np.array_equal(track.style_at(3_000), style_vector({"orator": 0.5}))


def test_a_bundle_without_styles_says_so_instead_of_passing_over_one() -> None:
    batch = StreamBatch(plain_bundle())
    character, styled = build_character(plain_bundle()), Controls(style={"mumble": 0.5})
    with pytest.raises(UsageError, match="knows no styles"):
        batch.add(character, styled)
    row = batch.add(character, Controls(style={}))
    for track in (ControlTrack.of(styled), ControlTrack.of(Controls()).changed(9_999, styled)):
        with pytest.raises(UsageError, match="knows no styles"):
            batch.set_track(row, track)
        with pytest.raises(UsageError, match="knows no styles"):
            batch.restart(row, track)
    assert len(batch.step([row], LINE[None, : 20 * HOP]).row)


def test_a_network_whose_styles_are_taken_away_speaks_as_without_one(tmp_path: Path) -> None:
    """`plain_bundle` is trusted by other tests once the shipped network has styles."""
    path = tmp_path / "network.onnx"
    shutil.copy(styled_bundle().folder / "speech2landmarks.onnx", path)
    take_styles(path)
    taken, rng = load_network("taken", path), np.random.default_rng(0)
    assert not landmark_stage.knows_styles(taken)
    rows = (np.zeros((3, 512), "f4"), rng.random((3, 96), "f4"), rng.random((3, 78, 3), "f4"), np.zeros((3, 8), "f4"))
    _, one = landmark_stage.step_hop(taken, *rows)
    _, other = landmark_stage.step_hop(styled_bundle().network("speech2landmarks"), *rows)
    assert np.array_equal(one.landmarks, other.landmarks) and not one.tongue.any()


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ({"shout": 1}, "unknown style 'shout'; the known ones are articulate, mumble"),
        ({"mumble": 1.5}, "the weight of mumble is 1.5, outside 0…1"),
        ({"mumble": float("nan")}, "the weight of mumble is nan"),
        ([0, 0, 0, 0], "style has the shape"),
        ([0, 0, 0, 0, 2], "the greatest weight of style is 2"),
        ([-1, 0, 0, 0, 0], "the least weight of style is -1"),
        ("mumble", "style is 'mumble'"),
    ],
)
def test_what_is_no_style_is_refused(style: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Controls(style=style)  # type: ignore[arg-type]  # that is the point
