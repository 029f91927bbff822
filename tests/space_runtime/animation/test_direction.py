"""Laws of direction over time: looks, blinks and emotion as one order of changes, and the files that they come from."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime.animation.direction import (
    HEAD_COLUMNS,
    Direction,
    LookKey,
    parse_blinks,
    parse_looks,
    with_head_track,
)
from space_runtime.animation.emotion_track import parse_emotion_track
from space_runtime.animation.key_file import read_timed_table
from space_runtime.errors import UsageError
from space_runtime.values import Controls, HeadMode

PLAIN = Controls(seed=1)
MS = st.integers(0, 3_000)
LOOKS = st.lists(MS, max_size=4, unique=True).map(
    lambda times: tuple(LookKey(at, np.full(3, 1 + at, np.float32)) for at in sorted(times))
)
BLINKS = st.lists(st.integers(80, 3_000), max_size=4, unique=True).map(
    lambda times: parse_blinks(",".join(f"{at / 1e3:g}" for at in times))
)
KEYED = st.sampled_from(["", "happy=0.5", "sad=1@0s,happy=1@1.5s,happy=0.2@2s", "happy=1@0.5s,sad=1@2.9s"])


@given(KEYED, LOOKS, BLINKS)
@settings(max_examples=60, deadline=None)
def test_an_emotion_goes_on_as_if_nobody_looked_or_blinked(
    keyed: str, looks: tuple[LookKey, ...], blinks: tuple[object, ...]
) -> None:
    emotion = parse_emotion_track(keyed)
    direction = Direction(emotion, looks, blinks)  # type: ignore[arg-type]  # blinks are keys
    alone, track = emotion.over(PLAIN), direction.over(PLAIN)
    for sample in range(0, 50_000, 777):
        assert np.allclose(alone.emotion_at(sample), track.emotion_at(sample), atol=2e-6)
    steps = list(direction.steps())
    assert all(one.begin_ms + one.fade_ms <= other.begin_ms for one, other in pairwise(steps))
    assert all(one.begin_ms < other.begin_ms for one, other in pairwise(steps))


@given(KEYED, LOOKS, BLINKS)
@settings(max_examples=40, deadline=None)
def test_every_look_holds_until_the_next_and_every_blink_comes_once(
    keyed: str, looks: tuple[LookKey, ...], blinks: tuple[object, ...]
) -> None:
    track = Direction(parse_emotion_track(keyed), looks, blinks).over(PLAIN)  # type: ignore[arg-type]
    for n, look in enumerate(looks):
        until = looks[n + 1].at_ms if n + 1 < len(looks) else 9_000
        for ms in (look.at_ms, (look.at_ms + until) / 2):
            seen = track.at(ms * 16).look_at
            assert seen is not None and look.point is not None and np.array_equal(seen, look.point)
    assert len(track.asked_blinks) == len(blinks)


def test_blinks_as_people_write_them() -> None:
    keys = parse_blinks(" 2.1:0.6, .5 ,4:1:2,")
    assert [(key.at_ms, [round(n, 6) for n in key.blink.tolist()]) for key in keys] == [
        (420, [1, 0.04]),
        (2_020, [0.6, 0.04]),
        (3_920, [1, 2]),
    ]


def written(folder: Path, name: str) -> Path:
    path, rows = folder / name, [(0.0, 1.5, -2.0, 0.0), (0.5, 3.0, 0.0, 1.0)]
    names = ("time", "yaw", "pitch", "roll")
    if path.suffix == ".json":
        path.write_text(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
    elif path.suffix == ".npz":
        time, yaw, pitch, roll = np.array(rows).T
        np.savez(path, time=time, yaw=yaw, pitch=pitch, roll=roll)
    else:
        path.write_text("\ufefftime, yaw ,pitch,roll\n\n" + "\n".join(",".join(map(str, row)) for row in rows) + "\n")
    return path


@pytest.mark.parametrize("name", ["head.csv", "head.json", "head.npz"])
def test_a_given_head_is_read_from_any_of_the_files(tmp_path: Path, name: str) -> None:
    controls = with_head_track(PLAIN, written(tmp_path, name))
    assert controls.head_mode is HeadMode.GIVEN and controls.head_track is not None
    assert np.allclose(np.degrees(controls.head_track), np.array([[1.5, -2, 0], [3, 0, 1]]), atol=1e-5)
    assert controls.head_track_samples is not None and controls.head_track_samples.tolist() == [0, 8_000]


def test_places_of_a_given_head_are_taken_as_they_are(tmp_path: Path) -> None:
    (path := tmp_path / "head.csv").write_text("time,yaw,pitch,roll,x,y,z\n0,90,0,0,0.1,0,-0.2\n")
    track = with_head_track(PLAIN, path).head_track
    assert track is not None and np.allclose(track, [[np.pi / 2, 0, 0, 0.1, 0, -0.2]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "its columns are ''"),
        ("time,yaw,pitch\n0,1,2\n", "expected time,yaw,pitch,roll[,x,y,z]"),
        ("time,yaw,pitch,roll,x\n0,1,2,3,4\n", "expected time,yaw,pitch,roll[,x,y,z]"),
        ("time,yaw,pitch,roll\n", "0 rows"),
        ("time,yaw,pitch,roll\n0,1,2,3\n0.5,1,x,3\n", "line 3: pitch is 'x'; expected a number"),
        ("time,yaw,pitch,roll\n0,1,2,3\n0.5,1,,3\n", "line 3: pitch is ''; expected a number"),
        ("time,yaw,pitch,roll\n0,1,2,nan\n", "line 2: roll is 'nan'"),
        ("time,yaw,pitch,roll\n0,1,2\n", "line 2 has 3 cells for 4 columns"),
        ("time,yaw,pitch,roll\n1,1,2,3\n1,1,2,3\n", "line 3: its time is 1 s; times lie in 0…86400 s and rise"),
        ("time,yaw,pitch,roll\n-1,1,2,3\n", "line 2: its time is -1 s"),
        ('time,yaw,pitch,roll\n"0,1,2,3\n', "it is no CSV"),
        ("\x00\xff", "its columns are"),
    ],
)
def test_a_table_that_is_wrong_is_told_by_its_line(tmp_path: Path, text: str, words: str) -> None:
    (path := tmp_path / "head.csv").write_text(text)
    with pytest.raises(UsageError) as caught:
        read_timed_table("--head-track", path, HEAD_COLUMNS)
    assert words in str(caught.value) and str(caught.value).startswith("--head-track '")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.json", b"{}", "no JSON list"),
        ("a.json", b"[1]", "no JSON list"),
        ("a.json", b'[{"time": 0, "yaw": 1}]', "entry 1: pitch is ''"),
        ("a.json", b'[{"time": 0, "yaw": true, "pitch": 0, "roll": 0}]', "entry 1: yaw is True"),
        ("a.json", b'[{"time": 0, "yaw": 0, "pitch": 0, "roll": 0, "jaw": 1}]', "its columns are"),
        ("a.json", b'[{"time": 0, "time": 0}]', "'time' is named twice"),
        ("a.npz", b"PK\x03\x04", "no arrays of one length"),
        ("a.csv", b"\xff\xfe\x00", "it is no CSV in UTF-8"),
        ("none.csv", None, "there is no such file"),
        ("none.npz", None, "no arrays of one length"),
    ],
)
def test_files_that_are_none_are_told(tmp_path: Path, name: str, data: bytes | None, words: str) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read_timed_table("--head-track", path, HEAD_COLUMNS)
    assert words in str(caught.value)


def test_a_key_without_a_point_is_eye_contact(tmp_path: Path) -> None:
    (path := tmp_path / "looks.csv").write_text("time,x,y,z\n0,1,2,3\n1.5,,,\n")
    keys = parse_looks(str(path))
    assert [key.at_ms for key in keys] == [0, 1_500] and keys[1].point is None
    (path := tmp_path / "looks.json").write_text('[{"time": 0, "x": 1, "y": 2, "z": 3}, {"time": 1.5}]')
    again = parse_looks(str(path))
    assert keys[0].point is not None and np.array_equal(keys[0].point, [1, 2, 3]) and again[1] == keys[1]


@pytest.mark.parametrize("text", ["1,2", "a,b,c", "1,2,3,4", "1e9,0,0", "1e300,0,0"])
@pytest.mark.filterwarnings("error")
def test_no_point_is_told(text: str) -> None:
    with pytest.raises(UsageError):
        parse_looks(text)


@pytest.mark.parametrize("row", ["0,1e9,0,0,0,0,0", "0,0,0,-400,0,0,0", "0,0,0,0,1e9,0,0"])
def test_a_head_that_no_one_has_is_told(tmp_path: Path, row: str) -> None:
    (path := tmp_path / "head.csv").write_text(f"time,yaw,pitch,roll,x,y,z\n{row}\n")
    with pytest.raises(UsageError, match=r"of --head-track contains .*; expected -"):
        with_head_track(PLAIN, path)


@pytest.mark.parametrize("text", ["x", "1:2", "1:0.5:99", "-1", "1:0.5:1:1", "nan"])
def test_no_blink_is_told(text: str) -> None:
    with pytest.raises(UsageError):
        parse_blinks(text)
