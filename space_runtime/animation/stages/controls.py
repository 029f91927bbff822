"""Edits of a face by its caller: strengths, gaze and blinks, on normalised landmarks before the pose is put on.

Liveliness comes in here: lifted brows before the strengths, glances with the gaze, early blinks with the blinks.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.field_table import GAZE_LIMIT_RAD
from space_runtime.animation.asked_gaze import PLACES, Gaze
from space_runtime.animation.control_batch import ControlBatch
from space_runtime.animation.schedules import BLINK_S, CLOSING_S, HOLD_S, blink_profile, ease, saccade_s
from space_runtime.arrays import Doubles, Floats, Index
from space_runtime.geometry import N_LANDMARKS, in_heads
from space_runtime.rig.identity import RigIdentity, eye_centres, look_weights, turn_eyes
from space_runtime.rig.shapes import LID_PAIRS, UPPER_LID_SHARE
from space_runtime.soa import some
from space_runtime.timebase import SAMPLE_RATE


def strengthen(controls: ControlBatch, neutral: Floats, position: Index, landmarks: Floats) -> Floats:
    """Return (F, 78, 3) landmarks whose motion has the wanted strengths, and as much of it as rest leaves.

    controls: F rows. neutral: (B, 78, 3). position: (F,) whose neutral face of the B.
    """
    mouth, expression = (
        controls.mouth_strength * controls.rest_factor,
        controls.expression_strength * controls.rest_factor,
    )
    plain = (mouth == 1) & (expression == 1)
    if not some(~plain):
        return landmarks
    rest = neutral[position]
    factors = MOUTH_SHARE * mouth[:, None, None] + (1 - MOUTH_SHARE) * expression[:, None, None]
    return np.where(plain[:, None, None], landmarks, rest + factors * (landmarks - rest))


def known_weights(controls: ControlBatch, weights: Floats, known: Floats, shown: Floats) -> Floats:
    """Return (F, 52) weights: ``shown``, those of the landmarks, where the source knows none; else its own, at the
    wanted strengths and as much of them as rest leaves.

    controls: F rows. weights, known: (F, 52) of `Motion`.
    """
    if not some(known):
        return shown
    rest = controls.rest_factor[:, None]
    strength = np.where(_IS_MOUTH, controls.mouth_strength[:, None], controls.expression_strength[:, None]) * rest
    strength = np.where(_IS_BLINK, controls.lid_factor[:, None], strength)
    own = np.minimum(np.maximum(strength * weights, 0), 1)
    between: Floats = (shown + known * (own - shown)).astype(np.float32)
    return between


def lift_brows(controls: ControlBatch, identity: RigIdentity, brows: Floats, landmarks: Floats) -> Floats:
    """Return (F, 78, 3) landmarks of one identity with (F,) lifts of the brows, 0…1, at the wanted strengths."""
    height = brows * controls.brow_strength
    return landmarks + height[:, None, None] * identity.lift if some(height) else landmarks


def move_eyes(
    controls: ControlBatch,
    identity: RigIdentity,
    landmarks: Floats,
    ahead: Floats,
    lids: Doubles,
    head: Floats,
    shown: Floats | None = None,
) -> Floats:
    """Return (F, 78, 3) landmarks with gaze and blinks, in this order: a blink shuts any eye.

    controls: F rows. ahead: (F, 2, 2) yaw, pitch of the left and right eye when no gaze is asked for, see
    `eye_contact`. lids: (F, 2) of the left and right eye, see `close_lids`. head: (F, 6) see `Frames`. shown: see
    `look`.
    """
    return close_lids(look(identity, landmarks, gaze_target(controls, identity, landmarks, ahead, head), shown), lids)


class OwnGaze(NamedTuple):
    """Gaze of F faces that nobody tells where to look.

    ahead: (F, 2, 2) yaw, pitch of the left and right eye in the head. shown: (F, 2, 2) that of the landmarks already.
    offset_rad: (F, 2) yaw, pitch by which the eyes leave what they would look at for contact.
    """

    ahead: Floats
    shown: Floats
    offset_rad: Floats


def own_gaze(eyes_rad: Floats, saccade_offset_rad: Floats, head: Floats) -> OwnGaze:
    """Return the gaze of a motion, see `Motion`: eye contact, and the motion's own eyes where these are no NaN."""
    contact, own = eye_contact(_STRAIGHT, head, saccade_offset_rad), ~np.isnan(eyes_rad[:, 0, 0])
    if not some(own):
        return OwnGaze(contact, np.zeros_like(contact), saccade_offset_rad)
    shown = np.where(own[:, None, None], eyes_rad, np.float32(0))
    offset = np.where(own[:, None], eyes_rad.mean(1) + head[:, :2], saccade_offset_rad)
    return OwnGaze(np.where(own[:, None, None], eyes_rad, contact), shown, offset)


