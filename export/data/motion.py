"""Tracked faces that speak (GRID): the normalised landmarks of every frame."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from export.data.voices import read_pcm
from space_runtime.geometry import (
    Floats,
    HeadPose,
    estimate_pose,
    from_mediapipe,
    landmarks_from_mesh,
    remove_pose,
)

POSE_SMOOTHING: float = 1.0
"""Frames (sigma): tracking noise of the pose would shake the mouth."""
IRIS_CENTRES = ((468, (469, 470, 471, 472)), (473, (474, 475, 476, 477)))
TRACK_HZ = 100


@dataclass(frozen=True, slots=True, eq=False)
class Talk:
    """One filmed sentence. pcm: (n,) at 16 kHz. landmarks: (frames, 78, 3) normalised. fps: frames per second."""

    clip: str
    speaker: str
    pcm: Floats
    landmarks: Floats
    fps: float


def read_talks(data: Path, name: str) -> list[Talk]:
    """Return the sentences of ``data/talking_heads/<name>``."""
    folder = data / "talking_heads"
    meshes = _landmarks(folder / f"{name}.npz")
    sound = next(folder / (name + ending) for ending in (".opus", ".flac") if (folder / (name + ending)).exists())
    pcm = read_pcm(sound)
    talks = []
    for row in json.loads((folder / f"{name}.json").read_text(encoding="utf-8")):
        points = meshes[row["first_frame"] : row["first_frame"] + row["n_frames"]]
        part = pcm[row["first_sample"] : row["first_sample"] + row["n_samples"]]
        talks.append(Talk(row["clip"], row["speaker"], part, normalise_track(points), row["fps"]))
    return talks


def normalise_track(points: Floats) -> Floats:
    """Return (T, 78, 3) points without the head's pose, which is estimated per frame and smoothed over time."""
    poses = [estimate_pose(frame) for frame in points]
    rotations = _smooth(np.stack([pose.rotation_rad for pose in poses]))
    translations = _smooth(np.stack([pose.translation for pose in poses]))
    scales = _smooth(np.array([pose.scale for pose in poses]))
    smoothed = [HeadPose(r, t, float(s)) for r, t, s in zip(rotations, translations, scales, strict=True)]
    return np.stack([remove_pose(frame, pose) for frame, pose in zip(points, smoothed, strict=True)])


def resample_track(values: Floats, fps: float, n_frames: int) -> Floats:
    """Return (n_frames, …) values on the 10 ms grid from frames at ``fps``; the ends are held."""
    times = np.arange(len(values)) / fps
    wanted = np.clip(np.arange(n_frames) / TRACK_HZ, 0, times[-1])
    return np.asarray(CubicSpline(times, values, axis=0)(wanted), np.float32)


def _landmarks(path: Path) -> Floats:
    with np.load(path) as archive:
        points = archive["delta"].astype(np.int32).cumsum(0) * archive["scale"]
        mesh = np.zeros((len(points), 478, 3), np.float32)
        mesh[:, archive["indices"]] = points
    for centre, rim in IRIS_CENTRES:
        mesh[:, centre] = mesh[:, list(rim)].mean(1)
    return landmarks_from_mesh(from_mediapipe(mesh))


def _smooth(values: Floats) -> Floats:
    return np.asarray(gaussian_filter1d(values.astype(np.float64), POSE_SMOOTHING, axis=0, mode="nearest"), np.float32)
