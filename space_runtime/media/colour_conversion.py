"""Colour values of any stated space become sRGB of 8 bits."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageCms

from space_runtime.arrays import Doubles, Pixels, Stored
from space_runtime.media.stated_colours import BT709, HLG, PQ, Chromaticities, StatedColours

Conversion = Callable[[Stored], Pixels]
"""From (h, w, c) stored values to (h, w, 3) sRGB; c is 1 for grey, 3 for RGB, 4 for CMYK."""

STEP: Final = 256
"""Rows that are worked out at once: large pictures take no large arrays of floats."""
SAME: Final = 2
"""Largest change of a value by a profile that is sRGB in all but rounding; it is left out."""
UNITY: Final = 0.004
"""Largest entry by which a matrix that is left out differs from unity."""
WHITE_NITS: Final = 203.0
"""Light of a white page in a picture of high range, cd/m² (ITU-R BT.2408)."""
HLG_WHITE: Final = 0.265
"""The same as a share of HLG's scene light."""
BRADFORD: Final[Doubles] = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_MODES: Final = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""Pillow's names of the colour spaces of ICC profiles."""


def to_srgb(stored: Stored, colours: StatedColours) -> tuple[Pixels, bool]:
    """Return (h, w, 3) sRGB of stored values, and False if the file's profile cannot be used and is ignored."""
    if colours.profile:
        by_profile = _by_profile(colours.profile, stored)
        return _in_steps(by_profile or to_8_bits, stored), by_profile is not None
    matrix = _to_srgb_primaries(colours.primaries) if stored.shape[2] == 3 else np.eye(3)
    if colours.gamma == 0 and colours.high_range == 0 and np.abs(matrix - np.eye(3)).max() < UNITY:
        return _in_steps(to_8_bits, stored), True
    return _in_steps(lambda values: _through_light(values, colours, matrix), stored), True


def _in_steps(convert: Conversion, stored: Stored) -> Pixels:
    """Return (h, w, 3) sRGB, worked out `STEP` rows at a time."""
    picture = np.empty((*stored.shape[:2], 3), np.uint8)
    for row in range(0, len(stored), STEP):
        picture[row : row + STEP] = convert(stored[row : row + STEP])
    return picture


def to_8_bits(stored: Stored) -> Pixels:
    """Return values that are sRGB already, 16 bits rounded to 8, grey repeated, inks laid on white."""
    values = _of_8_bits(stored)
    if values.shape[2] == 4:
        inks = 255 - values.astype(np.uint16)
        values = ((inks[..., :3] * inks[..., 3:] + 127) // 255).astype(np.uint8)
    return np.broadcast_to(values, (*values.shape[:2], 3)).astype(np.uint8, copy=False)


def _by_profile(profile: bytes, stored: Stored) -> Conversion | None:
    """Return the conversion by an ICC profile; None if it is damaged or describes other values."""
    try:
        opened = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = _MODES.get(opened.profile.xcolor_space.strip(), "")
        if not _fits(stored, mode):
            return None
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        target = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(opened, target, mode, "RGB", intent, flags)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None

    def convert(values: Stored) -> Pixels:
        bits = _of_8_bits(values)
        image = Image.fromarray(bits[..., 0]) if mode == "L" else _image(bits, mode)
        return np.asarray(transform.apply(image), np.uint8)

    return to_8_bits if mode != "CMYK" and _changes_little(convert) else convert


def _fits(stored: Stored, mode: str) -> bool:
    """Return True if values can be those of Pillow's mode; grey ones may be stored as RGB, and RGB ones as grey."""
    if stored.shape[2] == 4 or mode == "CMYK":
        return mode == "CMYK" and stored.shape[2] == 4
    if mode == "L":
        return all(np.array_equal(stored[..., 0], stored[..., channel]) for channel in range(1, stored.shape[2]))
    return mode == "RGB"


def _image(values: Pixels, mode: str) -> Image.Image:
    """Return (h, w, c) values of 8 bits as a picture of a mode, grey repeated."""
    bands = values if mode == "CMYK" else np.broadcast_to(values, (*values.shape[:2], 3))
    size = (values.shape[1], values.shape[0])
    return Image.frombytes(mode, size, np.ascontiguousarray(bands).tobytes())


def _of_8_bits(stored: Stored) -> Pixels:
    if stored.dtype == np.uint8:
        return np.asarray(stored, np.uint8)
    return (stored.astype(np.float32) / 257 + 0.5).astype(np.uint8)


def _changes_little(convert: Conversion) -> bool:
    """Return True for the profile of a picture that is sRGB: its values stay what they are, to the bit."""
    grid = np.linspace(0, 255, 9).astype(np.uint8)
    cube = np.stack(np.meshgrid(grid, grid, grid), -1).reshape(1, -1, 3)
    return bool(np.abs(convert(cube).astype(int) - cube).max() <= SAME)


def _through_light(stored: Stored, colours: StatedColours, matrix: Doubles) -> Pixels:
    """Return stored values taken to linear light, to sRGB's primaries and back by sRGB's curve."""
    top = 255 if stored.dtype == np.uint8 else 65535
    table = _light(np.linspace(0, 1, top + 1), colours).astype(np.float32)
    light = table[stored]
    light = light @ matrix.T.astype(np.float32) if light.shape[2] == 3 else np.repeat(light, 3, 2)
    light = np.clip(light, 0, 1)
    values = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return (values * 255 + 0.5).astype(np.uint8)


def _light(values: Doubles, colours: StatedColours) -> Doubles:
    """Return the linear light of stored values 0…1, white at 1 (IEC 61966-2-1; SMPTE ST 2084; ITU-R BT.2100)."""
    if colours.high_range == PQ:
        root = values ** (1 / 78.84375)
        return (
            (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
            * 1e4
            / WHITE_NITS
        )
    if colours.high_range == HLG:
        bright = (np.exp((values - 0.55991073) / 0.17883277) + 0.28466892) / 12
        return np.where(values <= 0.5, values**2 / 3, bright) / HLG_WHITE
    if colours.gamma:
        return np.asarray(values ** (1 / colours.gamma))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _to_srgb_primaries(primaries: Chromaticities) -> Doubles:
    """Return the (3, 3) matrix of linear light to sRGB's primaries, white kept white; unity where there is none."""
    try:
        source, srgb = _to_xyz(primaries), _to_xyz(BT709)
        cones_from, cones_to = BRADFORD @ source.sum(1), BRADFORD @ srgb.sum(1)
        adapted = np.linalg.solve(BRADFORD, np.diag(cones_to / cones_from) @ BRADFORD)
        matrix = np.asarray(np.linalg.solve(srgb, adapted @ source))
    except (np.linalg.LinAlgError, ZeroDivisionError, FloatingPointError):
        return np.eye(3)
    return matrix if np.isfinite(matrix).all() and np.abs(matrix).max() < 10 else np.eye(3)


def _to_xyz(primaries: Chromaticities) -> Doubles:
    """Return the (3, 3) matrix of linear red, green and blue to XYZ, white at Y = 1."""
    points = np.array([[x / y, 1, (1 - x - y) / y] for x, y in zip(primaries[::2], primaries[1::2], strict=True)])
    white, columns = points[0], points[1:].T
    return np.asarray(columns * np.linalg.solve(columns, white))
