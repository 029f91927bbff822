"""NASA's portrait with something drawn on its face."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

import cv2
import numpy as np

from space_runtime.arrays import Floats, Pixels
from tests.support import pictures

Draw = Callable[[Pixels, Floats], None]
RIM: Final = (31, 22)
"""Half the width and height of drawn rims, pixels."""


@cache
def points() -> Floats:
    """Return the face's points in NASA's portrait."""
    return np.asarray(pictures.tracker().faces(pictures.astronaut())[0].mesh[:, :2] * (1, -1), np.float32)


def drawn(draw: Draw) -> Pixels:
    """Return the portrait, twice as large, drawn on."""
    picture = pictures.scaled(pictures.astronaut(), 2)
    draw(picture, points() * 2)
    return picture


def polygon(picture: Pixels, corners: Floats | list[tuple[float, float]], colour: tuple[int, int, int]) -> None:
    """Fill an outline."""
    cv2.fillPoly(picture, [np.rint(np.array(corners) * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)


def mask(picture: Pixels, face: Floats) -> None:
    """Draw a surgical mask."""
    polygon(picture, face[[234, 4, 454, 397, 152, 172]], (150, 200, 230))


def dark_scarf(picture: Pixels, face: Floats) -> None:
    """Draw a scarf up to the nose."""
    polygon(picture, [(0, face[2, 1]), (1023, face[2, 1] + 20), (1023, 1023), (0, 1023)], (40, 30, 35))


def cup(picture: Pixels, face: Floats) -> None:
    """Draw a cup at the lips."""
    (x, _), top = face[13], face[2, 1] + 6
    polygon(picture, [(x - 45, top), (x + 45, top), (x + 36, top + 110), (x - 36, top + 110)], (235, 235, 230))


def microphone(picture: Pixels, face: Floats) -> None:
    """Draw a microphone before the lips."""
    x, y = np.rint(face[14]).astype(int)
    cv2.circle(picture, (int(x), int(y)), 40, (30, 30, 32), -1, cv2.LINE_AA)
    cv2.line(picture, (int(x), int(y)), (int(x) + 60, int(y) + 250), (45, 45, 45), 30, cv2.LINE_AA)


def fingers(picture: Pixels, face: Floats) -> None:
    """Draw four fingers before the lips."""
    for k in range(4):
        y, colour = int(face[164, 1]) + 18 * k, (214 - 8 * k, 168 - 8 * k, 140 - 8 * k)
        x = int(face[13, 0])
        cv2.line(picture, (x - 130, y), (x + 80, y), colour, 17, cv2.LINE_AA)


def beard_over_the_lips(picture: Pixels, face: Floats) -> None:
    """Draw a beard that leaves no lips."""
    jaw = [132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 327, 2, 98]
    polygon(picture, face[jaw], (50, 35, 25))


def low_microphone(picture: Pixels, face: Floats) -> None:
    """Draw a microphone below the lips."""
    x, y = np.rint(face[17]).astype(int)
    cv2.circle(picture, (int(x), int(y) + 45), 26, (30, 30, 32), -1, cv2.LINE_AA)


def lipstick(picture: Pixels, face: Floats) -> None:
    """Colour the lips."""
    lips = [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146]
    area = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(area, [np.rint(face[lips]).astype(np.int32)], 255)
    picture[area > 0] = (picture[area > 0] * (0.9, 0.35, 0.4)).astype(np.uint8)


def glasses(picture: Pixels, face: Floats, thickness: int = 4) -> None:
    """Draw spectacles: round rims, a bridge and temples."""
    eyes = np.rint(face[[468, 473]]).astype(int)
    for (x, y), side, ear in zip(eyes, (-1, 1), face[[127, 356]], strict=True):
        cv2.ellipse(picture, (int(x), int(y)), RIM, 0, 0, 360, (20, 20, 20), thickness, cv2.LINE_AA)
        hinge, end = (int(x) + side * RIM[0], int(y)), (round(float(ear[0])), round(float(ear[1])))
        cv2.line(picture, hinge, end, (20, 20, 20), thickness, cv2.LINE_AA)
    (left, top), (right, bottom) = eyes.tolist()
    cv2.line(picture, (left + RIM[0], top), (right - RIM[0], bottom), (20, 20, 20), thickness, cv2.LINE_AA)


def thick_glasses(picture: Pixels, face: Floats) -> None:
    """Draw spectacles of thick lines."""
    glasses(picture, face, 14)


def dark_glasses(picture: Pixels, face: Floats) -> None:
    """Draw spectacles with glass that hides the eyes."""
    for x, y in np.rint(face[[468, 473]]).astype(int):
        cv2.ellipse(picture, (int(x), int(y)), RIM, 0, 0, 360, (24, 24, 30), -1, cv2.LINE_AA)
    glasses(picture, face)


def shut_eyes(picture: Pixels, face: Floats) -> None:
    """Draw both lids down."""
    for corners, lids in (((33, 133), (27, 23)), ((362, 263), (257, 253))):
        left, right = (int(x) for x in sorted(face[list(corners), 0]))
        top, bottom = (int(face[point, 1]) for point in lids)
        skin = picture[top - 14 : top, left - 6 : right + 6]
        picture[top:bottom, left - 6 : right + 6] = cv2.resize(skin, (right - left + 12, bottom - top))
        cv2.line(picture, (left - 6, bottom - 6), (right + 6, bottom - 6), (70, 45, 40), 4)
