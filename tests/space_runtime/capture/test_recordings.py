"""Recordings as takes: CSV of Live Link Face, baked clips and takes, told apart by what is in them."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine_bridge.formats.clip import Clip
from engine_bridge.formats.live_link_csv import write_csv
from engine_bridge.formats.npz import write_npz
from engine_bridge.formats.options import FormatOptions
from space_runtime.capture.recordings import open_take
from space_runtime.capture.take import write_take
from space_runtime.errors import MediaError, SpaceError

N = 40


def some_clip(**without: None) -> Clip:
    rng = np.random.default_rng(3)
    columns = {
        "blendshapes": rng.uniform(0, 1, (N, 52)).astype(np.float32),
        "head_rotation_rad": rng.normal(0, 0.2, (N, 3)).astype(np.float32),
        "head_translation": rng.normal(0, 0.2, (N, 3)).astype(np.float32),
        "eye_rotation_rad": rng.normal(0, 0.2, (N, 2, 2)).astype(np.float32),
    } | without
    return Clip(
        name="line",
        fps=Fraction(30),
        sample_rate=16_000,
        metadata={},
        times_s=np.arange(N) / 30,
        speech=np.zeros(N, np.float32),
        **columns,
    )


def test_our_own_csv_comes_back(tmp_path: Path) -> None:
    clip, file = some_clip(), io.BytesIO()
    write_csv(clip, FormatOptions(), file)
    (tmp_path / "take.bin").write_bytes(file.getvalue())
    take = open_take(tmp_path / "take.bin")
    assert np.allclose(take.samples, clip.times_s * 16_000, atol=1)
    assert clip.blendshapes is not None and clip.head_rotation_rad is not None and clip.eye_rotation_rad is not None
    assert np.allclose(take.blendshapes, clip.blendshapes, atol=1e-6)
    assert np.allclose(take.head[:, :3], clip.head_rotation_rad, atol=1e-6)
    assert np.allclose(take.eyes_rad, clip.eye_rotation_rad, atol=1e-6)
    assert (take.confidence == 1).all() and take.landmarks is None and take.source == "take.bin"


def test_a_baked_clip_moves_from_rest(tmp_path: Path) -> None:
    clip = some_clip()
    with (tmp_path / "clip.npz").open("wb") as file:
        write_npz(clip, FormatOptions(), file)
    take = open_take(tmp_path / "clip.npz")
    assert clip.blendshapes is not None and clip.head_translation is not None
    assert np.array_equal(take.blendshapes, clip.blendshapes)
    assert np.array_equal(take.head[:, 3:], clip.head_translation)
    assert not take.neutral_head.any() and not take.neutral_blendshapes.any()


def test_a_take_is_opened_under_any_name(tmp_path: Path) -> None:
    with (tmp_path / "clip.npz").open("wb") as file:
        write_npz(some_clip(), FormatOptions(), file)
    take = open_take(tmp_path / "clip.npz")
    write_take(take, tmp_path / "take.mp4")
    assert np.array_equal(open_take(tmp_path / "take.mp4").blendshapes, take.blendshapes)


def test_a_clip_without_weights_is_said(tmp_path: Path) -> None:
    with (tmp_path / "clip.npz").open("wb") as file:
        write_npz(some_clip(blendshapes=None), FormatOptions(), file)
    with pytest.raises(MediaError, match="without blendshapes"):
        open_take(tmp_path / "clip.npz")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello\n",
        b"PK\x03\x04",
        b"Timecode,BlendshapeCount\n",
        b"Timecode,BlendshapeCount,EyeBlinkLeft\n00:00:00:00.000,61,0.5\n",
        bytes(10_000),
    ],
)
def test_what_holds_no_take_is_said_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "take").write_bytes(content)
    with pytest.raises(SpaceError, match="take") as caught:
        open_take(tmp_path / "take")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["take.npz", "take.csv"])
def test_what_is_named_as_a_recording_and_is_none_is_no_video(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("time,yaw\n0,1\n")
    with pytest.raises(MediaError, match=f"{name} is no take, no baked clip and no recording of Live Link Face"):
        open_take(tmp_path / name)


@pytest.mark.parametrize("name", ["missing.mp4", "."])
def test_missing_files_and_folders_are_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(MediaError, match="cannot be read"):
        open_take(tmp_path / name)


def test_a_csv_with_angles_that_no_face_has_is_named(tmp_path: Path) -> None:
    file = io.BytesIO()
    write_csv(some_clip(), FormatOptions(), file)
    first, *rows = file.getvalue().decode().splitlines()
    damaged = [",".join("1e30" if n else cell for n, cell in enumerate(row.split(","))) for row in rows]
    (tmp_path / "take.csv").write_text("\n".join([first, *damaged]))
    with pytest.raises(MediaError, match=r"take.csv is damaged \(head"):
        open_take(tmp_path / "take.csv")


def recorded(path: Path, times: list[str], seen: list[bool]) -> Path:
    """Write a recording as the app does; rows without a face lack their values."""
    file = io.BytesIO()
    write_csv(some_clip(), FormatOptions(), file)
    first, *rows = file.getvalue().decode().splitlines()
    cells = [row.split(",") if here else ["", "0"] for row, here in zip(rows, seen, strict=False)]
    path.write_text("\n".join([first, *(",".join([time, *row[1:]]) for time, row in zip(times, cells, strict=True))]))
    return path


def test_rows_without_a_face_have_no_confidence(tmp_path: Path) -> None:
    times = [f"00:00:00:{2 * k:02}.000" for k in range(10)]
    seen = [False, True, True, False, False, True, True, True, True, False]
    take = open_take(recorded(tmp_path / "take.csv", times, seen))
    assert take.confidence.tolist() == [float(here) for here in seen]
    assert np.array_equal(take.blendshapes[3], take.blendshapes[2]) and "no face in 4 of 10 rows" in take.note
    assert take.neutral_blendshapes.any()
    with pytest.raises(MediaError, match="no rows that show a face"):
        open_take(recorded(tmp_path / "nobody.csv", times, [False] * 10))


def test_a_recording_goes_on_over_midnight(tmp_path: Path) -> None:
    times = ["23:59:59:58.000", "23:59:59:59.000", "00:00:00:00.000", "00:00:00:01.000"]
    take = open_take(recorded(tmp_path / "take.csv", times, [True] * 4))
    assert np.allclose(take.samples, np.arange(4) * 16_000 / 60)
