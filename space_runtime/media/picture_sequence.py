"""The pictures of a line as numbered PNG files, without loss, with an alpha channel or without."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.media.encoding import EncoderThread


class PngSequence:
    """Writes ``00000.png``, ``00001.png``, … on a thread of its own. Use as a context manager."""

    def __init__(self, folder: Path, size: tuple[int, int]) -> None:
        """Write into a folder that is there. size: width and height."""
        self._folder = folder
        self._thread = EncoderThread(4 * size[0] * size[1])
        self._n_pictures = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.close(cancel=error is not None)

    def add_picture(self, picture: Pixels) -> None:
        """Append a (height, width, 3 or 4) picture. Raises `OSError` when an earlier one could not be written."""
        path = self._folder / f"{self._n_pictures:05d}.png"
        self._n_pictures += 1

        def write() -> None:
            path.write_bytes(encoded_png(picture))

        self._thread.later(write)

    def add_sound(self, block: Floats) -> None:
        """Do nothing: pictures have no sound."""

    def finish(self) -> None:
        """Wait until all pictures are written. Raises as `add_picture`."""
        self._thread.wait()


def encoded_png(picture: Pixels, compression: int | None = None) -> bytes:
    """Return the PNG of a (height, width, 3 or 4) picture. compression: 0…9, None for a quick one."""
    stored = np.ascontiguousarray(picture[..., [2, 1, 0, 3][: picture.shape[2]]])
    _, data = cv2.imencode(".png", stored, [] if compression is None else [cv2.IMWRITE_PNG_COMPRESSION, compression])
    return data.tobytes()
