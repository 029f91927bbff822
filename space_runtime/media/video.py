"""The ``.mp4`` of a line: H.264 pictures and AAC sound on one clock that starts at zero.

Frame k is shown at k / fps, the first sample of the sound at 0. Equal pictures and sound give equal bytes: one encoder
thread, no date, no library versions in the container. Sound of one or two channels keeps them, more are mixed to one.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import av
from space_runtime.media.encoding import EncodedFile, SoundTrack, h264_options

CRF: Final = 18
BT709: Final = 1
"""ITU-T H.273 code of the BT.709 primaries and transfer curve."""


Codec = Literal["libx264", "libvpx-vp9"]


class FilmFile(EncodedFile):
    """A file of pictures and their sound that is encoded on a thread of its own while the caller renders.

    Use as a context manager; leaving it closes the file.
    """

    def __init__(self, path: Path, container: str, picture_bytes: int, formats: tuple[str, str]) -> None:
        """Open ``path``. formats: of the pictures as they are given and as they are coded, by FFmpeg's names.

        Who opens it sets ``_video`` and ``_sound``.
        """
        super().__init__(path, container, picture_bytes)
        self._stored, self._coded = formats
        self._video: av.VideoStream
        self._sound: SoundTrack
        self._n_pictures = 0

    def add_picture(self, picture: Pixels) -> None:
        """Append a (height, width, 3 or 4) picture. Raises `OSError` when the encoder failed on an earlier one."""
        self._thread.later(lambda: self._encode_picture(picture))

    def add_sound(self, block: Floats) -> None:
        """Append an (n, channels) block of the original sound. Raises as `add_picture`."""
        self._thread.later(lambda: self._sound.add(block))

    def finish(self) -> None:
        """Write what the encoders still hold; nothing can be appended afterwards."""
        self._thread.later(self._flush)
        self._thread.wait()

    def _encode_picture(self, picture: Pixels) -> None:
        colours = av.video.reformatter
        frame = av.VideoFrame.from_ndarray(picture, format=self._stored).reformat(
            format=self._coded, dst_colorspace=colours.Colorspace.ITU709, dst_color_range=colours.ColorRange.MPEG
        )
        frame.pts = self._n_pictures
        frame.time_base = self._video.codec_context.time_base
        self._n_pictures += 1
        self._container.mux(self._video.encode(frame))

    def _flush(self) -> None:
        self._sound.finish()
        self._container.mux(self._video.encode(None))

    def _add_video(self, codec: Codec, options: dict[str, str], fps: Fraction, size: tuple[int, int]) -> av.VideoStream:
        stream = self._container.add_stream(codec, rate=fps, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = self._coded
        context = stream.codec_context
        context.time_base = 1 / fps
        context.color_range = av.video.reformatter.ColorRange.MPEG
        context.colorspace = av.video.reformatter.Colorspace.ITU709
        context.color_primaries = context.color_trc = BT709
        return stream


class VideoWriter(FilmFile):
    """Writes the ``.mp4``, see `FilmFile`."""

    def __init__(self, path: Path, fps: Fraction, size: tuple[int, int], rate: int, n_channels: int) -> None:
        """Open ``path`` for (width, height) pictures and a sound of ``n_channels`` at ``rate`` samples per second.

        Of an odd width or height the last column or row is left out: the colours of H.264 come in pairs.
        """
        super().__init__(path, "mp4", 3 * size[0] * size[1], ("rgb24", "yuv420p"))
        size = size[0] // 2 * 2, size[1] // 2 * 2
        self._kept = slice(size[1]), slice(size[0])
        self._video = self._add_video("libx264", h264_options(size[0], CRF), fps, size)
        self._sound = SoundTrack(self._container, rate, n_channels)

    def _encode_picture(self, picture: Pixels) -> None:
        super()._encode_picture(np.ascontiguousarray(picture[self._kept]))
