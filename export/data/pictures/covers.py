"""Things drawn before mouths, and beside them: masks, scarves, hands, cups, microphones, hair, beards, cut-outs.

A cover is a mask and the colours below it; all sizes are shares of the face, so that they fit any portrait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np

from export.data.pictures.drawing import Cover, Scene, any_colour, polygon, shaded, skin_colour, turned
from space_runtime.arrays import Pixels
from space_runtime.portrait.mesh_points import OUTER_LIPS

# fmt: off
JAW: Final = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 327, 2, 98)
# fmt: on
NOSE_ROW: Final = (1, 195, 4, 2)
"""Points down to which a mask may reach."""
CHEEK_ENDS: Final = ((234, 454), (93, 323), (132, 361))
"""Points of both cheeks at which a mask may end."""


def covered(scene: Scene, kind: str, rng: np.random.Generator) -> tuple[Pixels, float]:
    """Return the photo covered by a kind of `BEFORE` or `BESIDE`, and the share of the lips that it hides."""
    cover = {**BEFORE, **BESIDE}[kind](scene, rng)
    opacity = cover.mask.astype(np.float32) / 255
    if rng.random() < 0.5:
        opacity = cv2.GaussianBlur(opacity, (0, 0), rng.uniform(0.5, 1.5)).astype(np.float32)
    lips = polygon(scene, scene.points[list(OUTER_LIPS)]) > 0
    drawn = scene.photo + (cover.paint - scene.photo) * opacity[..., None]
    return np.clip(drawn, 0, 255).astype(np.uint8), float(opacity[lips].mean())


def _mask(scene: Scene, rng: np.random.Generator) -> Cover:
    points, u = scene.points, scene.height
    top = points[rng.choice(NOSE_ROW), 1] - rng.uniform(0, 0.02) * u
    left, right = points[list(CHEEK_ENDS[rng.integers(3)])]
    upper = [left, (points[50, 0], (left[1] + top) / 2), (points[4, 0], top), (points[280, 0], (right[1] + top) / 2)]
    lower = [right, points[397], points[152] + (0, rng.uniform(0, 0.06) * u), points[172]]
    paint = shaded(scene, rng, any_colour(rng), 0.25)
    for _ in range(rng.integers(0, 5)):
        row = scene.mouth[1] + rng.uniform(-0.15, 0.18) * u
        fold = np.array([left[0], row, scene.mouth[0], row + rng.uniform(-4, 10), right[0], row]).reshape(-1, 2)
        tone = [float(value) for value in paint.mean((0, 1)) * rng.uniform(0.6, 0.95)]
        cv2.polylines(paint, [np.rint(fold).astype(np.int32)], False, tone, int(rng.integers(1, 4)), cv2.LINE_AA)
    return Cover(polygon(scene, [*upper, *lower]), paint)


def _scarf(scene: Scene, rng: np.random.Generator) -> Cover:
    h, w = scene.photo.shape[:2]
    columns = np.linspace(-20, w + 20, 9)
    rows = scene.points[2, 1] + rng.uniform(-0.06, 0.04) * scene.height + rng.normal(0, 0.02, 9) * scene.height
    rows += ((columns - scene.mouth[0]) / w) ** 2 * rng.uniform(0, 0.8) * scene.height
    outline = [*zip(columns, rows, strict=True), (w + 20, h + 20), (-20, h + 20)]
    return Cover(polygon(scene, outline), shaded(scene, rng, any_colour(rng), 1.0))


def _fingers(scene: Scene, rng: np.random.Generator) -> Cover:
    """Two to four fingers in any direction; each is lighter along its middle."""
    n, thick = int(rng.integers(2, 5)), scene.height * rng.uniform(0.055, 0.09)
    angle = float(rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)]) + rng.normal(0, 0.15))
    long, middle = scene.height * rng.uniform(0.25, 0.6), scene.mouth + rng.normal(0, 0.02, 2) * scene.height
    base, dark = shaded(scene, rng, skin_colour(scene, rng), 0), rng.uniform(0.5, 0.9)
    mask, paint = np.zeros(scene.photo.shape[:2], np.uint8), base.copy()
    for place in (np.arange(n) - (n - 1) / 2) * thick * rng.uniform(0.92, 1.02):
        slip = rng.normal(0, 0.06 * scene.height)
        ends = turned([(slip - long, place), (slip + 0.75 * long, place)], angle) + middle
        finger = np.zeros_like(mask)
        start, end = np.rint(ends).astype(int).tolist()
        cv2.line(finger, start, end, 255, int(thick), cv2.LINE_AA)
        inward = cv2.distanceTransform((finger > 127).astype(np.uint8), cv2.DIST_L2, 3) / (thick / 2)
        light = dark + (1 - dark) * np.sqrt(np.clip(inward, 0, 1))
        paint = np.where(finger[..., None] > 0, base * light[..., None], paint)
        mask = np.maximum(mask, finger)
    return Cover(mask, paint.astype(np.float32))


def _hand(scene: Scene, rng: np.random.Generator) -> Cover:
    """Fingers with the palm beside them."""
    fingers = _fingers(scene, rng)
    seen = np.argwhere(fingers.mask > 0)[:, ::-1]
    low, high = seen.min(0), seen.max(0)
    side = rng.choice([-1, 1])
    start = low[0] if side < 0 else high[0]
    palm = polygon(
        scene, [(start, low[1]), (start + side * 90, low[1]), (start + side * 90, high[1]), (start, high[1])]
    )
    return Cover(np.maximum(fingers.mask, palm), fingers.paint)


def _cup(scene: Scene, rng: np.random.Generator) -> Cover:
    radius, top = scene.width * rng.uniform(0.55, 1.1), scene.points[2, 1] + rng.uniform(0, 0.05) * scene.height
    middle, bottom = scene.mouth[0] + rng.normal(0, 0.05) * scene.height, top + rng.uniform(0.35, 0.7) * scene.height
    sides = [(middle - radius, top), (middle + radius, top), (middle + 0.8 * radius, bottom)]
    mask = polygon(scene, [*sides, (middle - 0.8 * radius, bottom)])
    cv2.ellipse(mask, ((middle, top), (2 * radius, radius * rng.uniform(0.2, 0.6)), 0), 255, -1)
    round_off = 1 - 0.5 * np.clip(np.abs(np.arange(mask.shape[1]) - middle) / radius, 0, 1) ** 2
    return Cover(mask, (shaded(scene, rng, any_colour(rng), 0) * round_off[None, :, None]).astype(np.float32))


def _microphone(scene: Scene, rng: np.random.Generator) -> Cover:
    radius = scene.width * rng.uniform(0.45, 0.8)
    middle = scene.mouth + rng.normal(0, 0.03, 2) * scene.height + (0, rng.uniform(0, 0.3) * radius)
    paint = shaded(scene, rng, np.full(3, rng.choice([25, 40, 110, 150]), np.float32), 0)
    rows, columns = np.mgrid[: len(paint), : paint.shape[1]]
    fine = 3.1 / rng.uniform(3, 7)
    paint += (np.sin((columns + rows) * fine) * np.sin((columns - rows) * fine) * rng.uniform(5, 30))[..., None]
    paint *= (1.1 - 0.5 * np.clip(np.hypot(columns - middle[0], rows - middle[1]) / radius, 0, 1) ** 2)[..., None]
    handle = [(-0.5 * radius, 0), (0.5 * radius, 0), (0.35 * radius, scene.height), (-0.35 * radius, scene.height)]
    mask = polygon(scene, turned(handle, rng.uniform(-0.6, 0.6)) + middle)
    cv2.ellipse(mask, (tuple(middle.tolist()), (2 * radius, 2 * radius * rng.uniform(0.9, 1.2)), 0), 255, -1)
    return Cover(mask, paint.astype(np.float32))


def _hair(scene: Scene, rng: np.random.Generator) -> Cover:
    base = any_colour(rng) if rng.random() < 0.3 else np.array([60, 45, 35], np.float32) * rng.uniform(0.3, 2.6)
    mask, paint = np.zeros(scene.photo.shape[:2], np.uint8), shaded(scene, rng, base, 0)
    angle = rng.uniform(-0.5, 0.5) + (0 if rng.random() < 0.7 else 1.2)
    for _ in range(rng.integers(60, 260)):
        start = rng.uniform(-0.8, 0.8) * scene.width
        across = start + rng.normal(0, (4, 6, 12))
        strand = turned(np.stack([across, np.array([-0.6, 0, 0.6]) * scene.height], 1), angle) + scene.mouth
        line, thick = np.rint(strand * 16).astype(np.int32), int(rng.integers(1, 5))
        cv2.polylines(mask, [line], False, 255, thick, cv2.LINE_AA, 4)
        tone = [float(value) for value in np.clip(base * rng.uniform(0.5, 1.4), 0, 255)]
        cv2.polylines(paint, [line], False, tone, thick, cv2.LINE_AA, 4)
    return Cover(mask, paint)


def _beard(scene: Scene, rng: np.random.Generator) -> Cover:
    """A beard over the lips."""
    tones = np.array([[50, 35, 25], [25, 22, 20], [150, 145, 140], [120, 85, 50]], np.float32)
    base = tones[rng.integers(4)] * rng.uniform(0.7, 1.2)
    paint = shaded(scene, rng, base, 0)
    low, size = scene.points.min(0), np.ptp(scene.points, axis=0)
    for _ in range(rng.integers(600, 3000)):
        start = low + rng.random(2) * size
        end = start + turned([(rng.normal(0, 3), rng.uniform(4, 14))], rng.normal(0, 0.4))[0]
        ends = [tuple(place) for place in np.stack([start, end]).astype(int).tolist()]
        cv2.line(paint, ends[0], ends[1], [float(v) for v in np.clip(base * rng.uniform(0.4, 1.7), 0, 255)], 1)
    return Cover(polygon(scene, scene.points[list(JAW)]), paint)


def _cut_out(scene: Scene, rng: np.random.Generator) -> Cover:
    """A piece of the photo itself laid over the mouth."""
    h, w = scene.photo.shape[:2]
    high, wide = int(scene.width * rng.uniform(0.8, 1.6)), int(scene.width * rng.uniform(1.3, 2.2))
    y, x = int(rng.integers(0, h - high)), int(rng.integers(0, w - wide))
    if abs(y + high / 2 - scene.mouth[1]) < high and abs(x + wide / 2 - scene.mouth[0]) < wide:
        y = 0
    top, left = (
        int(np.clip(c - s / 2, 0, n - s)) for c, s, n in zip(scene.mouth[::-1], (high, wide), (h, w), strict=True)
    )
    paint, mask = np.zeros((h, w, 3), np.float32), np.zeros((h, w), np.uint8)
    paint[top : top + high, left : left + wide] = scene.photo[y : y + high, x : x + wide]
    if rng.random() < 0.5:
        cv2.ellipse(mask, ((left + wide / 2, top + high / 2), (wide - 2, high - 2), 0), 255, -1)
    else:
        mask[top : top + high, left : left + wide] = 255
    return Cover(
        mask if rng.random() < 0.5 else cv2.GaussianBlur(mask, (0, 0), rng.uniform(1, 6)).astype(np.uint8), paint
    )


def _box(scene: Scene, rng: np.random.Generator) -> Cover:
    """A telephone, a book, a sheet."""
    wide, high = scene.width * rng.uniform(0.5, 1.0), scene.height * rng.uniform(0.2, 0.5)
    corners = turned([(-wide, -high), (wide, -high), (wide, high), (-wide, high)], rng.uniform(-0.5, 0.5))
    middle = scene.mouth + rng.normal(0, 0.04, 2) * scene.height
    return Cover(polygon(scene, corners + middle), shaded(scene, rng, any_colour(rng), 0.5))


def _blob(scene: Scene, rng: np.random.Generator) -> Cover:
    """A flower, food, a fist, a sticker."""
    around, radius = np.linspace(0, 2 * np.pi, 13, endpoint=False), scene.width * rng.uniform(0.6, 1.1)
    out = radius * (1 + rng.normal(0, 0.12, 13))
    outline = scene.mouth + np.stack([np.cos(around) * out, np.sin(around) * out * 0.8], 1)
    colour = skin_colour(scene, rng) if rng.random() < 0.4 else any_colour(rng)
    return Cover(polygon(scene, outline), shaded(scene, rng, colour, 0.6))


def _below(scene: Scene, rng: np.random.Generator) -> Cover:
    """A collar or scarf that leaves the lips free."""
    h, w = scene.photo.shape[:2]
    top = scene.points[18, 1] + rng.uniform(0.02, 0.06) * scene.height
    outline = [(0, top + rng.normal(0, 9)), (w, top + rng.normal(0, 9)), (w, h), (0, h)]
    return Cover(polygon(scene, outline), shaded(scene, rng, any_colour(rng), 0.5))


def _cheek(scene: Scene, rng: np.random.Generator) -> Cover:
    """A hand on a cheek."""
    corner, out = (scene.points[61], -1) if rng.random() < 0.5 else (scene.points[291], 1)
    u, start = scene.height, corner[0] + out * rng.uniform(0.03, 0.08) * scene.height
    top, bottom = corner[1] - rng.uniform(0.1, 0.4) * u, corner[1] + rng.uniform(0.1, 0.5) * u
    outline = [(start, top), (start + out * u, top), (start + out * u, bottom + 0.3 * u), (start, bottom)]
    return Cover(polygon(scene, outline), shaded(scene, rng, skin_colour(scene, rng), 0))


def _low_microphone(scene: Scene, rng: np.random.Generator) -> Cover:
    radius = scene.width * rng.uniform(0.35, 0.6)
    mask = np.zeros(scene.photo.shape[:2], np.uint8)
    middle = scene.points[17] + (rng.normal(0, 0.05) * scene.height, radius + rng.uniform(0.03, 0.1) * scene.height)
    cv2.circle(mask, (int(middle[0]), int(middle[1])), int(radius), 255, -1, cv2.LINE_AA)
    return Cover(mask, shaded(scene, rng, np.full(3, 30, np.float32), 0))


def _beard_around(scene: Scene, rng: np.random.Generator) -> Cover:
    """A beard that leaves the lips free."""
    beard = _beard(scene, rng)
    lips = scene.mouth + (scene.points[list(OUTER_LIPS)] - scene.mouth) * (1.03, 1.0)
    return Cover(
        np.minimum(beard.mask, 255 - cv2.GaussianBlur(polygon(scene, lips), (0, 0), 1)).astype(np.uint8), beard.paint
    )


Draw = Callable[[Scene, np.random.Generator], Cover]
BEFORE: Final[Mapping[str, Draw]] = {
    "mask": _mask, "scarf": _scarf, "hand": _hand, "fingers": _fingers, "cup": _cup, "microphone": _microphone,
    "hair": _hair, "beard over the lips": _beard, "cut-out": _cut_out, "box": _box, "blob": _blob,
}  # fmt: skip
"""Things before the lips."""
BESIDE: Final[Mapping[str, Draw]] = {
    "below": _below, "hand on a cheek": _cheek, "low microphone": _low_microphone, "beard": _beard_around,
}  # fmt: skip
"""Things that leave the lips free."""
