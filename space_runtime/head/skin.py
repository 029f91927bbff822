"""The skin of a head from its photo: projected where it is seen, mirrored where only the other side is, else filled.

The photo's light is balanced left to right. What neither side shows takes the low frequencies of the skin around it,
spread over the mesh; under hair it takes the hair's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.extras import cv2
from space_runtime.head.atlas import Atlas, mirrored, padded, skin_atlas
from space_runtime.head.light import SIGMA, balanced, evenly_lit
from space_runtime.head.model import SKIN, Part
from space_runtime.head.picture_fields import blurred, dilated, eroded, sample, smoothstep, weighted_blur
from space_runtime.head.sight import Sight
from space_runtime.head.surface import Surface, harmonic, surface

LOWEST_SEEN: Final = (-9.8, -7.5)
"""Heights on the neck, cm, between which the photo fades out: collars."""
CHIN_HEIGHT: Final = (-3.5, -5.5)
"""Heights between which colours must be the skin's own to count."""
GRAIN: Final = 2.0
"""Standard deviation of the grain on filled skin, of 255."""
LIKE_SKIN: Final = (19.0, 11.0)
"""Distances in Lab, lightness by a quarter, between which a colour becomes the skin's."""
MOUTH_COLOUR: Final = (95.0, 38.0, 36.0)
SOCKET_SHARE: Final = 0.5
"""Lightness of the eye sockets beside the skin's."""


@dataclass(frozen=True, slots=True, eq=False)
class HairOnScalp:
    """Hair as it colours the skin beneath. mask: (h, w) in the photo. share: (V,) of hair at the skin's vertices.

    colour: (V, 3) there.
    """

    mask: Floats
    share: Floats
    colour: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """The photo in the atlas. colour: (h, w, 3). weight: (h, w), 0 where the photo does not show the skin."""

    colour: Floats
    weight: Floats


def skin_texture(sight: Sight, cheeks: Floats, hair: HairOnScalp | None) -> Floats:
    """Return the (1024, 2048, 3) skin of a sight. cheeks: (k, 2) picture points on bare skin. hair: None if bald."""
    atlas = skin_atlas()
    seen = _project(sight, atlas, cheeks, hair)
    one_side = Projected(balanced(seen.colour, seen.weight), seen.weight)
    other = _other_side(one_side)
    mesh = surface(sight.model.faces[sight.model.faces_of(*SKIN)], sight.model.n_skin)
    filling = atlas.picture(atlas.texels(_filling(sight, atlas, one_side, mesh, hair)) + _grain(atlas))
    weight = one_side.weight[..., None]
    share = (other.weight * (1 - one_side.weight))[..., None]
    mixed = weight * one_side.colour + share * other.colour + (1 - weight - share) * filling
    return padded(np.clip(mixed, 0, 255), atlas.covered)


def _project(sight: Sight, atlas: Atlas, cheeks: Floats, hair: HairOnScalp | None) -> Projected:
    """Return the photo in the atlas with its weights."""
    camera = atlas.texels(sight.camera)
    normals = atlas.texels(sight.normals)
    facing = normals[:, 2]
    points = np.asarray(camera[:, :2] * np.array([1, -1]), np.float32)
    height = atlas.texels(sight.model.neutral[: sight.model.n_skin, 1])
    weight = sight.visible(camera) * smoothstep(facing, 0.15, 0.45) * sample(_bare(sight, hair), points)
    doubtful = np.maximum(smoothstep(height, *CHIN_HEIGHT), smoothstep(facing, 0.7, 0.5))
    like = sample(_like_skin(sight, cheeks), points)
    weight *= 1 - doubtful + doubtful * like
    weight *= smoothstep(height, *LOWEST_SEEN)
    weight[atlas.vertices.max(1) >= sight.model.parts[Part.FACE].stop] = 0
    shown = atlas.picture(weight)
    shown = np.minimum(shown, blurred(eroded(shown, 13), 7.0))
    colours = evenly_lit(sample(sight.photo, points), normals, weight * like)
    return Projected(atlas.picture(colours), shown)


