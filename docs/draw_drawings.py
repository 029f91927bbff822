"""Draws ``drawings.jpg``: two faces drawn by program, at rest, speaking, turned, blinking, with emotions and a glance.

``PYTHONPATH=. python docs/draw_drawings.py`` in the project's environment.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import soundfile

from space_runtime import Controls, Frame, Session, load_bundle, open_tracker
from space_runtime.arrays import Pixels
from space_runtime.assets import LINE
from space_runtime.portrait.portrait import Portrait, portrait_from_pixels
from space_runtime.rendering.embedded import open_generator
from space_runtime.rig.shapes import SHAPE
from space_runtime.values import HeadMode
from tests.support.drawn_faces import anime, cartoon

SECONDS: Final = 2.0
SIDE: Final = 220


def spoken(portrait: Portrait, **controls: object) -> list[Frame]:
    """Return the frames of the beginning of the bundled line, nothing else moving but what the controls say."""
    sound, rate = soundfile.read(LINE, dtype="float32")
    values = {"seed": 7, "head_mode": HeadMode.KEEP, "blinks_per_minute": 0, "saccade_strength": 0} | controls
    session = Session(portrait=portrait, controls=Controls(**values), fps=25, keypoints=True)  # type: ignore[arg-type]
    return session.push(sound[: round(SECONDS * rate)], sample_rate=rate) + session.finish()


def largest(name: str) -> Callable[[Frame], float]:
    """Return the weight of a shape as a measure of frames."""
    return lambda frame: float(frame.blendshapes[SHAPE[name]])


def row(portrait: Portrait) -> Pixels:
    """Return a row of pictures of a portrait."""
    generator = open_generator(load_bundle())
    appearance = generator.prepare(portrait)
    opened = largest("jawOpen")
    frames = [
        spoken(portrait)[0],
        max(spoken(portrait), key=opened),
        max(spoken(portrait, head_offset=[float(np.radians(15)), 0, 0]), key=opened),
        max(spoken(portrait, blinks_per_minute=90), key=largest("eyeBlinkLeft")),
        max(spoken(portrait, emotion={"happy": 1.0}), key=opened),
        spoken(portrait, gaze_rad=np.radians([25, -8]))[0],
    ]
    shown = [generator.render(appearance, frame.keypoints[None])[0] for frame in frames]
    return np.hstack([cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for picture in shown])


def main() -> None:
    """Write the picture beside this script."""
    tracker = open_tracker()
    faces = [portrait_from_pixels(face.picture, tracker, "it", placed=face.landmarks) for face in (anime(), cartoon())]
    sheet = np.vstack([row(face) for face in faces])
    target = Path(__file__).parent / "drawings.jpg"
    cv2.imwrite(str(target), np.ascontiguousarray(sheet[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
