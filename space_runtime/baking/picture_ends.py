"""The results of a bake that take pictures: videos, a folder of PNG files, the contact sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.baking.jobs import BakeJob, Result
from space_runtime.media.atomic_files import folder_written_whole, written_whole
from space_runtime.media.audio_file import Sound
from space_runtime.media.picture_sequence import PngSequence
from space_runtime.media.video import VideoWriter
from space_runtime.media.webm import WebmWriter
from space_runtime.portrait.portrait import Portrait

SHOWING: Final = frozenset({Result.MP4, Result.WEBM, Result.PNG, Result.SHEET})
"""Results that pictures are drawn for."""
LIPS: Final = slice(48, 68)
"""Landmarks of the outer and the inner lips."""
BEHIND: Final = 128.0
"""Grey level behind a transparent portrait on a contact sheet."""


class PictureWriter(Protocol):
    """A file or folder that pictures and sound are written into."""

    def add_picture(self, picture: Pixels, /) -> None:
        """Append a picture."""

    def add_sound(self, block: Floats, /) -> None:
        """Append an (n, channels) block of the original sound."""

    def finish(self) -> None:
        """Write what is left; nothing can be appended afterwards."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureEnds:
    """The writers of a bake, and its pictures as a contact sheet shows them.

    face: rows and columns of pictures that a sheet shows, None for all. mouth: column and row of the middle of the
    mouth there, and its width, pixels.
    """

    writers: tuple[PictureWriter, ...]
    face: tuple[slice, slice] | None
    mouth: tuple[float, float, float]

    def on_sheet(self, picture: Pixels) -> Pixels:
        """Return the (h, w, 3) part of a picture that a sheet shows."""
        shown = picture if self.face is None else picture[self.face]
        if shown.shape[2] == 3:
            return shown
        share = shown[..., 3:] / np.float32(255)
        return np.asarray(shown[..., :3] * share + np.float32(BEHIND) * (1 - share), np.uint8)


@contextmanager
def opened_pictures(
    targets: Mapping[Result, Path], sound: Sound, job: BakeJob, size: tuple[int, int]
) -> Iterator[PictureEnds]:
    """Give the writers of a job's pictures of (height, width); files appear whole when the block ends."""
    alpha = job.portrait is not None and job.portrait.transparent
    width_height, tone = size[::-1], (sound.rate, sound.n_channels)
    with ExitStack() as stack:
        writers: list[PictureWriter] = []
        if (path := targets.get(Result.MP4)) is not None:
            partial = stack.enter_context(written_whole(path))
            writers.append(stack.enter_context(VideoWriter(partial, job.fps, width_height, *tone)))
        if (path := targets.get(Result.WEBM)) is not None:
            partial = stack.enter_context(written_whole(path))
            writers.append(stack.enter_context(WebmWriter(partial, job.fps, width_height, *tone, alpha)))
        if (path := targets.get(Result.PNG)) is not None:
            folder = stack.enter_context(folder_written_whole(path))
            writers.append(stack.enter_context(PngSequence(folder, width_height)))
        yield PictureEnds(tuple(writers), _face(job.portrait), _mouth(job.portrait, size))
        for writer in writers:
            writer.finish()


def _face(portrait: Portrait | None) -> tuple[slice, slice] | None:
    """Return rows and columns of the face's square, as far as it lies in a whole photo."""
    if portrait is None or portrait.whole is None:
        return None
    left, top, side = portrait.whole.face
    return slice(max(0, top), top + side), slice(max(0, left), left + side)


def _mouth(portrait: Portrait | None, size: tuple[int, int]) -> tuple[float, float, float]:
    """Return column and row of the middle of the mouth and its width, as `PictureEnds.mouth`.

    size: height and width of the pictures, which show the portrait's square at any scale.
    """
    height, width = size
    if portrait is None:
        return width / 2, height / 2, width / 5
    x, y = portrait.landmarks[LIPS, 0], -portrait.landmarks[LIPS, 1]
    if portrait.whole is not None:
        square, face = portrait.whole.square, portrait.whole.face
        x, y = x + (square.left - max(0, face.left)), y + (square.top - max(0, face.top))
    else:
        x, y = x * (width / len(portrait.image)), y * (height / len(portrait.image))
    return float(x.min() + x.max()) / 2, float(y.min() + y.max()) / 2, float(np.ptp(x))
