"""Sound that comes as callers have it: other rates, channels, types and sequences; the laws of chunks hold for it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime import Controls, Frame, Session, UsageError, bake
from space_runtime.arrays import Floats
from space_runtime.media.resampling import sound_of
from space_runtime.timebase import SAMPLE_RATE
from tests.support.session_frames import BUNDLE
from tests.support.sounds import speechlike

STEREO = speechlike(0.4, 48_000, 2)


def played(sound: Floats, rate: int, cuts: list[int]) -> list[Frame]:
    session, edges = Session(BUNDLE), [0, *sorted(min(cut, len(sound)) for cut in cuts), len(sound)]
    frames = [frame for start, stop in pairwise(edges) for frame in session.push(sound[start:stop], rate)]
    return frames + session.finish()


def same(first: list[Frame], second: list[Frame]) -> bool:
    return len(first) == len(second) and all(
        np.array_equal(one.landmarks, other.landmarks) and np.array_equal(one.blendshapes, other.blendshapes)
        for one, other in zip(first, second, strict=True)
    )


ONCE = played(STEREO, 48_000, [])


@settings(max_examples=10)
@given(st.lists(st.integers(0, len(STEREO)), max_size=6))
def test_how_stereo_of_another_rate_is_cut_changes_no_bit(cuts: list[int]) -> None:
    assert same(played(STEREO, 48_000, cuts), ONCE)


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_pushed_as_in_the_file_equals_baked(tmp_path: Path, rate: int) -> None:
    sound = speechlike(0.4, rate, 2)
    soundfile.write(tmp_path / "line.wav", sound, rate, subtype="FLOAT")
    (clip,) = bake(str(tmp_path / "line.wav"), str(tmp_path), bundle=BUNDLE, controls=Controls(seed=0), tail_s=0)
    with np.load(clip) as columns:
        frames = played(sound, rate, [100, 5_000])
        assert np.array_equal(columns["blendshapes"], np.stack([frame.blendshapes for frame in frames]))


def test_sixteen_bits_lists_and_doubles_are_the_same_sound() -> None:
    pcm = (speechlike(0.2) * 32_767).astype(np.int16)[:, 0]
    floats = pcm.astype(np.float32) / np.float32(32_768)
    expected = played(floats, SAMPLE_RATE, [])
    session = Session(BUNDLE)
    for given_as in (pcm, floats.astype(np.float64), floats.tolist(), floats[:, None], pcm.astype(np.int32) * 65_536):
        session.reset()
        assert same(session.push(given_as) + session.finish(), expected)


def test_scales_of_whole_numbers() -> None:
    assert sound_of(np.array([-32_768, 0, 16_384], np.int16)).tolist() == [-1, 0, 0.5]
    assert sound_of(np.array([0, 128, 192], np.uint8)).tolist() == [-1, 0, 0.5]
    assert sound_of([0] * 5).tolist() == [0] * 5  # silence is silence on every scale
    with pytest.raises(UsageError, match="whose scale is unknown"):
        sound_of([0, 1_000])


def test_the_rate_of_a_sound_stays_until_reset() -> None:
    session = Session(BUNDLE)
    session.push([])
    session.push(np.zeros(100), 48_000)
    with pytest.raises(UsageError, match="came at 48000 samples per second and now at 16000"):
        session.push(np.zeros(100))
    session.reset()
    session.push(np.zeros(100))
    assert session.finish() and not session.finish()
