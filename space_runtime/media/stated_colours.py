"""The meaning of a picture file's colour values, as the file states it: an ICC profile, PNG's chunks, CICP numbers.

A profile comes before numbers, CICP numbers before PNG's older chunks (PNG, third edition, 11.3.2). What is damaged,
or states nothing, leaves sRGB.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from space_runtime.media.image_header import DAMAGE, ImageKind, opened

SRGB_GAMMA: Final = 0.45455
"""PNG's gAMA of values that a screen shows as they are (PNG, third edition, 13.13)."""
GAMMA_RANGE: Final = (0.1, 4.0)
"""Exponents of gAMA that a picture can have; others are damage."""
CICP_SEARCHED: Final = 1 << 16
"""Bytes of a file in which the numbers stand: before the pixels."""

Chromaticities = tuple[float, ...]
"""x and y of white, red, green and blue, eight numbers (CIE 1931)."""

BT709: Final[Chromaticities] = (0.3127, 0.3290, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060)
PRIMARIES: Final[Mapping[int, Chromaticities]] = {
    1: BT709,
    9: (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.3140, 0.3510, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
"""Colour primaries by their number in ITU-T H.273, table 2: BT.709, BT.2020, DCI-P3, Display P3."""
PQ: Final = 16
HLG: Final = 18
LINEAR: Final = 8
TRANSFERS: Final = {LINEAR: 1.0, 4: 1 / 2.2, 5: 1 / 2.8}
"""Exponents by the number of a transfer function in ITU-T H.273, table 3; those not named are near sRGB's."""


@dataclass(frozen=True, slots=True)
class StatedColours:
    """The colour space of a picture file; by default sRGB.

    profile: an ICC profile's bytes, which comes before all else; empty for none. gamma: stored = light ** gamma, 0 for
    sRGB's own curve. high_range: `PQ` or `HLG`, 0 for neither. primaries: of red, green, blue and white.
    cmyk: True if the pixels are stored as inks.
    """

    profile: bytes = b""
    gamma: float = 0.0
    high_range: int = 0
    primaries: Chromaticities = BT709
    cmyk: bool = False


def stated_colours(data: bytes, kind: ImageKind) -> StatedColours:
    """Return the colour space that a picture file states."""
    try:
        with opened(data, kind) as image:
            cmyk, info = image.mode == "CMYK", {str(key): value for key, value in image.info.items()}
    except DAMAGE:
        return StatedColours()
    profile = info.get("icc_profile")
    if isinstance(profile, bytes) and profile:
        return StatedColours(profile, cmyk=cmyk)
    if kind in (ImageKind.AVIF, ImageKind.HEIF, ImageKind.PNG) and (numbers := _cicp(data)):
        return _of_numbers(*numbers)
    return _of_png(info) if kind is ImageKind.PNG and "srgb" not in info else StatedColours(cmyk=cmyk)


def _of_png(info: Mapping[str, object]) -> StatedColours:
    """Return the space of PNG's gAMA and cHRM chunks, as Pillow names them."""
    gamma, points = info.get("gamma"), info.get("chromaticity")
    used = float(gamma) if isinstance(gamma, float) and GAMMA_RANGE[0] <= gamma <= GAMMA_RANGE[1] else SRGB_GAMMA
    is_plain = abs(used - SRGB_GAMMA) < 0.01
    primaries = tuple(map(float, points)) if isinstance(points, tuple) and len(points) == 8 else BT709
    return StatedColours(gamma=0.0 if is_plain else used, primaries=primaries)


def _of_numbers(primaries: int, transfer: int) -> StatedColours:
    return StatedColours(
        gamma=TRANSFERS.get(transfer, 0.0),
        high_range=transfer if transfer in (PQ, HLG) else 0,
        primaries=PRIMARIES.get(primaries, BT709),
    )


def _cicp(data: bytes) -> tuple[int, int] | None:
    """Return the numbers of primaries and transfer of an ``nclx`` box (AVIF, HEIC) or a ``cICP`` chunk (PNG)."""
    head = data[:CICP_SEARCHED]
    if box := re.search(rb"colrnclx(.{4})", head, re.DOTALL):
        primaries, transfer = struct.unpack(">HH", box[1])
        return int(primaries), int(transfer)
    chunk = re.search(rb"\0\0\0\x04cICP(.)(.)", head.partition(b"IDAT")[0], re.DOTALL)
    return (chunk[1][0], chunk[2][0]) if chunk else None
