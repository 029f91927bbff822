"""Landmarks2Latents: posed landmarks, speech, the portrait's own keypoints and emotion become driving keypoints.

The network works without the head's pose: it is removed from the landmarks here and put back on the keypoints.
At the portrait's own landmarks the answer is the portrait's own keypoints.
"""

from __future__ import annotations

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.geometry import apply_pose, estimate_pose, remove_pose
from space_runtime.inference.network import Network
from space_runtime.rendering.warp.keypoints import keypoints_from_mesh, landmarks_from_keypoints


def portrait_keypoints(mesh: Floats) -> Floats:
    """Return the (160, 3) keypoints of a portrait's (478, 3) mesh, in its pixels."""
    return keypoints_from_mesh(mesh)


def initial_state(network: Network) -> Floats:
    """Return the (1, hidden) state of a stream that has shown nothing."""
    return np.zeros((1, network.state_size("state_in")), np.float32)


def step(
    network: Network,
    state: Floats,
    posed_landmarks: Floats,
    features: Floats,
    portrait_keypoints: Floats,
    emotion: Floats,
) -> tuple[Floats, Floats]:
    """Return (new state, (160, 3) driving keypoints in the portrait's pixels), once per picture.

    posed_landmarks: (78, 3) in the portrait's pixels. features: (F,) the speech step of the picture's media time.
    portrait_keypoints: (160, 3) of the portrait at rest. emotion: (8,). Pure.
    """
    pose = estimate_pose(posed_landmarks)
    own_pose = estimate_pose(landmarks_from_keypoints(portrait_keypoints))
    outputs = network.run(
        {
            "landmarks": remove_pose(posed_landmarks, pose)[None],
            "features": features[None],
            "portrait_keypoints": remove_pose(portrait_keypoints, own_pose)[None],
            "emotion": emotion[None],
            "state_in": state,
        }
    )
    keypoints = np.asarray(outputs["keypoints"][0], np.float32)
    return np.asarray(outputs["state_out"], np.float32), apply_pose(keypoints, pose)
