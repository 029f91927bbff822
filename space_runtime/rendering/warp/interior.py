"""The inside of one portrait's mouth: the sprites in its colours, placed on its skull and jaw, drawn into a box.

Back to front: the cavity, the tongue and the lower teeth, which move with the jaw, and the upper teeth, which are fixed
to the skull. A row of teeth is a surface that stands upright on its arch, so turns show it from the side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import HeadPose, apply_pose, picture_points, rotation_matrix, smoothstep
from space_runtime.rendering.warp.backward import Box
from space_runtime.rendering.warp.mouth_colours import MouthColours
from space_runtime.rendering.warp.mouth_sprites import ArchSprite, TongueSprite, load_sprites
from space_runtime.rendering.warp.own_teeth import OwnTeeth

CHIN: Final = 152
FINER: Final = 1.15
"""Pixels of a sprite per pixel of the portrait."""
LOOKUP: Final = 8
"""Places per pixel at which an arch is looked up."""
DIMMER_BACK: Final = 0.13
"""Depth behind the front teeth, normalised, at which half the light is left; it falls off with the fourth power. In 78
portraits that show teeth, what lies 0.10 to 0.13 behind has 0.59 of the front teeth's light, 0.13 to 0.16 has 0.38,
0.16 to 0.2 has 0.21."""
PALATE: Final[np.float32] = np.float32(0.8)
"""By how much the cavity is lighter at its top, where the palate is seen; fades around the edge of the upper teeth."""
PALATE_DEPTH: Final = 0.06
SOFT: Final = 0.6
"""Blur of the rows of teeth, pixels: portraits are not sharper."""
RELIEF: Final = 0.6
"""Share of the sprites' shading of teeth and gums that a mouth shows: its light comes from all sides."""
WITH_JAW: Final = np.float32(0.75)
"""Share of the jaw's motion that the tongue's surface takes."""
LEAST_UPRIGHT: Final = 0.3
"""Cosine of the largest angle by which teeth lean in the picture; beyond it they are drawn leaning less."""
BACK: Final = 0.1
"""Share of the light that reaches the back of the tongue, at its picture's top."""
RISE: Final = (0.1, 0.9)
"""Way down that picture over which the light grows."""
ROUND: Final = 0.45
"""Share of the light that is missing at the tongue's sides."""
FURROW: Final = 0.22
FURROW_WIDTH: Final = 0.07
"""Depth of the middle's shade and its width, a share of half the tongue's."""
TIP: Final = (0.45, 0.85)
"""Way down over which the furrow ends."""
TONGUE_OUT: Final = 0.12
"""How far the tongue comes up at most, normalised."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A row of teeth in a portrait's colours.

    sprite: (h, w, 4) premultiplied colours and cover, 0…255. arch: see `ArchSprite`. top: y of the picture's upper
    edge. unit: rows per normalised unit.
    """

    sprite: Pixels
    arch: Floats
    top: float
    unit: float


@dataclass(frozen=True, slots=True, eq=False)
class Interior:
    """The inside of a portrait's mouth.

    upper, lower: the teeth. tongue: (h, w, 4), premultiplied; tongue_place: what it shows. cavity, palate: (3,)
    colours 0…255 of what lies behind, below and at its top.
    origin: (3,) of the sprites, normalised. chin: (3,) its place while the teeth are closed, normalised. jaw: see
    `MouthSprites`.
    """

    upper: Row
    lower: Row
    tongue: Pixels
    tongue_place: TongueSprite
    cavity: Floats
    palate: Floats
    origin: Floats
    chin: Floats
    jaw: Floats


def prepare_interior(
    colours: MouthColours, origin: Floats, chin: Floats, pose: HeadPose, photo: Pixels, own: OwnTeeth | None
) -> Interior:
    """Return the inside of a mouth; origin, chin: see `Interior`; pose: of the photo; own: the teeth it shows."""
    sprites = load_sprites()
    upper = _row(sprites.upper, colours, colours.teeth, pose.scale)
    teeth = colours.teeth
    if own is not None:
        there = _places(upper, origin, pose)
        cover = np.asarray(cv2.remap(own.mask, *there, cv2.INTER_LINEAR), np.float32)
        teeth = _matched(upper, cover, own.colour, colours)
        upper = _row(sprites.upper, colours, teeth, pose.scale)
        shown = cv2.remap(photo, *there, cv2.INTER_LINEAR).astype(np.float32)
        layered = upper.sprite + (np.dstack([shown, np.full_like(cover, 255)]) - upper.sprite) * cover[..., None]
        upper = replace(upper, sprite=np.rint(layered).astype(np.uint8))
    return Interior(
        upper,
        _row(sprites.lower, colours, teeth, pose.scale),
        _painted(_shares(sprites.tongue.planes), (colours.tongue,), _tongue_reach(sprites.tongue.planes), colours),
        sprites.tongue,
        colours.cavity,
        colours.cavity + PALATE * (colours.cavity - colours.veil),
        origin,
        chin,
        sprites.jaw,
    )


