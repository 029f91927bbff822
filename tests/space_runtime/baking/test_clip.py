"""Laws of clips: the contract of the keys, one content in two formats, equal frames give equal bytes."""

from __future__ import annotations

import json
import os
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine_bridge.formats.clip import COLUMNS, Metadata
from engine_bridge.formats.flat_json import write_json
from engine_bridge.formats.npz import write_npz
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.table import Writer
from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.animation.batch_state import Frames, blank_frames
from space_runtime.baking.clip import ROWS_PER_BLOCK, GrowingClip
from space_runtime.errors import OutputError
from space_runtime.media.atomic_files import prepare_folder, written_whole
from space_runtime.soa import take

METADATA = {"settings": {"seed": 7, "emotion": {"happy": 0.7}}, "name": "Grüße"}
NTSC = Fraction(30_000, 1_001)


def random_frames(n: int, seed: int = 0) -> Frames:
    rng = np.random.default_rng(seed)

    def values(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.normal(0, 1, (n, *shape)).astype(np.float32)

    return replace(
        blank_frames(n),
        frame_index=np.arange(n),
        landmarks=values(78, 3),
        blendshapes=rng.random((n, 52)).astype(np.float32),
        head=values(6),
        eye_rotation_rad=values(2, 2),
        tongue=rng.random((n, 2)).astype(np.float32),
    )


def filled(folder: Path, frames: Frames, fps: Fraction = NTSC, together: int = 7) -> GrowingClip:
    """A clip of frames that come ``together`` at a time."""
    clip = GrowingClip(folder, fps)
    for first in range(0, len(frames.row), together):
        clip.add_frames(take(frames, np.arange(first, min(first + together, len(frames.row)))))
    return clip


def write(writer: Writer, clip: GrowingClip, metadata: Metadata, path: Path) -> None:
    with path.open("wb") as file:
        writer(clip.clip("a", metadata), FormatOptions(), file)


@pytest.mark.parametrize("n_frames", [0, 1, ROWS_PER_BLOCK, 2 * ROWS_PER_BLOCK + 3])
def test_npz_holds_every_frame_under_the_contracts_keys(tmp_path: Path, n_frames: int) -> None:
    frames = random_frames(n_frames)
    with filled(tmp_path, frames) as clip:
        write(write_npz, clip, METADATA, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as read:
        shapes = {key: (read[key].shape, read[key].dtype.str) for key in read.files}
        for name in ("landmarks", "blendshapes", "head_rotation_rad", "head_translation", "eye_rotation_rad", "tongue"):
            assert np.array_equal(read[name], getattr(frames, name))
        assert read["times_s"].tolist() == [float(k / NTSC) for k in range(n_frames)]
        assert tuple(read["blendshape_names"]) == ARKIT_NAMES
        assert Fraction(*map(int, read["fps"])) == NTSC
        assert json.loads(str(read["metadata"])) == METADATA
    t = n_frames
    assert shapes == {
        "times_s": ((t,), "<f8"),
        "landmarks": ((t, 78, 3), "<f4"),
        "blendshapes": ((t, 52), "<f4"),
        "head_rotation_rad": ((t, 3), "<f4"),
        "head_translation": ((t, 3), "<f4"),
        "eye_rotation_rad": ((t, 2, 2), "<f4"),
        "tongue": ((t, 2), "<f4"),
        "blendshape_names": ((52,), shapes["blendshape_names"][1]),
        "fps": ((2,), "<i8"),
        "sample_rate": ((), "<i8"),
        "metadata": ((), shapes["metadata"][1]),
    }


@pytest.mark.parametrize("n_frames", [0, 1, ROWS_PER_BLOCK + 1])
def test_json_says_what_npz_says(tmp_path: Path, n_frames: int) -> None:
    with filled(tmp_path, random_frames(n_frames)) as clip:
        write(write_npz, clip, METADATA, tmp_path / "a.npz")
        write(write_json, clip, METADATA, tmp_path / "a.json")
    text = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    with np.load(tmp_path / "a.npz") as read:
        assert set(text) == set(read.files)
        assert text["metadata"] == METADATA
        assert text["blendshape_names"] == read["blendshape_names"].tolist()
        assert (text["fps"], text["sample_rate"]) == (read["fps"].tolist(), int(read["sample_rate"]))
        for column in COLUMNS:
            values = np.array(text[column.key], np.float64).reshape(read[column.key].shape)
            assert np.allclose(values, read[column.key], rtol=1e-5, atol=0)


@pytest.mark.parametrize("together", [1, 2, 1000])
def test_how_frames_come_together_does_not_change_a_byte(tmp_path: Path, together: int) -> None:
    for n in (together, 20):
        with filled(tmp_path, random_frames(20), together=n) as clip:
            write(write_npz, clip, METADATA, tmp_path / f"{n}.npz")
    assert (tmp_path / f"{together}.npz").read_bytes() == (tmp_path / "20.npz").read_bytes()


def test_equal_frames_give_equal_bytes_at_any_time_and_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def written(folder: Path) -> tuple[bytes, bytes]:
        folder.mkdir()
        with filled(folder, random_frames(20)) as clip:
            write(write_npz, clip, METADATA, folder / "x.npz")
            write(write_json, clip, dict(reversed(METADATA.items())), folder / "x.json")
        return (folder / "x.npz").read_bytes(), (folder / "x.json").read_bytes()

    now = written(tmp_path / "a")
    monkeypatch.setattr("time.time", lambda: 1.0e9)
    assert written(tmp_path / "b") == now


def test_other_frames_give_other_bytes(tmp_path: Path) -> None:
    with filled(tmp_path, random_frames(2)) as one, filled(tmp_path, random_frames(2, seed=1)) as other:
        write(write_npz, one, METADATA, tmp_path / "a.npz")
        write(write_npz, other, METADATA, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() != (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize("step", [1, 2, 7, ROWS_PER_BLOCK + 5])
def test_thinning_takes_every_nth_row(tmp_path: Path, step: int) -> None:
    frames = random_frames(2 * ROWS_PER_BLOCK + 9)
    with filled(tmp_path, frames) as clip:
        assert np.array_equal(clip.every("blendshapes", step), frames.blendshapes[::step])


def test_thinning_a_long_clip_keeps_only_what_it_returns(tmp_path: Path) -> None:
    with filled(tmp_path, random_frames(8 * ROWS_PER_BLOCK), together=ROWS_PER_BLOCK) as clip:
        tracemalloc.start()
        try:
            thinned = clip.every("landmarks", ROWS_PER_BLOCK)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert len(thinned) == 8
    assert peak < 3 * ROWS_PER_BLOCK * thinned[0].nbytes


def test_a_clip_leaves_nothing_behind(tmp_path: Path) -> None:
    with filled(tmp_path, random_frames(3)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_former_file_and_cleans_up(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("former")
    with pytest.raises(ValueError, match="broken"), written_whole(target) as partial:
        partial.write_text("half")
        raise ValueError("broken")
    assert target.read_text() == "former"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_the_final_name_appears_only_when_the_file_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with written_whole(target) as partial:
        partial.write_text("all of it")
        assert not target.exists()
        assert partial.parent == target.parent
    assert target.read_text() == "all of it"


def test_a_full_disk_is_an_output_error_that_names_the_file(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"a\.npz cannot be written \(No space left"),
        written_whole(tmp_path / "a.npz"),
    ):
        raise OSError(28, os.strerror(28))
    assert list(tmp_path.iterdir()) == []


def test_threads_that_prepare_one_folder_do_not_disturb_one_another(tmp_path: Path) -> None:
    n_threads = 8
    together = threading.Barrier(n_threads)

    def prepare_often() -> None:
        together.wait()
        for _ in range(100):
            prepare_folder(tmp_path / "out")

    with ThreadPoolExecutor(n_threads) as workers:
        for done in [workers.submit(prepare_often) for _ in range(n_threads)]:
            done.result()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(OutputError, match="choose another"):
            prepare_folder(folder)
    prepare_folder(tmp_path / "new" / "deep")
    assert list((tmp_path / "new" / "deep").iterdir()) == []
