"""The layout of landmarks and shapes in the rig: which points belong together, how exact they are, which shapes are
solved for, and what is known about their weights before a face is looked at."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.arrays import Doubles
from space_runtime.geometry import MIRROR_68, N_LANDMARKS

MIRROR_78: Final[tuple[int, ...]] = (*MIRROR_68, 73, 76, 75, 74, 77, 68, 71, 70, 69, 72)
"""The landmark at the mirrored place of each of the 78."""

LIP_PAIRS: Final = ((61, 67), (62, 66), (63, 65))
"""Inner lip points that meet when the mouth is shut: (upper, lower)."""

LID_PAIRS: Final = (((43, 47), (44, 46)), ((38, 40), (37, 41)))
"""Lid points that meet when an eye is shut, (upper, lower): of the subject's left eye, then of the right."""

EYE_POINTS: Final = (slice(42, 48), slice(36, 42))
"""Lid contours: left eye, right eye."""

EYE_CORNERS: Final = ((42, 45), (36, 39))
"""Corners of the left and of the right eye: where an eye sits in the face."""

IRIS_POINTS: Final = (slice(73, 78), slice(68, 73))
"""Iris points, centre first, then right, top, left and bottom of the picture: left eye, right eye."""

UPPER_LID_SHARE: Final = 0.9
"""The share of a blink's way that the upper lid goes; the lower lid hardly moves (Doane 1980, Am. J. Ophthalmology
89(4))."""

IRIS_DISTANCE: Final = 0.112
"""From an eye's centre of rotation to its iris, normalised units: 10 mm (centre of rotation 13.5 mm behind the cornea,
Fry & Hill 1962; iris 3.5 mm behind it) over the 89 mm between the outer corners of ICT-FaceKit's mean eyes."""

FULL_LOOK_RAD: Final = math.radians(35.0)
"""The gaze angle at which an eyeLook weight is 1."""

SHAPE: Final = {name: row for row, name in enumerate(ARKIT_NAMES)}
"""Row of each ARKit name."""

LOOK_ROWS: Final = tuple(row for row, name in enumerate(ARKIT_NAMES) if name.startswith("eyeLook"))
"""Shapes that follow from the gaze alone."""

UNSEEN: Final = ("tongueOut",)
"""Shapes that no landmark moves with: they stay 0."""

SOLVED_ROWS: Final = tuple(row for row, name in enumerate(ARKIT_NAMES) if row not in LOOK_ROWS and name not in UNSEEN)
"""Shapes that the solver finds, in the order of its unknowns."""

JAW_OPEN: Final = SOLVED_ROWS.index(SHAPE["jawOpen"])
MOUTH_CLOSE: Final = SOLVED_ROWS.index(SHAPE["mouthClose"])
"""Places of the pair among the unknowns. The unknown at MOUTH_CLOSE is *both at once*, the jaw open behind shut lips,
the one at JAW_OPEN the rest of the jaw's opening: so mouthClose ≤ jawOpen holds by construction."""

OPPOSITES: Final = (
    ("jawLeft", "jawRight"),
    ("mouthLeft", "mouthRight"),
    *((f"mouthSmile{side}", f"mouthFrown{side}") for side in ("Left", "Right")),
    *((f"mouthStretch{side}", "mouthPucker") for side in ("Left", "Right")),
    *((f"browDown{side}", f"browOuterUp{side}") for side in ("Left", "Right")),
    *((f"browDown{side}", "browInnerUp") for side in ("Left", "Right")),
    *((f"eyeBlink{side}", f"eyeWide{side}") for side in ("Left", "Right")),
    *((f"eyeSquint{side}", f"eyeWide{side}") for side in ("Left", "Right")),
)
"""Shapes that undo each other and shall hardly be active together."""

SIDEWAYS: Final = (("jawLeft", "jawRight"), ("mouthLeft", "mouthRight"))
"""Opposites that are each other's mirror image."""

EXCLUSION: Final = 0.45
"""Cost of the product of two such weights, in units of the root of the product of their own curvatures; above 0.5 the
problem of a moving face is no longer convex."""


def landmark_errors() -> Doubles:
    """Return (78, 3): the error of each landmark coordinate that the solver reckons with, normalised units.

    Jaw contour points slide along the face's edge and lid points along the lid; lids and lips are sharp across. A
    picture hardly shows depth, least of all how far an opening jaw goes back. The iris is left to the gaze (infinite
    error).
    """
    errors = np.empty((N_LANDMARKS, 3))
    for part, across, height, depth in _ERRORS:
        errors[part] = across, height, depth
    return errors


_ERRORS: Final = (
    (slice(0, 17), 0.025, 0.025, 0.150),
    (slice(6, 11), 0.010, 0.010, 0.060),
    (slice(17, 27), 0.008, 0.008, 0.012),
    (slice(27, 36), 0.0065, 0.0065, 0.010),
    (slice(36, 48), 0.013, 0.0033, 0.005),
    (slice(48, 68), 0.005, 0.005, 0.015),
    (slice(68, 78), np.inf, np.inf, np.inf),
)
"""Contour, chin, brows, nose, lids, lips, iris: across, height, depth."""


LIP_PAIR_ERROR: Final = 0.003
"""Error of the height between inner lips that meet: whether they do is seen at once, where they do is not."""

LIP_SHIFT: Final = 0.005
"""Standard deviation of the height of all lip points together, beside what the shapes move.

To shut over an open jaw an upper lip comes down, which none of ARKit's shapes does. Without this, the solver puts
together what does it: brows, puffed cheeks and corners at each p, b and m, and lips that stay apart.
"""

_LIPS: Final = slice(48, 68)


def landmark_precision() -> Doubles:
    """Return (78·3, 78·3): the inverse covariance of the landmarks that the solver reckons with while a face moves.

    `landmark_errors`, a common height of the lips that is known to `LIP_SHIFT` (taken out by the matrix inversion
    lemma), and `LIP_PAIRS` that are known to `LIP_PAIR_ERROR` from one another.
    """
    precision = np.diag(1.0 / landmark_errors().ravel() ** 2)
    shift = np.zeros((N_LANDMARKS, 3))
    shift[_LIPS, 1] = LIP_SHIFT
    weighted = precision @ shift.ravel()
    precision -= np.outer(weighted, weighted) / (1.0 + shift.ravel() @ weighted)
    for upper, lower in LIP_PAIRS:
        height = np.zeros((N_LANDMARKS, 3))
        height[[upper, lower], 1] = 1.0, -1.0
        precision += np.outer(height, height) / LIP_PAIR_ERROR**2
    return precision


def prior_deviations() -> Doubles:
    """Return (n_solved,): the standard deviation of each weight before a face is seen; rare shapes need evidence."""
    names = [ARKIT_NAMES[row].removesuffix("Left").removesuffix("Right") for row in SOLVED_ROWS]
    return np.array([_RARE.get(name, 0.35) for name in names])


_RARE: Final = {"cheekPuff": 0.15, "jawForward": 0.2, "noseSneer": 0.25, "cheekSquint": 0.25}


SPARSITY: Final = 8.0
"""Log-probability that a shape must gain per unit of its weight before it is believed. It keeps what is not there at
0."""
