"""Faces drawn by program, with their landmarks: one as in anime, one as in a cartoon. No network finds their points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Pixels
from space_runtime.portrait.landmark_file import PlacedLandmarks

SIDE: Final = 800
FINE: Final = 2
"""Times by which pictures are drawn larger."""
Point = tuple[float, float]
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class DrawnFace:
    """A drawing (800, 800, 3), and the places of its landmarks."""

    picture: Pixels
    points: dict[str, Point]

    @property
    def landmarks(self) -> PlacedLandmarks:
        return PlacedLandmarks(SIDE, SIDE, tuple(self.points), np.array([*self.points.values()], np.float64))


class _Canvas:
    """A picture to draw into, in pixels of the result."""

    def __init__(self, ground: Colour) -> None:
        self.pixels = np.full((SIDE * FINE, SIDE * FINE, 3), ground, np.uint8)

    def shape(self, points: list[Point], colour: Colour, line: Colour | None = None, width: float = 3) -> None:
        places = _fine(points)
        cv2.fillPoly(self.pixels, [places], colour, cv2.LINE_AA, 4)
        if line:
            cv2.polylines(self.pixels, [places], True, line, round(width * FINE), cv2.LINE_AA, 4)

    def line(self, points: list[Point], colour: Colour, width: float) -> None:
        cv2.polylines(self.pixels, [_fine(points)], False, colour, round(width * FINE), cv2.LINE_AA, 4)

    def result(self) -> Pixels:
        return np.asarray(cv2.resize(self.pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _fine(points: list[Point]) -> NDArray[np.int32]:
    return np.asarray(np.rint(np.array(points) * FINE * 16), np.int32)


def smooth(points: list[Point], closed: bool = False, n: int = 12) -> list[Point]:
    """Return a Catmull-Rom curve through points."""
    knots = np.array([points[-1], *points, points[0], points[1]] if closed else [points[0], *points, points[-1]])
    t = np.linspace(0, 1, n, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        parts.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    last = [] if closed else [tuple(points[-1])]
    return [*(tuple(row) for part in parts for row in part.tolist()), *last]


def ellipse(middle: Point, across: float, down: float) -> list[Point]:
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    return [(middle[0] + across * float(np.cos(a)), middle[1] + down * float(np.sin(a))) for a in angles]


def _mirrored(points: dict[str, Point]) -> dict[str, Point]:
    """Return the points of the right half with those of the left one."""
    return points | {
        name.replace("right", "left"): (SIDE - x, y) for name, (x, y) in points.items() if name.startswith("right")
    }


ANIME: Final = _mirrored(
    {
        "right_eye_outer_corner": (262, 425),
        "right_eye_upper_outer": (290, 366),
        "right_eye_upper_inner": (336, 360),
        "right_eye_inner_corner": (362, 428),
        "right_eye_lower_inner": (340, 468),
        "right_eye_lower_outer": (292, 466),
        "right_iris_centre": (318, 418),
        "right_iris_outer": (280, 418),
        "right_iris_bottom": (318, 466),
        "right_brow_1": (248, 318),
        "right_brow_3": (300, 296),
        "right_brow_5": (354, 310),
        "right_jaw_1": (206, 396),
        "right_jaw_5": (258, 560),
        "nose_tip": (400, 506),
        "right_mouth_corner": (366, 572),
        "upper_lip": (400, 568),
        "inner_upper_lip": (400, 575),
        "inner_lower_lip": (400, 576),
        "lower_lip": (400, 586),
        "chin": (400, 652),
    }
)
CARTOON: Final = _mirrored(
    {
        "right_eye_outer_corner": (278, 372),
        "right_eye_upper_outer": (300, 322),
        "right_eye_upper_inner": (352, 322),
        "right_eye_inner_corner": (376, 372),
        "right_eye_lower_inner": (352, 420),
        "right_eye_lower_outer": (300, 420),
        "right_iris_centre": (336, 376),
        "right_iris_outer": (314, 376),
        "right_iris_bottom": (336, 398),
        "right_brow_1": (266, 288),
        "right_brow_3": (318, 258),
        "right_brow_5": (372, 282),
        "right_jaw_1": (182, 400),
        "right_jaw_5": (214, 586),
        "nose_tip": (400, 452),
        "right_nostril": (362, 474),
        "right_mouth_corner": (290, 560),
        "upper_lip": (400, 560),
        "inner_upper_lip": (400, 577),
        "inner_lower_lip": (400, 583),
        "lower_lip": (400, 606),
        "chin": (400, 700),
    }
)


def anime() -> DrawnFace:
    """A face as in anime: large eyes, hardly a nose, a small mouth."""
    p, canvas = ANIME, _Canvas((196, 214, 232))
    skin, line, hair, dark = (252, 226, 208), (96, 60, 56), (92, 82, 150), (44, 30, 50)
    canvas.shape(
        smooth([(400, 90), (600, 150), (680, 380), (650, 700), (150, 700), (120, 380), (200, 150)], True), hair, line
    )
    canvas.shape([(340, 620), (460, 620), (470, 740), (640, 800), (160, 800), (330, 740)], (236, 200, 182), line)
    canvas.shape(
        [(180, 760), (330, 722), (400, 770), (470, 722), (620, 760), (640, 800), (160, 800)], (70, 88, 130), line
    )
    half = [p["right_jaw_1"], (216, 470), p["right_jaw_5"], (326, 622)]
    other = [(SIDE - x, y) for x, y in reversed(half)]
    canvas.shape(smooth([(400, 170), (262, 220), *half, p["chin"], *other, (538, 220)], True), skin, line)
    for side in ("right", "left"):
        _anime_eye(canvas, p, side, line, dark)
    canvas.line(smooth([(396, 500), p["nose_tip"], (402, 510)]), (206, 150, 136), 3)
    canvas.line(smooth([p["right_mouth_corner"], p["inner_upper_lip"], p["left_mouth_corner"]]), (150, 70, 76), 3)
    canvas.line(smooth([(388, 592), (400, 594), (412, 592)]), (226, 178, 166), 3)
    fringe = [
        (196, 380),
        (220, 210),
        (400, 110),
        (580, 210),
        (604, 380),
        (560, 290),
        (520, 330),
        (480, 250),
        (440, 320),
    ]
    canvas.shape([*fringe, (390, 246), (350, 322), (310, 252), (262, 330), (236, 290)], hair, line)
    return DrawnFace(canvas.result(), p)


def _anime_eye(canvas: _Canvas, p: dict[str, Point], side: str, line: Colour, dark: Colour) -> None:
    upper = smooth([p[f"{side}_eye_{part}"] for part in ("outer_corner", "upper_outer", "upper_inner", "inner_corner")])
    lower = smooth([p[f"{side}_eye_{part}"] for part in ("inner_corner", "lower_inner", "lower_outer", "outer_corner")])
    outline = np.zeros(canvas.pixels.shape[:2], np.uint8)
    cv2.fillPoly(outline, [_fine([*upper, *lower])], 255, cv2.LINE_AA, 4)
    eye, (x, y) = _Canvas((250, 250, 252)), p[f"{side}_iris_centre"]
    eye.shape(ellipse((x, y), 38, 48), (72, 112, 178), dark)
    eye.shape(ellipse((x, y + 20), 26, 24), (130, 182, 226))
    eye.shape(ellipse((x, y - 4), 17, 24), dark)
    eye.shape(ellipse((x - 14, y - 26), 11, 13), (255, 255, 255))
    eye.shape(ellipse((x + 14, y + 18), 5, 6), (255, 255, 255))
    eye.line([(px, py + 6) for px, py in upper], (176, 176, 200), 14)
    share = outline[..., None] / np.float32(255)
    canvas.pixels[:] = np.rint(canvas.pixels + (eye.pixels.astype(np.float32) - canvas.pixels) * share)
    canvas.line(upper, dark, 8)
    canvas.line(lower[10:-10], line, 3)
    brow = smooth([p[f"{side}_brow_{n}"] for n in (1, 3, 5)])
    canvas.line(brow, (80, 66, 110), 6)


def cartoon() -> DrawnFace:
    """A face as in a cartoon: round eyes with dots, a large nose, a wide mouth, thick lines."""
    p, canvas = CARTOON, _Canvas((246, 220, 130))
    skin, line = (250, 196, 150), (50, 34, 30)
    canvas.shape([(330, 660), (470, 660), (480, 760), (700, 800), (100, 800), (320, 760)], (226, 168, 126), line, 6)
    canvas.shape(smooth([(400, 130), (590, 180), (640, 380), (160, 380), (210, 180)], True), (146, 76, 36), line, 6)
    for x in (180, 620):
        canvas.shape(ellipse((x, 430), 34, 48), skin, line, 6)
    half = [(208, 260), p["right_jaw_1"], (190, 500), p["right_jaw_5"], (300, 678)]
    other = [(SIDE - x, y) for x, y in reversed(half)]
    canvas.shape(smooth([(400, 210), *half, p["chin"], *other], True), skin, line, 6)
    for side in ("right", "left"):
        middle = (p[f"{side}_eye_outer_corner"][0] + p[f"{side}_eye_inner_corner"][0]) / 2
        canvas.shape(ellipse((middle, 372), 49, 52), (255, 255, 255), line, 5)
        canvas.shape(ellipse(p[f"{side}_iris_centre"], 22, 22), (40, 30, 30))
        canvas.line(smooth([p[f"{side}_brow_{n}"] for n in (1, 3, 5)]), (110, 54, 24), 14)
    canvas.shape(ellipse((400, 450), 42, 34), (240, 160, 122), line, 5)
    mouth = [p["right_mouth_corner"], (345, 560), p["upper_lip"], (455, 560), p["left_mouth_corner"]]
    lower = [(460, 600), p["lower_lip"], (340, 600)]
    canvas.shape(smooth([*mouth, *lower], True), (206, 96, 90), line, 4)
    canvas.line(smooth([p["right_mouth_corner"], (400, 580), p["left_mouth_corner"]]), line, 5)
    return DrawnFace(canvas.result(), p)
