"""Parts of every video that is written: its file, a thread that encodes while the caller works, its sound."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, cast

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.extras import av
from space_runtime.media.mono import mix_to_mono
from space_runtime.media.resampling import Resampler

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

SOUND_RATE: Final = 48_000
PENDING_LIMIT: Final = 8
"""Pictures that may wait for the encoder; more would only cost memory."""
PENDING_BYTES: Final = 64 << 20
"""Of large pictures fewer wait."""
BITEXACT: Final = "+bitexact"
MACROBLOCK: Final = 16
"""Pixels of a side."""
TREE_COLUMNS: Final = 8
"""Macroblocks that x264 takes at a time in its macroblock tree on processors with AVX-512."""
BITS_PER_CHANNEL: Final = 96_000


def h264_options(width: int, crf: int) -> dict[str, str]:
    """Return x264's options by which equal pictures give equal bytes. crf: constant rate factor, 0 is lossless.

    With AVX-512, x264's macroblock tree reads past a row that is no multiple of `TREE_COLUMNS` macroblocks: past the
    last one lies whatever memory held before, and blocks get other qualities by it. Such widths do without the tree.
    """
    columns = -(-width // MACROBLOCK)
    tree = int(columns % TREE_COLUMNS == 0)
    fixed = f"threads=1:lookahead-threads=1:mbtree={tree}"
    return {"preset": "veryfast", "crf": str(crf), "threads": "1", "x264-params": fixed, "flags": BITEXACT}


class EncoderThread:
    """Does work in its order on a thread of its own. Failures of FFmpeg come out as `OSError` in a later call."""

    def __init__(self, picture_bytes: int = 0) -> None:
        """Start the thread. picture_bytes: size of the pictures that it is given."""
        self._thread = ThreadPoolExecutor(1, "encoder")
        self._pending: deque[Future[None]] = deque()
        self._limit = min(PENDING_LIMIT, PENDING_BYTES // max(1, picture_bytes))

    def later(self, work: Callable[[], None]) -> None:
        """Do work after all that was given before; waits while too much is pending."""
        self.wait(self._limit)
        self._pending.append(self._thread.submit(work))

    def wait(self, n_left: int = 0) -> None:
        """Wait until no more than so much work is pending."""
        try:
            while len(self._pending) > n_left:
                self._pending.popleft().result()
        except Exception as failure:
            if not type(failure).__module__.startswith("av."):  # PyAV need not be there for pictures
                raise
            raise OSError(f"the video encoder failed: {failure}") from failure

    def close(self, cancel: bool) -> None:
        """End the thread; cancel: what is pending is not done any more."""
        self._thread.shutdown(cancel_futures=cancel)


class EncodedFile:
    """A video file that is written on a thread of its own. Use as a context manager; leaving it closes the file."""

    def __init__(self, path: Path, container: str = "mp4", picture_bytes: int = 0) -> None:
        """Open ``path``. container: ``mp4`` or ``webm``. picture_bytes: see `EncoderThread`."""
        self._container = av.open(str(path), "w", format=container, options=_CONTAINER_OPTIONS[container])
        self._thread = EncoderThread(picture_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.close(cancel=error is not None)
        try:
            self._container.close()
        except av.FFmpegError as failure:
            raise OSError(f"the video file cannot be completed: {failure}") from failure


_CONTAINER_OPTIONS: Final = {
    "mp4": {"movflags": "+faststart", "fflags": BITEXACT},
    "webm": {"fflags": BITEXACT},
}


class SoundTrack:
    """The sound of a container. Of one or two channels it keeps them, more are mixed to one."""

    def __init__(
        self, container: OutputContainer, rate: int, n_channels: int, first_sample: int = 0, codec: str = "aac"
    ) -> None:
        """Add the track for a sound at ``rate`` samples per second. first_sample: at 48 kHz, where it begins.

        codec: FFmpeg's name of the encoder.
        """
        self._container = container
        self._n_channels = n_channels if n_channels <= 2 else 1
        self._layout = "stereo" if self._n_channels == 2 else "mono"
        options = {"flags": BITEXACT}
        self.stream = cast(
            "AudioStream", container.add_stream(codec, rate=SOUND_RATE, options=options, layout=self._layout)
        )
        self.stream.bit_rate = BITS_PER_CHANNEL * self._n_channels
        self._resampler = Resampler(rate, SOUND_RATE, self._n_channels)
        self._next_sample = first_sample

    def add(self, block: Floats) -> None:
        """Append an (n, channels) block of the original sound."""
        self._encode(self._resampler.push(block if block.shape[1] == 2 else mix_to_mono(block)))

    def finish(self) -> None:
        """Write what resampler and encoder still hold; nothing can be appended afterwards."""
        self._encode(self._resampler.finish())
        self._container.mux(self.stream.encode(None))

    def _encode(self, samples: Floats) -> None:
        if not len(samples):
            return
        planes = np.ascontiguousarray(np.clip(samples, -1, 1).reshape(-1, self._n_channels).T)
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=self._layout)
        frame.sample_rate = SOUND_RATE
        frame.time_base = Fraction(1, SOUND_RATE)
        frame.pts = self._next_sample
        self._next_sample += len(samples)
        self._container.mux(self.stream.encode(frame))
