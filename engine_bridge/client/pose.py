"""A face at one instant: the frame of a stream in the words of the API, its rest, and mixtures of two.

Written by tests/tools/generate_protocol.py from engine_bridge/protocol/field_table.py; change that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine_bridge.client.playback_state import State
from engine_bridge.client.pose_parts import mix, mix_last, part, reshaped, zeros
from engine_bridge.protocol.messages import Floats, Frame


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """A face at one instant. Arrays are float32 and not written to."""

    blendshapes: Floats
    """(52,): weights 0…1, in the order of ``welcome.weights``."""
    head_rotation_rad: Floats
    """(3,): yaw, pitch, roll relative to rest, radians."""
    head_translation: Floats
    """(3,): x, y, z relative to rest, in outer-eye-corner distances."""
    eye_rotation_rad: Floats
    """(2, 2): yaw, pitch of the left eye, then of the right, radians."""
    landmarks: Floats | None
    """(78, 3): x, y, z, normalised; None until some have come."""
    keypoints: Floats | None
    """(n, 3): x, y, z of the picture generator's keypoints, in its own space; None until some have come."""
    speech: float
    """Share of speech in it, 0…1."""
    state: State
    """Reason why it is shown."""


def rest(last: Pose | None = None, state: State = State.RESTING) -> Pose:
    """Return the pose at rest; what has none stays what it was in ``last``."""
    return Pose(
        blendshapes=_BLENDSHAPES,
        head_rotation_rad=_HEAD_ROTATION_RAD,
        head_translation=_HEAD_TRANSLATION,
        eye_rotation_rad=_EYE_ROTATION_RAD,
        landmarks=last.landmarks if last else None,
        keypoints=last.keypoints if last else None,
        speech=0.0,
        state=state,
    )


def pose_of(frame: Frame, state: State) -> Pose:
    """Return a frame as a pose; what the session did not ask for is at rest."""
    return Pose(
        blendshapes=part(frame.weights, _BLENDSHAPES),
        head_rotation_rad=part(frame.head, _HEAD_ROTATION_RAD),
        head_translation=part(frame.head, _HEAD_TRANSLATION, 3),
        eye_rotation_rad=part(frame.eyes, _EYE_ROTATION_RAD),
        landmarks=reshaped(frame.landmarks, (78, 3)),
        keypoints=reshaped(frame.keypoints, (-1, 3)),
        speech=frame.speech,
        state=state,
    )


def between(a: Pose, b: Pose, x: float) -> Pose:
    """Return the pose at x (0…1) of the way from a to b, with b's state."""
    return Pose(
        blendshapes=mix(a.blendshapes, b.blendshapes, x),
        head_rotation_rad=mix(a.head_rotation_rad, b.head_rotation_rad, x),
        head_translation=mix(a.head_translation, b.head_translation, x),
        eye_rotation_rad=mix(a.eye_rotation_rad, b.eye_rotation_rad, x),
        landmarks=mix_last(a.landmarks, b.landmarks, x),
        keypoints=mix_last(a.keypoints, b.keypoints, x),
        speech=a.speech + (b.speech - a.speech) * x,
        state=b.state,
    )


_BLENDSHAPES: Final[Floats] = zeros((52,))
_HEAD_ROTATION_RAD: Final[Floats] = zeros((3,))
_HEAD_TRANSLATION: Final[Floats] = zeros((3,))
_EYE_ROTATION_RAD: Final[Floats] = zeros((2, 2))
