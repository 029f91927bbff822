"""Draws one line spoken by four seeds side by side: on NASA's portrait, and on the head that is made from it.

python docs/film_heads.py docs/heads.webp
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from film_head import MIDDLE_CM, draw
from PIL import Image

from engine_bridge.formats.flat_json import read_json
from export.evaluation.drawn_head import DrawnHead
from space_runtime.arrays import Pixels
from space_runtime.assets import LINE, PORTRAIT
from space_runtime.baking.bake import bake
from space_runtime.media.video_reader import open_video
from space_runtime.option_parsing import Format
from space_runtime.portrait.portrait import Portrait, open_portrait
from space_runtime.values import Controls

SEEDS = (1, 2, 3, 4)
FPS = 12
SIDE = 128
HEAD_TOP = 16
"""Rows of the drawn head above its square."""


def columns(seed: int, portrait: Portrait, head: DrawnHead, folder: Path) -> list[Pixels]:
    """Return the pictures of a seed: the portrait above, the head below."""
    bake(LINE, folder, portrait=portrait, controls=Controls(seed=seed), fps=FPS, formats=(Format.JSON, Format.MP4))
    written = folder / LINE.stem
    clip = read_json(written.with_suffix(".json").read_bytes(), LINE.name)
    photos = [picture.rgb for picture in open_video(written.with_suffix(".mp4")).pictures()]
    return [_column(photo, draw(head, clip, number)) for number, photo in enumerate(photos)]


def _column(photo: Pixels, head: Pixels) -> Pixels:
    drawn = np.asarray(Image.fromarray(head).reduce(2))
    square = drawn[HEAD_TOP : HEAD_TOP + drawn.shape[1]]
    shown = [np.asarray(Image.fromarray(part).resize((SIDE, SIDE), Image.Resampling.BOX)) for part in (photo, square)]
    return np.concatenate(shown)


def main(out: Path) -> None:
    """Write the moving picture."""
    portrait = open_portrait(PORTRAIT)
    head = replace(DrawnHead.of_portrait(portrait), middle=MIDDLE_CM)
    with TemporaryDirectory() as folder:
        seeds = [columns(seed, portrait, head, Path(folder) / str(seed)) for seed in SEEDS]
    frames = [Image.fromarray(np.concatenate(row, 1)) for row in zip(*seeds, strict=True)]
    frames[0].save(
        out, save_all=True, append_images=frames[1:], duration=round(1000 / FPS), loop=0, quality=45, method=4
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
