"""Sound through FFmpeg, placed at its media times as FFmpeg's own playback (`aresample=async=1`) places it.

A late beginning and gaps become silence, overlaps are cut, streams glued together follow one another. No length in a
header is read. Only formats that lie in one file are opened: no playlist, no description that names other files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.errors import MediaError, counted
from space_runtime.extras import av
from space_runtime.media.mono import Layout
from space_runtime.media.picture_time import PictureTime

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

FORMATS: Final = (
    "aac,ac3,adx,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dts,dtshd,dv,eac3,flac,flv,gif,jpeg_pipe,loas,matroska,"
    "mlp,mov,mp3,mp4,mpc,mpc8,mpeg,mpegts,mxf,nut,ogg,png_pipe,qoa,rm,sox,tak,truehd,tta,voc,w64,wav,webm,webp_pipe,wv"
)
"""Demuxers that read one file and open no other. Pictures are among them to be told apart from damaged sounds."""
OPTIONS: Final = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
TIMELESS: Final = frozenset(
    ("aac", "ac3", "amr", "dts", "dtshd", "eac3", "flac", "loas", "mlp", "mp3", "truehd", "tta")
)
"""Formats without time stamps. FFmpeg makes them up from the first rate: they are wrong where another one follows."""
PROBED_PACKETS: Final = 100
RESTARTS: Final = 0x200
"""FFmpeg's AVFMT_TS_DISCONT: in such a format a jump in time means that another stream follows."""
LATE_S: Final = Fraction(1, 100)
"""A beginning so late is silence; less is the rounding of time stamps and the delay of the encoder."""
GAP_S: Final = Fraction(1, 10)
"""A gap or an overlap of less is the rounding and the drift of time stamps: FFmpeg's min_hard_comp."""
RESTART_S: Final = 10
"""FFmpeg's dts_delta_threshold."""
LONGEST_GAP_S: Final = 3_600
MEANINGLESS_S: Final = 108_000
"""FFmpeg's dts_error_threshold: a time stamp so far off is none, and its samples follow those before."""
MAX_DAMAGED: Final = 3
MAX_DAMAGED_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Track:
    """The sound track that is heard. note: one sentence without a full stop if it was chosen among several.

    speakers: FFmpeg's name of its channel layout.
    """

    index: int
    rate: int
    n_channels: int
    speakers: str
    layout: Layout
    note: str


def open_container(path: Path) -> InputContainer:
    """Open a file with FFmpeg; raises its errors. ``file:`` keeps a name from being read as an address.

    Titles and comments are not looked at: those of old files are in no UTF-8.
    """
    return av.open(f"file:{path}", options=OPTIONS, metadata_errors="replace")


def choose_track(container: InputContainer) -> Track | None:
    """Return the track that players choose: the default one, then the one of most channels. None without a decoder."""
    known = [stream for stream in container.streams.audio if _is_known(stream) or _is_found(container, stream)]
    if not known:
        return None
    best = max(known, key=lambda stream: (_is_default(stream), stream.channels, -stream.index))
    place = container.streams.audio.index(best) + 1
    n_tracks = len(container.streams.audio)
    note = f"it has {counted(n_tracks, 'sound track')}; number {place} is heard" if n_tracks > 1 else ""
    return Track(best.index, best.rate, best.channels, best.layout.name, _layout(best), note)


@dataclass(frozen=True, slots=True)
class Counted:
    """The packets of a track, not decoded. seconds: their length. has_gaps: their times leave gaps."""

    seconds: float
    has_gaps: bool


def count_packets(path: Path) -> Counted | None:
    """Return what the packets of a file say, None where FFmpeg cannot tell."""
    seconds, expected, has_gaps = Fraction(), None, False
    try:
        with open_container(path) as container:
            if (track := choose_track(container)) is None:
                return None
            for packet in _packets(container, _audio_stream(container, track)):
                if packet.duration is None or packet.pts is None:
                    continue
                at, lasts = packet.pts * packet.time_base, packet.duration * packet.time_base
                has_gaps |= expected is not None and at - expected > GAP_S
                seconds, expected = seconds + lasts, at + lasts
    except (av.FFmpegError, OSError, ValueError):
        return None
    return Counted(float(seconds), has_gaps)


