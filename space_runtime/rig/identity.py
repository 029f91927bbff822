"""One face as the rig sees it: its neutral landmarks, its own shapes, its eyes, and the solver prepared for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.arrays import Doubles, Floats
from space_runtime.geometry import HeadPose, fit_similarity, normalise
from space_runtime.rig.shapes import (
    EXCLUSION,
    EYE_CORNERS,
    EYE_POINTS,
    FULL_LOOK_RAD,
    IRIS_DISTANCE,
    IRIS_POINTS,
    JAW_OPEN,
    LID_PAIRS,
    LIP_PAIRS,
    LOOK_ROWS,
    MOUTH_CLOSE,
    SHAPE,
    SIDEWAYS,
    SOLVED_ROWS,
    UPPER_LID_SHARE,
    landmark_precision,
    prior_deviations,
)
from space_runtime.rig.solver import BoundedRidge, prepare

INERTIA: Final = 1.0
"""Pull towards the last frame's weights, as a multiple of the pull towards zero: calms what landmarks hardly see."""

_CORNERS: Final = np.array(EYE_CORNERS).T
_STEADY: Final = [27, 28, 36, 39, 42, 45]
"""Corners of the eyes and bridge of the nose: what no expression moves."""

_LOOK_ANGLES: Final = np.array([1, 0, 0, 1, 3, 2, 2, 3])
_LOOK_SIGNS: Final = (np.array([1, -1, 1, -1, 1, 1, -1, -1]) / FULL_LOOK_RAD).astype(np.float32)
"""Down, in, out, up of the left eye, then of the right: which of left yaw and pitch, right yaw and pitch, and how."""

_HALF: Final = np.float32(0.5)
_IRIS_CENTRES: Final = np.array([iris.start for iris in IRIS_POINTS])

_LIFTED: Final = (
    ("browInnerUp", 0.40),
    *(
        (f"{name}{side}", weight)
        for side in ("Left", "Right")
        for name, weight in (("browOuterUp", 0.30), ("eyeWide", 0.2))
    ),
)
_LIFT_ROWS: Final = [SHAPE[name] for name, _ in _LIFTED]
_LIFT: Final = np.array([weight for _, weight in _LIFTED], np.float32)

_LEAST_OPENING: Final = 0.5
"""Eyes of a neutral face are open at least this part of the mean face's opening."""


_GLANCE: Final = 0.012
"""Shift of both irises (6°) from which a photo is taken to look aside rather than into the camera."""


@dataclass(frozen=True, slots=True, eq=False)
class SolvePlan:
    """The part of the solve that depends on the identity alone; n unknowns.

    gather: (78·3, n) from landmark displacements to the right-hand side. look: (8, n) what the gaze's lids take off it.
    inertia: (n,) weight of the last solution in it. problem: the prepared bounded least squares.
    """

    gather: Doubles
    look: Doubles
    inertia: Doubles
    problem: BoundedRidge


@dataclass(frozen=True, slots=True, eq=False)
class RigIdentity:
    """A face the rig is adapted to.

    neutral: (78, 3) normalised: lips shut, eyes open, looking straight ahead.
    basis: (52, 78, 3) displacement of each ARKit shape at weight 1. look_basis: (8, 78·3) its eyeLook rows.
    irises: (2, 5, 3) iris points relative to the centre of rotation of the left and of the right eye, looking ahead.
    eye_sockets: (2, 3) that centre relative to the middle of the eye's corners.
    lift: (78, 3) displacement of brows and upper lids on the most stressed syllables.
    photo_weights: (52,) the expression that the photo showed; zeros without a photo.
    rest_in_photo: where `neutral` stands in the photo's normalised space, the eyes and the bridge of the nose in their
        places: a smile lifts the nose, by which faces are normalised, and so the two spaces differ a little.
    photo_gaze_rad: (2, 2) yaw, pitch of the left and the right eye in the photo.
    """

    neutral: Floats
    basis: Floats
    look_basis: Floats
    irises: Floats
    eye_sockets: Floats
    lift: Floats
    photo_weights: Floats
    rest_in_photo: HeadPose
    photo_gaze_rad: Floats
    plan: SolvePlan


def eye_centres(identity: RigIdentity, landmarks: Floats) -> Floats:
    """Return (…, 2, 3): the centres of rotation of the left and right eye in (…, 78, 3) landmarks.

    Eyeballs move with the corners of their eyes, so that a face that is a little off its place takes its eyes along.
    """
    corners = landmarks[..., _CORNERS, :]
    centres: Floats = identity.eye_sockets + (corners[..., 0, :, :] + corners[..., 1, :, :]) * _HALF
    return centres