def eye_contact(rest_rad: Floats, head_rotation_rad: Floats, saccade_offset_rad: Floats) -> Floats:
    """Return (F, 2, 2) eye angles that keep looking where ``rest_rad`` looks while heads turn by (F, 3) angles or
    move by (F, 6).

    saccade_offset_rad: (F, 2) yaw, pitch, how far from there.
    """
    angles: Floats = rest_rad + (saccade_offset_rad - head_rotation_rad[:, :2])[:, None]
    return angles


def saccade_offset(controls: ControlBatch, media_sample: Doubles, glances: Doubles) -> Floats:
    """Return (F, 2) yaw, pitch in radians by which eyes leave the place that they look at, at media times.

    glances: (F, 4) from when to when the last glance aside lasts, seconds, and its yaw and pitch. Saccades have
    minimum jerk and last as long as the main sequence says.
    """
    seconds = media_sample / SAMPLE_RATE
    fixations = controls.fixations
    since, angles = seconds - fixations[:, 0], fixations[:, 4:]
    moving = since < fixations[:, 1]
    if some(moving):
        angles = angles.copy()
        before, share = fixations[moving, 2:4], ease(since[moving] / fixations[moving, 1])
        angles[moving] = before + share[:, None] * (angles[moving] - before)
    in_glance = seconds < glances[:, 1] + LONGEST_SACCADE_S
    if some(in_glance):
        angles = angles.copy()
        angles[in_glance] += _glances(seconds[in_glance], glances[in_glance], controls.saccade_strength[in_glance])
    return angles.astype(np.float32)


def _glances(seconds: Doubles, glances: Doubles, strength: Floats) -> Doubles:
    """(F, 2) how far glances have come at a time: there by one saccade and back by another."""
    ways = glances[:, 2:] * strength[:, None]
    takes = saccade_s(np.hypot(ways[:, 0], ways[:, 1]))
    come = ease((seconds[:, None] - glances[:, :2]) / takes[:, None])
    return ways * (come[:, 0] - come[:, 1])[:, None]


LONGEST_SACCADE_S: Final = 0.2
"""As long as no saccade takes."""


def gaze_target(
    controls: ControlBatch, identity: RigIdentity, landmarks: Floats, ahead: Floats, head: Floats
) -> Floats:
    """Return (F, 2, 2) yaw, pitch in radians that the left and the right eyes shall take, within `GAZE_LIMIT_RAD`.

    head: (F, 6) by which eyes turn against the head to stay on a point beside it.
    """
    angles = ahead
    asked = controls.gaze[:, Gaze.CONTACT] != 1
    if some(asked):
        angles, rows = ahead.copy(), np.flatnonzero(asked)
        gaze, eyes = controls.gaze[rows, None], eye_centres(identity, landmarks[rows])
        still = in_heads(head[rows], controls.gaze[rows, PLACES[Gaze.CHARACTER]])
        angles[rows] = (
            gaze[..., Gaze.CONTACT, None] * ahead[rows]
            + gaze[..., Gaze.ANGLES, None] * gaze[..., PLACES[Gaze.ANGLES]]
            + gaze[..., Gaze.FACE, None] * _directions(gaze[..., PLACES[Gaze.FACE]] - eyes)
            + gaze[..., Gaze.CHARACTER, None] * _directions(still[:, None] - eyes)
        )
    return np.minimum(np.maximum(angles, -_LIMIT), _LIMIT)


def _directions(ways: Floats) -> Floats:
    """(…, 2) yaw, pitch of (…, 3)."""
    x, y, z = np.moveaxis(ways.astype(np.float64), -1, 0)
    return np.stack([np.arctan2(x, z), -np.arctan2(y, np.hypot(x, z))], -1).astype(np.float32)


