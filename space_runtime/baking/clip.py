"""The frames of a clip while they are made. Keys and formats of the files: `engine_bridge.formats`.

Frames wait in unnamed files on disk, so that a clip of twenty hours needs no memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from fractions import Fraction
from math import prod
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Final, Self

import numpy as np
from numpy.typing import NDArray

from engine_bridge.formats.clip import ALL_CHANNELS, COLUMNS, Channel, Clip, Column, Metadata
from space_runtime.animation.batch_state import Frames
from space_runtime.timebase import SAMPLE_RATE

ROWS_PER_BLOCK: Final = 512
TIMES: Final = "times_s"
"""The one column that is no field of `Frames`."""

_KEPT: Final = (*COLUMNS, Column("speech", (), "<f4", None))


class GrowingClip:
    """The columns of a clip while it grows. Use as a context manager; leaving it discards the frames.

    n_frames: rows so far. fps: frames per second.
    """

    def __init__(self, folder: Path, fps: Fraction) -> None:
        """Keep the frames in unnamed files in ``folder`` until they are written out."""
        self.fps = fps
        self.n_frames = 0
        with ExitStack() as opened:
            self._files: dict[str, IO[bytes]] = {
                column.key: opened.enter_context(TemporaryFile(dir=folder)) for column in _KEPT
            }
            self._stack = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add_frames(self, frames: Frames) -> None:
        """Append the columns of a batch of frames, those of one stream in order."""
        times_s = frames.frame_index * self.fps.denominator / self.fps.numerator
        for column in _KEPT:
            values = times_s if column.key == TIMES else getattr(frames, column.key)
            self._files[column.key].write(np.ascontiguousarray(values, column.dtype).data)
        self.n_frames += len(times_s)

    def clip(self, name: str, metadata: Metadata, channels: Collection[Channel] = ALL_CHANNELS) -> Clip:
        """Return the clip so far, with these channels. Its columns lie on disk; they end with this object."""
        columns = {c.key: self._mapped(c) for c in _KEPT if c.channel is None or c.channel in channels}
        return Clip(name=name, fps=self.fps, sample_rate=SAMPLE_RATE, metadata=metadata, **columns)

    def blocks(self, column: Column, n_rows: int = ROWS_PER_BLOCK) -> Iterator[NDArray[np.floating]]:
        """Yield the rows of a column in order, at most ``n_rows`` at a time."""
        file = self._files[column.key]
        file.seek(0)
        n_bytes = n_rows * np.dtype(column.dtype).itemsize * prod(column.shape)
        while data := file.read(n_bytes):
            yield np.frombuffer(data, column.dtype).reshape(-1, *column.shape)

    def every(self, key: str, step: int) -> NDArray[np.floating]:
        """Return each ``step``-th row of a column, from the first."""
        column = next(column for column in COLUMNS if column.key == key)
        n_rows = max(1, ROWS_PER_BLOCK // step) * step
        rows = [block[::step].copy() for block in self.blocks(column, n_rows)]  # a view would keep the whole block
        return np.concatenate(rows) if rows else np.zeros((0, *column.shape), column.dtype)

    def _mapped(self, column: Column) -> NDArray[np.floating]:
        shape = (self.n_frames, *column.shape)
        if not self.n_frames:
            return np.zeros(shape, column.dtype)
        file = self._files[column.key]
        file.flush()
        mapped: NDArray[np.floating] = np.memmap(file, column.dtype, "r", shape=shape)
        return mapped