def gaze_of(identity: RigIdentity, landmarks: Floats) -> Floats:
    """Return (…, 2, 2) yaw, pitch of the left and right eye in radians from where the iris centres of (…, 78, 3) stand.

    Depth is not used. Positive yaw looks to the subject's left, positive pitch down.
    """
    offsets = (landmarks[..., _IRIS_CENTRES, :] - eye_centres(identity, landmarks)) / IRIS_DISTANCE
    x, y = offsets[..., 0].astype(np.float64), offsets[..., 1].astype(np.float64)
    angles = np.empty((*x.shape, 2), np.float32)
    pitch = -np.arcsin(np.minimum(np.maximum(y, -0.9), 0.9))
    angles[..., 1] = pitch
    angles[..., 0] = np.arcsin(np.minimum(np.maximum(x / np.cos(pitch), -0.95), 0.95))
    return angles


def turn_eyes(identity: RigIdentity, landmarks: Floats, eye_rotation_rad: Floats) -> Floats:
    """Return landmarks (…, 78, 3) with the iris points at (…, 2, 2) yaw, pitch of the left and right eye; lids stay.

    Law: ``gaze_of(identity, turn_eyes(identity, x, angles)) == angles``.
    """
    turned = landmarks.astype(np.float32)
    cosine, sine = np.cos(eye_rotation_rad)[..., None], np.sin(eye_rotation_rad)[..., None]
    cos_yaw, cos_pitch, sin_yaw, sin_pitch = cosine[..., 0, :], cosine[..., 1, :], sine[..., 0, :], sine[..., 1, :]
    x, y, z = identity.irises[..., 0], identity.irises[..., 1], identity.irises[..., 2]
    depth = sin_pitch * y + cos_pitch * z
    places = np.empty((*depth.shape, 3), np.float32)
    places[..., 0] = cos_yaw * x + sin_yaw * depth
    places[..., 1] = cos_pitch * y - sin_pitch * z
    places[..., 2] = cos_yaw * depth - sin_yaw * x
    places += eye_centres(identity, landmarks)[..., None, :]
    for eye, iris in enumerate(IRIS_POINTS):
        turned[..., iris, :] = places[..., eye, :, :]
    return turned


def look_weights(eye_rotation_rad: Floats) -> Floats:
    """Return (…, 8) weights of the eyeLook shapes, in ARKit's order, for (…, 2, 2) yaw, pitch of the left and right
    eye."""
    angles = eye_rotation_rad.reshape(*eye_rotation_rad.shape[:-2], 4)[..., _LOOK_ANGLES]
    weights: Floats = np.minimum(np.maximum(angles * _LOOK_SIGNS, 0), 1)
    return weights


def make_identity(neutral: Floats, shapes: Floats, photo: Floats, photo_weights: Floats) -> RigIdentity:
    """Return the identity with these (78, 3) neutral landmarks of the (78, 3) normalised face in ``photo``."""
    basis = shut_lids(neutral, shapes)
    centres = neutral[_IRIS_CENTRES] - np.array([0, 0, IRIS_DISTANCE], np.float32)
    irises = np.stack([neutral[iris] for iris in IRIS_POINTS]) - centres[:, None]
    sockets = centres - neutral[_CORNERS].mean(0)
    look_basis = basis[list(LOOK_ROWS)].reshape(len(LOOK_ROWS), -1)
    ahead = np.zeros((2, 2), np.float32)
    place = fit_similarity(neutral[_STEADY], photo[_STEADY])
    lift = np.tensordot(_LIFT, basis[_LIFT_ROWS], 1).astype(np.float32)
    plan = make_plan(basis)
    identity = RigIdentity(neutral, basis, look_basis, irises, sockets, lift, photo_weights, place, ahead, plan)
    return replace(identity, photo_gaze_rad=gaze_of(identity, photo))


def make_plan(basis: Floats) -> SolvePlan:
    """Return the prepared solver for (52, 78, 3) shapes."""
    motion = unknown_motion(basis)
    prior = 1.0 / prior_deviations() ** 2
    gather = motion @ landmark_precision()
    look = gather @ basis[list(LOOK_ROWS)].reshape(len(LOOK_ROWS), -1).astype(np.float64).T
    hessian = with_exclusion(gather @ motion.T + np.diag(prior * (1.0 + INERTIA)))
    return SolvePlan(np.ascontiguousarray(gather.T), np.ascontiguousarray(look.T), prior * INERTIA, prepare(hessian))