def _bare(sight: Sight, hair: HairOnScalp | None) -> Floats:
    """Return (h, w): 1 where the photo shows the person and no hair."""
    person = blurred(eroded((sight.matte > 0.6).astype(np.float32), 9), 1.0)
    return (
        person
        if hair is None
        else np.asarray(person * np.clip(1 - 1.6 * dilated(hair.mask, 0.4 * sight.centimetre), 0, 1), np.float32)
    )


def _like_skin(sight: Sight, cheeks: Floats) -> Floats:
    """Return (h, w): 1 where the photo has colours like those of its cheeks, whatever the lightness."""
    smooth = np.clip(blurred(sight.photo, 1.5), 0, 255).astype(np.uint8)
    lab = cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB).astype(np.float32)
    skin = np.median(sample(lab, cheeks), axis=0)
    distance = np.linalg.norm((lab - skin) * [0.25, 1, 1], axis=2)
    return blurred(eroded(smoothstep(distance, *LIKE_SKIN), 5), 1.5)


def _other_side(seen: Projected) -> Projected:
    """Return the mirrored picture, its remaining difference in low frequencies taken away."""
    colour, weight = mirrored(seen.colour), mirrored(seen.weight)
    both = np.asarray(np.minimum(seen.weight, weight) + 1e-4, np.float32)
    change = weighted_blur(seen.colour, both, SIGMA) - weighted_blur(colour, both, SIGMA)
    return Projected(np.clip(colour + 0.7 * np.clip(change, -40, 40), 0, 255).astype(np.float32), weight)


def _filling(sight: Sight, atlas: Atlas, seen: Projected, mesh: Surface, hair: HairOnScalp | None) -> Floats:
    """Return (V, 3) colours of the skin without detail, spread from where it is seen; hair where hair is."""
    weight = sample(seen.weight, atlas.vertex_pixels)
    smooth = weighted_blur(seen.colour, seen.weight, 6.0)
    known = sample(smooth, atlas.vertex_pixels).astype(np.float64)
    pins = np.where(weight > 0.95, smoothstep(sight.normals[:, 2], 0.25, 0.6), 0).astype(np.float64)
    base = np.median(known[pins > 0.9], axis=0) if (pins > 0.9).any() else np.full(3, 128.0)
    pull = 1e-4
    colours = harmonic(mesh, 2 * pins + pull, (2 * pins[:, None] * known + pull * base) / (2 * pins + pull)[:, None])
    colours *= _occlusion(sight, mesh)[:, None]
    if hair is not None:
        colours += hair.share[:, None] * (hair.colour - colours)
    colours[sight.model.parts[Part.MOUTH_SOCKET]] = MOUTH_COLOUR
    colours[sight.model.parts[Part.EYE_SOCKETS]] = base * SOCKET_SHARE
    return colours.astype(np.float32)


def _occlusion(sight: Sight, mesh: Surface) -> Floats:
    """Return (V,) what ambient light reaches: less in hollows, which the photo would have shown darker."""
    rest = sight.fitted.rest[: sight.model.n_skin].astype(np.float64)
    bent = (mesh.laplacian(rest) * (sight.normals @ sight.fitted.rotation)).sum(1, keepdims=True)
    hollow = harmonic(mesh, np.full(len(bent), 0.5), np.clip(-bent, 0, 0.1))[:, 0]
    return np.asarray(1 - np.clip(6.0 * hollow, 0, 0.22), np.float32)


def _grain(atlas: Atlas) -> Floats:
    """Return (n, 1) the grain of skin on filled texels."""
    noise = np.random.default_rng(0).standard_normal(atlas.covered.shape).astype(np.float32)
    noise = blurred(noise, 1.5)
    return np.asarray(noise[atlas.covered][:, None] * (GRAIN / noise.std()), np.float32)
