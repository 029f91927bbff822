"""The person without the background: straight colours, in which none of it is left, and an opacity that moves along.

At the person's edge a photo's pixel is a mixture, ``opacity · person + (1 − opacity) · background``. It is solved for
the person's colour where the opacity lets that be known; towards the background, and in it, the person's colours are
continued, so that neither a filter's neighbours nor a video's coarser colours bring the background back as a halo.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import smoothstep
from space_runtime.portrait.continuation import continued
from space_runtime.rendering.warp.layers import Layers, enlarged, reduced, sampled
from space_runtime.rendering.warp.scene import Backward

SOLVED: Final = (0.25, 0.75)
"""Opacities below which a colour is continued, and above which it is solved for."""
PURE: Final = 0.98
"""Opacity from which a pixel's colour is the person's own."""
OPAQUE: Final = 255
ALIKE: Final = 12.0
"""Distance of the colours of person and background, 0…255, up to which they do not tell a pixel's opacity."""
APART: Final = 40.0
"""By how much it lies above where they tell all of it."""
EDGE: Final = 0.1
"""Cover that a pixel must have, and lack, to lie wholly at the person's edge."""
INSIDE: Final = (0.4, 0.75)
"""Covers from which colours may take less opacity away, and from which they take none."""
AT_MOST: Final = 2.5
"""Factor on the cover by which colours may make a pixel more opaque."""


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A person's colours and opacity: (s, s, 4), red, green, blue and opacity, 0…255, not multiplied."""

    colours: Pixels


def prepare_cutout(photo: Pixels, layers: Layers, fine: int) -> Cutout:
    """Return the cut-out of a photo with its layers. fine: see `Portrait`."""
    cover = 1 - layers.person[..., 3]
    small, rough = reduced(photo, fine), reduced(cover, fine)
    person = enlarged(continued(small, rough > PURE), fine)
    behind = enlarged(continued(small, reduced(layers.photo, fine)[..., 3] == 0), fine)
    opacity = _refined(photo, cover, person, behind)
    share = opacity[..., None]
    solved = np.clip(behind + (photo - behind) / np.maximum(share, SOLVED[0]), 0, 255)
    colours = person + (solved - person) * np.asarray(smoothstep(share, *SOLVED), np.float32)
    colours = np.where(share == 1, photo, np.rint(colours))
    return Cutout(np.dstack([colours, np.rint(OPAQUE * opacity)]).astype(np.uint8))


def _refined(photo: Pixels, cover: Floats, person: Floats, behind: Floats) -> Floats:
    """Return (h, w) the opacity 0…1: the cover, at the person's edge by the colours as far as they tell both apart.

    There a pixel is as opaque as it is on the way from the background's colour to the person's, within bounds: a light
    spot on an ear is no hole, a flag of the hair's colour no hair.
    """
    way = person - behind
    length = np.maximum((way**2).sum(2), 1)
    along = np.clip(((photo - behind) * way).sum(2) / length, 0, 1)
    told = np.clip((np.sqrt(length) - ALIKE) / APART, 0, 1)
    edge = np.clip(np.minimum(cover, 1 - cover) / EDGE, 0, 1)
    least, most = cover * smoothstep(cover, *INSIDE), np.minimum(cover * AT_MOST, 1)
    return np.asarray(np.clip(cover + (along - cover) * told * edge, least, most), np.float32)


def cut_out(picture: Pixels, cutout: Cutout, moved: Backward) -> Pixels:
    """Return (s, s, 4) of a moved head's finished picture (s, s, 3) without the background."""
    result = cutout.colours.copy()
    for box, places in moved.parts:
        result[box.slices] = sampled(cutout.colours, places)
    _blend_rim(result.reshape(-1, 4), cutout, moved)
    whole = result[..., 3] == OPAQUE
    cv2.copyTo(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA), whole.astype(np.uint8), result)
    return result


def _blend_rim(pixels: Pixels, cutout: Cutout, moved: Backward) -> None:
    """Mix face and what lies beside it along the face's contour, each by its share and its opacity."""
    if not len(moved.rim):
        return
    face = pixels.take(moved.rim, 0).astype(np.float32)
    other = sampled(cutout.colours, moved.other[:, None]).astype(np.float32)[:, 0]
    weights = np.stack([moved.share * face[:, 3], (1 - moved.share) * other[:, 3]])
    opacity = weights.sum(0)
    mixed = weights[0, :, None] * face + weights[1, :, None] * other
    mixed[:, :3] /= np.maximum(opacity, 1)[:, None]
    mixed[:, 3] = opacity
    pixels[moved.rim] = np.where(opacity[:, None] < 0.5, face * (1, 1, 1, 0), np.rint(mixed)).astype(np.uint8)
