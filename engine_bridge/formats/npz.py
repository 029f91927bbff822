"""A clip as ``.npz``: every column, for Python. Equal clips give equal bytes: fixed dates, no compression, no path."""

from __future__ import annotations

import json
import zipfile
from typing import IO, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine_bridge.formats.clip import Channel, Clip
from engine_bridge.formats.options import FormatOptions
from engine_bridge.protocol.arkit import ARKIT_NAMES

FIXED_DATE: Final = (1980, 1, 1, 0, 0, 0)
ROWS_PER_BLOCK: Final = 512


def write_npz(clip: Clip, _: FormatOptions, file: IO[bytes]) -> None:
    """Write a clip as ``.npz``."""
    with zipfile.ZipFile(file, "w") as archive:
        for column in clip.columns:
            rows = clip.column(column)
            assert rows is not None
            with _member(archive, column.key) as member:
                _write_header(member, (clip.n_frames, *column.shape), column.dtype)
                for first in range(0, clip.n_frames, ROWS_PER_BLOCK):
                    member.write(np.ascontiguousarray(rows[first : first + ROWS_PER_BLOCK], column.dtype).tobytes())
        for key, value in _constants(clip).items():
            with _member(archive, key) as member:
                _write_header(member, value.shape, value.dtype)
                member.write(value.tobytes())


def _constants(clip: Clip) -> dict[str, NDArray[np.generic]]:
    has_weights = any(column.channel is Channel.WEIGHTS for column in clip.columns)
    return {
        **({"blendshape_names": np.array(ARKIT_NAMES)} if has_weights else {}),
        "fps": np.array([clip.fps.numerator, clip.fps.denominator], np.int64),
        "sample_rate": np.array(clip.sample_rate, np.int64),
        "metadata": np.array(json.dumps(clip.metadata, ensure_ascii=False, sort_keys=True)),
    }


def _member(archive: zipfile.ZipFile, key: str) -> IO[bytes]:
    info = zipfile.ZipInfo(f"{key}.npy", FIXED_DATE)
    info.create_system = 3
    info.external_attr = 0o644 << 16
    return archive.open(info, "w", force_zip64=True)


def _write_header(member: IO[bytes], shape: tuple[int, ...], dtype: DTypeLike) -> None:
    descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
    np.lib.format.write_array_header_1_0(member, {"descr": descr, "fortran_order": False, "shape": shape})
