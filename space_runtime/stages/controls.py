"""What the caller may edit in a face: strengths, gaze and blinks, on normalised landmarks before the pose is put on."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.control_rows import ControlRows, Gaze
from space_runtime.geometry import N_LANDMARKS, Floats
from space_runtime.idle import BLINK_S, CLOSING_S, Doubles, blink_profile
from space_runtime.rig_identity import RigIdentity, eye_centres, look_weights, turn_eyes
from space_runtime.rig_layout import LID_PAIRS, UPPER_LID_SHARE
from space_runtime.timebase import SAMPLE_RATE

GAZE_LIMIT_RAD: Final = math.radians(35.0)
"""Eyes turn no further than this in the head, sideways and up and down."""


def strengthen(controls: ControlRows, neutral: Floats, position: NDArray[np.intp], landmarks: Floats) -> Floats:
    """Return (F, 78, 3) landmarks whose motion has the wanted strengths, and as much of it as rest leaves.

    controls: F rows. neutral: (B, 78, 3). position: (F,) whose neutral face of the B.
    """
    mouth, expression = controls.mouth_strength * controls.share, controls.expression_strength * controls.share
    plain = (mouth == 1) & (expression == 1)
    if plain.all():
        return landmarks
    rest = neutral[position]
    factors = _MOUTH * mouth[:, None, None] + (1 - _MOUTH) * expression[:, None, None]
    return np.where(plain[:, None, None], landmarks, rest + factors * (landmarks - rest))


def move_eyes(
    controls: ControlRows, identity: RigIdentity, media_sample: Doubles, landmarks: Floats, ahead: Floats
) -> Floats:
    """Return (F, 78, 3) landmarks with gaze and blinks, in this order: a blink shuts any eye.

    controls: F rows. media_sample: (F,). ahead: (F, 2, 2) yaw, pitch of the left and right eye when no gaze is asked
    for, see `eye_contact`.
    """
    face = look(identity, landmarks, gaze_target(controls, identity, landmarks, ahead))
    return shut(face, closure(controls, media_sample))


def eye_contact(rest_rad: Floats, head_rotation_rad: Floats) -> Floats:
    """Return (F, 2, 2) eye angles that keep looking where ``rest_rad`` looks while heads turn by (F, 3) angles."""
    angles: Floats = rest_rad - head_rotation_rad[:, None, :2]
    return angles


def gaze_target(controls: ControlRows, identity: RigIdentity, landmarks: Floats, ahead: Floats) -> Floats:
    """Return (F, 2, 2) yaw, pitch in radians that the left and the right eyes shall take, within `GAZE_LIMIT_RAD`."""
    angles = ahead
    if controls.gaze.any():
        angles = ahead.copy()
        given = np.flatnonzero(controls.gaze == Gaze.ANGLES)
        angles[given] = controls.target[given, None, :2]
        at_point = np.flatnonzero(controls.gaze == Gaze.POINT)
        ways = controls.target[at_point, None] - eye_centres(identity, landmarks[at_point])
        angles[at_point] = _directions(ways)
    return np.minimum(np.maximum(angles, -_LIMIT), _LIMIT)


def _directions(ways: Floats) -> Floats:
    """(…, 2) yaw, pitch of (…, 3)."""
    x, y, z = np.moveaxis(ways.astype(np.float64), -1, 0)
    return np.stack([np.arctan2(x, z), -np.arctan2(y, np.hypot(x, z))], -1).astype(np.float32)


def look(identity: RigIdentity, landmarks: Floats, gaze_rad: Floats) -> Floats:
    """Return landmarks whose irises stand at (F, 2, 2) yaw, pitch of the left and right eye, the lids following."""
    # One product per frame: a face does not depend on its company.
    followed = landmarks + (look_weights(gaze_rad)[:, None] @ identity.look_basis).reshape(landmarks.shape)
    return turn_eyes(identity, followed, gaze_rad)


def closure(controls: ControlRows, media_sample: Doubles) -> Doubles:
    """Return (F,) how far the lids are shut at media times, 0…1, by the blinks around them."""
    seconds = media_sample / SAMPLE_RATE
    shut = np.zeros(len(seconds))
    since, until = seconds - controls.last_blink, controls.next_blink - seconds
    near = (since < BLINK_S) | (until < CLOSING_S)
    if near.any():
        shut[near] = np.maximum(blink_profile(since[near]), blink_profile(-until[near]))
    return shut


def shut(landmarks: Floats, how_far: Doubles) -> Floats:
    """Return landmarks with the lids (F,) part of their way together; at 1 upper and lower lid points meet.

    The upper lid comes down on the lower one, which rises little (`UPPER_LID_SHARE`), so that the seam of a shut eye
    follows the lower lid's arc.
    """
    if not how_far.any():
        return landmarks
    rows = np.flatnonzero(how_far)
    shut_face = landmarks.copy()
    faces, part = landmarks[rows], how_far[rows, None, None]
    gap = faces[:, _LOWER] - faces[:, _UPPER]
    shut_face[rows[:, None], _UPPER] += (part * UPPER_LID_SHARE).astype(np.float32) * gap
    shut_face[rows[:, None], _LOWER] -= (part * (1 - UPPER_LID_SHARE)).astype(np.float32) * gap
    return shut_face


def _mouth_share() -> Floats:
    """(78, 1): how much a landmark belongs to the mouth, 1 for the lips, falling along the jaw and towards the nose."""
    share = np.zeros((N_LANDMARKS, 1), np.float32)
    jaw = [0.0, 0.05, 0.15, 0.3, 0.55, 0.8, 0.95, 1.0]
    share[:17, 0] = [*jaw, 1.0, *reversed(jaw)]
    share[31:36] = 0.3
    share[48:68] = 1.0
    return share


_MOUTH: Final = _mouth_share()
_LIMIT: Final = np.float32(GAZE_LIMIT_RAD)
_UPPER: Final = [upper for pairs in LID_PAIRS for upper, _ in pairs]
_LOWER: Final = [lower for pairs in LID_PAIRS for _, lower in pairs]
