"""The parts of a file that libsndfile reads: the whole of it, or parts with a header that is true."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from space_runtime.arrays import Floats
from space_runtime.errors import MediaError
from space_runtime.media.byte_ranges import Part, PartFile
from space_runtime.media.glued import scan_au, scan_flac, scan_ogg, scan_sized
from space_runtime.media.mono import UNKNOWN, Layout
from space_runtime.media.mp3 import scan_mp3
from space_runtime.media.quiet_stderr import quiet_stderr
from space_runtime.media.resampling import Resampler
from space_runtime.media.riff import UNMASKED, is_placeholder, scan_w64, scan_wav

FORMATS: Final = frozenset(("WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC", "OGG", "MP3", "MPEG",
                             "VOC", "NIST", "IRCAM", "SVX", "AVR", "PVF"))  # fmt: skip
"""libsndfile's formats of one file that state their rate; some of the others open a second file."""
MP3_FORMATS: Final = ("MP3", "MPEG")
UNSTATED_FORMATS: Final = (*MP3_FORMATS, "OGG")
"""Formats whose length libsndfile only estimates, or has from where the file ends."""
BLOCKS_PER_SECOND: Final = 1
NO_END: Final = "its last page is missing; it may have been cut off there"
SLACK_S: Final = 0.1
FLAC_LAYOUTS: Final = {3: Layout(2), 5: Layout(2), 6: Layout(2, 3), 7: Layout(2, 3), 8: Layout(2, 3)}
OGG_LAYOUTS: Final = {3: Layout(1), 5: Layout(1), 6: Layout(1, 5), 7: Layout(1, 6), 8: Layout(1, 7)}
"""Columns that the specifications of FLAC, and of Vorbis and Opus, give to the centre and the low frequencies."""
KNOWN_LAYOUTS: Final = {"FLAC": FLAC_LAYOUTS, "OGG": OGG_LAYOUTS}


@dataclass(frozen=True, slots=True)
class Parts:
    """The streams of sound in a file, heard one after another; None: the file as it is.

    wants_ffmpeg: only a decoder that follows media times reads the file rightly. may_lie: packets may tell another
    length than the header, or leave gaps. wav: the layout of a WAV file. note: one sentence
    without a full stop for the user, or nothing.
    """

    parts: tuple[Part | None, ...] = (None,)
    wants_ffmpeg: bool = False
    may_lie: bool = False
    wav: Layout | None = None
    note: str = ""

    def layout(self, file: soundfile.SoundFile) -> Layout:
        """Return the columns of special channels."""
        if self.wav is not None:
            return self.wav
        return KNOWN_LAYOUTS.get(file.format, UNMASKED).get(file.channels, UNKNOWN)


def scan_parts(path: Path) -> Parts:
    """Return the parts of a file. Raises `MediaError` where the file was cut off."""
    if wav := scan_wav(path):
        return Parts((wav.part,), wav.wants_ffmpeg, wav=wav.layout)
    if ogg := scan_ogg(path):
        return Parts(
            ogg.parts if len(ogg.parts) > 1 else (None,), ogg.has_own_clock, True, note="" if ogg.is_ended else NO_END
        )
    if (flac := scan_flac(path)) is not None:
        return Parts(flac.parts if len(flac.parts) > 1 else (None,), flac.is_streamed, may_lie=len(flac.parts) == 1)
    if _is_adts(path):
        return Parts(wants_ffmpeg=True)
    if _is_mp3(path) and (mp3 := scan_mp3(path)):
        return Parts(mp3)
    return Parts(scan_sized(path) or (scan_au(path) or scan_w64(path),))


def open_part(path: Path, part: Part | None) -> soundfile.SoundFile:
    """Open a part with libsndfile; raises its errors, and `MediaError` for a file that was cut off."""
    with quiet_stderr():
        file = soundfile.SoundFile(path if part is None else PartFile(path, part))
    if file.format not in FORMATS:
        file.close()
        raise MediaError(f"{path} is a {file.format} file; use WAV, FLAC, OGG, Opus, MP3 or m4a")
    if part is None:
        _check_stated_length(path, file.extra_info)
    return file


def part_blocks(path: Path, parts: Parts, rate: int, n_channels: int, tell: Callable[[str], None]) -> Iterator[Floats]:
    """Yield the samples of all parts as (n, n_channels) at one rate. Raises what `open_part` raises."""
    if parts.note:
        tell(parts.note)
    for part in parts.parts:
        with open_part(path, part) as file:
            resampler = Resampler(file.samplerate, rate, n_channels) if file.samplerate != rate else None
            for block in _blocks(path, file):
                columns = _columns(block, n_channels)
                flat = columns[:, 0] if n_channels == 1 else columns
                yield resampler.push(flat).reshape(-1, n_channels) if resampler else columns
            if resampler:
                yield resampler.finish().reshape(-1, n_channels)


def _blocks(path: Path, file: soundfile.SoundFile) -> Iterator[Floats]:
    n_block, n_read = max(1, file.samplerate // BLOCKS_PER_SECOND), 0
    while len(block := _block(file, n_block)):
        n_read += len(block)
        yield block
    if file.format not in UNSTATED_FORMATS and n_read < file.frames - SLACK_S * file.samplerate:
        raise MediaError(
            f"{path} is truncated: it holds {n_read / file.samplerate:.2f} s of the "
            f"{file.frames / file.samplerate:.2f} s that its header promises; copy or export it again"
        )


def _block(file: soundfile.SoundFile, n_samples: int) -> Floats:
    with quiet_stderr() if file.format in MP3_FORMATS else nullcontext():
        return np.asarray(file.read(n_samples, dtype="float32", always_2d=True), np.float32)


def _columns(block: Floats, n_channels: int) -> Floats:
    """The block with as many channels as the first part has."""
    if block.shape[1] == n_channels:
        return block
    if n_channels == 1 or block.shape[1] == 1:
        return np.repeat(block.mean(axis=1, keepdims=True), n_channels, axis=1)
    spread = np.zeros((len(block), n_channels), np.float32)
    spread[:, : block.shape[1]] = block[:, :n_channels]
    return spread


def _is_mp3(path: Path) -> bool:
    """Return whether libsndfile takes a file for MP3: by its first bytes, or, whatever they are, by its name."""
    try:
        with open_part(path, None) as file:
            return file.format in MP3_FORMATS
    except (soundfile.LibsndfileError, MediaError):
        return False


def _is_adts(path: Path) -> bool:
    """Return whether a file begins as AAC does that libsndfile takes for MP3."""
    with path.open("rb") as file:
        head = file.read(2)
    return len(head) == 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0


def _check_stated_length(path: Path, text: str) -> None:
    """libsndfile reads many files that were cut off as if they were whole; its log alone tells."""
    found = re.search(r"^(?: SSND|  Data Size  |riff) : (\d+) \(should be (\d+)\)", text, re.MULTILINE)
    if found is None:
        return
    promised, present = int(found[1]), int(found[2])
    if present < promised and not is_placeholder(promised, present):
        raise MediaError(
            f"{path} is truncated: it holds {present} of the {promised} bytes of sound that its header promises; "
            "copy or export it again"
        )


def first_line(error: Exception) -> str:
    """Return the library's own reason, without the path that the sentence around it names already."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "not a regular file" in text:  # what libsndfile says of any MP3 that is none
        return "Format not recognised"
    return re.sub(r"^Error opening .*?: |^Error : |: '[^']*'$", "", text).rstrip(".")