def track_blocks(path: Path, track: Track, tell: Callable[[str], None]) -> Iterator[Floats]:
    """Yield the samples of a track as (n, c) float32 at the track's rate, each at its media time.

    tell: takes a sentence about damaged packets, whose place is silence. Raises FFmpeg's errors, and `MediaError` when
    too much is damaged or the time stamps jump ahead by an hour.
    """
    with open_container(path) as container:
        stream = _audio_stream(container, track)
        may_restart = bool(container.format.flags & RESTARTS)
        clock = _Clock(path, track.rate, may_restart)
        origin = Fraction(container.start_time or 0, 1_000_000)
        decoder = _Decoder(path, container, stream, container.format.name in TIMELESS, may_restart)
        for at, samples in _in_format(decoder.frames(), track):
            if at is not None and clock.latest is None and at >= 0:  # before 0 lies what a decoder needs to begin
                origin = min(origin, at)
            yield from clock.placed(samples, None if at is None else at - origin)
        if decoder.n_damaged:
            tell(f"{decoder.n_damaged} of its {decoder.n_packets} packets are damaged; there it is silent")
        if decoder.n_unknown:
            tell(f"{decoder.n_unknown} of its {decoder.n_packets} packets are pauses or unknown; there it is silent")


@dataclass(slots=True)
class _Decoder:
    """Decodes packet by packet and counts those that are damaged, as a player does.

    is_timeless: the format has no time stamps, so that media times are counted. may_restart: time stamps may begin
    anew, which the picture tells too. n_unknown: packets that FFmpeg does not decode, as pauses of telephones.
    """

    path: Path
    container: InputContainer
    stream: AudioStream
    is_timeless: bool
    may_restart: bool
    picture: PictureTime = field(default_factory=PictureTime)
    n_packets: int = 0
    n_damaged: int = 0
    n_unknown: int = 0
    counted: Fraction = field(default_factory=Fraction)

    def frames(self) -> Iterator[tuple[AudioFrame, Fraction | None]]:
        """Yield frames with their media times in seconds, None where none is known."""
        last: Exception | None = None
        pictures = self.container.streams.video[:1] if self.may_restart else ()
        for packet in _packets(self.container, self.stream, *pictures):
            if packet.stream.index != self.stream.index:
                self.picture.take(packet)
                continue
            self.n_packets += int(packet.size > 0)
            try:
                for frame in self.stream.decode(packet):
                    yield frame, self._time(frame)
            except av.FFmpegError as error:
                self.counted += (packet.duration or 0) * packet.time_base
                if isinstance(error, av.error.PatchWelcomeError):
                    self.n_unknown += 1
                    continue
                if not packet.size:  # some decoders take no word of the end
                    continue
                last = error
                self.n_damaged += 1
                if self.n_damaged == self.n_packets > MAX_DAMAGED:
                    break
        if last and self.n_damaged > max(MAX_DAMAGED, MAX_DAMAGED_SHARE * self.n_packets):
            raise MediaError(
                f"{self.path} is damaged in {self.n_damaged} of {self.n_packets} packets; repair it or export it again"
            )

    def _time(self, frame: AudioFrame) -> Fraction | None:
        if self.is_timeless:
            now, self.counted = self.counted, self.counted + Fraction(frame.samples, frame.sample_rate)
            return now
        if frame.pts is None or frame.time_base is None:
            return None
        return frame.pts * frame.time_base + self.picture.shift


