"""Laws of reading pictures: what a viewer shows is what is read; headers give a size or nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from space_runtime.arrays import Pixels
from space_runtime.errors import MediaError
from space_runtime.media.image_file import decode_picture, read_picture
from space_runtime.media.image_header import ImageHeader, ImageKind, read_header
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
    kind = {"jpg": ImageKind.JPEG, "ppm": ImageKind.PNM}.get(suffix) or ImageKind(suffix)
    assert read_header(path.read_bytes()) == ImageHeader(kind, 70, 40, 1)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "bmp", "gif", "ppm", "avif"])
def test_header_cut_anywhere_gives_a_size_or_nothing(suffix: str, tmp_path: Path) -> None:
    data = pictures.save(tmp_path / f"a.{suffix}", pictures.astronaut()[:40, :70]).read_bytes()
    found = {read_header(data[:end]) for end in range(min(len(data), 1500))}
    assert {header and (header.width, header.height, header.orientation) for header in found} <= {None, (70, 40, 1)}


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
    header = read_header(whole)
    assert header and header.orientation == 6
    for place in range(120):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        for data in (bytes(damaged), whole[:place]):
            header = read_header(data)
            assert header is None or header.orientation in range(1, 9)


def test_exif_behind_the_pixels_of_a_png_is_undone(tmp_path: Path) -> None:
    picture = pictures.astronaut()[:40, :70]
    path = pictures.save(tmp_path / "a.png", pictures.stored_as(picture, 6))
    data = path.read_bytes()
    path.write_bytes(data[:-12] + pictures.png_chunk(b"eXIf", pictures.exif_block(6)) + data[-12:])
    assert np.array_equal(read_picture(path), picture)


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("suffix", ["avif", "heic"])
def test_orientation_of_avif_and_heic_is_undone(suffix: str, number: int, tmp_path: Path) -> None:
    picture = pictures.astronaut()[40:140, 150:310]
    path = save_with_pillow(tmp_path / f"a.{suffix}", pictures.stored_as(picture, number), pictures.exif_block(number))
    shown = read_picture(path)
    assert shown.shape == picture.shape
    assert np.abs(shown.astype(int) - picture).mean() < 4


@pytest.mark.parametrize("suffix", ["avif", "heic"])
def test_transparency_of_avif_and_heic_shows_neutral_grey(suffix: str, tmp_path: Path) -> None:
    rgba = np.full((64, 64, 4), 255, np.uint8)
    rgba[:, :32, 3] = 0
    shown = read_picture(save_with_pillow(tmp_path / f"a.{suffix}", rgba))
    assert np.abs(shown[:, :28].astype(int) - pictures.GREY).max() < 4
    assert np.abs(shown[:, 36:].astype(int) - 255).max() < 4


@pytest.mark.parametrize("suffix", ["avif", "heic"])
def test_cut_avif_and_heic_give_an_error(suffix: str, tmp_path: Path) -> None:
    data = save_with_pillow(tmp_path / f"a.{suffix}", pictures.astronaut()[:64, :64]).read_bytes()
    for end in range(1, len(data), 97):
        with pytest.raises(MediaError, match=r"photo\.x"):
            decode_picture(data[:end], "photo.x")


def test_heic_without_its_extra_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_with_pillow(tmp_path / "a.heic", pictures.astronaut()[:64, :64])
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MediaError, match=r"a\.heic is a HEIC picture.*pip install pillow-heif.*JPEG"):
        read_picture(path)


@pytest.mark.parametrize("claimed", [(20_000, 20_000), (9_000, 15_000)])
def test_a_claimed_size_is_told_and_nothing_warns(
    claimed: tuple[int, int], recwarn: pytest.WarningsRecorder, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(MediaError, match="{}×{} pixels".format(*claimed)):
        decode_picture(pictures.png_claiming(*claimed), "bomb.png")
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")


def save_with_pillow(path: Path, values: Pixels, exif: bytes = b"") -> Path:
    """Write a picture in a format that OpenCV may lack."""
    pillow_heif.register_heif_opener()
    Image.fromarray(values).save(path, quality=95, exif=exif or pictures.exif_block(1))
    return path


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


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "bmp", "gif", "ppm", "avif"])
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
