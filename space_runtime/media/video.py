"""The ``.mp4`` of a line: H.264 pictures and AAC sound on one clock that starts at zero.

Frame k is shown at k / fps, the first sample of the sound at 0. Equal pictures and sound give equal bytes: one encoder
thread, no date, no library versions in the container. Sound of one or two channels keeps them, more are mixed to one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import av
from space_runtime.media.mono import mix_to_mono
from space_runtime.media.resampling import Resampler

SOUND_RATE: Final = 48_000
PENDING_LIMIT: Final = 8
"""Pictures that may wait for the encoder; more would only cost memory."""

X264: Final = {"preset": "veryfast", "crf": "18", "threads": "1", "x264-params": "threads=1:lookahead-threads=1"}
BITEXACT: Final = "+bitexact"
BT709: Final = 1
"""ITU-T H.273 code of the BT.709 primaries and transfer curve."""


class VideoWriter:
    """Encodes on a thread of its own while the caller renders. Use as a context manager; leaving it closes the file."""

    def __init__(self, path: Path, fps: Fraction, size: tuple[int, int], rate: int, n_channels: int) -> None:
        """Open ``path`` for (width, height) pictures and a sound of ``n_channels`` at ``rate`` samples per second."""
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart", "fflags": BITEXACT})
        self._video = _add_video(self._container, fps, size)
        self._n_sound_channels = n_channels if n_channels <= 2 else 1
        layout = "stereo" if self._n_sound_channels == 2 else "mono"
        self._sound = self._container.add_stream("aac", rate=SOUND_RATE, options={"flags": BITEXACT}, layout=layout)
        self._sound.bit_rate = 96_000 * self._n_sound_channels
        self._layout = layout
        self._resampler = Resampler(rate, SOUND_RATE, self._n_sound_channels)
        self._n_pictures = 0
        self._n_sound_samples = 0
        self._thread = ThreadPoolExecutor(1, "encoder")
        self._pending: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=error is not None)
        try:
            self._container.close()
        except av.FFmpegError as failure:
            raise OSError(f"the video file cannot be completed: {failure}") from failure

    def add_picture(self, rgb: Pixels) -> None:
        """Append a (height, width, 3) picture. Raises `OSError` when the encoder failed on an earlier one."""
        self._later(lambda: self._encode_picture(rgb))

    def add_sound(self, block: Floats) -> None:
        """Append an (n, channels) block of the original sound. Raises as `add_picture`."""
        self._later(lambda: self._encode_sound(self._resampler.push(self._mixed(block))))

    def finish(self) -> None:
        """Write what the encoders still hold; nothing can be appended afterwards."""
        self._later(self._flush)
        self._wait(0)

    def _later(self, work: Callable[[], None]) -> None:
        self._wait(PENDING_LIMIT)
        self._pending.append(self._thread.submit(work))

    def _wait(self, n_left: int) -> None:
        try:
            while len(self._pending) > n_left:
                self._pending.popleft().result()
        except av.FFmpegError as failure:
            raise OSError(f"the video encoder failed: {failure}") from failure

    def _mixed(self, block: Floats) -> Floats:
        return block if block.shape[1] == 2 else mix_to_mono(block)

    def _encode_picture(self, rgb: Pixels) -> None:
        colours = av.video.reformatter
        picture = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=colours.Colorspace.ITU709, dst_color_range=colours.ColorRange.MPEG
        )
        picture.pts = self._n_pictures
        picture.time_base = self._video.codec_context.time_base
        self._n_pictures += 1
        self._container.mux(self._video.encode(picture))

    def _encode_sound(self, samples: Floats) -> None:
        if not len(samples):
            return
        planes = np.ascontiguousarray(np.clip(samples, -1, 1).reshape(-1, self._n_sound_channels).T)
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=self._layout)
        frame.sample_rate = SOUND_RATE
        frame.time_base = Fraction(1, SOUND_RATE)
        frame.pts = self._n_sound_samples
        self._n_sound_samples += len(samples)
        self._container.mux(self._sound.encode(frame))

    def _flush(self) -> None:
        self._encode_sound(self._resampler.finish())
        self._container.mux(self._sound.encode(None))
        self._container.mux(self._video.encode(None))


def _add_video(container: av.container.OutputContainer, fps: Fraction, size: tuple[int, int]) -> av.VideoStream:
    stream = container.add_stream("libx264", rate=fps, options={**X264, "flags": BITEXACT})
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / fps
    context.color_range = av.video.reformatter.ColorRange.MPEG
    context.colorspace = av.video.reformatter.Colorspace.ITU709
    context.color_primaries = context.color_trc = BT709
    return stream
