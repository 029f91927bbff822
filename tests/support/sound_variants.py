"""One line of speech in many containers and codecs, as cameras, recorders, editors and servers write them.

Each variant is made by this module with PyAV, soundfile and a few bytes by hand, and comes with the sound that it
plays, sample by sample.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
import soundfile
import soxr

from space_runtime.arrays import Floats
from tests.support.mp4_edits import Edit, with_edits
from tests.support.sound_files import mux, rf64, wav, with_unpadded_chunk
from tests.support.sounds import speechlike

RATE: Final = 48_000
LINE: Final = speechlike(2.0, RATE)[:, 0]
FIRST, SECOND = LINE[: RATE * 4 // 5], LINE[RATE * 4 // 5 :]


def silence(seconds: float) -> Floats:
    """Return so much silence."""
    return np.zeros(round(seconds * RATE), np.float32)


OFFSET: Final = np.concatenate([silence(0.7), LINE])
GAPPED: Final = np.concatenate([FIRST, silence(0.5), SECOND])
TWICE: Final = np.concatenate([LINE, LINE])
FILMED_TWICE: Final = np.concatenate([OFFSET, silence(4.0 - len(OFFSET) / RATE), OFFSET])
"""Two takes of which each has a picture of 4 s."""
LATE, BROKEN = [(0.7, LINE)], [(0.0, FIRST), (0.5 + len(FIRST) / RATE, SECOND)]
WHOLE: Final = [(0.0, LINE)]

Make = Callable[[Path], object]


def encoded(codec: str, pieces: list[tuple[float, Floats]] = WHOLE, **more: object) -> Make:
    """Return what writes pieces of sound with a codec, see `mux`."""
    return lambda path: mux(path, codec, pieces, RATE, **more)  # type: ignore[arg-type]


def filmed(codec: str, pieces: list[tuple[float, Floats]] = WHOLE, video: str = "mpeg4", seconds: float = 3.0) -> Make:
    """Return what writes them beside a picture."""
    return encoded(codec, pieces, video=video, video_s=seconds)


def at_rate(codec: str, rate: int, **more: object) -> Make:
    """Return what writes the line at another rate."""
    pieces = [(0.0, np.asarray(soxr.resample(LINE, RATE, rate), np.float32))]
    return lambda path: mux(path, codec, pieces, rate, **more)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Glued:
    """Writes files one behind the other. parts: what writes each."""

    parts: tuple[Make, ...]

    def __call__(self, path: Path) -> None:
        """Write the file."""
        path.write_bytes(b"".join(part.read_bytes() for part in self.write_parts(path)))

    def write_parts(self, path: Path) -> Iterator[Path]:
        """Write one part after another, beside a path, and yield the file of each."""
        for make in self.parts:
            part = path.with_name(f"part_{path.name}")
            make(part)
            yield part


def glued(*parts: Make) -> Glued:
    """Return what writes files one behind the other."""
    return Glued(parts)


def written(subtype: str | None = None, rate: int = RATE, form: str | None = None) -> Make:
    """Return what writes the line with libsndfile."""
    samples = soxr.resample(LINE, RATE, rate) if rate != RATE else LINE
    return lambda path: soundfile.write(path, samples, rate, subtype=subtype, format=form)


def raw(make: Callable[..., bytes], **sizes: int) -> Make:
    """Return what writes the line with a header made by hand."""
    return lambda path: path.write_bytes(make(LINE, RATE, **sizes))


def changed(make: Make, change: Callable[[bytes], bytes]) -> Make:
    """Return what writes a file and then changes its bytes."""

    def change_file(path: Path) -> None:
        make(path)
        path.write_bytes(change(path.read_bytes()))

    return change_file


def edited(*edits: Edit) -> Make:
    """Return what writes an MP4 file whose sound track has an edit list."""
    return changed(filmed("aac"), lambda data: with_edits(data, edits))


def cut_copy(whole_file: Make) -> Make:
    """Return what copies the packets of the line from 0.3 s on, so that 0.5 s is at media time 0, as editors cut."""

    def make(path: Path) -> None:
        whole = path.with_name(f"whole_{path.name}")
        whole_file(whole)
        with av.open(str(whole)) as source, av.open(str(path), "w") as target:
            stream = target.add_stream_from_template(source.streams.audio[0])
            for packet in source.demux(source.streams.audio[0]):
                if packet.pts is not None and packet.dts is not None and packet.pts * packet.time_base >= 0.3:
                    shift = round(0.5 / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, stream
                    target.mux(packet)

    return make


def tag(path: Path) -> None:
    """Write an empty APE tag."""
    path.write_bytes(b"APETAGEX" + struct.pack("<IIII", 2_000, 32, 0, 0x2000_0000) + bytes(8))


def zeros(path: Path) -> None:
    """Write zeros."""
    path.write_bytes(bytes(3_000))


def _unstated(data: bytes) -> bytes:
    return data[:21] + bytes((data[21] & 0xF0,)) + bytes(4) + data[26:]


def _understated(data: bytes) -> bytes:
    return data[:22] + (RATE // 2).to_bytes(4) + data[26:]


def _overstated(data: bytes) -> bytes:
    return data[:22] + (RATE * 10).to_bytes(4) + data[26:]


def au_of_size(size: int) -> Make:
    """Return what writes an AU file that states so many bytes of sound."""
    return changed(written(), lambda data: data[:8] + size.to_bytes(4) + data[12:])


def _promised_caf(data: bytes) -> bytes:
    at = data.index(b"data") + 4
    return data[:at] + (2_000_000_000).to_bytes(8) + data[at + 8 :]


def _wrapped_flv(data: bytes) -> bytes:
    """An FLV file whose time stamps jump 833 hours ahead after a second, as a muxer writes those below 0."""
    at, tags = 13, [data[:13]]
    while at < len(data):
        size = 15 + int.from_bytes(data[at + 1 : at + 4])
        ms = int.from_bytes(data[at + 4 : at + 7])
        ms += 3_000_000_000 if ms >= 1_000 else 0
        stamp = (ms & 0xFFFFFF).to_bytes(3) + (ms >> 24).to_bytes(1)
        tags.append(data[at : at + 4] + stamp + data[at + 8 : at + size])
        at += size
    return b"".join(tags)


def _without_a_page(data: bytes) -> bytes:
    """An OGG file out of which a page in the first half is lost."""
    return b"".join(b"OggS" + page for place, page in enumerate(data.split(b"OggS")[1:]) if place != 3)


def _two_data_chunks(path: Path) -> None:
    first, second = wav(FIRST, RATE), wav(SECOND, RATE)
    path.write_bytes(first + second[36:])


def _streamed_au(data: bytes) -> bytes:
    return data[:8] + b"\xff" * 4 + data[12:]


PLAIN_MP3: Final = {"write_xing": "0", "id3v2_version": "0"}
VBR: Final = {"flags": "+qscale", "global_quality": "472"}
FRAGMENTS: Final = {"movflags": "frag_keyframe+empty_moov"}
PRIMING_S: Final = 1024 / RATE
VARIANTS: Final[dict[str, tuple[Make, Floats]]] = {
    "late.mp4": (filmed("aac", LATE), OFFSET),
    "late.mov": (filmed("pcm_s16le", LATE), OFFSET),
    "late.mkv": (filmed("libopus", LATE), OFFSET),
    "late.nut": (filmed("mp2", LATE), OFFSET),
    "late.webm": (filmed("libopus", LATE, "libvpx"), OFFSET),
    "late.ts": (filmed("aac", LATE, "mpeg2video"), OFFSET),
    "late.mpg": (filmed("mp2", LATE, "mpeg2video"), OFFSET),
    "late.flv": (filmed("aac", LATE, "flv"), OFFSET),
    "picture.mp4": (filmed("aac", seconds=4.0), LINE),
    "picture.mov": (filmed("pcm_s16le", seconds=4.0), LINE),
    "picture.mkv": (filmed("flac", seconds=4.0), LINE),
    "picture.webm": (filmed("libopus", WHOLE, "libvpx", 4.0), LINE),
    "picture.avi": (filmed("libmp3lame", seconds=4.0), LINE),
    "picture.ts": (filmed("mp2", WHOLE, "mpeg2video", 4.0), LINE),
    "gap.mp4": (encoded("aac", BROKEN), GAPPED),
    "gap.mka": (encoded("libopus", BROKEN), GAPPED),
    "gap.webm": (encoded("libopus", BROKEN), GAPPED),
    "gap.mkv": (encoded("pcm_s16le", BROKEN), GAPPED),
    "gap.ts": (encoded("aac", BROKEN), GAPPED),
    "gap_fragmented.mp4": (encoded("aac", BROKEN, options=FRAGMENTS), GAPPED),
    "cut_copy.ogg": (cut_copy(written()), LINE[RATE // 2 :]),
    "lost_page.ogg": (changed(written(), _without_a_page), LINE),
    "gap.nut": (encoded("ac3", BROKEN), GAPPED),
    "twice.mp3": (glued(written(), written()), TWICE),
    "twice_plain.mp3": (glued(*2 * (encoded("libmp3lame", options=PLAIN_MP3, encoder=VBR),)), TWICE),
    "twice_tagged.mp3": (glued(*2 * (encoded("libmp3lame"),)), TWICE),
    "twice_rates.mp3": (glued(written(), written(rate=16_000)), TWICE),
    "twice.ogg": (glued(written("VORBIS"), written("VORBIS")), TWICE),
    "twice.opus": (glued(written("OPUS", form="OGG"), written("OPUS", form="OGG")), TWICE),
    "twice_codecs.ogg": (glued(written("VORBIS"), written("OPUS")), TWICE),
    "twice_rates.ogg": (glued(written("VORBIS"), written("VORBIS", 22_050)), TWICE),
    "twice.flac": (glued(written(), written()), TWICE),
    "twice.wav": (glued(written(), written()), TWICE),
    "twice.au": (glued(written(), written()), TWICE),
    "twice.aiff": (glued(written(), written()), TWICE),
    "twice.w64": (glued(written(), written()), TWICE),
    "twice.aac": (glued(*2 * (encoded("aac", form="adts"),)), TWICE),
    "twice_rates.aac": (glued(encoded("aac", form="adts"), at_rate("aac", 22_050, form="adts")), TWICE),
    "twice_rising.aac": (glued(at_rate("aac", 22_050, form="adts"), encoded("aac", form="adts")), TWICE),
    "twice.ac3": (glued(*2 * (encoded("ac3"),)), TWICE),
    "twice.ts": (glued(*2 * (encoded("aac"),)), TWICE),
    "twice_filmed.ts": (glued(*2 * (filmed("aac", LATE, "mpeg2video", 4.0),)), FILMED_TWICE),
    "two_chunks.wav": (_two_data_chunks, LINE),
    "vbr.mp3": (encoded("libmp3lame", options=PLAIN_MP3, encoder=VBR), LINE),
    "cbr.mp3": (encoded("libmp3lame", options=PLAIN_MP3), LINE),
    "junk.mp3": (glued(lambda path: path.write_bytes(b"junk" * 99), encoded("libmp3lame")), LINE),
    "zero.wav": (raw(wav, data_size=0, riff_size=0), LINE),
    "zero36.wav": (raw(wav, data_size=0), LINE),
    "billions.wav": (raw(wav, data_size=2_000_000_000), LINE),
    "billion.wav": (raw(wav, data_size=1_000_000_000 - 44), LINE),
    "half.wav": (raw(wav, data_size=0x4000_0000), LINE),
    "ones.wav": (raw(wav, data_size=0xFFFF_FFFF), LINE),
    "header_counted.wav": (raw(wav, data_size=len(LINE) * 2 + 44), LINE),
    "unfilled.rf64": (raw(rf64), LINE),
    "unpadded.wav": (raw(with_unpadded_chunk), LINE),
    "gsm.wav": (written("GSM610", 8_000, "WAV"), LINE),
    "mu_law.wav": (written("ULAW", 8_000), LINE),
    "ima.wav": (written("IMA_ADPCM"), LINE),
    "streamed.au": (changed(written(), _streamed_au), LINE),
    "float.w64": (encoded("pcm_f32le"), LINE),
    "named.mp3": (encoded("aac", form="adts"), LINE),
    "tag_in_front.mp3": (glued(tag, encoded("libmp3lame", options=PLAIN_MP3, encoder=VBR)), LINE),
    "zeros_in_front.mp3": (glued(zeros, encoded("libmp3lame", options=PLAIN_MP3, encoder=VBR)), LINE),
    "a.voc": (written(rate=16_000), LINE),
    "a.sph": (written("PCM_16", 16_000, "NIST"), LINE),
    "unstated.flac": (changed(written(), _unstated), LINE),
    "understated.flac": (changed(written(), _understated), LINE),
    "overstated.flac": (changed(written(), _overstated), LINE),
    "zero.au": (au_of_size(0), LINE),
    "half.au": (au_of_size(RATE), LINE),
    "promised.caf": (changed(written(), _promised_caf), LINE),
    "wrapped.flv": (changed(encoded("aac"), _wrapped_flv), LINE),
    "page_behind.m4a": (changed(encoded("aac"), lambda data: data + b"<html>hello</html>" * 50), LINE),
    "fragmented.mp4": (encoded("aac", options=FRAGMENTS), LINE),
    "priming.m4a": (encoded("aac"), LINE),
    "padded.m4a": (at_rate("aac", 22_050), LINE),
    "a.wma": (encoded("wmav2", encoder={"b": "96000"}), LINE),
    "a.tta": (encoded("tta"), LINE),
    "a.ac3": (encoded("ac3"), LINE),
    "edits.mp4": (filmed("aac", [(0.0, LINE)], seconds=1.0), LINE),
    "late_edit.mp4": (edited(Edit(0.5, None), Edit(2.0, PRIMING_S)), np.concatenate([silence(0.5), LINE])),
    "skipped_edit.mp4": (edited(Edit(1.6, 0.4 + PRIMING_S)), LINE[RATE * 2 // 5 :]),
    "priming.webm": (encoded("libopus"), LINE),
    "live.webm": (encoded("libopus", options={"live": "1"}), LINE),
}
"""Names to what makes the file, and the (n,) samples at `RATE` that it plays."""
PRIMED: Final = frozenset(
    ("vbr.mp3", "cbr.mp3", "named.mp3", "tag_in_front.mp3", "zeros_in_front.mp3",
     "picture.ts", "late.ts", "late.mpg", "gap.ts", "late.nut", "gap.nut", "late.flv", "wrapped.flv",
     "picture.avi", "ima.wav", "fragmented.mp4", "gap_fragmented.mp4", "padded.m4a", "a.wma", "a.ac3")
)  # fmt: skip
"""Containers that do not say which samples are the encoder's delay and padding: they are played, and count."""
