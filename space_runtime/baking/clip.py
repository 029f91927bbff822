"""A baked clip: every frame's curves as ``.npz`` (the contract) or ``.json`` (the same content as text).

Keys, T frames:

=====================  ============  ===========================================================================
``times_s``            (T,) f64      media time of the frame in seconds: k / fps
``landmarks``          (T,78,3) f32  normalised; iBUG's 68, then the irises (see `geometry`)
``blendshapes``        (T,52) f32    weights 0…1
``blendshape_names``   (52,) text    ARKit order; map by name, never by position
``head_rotation_rad``  (T,3) f32     yaw, pitch, roll relative to the rest pose
``head_translation``   (T,3) f32     relative to the rest, in outer-eye-corner distances
``eye_rotation_rad``   (T,2,2) f32   yaw, pitch of the subject's left eye, then of the right
``fps``                (2,) i64      numerator and denominator of the frame rate
``sample_rate``        () i64        samples per second of the clock inside (16,000)
``metadata``           () text       JSON: versions, hashes of the input and of the bundle, settings
=====================  ============  ===========================================================================

Equal frames and metadata give equal bytes: fixed dates in the archive, no compression, no path, no clock. The JSON form
has ``metadata`` as an object and numbers of six significant digits.

Channels may be left out (`Channel`); what is there has the same bytes.

Frames wait in an unnamed file on disk, so that a clip of twenty hours needs no memory.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Final, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.animation.batch_state import Frames
from space_runtime.media.atomic_files import written_whole
from space_runtime.option_parsing import ALL_CHANNELS, Channel
from space_runtime.timebase import SAMPLE_RATE

Metadata = Mapping[str, object]
Channels = Collection[Channel]

ROWS_PER_BLOCK: Final = 512
FIXED_DATE: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Column:
    """One array of a clip: its key, the shape of a frame's row, its dtype and its channel, None for times.

    All keys but the times name a column of `Frames`.
    """

    key: str
    shape: tuple[int, ...]
    dtype: str
    channel: Channel | None


TIMES: Final = "times_s"
"""The one column that is no field of `Frames`."""

COLUMNS: Final = (
    Column(TIMES, (), "<f8", None),
    Column("landmarks", (78, 3), "<f4", Channel.LANDMARKS),
    Column("blendshapes", (len(ARKIT_NAMES),), "<f4", Channel.WEIGHTS),
    Column("head_rotation_rad", (3,), "<f4", Channel.HEAD),
    Column("head_translation", (3,), "<f4", Channel.HEAD),
    Column("eye_rotation_rad", (2, 2), "<f4", Channel.EYES),
)


class Clip:
    """The curves of a clip while it grows. Use as a context manager; leaving it discards the frames.

    n_frames: rows so far. fps: frames per second.
    """

    def __init__(self, folder: Path, fps: Fraction) -> None:
        """Keep the frames in unnamed files in ``folder`` until they are written out."""
        self.fps = fps
        self.n_frames = 0
        with ExitStack() as opened:
            self._files: dict[str, IO[bytes]] = {
                column.key: opened.enter_context(TemporaryFile(dir=folder)) for column in COLUMNS
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
        for column in COLUMNS:
            values = times_s if column.key == TIMES else getattr(frames, column.key)
            self._files[column.key].write(np.ascontiguousarray(values, column.dtype).data)
        self.n_frames += len(times_s)

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


def write_npz(clip: Clip, metadata: Metadata, path: Path, channels: Channels = ALL_CHANNELS) -> None:
    """Write the clip as ``.npz``. Raises `OutputError`."""
    with written_whole(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for column in _columns(channels):
            with _member(archive, column.key) as member:
                _write_header(member, (clip.n_frames, *column.shape), column.dtype)
                for block in clip.blocks(column):
                    member.write(block.tobytes())
        for key, value in _constants(clip, metadata, channels).items():
            with _member(archive, key) as member:
                _write_header(member, value.shape, value.dtype)
                member.write(value.tobytes())


def write_json(clip: Clip, metadata: Metadata, path: Path, channels: Channels = ALL_CHANNELS) -> None:
    """Write the clip as ``.json``. Raises `OutputError`."""
    head = {
        "metadata": metadata,
        "fps": [clip.fps.numerator, clip.fps.denominator],
        "sample_rate": SAMPLE_RATE,
        **({"blendshape_names": ARKIT_NAMES} if Channel.WEIGHTS in channels else {}),
    }
    with written_whole(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(head, separators=(",", ":"), ensure_ascii=False, sort_keys=True)[:-1])
        for column in _columns(channels):
            file.write(f',\n"{column.key}":[')
            for text in _rows_as_text(clip, column):
                file.write(text)
            file.write("]")
        file.write("}\n")


def _columns(channels: Channels) -> Iterator[Column]:
    return (column for column in COLUMNS if column.channel is None or column.channel in channels)


def _constants(clip: Clip, metadata: Metadata, channels: Channels) -> dict[str, NDArray[np.generic]]:
    return {
        **({"blendshape_names": np.array(ARKIT_NAMES)} if Channel.WEIGHTS in channels else {}),
        "fps": np.array([clip.fps.numerator, clip.fps.denominator], np.int64),
        "sample_rate": np.array(SAMPLE_RATE, np.int64),
        "metadata": np.array(json.dumps(metadata, ensure_ascii=False, sort_keys=True)),
    }


def _member(archive: zipfile.ZipFile, key: str) -> IO[bytes]:
    info = zipfile.ZipInfo(f"{key}.npy", FIXED_DATE)
    info.create_system = 3
    info.external_attr = 0o644 << 16
    return archive.open(info, "w", force_zip64=True)


def _write_header(member: IO[bytes], shape: tuple[int, ...], dtype: DTypeLike) -> None:
    descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
    np.lib.format.write_array_header_1_0(member, {"descr": descr, "fortran_order": False, "shape": shape})


def _rows_as_text(clip: Clip, column: Column) -> Iterator[str]:
    template = _template(column)
    separator = ""
    for block in clip.blocks(column):
        flat = block.reshape(len(block), -1)
        yield separator + ",".join([template % tuple(row) for row in flat.tolist()])
        separator = ",\n"


def _template(column: Column) -> str:
    """The format of one row: six significant digits, times with what a frame index needs over twenty hours."""
    text = "%.10g" if column.key == TIMES else "%.6g"
    for size in reversed(column.shape):
        text = "[" + ",".join([text] * size) + "]"
    return text
