"""The pictures of a video: upright RGB at exact media times, one after the other, in bounded memory.

Time is that of a player: seconds from the beginning of the file, which its sound shares (`ffmpeg_sound`), edit lists
and late beginnings obeyed, whatever the frame rate does. Size and direction are those on the screen: display matrix and
the shape of pixels are obeyed. Damaged parts are passed over and said.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, SupportsBytes, cast

import numpy as np

from space_runtime.arguments import StrPath, path_of
from space_runtime.arrays import Pixels
from space_runtime.errors import MediaError, counted, one_line
from space_runtime.extras import av
from space_runtime.media.ffmpeg_sound import open_container
from space_runtime.media.quiet_stderr import quiet_stderr

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MAX_PIXELS: Final = 8192 * 4608
"""Pixels of a picture: 8K. More is refused before it is decoded."""
MAX_DAMAGED: Final = 500
"""Damaged packets in a row after which the rest of a file counts as lost."""
SHORT_S: Final = 0.5
"""Seconds that pictures may end before the header says so."""
HD_HEIGHT: Final = 720
"""Rows from which pictures that state no colour matrix have that of BT.709, as players have it."""
ODD_PIXELS: Final = 0.01
"""Pixels whose sides differ by less count as square."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class VideoPicture:
    """A picture of a video. time: exact seconds from the file's beginning. rgb: (h, w, 3) as a player shows it.

    frame: as decoded, in the video's own colours, neither turned nor scaled.
    """

    time: Fraction
    rgb: Pixels
    frame: VideoFrame


