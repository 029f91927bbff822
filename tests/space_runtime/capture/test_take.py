"""The file of a take: what is written is read, bit for bit; anything else ends in one sentence."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from space_runtime.capture.take import Take, read_take, write_take
from space_runtime.errors import MediaError, SpaceError


def some_take(n_rows: int = 7, with_landmarks: bool = True) -> Take:
    rng = np.random.default_rng(n_rows)
    return Take(
        samples=np.sort(rng.uniform(0, 99_999, n_rows)),
        blendshapes=rng.uniform(0, 1, (n_rows, 52)).astype(np.float32),
        head=rng.normal(0, 0.2, (n_rows, 6)).astype(np.float32),
        eyes_rad=rng.normal(0, 0.2, (n_rows, 2, 2)).astype(np.float32),
        confidence=rng.uniform(0, 1, n_rows).astype(np.float32),
        neutral_blendshapes=rng.uniform(0, 1, 52).astype(np.float32),
        neutral_head=rng.normal(0, 0.2, 6).astype(np.float32),
        landmarks=rng.normal(size=(n_rows, 78, 3)).astype(np.float32) if with_landmarks else None,
        source="Grüße „Ünì“.mp4",
        sha256="0" * 64,
        note="two people; the larger one is followed",
    )


@pytest.mark.parametrize("with_landmarks", [True, False])
def test_a_take_comes_back(tmp_path: Path, with_landmarks: bool) -> None:
    take = some_take(with_landmarks=with_landmarks)
    write_take(take, tmp_path / "take.npz")
    again = read_take(tmp_path / "take.npz")
    for field in fields(Take):
        before, after = getattr(take, field.name), getattr(again, field.name)
        assert np.array_equal(before, after) if isinstance(before, np.ndarray) else before == after


def test_equal_takes_give_equal_bytes(tmp_path: Path) -> None:
    for name in "ab":
        write_take(some_take(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@given(st.integers(0, 10**9), st.integers(0, 255))
def test_a_damaged_file_is_a_take_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, at: int, byte: int) -> None:
    path = tmp_path_factory.mktemp("take") / "take.npz"
    write_take(some_take(2), path)
    data = bytearray(path.read_bytes())
    data[at % len(data)] = byte
    path.write_bytes(data)
    try:
        read_take(path)
    except MediaError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("content", [b"", b"a text", bytes(1000), b"PK\x03\x04" + bytes(100)])
def test_what_is_no_take_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "take.npz").write_bytes(content)
    with pytest.raises(MediaError, match="is no take"):
        read_take(tmp_path / "take.npz")


def test_missing_files_folders_and_later_versions_are_said(tmp_path: Path) -> None:
    for name in ("missing.npz", "."):
        with pytest.raises(MediaError, match="is no take"):
            read_take(tmp_path / name)
    np.savez(tmp_path / "later.npz", space_take=np.array(99))
    with pytest.raises(MediaError, match="later version"):
        read_take(tmp_path / "later.npz")


@pytest.mark.parametrize("name", ["space_take", "samples", "head", "neutral_head", "note"])
def test_an_array_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    write_take(some_take(), tmp_path / "take.npz")
    with np.load(tmp_path / "take.npz") as arrays:
        np.savez(tmp_path / "less.npz", **{key: arrays[key] for key in arrays if key != name})
    with pytest.raises(MediaError, match=rf"it has no {name}\)"):
        read_take(tmp_path / "less.npz")


@pytest.mark.parametrize(
    "wrong",
    [
        {"samples": np.zeros(7)},
        {"samples": np.arange(6.0)},
        {"head": np.full((7, 6), np.nan)},
        {"blendshapes": np.zeros((7, 51))},
        {"neutral_head": np.zeros(5)},
        {"source": 3},
        {"samples": np.arange(7.0) - 1},
        {"samples": np.append(np.arange(6.0), 1e300)},
        {"blendshapes": np.full((7, 52), 1.5)},
        {"blendshapes": np.full((7, 52), -3e38)},
        {"neutral_blendshapes": np.full(52, 9e9)},
        {"head": np.full((7, 6), 1e30)},
        {"neutral_head": np.full(6, 4.0)},
        {"eyes_rad": np.full((7, 2, 2), 2.0)},
        {"confidence": np.full(7, 1e9)},
    ],
)
def test_wrong_arrays_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SpaceError):
        replace(some_take(), **wrong)  # type: ignore[arg-type]
