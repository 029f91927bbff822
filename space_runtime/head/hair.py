"""Hair from one photo: a shell around the head with the photo's colours, and what it colours of the scalp beneath."""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Longs, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.head.fitted_head import HairShell
from space_runtime.head.hair_grid import N_COLUMNS, N_ROWS, around, ears
from space_runtime.head.hair_shape import HairForm, bare_person, hair_form, picture_of
from space_runtime.head.meshes import vertex_normals
from space_runtime.head.model import Part
from space_runtime.head.picture_fields import blurred, dilated, eroded, sample, smoothstep, spread
from space_runtime.head.sight import Sight
from space_runtime.head.skin import HairOnScalp

SIZE: Final = (512, 1024)
"""Rows and columns of the shell's picture."""
EDGE_CM: Final = 0.35
"""Half the height over which hair fades out at its lower edge behind."""
COLOUR_STEP: Final = 4
"""Steps of the shell's colours, of 255."""
ODD_COLOUR: Final = 60.0
"""Distance from the hair's median colour at which a colour hardly spreads: skin between thin hair."""
SOLID_PIXELS: Final = 23.0
"""Two cells of the grid in the shell's picture."""
_LEAST_ALPHA: Final = 8
_UNDER_CM: Final = 0.6
"""Skin this near to the grid's base lies under the hair."""


def hair_on(sight: Sight, mask: Floats) -> tuple[HairShell, HairOnScalp]:
    """Return the shell of hair of a mask (h, w) and what it colours of the scalp."""
    form = hair_form(sight, mask)
    colours, alpha = _picture(sight, form, mask)
    return _shell(form, colours, alpha), _on_scalp(sight, form, mask, colours, alpha)


def _picture(sight: Sight, form: HairForm, mask: Floats) -> tuple[Floats, Floats]:
    """Return colours (h, w, 3) and alpha (h, w) of the shell."""
    points = _texel_points(form.points)
    normals = _texel_points(_grid_normals(form.points))
    at = picture_of(sight, points)
    outward = _texel_points(form.grid.directions) @ sight.fitted.rotation[2]
    shown = smoothstep(outward, 0.02, 0.25)
    strands = _strands()
    behind = smoothstep(points[..., 1] - form.line(points) + 0.25 * strands, -EDGE_CM, EDGE_CM)
    before = smoothstep(sample(bare_person(sight, mask), at) + 0.06 * strands, 0.75, 0.25)
    before *= smoothstep(points[..., 1] - form.lowest.min() + 0.5 * strands, -0.8, 0.2)
    alpha = behind + shown * (before - behind)
    inner = blurred(eroded((mask > 0.6).astype(np.float32), 0.7 * sight.centimetre), 1.5)
    flat = np.minimum(outward, normals @ sight.fitted.rotation[2])
    seen = smoothstep(flat, 0.12, 0.4) * smoothstep(sample(inner, at), 0.4, 0.95)
    return _colours(sight, mask, sample(sight.photo, at), seen, strands), np.asarray(alpha, np.float32)


def _texel_points(grid: Floats) -> Floats:
    """Return (h, w, 3) values between those of a grid (rows, columns, 3)."""
    rows, columns = (np.linspace(0, count - 1, size) for count, size in zip((N_ROWS, N_COLUMNS), SIZE, strict=True))
    at = np.stack(np.meshgrid(columns, rows), -1).astype(np.float32)
    return sample(grid, at)


def _grid_triangles() -> Longs:
    """Return the triangles of the grid, counter-clockwise seen from outside; the first row is one point."""
    number = np.arange(N_ROWS * N_COLUMNS).reshape(N_ROWS, N_COLUMNS)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    return np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1)[1:].reshape(-1, 3)])


def _grid_normals(points: Floats) -> Floats:
    """Return (rows, columns, 3) unit normals; the first and the last meridian are one."""
    normals = vertex_normals(points.reshape(-1, 3), _grid_triangles()).reshape(points.shape)
    seam = normals[:, 0] + normals[:, -1]
    seam /= np.maximum(np.linalg.norm(seam, axis=1, keepdims=True), 1e-6)
    normals[:, 0] = normals[:, -1] = seam
    normals[0] = normals[1].mean(0) / np.linalg.norm(normals[1].mean(0))
    return normals


def _colours(sight: Sight, mask: Floats, photo: Floats, seen: Floats, strands: Floats) -> Floats:
    """Return (h, w, 3): the photo's hair where shown, its combed mirror image behind, else low frequencies; strands."""
    mirror = np.arange(SIZE[1])
    quarter = (SIZE[1] - 1) / 2
    mirror = np.rint(np.where(mirror < quarter, quarter - mirror, 3 * quarter - mirror)).astype(int) % SIZE[1]
    # the mirror image keeps what changes from strand to strand: along them it would show as a kaleidoscope
    typical = np.median(sight.photo[mask > 0.8], axis=0) if (mask > 0.8).any() else np.zeros(3)
    trusted = seen * np.exp(-np.square(np.linalg.norm(photo - typical, axis=2) / ODD_COLOUR)).astype(np.float32)
    combed = _combed(photo * trusted[..., None]) / np.maximum(_combed(trusted), 1e-3)[..., None]
    weight = (1 - seen) * np.clip(2 * _combed(trusted)[:, mirror], 0, 1)
    known = seen + weight
    shown = (photo * seen[..., None] + combed[:, mirror] * weight[..., None]) / np.maximum(known, 1e-3)[..., None]
    field = np.dstack([shown, trusted + weight])
    low = around(lambda wide: spread(wide[..., :3], wide[..., 3], (4.0, 12.0, 40.0, 120.0)), field)
    base = low + known[..., None] * (shown - low)
    grain = 1 + (1 - seen[..., None]) * _contrast(sight, mask) * strands[..., None]
    return np.asarray(np.clip(base * grain, 0, 255), np.float32)


