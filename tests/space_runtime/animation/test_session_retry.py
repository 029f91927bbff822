"""A step that fails in a session: nothing is lost, nothing is heard twice, and the call may be repeated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from space_runtime import RecordedMotion, Session, UsageError, bake
from space_runtime.animation.batch_state import Motion
from space_runtime.animation.control_batch import ControlBatch
from space_runtime.arrays import Doubles
from tests.support.session_frames import BUNDLE
from tests.support.sounds import mono_speech


class FailsOnce:
    """A source of motion that is speech, but fails at one of its calls."""

    def __init__(self, call: int) -> None:
        self.calls_left = call

    def at(self, speech: Motion, controls: ControlBatch, media_sample: Doubles) -> Motion:
        self.calls_left -= 1
        if self.calls_left == 0:
            raise RuntimeError("once")
        return speech


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_push_or_finish_that_fails_may_be_repeated(call: int) -> None:
    sound = mono_speech(2.0)
    plain = Session(BUNDLE)
    expected = plain.push(sound) + plain.finish()
    session = Session(BUNDLE, motion=FailsOnce(call))
    try:
        frames = session.push(sound)
    except RuntimeError:
        frames = session.push(sound[:0])
    try:
        frames += session.finish()
    except RuntimeError:
        frames += session.finish()
    assert [frame.frame_index for frame in frames] == [frame.frame_index for frame in expected]
    for mine, theirs in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(mine.blendshapes, theirs.blendshapes)
    assert session.finish() == []


@pytest.mark.parametrize(
    "odd", [{"landmarks": np.float32(1)}, {"fps": np.array([np.inf])}, {"fps": np.array([1, 2**62])}, {"fps": [0, 1]}]
)
def test_a_clip_with_odd_arrays_is_no_clip(odd: dict[str, object], line: Path, tmp_path: Path) -> None:
    (path,) = bake(line, tmp_path / "out", bundle=BUNDLE)
    with np.load(path) as clip:
        arrays = {**{name: clip[name] for name in clip.files}, **odd}
    np.savez(tmp_path / "odd.npz", **arrays)
    with pytest.raises(UsageError):
        RecordedMotion.of_clip(tmp_path / "odd.npz")
