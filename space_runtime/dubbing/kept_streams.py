"""Parts of a video's file that are neither its pictures nor its voice: other sounds, subtitles, chapters, metadata."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from space_runtime.extras import av
from space_runtime.media.ffmpeg_sound import choose_track, open_container
from space_runtime.media.video_reader import COVER, shown_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream

HELD: Final = frozenset(
    ("aac", "ac3", "alac", "eac3", "flac", "mp3", "opus", "mov_text", "h264", "hevc", "av1", "vp9", "mpeg4")
)
"""Codings of streams that an mp4 file can hold."""
LATE_S: Final = Fraction(1, 20)
"""A voice that begins so late begins late on purpose; less is an encoder's delay."""
OF_CONTAINERS: Final = frozenset(("major_brand", "minor_version", "compatible_brands", "encoder"))
"""Metadata that say how a file was written, not what is in it."""


class KeptStreams:
    """Copies streams packet by packet beside the new ones, as far as the pictures have come. A context manager.

    voice_s: when the sound that is replaced begins. note: on what an mp4 file cannot hold, empty for nothing.
    """

    def __init__(self, source: Path) -> None:
        """Open the file, which is a video."""
        with open_container(source) as probed:  # it may read packets
            voice = choose_track(probed)
        self._source = open_container(source)
        self._origin = Fraction(self._source.start_time or 0, 1_000_000)
        pictures = shown_stream(source, self._source)
        self.voice_s = self._beginning(self._source.streams[voice.index]) if voice else Fraction()
        replaced = {pictures.index, voice.index if voice else -1}
        replaced |= {stream.index for stream in self._source.streams if self._are_chapters(stream)}
        others = [stream for stream in self._source.streams if stream.index not in replaced]
        self._kept = [stream for stream in others if coding(stream) in HELD and not stream.disposition & COVER]
        lost = sorted({f"{stream.type} ({coding(stream)})" for stream in others if stream not in self._kept})
        self.note = f"an mp4 file cannot hold its {', '.join(lost)}" if lost else ""
        self._copies: dict[int, Stream] = {}
        self._packets: Iterator[Packet[Stream]] = iter(())
        self._next: Packet[Stream] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()

    def add_to(self, target: OutputContainer) -> None:
        """Add the streams, metadata and chapters to a file whose own streams are there and empty."""
        own = {key: value for key, value in self._source.metadata.items() if key not in OF_CONTAINERS}
        target.metadata.update(own)
        for stream in self._kept:
            copy = self._copies[stream.index] = target.add_stream_from_template(stream)
            copy.metadata.update(stream.metadata)
        self._add_chapters(target)
        if self._kept:
            self._packets = iter(self._source.demux(self._kept))
        self._next = next(self._packets, None)

    def copy(self, target: OutputContainer, until: Fraction | None = None) -> None:
        """Copy the packets up to a time in seconds, None for all. Behind damage nothing is copied."""
        with suppress(av.FFmpegError):
            while self._next is not None and (until is None or self._seconds(self._next) <= until):
                self._copy(self._next, target)
                self._next = next(self._packets, None)

    def _are_chapters(self, stream: Stream) -> bool:
        """Return whether it is the text track that mp4 and mov files keep their chapters in."""
        return stream.type == "data" and "mov" in self._source.format.name and bool(self._source.chapters())

    def _beginning(self, stream: Stream) -> Fraction:
        if stream.start_time is None or stream.time_base is None:
            return Fraction()
        late = stream.start_time * stream.time_base - self._origin
        return late if late > LATE_S else Fraction()

    def _seconds(self, packet: Packet[Stream]) -> Fraction:
        return Fraction(-1) if packet.dts is None else packet.dts * packet.time_base - self._origin

    def _copy(self, packet: Packet[Stream], target: OutputContainer) -> None:
        if packet.dts is None:
            return
        shift = round(self._origin / packet.time_base)
        packet.dts -= shift
        if packet.pts is not None:
            packet.pts -= shift
        packet.stream = self._copies[packet.stream.index]
        target.mux_one(packet)

    def _add_chapters(self, target: OutputContainer) -> None:
        chapters = self._source.chapters()
        for chapter in chapters:
            shift = round(self._origin / (chapter["time_base"] or 1))
            chapter["start"], chapter["end"] = chapter["start"] - shift, chapter["end"] - shift
        if chapters:
            target.set_chapters(chapters)


def coding(stream: Stream) -> str:
    """Return FFmpeg's name of a stream's coding."""
    context = getattr(stream, "codec_context", None)
    return str(context.name) if context is not None else "unknown"