def _in_format(
    frames: Iterator[tuple[AudioFrame, Fraction | None]], track: Track
) -> Iterator[tuple[Fraction | None, Floats]]:
    """Yield media times and (n, c) samples at the track's rate, also where a glued stream has another format."""
    resampler, kind = None, None
    for frame, at in frames:
        if resampler is None or kind != (frame.format.name, frame.layout.name, frame.sample_rate):
            kind = (frame.format.name, frame.layout.name, frame.sample_rate)
            resampler = av.AudioResampler(format="fltp", layout=track.speakers, rate=track.rate)
        frame.pts = None
        for out in resampler.resample(frame):
            yield at, np.ascontiguousarray(out.to_ndarray().T, np.float32)


@dataclass(slots=True)
class _Clock:
    """Puts samples where their media times say. position: samples so far. shift: seconds added to time stamps."""

    path: Path
    rate: int
    may_restart: bool
    position: int = 0
    shift: Fraction = field(default_factory=Fraction)
    latest: Fraction | None = None

    def placed(self, samples: Floats, at: Fraction | None) -> Iterator[Floats]:
        """Yield silence before, then what of the samples is heard. at: their media time, None where it is unknown."""
        if at is not None:
            late = round((self._heard_at(at) - Fraction(self.position, self.rate)) * self.rate)
            threshold = LATE_S if self.position == 0 else GAP_S
            if late > threshold * self.rate:
                yield from self._silence(late, samples.shape[1])
            elif late < -threshold * self.rate:
                samples = samples[-late:]
        self.position += len(samples)
        yield samples

    def _heard_at(self, at: Fraction) -> Fraction:
        """The media time, moved where a glued stream begins anew."""
        now, latest, self.latest = Fraction(self.position, self.rate), self.latest, at
        jump = at + self.shift - now
        if abs(jump) > MEANINGLESS_S and not self.may_restart:
            return now
        ran_back = latest is not None and at < latest - GAP_S
        if latest is not None and (ran_back or (self.may_restart and abs(jump) > RESTART_S)):
            self.shift -= jump
        return at + self.shift

    def _silence(self, n_samples: int, n_channels: int) -> Iterator[Floats]:
        if n_samples > LONGEST_GAP_S * self.rate:
            raise MediaError(
                f"{self.path} jumps {n_samples / self.rate / 3600:.1f} hours ahead {self.position / self.rate:.2f} s "
                "into the sound; its time stamps are damaged, export it again"
            )
        self.position += n_samples
        while n_samples > 0:
            yield np.zeros((min(n_samples, self.rate), n_channels), np.float32)
            n_samples -= self.rate


def _audio_stream(container: InputContainer, track: Track) -> AudioStream:
    stream = container.streams[track.index]
    assert isinstance(stream, av.AudioStream)
    return stream


def _packets(container: InputContainer, *streams: Stream) -> Iterator[Packet[Stream]]:
    """Yield the packets of streams. Streams that begin later in the file are passed by: PyAV does not know them."""
    has_read = True
    while has_read:
        has_read = False
        try:
            for packet in container.demux(*streams):
                has_read |= packet.size > 0
                yield packet
            return
        except IndexError:  # PyAV looks up a stream that was not there when it opened the file
            continue


def _is_known(stream: AudioStream) -> bool:
    return stream.codec_context is not None and stream.rate >= 1 and stream.channels >= 1


def _is_found(container: InputContainer, stream: AudioStream) -> bool:
    """Return whether the first packets tell a rate and channels that FFmpeg did not find when it opened the file."""
    if stream.codec_context is None:
        return False
    container.seek(0)
    for packet in islice(_packets(container, stream), PROBED_PACKETS):
        with suppress(av.FFmpegError):
            stream.decode(packet)
        if _is_known(stream):
            return True
    return False


def _is_default(stream: AudioStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.default)


def _layout(stream: AudioStream) -> Layout:
    names = [channel.name for channel in stream.layout.channels]
    return Layout(*(names.index(name) if name in names else None for name in ("FC", "LFE")))
