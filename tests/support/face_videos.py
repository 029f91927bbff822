"""Videos of NASA's portrait: moved as a whole by known transforms, or animated by our own session with known motion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from space_runtime.animation.motion_source import RecordedMotion
from space_runtime.animation.pipeline import build_character
from space_runtime.animation.session import Session
from space_runtime.arrays import Doubles, Floats, Pixels
from space_runtime.assets import PORTRAIT
from space_runtime.inference.bundle import load_bundle
from space_runtime.portrait.portrait import Portrait, open_portrait
from space_runtime.rig.rig import Rig
from space_runtime.rig.shapes import SHAPE
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls

FPS = 25


@cache
def nasa() -> Portrait:
    """Return NASA's portrait; tests may share it."""
    return open_portrait(PORTRAIT)


def swayed(times_s: Doubles, rgb: Pixels | None = None) -> Iterator[Pixels]:
    """Yield the portrait turned in its plane by `sway_rad` about its middle, at each time."""
    picture = nasa().image if rgb is None else rgb
    height, width = picture.shape[:2]
    for angle in sway_rad(times_s):
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(np.degrees(angle)), 1.0)
        yield np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def sway_rad(times_s: Doubles) -> Doubles:
    """Return the roll of `swayed`: 12 degrees to both sides, at rest in the beginning."""
    return np.asarray(np.radians(12) * np.sin(2 * np.pi * 0.6 * times_s))


@dataclass(frozen=True, slots=True, eq=False)
class Acted:
    """A video's pictures, T of them, and what they show. head: (T, 6). weights: (T, 52), those of `ACTED` alone."""

    times_s: Doubles
    pictures: list[Pixels]
    head: Floats
    weights: Floats


ACTED = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "eyeBlinkLeft", "eyeBlinkRight")


@cache
def acted(seconds: float = 3.0) -> Acted:
    """Return the portrait animated by a session: it nods, shakes, opens its mouth, smiles and blinks."""
    bundle, portrait = load_bundle(), nasa()
    times = np.arange(round(seconds * FPS)) / FPS
    head, weights = np.zeros((len(times), 6), np.float32), np.zeros((len(times), 52), np.float32)
    head[:, 0] = np.radians(10) * np.sin(2 * np.pi * 0.5 * times)
    head[:, 1] = np.radians(5) * np.sin(2 * np.pi * 0.8 * times + 1) - np.radians(5) * np.sin(1)
    head[:, 2] = np.radians(5) * np.sin(2 * np.pi * 0.35 * times)
    weights[:, SHAPE["jawOpen"]] = 0.5 * np.sin(2 * np.pi * 1.5 * times) ** 2
    smile = 0.6 * np.clip(np.sin(2 * np.pi * 0.4 * times), 0, 1)
    weights[:, SHAPE["mouthSmileLeft"]] = weights[:, SHAPE["mouthSmileRight"]] = smile
    blink = np.exp(-0.5 * ((times[:, None] - np.array([0.8, 1.9, 2.6])) / 0.06) ** 2).max(1)
    weights[:, SHAPE["eyeBlinkLeft"]] = weights[:, SHAPE["eyeBlinkRight"]] = blink
    rig, identity = Rig.from_arrays(bundle.arrays("rig")), build_character(bundle, portrait).identity
    ahead = np.zeros((2, 2), np.float32)
    faces = np.stack([rig.face(identity, row, ahead) for row in weights])
    motion = RecordedMotion(times * SAMPLE_RATE, faces, head, np.zeros((len(times), 2, 2), np.float32), 0 * times)
    session = Session(bundle, portrait, Controls(seed=1), fps=FPS, pictures=True, motion=motion)
    frames = [*session.push(np.zeros(round(seconds * SAMPLE_RATE), np.float32)), *session.finish(0)]
    return Acted(times, [frame.rgb for frame in frames if frame.rgb is not None][: len(times)], head, weights)
