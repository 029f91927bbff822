"""Planes of pictures: every pixel format comes back as it was, colours of RGB agree with FFmpeg's."""

from __future__ import annotations

import av
import numpy as np
import pytest

from space_runtime.dubbing.planes import KEPT, Planes, frame_of, upright_planes


def frame(form: str, width: int = 64, height: int = 48) -> av.VideoFrame:
    rgb = np.random.default_rng(3).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=form)


@pytest.mark.parametrize("form", KEPT)
def test_a_kept_format_comes_back_bit_for_bit(form: str) -> None:
    given = frame(form)
    planes = upright_planes(given, (64, 48))
    made = frame_of(planes)
    assert made.format.name == planes.format == form
    again = upright_planes(made, (64, 48))
    assert all(np.array_equal(a, b) for a, b in zip(planes.planes, again.planes, strict=True))
    assert planes.bits == (10 if "10" in form else 8)


@pytest.mark.parametrize(
    ("form", "becomes"),
    [
        ("rgb24", "yuv444p"),
        ("nv12", "yuv420p"),
        ("yuv420p12le", "yuv420p10le"),
        ("yuv411p", "yuv420p"),
        ("gbrp10le", "yuv444p10le"),
    ],
)
def test_another_format_becomes_the_nearest(form: str, becomes: str) -> None:
    assert upright_planes(frame(form), (64, 48)).format == becomes


def test_odd_sides_need_no_smaller_planes() -> None:
    assert upright_planes(frame("yuv420p", 63, 47), (63, 47)).format == "yuv444p"


@pytest.mark.parametrize("full", [False, True])
def test_colours_agree_with_ffmpeg(full: bool) -> None:
    form = "yuvj444p" if full else "yuv444p"
    rgb = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0], [90, 120, 33]]], np.uint8)
    wide = np.repeat(np.repeat(rgb, 16, 1), 16, 0)
    theirs = upright_planes(av.VideoFrame.from_ndarray(wide, format="rgb24").reformat(format=form), (96, 16))
    assert isinstance(theirs, Planes)
    ours = theirs.colours(wide.astype(np.float32))
    assert np.abs(ours - np.stack(theirs.planes, -1)).max() <= 1.5
