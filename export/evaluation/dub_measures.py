"""Measures of a dubbed video beside its source: lips, what lies outside the mouth, the mask's border, flicker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from space_runtime.arrays import Doubles, Floats, Mask, Pixels
from space_runtime.capture.face_following import FaceFollower
from space_runtime.dubbing.lower_face import LowerFace, replaced
from space_runtime.dubbing.mesh_store import MeshStore
from space_runtime.dubbing.mouth_inside import gap_of
from space_runtime.geometry import estimate_pose, landmarks_from_mesh, picture_points, remove_pose
from space_runtime.media.video_reader import open_video
from space_runtime.portrait.mesh_points import OVAL
from space_runtime.portrait.tracking import FaceTracker

BAND: Final = 2
"""Half width in pixels of the band along the border of what is drawn anew."""
SHUT: Final = 0.01
"""Animated gap, normalised, of lips that are shut; tracked ones read less than `READS_SHUT`."""
READS_SHUT: Final = 0.04


@dataclass(frozen=True, slots=True, eq=False)
class DubMeasures:
    """Of one video. gap_r, gap_slope: lips tracked in the result against the animation. shut: share of the pictures
    with shut animated lips that read shut. psnr_db: RGB outside the mouth. seam, elsewhere: gradient energy in the
    result over that in the source, along the border and on the rest of the face. flicker: second difference in time,
    result over source, on the face outside the mouth; flicker_chin: on chin and cheeks within it."""

    gap_r: float
    gap_slope: float
    shut: float
    psnr_db: float
    seam: float
    elsewhere: float
    flicker: float
    flicker_chin: float


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Of a picture: mouth: what may be drawn anew. border: band along its edge. face: the rest of the face. chin: of
    the mouth's region without the lips."""

    mouth: Mask
    border: Mask
    face: Mask
    chin: Mask


def measure(
    source: Path, result: Path, speaking: Sequence[Floats], store: MeshStore, lower: LowerFace, tracker: FaceTracker
) -> DubMeasures:
    """Return the measures. speaking: (478, 3) normalised face of each picture; store: meshes of the source."""
    before, after = list(_pictures(source)), list(_pictures(result))
    regions = [_regions(store, k, speaking[k], lower, before[k].shape[:2]) for k in range(len(before))]
    animated, tracked = np.array([gap_of(face) for face in speaking]), _tracked_gaps(after, tracker)
    shut = animated < SHUT
    changed = np.stack([_gradient(picture) for picture in after]), np.stack([_gradient(picture) for picture in before])
    border, face = (np.stack([getattr(r, part) for r in regions]) for part in ("border", "face"))
    return DubMeasures(
        gap_r=float(np.corrcoef(animated, tracked)[0, 1]),
        gap_slope=float(np.polyfit(animated, tracked, 1)[0]),
        shut=float((tracked[shut] < READS_SHUT).mean()) if shut.any() else float("nan"),
        psnr_db=_psnr(before, after, [~r.mouth for r in regions]),
        seam=float(changed[0][border].mean() / changed[1][border].mean()),
        elsewhere=float(changed[0][face].mean() / changed[1][face].mean()),
        flicker=_flicker(before, after, np.logical_and.reduce([r.face for r in regions])),
        flicker_chin=_flicker(before, after, np.logical_and.reduce([r.chin for r in regions])),
    )


def _pictures(path: Path) -> Iterator[Pixels]:
    return (picture.rgb for picture in open_video(path).pictures())


def _tracked_gaps(pictures: Sequence[Pixels], tracker: FaceTracker) -> Doubles:
    follower = FaceFollower(tracker)
    gaps = []
    for picture in pictures:
        face = follower.follow(picture).face
        own = None if face is None else remove_pose(face.mesh, estimate_pose(landmarks_from_mesh(face.mesh)))
        gaps.append(np.nan if own is None else gap_of(own))
    return np.array(gaps)


def _regions(store: MeshStore, k: int, speaking: Floats, lower: LowerFace, shape: tuple[int, int]) -> Regions:
    face = store.face(k)
    if face is None:
        raise ValueError(f"picture {k} shows no face")
    moved = replaced(lower, face.mesh, face.pose, speaking, 0)
    points = np.concatenate([moved.source[lower.moving], moved.target[lower.moving]])
    mouth = _hull(points, shape)
    wide = np.ones((2 * BAND + 1, 2 * BAND + 1), np.uint8)
    border = cv2.dilate(mouth, wide) > cv2.erode(mouth, wide)
    oval = _hull(picture_points(face.mesh)[list(OVAL)], shape) > 0
    around = np.concatenate([shown[list(_LIPS)] for shown in (moved.source, moved.target)])
    lips = cv2.dilate(_hull(around, shape), np.ones((25, 25), np.uint8)) > 0
    inside = mouth > 0
    return Regions(inside, border & oval, oval & ~inside & ~border, inside & ~lips & oval)


def _hull(points: Floats, shape: tuple[int, int]) -> Pixels:
    mask = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(points).astype(np.int32)), 1)
    return mask


def _gradient(picture: Pixels) -> Floats:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return cv2.Sobel(grey, cv2.CV_32F, 1, 0) ** 2 + cv2.Sobel(grey, cv2.CV_32F, 0, 1) ** 2


def _psnr(before: Sequence[Pixels], after: Sequence[Pixels], where: Sequence[Mask]) -> float:
    squares = [((a.astype(np.float32) - b)[m] ** 2) for b, a, m in zip(before, after, where, strict=True)]
    return float(10 * np.log10(255**2 / max(np.concatenate([s.ravel() for s in squares]).mean(), 1e-9)))


def _flicker(before: Sequence[Pixels], after: Sequence[Pixels], where: Mask) -> float:
    def restlessness(pictures: Sequence[Pixels]) -> float:
        seen = np.stack([cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[where] for picture in pictures]).astype(np.float32)
        return float(np.abs(seen[2:] - 2 * seen[1:-1] + seen[:-2]).mean())

    return restlessness(after) / restlessness(before)


_LIPS: Final = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
