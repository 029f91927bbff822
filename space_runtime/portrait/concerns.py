"""Concerns about a photo that cannot be drawn well: each a clause for the user, and whether it refuses the photo.

Judged on the portrait's own pixels and on where its mesh lies in the photo. What is refused would be ugly: a mouth cut
into cloth, a chin stretched out of the picture's edge. Limits were set on 214 portraits, none of which is refused, and
on drawings of them (``python -m export.evaluation.portrait_gate``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.extras import cv2
from space_runtime.geometry import HeadPose
from space_runtime.portrait.mesh_points import CHIN, EYES, OUTER_LIPS, OVAL
from space_runtime.portrait.mouth_cover import CoverClassifier
from space_runtime.portrait.spectacles import wears_dark_glass

MAYBE_COVERED: Final = 1.5
"""Log odds from which a mouth may be covered."""
COVERED: Final = 3.0
"""Log odds from which it is."""
EDGE: Final = 0.02
"""Points further outside the photo, in heights of the face, are cut off."""
MAX_CUT: Final = 0.12
"""Largest share of the face's outline that may be cut off; a forehead or an ear is no loss."""
CLOSED: Final = 0.105
"""Opening of an eye, in its widths, below which it is closed; 214 portraits have 0.122 and more."""
LEAST_DETAIL: Final = 0.10
"""Fine detail of the face, as a share of its contrast; 214 portraits have 0.123 and more, blurred by 3 pixels 0.09."""
FAR_TURN_DEG: Final = 25.0
"""A turn to a side from which the hidden cheek tears, and one up or down; 71 portraits have 25° and 16° at most."""


@dataclass(frozen=True, slots=True)
class Concern:
    """A fault of a photo. clause: for a sentence about it; advice: what to do; refuses: True if only force takes it."""

    clause: str
    advice: str
    refuses: bool


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """A framed face.

    image: (s, s, 3). points: (478, 2) columns and rows in it. inside: (478,) by how much each point lies inside the
    photo, in heights of the face, less than 0 outside. pose: of the landmarks.
    """

    image: Pixels
    points: Floats
    inside: Floats
    pose: HeadPose


def concerns(face: Tracked, cover: CoverClassifier | None) -> list[Concern]:
    """Return what is wrong with a photo, what refuses it first. cover: None when the bundle has no such classifier."""
    found = [*_cut_off(face), *_covered(face, cover), *_eyes(face), *_detail(face), *_turned(face)]
    return sorted(found, key=lambda concern: not concern.refuses)


def concerns_of_placed(face: Tracked) -> list[Concern]:
    """Return what is wrong with a picture whose landmarks a person placed, what refuses it first.

    Covers, dark glasses and blur are told by what photos look like, and drawings do not.
    """
    found = [*_cut_off(face), *_closed(face), *_turned(face)]
    return sorted(found, key=lambda concern: not concern.refuses)


def inside_by(points: Floats, height: int, width: int) -> Floats:
    """Return (n,) by how much picture points lie inside a photo, in heights of what they span."""
    low = points.min(1)
    high = (np.array([width - 1, height - 1], np.float32) - points).min(1)
    return np.asarray(np.minimum(low, high) / max(float(np.ptp(points[:, 1])), 1.0), np.float32)


def eye_openings(points: Floats) -> tuple[float, float]:
    """Return how far the subject's right and left eye of (478, 2) points are open, in their widths."""
    right, left = (
        float(np.linalg.norm(points[list(upper[2:-2])] - points[list(lower[2:-2])], axis=1).mean())
        / max(float(np.linalg.norm(points[upper[0]] - points[upper[-1]])), 1e-6)
        for upper, lower in EYES
    )
    return right, left


def detail(image: Pixels, points: Floats) -> float:
    """Return the fine detail of a face, as a share of its contrast; low for blurred and for enlarged pictures."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = cv2.GaussianBlur(grey, (0, 0), 1.0) - cv2.GaussianBlur(grey, (0, 0), 3.0)
    mask = np.zeros(grey.shape, np.uint8)
    cv2.fillPoly(mask, [np.rint(points[list(OVAL)]).astype(np.int32)], 1)
    face: Mask = mask > 0
    return float(fine[face].std() / (grey[face].std() + 1)) if face.any() else 0.0


def _cut_off(face: Tracked) -> Iterator[Concern]:
    outside = face.inside < -EDGE
    advice = "use a photo with some room around the face"
    if outside[list(OUTER_LIPS)].any():
        yield Concern("the mouth is cut off by the edge of the photo", advice, True)
    elif outside[list(CHIN)].any():
        yield Concern("the chin is cut off by the edge of the photo", advice, True)
    elif outside[list(OVAL)].mean() > MAX_CUT:
        yield Concern("the face is cut off by the edge of the photo", advice, False)


def _covered(face: Tracked, cover: CoverClassifier | None) -> Iterator[Concern]:
    score = cover.score(face.image, face.points) if cover else 0.0
    if score >= COVERED:
        yield Concern("something covers the mouth", "use a photo that shows the lips", True)
    elif score >= MAYBE_COVERED:
        yield Concern("something may cover the mouth", "use a photo that shows the lips", False)


def _eyes(face: Tracked) -> Iterator[Concern]:
    if wears_dark_glass(face.image, face.points):
        yield Concern(
            "dark glasses hide the eyes, which will not be seen to blink or look", "use a photo without", False
        )
    else:
        yield from _closed(face)


def _closed(face: Tracked) -> Iterator[Concern]:
    n_closed = sum(opening < CLOSED for opening in eye_openings(face.points))
    if n_closed:
        whose = "the eyes are" if n_closed == 2 else "one eye is"
        yield Concern(f"{whose} closed and will not open", "use a photo with open eyes", False)


def _detail(face: Tracked) -> Iterator[Concern]:
    if detail(face.image, face.points) < LEAST_DETAIL:
        yield Concern("the face is blurred or very small and will look soft", "use a sharper photo", False)


def _turned(face: Tracked) -> Iterator[Concern]:
    yaw, pitch, _ = (float(angle) for angle in np.degrees(face.pose.rotation_rad))
    for angle, way in ((abs(yaw), "to a side"), (abs(pitch), "down" if pitch > 0 else "up")):
        if angle > FAR_TURN_DEG:
            clause = f"the face is turned {angle:.0f}° {way} and will tear when it turns back"
            yield Concern(clause, "use a photo from the front", False)
