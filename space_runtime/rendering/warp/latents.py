"""Landmarks2Latents: posed landmarks, speech, the portrait's own keypoints and emotion become driving keypoints.

The network works without the head's pose: it is removed from the landmarks here and put back on the keypoints.
At the portrait's own landmarks the answer is the portrait's own keypoints. Lids are where their landmarks are: the
network leaves lower lids behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.emotion import Emotion
from space_runtime.geometry import apply_pose, estimate_pose, estimate_poses, remove_pose
from space_runtime.inference.network import Network
from space_runtime.rendering.warp.keypoints import keypoints_from_mesh, landmarks_from_keypoints
from space_runtime.rendering.warp.lid_edges import on_landmarks
from space_runtime.rendering.warp.lip_shares import kept_shares
from space_runtime.rendering.warp.redrawn import Redrawn
from space_runtime.rendering.warp.smile_reach import reaching

HAPPY: Final = tuple(Emotion).index(Emotion.HAPPY)


def resting_keypoints(mesh: Floats) -> Floats:
    """Return the (160, 3) normalised keypoints of a portrait at rest; mesh: its (478, 3) points in pixels."""
    keypoints = keypoints_from_mesh(mesh)
    return remove_pose(keypoints, estimate_pose(landmarks_from_keypoints(keypoints)))


def initial_state(network: Network) -> Floats:
    """Return the (hidden,) state of a stream that has shown nothing."""
    return np.zeros(network.state_size("state_in"), np.float32)


def step(
    network: Network,
    states: Floats,
    landmarks: Floats,
    features: Floats,
    at_rest: Floats,
    emotion: Floats,
    drawn: Sequence[Redrawn | None],
) -> tuple[Floats, Floats]:
    """Return (B new states, (B, 160, 3) keypoints in the portraits' pixels): one frame of each of B streams. Pure.

    states: (B, hidden). landmarks: (B, 78, 3) posed, in the portraits' pixels. features: (B, 96) of the speech at the
    frames' media times. at_rest: (B, 160, 3), see `resting_keypoints`. emotion: (B, 8). drawn: B drawn faces, None
    where the portrait itself is animated.
    """
    poses = estimate_poses(landmarks)
    faces = np.stack([remove_pose(face, pose) for face, pose in zip(landmarks, poses, strict=True)])
    outputs = network.run(
        {
            "landmarks": faces,
            "features": features,
            "portrait_keypoints": at_rest,
            "emotion": emotion,
            "state_in": states,
        }
    )
    output = np.asarray(outputs["keypoints"], np.float32)
    followed = [on_landmarks(points, face) for points, face in zip(output, faces, strict=True)]
    reached = [
        points if face else reaching(points, rest, float(happy))
        for points, rest, face, happy in zip(followed, at_rest, drawn, emotion[:, HAPPY], strict=True)
    ]
    keypoints = [kept_shares(points, rest) for points, rest in zip(reached, at_rest, strict=True)]
    shown = [face.of(points) if face else points for face, points in zip(drawn, keypoints, strict=True)]
    posed = np.stack([apply_pose(points, pose) for points, pose in zip(shown, poses, strict=True)])
    return np.asarray(outputs["state_out"], np.float32), posed