def _row(sprite: ArchSprite, colours: MouthColours, teeth: Floats, scale: float) -> Row:
    height, width = sprite.planes.shape[:2]
    share = min(1.0, FINER * scale * (sprite.top - sprite.bottom) / height)
    size = (round(width * share), round(height * share))
    planes = _shares(cv2.GaussianBlur(cv2.resize(sprite.planes, size, interpolation=cv2.INTER_AREA), (0, 0), SOFT))
    planes[..., 2] = 1 - RELIEF * (1 - planes[..., 2])
    arch = np.stack([np.interp(_middles(size[0]) * width / size[0], _middles(width), c) for c in sprite.arch.T], 1)
    reach = 1 / (1 + (np.abs(arch[:, 1]) / DIMMER_BACK) ** 4)
    painted = _painted(planes, (teeth, colours.gums), np.asarray(reach[None, :, None], np.float32), colours)
    return Row(painted, arch.astype(np.float32), sprite.top, size[1] / (sprite.top - sprite.bottom))


def _tongue_reach(planes: Pixels) -> Floats:
    """Return (h, w, 1) the share of light on a tongue that rises into the mouth: it falls off to its back and sides."""
    height, width = planes.shape[:2]
    down, across = np.mgrid[:height, :width].astype(np.float32)
    down, across = down / (height - 1), 2 * across / (width - 1) - 1
    reach = BACK + (1 - BACK) * smoothstep(down, *RISE)
    furrow = 1 - FURROW * np.exp(-((across / FURROW_WIDTH) ** 2)) * (1 - smoothstep(down, *TIP))
    return np.asarray((reach * furrow * (1 - ROUND * across**2))[..., None], np.float32)


