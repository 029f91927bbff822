"""Heads of chance from the face model, drawn with light, hair and glasses: portraits of nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from export.evaluation.portraits.made_looks import Look, Style
from export.evaluation.portraits.made_skin import drawn_in_style, paint, to_painting
from space_runtime.arrays import Doubles, Floats, Longs, Mask, Pixels, Reals
from space_runtime.geometry import rotation_matrix
from space_runtime.head.meshes import vertex_normals
from space_runtime.head.model import FaceModel, Part, load_model, triangles
from space_runtime.head.picture_fields import sample
from space_runtime.head.raster import rasterise

SIZE: Final = (1200, 960)
"""Rows and columns that are drawn; half as many are kept."""
DISTANCE_CM: Final = 90.0
FACE_CM: Final = 18.0
"""Height of a face, from the hair to the chin."""
MIDDLE: Final = np.array([0.0, 0.6, 4.0])
"""The point about which the head turns and that the camera looks at."""
COLLAR_CM: Final = -12.5
"""Height below which the neck is clothed."""
THICK_CM: Final = 0.9
"""Of the hair above the scalp."""
TEETH, GUMS, SOCKET, SCLERA = (226, 218, 200), (150, 74, 74), (84, 34, 32), (226, 222, 216)
IRIS, PUPIL = 0.47, 0.2
"""Radii as sines of angles at the middle of the eyeball."""
LENS_CM: Final = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Surfaces in pixels. shown: (h, w). part: (h, w) place in `PARTS`. rest: (h, w, 3) in the resting head, cm.
    normal: (h, w, 3). hair: (h, w) share of hair."""

    shown: Mask
    part: Longs
    rest: Floats
    normal: Floats
    hair: Floats