@dataclass(frozen=True, slots=True, eq=False)
class VideoReader:
    """A video whose header has been read; its pictures may be read any number of times.

    size: (width, height) of the upright pictures. fps: average frame rate. duration_s: what the file says, None when it
    says nothing. has_sound: it has a sound track.
    """

    path: Path
    size: tuple[int, int]
    fps: Fraction
    duration_s: Fraction | None
    has_sound: bool
    _told: list[str] = field(default_factory=list)

    def pictures(self) -> Iterator[VideoPicture]:
        """Yield the pictures in the order of their times, which rise; see `frames`."""
        for time, frame in self.frames():
            yield VideoPicture(time, self._upright(frame), frame)

    def frames(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Yield the times of the pictures, which rise, and these as decoded; see `VideoPicture`.

        Raises `MediaError` when none can be decoded. Damage and a missing end are said in `notes` at the end.
        """
        decoding = _Decoding()
        latest: Fraction | None = None
        n_late = 0
        try:
            with _opened(self.path) as (container, stream):
                origin = Fraction(container.start_time or 0, 1_000_000)
                for frame in decoding.frames(container, stream):
                    time = _time(frame, latest, 1 / self.fps) - origin
                    if latest is not None and time <= latest:
                        n_late += 1
                        continue
                    if time < 0:  # before an edit list begins
                        continue
                    latest = time
                    yield time, frame
        except (av.FFmpegError, OSError, ValueError) as error:
            decoding.n_damaged += 1
            decoding.last = error
        if n_late:
            self._tell(f"left out, with no later time than one before: {counted(n_late, 'picture')}")
        self._judge(latest, decoding)

    @property
    def n_pictures(self) -> int | None:
        """About how many pictures there are, for showing progress; None when the file does not say."""
        return None if self.duration_s is None else max(1, round(self.duration_s * self.fps))

    @property
    def notes(self) -> tuple[str, ...]:
        """The sentences without full stops that were logged about the video so far, in order."""
        return tuple(self._told)

    def _upright(self, frame: VideoFrame) -> Pixels:
        turns, mirrored = orientation(frame)
        size = self.size if turns % 2 == 0 else self.size[::-1]
        rgb = _rgb(frame, size)
        return np.ascontiguousarray(np.rot90(rgb[:, ::-1] if mirrored else rgb, turns))

    def _judge(self, latest: Fraction | None, decoding: _Decoding) -> None:
        """Say what was damaged. Raises `MediaError` when there was no picture."""
        if latest is None:
            why = f" ({_first_line(decoding.last)})" if decoding.last else ""
            raise MediaError(f"no picture of {self.path} can be decoded{why}; repair it or export it again")
        if decoding.n_damaged:
            self._tell(f"left out, because damaged: the pictures of {counted(decoding.n_damaged, 'packet')}")
        end, stated = latest + 1 / self.fps, self.duration_s or Fraction()
        if stated - end > SHORT_S:
            self._tell(f"its pictures end after {float(end):.2f} s, though {float(stated):.2f} s are announced")

    def _tell(self, note: str) -> None:
        if note not in self._told:
            self._told.append(note)
            log.warning("%s: %s", one_line(str(self.path)), note)


def open_video(path: StrPath) -> VideoReader:
    """Return the reader of a video file: mp4, mov, mkv, webm, avi and what else lies in one file.

    Raises `MediaError` when the file cannot be read, has no moving picture or too large a one, `UsageError` without
    PyAV (extra ``video``).
    """
    file = path_of("the video", path)
    try:
        if file.is_dir():
            raise MediaError(f"{file} is a folder; expected a video file, for example an .mp4")
        if not file.exists():
            raise MediaError(f"{file} does not exist; check the name")
        if not file.is_file():  # it may block or never end
            raise MediaError(f"{file} is a pipe or a device; expected a video file, save the video as one first")
        with _opened(file) as (container, stream):
            first = next(_Decoding().frames(container, stream), None)
            return _reader(file, container, stream, first)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(
            f"{file} cannot be read as a video ({_first_line(error)}); give an mp4, mov, mkv, webm or avi, or export it"
            " again"
        ) from None


def orientation(frame: VideoFrame) -> tuple[int, bool]:
    """Return (quarters counter-clockwise, whether it is mirrored left to right before) that set a frame upright.

    From the display matrix, ``x' = a·x + c·y``, ``y' = b·x + d·y`` with y down (ISO/IEC 14496-12, 6.2.2).
    """
    side_data = cast("Mapping[str, SupportsBytes]", frame.side_data)  # PyAV's stub knows other keys
    if "DISPLAYMATRIX" not in side_data:
        return 0, False
    a, b, _, c, d = np.frombuffer(bytes(side_data["DISPLAYMATRIX"]), "=i4")[:5].astype(float)
    mirrored = bool(a * d - b * c < 0)
    clockwise = math.atan2(-b if mirrored else b, -a if mirrored else a)
    return -round(clockwise / (math.pi / 2)) % 4, mirrored


@dataclass(slots=True)
class _Decoding:
    """Decodes packet by packet and counts the damaged ones. last: the latest error."""

    n_damaged: int = 0
    last: Exception | None = None

    def frames(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        """Yield what can be decoded, in the order in which it is shown."""
        n_in_a_row = 0
        for packet in container.demux(stream):
            try:
                decoded = _decode(stream, packet)
                n_in_a_row = 0
            except av.FFmpegError as error:
                if not packet.size:
                    continue
                self.n_damaged, self.last, n_in_a_row = self.n_damaged + 1, error, n_in_a_row + 1
                if n_in_a_row > MAX_DAMAGED:
                    return
                continue
            yield from decoded


def _decode(stream: VideoStream, packet: Packet[VideoStream]) -> list[VideoFrame]:
    return [frame for frame in stream.decode(packet) if frame.width and frame.height]


@contextmanager
def _opened(file: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file with the video stream that players show. Raises `MediaError`, and FFmpeg's errors."""
    with quiet_stderr():
        container = open_container(file)
    with container:
        stream = shown_stream(file, container)
        _check_size(file, stream)
        stream.thread_type = "AUTO"
        yield container, stream


def shown_stream(file: Path, container: InputContainer) -> VideoStream:
    """Return the default video stream, else the first; the cover of a record is none."""
    streams = [stream for stream in container.streams.video if not stream.disposition & COVER]
    if not streams or "_pipe" in container.format.name:
        kind = "a picture" if "_pipe" in container.format.name else "a sound"
        raise MediaError(f"{file} is {kind}, it has no moving picture; give a video, for example an .mp4")
    stream = max(streams, key=lambda one: (bool(one.disposition & _DEFAULT), -one.index))
    if stream.codec_context is None:
        raise MediaError(f"the pictures of {file} have a coding that is not known; export it as .mp4 with H.264")
    return stream


def _check_size(file: Path, stream: VideoStream) -> None:
    width, height = stream.codec_context.width, stream.codec_context.height
    if not 0 < width * height <= MAX_PIXELS:
        raise MediaError(f"the pictures of {file} are {width}×{height} pixels; at most 8192×4608 are taken, shrink it")


def _reader(file: Path, container: InputContainer, stream: VideoStream, first: VideoFrame | None) -> VideoReader:
    if first is None:
        raise MediaError(f"no picture of {file} can be decoded; repair it or export it again")
    width, height = _shown_size(stream, first)
    size = (height, width) if orientation(first)[0] % 2 else (width, height)
    return VideoReader(file, size, _fps(stream), _duration(container, stream), bool(container.streams.audio))


def _shown_size(stream: VideoStream, frame: VideoFrame) -> tuple[int, int]:
    """Return width and height with square pixels: the narrower direction is stretched."""
    aspect = stream.sample_aspect_ratio or Fraction(1)
    if aspect <= 0 or abs(aspect - 1) < ODD_PIXELS or not 1 / 4 < aspect < 4:
        return frame.width, frame.height
    return (round(frame.width * aspect), frame.height) if aspect > 1 else (frame.width, round(frame.height / aspect))


def _fps(stream: VideoStream) -> Fraction:
    """Return the average frame rate; where the file states none that can be, 30."""
    rates = (Fraction(rate) for rate in (stream.average_rate, stream.guessed_rate) if rate)
    return next((rate for rate in rates if SLOWEST <= rate <= FASTEST), Fraction(30))


def _duration(container: InputContainer, stream: VideoStream) -> Fraction | None:
    if stream.duration and stream.time_base:
        return Fraction(stream.duration * stream.time_base)
    return Fraction(container.duration, 1_000_000) if container.duration else None


def _time(frame: VideoFrame, latest: Fraction | None, step: Fraction) -> Fraction:
    """Return the time stamp of a frame in seconds; one without follows the one before."""
    if frame.pts is not None and frame.time_base is not None:
        return frame.pts * frame.time_base
    return Fraction() if latest is None else latest + step


def _rgb(frame: VideoFrame, size: tuple[int, int]) -> Pixels:
    """Return (h, w, 3) RGB of a frame in its own direction."""
    spaces = av.video.reformatter.Colorspace
    unstated = frame.colorspace == _UNSTATED and frame.height >= HD_HEIGHT
    source = spaces.ITU709 if unstated else None
    rgb = frame.to_ndarray(format="rgb24", width=size[0], height=size[1], src_colorspace=source)
    return np.asarray(rgb, np.uint8)


def _first_line(error: Exception | None) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text.splitlines()[0] if text else type(error).__name__


COVER: Final = 0x400
_DEFAULT: Final = 0x1
"""FFmpeg's AV_DISPOSITION_ATTACHED_PIC and AV_DISPOSITION_DEFAULT."""
_UNSTATED: Final = 2
"""H.273's number of a colour matrix that is not stated."""
SLOWEST, FASTEST = Fraction(1, 10), Fraction(300)
"""Average frame rates that are believed."""
