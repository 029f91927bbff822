"""Draws a baked line spoken by the head of NASA's portrait, by plain shading: motion and closures, no renderer needed.

space-runtime bake space_runtime/assets/line.flac --fps 12 --formats json --emotion happy=0.4 --out spoken
python docs/film_head.py spoken/line.json docs/head.webp
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from engine_bridge.formats.clip import Clip
from engine_bridge.formats.flat_json import read_json
from export.evaluation.drawn_head import Camera, DrawnHead, Shown
from space_runtime.arrays import Pixels
from space_runtime.assets import PORTRAIT
from space_runtime.portrait.portrait import open_portrait

CAMERA = Camera((672, 560), 75.0, 1_500.0, yaw_rad=0.25)
"""Twice as many rows and columns are drawn as are shown."""
MIDDLE_CM = np.array([0.0, 0.5, 0.0])


def draw(head: DrawnHead, clip: Clip, number: int) -> Pixels:
    """Return the picture of a frame."""
    assert clip.blendshapes is not None and clip.head_rotation_rad is not None and clip.eye_rotation_rad is not None
    columns = clip.blendshapes, clip.head_rotation_rad, clip.eye_rotation_rad
    weights, rotation, eyes = (np.asarray(column[number], np.float32) for column in columns)
    return head.draw(Shown(weights, rotation, np.zeros(3, np.float32), eyes), CAMERA)


def main(line: Path, out: Path) -> None:
    """Write the moving picture of a line."""
    clip = read_json(line.read_bytes(), line.name)
    head = replace(DrawnHead.of_portrait(open_portrait(PORTRAIT)), middle=MIDDLE_CM)
    frames = [Image.fromarray(draw(head, clip, number)).reduce(2) for number in range(clip.n_frames)]
    duration = round(1000 / float(clip.fps))
    frames[0].save(out, save_all=True, append_images=frames[1:], duration=duration, loop=0, quality=70, method=4)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
