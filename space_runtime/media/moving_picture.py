"""A video as an animated WebP file, which web pages and README files show without a player."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Final

from space_runtime.errors import MediaError
from space_runtime.extras import Image, av
from space_runtime.media.atomic_files import written_whole

QUALITY: Final = 75
"""Of WebP's lossy coding, 0…100: 1.2 MB for the seven seconds of the demo at 400 pixels."""


def write_webp(video: Path, target: Path, side: int) -> None:
    """Write the pictures of a square video as an endless WebP of ``side`` pixels, at the same rate and without sound.

    Needs Pillow and PyAV (extras ``portrait`` and ``video``). Raises `MediaError` when no picture moves in the video,
    `OutputError`.
    """
    with av.open(str(video)) as container:
        times = [(frame.time or 0.0, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    if len(times) < 2:
        raise MediaError(f"{video} has no moving picture in it; bake a longer line")
    pictures = [Image.fromarray(rgb).resize((side, side), Image.Resampling.LANCZOS) for _, rgb in times]
    with written_whole(target) as partial:
        pictures[0].save(
            partial,
            "WEBP",
            save_all=True,
            append_images=pictures[1:],
            duration=_durations_ms([time for time, _ in times]),
            loop=0,
            quality=QUALITY,
        )


def _durations_ms(times_s: list[float]) -> list[int]:
    """Return whole milliseconds that never drift from the times; the last picture stays as long as the one before."""
    starts = [round(1000 * time) for time in times_s]
    steps = [after - before for before, after in pairwise(starts)]
    return [*steps, steps[-1]]
