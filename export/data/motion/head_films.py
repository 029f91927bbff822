"""Heads that talk on film: their angles over time, with the sound.

A tracker's rigid points move a little with the jaw, so that an opening mouth looks like a raised chin. How much is
estimated on the eyes' height, which follows a real nod and no jaw, and is taken off (0.07…0.24 rad per unit of lip gap
on the films at hand).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy.signal import butter, sosfiltfilt

from export.data.motion.films import film_meshes, film_rows, film_sound
from export.data.speech.voices import read_pcm
from space_runtime.arrays import Doubles, Floats
from space_runtime.geometry import fit_similarities, remove_pose

RIGID: Final = (33, 133, 362, 263, 168, 197, 195, 5, 127, 356, 162, 389, 21, 251, 234, 454)
"""MediaPipe's points on the skull: corners of the eyes, bridge of the nose, temples, upper outline."""
EYES: Final = (33, 263)
INNER_LIPS: Final = (13, 14)
LOW_PASS_HZ: Final = 7.0
"""Above it lies what the tracker makes up."""
LEAK_HZ: Final = (0.5, 2.0)
"""Band in which the jaw's leak is estimated: fast enough for the neck's joint, slow enough for the tracker."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadFilm:
    """One clip. pcm: (n,) at 16 kHz. angles_rad: (T, 3) yaw, pitch, roll from their mean. fps: frames per second.

    leak: radians of pitch per unit of lip gap that were taken off.
    """

    clip: str
    pcm: Floats
    angles_rad: Doubles
    fps: float
    leak: float


def read_head_films(data: Path, name: str) -> list[HeadFilm]:
    """Return the clips of the film ``data/talking_heads/<name>``."""
    pcm, meshes = read_pcm(film_sound(data, name)), film_meshes(data, name)
    return [
        head_film(
            row["clip"],
            pcm[row["first_sample"] : row["first_sample"] + row["n_samples"]],
            meshes[row["first_frame"] : row["first_frame"] + row["n_frames"]],
            row["fps"],
        )
        for row in film_rows(data, name)
    ]


def head_film(clip: str, pcm: Floats, meshes: Floats, fps: float) -> HeadFilm:
    """Return the head of (T, 478, 3) tracked meshes in this project's axes, and its (n,) sound."""
    angles, unit = _angles(meshes[:, list(RIGID)])
    eye_height = _filtered(meshes[:, list(EYES), 1].mean(1) / unit, fps, LOW_PASS_HZ)
    gap = np.linalg.norm(meshes[:, INNER_LIPS[0]] - meshes[:, INNER_LIPS[1]], axis=1)
    gap = _filtered(gap / np.linalg.norm(meshes[:, EYES[0]] - meshes[:, EYES[1]], axis=1), fps, LOW_PASS_HZ)
    angles = _filtered(angles, fps, LOW_PASS_HZ)
    leak = _leak(angles[:, 1], eye_height, gap, fps)
    angles[:, 1] -= leak * gap
    return HeadFilm(clip, pcm, angles - angles.mean(0), fps, leak)


def _angles(points: Floats) -> tuple[Doubles, float]:
    """(T, 3) yaw, pitch, roll of (T, n, 3) rigid points against their mean shape, and the mean size of a unit in pixels
    (generalised Procrustes analysis, Gower 1975)."""
    shape = points[len(points) // 2]
    for _ in range(4):
        poses = fit_similarities(shape, points)
        shape = np.mean([remove_pose(frame, pose) for frame, pose in zip(points, poses, strict=True)], axis=0)
    poses = fit_similarities(shape, points)
    unit = np.linalg.norm(shape[0] - shape[3]) * np.mean([pose.scale for pose in poses])
    return np.array([pose.rotation_rad for pose in poses], np.float64), float(unit)


def _leak(pitch: Doubles, eye_height: Doubles, gap: Doubles, fps: float) -> float:
    """Radians of pitch per unit of lip gap that the eyes' height does not show: height = a · (pitch − leak · gap)."""
    columns = np.stack([_filtered(each, fps, LEAK_HZ) for each in (pitch, gap)], 1)
    a, b = np.linalg.lstsq(columns, _filtered(eye_height, fps, LEAK_HZ), rcond=None)[0]
    return float(-b / a)


def _filtered(values: Doubles, fps: float, band_hz: float | tuple[float, float]) -> Doubles:
    """Values low-passed, or within a band, forwards and backwards: without lag."""
    kind = "lowpass" if isinstance(band_hz, float) else "bandpass"
    sections = butter(3, np.divide(band_hz, fps / 2), kind, output="sos")
    filtered: Doubles = sosfiltfilt(sections, values, axis=0)
    return filtered
