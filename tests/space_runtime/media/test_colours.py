"""Laws of stated colours: a picture looks the same in whatever space its file states; a bad statement is ignored."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from space_runtime.arrays import Pixels
from space_runtime.errors import MediaError
from space_runtime.media.image_file import decode_picture, open_picture
from tests.support import icc_profiles, pictures
from tests.support.icc_profiles import ADOBE_RGB, DISPLAY_P3, SRGB, Doubles

IGNORED = ("its colour profile cannot be used and is ignored",)


def picture() -> Pixels:
    """A piece of a photo, muted enough to lie within every space."""
    return (pictures.astronaut()[60:200, 120:300] * 0.7 + 30).astype(np.uint8)


def saved(values: Pixels, suffix: str, icc_profile: bytes) -> bytes:
    """A picture file with nearly no loss."""
    pillow_heif.register_heif_opener()
    stream = BytesIO()
    kind = {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper())
    quality, is_lossless = (100 if suffix == "jpg" else 98), suffix == "webp"
    image = Image.fromarray(values)
    image.save(stream, kind, icc_profile=icc_profile, quality=quality, lossless=is_lossless, subsampling="4:4:4")
    return stream.getvalue()


def rounded(values: Doubles) -> Pixels:
    return np.asarray(np.rint(values * 255), np.uint8)


def error(shown: Pixels, truth: Pixels) -> float:
    return float(np.abs(shown.astype(int) - truth).mean())


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "avif", "heif"])
@pytest.mark.parametrize("primaries", [DISPLAY_P3, ADOBE_RGB], ids=["display p3", "adobe rgb"])
def test_a_profile_is_applied(primaries: icc_profiles.Primaries, suffix: str) -> None:
    stored = rounded(icc_profiles.encoded(picture(), primaries, 2.2))
    shown = open_picture(saved(stored, suffix, icc_profile=icc_profiles.rgb_profile(primaries, 2.2)), "a")
    assert error(stored, picture()) > 2.5
    assert error(shown.pixels, picture()) < {"jpg": 1.2, "avif": 1.8, "heif": 1.8}.get(suffix, 0.5)
    assert shown.notes == ()


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("as_rgb", [False, True])
def test_a_profile_of_grey_is_applied(as_rgb: bool, suffix: str) -> None:
    grey = np.repeat(picture()[..., 1:2], 3, 2)
    stored = rounded(icc_profiles.encoded(grey, SRGB, 1.4))
    data = saved(stored if as_rgb else stored[..., 0], suffix, icc_profile=icc_profiles.grey_profile(1.4))
    shown = decode_picture(data, "a")
    assert error(stored, grey) > 15
    assert error(shown, grey) < 2 and np.ptp(shown, axis=2).max() <= 1


def test_grey_with_a_profile_of_rgb_is_read(tmp_path: Path) -> None:
    grey = picture()[..., 1]
    stored = rounded(icc_profiles.encoded(np.dstack([grey] * 3), SRGB, 1.4))
    data = saved(stored[..., 0], "png", icc_profile=icc_profiles.rgb_profile(SRGB, 1.4))
    assert error(decode_picture(data, "a"), np.dstack([grey] * 3)) < 2


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_inks_are_read_by_their_profile(suffix: str) -> None:
    inks = np.dstack([255 - picture(), np.zeros_like(picture()[..., :1])])
    stream = BytesIO()
    image = Image.frombytes("CMYK", (inks.shape[1], inks.shape[0]), inks.tobytes())
    image.save(stream, {"jpg": "JPEG", "tif": "TIFF"}[suffix], icc_profile=icc_profiles.cmyk_profile(60), quality=100)
    with_profile = open_picture(stream.getvalue(), "a")
    assert np.ptp(with_profile.pixels, axis=2).max() <= 4  # the profile knows no colour
    assert with_profile.pixels.mean() < picture().mean() and with_profile.notes == ()
    stream = BytesIO()
    image.save(stream, {"jpg": "JPEG", "tif": "TIFF"}[suffix], quality=100)
    assert error(decode_picture(stream.getvalue(), "a"), picture()) < 3


def test_a_profile_that_is_srgb_changes_no_bit() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(decode_picture(saved(picture(), "png", icc_profile=profile), "a"), picture())


@pytest.mark.parametrize(
    "profile", [b"no profile", icc_profiles.cmyk_profile(60), icc_profiles.rgb_profile(SRGB, 1)[:200]]
)
def test_a_bad_profile_is_ignored_with_a_note(profile: bytes) -> None:
    shown = open_picture(saved(picture(), "png", icc_profile=profile), "a")
    assert np.array_equal(shown.pixels, picture()) and shown.notes == IGNORED


@pytest.mark.parametrize("bits", [8, 16])
def test_gamma_of_png_is_applied(bits: int) -> None:
    linear = icc_profiles.encoded(picture(), SRGB, 1.0)
    data = pictures.png_of(np.rint(linear * (2**bits - 1)).astype(np.uint16 if bits == 16 else np.uint8))
    shown = decode_picture(with_chunk(data, b"gAMA", struct.pack(">I", 100_000)), "a")
    assert error(shown, picture()) < (1 if bits == 16 else 2)


def test_chromaticities_of_png_are_applied() -> None:
    stored = pictures.png_of(rounded(icc_profiles.encoded(picture(), DISPLAY_P3, 2.2)))
    points = (icc_profiles.D65, *DISPLAY_P3)
    chunk = struct.pack(">8I", *(round(v * 100_000) for point in points for v in point))
    gamma = with_chunk(stored, b"gAMA", struct.pack(">I", 45_455))
    assert error(decode_picture(with_chunk(gamma, b"cHRM", chunk), "a"), picture()) < 2.5


@pytest.mark.parametrize("gamma", [0, 1, 0xFFFFFFFF, 45_455, 46_000])
def test_gamma_that_cannot_be_or_changes_nothing_is_left_out(gamma: int) -> None:
    data = with_chunk(pictures.png_of(picture()), b"gAMA", struct.pack(">I", gamma))
    assert np.array_equal(decode_picture(data, "a"), picture())


@pytest.mark.parametrize("points", [bytes(32), b"\xff" * 32, struct.pack(">8I", *[30_000] * 8)])
def test_chromaticities_that_cannot_be_are_left_out(points: bytes) -> None:
    assert np.array_equal(decode_picture(with_chunk(pictures.png_of(picture()), b"cHRM", points), "a"), picture())


def test_numbers_of_a_colour_space_are_applied() -> None:
    stored = pictures.png_of(rounded(icc_profiles.encoded(picture(), DISPLAY_P3, 2.2)))
    assert error(decode_picture(with_chunk(stored, b"cICP", bytes([12, 13, 0, 1])), "a"), picture()) < 2.5


@pytest.mark.parametrize("transfer", [16, 18])
def test_high_range_becomes_a_picture_of_ordinary_light(transfer: int) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2).repeat(4, 0)
    shown = decode_picture(with_chunk(pictures.png_of(ramp), b"cICP", bytes([9, transfer, 0, 1])), "a")
    assert (np.diff(shown[0, :, 1].astype(int)) >= 0).all()
    assert shown[0, 0].max() == 0 and shown[0, -1].min() == 255
    assert shown[0, {16: 148, 18: 191}[transfer], 1] >= 235  # white of paper, 203 nits


def with_chunk(png: bytes, kind: bytes, content: bytes) -> bytes:
    """The file with a chunk behind its header."""
    return png[:33] + pictures.png_chunk(kind, content) + png[33:]


def test_a_blank_first_frame_gives_way_to_the_next(tmp_path: Path) -> None:
    black = Image.new("RGB", (180, 140))
    for kind in ("GIF", "WEBP", "PNG"):
        stream = BytesIO()
        black.save(
            stream, kind, save_all=True, append_images=[black, Image.fromarray(picture())], duration=[40, 50, 60]
        )
        shown = open_picture(stream.getvalue(), "a")
        assert shown.notes[0].startswith("the first frame is blank, frame ")
        assert error(shown.pixels, picture()) < 12


def test_colours_below_full_transparency_are_used() -> None:
    rgba = np.dstack([picture(), np.zeros_like(picture()[..., 0])])
    shown = open_picture(pictures.png_of(rgba), "a.png")
    assert np.array_equal(shown.pixels, picture())
    assert shown.notes == ("the picture is transparent everywhere, its transparency is ignored",)


def test_a_picture_that_is_transparent_and_nothing_else_is_refused() -> None:
    with pytest.raises(MediaError, match=r"a\.png is transparent everywhere and holds no colours"):
        open_picture(pictures.png_of(np.zeros((50, 60, 4), np.uint8)), "a.png")
    assert open_picture(pictures.png_of(np.zeros((50, 60, 3), np.uint8)), "a.png").notes == ()