def draw_look(look: Look) -> Pixels:
    """Return the (600, 480, 3) portrait of a look; the same pixels each time."""
    model, rng = load_model(), np.random.default_rng(look.seed)
    identity = np.clip(rng.standard_normal(len(model.identities)), -2.2, 2.2) * look.shape
    rest = (model.neutral + np.tensordot(identity, model.identities, 1)).astype(np.float64)
    moved = rest + sum(weight * model.expression(name) for name, weight in look.expression.items())
    turn = rotation_matrix(np.radians(np.array([look.yaw_deg, look.pitch_deg, 0], np.float32)))
    posed = (moved - MIDDLE) @ turn.T
    focal = look.tight * SIZE[0] * DISTANCE_CM / FACE_CM
    surface = _surface(model, rest, posed, look, turn, focal)
    colour = _coloured(model, surface, rest, look)
    picture = _ground(look)
    if look.long and look.hair:
        _hang_hair(picture, posed, look, focal)
    picture[surface.shown] = _lit(colour, surface, look)[surface.shown]
    if look.glasses:
        _wear_glasses(picture, model, posed, look, focal, turn)
    small = cv2.resize(picture, (SIZE[1] // 2, SIZE[0] // 2), interpolation=cv2.INTER_AREA)
    grain = rng.normal(0, 2.0, small.shape)
    return drawn_in_style(np.clip(small + grain, 0, 255).astype(np.uint8), look.style, look.seed)


def _surface(model: FaceModel, rest: Doubles, posed: Doubles, look: Look, turn: Floats, focal: float) -> Surface:
    """Return what the camera sees: head, eyes, teeth, and the hair above the scalp."""
    parts = np.zeros(len(rest), np.int64)
    for place, part in enumerate(PARTS):
        parts[model.parts[part]] = place
    corners = triangles(model.faces[model.faces_of(*PARTS)])
    scalp = _scalp(rest, look)
    if look.hair:
        thick = THICK_CM * (1.4 if look.long else 1.0) * scalp
        normals = vertex_normals(posed, corners)
        posed = posed + normals * thick[:, None]
    flat, depth = project(posed, focal)
    drawn = rasterise(flat, corners, SIZE, depth)
    at = corners[np.maximum(drawn.triangle, 0)]

    def of(values: Reals) -> Floats:
        weights = drawn.weights[..., None] if values.ndim == 2 else drawn.weights
        return np.asarray((values[at] * weights).sum(2), np.float32)

    normal = of(vertex_normals(posed, corners))
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
    return Surface(drawn.covered, parts[at[..., 0]], of(rest), normal, of(scalp))


PARTS: Final = (
    Part.FACE,
    Part.MOUTH_SOCKET,
    Part.EYE_SOCKETS,
    Part.GUMS,
    Part.TEETH,
    Part.LEFT_EYE,
    Part.RIGHT_EYE,
)


def project(points: Doubles, focal: float) -> tuple[Floats, Floats]:
    """Return (n, 2) columns and rows of (n, 3) points before the camera, and (n,) how near they are."""
    near = 1 / (DISTANCE_CM - points[:, 2])
    flat = points[:, :2] * near[:, None] * focal * [1, -1] + np.array(SIZE[::-1]) / 2 + [0, 0.02 * SIZE[0]]
    return flat.astype(np.float32), near.astype(np.float32)


def _scalp(rest: Doubles, look: Look) -> Doubles:
    """Return (n,) how much of the hair's thickness a vertex carries: above the forehead, behind temples and ears."""
    x, y, z = rest.T
    front = 8.6 - 0.9 * look.age + 0.5 * np.cos(x * 0.7 + look.seed)
    line = np.where(z > 2, front - 0.055 * x**2, -1.0 - 0.9 * np.maximum(z, -4) if look.long else 0.5)
    side = np.clip((np.abs(x) - 5.5) / 2, 0, 1) * np.clip((4.5 - z) / 2, 0, 1)
    above = np.clip((y - line + 1.5 * side) / 1.2, 0, 1)
    ear = (np.abs(x) > 7.2) & (y < 4.5) & (y > -2.5) & (z > -2.5)
    return np.asarray(np.where(ear | (y < -6), 0.0, above))


def _coloured(model: FaceModel, surface: Surface, rest: Doubles, look: Look) -> Floats:
    """Return (h, w, 3) colours without light."""
    points = model.tracker.on(rest)
    colour = sample(paint(look, points), to_painting(surface.rest))
    if look.hair:
        strands = 1 + 0.9 * sample(_fibres(look.seed), surface.rest[..., :2] * 24 + np.array([512, 480], np.float32))
        cover = np.clip(surface.hair * 2, 0, 1)[..., None]
        colour += cover * (np.array(look.hair, np.float32) * strands[..., None] - colour)
    clothed = np.clip((COLLAR_CM - surface.rest[..., 1]) / 0.3, 0, 1)[..., None]
    colour += clothed * (np.array(look.cloth, np.float32) - colour)
    if look.style is Style.MARBLE:
        return colour
    for place, fixed in ((1, SOCKET), (2, look.skin), (3, GUMS), (4, TEETH)):
        colour[surface.part == place] = fixed
    for place, part in ((5, Part.LEFT_EYE), (6, Part.RIGHT_EYE)):
        here = surface.part == place
        colour[here] = _eye_colour(surface.rest[here], rest[model.parts[part]], look)
    return colour


def _fibres(seed: int) -> Floats:
    """Return (1024, 1024) noise that is drawn out along its columns."""
    noise = np.random.default_rng(seed).standard_normal((1024, 1024)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.8, sigmaY=9), np.float32)


def _eye_colour(places: Floats, ball: Doubles, look: Look) -> Floats:
    centre = (ball.min(0) + ball.max(0)) / 2
    seen = places - centre
    ways = seen @ rotation_matrix(np.radians(np.array([look.gaze_deg, 0, 0], np.float32)))
    aside = np.hypot(ways[:, 0], ways[:, 1]) / np.linalg.norm(ways, axis=1)
    ring = np.clip((aside - PUPIL) / (IRIS - PUPIL), 0, 1)[:, None]
    iris = np.array(look.eyes) * (1.15 - 0.75 * ring**3)
    colour = np.where(aside[:, None] < IRIS, iris, np.array(SCLERA) * (1.05 - 0.25 * aside[:, None]))
    lit = np.hypot(seen[:, 0] - 0.28, seen[:, 1] - 0.32) < 0.13
    return np.asarray(np.where(lit[:, None], 255, np.where(aside[:, None] < PUPIL, 14, colour)), np.float32)


def _lit(colour: Floats, surface: Surface, look: Look) -> Floats:
    """Return (h, w, 3) colours in the look's light: a soft key, fill from above, a gleam on skin."""
    light, normal = look.light, surface.normal
    way = np.array(light.way) / np.linalg.norm(light.way)
    facing = normal @ way
    key = np.clip((facing + 0.15) / 1.15, 0, None) * light.key
    fill = light.fill * (0.75 + 0.25 * normal[..., 1])
    depth = np.where(np.isin(surface.part, (1, 3, 4)), np.clip((surface.rest[..., 2] - 5) / 6, 0.15, 1), 1.0)
    tints = np.array(light.colour) / 255, np.array(light.fill_colour) / 255
    shade = (key[..., None] * tints[0] + fill[..., None] * tints[1]) * depth[..., None]
    half = way + np.array([0, 0, 1])
    half /= np.linalg.norm(half)
    gleam = 34 * np.clip(normal @ half, 0, 1) ** 22 * light.key * (surface.part == 0) * (surface.hair < 0.5)
    return np.asarray(np.clip(colour * shade * 1.1 + gleam[..., None] * tints[0], 0, 255), np.float32)


def _ground(look: Look) -> Floats:
    rng = np.random.default_rng(look.seed + 100)
    clouds = cv2.resize(rng.normal(0, 14, (7, 6)), SIZE[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(np.array(look.ground) + clouds[..., None], 0, 255), np.float32)


def _hang_hair(picture: Floats, posed: Doubles, look: Look, focal: float) -> None:
    """Draw long hair behind head and neck."""
    top = posed[np.argmax(posed[:, 1])]
    places, _ = project(np.array([[0, top[1] - 8.0, -4.0], [0, -13.0, -4.0], [9.4, 0, -4.0]]), focal)
    middle = (places[0] + places[1]) / 2
    axes = round(float(abs(places[2, 0] - SIZE[1] / 2))), round(float(abs(places[1, 1] - places[0, 1]) / 2 + 120))
    cover = np.zeros(SIZE, np.float32)
    cv2.ellipse(cover, (round(float(middle[0])), round(float(middle[1]))), axes, 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    noise = np.random.default_rng(look.seed).standard_normal(SIZE).astype(np.float32)
    strands = cv2.GaussianBlur(noise, (0, 0), 1.2, sigmaY=30)
    shade = np.clip(0.6 + 0.12 * strands / strands.std(), 0.2, 1)[..., None]
    picture += cover[..., None] * (np.array(look.hair, np.float32) * shade - picture)


def _wear_glasses(picture: Floats, model: FaceModel, posed: Doubles, look: Look, focal: float, turn: Floats) -> None:
    """Draw frames before the eyes, a bridge and temples."""
    thick = max(3, round(focal * 0.0045))
    centres = [
        posed[model.parts[part]].max(0) * [0, 0, 1] + posed[model.parts[part]].mean(0) * [1, 1, 0]
        for part in (Part.RIGHT_EYE, Part.LEFT_EYE)
    ]
    around = np.linspace(0, 2 * np.pi, 60)
    rims = []
    for centre in centres:
        ring = np.stack([LENS_CM * np.cos(around), 0.82 * LENS_CM * np.sin(around), np.full(60, 1.4)], 1)
        rims.append(project(ring @ turn.T + centre + turn @ [0, -0.3, 0], focal)[0])
    bridge = np.stack([rims[0][0], rims[1][30]])
    for rim, outer, side in ((rims[0], 30, -1), (rims[1], 0, 1)):
        ear = project((np.array([[7.6 * side, 3.4, 0.0]]) - MIDDLE) @ turn.T, focal)[0]
        lines = [rim, np.concatenate([rim[outer : outer + 1], ear])]
        if side * turn[0, 2] > 0.2:
            lines = lines[:1]  # this temple lies behind the face
        for line in (*lines, bridge):
            points = [np.rint(line * 8).astype(np.int32)]
            cv2.polylines(picture, points, False, [float(part) for part in look.glasses or ()], thick, cv2.LINE_AA, 3)
