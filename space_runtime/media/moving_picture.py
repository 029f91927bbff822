"""Pictures as an animated WebP file, which web pages and README files show without a player."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from space_runtime.arrays import Pixels
from space_runtime.errors import MediaError
from space_runtime.extras import Image
from space_runtime.media.atomic_files import written_whole
from space_runtime.media.video_reader import open_video

QUALITY: Final = 75
"""Of WebP's lossy coding, 0…100: 1.2 MB for the seven seconds of the demo at 400 pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class TimedPicture:
    """A picture and the time at which it is shown. time_s: seconds. rgb: (h, w, 3) uint8."""

    time_s: float
    rgb: Pixels


def read_video(video: Path) -> Iterable[TimedPicture]:
    """Yield the pictures of a video. Needs PyAV (extra ``video``)."""
    for picture in open_video(video).pictures():
        yield TimedPicture(float(picture.time), picture.rgb)


def write_webp(shown: Iterable[TimedPicture], target: Path, side: int) -> None:
    """Write square pictures as an endless WebP of ``side`` pixels, at their times.

    Needs Pillow (extra ``portrait``). Raises `MediaError` when there are fewer than two, `OutputError`.
    """
    times_s, pictures = [], []
    for one in shown:
        times_s.append(one.time_s)
        pictures.append(Image.fromarray(one.rgb).resize((side, side), Image.Resampling.LANCZOS))
    if len(pictures) < 2:
        raise MediaError(f"{target} would have no moving picture in it; bake a longer line")
    with written_whole(target) as partial:
        pictures[0].save(
            partial,
            "WEBP",
            save_all=True,
            append_images=pictures[1:],
            duration=_durations_ms(times_s),
            loop=0,
            quality=QUALITY,
        )


def _durations_ms(times_s: list[float]) -> list[int]:
    """Return whole milliseconds that never drift from the times; the last picture stays as long as the one before."""
    starts = [round(1000 * time) for time in times_s]
    steps = [after - before for before, after in pairwise(starts)]
    return [*steps, steps[-1]]