def _places(row: Row, origin: Floats, pose: HeadPose) -> tuple[Floats, Floats]:
    """Return (h, w) columns and rows in the photo of a sprite's pixels; what faces away lies outside it."""
    height = len(row.sprite)
    x, z, rise = row.arch.T
    y = row.top - _middles(height)[:, None] / row.unit + rise
    points = np.stack(np.broadcast_arrays(x, y, z), -1) + origin
    seen = picture_points(apply_pose(points.astype(np.float32), pose))
    first, last = _seen(seen[height // 2, :, 0])
    seen[:, :first], seen[:, last + 1 :] = -9, -9
    return np.ascontiguousarray(seen[..., 0]), np.ascontiguousarray(seen[..., 1])


def _matched(row: Row, cover: Floats, colour: Floats, colours: MouthColours) -> Floats:
    """Return the (3,) paint of teeth with which the sprite looks as the photo's own do where those are seen."""
    sprite, veil = row.sprite.astype(np.float32), colours.veil
    seen = (cover > 0.5) & (sprite[..., 3] > 250)
    if not seen.any():
        return colour
    light = sprite[seen][:, :3].mean(1)
    lightest = np.median(sprite[seen][light >= np.quantile(light, 0.4), :3], 0)
    factor = (colour - veil) / np.maximum(lightest - veil, 1)
    return np.asarray(np.clip(veil + (colours.teeth - veil) * factor, 0, 255), np.float32)


def _shares(planes: NDArray[np.number]) -> Floats:
    return np.asarray(planes, np.float32) / np.float32(255)


def _middles(n: int) -> Floats:
    return np.arange(n, dtype=np.float32) + np.float32(0.5)


def _painted(planes: Floats, paints: tuple[Floats, ...], reach: Floats, colours: MouthColours) -> Pixels:
    """Return (h, w, 4) premultiplied colours and cover of planes 0…1 whose last one is light.

    reach: (…, 1) the share of light that gets there; what gets none has the cavity's colour.
    """
    covers, light = planes[..., :-1], planes[..., -1:]
    cover = np.minimum(covers.sum(-1, keepdims=True), 1)
    colour = np.zeros((*planes.shape[:2], 3), np.float32)
    for k, paint in enumerate(paints):
        colour += covers[..., k : k + 1] * (colours.veil + (paint - colours.veil) * light)
    colour = colour * reach + colours.cavity * cover * (1 - reach)
    whole = np.concatenate([np.clip(colour, 0, 255 * cover), 255 * cover], -1)
    return np.asarray(np.rint(whole), np.uint8)


def interior_in(box: Box, interior: Interior, chin: Floats, pose: HeadPose, tongue: float = 0.0) -> Floats:
    """Return the (h, w, 3) colours in the box of a picture.

    chin: (3,) without the pose; pose: the head's; tongue: how far it is raised, 0…1.
    """
    view = rotation_matrix(pose.rotation_rad) * np.float32(pose.scale)
    middle = view @ interior.origin + np.asarray(pose.translation, np.float32)
    place = np.array([middle[0] - box.x0, middle[1] + box.y0], np.float32)
    shape = (box.y1 - box.y0, box.x1 - box.x0)
    sinks = min(0.0, float(chin[1] - interior.chin[1]))
    aside = float(chin[0] - interior.chin[0])
    front, slope, back = interior.jaw
    shift = np.array([aside, sinks * front, -abs(sinks) * abs(back)], np.float32)
    below = (np.arange(shape[0], dtype=np.float32) + place[1]) / np.float32(pose.scale)
    palate = np.minimum(np.maximum(1 - (below + PALATE_DEPTH) / np.float32(2 * PALATE_DEPTH), 0), 1)[:, None, None]
    colours: Floats = cv2.repeat(interior.cavity + (interior.palate - interior.cavity) * palate, 1, shape[1])
    raised = np.array([0, tongue * TONGUE_OUT, 0], np.float32)
    _over(colours, _tongue_in(shape, interior, view, place, shift * WITH_JAW + raised))
    _over(colours, _row_in(shape, interior.lower, view, place, shift, sinks * float(slope)))
    _over(colours, _row_in(shape, interior.upper, view, place, np.zeros(3, np.float32), 0.0))
    return colours


def _over(colours: Floats, layer: Pixels) -> None:
    """Lay (h, w, 4) premultiplied colours over others."""
    cover = cv2.extractChannel(layer, 3)
    if not cover.any():
        return
    left = np.float32(1) - cover.astype(np.float32) * np.float32(1 / 255)
    colours *= cv2.cvtColor(left, cv2.COLOR_GRAY2RGB)
    colours += cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB)


def _row_in(shape: tuple[int, int], row: Row, view: Floats, place: Floats, shift: Floats, slope: float) -> Pixels:
    """Return (h, w, 4) of a row of teeth. view: (3, 3) picture from head; place: (2,) of the origin, y up.

    A point ``(x, y, z)`` of the arch is seen at ``view @ (x, y, z)``. Upright lines stay parallel, so sliding along
    them to one height leaves a number for each column of the sprite, by which it is looked up.
    """
    upright = max(float(view[1, 1]), LEAST_UPRIGHT * float(np.linalg.norm(view[:, 1])))
    lean = float(view[0, 1]) / upright
    x, z = row.arch[:, 0] + shift[0], row.arch[:, 1] + shift[2]
    y = row.arch[:, 2] + shift[1] + slope * row.arch[:, 1]
    height = view[1, 0] * x + view[1, 1] * y + view[1, 2] * z
    across = view[0, 0] * x + view[0, 1] * y + view[0, 2] * z - lean * height
    first, last = _seen(across)
    low, high = float(across[first]), float(across[last])
    n_stops = max(2, round((high - low) * LOOKUP)) + 1
    stops = low + np.arange(n_stops) * ((high - low) / (n_stops - 1))
    columns = np.interp(stops, across[first : last + 1], np.arange(first, last + 1)).astype(np.float32)
    rows = np.interp(columns, np.arange(len(height)), row.top + height / upright).astype(np.float32)
    right = np.arange(shape[1], dtype=np.float32) - place[0]
    up = -np.arange(shape[0], dtype=np.float32) - place[1]
    found = (right[None, :] - lean * up[:, None] - np.float32(low)) * np.float32((len(stops) - 1) / (high - low))
    index = np.minimum(np.maximum(found, 0), len(stops) - 1).astype(np.intp)
    outside = (found < -0.5) | (found > len(stops) - 0.5)
    map_x = columns.take(index)
    map_x[outside] = -9
    map_y = (rows.take(index) - up[:, None] / upright) * np.float32(row.unit) - np.float32(0.5)
    return np.asarray(cv2.remap(row.sprite, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.uint8)


def _seen(across: Floats) -> tuple[int, int]:
    """Return the first and the last column of an arch that face the viewer: between them it runs to the right."""
    middle = len(across) // 2
    left, right = across[: middle + 1], across[middle:]
    return int(np.argmin(left)), middle + int(np.argmax(right))


def _tongue_in(shape: tuple[int, int], interior: Interior, view: Floats, place: Floats, shift: Floats) -> Pixels:
    """Return (h, w, 4) of the tongue, a flat picture at the depth of its tip."""
    edges, (height, width) = interior.tongue_place, interior.tongue.shape[:2]
    corners = np.array([[edges.left, edges.top], [edges.right, edges.top], [edges.left, edges.bottom]], np.float32)
    there = np.concatenate([corners, np.full((3, 1), edges.depth, np.float32)], 1) + shift
    seen = (there @ view.T)[:, :2] + place
    now = np.asarray(seen * np.array([1, -1], np.float32), np.float32)
    then = np.array([[-0.5, -0.5], [width - 0.5, -0.5], [-0.5, height - 0.5]], np.float32)
    matrix = cv2.getAffineTransform(then, now)
    size = (shape[1], shape[0])
    return np.asarray(cv2.warpAffine(interior.tongue, matrix, size, flags=cv2.INTER_AREA), np.uint8)
