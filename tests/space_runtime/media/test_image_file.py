"""Laws of reading pictures: what a viewer shows is what is read; headers give a size or nothing."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from space_runtime.errors import MediaError
from space_runtime.media.image_file import read_picture
from space_runtime.media.image_header import header_size, orientation
from tests.support import pictures


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("number", range(1, 9))
def test_exif_orientation_is_undone(number: int, order: str, tmp_path: Path) -> None:
    picture = pictures.astronaut()[:300]
    path = pictures.save(tmp_path / "a.jpg", pictures.stored_as(picture, number))
    path.write_bytes(pictures.with_orientation(path.read_bytes(), number, order))
    shown = read_picture(path)
    assert shown.shape == picture.shape
    assert np.abs(shown.astype(int) - picture).mean() < 4


def test_transparency_shows_neutral_grey(tmp_path: Path) -> None:
    rgba = np.zeros((40, 40, 4), np.uint8)
    rgba[:, 20:] = (200, 100, 50, 255)
    shown = read_picture(pictures.save(tmp_path / "a.png", rgba))
    assert np.all(shown[:, :20] == pictures.GREY)
    assert np.all(shown[:, 20:] == (200, 100, 50))


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "bmp", "gif", "ppm", "avif"])
def test_header_size_is_that_of_the_picture(suffix: str, tmp_path: Path) -> None:
    path = pictures.save(tmp_path / f"a.{suffix}", pictures.astronaut()[:40, :70])
    assert header_size(path.read_bytes()) == (70, 40)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "bmp", "gif", "ppm", "avif"])
def test_header_cut_anywhere_gives_a_size_or_nothing(suffix: str, tmp_path: Path) -> None:
    data = pictures.save(tmp_path / f"a.{suffix}", pictures.astronaut()[:40, :70]).read_bytes()
    assert {header_size(data[:end]) for end in range(min(len(data), 1500))} <= {None, (70, 40)}


@pytest.mark.parametrize("number", range(1, 9))
def test_exif_of_png_is_undone(number: int, tmp_path: Path) -> None:
    picture = pictures.astronaut()[:40, :70]
    path = pictures.save(tmp_path / "a.png", pictures.stored_as(picture, number))
    path.write_bytes(pictures.png_with_orientation(path.read_bytes(), number))
    assert np.array_equal(read_picture(path), picture)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_exif_cut_or_damaged_anywhere_gives_some_orientation(suffix: str, tmp_path: Path) -> None:
    data = pictures.save(tmp_path / f"a.{suffix}", pictures.astronaut()[:40, :70]).read_bytes()
    whole = pictures.with_orientation(data, 6) if suffix == "jpg" else pictures.png_with_orientation(data, 6)
    assert orientation(whole) == 6
    for place in range(120):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        assert orientation(bytes(damaged)) in range(1, 9)
        assert orientation(whole[:place]) in range(1, 9)


@pytest.mark.parametrize("bits", [8, 16])
def test_depth_does_not_change_the_pixels(bits: int, tmp_path: Path) -> None:
    picture = pictures.astronaut()[:40, :70]
    values = picture if bits == 8 else picture.astype(np.uint16) * 257
    assert np.array_equal(read_picture(pictures.save(tmp_path / "a.png", values)), picture)


def test_other_pixel_types_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tiff"
    assert cv2.imwrite(str(path), np.zeros((20, 20), np.float32))
    with pytest.raises(MediaError, match="float32"):
        read_picture(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "bmp"])
def test_damaged_file_gives_a_picture_or_an_error(suffix: str, tmp_path: Path) -> None:
    whole = pictures.save(tmp_path / f"a.{suffix}", pictures.astronaut()[:40, :70]).read_bytes()
    rng = np.random.default_rng(7)
    path = tmp_path / f"damaged.{suffix}"
    for _ in range(60):
        damaged = np.frombuffer(whole, np.uint8).copy()
        places = rng.integers(0, min(len(damaged), 400), 3)
        damaged[places] = rng.integers(0, 256, 3)
        path.write_bytes(damaged[: rng.integers(1, len(damaged) + 1)].tobytes())
        try:
            shown = read_picture(path)
        except MediaError as error:
            assert path.name in str(error)
        else:
            assert shown.ndim == 3 and shown.shape[2] == 3 and shown.dtype == np.uint8
