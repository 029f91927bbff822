"""The decoder's side of the mouth: its skull-fixed patch, its inputs, and the colours of this portrait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import HeadPose, apply_pose
from space_runtime.inference.network import Network
from space_runtime.rendering.warp.backward import Box, picture_points
from space_runtime.rendering.warp.mesh import LOWER_LIP, UPPER_LIP

PATCH_HEIGHT: Final = 64
PATCH_WIDTH: Final = 96
PATCH_UNIT: Final = 128
"""Patch pixels per normalised unit."""
PATCH_ORIGIN: Final = (48.0, 20.0)
"""Column and row of the anchor in the patch."""
LIP_THIRD: Final = 0.33
"""Closed lips meet this far down from nose base to chin (the classical third)."""
INNER_LIPS: Final = (*UPPER_LIP, *LOWER_LIP[-2:0:-1])
"""The 20 points around the mouth's opening."""
CHIN: Final = 152
N_GEOMETRY: Final = 2 * len(INNER_LIPS) + 2
N_COLOURS: Final = 6
CHEEKS: Final = (50, 280, 205, 425)
LIPS: Final = (0, 17, 37, 267, 84, 314)


@dataclass(frozen=True, slots=True, eq=False)
class Interior:
    """The decoder and everything that it needs of a portrait.

    anchor: (3,) where closed lips would meet, normalised; colours: (6,) of cheeks and lips, 0…1.
    chin: (2,) the chin's place at rest, normalised. teeth: 1 to draw upper teeth, 0 if the photo shows its own.
    """

    decoder: Network
    anchor: Floats
    colours: Floats
    chin: Floats
    teeth: float


def prepare_interior(photo: Pixels, points: Floats, normalised: Floats, decoder: Network, own_teeth: bool) -> Interior:
    """Return the decoder's view of a portrait with mesh points in pixels and without the pose, both (≥ 478, 3)."""
    anchor, colours = mouth_anchor(normalised), face_colours(photo, points)
    return Interior(decoder, anchor, colours, normalised[CHIN, :2], 0.0 if own_teeth else 1.0)


def mouth_anchor(face: Floats) -> Floats:
    """Return the (3,) point where closed lips would meet, for normalised mesh points; fixed to the skull."""
    nose, chin = face[2], face[CHIN]
    anchor = nose + LIP_THIRD * (chin - nose)
    return np.array([anchor[0], anchor[1], face[[13, 14], 2].mean()], np.float32)


def face_colours(photo: Pixels, points: Floats) -> Floats:
    """Return (6,) mean colours 0…1 of the cheeks and of the lips at (≥ 478, 3) mesh points in pixels."""
    soft = cv2.blur(photo, (5, 5)).astype(np.float32) / 255
    means = []
    for place in (CHEEKS, LIPS):
        columns, rows = np.clip(np.rint(picture_points(points[list(place)])), 0, len(photo) - 1).astype(int).T
        means.append(soft[rows, columns].mean(0))
    return np.concatenate(means).astype(np.float32)


def lip_geometry(normalised: Floats, anchor: Floats, chin_at_rest: Floats) -> Floats:
    """Return the (42,) decoder input: the lips' opening around the anchor, then the jaw's motion; normalised units."""
    opening = normalised[list(INNER_LIPS), :2] - anchor[:2]
    return np.concatenate([opening.ravel(), normalised[CHIN, :2] - chin_at_rest]).astype(np.float32)


def patch_from_picture(anchor: Floats, pose: HeadPose) -> Floats:
    """Return the (2, 3) affine map from picture points to patch pixels."""
    corners = anchor + np.array([[0, 0, 0], [1, 0, 0], [0, -1, 0]], np.float32)
    now = picture_points(apply_pose(corners, pose))
    column, row = PATCH_ORIGIN
    then = np.array([[column, row], [column + PATCH_UNIT, row], [column, row + PATCH_UNIT]], np.float32)
    return cv2.getAffineTransform(now, then).astype(np.float32)


def decoded_patch(interior: Interior, normalised: Floats) -> Floats:
    """Return the (64, 96, 3) decoded colours 0…255 of a moved face without its pose."""
    geometry = lip_geometry(normalised, interior.anchor, interior.chin)
    teeth = np.full((1, 1), interior.teeth, np.float32)
    answer = interior.decoder.run({"geometry": geometry[None], "colours": interior.colours[None], "teeth": teeth})
    return np.asarray(answer["patch"][0], np.float32) * 255


def interior_in(box: Box, interior: Interior, normalised: Floats, pose: HeadPose) -> Floats:
    """Return the (h, w, 3) decoded colours in the box of a picture, for a moved face without and with its pose."""
    size = (box.x1 - box.x0, box.y1 - box.y0)
    patch = decoded_patch(interior, normalised)
    back = patch_from_picture(interior.anchor, pose)
    back[:, 2] += back[:, :2] @ np.array([box.x0, box.y0], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(patch, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)
