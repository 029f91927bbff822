"""Sound files as cameras, recorders and servers write them, made with the encoders at hand."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from space_runtime.arrays import Floats

Piece = tuple[float, Floats]
"""A media time in seconds and the (n,) samples from there on."""


def mux(
    path: Path,
    codec: str,
    pieces: Sequence[Piece],
    rate: int,
    *,
    video: str = "",
    video_s: float = 0.0,
    options: dict[str, str] | None = None,
    encoder: dict[str, str] | None = None,
    form: str | None = None,
) -> None:
    """Write pieces of mono sound at their media times, beside a still picture of ``video_s`` seconds."""
    with av.open(str(path), "w", format=form, options=options or {}) as container:
        picture = container.add_stream(video, rate=25) if video else None
        if picture is not None:
            assert isinstance(picture, av.VideoStream)
            picture.width = picture.height = 64
            picture.pix_fmt = "yuv420p"
        stream = container.add_stream(codec, rate=rate, options=encoder or {})
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        packets: list[av.Packet[av.AudioStream] | av.Packet[av.VideoStream]] = [*_sound(stream, pieces, rate)]
        if isinstance(picture, av.VideoStream):
            packets += _pictures(picture, round(video_s * 25))
        packets.sort(key=lambda packet: Fraction(packet.dts or 0) * packet.time_base)
        for packet in packets:
            container.mux(packet)


def _sound(stream: av.AudioStream, pieces: Sequence[Piece], rate: int) -> list[av.Packet[av.AudioStream]]:
    packets: list[av.Packet[av.AudioStream]] = []
    resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate)
    step = stream.codec_context.frame_size or 1024
    for start, samples in pieces:
        for first in range(0, len(samples), step):
            block = np.ascontiguousarray(samples[None, first : first + step])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
            frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
            frame.pts = None
            pts = round(start * rate) + first
            for out in resampler.resample(frame):
                out.pts, out.time_base = pts, Fraction(1, rate)
                packets += stream.encode(out)
    return [*packets, *stream.encode(None)]


def _pictures(stream: av.VideoStream, n: int) -> list[av.Packet[av.VideoStream]]:
    packets: list[av.Packet[av.VideoStream]] = []
    for k in range(n):
        frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8))
        frame.pts, frame.time_base = k, Fraction(1, 25)
        packets += stream.encode(frame)
    return [*packets, *stream.encode(None)]


def wav(samples: Floats, rate: int, *, data_size: int | None = None, riff_size: int | None = None) -> bytes:
    """Return a 16-bit mono WAV file whose header states any sizes."""
    data = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    stated = len(data) if data_size is None else data_size
    total = 36 + len(data) if riff_size is None else riff_size
    return (
        b"RIFF" + struct.pack("<I", total) + b"WAVEfmt " + struct.pack("<I", 16) + form + b"data"
        + struct.pack("<I", stated) + data
    )  # fmt: skip


def rf64(samples: Floats, rate: int) -> bytes:
    """Return an RF64 file whose sizes were never filled in."""
    plain = wav(samples, rate)
    return b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<I", 28) + bytes(28) + plain[12:40] + b"\xff" * 4 + plain[44:]


def with_unpadded_chunk(samples: Floats, rate: int) -> bytes:
    """Return a WAV file with a chunk of odd length that lacks its pad byte."""
    plain = wav(samples, rate)
    return plain[:36] + b"LIST" + struct.pack("<I", 7) + b"INFOabc" + plain[36:]
