"""The dubbed video's file: H.264 pictures at the times and in the colours of the source, the line as AAC, the rest."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from space_runtime.arrays import Floats
from space_runtime.dubbing.kept_streams import KeptStreams
from space_runtime.dubbing.planes import FULL_RANGE, LIMITED_RANGE, Planes, frame_of, shape_of_pixels
from space_runtime.extras import av
from space_runtime.media.audio_file import Sound
from space_runtime.media.encoding import SOUND_RATE, EncodedFile, SoundTrack, h264_options

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

CRF: Final = 9
"""So good that what is not dubbed stays within 45 dB of the source (docs/motion.md)."""
FINEST: Final = 90_000
"""Most ticks in a second of the pictures' time stamps."""


class DubbedFile(EncodedFile):
    """Takes dubbed pictures with their times, and the line. A context manager that completes the file."""

    def __init__(
        self, path: Path, kept: KeptStreams, line: Sound, like: VideoFrame, first: Planes, fps: Fraction
    ) -> None:
        """Open ``path``. like: a picture of the source as decoded. first: the same, upright."""
        super().__init__(path)
        self._kept = kept
        self._video = _add_video(self._container, like, first, fps)
        self._sound = SoundTrack(self._container, line.rate, line.n_channels, round(kept.voice_s * SOUND_RATE))
        kept.add_to(self._container)
        self._rate, self._n_written = line.rate, 0
        self._waiting: deque[Floats] = deque()
        self._latest = -1

    def hear(self, block: Floats) -> None:
        """Take an (n, channels) block of the line; it is written as far as the pictures come."""
        self._waiting.append(block)

    def add_picture(self, picture: Planes, time: Fraction) -> None:
        """Append a picture shown from a time on, in seconds. Raises `OSError` when the encoder failed before."""
        self._thread.later(lambda: self._encode(picture, time))
        self._write_line(time)
        self._thread.later(lambda: self._kept.copy(self._container, time))

    def finish(self, line_until: Fraction | None, others_until: Fraction | None) -> None:
        """Write what is left of the line and of the other streams, up to times in seconds, None for all."""
        self._write_line(line_until)
        self._thread.later(lambda: self._flush(others_until))
        self._thread.wait()

    def _write_line(self, until: Fraction | None) -> None:
        """Hand on the samples of the line that are heard before a time."""
        limit = None if until is None else max(0, round((until - self._kept.voice_s) * self._rate))
        while self._waiting and (limit is None or self._n_written < limit):
            block = self._waiting.popleft()
            room = len(block) if limit is None else limit - self._n_written
            if room < len(block):
                self._waiting.appendleft(block[room:])
            self._n_written += len(block[:room])
            self._add_sound(block[:room])

    def _add_sound(self, block: Floats) -> None:
        self._thread.later(lambda: self._sound.add(block))

    def _encode(self, picture: Planes, time: Fraction) -> None:
        frame = frame_of(picture)
        base = self._video.codec_context.time_base
        self._latest = max(self._latest + 1, round(time / base))
        frame.pts, frame.time_base = self._latest, base
        self._container.mux(self._video.encode(frame))

    def _flush(self, others_until: Fraction | None) -> None:
        self._container.mux(self._video.encode(None))
        self._sound.finish()
        self._kept.copy(self._container, others_until)


def _add_video(container: av.container.OutputContainer, like: VideoFrame, first: Planes, fps: Fraction) -> VideoStream:
    height, width = first.planes[0].shape
    stream = container.add_stream("libx264", rate=fps, options=h264_options(width, CRF))
    stream.height, stream.width = height, width
    stream.pix_fmt = first.format
    context = stream.codec_context
    base = like.time_base or 1 / fps
    context.time_base = base if base.denominator <= FINEST else Fraction(1, FINEST)
    context.sample_aspect_ratio = shape_of_pixels(first)
    context.color_range, context.colorspace = FULL_RANGE if first.full_range else LIMITED_RANGE, first.matrix
    context.color_primaries, context.color_trc = like.color_primaries, like.color_trc
    return stream
