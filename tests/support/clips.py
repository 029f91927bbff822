"""Clips for tests of formats: a random one, one that moves smoothly, and a rig that knows some of ARKit's names."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np

from engine_bridge.formats.clip import Clip
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.table import Writer
from engine_bridge.protocol.arkit import ARKIT_NAMES

SHAPE = {name: place for place, name in enumerate(ARKIT_NAMES)}


def random_clip(n_frames: int, fps: Fraction = Fraction(30), seed: int = 0, name: str = "hello") -> Clip:
    """A clip of unrelated numbers in every column."""
    rng = np.random.default_rng(seed)
    values = {
        "head_rotation_rad": rng.normal(0, 0.2, (n_frames, 3)),
        "head_translation": rng.normal(0, 0.2, (n_frames, 3)),
        "eye_rotation_rad": rng.normal(0, 0.2, (n_frames, 2, 2)),
        "landmarks": rng.normal(0, 1, (n_frames, 78, 3)),
        "blendshapes": rng.random((n_frames, 52)),
        "speech": rng.random(n_frames),
        "tongue": rng.random((n_frames, 2)),
    }
    return Clip(
        name=name,
        fps=fps,
        sample_rate=16_000,
        metadata={"settings": {"seed": seed}},
        times_s=np.arange(n_frames) * fps.denominator / fps.numerator,
        **{key: value.astype(np.float32) for key, value in values.items()},
    )


def speaking_clip(n_frames: int = 300, fps: Fraction = Fraction(60), name: str = "hello") -> Clip:
    """A clip whose jaw opens and shuts, with lips that close on an open jaw, and shapes that rest at 0."""
    clip = random_clip(n_frames, fps, name=name)
    assert clip.blendshapes is not None
    times = clip.times_s
    weights = np.zeros((n_frames, 52), np.float32)
    weights[:, SHAPE["jawOpen"]] = np.clip(0.45 - 0.5 * np.cos(2 * np.pi * 2.1 * times), 0, 1)
    weights[:, SHAPE["mouthClose"]] = np.clip(np.sin(2 * np.pi * 1.3 * times), 0, None) ** 8 * 0.4
    weights[:, SHAPE["mouthFunnel"]] = 0.2 + 0.1 * np.sin(2 * np.pi * 0.7 * times)
    weights[:, SHAPE["eyeBlinkLeft"]] = np.clip(1.5 - np.abs(times - 1.5) * 20, 0, 1)
    clip.blendshapes[:] = weights
    return clip


def file_of(write: Writer, clip: Clip, options: FormatOptions | None = None) -> bytes:
    """The bytes of a clip in a format."""
    file = io.BytesIO()
    write(clip, options or FormatOptions(), file)
    return file.getvalue()
