"""Tracked faces that speak (GRID): the normalised landmarks of every frame."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from export.data.speech.voices import read_pcm
from export.data.store import kept
from space_runtime.arrays import Floats
from space_runtime.errors import UsageError
from space_runtime.geometry import HeadPose, estimate_pose, from_mediapipe, landmarks_from_mesh, remove_pose

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


def read_talks(data: Path, name: str, cache: Path | None = None) -> list[Talk]:
    """Return the sentences of ``data/talking_heads/<name>``; with a ``cache`` their landmarks are normalised once."""
    pcm, rows = read_pcm(film_sound(data, name)), film_rows(data, name)
    if cache is None:
        landmarks = _normalised(data, name)
    else:
        path = cache / f"normalised_{name}.npy"
        folder = data / "talking_heads"
        sources = ("1", folder / f"{name}.npz", folder / f"{name}.json")
        landmarks = np.load(kept(path, sources, lambda to: _save(to, _normalised(data, name))))
    return [
        Talk(
            row["clip"],
            row["speaker"],
            pcm[row["first_sample"] : row["first_sample"] + row["n_samples"]],
            landmarks[row["first_frame"] : row["first_frame"] + row["n_frames"]],
            row["fps"],
        )
        for row in rows
    ]


def sound_file(data: Path, name: str) -> Path | None:
    """Return the sound of a film, None when it is missing."""
    files = (data / "talking_heads" / (name + ending) for ending in (".opus", ".flac"))
    return next((file for file in files if file.is_file()), None)


def film_sound(data: Path, name: str) -> Path:
    """Return the sound of a film. Raises `UsageError` when it is missing."""
    file = sound_file(data, name)
    if file is None:
        raise UsageError(f"{data / 'talking_heads' / name}.opus is missing; restore it")
    return file


def film_rows(data: Path, name: str) -> list[dict[str, Any]]:
    """Return what a film's list says of its clips: clip, speaker, fps, first_frame, n_frames, first_sample, …"""
    rows: list[dict[str, Any]] = json.loads((data / "talking_heads" / f"{name}.json").read_text(encoding="utf-8"))
    return rows


def _normalised(data: Path, name: str) -> Floats:
    """Return (frames, 78, 3) of a whole film, pose removed sentence by sentence."""
    meshes = landmarks_from_mesh(film_meshes(data, name))
    whole = np.zeros(meshes.shape, np.float32)
    for row in film_rows(data, name):
        part = slice(row["first_frame"], row["first_frame"] + row["n_frames"])
        whole[part] = normalise_track(meshes[part])
    return whole


def _save(path: Path, values: Floats) -> None:
    with path.open("wb") as file:
        np.save(file, values)


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


def film_meshes(data: Path, name: str) -> Floats:
    """Return (frames, 478, 3) mesh points of a whole film in pixels, in this project's axes; 0 where it has none."""
    with np.load(data / "talking_heads" / f"{name}.npz") as archive:
        points = archive["delta"].astype(np.int32).cumsum(0) * archive["scale"]
        mesh = np.zeros((len(points), 478, 3), np.float32)
        mesh[:, archive["indices"]] = points
    for centre, rim in IRIS_CENTRES:
        mesh[:, centre] = mesh[:, list(rim)].mean(1)
    return from_mediapipe(mesh)


def _smooth(values: Floats) -> Floats:
    return np.asarray(gaussian_filter1d(values.astype(np.float64), POSE_SMOOTHING, axis=0, mode="nearest"), np.float32)
