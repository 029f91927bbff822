"""The ``.webm`` of a line: VP9 pictures, with an alpha channel or without, and Opus sound on one clock.

Frame k is shown at k / fps, the first sample of the sound at 0. Alpha is a second VP9 stream in WebM's block additions,
which browsers and game engines read; its colours are not multiplied by it. Equal pictures and sound give equal bytes.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Final

from space_runtime.media.encoding import BITEXACT, SoundTrack
from space_runtime.media.video import FilmFile

CRF: Final = 24
"""Constant quality of VP9, 0…63."""
OPTIONS: Final = {
    "crf": str(CRF),
    "b": "0",
    "deadline": "realtime",
    "cpu-used": "6",
    "row-mt": "0",
    "threads": "1",
    "auto-alt-ref": "0",  # which FFmpeg's encoder refuses beside alpha
    "flags": BITEXACT,
}


class WebmWriter(FilmFile):
    """Writes the ``.webm``, see `FilmFile`."""

    def __init__(
        self, path: Path, fps: Fraction, size: tuple[int, int], rate: int, n_channels: int, alpha: bool = False
    ) -> None:
        """Open ``path`` for (width, height) pictures and a sound of ``n_channels`` at ``rate`` samples per second.

        alpha: pictures have a fourth channel.
        """
        formats = ("rgba", "yuva420p") if alpha else ("rgb24", "yuv420p")
        super().__init__(path, "webm", (4 if alpha else 3) * size[0] * size[1], formats)
        self._video = self._add_video("libvpx-vp9", OPTIONS, fps, size)
        self._sound = SoundTrack(self._container, rate, n_channels, codec="libopus")
