"""The .spaceclip: its layout, the golden vector that all languages read, and files that are none."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_bridge.formats.clip import Clip, ClipError
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.spaceclip import read_spaceclip, write_spaceclip
from engine_bridge.protocol.messages import Frame
from engine_bridge.protocol.wire import decode
from tests.support.clips import random_clip
from tests.tools.golden_clip import PATH, golden_clip

COLUMNS = ("times_s", "speech", "blendshapes", "head_rotation_rad", "head_translation", "eye_rotation_rad")


def written(clip: Clip) -> bytes:
    file = io.BytesIO()
    write_spaceclip(clip, FormatOptions(), file)
    return file.getvalue()


@pytest.mark.parametrize("n_frames", [0, 1, 40])
def test_what_is_read_back_is_what_was_written(n_frames: int) -> None:
    clip = random_clip(n_frames, Fraction(30_000, 1_001), name="grüße")
    read = read_spaceclip(written(clip))
    assert (read.name, read.fps, read.sample_rate, read.metadata) == ("grüße", clip.fps, 16_000, clip.metadata)
    for key in COLUMNS:
        assert np.allclose(getattr(read, key), getattr(clip, key), atol=1e-12)
    assert read.landmarks is None


def test_its_frames_are_those_of_the_wire_and_lie_at_equal_distances() -> None:
    clip = random_clip(5)
    data = written(clip)
    magic, version, size = struct.unpack_from("<8sII", data)
    start = 16 + size
    assert (magic, version) == (b"SPACECLP", 1)
    length = (len(data) - start) // 5
    for k in range(5):
        frame = decode(data[start + k * length : start + (k + 1) * length])
        assert isinstance(frame, Frame)
        assert frame.index == k
        assert frame.sample == pytest.approx(k * 16_000 / 30)
        assert clip.blendshapes is not None
        assert np.array_equal(np.asarray(frame.weights), clip.blendshapes[k])


def test_a_channel_that_was_left_out_stays_away() -> None:
    whole = random_clip(3)
    clip = Clip(
        **{key: getattr(whole, key) for key in ("name", "fps", "sample_rate", "metadata", "times_s", "speech")},
        blendshapes=whole.blendshapes,
    )
    read = read_spaceclip(written(clip))
    assert (read.head_rotation_rad, read.eye_rotation_rad) == (None, None)


def test_the_golden_clip_is_what_lies_there() -> None:
    assert written(golden_clip()) == PATH.read_bytes()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_ends_in_one_error(data: st.DataObject) -> None:
    whole = bytearray(written(random_clip(2)))
    cut = data.draw(st.integers(0, len(whole)))
    flips = data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(1, 255)), max_size=3))
    for place, change in flips:
        whole[place] ^= change
    try:
        read_spaceclip(bytes(whole[:cut]))
    except ClipError as error:
        assert "no .spaceclip" in str(error)
