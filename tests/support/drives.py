"""Rows that drive a face, drawn by a seed, and the frames of sessions that are driven by them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from space_runtime.animation.driven_motion import DrivenMotion
from space_runtime.animation.pipeline import build_character
from space_runtime.arrays import Floats
from space_runtime.capture.drive_rows import DriveEnd, DriveRows
from space_runtime.capture.take import Take
from space_runtime.rig.identity import look_weights
from space_runtime.rig.shapes import LOOK_ROWS, SHAPE
from space_runtime.timebase import SAMPLE_RATE
from tests.support.session_frames import BUNDLE

IDENTITY = build_character(BUNDLE).identity
FPS = 30


def smooth(n_rows: int, n_channels: int, seed: int) -> Floats:
    """Return (n, channels) slow curves within −1…1."""
    t, random = np.arange(n_rows)[:, None] / FPS, np.random.default_rng(seed)
    rate, phase = random.uniform(0.2, 1.0, n_channels), random.uniform(0, 2 * np.pi, n_channels)
    return np.sin(2 * np.pi * rate * t + phase).astype(np.float32)


def driver(seconds: float = 2.0, seed: int = 1) -> DriveRows:
    """Return rows of a driver who is always seen; at most six shapes a row, as faces have them."""
    n_rows = round(seconds * FPS)
    weights = np.zeros((n_rows, 52), np.float32)
    for place, (name, most) in enumerate(SHOWN.items()):
        weights[:, SHAPE[name]] = most * (0.5 + 0.5 * smooth(n_rows, 1, 100 * seed + place)[:, 0])
    head = smooth(n_rows, 6, seed + 50) * np.array([0.3, 0.15, 0.1, 0.05, 0.05, 0.05], np.float32)
    eyes = np.repeat(smooth(n_rows, 2, seed + 70)[:, None] * np.float32(0.2), 2, axis=1)
    weights[:, LOOK_ROWS] = look_weights(eyes)
    return DriveRows(np.arange(n_rows) * SAMPLE_RATE / FPS, weights, head, eyes, np.ones(n_rows, np.float32))


SHOWN = {
    "browInnerUp": 0.6,
    "browOuterUpLeft": 0.5,
    "eyeBlinkLeft": 0.9,
    "eyeBlinkRight": 0.7,
    "mouthSmileLeft": 0.7,
    "mouthSmileRight": 0.6,
    "jawOpen": 0.4,
}
"""Shapes that the drawn driver shows, and the most of each."""


def only(rows: DriveRows, *names: str) -> DriveRows:
    """Return rows with some shapes alone."""
    weights = np.zeros_like(rows.blendshapes)
    kept = [SHAPE[name] for name in names]
    weights[:, kept] = rows.blendshapes[:, kept]
    return replace(rows, blendshapes=weights)


def take_of(rows: DriveRows) -> Take:
    """Return the take of a driver whose own rest is all zeros."""
    parts = (rows.samples, np.maximum(rows.blendshapes, 0), rows.head, rows.eyes_rad, rows.confidence)
    return Take(*parts, np.zeros(52, np.float32), np.zeros(6, np.float32), source="driver.mov", sha256="ab" * 32)


def driven(rows: DriveRows, end: DriveEnd = DriveEnd.REST) -> DrivenMotion:
    """Return the neutral identity, driven."""
    return DrivenMotion(rows, IDENTITY, end)
