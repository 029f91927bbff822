"""The painting of a made face: a picture that lies on it from the front, with brows, lips, beard, spots and creases."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from export.evaluation.portraits.made_looks import Look, Style
from space_runtime.arrays import Floats, Pixels
from space_runtime.portrait.mesh_points import OUTER_LIPS

SIDE: Final = 1280
REACH_CM: Final = 14.0
"""Half the side of the painting on the face, about (0, `MIDDLE_CM`)."""
MIDDLE_CM: Final = -1.0
BROWS: Final = (
    ((70, 63, 105, 66, 107), (46, 53, 52, 65, 55)),
    ((300, 293, 334, 296, 336), (276, 283, 282, 295, 285)),
)
"""Upper and lower edge of the right and of the left brow, from outside inwards."""
JAW: Final = (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454)
MOUSTACHE: Final = (205, 203, 98, 2, 327, 423, 425)
CREASES: Final = (
    *((98, 203, 206, 216), (327, 423, 426, 436)),
    *((107, 9), (336, 9)),
    *((67, 109, 10, 338, 297), (69, 108, 151, 337, 299)),
)
"""Lines that age deepens: beside the mouth, between the brows, across the forehead."""
BAGS: Final = ((226, 31, 228, 229, 230, 231), (446, 261, 448, 449, 450, 451))


def to_painting(places_cm: Floats) -> Floats:
    """Return (…, 2) columns and rows of the painting at (…, 3) places of the resting face."""
    across = places_cm[..., 0] / REACH_CM
    down = (MIDDLE_CM - places_cm[..., 1]) / REACH_CM
    return np.asarray((np.stack([across, down], -1) + 1) * (SIDE / 2), np.float32)


def paint(look: Look, points_cm: Floats) -> Floats:
    """Return the (1280, 1280, 3) painting of a look on a resting face with (468, 3) tracked points."""
    rng = np.random.default_rng(look.seed)
    places = to_painting(points_cm)
    skin = np.empty((SIDE, SIDE, 3), np.float32)
    skin[:] = look.skin
    if look.style is Style.MARBLE:
        return skin * (1 + 0.05 * _clouds(rng, 40)[..., None]).astype(np.float32)
    skin *= 1 + 0.05 * _clouds(rng, 60)[..., None] + 0.035 * _clouds(rng, 3)[..., None]
    _flush(skin, places)
    if look.age > 0.5:
        _spots(skin, rng, round(60 * look.age))
    _creases(skin, places, look.age)
    _lips(skin, places, look)
    hair = look.hair or tuple(int(part * 0.35) for part in look.skin)
    if look.beard:
        _beard(skin, places, rng, look.beard, hair)
    _brows(skin, places, rng, hair)
    return np.clip(skin, 0, 255)


def _clouds(rng: np.random.Generator, size: float) -> Floats:
    """Return (1280, 1280) smooth noise of spread 1."""
    noise = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE)).astype(np.float32), (0, 0), size)
    return np.asarray(noise / noise.std(), np.float32)


def _mask(polygon: Floats, soft: float) -> Floats:
    mask = np.zeros((SIDE, SIDE), np.float32)
    cv2.fillPoly(mask, [np.rint(polygon).astype(np.int32)], 1.0)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), soft), np.float32)[..., None]


def _blend(skin: Floats, mask: Floats, colour: tuple[float, ...] | Floats, share: float) -> None:
    skin += mask * share * (np.asarray(colour, np.float32) - skin)


def _flush(skin: Floats, places: Floats) -> None:
    """Redden cheeks and nose."""
    for point, radius in ((50, 60), (280, 60), (4, 36)):
        spot = np.zeros((SIDE, SIDE), np.float32)
        cv2.circle(spot, np.rint(places[point]).astype(int).tolist(), radius, 1.0, -1)
        soft = np.asarray(cv2.GaussianBlur(spot, (0, 0), 25), np.float32)[..., None]
        _blend(skin, soft, np.asarray(skin * [1.05, 0.82, 0.8], np.float32), 0.7)


def _spots(skin: Floats, rng: np.random.Generator, n: int) -> None:
    for _ in range(n):
        at, radius = rng.integers(80, SIDE - 80, 2).tolist(), int(rng.integers(2, 6))
        colour = tuple(float(value) for value in skin[at[1], at[0]] * rng.uniform(0.75, 0.92))
        cv2.circle(skin, at, radius, colour, -1, cv2.LINE_AA)


def _creases(skin: Floats, places: Floats, age: float) -> None:
    lines = np.zeros((SIDE, SIDE), np.float32)
    for line in (*CREASES, *BAGS):
        cv2.polylines(lines, [np.rint(places[list(line)]).astype(np.int32)], False, 1.0, 3, cv2.LINE_AA)
    soft = np.asarray(cv2.GaussianBlur(lines, (0, 0), 3.0), np.float32)[..., None]
    skin *= 1 - 0.75 * max(0.0, age - 0.15) * soft


def _lips(skin: Floats, places: Floats, look: Look) -> None:
    colour = look.lips or tuple(np.array(look.skin) * np.array([0.84, 0.62, 0.6]))
    _blend(skin, _mask(places[list(OUTER_LIPS)], 3.0), colour, 0.85)


def _beard(skin: Floats, places: Floats, rng: np.random.Generator, share: float, colour: tuple[int, ...]) -> None:
    chin = places[list(JAW)] + np.array([0, 25], np.float32)
    whole = np.concatenate([chin, places[list(MOUSTACHE)][::-1]])
    lips = _mask(places[list(OUTER_LIPS)], 2.0)
    where = np.clip(_mask(whole, 14.0) - 1.2 * lips, 0, 1)
    strands = np.asarray(cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE)).astype(np.float32), (3, 15), 1, sigmaY=4))
    strands = np.clip(0.65 + 0.5 * strands / strands.std(), 0.2, 1)[..., None]
    _blend(skin, where * strands, colour, 0.25 + 0.65 * share)


def _brows(skin: Floats, places: Floats, rng: np.random.Generator, colour: tuple[int, ...]) -> None:
    for upper, lower in BROWS:
        rows = np.stack([places[list(upper)], places[list(lower)]])
        for _ in range(420):
            along, down = rng.uniform(0.0, 3.999), rng.uniform(0.25, 1.0)
            first, share = int(along), along % 1
            root = _between(rows[:, first], rows[:, first + 1], share, down)
            tip = root + 0.35 * (rows[0, first] - rows[0, first + 1]) + rng.normal(0, 2.0, 2) - np.array([0, 7])
            ends = np.rint(np.stack([root, tip])).astype(np.int32)
            shade = tuple(float(part) * float(rng.uniform(0.7, 1.15)) for part in colour)
            cv2.line(skin, ends[0].tolist(), ends[1].tolist(), shade, 1, cv2.LINE_AA)


def _between(left: Floats, right: Floats, share: float, down: float) -> Floats:
    edge = left * (1 - share) + right * share
    return np.asarray(edge[0] * (1 - down) + edge[1] * down, np.float32)


def drawn_in_style(picture: Pixels, style: Style, seed: int) -> Pixels:
    """Return the picture as a painting, a drawing or a photo without colour."""
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    if style is Style.GREY:
        return np.repeat(grey[..., None], 3, 2)
    if style is Style.OIL:
        return np.asarray(_oil(picture, seed), np.uint8)
    if style is Style.CARTOON:
        smooth = cv2.bilateralFilter(cv2.bilateralFilter(picture, 9, 40, 9), 9, 40, 9)
        return np.asarray(np.where(_edges(grey)[..., None], smooth // 3, smooth // 24 * 24 + 12), np.uint8)
    if style is Style.CHARCOAL:
        paper = np.random.default_rng(seed).normal(0, 14, grey.shape)
        dodged = grey.astype(float) / np.maximum(cv2.GaussianBlur(grey, (0, 0), 14).astype(float), 1) * 210
        return np.repeat(np.clip(0.55 * dodged + 0.5 * grey + paper, 0, 255).astype(np.uint8)[..., None], 3, 2)
    return picture


def _edges(grey: Pixels) -> Pixels:
    fine = cv2.GaussianBlur(grey, (0, 0), 1.2).astype(np.float32)
    return np.asarray(fine - cv2.GaussianBlur(grey, (0, 0), 2.6).astype(np.float32) < -4)


def _oil(picture: Pixels, seed: int) -> Pixels:
    """Return strokes of colours of the picture, larger ones first, along its edges."""
    rng, height, width = np.random.default_rng(seed), *picture.shape[:2]
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), 3).astype(np.float32)
    turn = np.arctan2(cv2.Sobel(grey, cv2.CV_32F, 0, 1), cv2.Sobel(grey, cv2.CV_32F, 1, 0)) + np.pi / 2
    canvas = np.asarray(cv2.GaussianBlur(picture, (0, 0), 5), np.uint8)
    for length, thick, n in ((16, 6, 4_000), (9, 3, 9_000), (5, 2, 22_000)):
        columns, rows = rng.integers(0, width, n), rng.integers(0, height, n)
        for x, y in zip(columns.tolist(), rows.tolist(), strict=True):
            dx, dy = length * np.cos(turn[y, x]) / 2, length * np.sin(turn[y, x]) / 2
            colour = [int(value) for value in np.clip(picture[y, x].astype(int) + rng.integers(-6, 7), 0, 255)]
            cv2.line(canvas, (round(x - dx), round(y - dy)), (round(x + dx), round(y + dy)), colour, thick, cv2.LINE_AA)
    return canvas
