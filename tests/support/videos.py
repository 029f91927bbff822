"""Videos of pictures at given times, made in tests, and their display matrix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

import av
import numpy as np

from space_runtime.arrays import Floats, Pixels

TICKS: Final = 90_000
"""Units of time stamps, a second."""
SOUND_RATE: Final = 48_000
IDENTITY: Final = (1, 0, 0, 1)
MATRICES: Final = {
    90: (0, 1, -1, 0),
    180: (-1, 0, 0, -1),
    270: (0, -1, 1, 0),
    "mirrored": (-1, 0, 0, 1),
    "mirrored and 90": (0, -1, -1, 0),
}
"""a, b, c, d of a track's display matrix: degrees clockwise by which a player turns the stored picture."""


def write_video(
    path: Path,
    pictures: Iterable[Pixels],
    times: Sequence[Fraction],
    sound: Floats | None = None,
    codec: str = "libx264",
) -> Path:
    """Write (h, w, 3) pictures at times in seconds, perhaps with (n,) mono sound at 48 kHz that begins at 0."""
    container = av.open(str(path), "w")
    stream = container.add_stream(codec, rate=30)
    assert isinstance(stream, av.VideoStream)
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = Fraction(1, TICKS)
    sounding = container.add_stream("aac", rate=SOUND_RATE, layout="mono") if sound is not None else None
    ends = [after for _, after in pairwise(times)] + [2 * times[-1] - times[-2] if len(times) > 1 else Fraction(1, 30)]
    for rgb, time, end in zip(pictures, times, ends, strict=True):
        if not stream.codec_context.is_open:
            stream.height, stream.width = rgb.shape[:2]
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        frame.pts, frame.time_base = round(time * TICKS), Fraction(1, TICKS)
        frame.duration = round((end - time) * TICKS)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
    if sounding is not None and sound is not None:
        frame_of = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound[None], np.float32), format="fltp", layout="mono"
        )
        frame_of.sample_rate, frame_of.pts, frame_of.time_base = SOUND_RATE, 0, Fraction(1, SOUND_RATE)
        container.mux(sounding.encode(frame_of))
        container.mux(sounding.encode(None))
    container.close()
    return path


def even_times(n: int, fps: Fraction | int) -> list[Fraction]:
    """Return the times of n pictures at a frame rate."""
    return [Fraction(k) / fps for k in range(n)]


def turn_on_screen(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Give the video track of an .mp4 another display matrix, in place."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 4 + 20 + 8 + 8
    a, b, c, d = (value << 16 for value in matrix)
    rows = (a, b, 0, c, d, 0, 0, 0, 1 << 30)
    data[at : at + 36] = b"".join(value.to_bytes(4, signed=True) for value in rows)
    path.write_bytes(data)