def _combed(values: Floats) -> Floats:
    """Return (h, w, …) values blurred along the meridians, hardly across."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigmaX=2.0, sigmaY=30.0), np.float32)


def _contrast(sight: Sight, mask: Floats) -> float:
    """Return the standard deviation of lightness between strands, as a share of the hair's lightness."""
    light = sight.photo.mean(2)
    inside = mask > 0.8
    if inside.sum() < 100:
        return 0.05
    fine = (light - blurred(light, 5.0))[inside]
    return float(np.clip(fine.std() / max(float(light[inside].mean()), 8.0), 0.03, 0.25))


def _strands() -> Floats:
    """Return (h, w) noise along the meridians with standard deviation 1: clumps, and strands in them."""
    noise = np.random.default_rng(1)
    total = np.zeros(SIZE, np.float32)
    for share, across, along in ((0.7, 1.2, 14.0), (0.6, 5.0, 40.0)):
        layer = noise.standard_normal(SIZE).astype(np.float32)
        combed = cv2.GaussianBlur(layer, (0, 0), sigmaX=across, sigmaY=along, borderType=cv2.BORDER_REFLECT)
        total += np.asarray(share * combed / combed.std(), np.float32)
    return np.asarray(total / total.std(), np.float32)


def _shell(form: HairForm, colours: Floats, alpha: Floats) -> HairShell:
    """Return the part of the grid where hair is, as a mesh with its picture."""
    points = form.points
    uv = np.stack(np.meshgrid(np.linspace(0, 1, N_COLUMNS), np.linspace(0, 1, N_ROWS)), -1)
    uv = (uv * (np.array(SIZE[::-1]) - 1) + 0.5) / np.array(SIZE[::-1])
    rgba = _stored(colours, alpha)
    near = cv2.resize(dilated(rgba[..., 3], 17), (N_COLUMNS, N_ROWS), interpolation=cv2.INTER_NEAREST).ravel()
    corners = _grid_triangles()
    corners = corners[(near[corners] > _LEAST_ALPHA).any(1)]
    used = np.unique(corners)
    renumbered = np.zeros(N_ROWS * N_COLUMNS, np.int64)
    renumbered[used] = np.arange(len(used))
    return HairShell(
        points.reshape(-1, 3)[used],
        _grid_normals(points).reshape(-1, 3)[used],
        uv.reshape(-1, 2)[used].astype(np.float32),
        renumbered[corners],
        rgba,
    )


def _stored(colours: Floats, alpha: Floats) -> Pixels:
    """Return (h, w, 4): colours in steps that nobody sees, and one colour where no hair is: the file is smaller."""
    rgba = np.dstack([np.rint(colours / COLOUR_STEP) * COLOUR_STEP, 255 * alpha]).round().clip(0, 255).astype(np.uint8)
    rgba[dilated(rgba[..., 3], 17) <= _LEAST_ALPHA, :3] = np.median(rgba[rgba[..., 3] > 127], axis=0)[:3]
    return rgba


def solid_triangles(shell: HairShell) -> Mask:
    """Return (t,) which triangles of a shell are opaque all over: engines draw these like any surface, by depth."""
    size = np.array(shell.rgba.shape[1::-1], np.float32)
    least = sample(eroded(shell.rgba[..., 3], SOLID_PIXELS), shell.uv * size - 0.5)
    return np.asarray((least[shell.triangles] > 250).all(1))


def _on_scalp(sight: Sight, form: HairForm, mask: Floats, colours: Floats, alpha: Floats) -> HairOnScalp:
    """Return how the hair colours the skin beneath."""
    place, radius = form.grid.places(sight.fitted.rest[: sight.model.n_skin])
    scale = (np.array(SIZE[::-1]) - 1) / np.array([N_COLUMNS - 1, N_ROWS - 1])
    at = np.asarray(place * scale, np.float32)
    gap = sample(form.grid.base, place) - radius
    share = sample(alpha, at) * smoothstep(np.abs(gap), 2 * _UNDER_CM, _UNDER_CM)
    share[sight.model.parts[Part.FACE].stop :] = 0
    if not form.covers_ears:
        share[ears(sight.model)[: sight.model.n_skin]] = 0
    share[place[:, 1] > N_ROWS - 1] = 0
    colour = sample(around(lambda wide: blurred(wide, 5.0), colours), at)
    return HairOnScalp(mask, np.asarray(share, np.float32), colour)