def unknown_motion(basis: Floats) -> Doubles:
    """Return (n, 78·3): the motion of each unknown of the solver at 1 (see `shapes.MOUTH_CLOSE`)."""
    motion = basis[list(SOLVED_ROWS)].reshape(len(SOLVED_ROWS), -1).astype(np.float64)
    motion[MOUTH_CLOSE] += motion[JAW_OPEN]
    return motion


def with_exclusion(hessian: Doubles) -> Doubles:
    """Return the (n, n) Hessian of the unknowns with a cost for the product of the weights of `SIDEWAYS` opposites.

    One alone costs what it did; both at once, of which landmarks see the difference well and the sum hardly, cost more.
    """
    changed = hessian.copy()
    for names in SIDEWAYS:
        left, right = (SOLVED_ROWS.index(SHAPE[name]) for name in names)
        cost = EXCLUSION * np.sqrt(hessian[left, left] * hessian[right, right])
        changed[left, right] += cost
        changed[right, left] += cost
    return changed


def shut_lids(neutral: Floats, shapes: Floats) -> Floats:
    """Return (52, 78, 3) shapes whose lids fit the eyes of ``neutral``: at eyeBlink 1 the lid points meet exactly.

    The lid motions of all eye shapes scale with the eye's opening. A blink goes straight: ICT-FaceKit's slides 2 mm
    along the lid, tracked blinks do not.
    """
    fitted = shapes.copy()
    for side, points, pairs in zip(("Left", "Right"), EYE_POINTS, LID_PAIRS, strict=True):
        rows = [row for row, name in enumerate(ARKIT_NAMES) if name.startswith("eye") and name.endswith(side)]
        blink = SHAPE[f"eyeBlink{side}"]
        opening = np.mean([neutral[up, 1] - neutral[low, 1] for up, low in pairs])
        closing = np.mean([shapes[blink, low, 1] - shapes[blink, up, 1] for up, low in pairs])
        fitted[rows, points] *= opening / closing
        for up, low in pairs:
            gap = neutral[low] - neutral[up]
            fitted[blink, up] = np.float32(UPPER_LID_SHARE) * gap
            fitted[blink, low] = np.float32(UPPER_LID_SHARE - 1) * gap
    return fitted


def at_rest(face: Floats, mean: Floats) -> Floats:
    """Return (78, 3) ``face`` with what its expression left undone: lips meeting, eyes open, looking straight ahead.

    mean: (78, 3) the mean face, for the normal opening of the eyes and the place of the iris.
    """
    face = face.copy()
    _meet_lips(face)
    for pairs in LID_PAIRS:
        _open_lids(face, mean, pairs)
    _centre_irises(face, mean)
    return normalise(face)[0]


def _centre_irises(face: Floats, mean: Floats) -> None:
    """Take the gaze out of the irises: what both share of their way from the middle of the lids.

    What they do not share, and a shift too small to be called a glance, is how this person's eyes are made.
    """
    lids = [[point for pair in pairs for point in pair] for pairs in LID_PAIRS]
    places = zip(IRIS_POINTS, lids, strict=True)
    shifts = [_offset(face, iris.start, around) - _offset(mean, iris.start, around) for iris, around in places]
    shared = np.mean(shifts, 0)[:2]
    distance = np.linalg.norm(shared)
    glance = shared * distance**2 / (distance**2 + _GLANCE**2)
    for iris in IRIS_POINTS:
        centre = face[iris.start] - np.append(glance, 0).astype(np.float32)
        face[iris] = mean[iris] - mean[iris.start] + centre


def _offset(face: Floats, iris: int, lids: list[int]) -> Floats:
    offset: Floats = face[iris] - face[lids].mean(0)
    return offset


def _meet_lips(face: Floats) -> None:
    """Close what is left between the inner lips; the lower lip goes most of the way, the outer lips half as far."""
    gaps = [face[upper] - face[lower] for upper, lower in LIP_PAIRS]
    for (upper, lower), gap in zip(LIP_PAIRS, gaps, strict=True):
        face[upper] = face[lower] = face[lower] + np.float32(0.7) * gap
    drift = np.mean(gaps, 0)
    face[50:53] -= np.float32(0.15) * drift
    face[56:59] += np.float32(0.35) * drift


def _open_lids(face: Floats, mean: Floats, pairs: tuple[tuple[int, int], ...]) -> None:
    for upper, lower in pairs:
        least = _LEAST_OPENING * (mean[upper, 1] - mean[lower, 1])
        face[upper, 1] = max(face[upper, 1], face[lower, 1] + least)
