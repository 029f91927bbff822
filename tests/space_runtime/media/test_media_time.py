"""The media time of a container is the clock, and length is counted: what plays at a time is read at that time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import soundfile
import soxr

from space_runtime.arrays import Floats
from space_runtime.errors import MediaError
from space_runtime.media.audio_file import open_sound
from space_runtime.timebase import SAMPLE_RATE
from tests.support.sound_files import mux, rf64, wav, with_unpadded_chunk
from tests.support.sounds import speechlike

TOLERANCE_S: Final = 0.02
RATE: Final = 48_000
LINE: Final = speechlike(2.0, RATE)[:, 0]
FIRST, SECOND = LINE[: RATE * 4 // 5], LINE[RATE * 4 // 5 :]
ENVELOPE: Final = 80
"""Samples at 16 kHz over which power is taken: 5 ms."""


def silence(seconds: float) -> Floats:
    return np.zeros(round(seconds * RATE), np.float32)


OFFSET: Final = np.concatenate([silence(0.7), LINE])
GAPPED: Final = np.concatenate([FIRST, silence(0.5), SECOND])
TWICE: Final = np.concatenate([LINE, LINE])
LATE, BROKEN = [(0.7, LINE)], [(0.0, FIRST), (0.5 + len(FIRST) / RATE, SECOND)]
WHOLE: Final = [(0.0, LINE)]

Make = Callable[[Path], object]


def encoded(codec: str, pieces: list[tuple[float, Floats]] = WHOLE, **more: object) -> Make:
    return lambda path: mux(path, codec, pieces, RATE, **more)  # type: ignore[arg-type]


def filmed(codec: str, pieces: list[tuple[float, Floats]] = WHOLE, video: str = "mpeg4", seconds: float = 3.0) -> Make:
    return encoded(codec, pieces, video=video, video_s=seconds)


def glued(*makes: Make) -> Make:
    def make(path: Path) -> None:
        data = b""
        for place, one in enumerate(makes):
            part = path.with_name(f"{place}{path.name}")
            one(part)
            data += part.read_bytes()
        path.write_bytes(data)

    return make


def written(subtype: str | None = None, rate: int = RATE, form: str | None = None) -> Make:
    samples = soxr.resample(LINE, RATE, rate) if rate != RATE else LINE
    return lambda path: soundfile.write(path, samples, rate, subtype=subtype, format=form)


def raw(make: Callable[..., bytes], **sizes: int) -> Make:
    return lambda path: path.write_bytes(make(LINE, RATE, **sizes))


def unstated_flac(path: Path) -> None:
    soundfile.write(path, LINE, RATE)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    path.write_bytes(data)


def understated_flac(path: Path) -> None:
    soundfile.write(path, LINE, RATE)
    data = bytearray(path.read_bytes())
    data[22:26] = (RATE // 2).to_bytes(4)
    path.write_bytes(data)


def without_a_page(path: Path) -> None:
    """An OGG file out of which a page in the first half is lost."""
    soundfile.write(path, LINE, RATE)
    pages = path.read_bytes().split(b"OggS")[1:]
    path.write_bytes(b"".join(b"OggS" + page for place, page in enumerate(pages) if place != 3))


def two_data_chunks(path: Path) -> None:
    first, second = wav(FIRST, RATE), wav(SECOND, RATE)
    path.write_bytes(first + second[36:])


PLAIN_MP3: Final = {"write_xing": "0", "id3v2_version": "0"}
VBR: Final = {"flags": "+qscale", "global_quality": "472"}
VARIANTS: Final[dict[str, tuple[Make, Floats]]] = {
    "late.mp4": (filmed("aac", LATE), OFFSET),
    "late.mov": (filmed("pcm_s16le", LATE), OFFSET),
    "late.mkv": (filmed("libopus", LATE), OFFSET),
    "late.nut": (filmed("mp2", LATE), OFFSET),
    "late.webm": (filmed("libopus", LATE, "libvpx"), OFFSET),
    "late.ts": (filmed("aac", LATE, "mpeg2video"), OFFSET),
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
    "lost_page.ogg": (without_a_page, LINE),
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
    "twice.aac": (glued(*2 * (encoded("aac", form="adts"),)), TWICE),
    "twice.ts": (glued(*2 * (encoded("aac"),)), TWICE),
    "two_chunks.wav": (two_data_chunks, LINE),
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
    "unstated.flac": (unstated_flac, LINE),
    "understated.flac": (understated_flac, LINE),
    "fragmented.mp4": (encoded("aac", options={"movflags": "frag_keyframe+empty_moov"}), LINE),
    "priming.m4a": (encoded("aac"), LINE),
    "edits.mp4": (filmed("aac", [(0.0, LINE)], seconds=1.0), LINE),
    "priming.webm": (encoded("libopus"), LINE),
}


def envelope(samples: Floats) -> Floats:
    """The level per 5 ms."""
    n = len(samples) // ENVELOPE
    return np.asarray(np.sqrt((samples[: n * ENVELOPE].reshape(n, ENVELOPE) ** 2).mean(axis=1)), np.float32)


def lag_s(heard: Floats, truth: Floats) -> float:
    """Seconds by which one envelope comes after another."""
    a, b = (curve - curve.mean() for curve in (envelope(heard), envelope(truth)))
    size = 2 * max(len(a), len(b))
    best = int(np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)), size).argmax())
    return (best - size if best > size // 2 else best) * ENVELOPE / SAMPLE_RATE


def read(path: Path) -> Floats:
    return np.concatenate(list(open_sound(path).speech_blocks()))


PRIMED: Final = {"vbr.mp3", "cbr.mp3", "picture.ts", "late.ts", "gap.ts", "late.nut", "gap.nut", "late.flv",
                 "picture.avi", "fragmented.mp4"}  # fmt: skip
"""Containers that do not say which samples are the encoder's delay and padding: they are played, and count."""
FRAME_S: Final = 0.026


@pytest.mark.parametrize("name", VARIANTS)
def test_what_plays_at_a_time_is_read_at_that_time(tmp_path: Path, name: str) -> None:
    make, samples = VARIANTS[name]
    make(tmp_path / name)
    heard, truth = read(tmp_path / name), np.asarray(soxr.resample(samples, RATE, SAMPLE_RATE), np.float32)
    n_streams = 2 if name.startswith("twice") else 1
    spare = TOLERANCE_S + (2 * FRAME_S * n_streams if name in PRIMED or name.startswith("twice") else 0)
    assert abs(len(heard) - len(truth)) <= spare * SAMPLE_RATE
    third = len(truth) // 3
    parts = slice(0, third), slice(third, 2 * third), slice(2 * third, None)
    for part in parts[2:] if name.startswith("lost") else parts:
        assert abs(lag_s(heard[part], truth[part])) <= (TOLERANCE_S if spare == TOLERANCE_S else spare)


def test_a_file_whose_header_promises_more_than_a_cut_copy_holds_is_refused(tmp_path: Path) -> None:
    for name in ("front.mp4", "a.mkv", "a.avi", "a.caf", "a.au", "a.w64", "a.aiff", "a.mp3", "a.flac"):
        path = tmp_path / name
        if name.endswith((".caf", ".au", ".w64", ".aiff", ".mp3", ".flac")):
            soundfile.write(path, LINE, RATE)
        else:
            codec = "libmp3lame" if name.endswith("avi") else "aac"
            mux(path, codec, WHOLE, RATE, options={"movflags": "faststart"} if name.endswith("mp4") else None)
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * 6 // 10])
        with pytest.raises(MediaError, match=r"truncated|damaged"):
            read(path)
