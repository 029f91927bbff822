"""The app's CSV: its order of columns, its numbers and its time code; what is read back is what was written."""

from __future__ import annotations

import csv
import io
from fractions import Fraction

import numpy as np
import pytest
from pylivelinkface import FaceBlendShape

from engine_bridge.formats.clip import ClipError
from engine_bridge.formats.live_link_csv import COLUMNS, read_csv, seconds_of, time_code, write_csv
from engine_bridge.formats.options import FormatOptions
from tests.support.clips import SHAPE, random_clip

RECORDED = (
    "Timecode,BlendShapeCount,"
    + ",".join(COLUMNS)
    + "\n"
    + "09:40:10:58.100,61,"
    + ",".join(["0.25"] * 61)
    + "\n"
    + "09:40:10:59.102,61,"
    + ",".join(["0.5"] * 61)
    + "\n"
    + "09:40:11:00.104,0"
    + "\n"
)
"""Rows as the app writes them, the last without a face; older versions spell the header's second word so."""


def written(n_frames: int, fps: Fraction) -> bytes:
    file = io.BytesIO()
    write_csv(random_clip(n_frames, fps), FormatOptions(), file)
    return file.getvalue()


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(30), Fraction(60), Fraction(30_000, 1_001)])
def test_what_is_read_back_is_what_was_written(fps: Fraction) -> None:
    clip, read = random_clip(50, fps), read_csv(written(50, fps), "hello")
    assert read.fps == fps
    assert np.abs(read.times_s - clip.times_s).max() < 1.1 / 60_000
    for key in ("blendshapes", "head_rotation_rad", "eye_rotation_rad"):
        assert np.abs(getattr(read, key) - getattr(clip, key)).max() < 5.1e-11 + 1e-12


def test_the_columns_are_in_the_apps_order() -> None:
    text = written(3, Fraction(60)).decode()
    header, *rows = csv.reader(io.StringIO(text))
    assert text.endswith("\n")
    assert "\r" not in text
    assert header[:2] == ["Timecode", "BlendshapeCount"]
    assert header[2:][15:17] == ["JawRight", "JawLeft"]
    assert header[2:][21:23] == ["MouthRight", "MouthLeft"]
    assert {row[1] for row in rows} == {"61"}
    assert [row[0] for row in rows] == ["00:00:00:00.000", "00:00:00:01.000", "00:00:00:02.000"]
    clip = random_clip(3, Fraction(60))
    assert clip.blendshapes is not None
    assert rows[1][header.index("JawLeft")] == f"{clip.blendshapes[1, SHAPE['jawLeft']]:.10f}"


def test_an_independent_decoder_knows_every_column() -> None:
    known = {shape.name.lower() for shape in FaceBlendShape}
    assert {column.lower() for column in COLUMNS} == known


def test_one_axis_at_a_time_goes_where_the_app_has_it() -> None:
    for key, place, column, sign in (
        ("head_rotation_rad", (0, 0), "HeadYaw", 1),
        ("head_rotation_rad", (0, 1), "HeadPitch", -1),
        ("head_rotation_rad", (0, 2), "HeadRoll", 1),
        ("eye_rotation_rad", (0, 0, 0), "LeftEyeYaw", -1),
        ("eye_rotation_rad", (0, 1, 1), "RightEyePitch", 1),
    ):
        clip = random_clip(1)
        for rows in (clip.blendshapes, clip.head_rotation_rad, clip.eye_rotation_rad):
            assert rows is not None
            rows[:] = 0
        getattr(clip, key)[place] = 0.25
        file = io.BytesIO()
        write_csv(clip, FormatOptions(), file)
        header, row = csv.reader(io.StringIO(file.getvalue().decode()))
        assert {name: value for name, value in zip(header[2:], map(float, row[2:]), strict=True) if value} == {
            column: sign * 0.25
        }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00:00:00.000"), (59.999999, "00:01:00:00.000"), (3_661.5, "01:01:01:30.000"), (1 / 24, "00:00:00:02.500")],
)
def test_time_codes(seconds: float, text: str) -> None:
    assert time_code(seconds) == text
    assert seconds_of(text) == pytest.approx(seconds, abs=1e-5)


def test_a_recording_of_the_app_is_read_with_its_own_times() -> None:
    read = read_csv(RECORDED.encode())
    assert read.times_s.tolist() == pytest.approx([0, 1.002 / 60, 2.004 / 60])
    assert read.blendshapes is not None
    assert read.blendshapes[:, 0].tolist() == [0.25, 0.5, 0.5]  # no face: the former row


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xff",
        b"a,b\n",
        RECORDED.replace("JawOpen", "Jaw").encode(),
        RECORDED.replace("0.25", "x").encode(),
        RECORDED.replace("0.25", "inf").encode(),
        RECORDED.replace("10:59.102", "09:59.102").encode(),
        RECORDED.replace("09:40:10:58.100", "soon").encode(),
    ],
)
def test_what_is_no_recording_ends_in_one_sentence(data: bytes) -> None:
    with pytest.raises(ClipError, match="no CSV of Live Link Face"):
        read_csv(data)


def test_a_clip_without_frames_is_a_header() -> None:
    assert written(0, Fraction(30)).count(b"\n") == 1
    assert read_csv(written(0, Fraction(30))).n_frames == 0
