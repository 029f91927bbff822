"""What the caller may edit in a face: strengths, gaze and blinks, on normalised landmarks before the pose is put on."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

import numpy as np

from space_runtime.geometry import N_LANDMARKS, Floats
from space_runtime.idle import blink_profile, scheduled_closure
from space_runtime.rig_identity import RigIdentity, eye_centres, look_weights, turn_eyes
from space_runtime.rig_layout import LID_PAIRS, UPPER_LID_SHARE
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls

GAZE_LIMIT_RAD: Final = math.radians(35.0)
"""Eyes turn no further than this in the head, sideways and up and down."""


AHEAD: Final = np.zeros((2, 2), np.float32)
"""Both eyes straight ahead in the head."""


def apply(
    controls: Controls, identity: RigIdentity, media_sample: Fraction, landmarks: Floats, ahead: Floats = AHEAD
) -> Floats:
    """Return (78, 3) landmarks with strengths, gaze and blink applied, in this order: a blink shuts any eye.

    ahead: (2, 2) yaw, pitch of the left and right eye when no gaze is asked for, see `eye_contact`.
    """
    face = _strengthen(controls, identity, landmarks)
    face = look(identity, face, gaze_target(controls, identity, face, ahead))
    return shut(face, closure(controls, media_sample))


def eye_contact(rest_rad: Floats, head_rotation_rad: Floats) -> Floats:
    """Return (2, 2) eye angles that keep looking where ``rest_rad`` looks while the head turns by (3,) angles."""
    angles: Floats = rest_rad - head_rotation_rad[:2]
    return angles


def _strengthen(controls: Controls, identity: RigIdentity, landmarks: Floats) -> Floats:
    if controls.mouth_strength == 1.0 and controls.expression_strength == 1.0:
        return landmarks
    factors = _MOUTH * np.float32(controls.mouth_strength) + (1 - _MOUTH) * np.float32(controls.expression_strength)
    strengthened: Floats = identity.neutral + factors * (landmarks - identity.neutral)
    return strengthened


def gaze_target(controls: Controls, identity: RigIdentity, landmarks: Floats, ahead: Floats = AHEAD) -> Floats:
    """Return (2, 2) yaw, pitch in radians that the left and the right eye shall take, within `GAZE_LIMIT_RAD`."""
    if controls.look_at is not None:
        ways = controls.look_at - eye_centres(identity, landmarks)
        angles = np.array([_direction(*way.tolist()) for way in ways], np.float32)
    elif controls.gaze_rad is not None:
        angles = np.stack([controls.gaze_rad, controls.gaze_rad]).astype(np.float32)
    else:
        angles = ahead
    return np.minimum(np.maximum(angles, -_LIMIT), _LIMIT)


def _direction(x: float, y: float, z: float) -> tuple[float, float]:
    return math.atan2(x, z), -math.atan2(y, math.hypot(x, z))


def look(identity: RigIdentity, landmarks: Floats, gaze_rad: Floats) -> Floats:
    """Return landmarks whose irises stand at (2, 2) yaw, pitch of the left and right eye, the lids following."""
    if gaze_rad.any():
        landmarks = landmarks + (look_weights(gaze_rad) @ identity.look_basis).reshape(N_LANDMARKS, 3)
    return turn_eyes(identity, landmarks, gaze_rad)


def closure(controls: Controls, media_sample: Fraction) -> float:
    """Return how far the lids are shut at a media time, 0…1: by the given blinks, or else by the seeded schedule."""
    if controls.blink_samples is None:
        return scheduled_closure(controls.seed, controls.blinks_per_minute, float(media_sample) / SAMPLE_RATE)
    ages = (float(media_sample - sample) / SAMPLE_RATE for sample in controls.blink_samples)
    return max((blink_profile(age) for age in ages), default=0.0)


def shut(landmarks: Floats, how_far: float) -> Floats:
    """Return landmarks with the lids this part of their way together; at 1 upper and lower lid points meet.

    The upper lid comes down on the lower one, which rises little (`UPPER_LID_SHARE`), so that the seam of a shut eye
    follows the lower lid's arc.
    """
    if how_far == 0:
        return landmarks
    shut_face = landmarks.copy()
    gap = landmarks[_LOWER] - landmarks[_UPPER]
    shut_face[_UPPER] += np.float32(how_far * UPPER_LID_SHARE) * gap
    shut_face[_LOWER] -= np.float32(how_far * (1 - UPPER_LID_SHARE)) * gap
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