def look(identity: RigIdentity, landmarks: Floats, gaze_rad: Floats, shown: Floats | None = None) -> Floats:
    """Return landmarks whose irises stand at (F, 2, 2) yaw, pitch of the left and right eye, the lids following.

    shown: (F, 2, 2) the gaze that the lids of ``landmarks`` follow already; None for straight ahead.
    """
    # One product per frame, of rows that lie in memory in one way: a face does not depend on its company.
    weights = np.empty((len(landmarks), 1, len(identity.look_basis)), np.float32)
    weights[:, 0] = look_weights(gaze_rad)
    if shown is not None and some(shown):
        weights[:, 0] -= look_weights(shown)
    followed = landmarks + (weights @ identity.look_basis).reshape(landmarks.shape)
    return turn_eyes(identity, followed, gaze_rad)


def lid_closure(controls: ControlBatch, media_sample: Doubles, early_blinks: Doubles) -> Doubles:
    """Return (F,) how far the lids are shut at media times, 0…1, by the blinks around them.

    early_blinks: (F, 2) when the last early blink is shut, and up to when scheduled blinks are spent on such; seconds.
    It touches none but scheduled blinks.
    """
    seconds = media_sample / SAMPLE_RATE
    since, until, late = seconds - controls.last_blink, controls.next_blink - seconds, seconds - early_blinks[:, 0]
    near = (since < BLINK_S) | (until < CLOSING_S) | (late < BLINK_S)
    closed = np.zeros(len(seconds))
    if some(near):
        apart = np.stack([since[near], -until[near], np.where(controls.scheduled[near], late[near], np.inf)])
        spent = controls.scheduled[near] & (seconds[near] - apart[:2] <= early_blinks[near, 1])
        apart[:2][spent] = np.inf
        closed[near] = np.maximum.reduce(blink_profile(apart))
    asked = np.isfinite(controls.asked_blinks[:, 0, 0])
    return np.maximum(closed, _asked_closure(controls.asked_blinks, seconds)) if some(asked) else closed


def _asked_closure(blinks: Doubles, seconds: Doubles) -> Doubles:
    """(F,) how far the blinks that were asked for shut the lids."""
    since = seconds[:, None] - blinks[..., 0]
    apart = np.where(since <= 0, since, np.maximum(0.0, since - blinks[..., 2] + HOLD_S))
    closed: Doubles = np.maximum.reduce(blinks[..., 1] * blink_profile(apart), 1)
    return closed


def close_lids(landmarks: Floats, closure: Doubles) -> Floats:
    """Return landmarks with the lids of the left and right eye (F, 2) part of their way together, 0…1; at 1 upper and
    lower lid points meet.

    The upper lid comes down on the lower one, which rises little (`UPPER_LID_SHARE`), so that the seam of a shut eye
    follows the lower lid's arc.
    """
    if not some(closure):
        return landmarks
    rows = np.flatnonzero(closure.any(1))
    closed = landmarks.copy()
    faces, part = landmarks[rows], closure[rows[:, None], _EYE_OF_PAIR, None]
    gap = faces[:, _LOWER] - faces[:, _UPPER]
    closed[rows[:, None], _UPPER] += (part * UPPER_LID_SHARE).astype(np.float32) * gap
    closed[rows[:, None], _LOWER] -= (part * (1 - UPPER_LID_SHARE)).astype(np.float32) * gap
    return closed


def _mouth_share() -> Floats:
    """(78, 1): how much a landmark belongs to the mouth, 1 for the lips, falling along the jaw and towards the nose."""
    share = np.zeros((N_LANDMARKS, 1), np.float32)
    jaw = [0.0, 0.05, 0.15, 0.3, 0.55, 0.8, 0.95, 1.0]
    share[:17, 0] = [*jaw, 1.0, *reversed(jaw)]
    share[31:36] = 0.3
    share[48:68] = 1.0
    return share


MOUTH_SHARE: Final = _mouth_share()
"""(78, 1): how much of a landmark's motion is the mouth's."""
_IS_MOUTH: Final = np.array([name.startswith(("jaw", "mouth", "tongue", "cheekPuff")) for name in ARKIT_NAMES])
_IS_BLINK: Final = np.array([name.startswith("eyeBlink") for name in ARKIT_NAMES])
_LIMIT: Final = np.float32(GAZE_LIMIT_RAD)
_UPPER: Final = [upper for pairs in LID_PAIRS for upper, _ in pairs]
_LOWER: Final = [lower for pairs in LID_PAIRS for _, lower in pairs]
_EYE_OF_PAIR: Final = [eye for eye, pairs in enumerate(LID_PAIRS) for _ in pairs]
_STRAIGHT: Final = np.zeros((2, 2), np.float32)
"""Both eyes straight ahead in the head."""
