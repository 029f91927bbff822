"""Tracked faces that speak (GRID): the normalised landmarks of every frame."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from export.data.speech.voices import read_pcm
from export.data.store import kept
from space_runtime.arrays import Floats
from space_runtime.errors import UsageError
from space_runtime.geometry import HeadPose, estimate_pose, from_mediapipe, landmarks_from_mesh, remove_pose
from space_runtime.rig.shapes import LIP_PAIRS

POSE_SMOOTHING: float = 1.0
"""Frames (sigma): tracking noise of the pose would shake the mouth."""
IRIS_CENTRES = ((468, (469, 470, 471, 472)), (473, (474, 475, 476, 477)))
TRACK_HZ = 100
HEADS = "talking_heads"
DRIFT_S = 2.0
"""Motion slower than this is posture and tracking: no sound explains it."""
REST_SHARE = 0.15
LOST = -500.0
"""Pixels below this mean that no face was found in a frame."""


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
    return read_clips(data / HEADS, name, cache, lambda row: str(row["speaker"]))


def read_clips(folder: Path, name: str, cache: Path | None, speaker_of: Callable[[dict[str, Any]], str]) -> list[Talk]:
    """Return the clips of ``folder/<name>``, like `read_talks`; ``speaker_of`` a row of its list is who speaks."""
    pcm, rows = read_pcm(_sound(folder, name)), _rows(folder, name)
    if cache is None:
        landmarks = _normalised(folder, name)
    else:
        path = cache / f"normalised_{name}.npy"
        sources = ("1", folder / f"{name}.npz", folder / f"{name}.json")
        landmarks = np.load(kept(path, sources, lambda to: _save(to, _normalised(folder, name))))
    return [
        Talk(
            row["clip"],
            speaker_of(row),
            pcm[row["first_sample"] : row["first_sample"] + row["n_samples"]],
            landmarks[row["first_frame"] : row["first_frame"] + row["n_frames"]],
            row["fps"],
        )
        for row in rows
    ]


def sound_file(data: Path, name: str) -> Path | None:
    """Return the sound of a film, None when it is missing."""
    return _sound_or_none(data / HEADS, name)


def film_sound(data: Path, name: str) -> Path:
    """Return the sound of a film. Raises `UsageError` when it is missing."""
    return _sound(data / HEADS, name)


def film_rows(data: Path, name: str) -> list[dict[str, Any]]:
    """Return what a film's list says of its clips: clip, speaker, fps, first_frame, n_frames, first_sample, …"""
    return _rows(data / HEADS, name)


def _sound(folder: Path, name: str) -> Path:
    found = _sound_or_none(folder, name)
    if found is None:
        raise UsageError(f"{folder / name}.opus is missing; restore it")
    return found


def _sound_or_none(folder: Path, name: str) -> Path | None:
    files = (folder / (name + ending) for ending in (".opus", ".flac"))
    return next((file for file in files if file.is_file()), None)


def _rows(folder: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return rows


def _normalised(folder: Path, name: str) -> Floats:
    """Return (frames, 78, 3) of a whole film, pose removed sentence by sentence."""
    meshes = landmarks_from_mesh(_meshes(folder, name))
    whole = np.zeros(meshes.shape, np.float32)
    for row in _rows(folder, name):
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


def resting_face(landmarks: Floats) -> Floats:
    """Return (78, 3) the face at rest in (T, 78, 3) frames: the median of the `REST_SHARE` whose lips are closest."""
    gap = np.mean([np.linalg.norm(landmarks[:, a] - landmarks[:, b], axis=-1) for a, b in LIP_PAIRS], 0)
    return np.asarray(np.median(landmarks[gap <= np.quantile(gap, REST_SHARE)], 0), np.float32)


def without_drift(values: Floats, fps: float) -> Floats:
    """Return (T, …) values at ``fps`` minus their moving mean of `DRIFT_S`."""
    return np.asarray(values - uniform_filter1d(values, round(DRIFT_S * fps), axis=0, mode="nearest"), np.float32)


def resample_track(values: Floats, fps: float, n_frames: int) -> Floats:
    """Return (n_frames, …) values on the 10 ms grid from frames at ``fps``; the ends are held."""
    times = np.arange(len(values)) / fps
    wanted = np.clip(np.arange(n_frames) / TRACK_HZ, 0, times[-1])
    return np.asarray(CubicSpline(times, values, axis=0)(wanted), np.float32)


def film_meshes(data: Path, name: str) -> Floats:
    """Return (frames, 478, 3) mesh points of a whole film in pixels, in this project's axes; 0 where it has none."""
    return _meshes(data / HEADS, name)


def _meshes(folder: Path, name: str) -> Floats:
    with np.load(folder / f"{name}.npz") as archive:
        points = _without_lost(archive["delta"].astype(np.int32).cumsum(0) * archive["scale"])
        mesh = np.zeros((len(points), 478, 3), np.float32)
        mesh[:, archive["indices"]] = points
    for centre, rim in IRIS_CENTRES:
        mesh[:, centre] = mesh[:, list(rim)].mean(1)
    return from_mediapipe(mesh)


def _without_lost(points: Floats) -> Floats:
    """Return (frames, n, 3) points in which frames without a face are straight lines between their neighbours."""
    found = np.flatnonzero(points.min((1, 2)) > LOST)
    if len(found) == len(points):
        return points
    place = np.interp(np.arange(len(points)), found, np.arange(len(found)))
    low = np.minimum(place.astype(int), len(found) - 2)
    share = (place - low)[:, None, None]
    return np.asarray(points[found[low]] * (1 - share) + points[found[low + 1]] * share, np.float32)


def _smooth(values: Floats) -> Floats:
    return np.asarray(gaussian_filter1d(values.astype(np.float64), POSE_SMOOTHING, axis=0, mode="nearest"), np.float32)
