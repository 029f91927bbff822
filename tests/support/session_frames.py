"""Frames of sessions in this process, and how far they are from others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from engine_bridge.protocol import messages as m
from space_runtime.animation.session import Session
from space_runtime.arrays import Floats
from space_runtime.inference.bundle import load_bundle
from space_runtime.values import Frame

BUNDLE = load_bundle()


def play(session: Session, samples: Floats, cuts: Sequence[int] = ()) -> list[Frame]:
    """Return the frames of (n,) samples at 16 kHz, pushed in pieces that are cut at some indices."""
    frames: list[Frame] = []
    for piece in np.split(samples, sorted(cuts)):
        frames += session.push(piece)
    return frames + session.finish()


def session_frames(samples: Floats, session: Session | None = None, fps: Fraction = Fraction(30)) -> list[Frame]:
    """Return the frames that a new `Session`, or the given one, makes of (n,) samples at 16 kHz."""
    return play(session or Session(BUNDLE, fps=fps), samples)


def curves(frame: Frame | m.Frame) -> Floats:
    """All values of a frame in one array."""
    if isinstance(frame, m.Frame):
        parts = (frame.weights, frame.head, frame.eyes, frame.landmarks)
        return np.concatenate([part for part in parts if part is not None])
    arrays = (frame.blendshapes, frame.head_rotation_rad, frame.head_translation, frame.eye_rotation_rad)
    return np.concatenate([array.reshape(-1) for array in (*arrays, frame.landmarks)])


def distance(live: Sequence[m.Frame], baked: Iterable[Frame]) -> float:
    """The largest difference of any value, infinite when the frames are not the same ones; 0 is bit for bit."""
    known = list(baked)
    if [frame.index for frame in live] != [frame.frame_index for frame in known]:
        return float("inf")
    gaps = [np.abs(curves(a) - curves(b)).max() for a, b in zip(live, known, strict=True)]
    return float(max(gaps, default=0.0))
