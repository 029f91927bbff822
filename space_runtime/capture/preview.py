"""A video with the landmarks of the followed face drawn on it, to look at: same pictures, same sound."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.capture.face_following import Followed
from space_runtime.extras import cv2
from space_runtime.geometry import landmarks_from_mesh
from space_runtime.media.audio_file import open_sound
from space_runtime.media.video import VideoWriter
from space_runtime.media.video_reader import VideoPicture, VideoReader
from space_runtime.timebase import SAMPLE_RATE

SEEN, NEW = (60, 255, 90), (255, 170, 40)
"""Colours of a face that is followed, and of one that was just found."""
LOST: Final = (255, 60, 60)
BORDER: Final = 3
"""Pixels of the frame around a picture without a face."""


class PreviewWriter:
    """Writes the pictures of a video as they are tracked, at its average rate. Use as a context manager."""

    def __init__(self, path: Path, video: VideoReader) -> None:
        """Open the file. Its sound is that of the video, or silence."""
        width, height = (side - side % 2 for side in video.size)
        sound = open_sound(video.path) if video.has_sound else None
        rate, n_channels = (sound.rate, sound.n_channels) if sound else (SAMPLE_RATE, 1)
        self._fps, self._size, self._rate = video.fps, (width, height), rate
        self._blocks: Iterator[Floats] = sound.blocks() if sound else iter(())
        self._writer = VideoWriter(path, video.fps, self._size, rate, n_channels)
        self._n_pictures, self._n_samples = 0, 0
        self._last: Pixels | None = None

    def __enter__(self) -> Self:
        self._writer.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._fill(Fraction(self._n_pictures + 1) / self._fps)
            self._writer.finish()
        self._writer.__exit__(kind, error, trace)

    def add(self, picture: VideoPicture, followed: Followed) -> None:
        """Append a picture at its time: the one before is repeated until then."""
        self._fill(picture.time)
        self._last = drawn(picture.rgb, followed)[: self._size[1], : self._size[0]]

    def _fill(self, until_s: Fraction) -> None:
        """Write the last picture up to a time, to the nearest picture, and its sound."""
        while self._last is not None and self._n_pictures + Fraction(1, 2) < until_s * self._fps:
            self._writer.add_picture(np.ascontiguousarray(self._last))
            self._n_pictures += 1
        while Fraction(self._n_samples, self._rate) < until_s and (block := next(self._blocks, None)) is not None:
            self._writer.add_sound(block)
            self._n_samples += len(block)


def drawn(rgb: Pixels, followed: Followed) -> Pixels:
    """Return a picture with the 78 landmarks of its face; a frame around it where there is none."""
    picture = np.ascontiguousarray(rgb).copy()
    if followed.face is None:
        cv2.rectangle(picture, (0, 0), (rgb.shape[1] - 1, rgb.shape[0] - 1), LOST, BORDER)
        return picture
    size = max(1, round(followed.face.region.side / 250))
    for x, y, _ in landmarks_from_mesh(followed.face.mesh):
        cv2.circle(picture, (round(float(x)), round(float(-y))), size, NEW if followed.begins else SEEN, -1)
    return picture
