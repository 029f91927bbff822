"""Corners of a mouth that reach a little further than posed, so that a picture shows the smile that is meant.

A moved photo keeps its shades, and so the skin around the corners still says where they were: in the pictures of 170
photos that left their smiles, tracking read 0.80 of the way that the corners had been drawn away from the photo's, and
lips that the photo shows apart, once they meet, by 0.8 of their gap narrower than drawn. A part of both is given back.
Small ways, as those of speech, stay as posed; what meeting lips get, they get as far as the face is happy.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.geometry import MEDIAPIPE_68, smoothstep
from space_runtime.rendering.warp.keypoints import KEYPOINT_OF
from space_runtime.rendering.warp.lip_shares import LEAST_WIDTH, ROWS
from space_runtime.rig.shapes import LIP_PAIRS

MOTION: Final = np.array([0.085, 0.12], np.float32)
"""Way of the left corner of the mouth in a full smile, outwards and up, normalised units."""
FURTHER: Final = 0.12
"""Most that is added to a smile beyond the photo's, in full smiles."""
BEYOND: Final = (0.3, 0.9)
"""Smiles beyond the photo's from which on they get some, and all of it."""
LESS: Final = 0.16
"""Most that is taken off a smile that is left, in full smiles."""
LEFT: Final = (0.3, 1.0)
"""The same as `BEYOND`, of smiles that are left."""
MET: Final = 0.5
"""Full smiles that a happy face's lips get for each unit by which they are nearer than in the photo, where no smile is
left."""


def reaching(keypoints: Floats, at_rest: Floats, happy: float) -> Floats:
    """Return (160, 3) normalised keypoints whose lips reach further. at_rest: (160, 3) of the photo. happy: 0…1.

    The lips follow their corners: across by their share of the mouth's half, in height by its square. Keypoints at rest
    stay as they are, bit for bit.
    """
    more = further(smiles_of(keypoints, at_rest), happy * max(_gap(at_rest) - _gap(keypoints), 0))
    if not more.any():
        return keypoints
    right, left = at_rest[_CORNERS[1], 0], at_rest[_CORNERS[0], 0]
    share = (2 * at_rest[_LIPS, 0] - left - right) / max(left - right, LEAST_WIDTH)
    own = np.where(share > 0, more[0], more[1])
    reached = keypoints.copy()
    reached[_LIPS, 0] += own * share * MOTION[0]
    reached[_LIPS, 1] += own * share**2 * MOTION[1]
    return reached


def smiles_of(keypoints: Floats, at_rest: Floats) -> Floats:
    """Return (2,) how much more the left and the right corner smile than in the photo, full smiles; below 0 less."""
    ways = keypoints[_CORNERS, :2] - at_rest[_CORNERS, :2]
    return np.asarray((ways * _DIRECTIONS).sum(1), np.float32)


def further(smile: Floats, closed: float) -> Floats:
    """Return what smiles beyond the photo's, or left, get in addition. closed: by how much the
    lips of a happy face have come nearer."""
    left = smoothstep(-smile, *LEFT)
    return np.asarray(FURTHER * smoothstep(smile, *BEYOND) - LESS * left + MET * closed * (1 - left), np.float32)


def _gap(keypoints: Floats) -> float:
    return float((keypoints[_UPPER, 1] - keypoints[_LOWER, 1]).mean())


_CORNERS: Final = np.array([KEYPOINT_OF[291], KEYPOINT_OF[61]])
_UPPER, _LOWER = np.array([[KEYPOINT_OF[MEDIAPIPE_68[place]] for place in pair] for pair in LIP_PAIRS]).T
_LIPS: Final = np.unique(ROWS)
_DIRECTIONS: Final[Floats] = MOTION / (MOTION @ MOTION) * np.array([[1, 1], [-1, 1]], np.float32)
