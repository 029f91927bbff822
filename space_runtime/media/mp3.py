"""MP3 files by their frames: lengths are counted, glued files heard as one, tags between them left out.

Decoders take a length from the first frame (Xing, Info) or guess it from the bit rate. Here the frames are counted and
the decoder reads a first frame that says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from space_runtime.errors import MediaError
from space_runtime.media.byte_ranges import Part

V1_KBIT: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
V2_KBIT: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
RATES: Final = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""Sample rates by the bits of the MPEG version: 1, 2 and 2.5."""
MAKE_UP_KBIT: Final = 9
"""Index of the bit rate of a first frame that is made up: 128 or 80 kbit/s, room for every tag."""
DECODER_DELAY: Final = 529
"""Samples of its own delay that a decoder takes away besides the encoder's where a tag states one."""
WINDOW: Final = 1 << 16
MIN_FRAMES: Final = 3
"""Fewer frames of another kind among others are chance."""
MAX_TAG_FRAME: Final = 4_096


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame header. kind: what must not change within a stream (version, rate, mono). size: bytes of the frame."""

    kind: tuple[int, int, bool]
    size: int
    n_side: int
    """Bytes between the header and the place of a tag."""


def parse_frame(head: bytes) -> Frame | None:
    """Return the frame whose 4 bytes of header these are; None if they are no header of layer III."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2 or head[1] & 0x18 == 0x08:
        return None
    version, index, rate_index = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if index in (0, 15) or rate_index == 3:
        return None
    rate, is_mono = RATES[version][rate_index], head[3] >> 6 == 3
    kbit, n_samples = (V1_KBIT[index], 144) if version == 3 else (V2_KBIT[index], 72)
    n_side = (17 if is_mono else 32) if version == 3 else (9 if is_mono else 17)
    return Frame((version, rate, is_mono), n_samples * kbit * 1000 // rate + (head[2] >> 1 & 1), n_side)


@dataclass(slots=True)
class _Run:
    """Frames of one kind that are heard one after another."""

    frame: Frame
    head: bytes
    tag: bytes
    """The first frame where it is a tag and no sound, else empty."""
    n_frames: int = 0
    bit_rates: set[int] = field(default_factory=set)
    ranges: list[tuple[int, int]] | None = None

    @property
    def first(self) -> int:
        """The first byte."""
        return self.ranges[0][0] if self.ranges else 0

    @property
    def n_bytes(self) -> int:
        """Bytes of all frames."""
        return sum(last - first for first, last in self.ranges or ())

    def add(self, first: int, last: int, bit_rate: int) -> None:
        self.n_frames += 1
        self.bit_rates.add(bit_rate)
        self.ranges = self.ranges or []
        if self.ranges and self.ranges[-1][1] == first:
            self.ranges[-1] = (self.ranges[-1][0], last)
        else:
            self.ranges.append((first, last))


def scan_mp3(path: Path) -> tuple[Part, ...]:
    """Return the parts of an MP3 file, each of one rate; none where a decoder may read the file as it is.

    Raises `MediaError` for a file that was cut off inside the sound that its first frame promises.
    """
    with path.open("rb") as file:
        end = file.seek(0, 2)
        runs, partial = _runs(file, end)
        runs = [run for run in runs if run.n_frames >= MIN_FRAMES] or runs[:1]
    if not runs or sum(run.n_bytes for run in runs) * 2 < end - runs[0].first:  # the frames are chance
        return ()
    promised = _stated(runs[0])
    n_frames = sum(run.n_frames for run in runs)
    if partial and promised is not None and promised > n_frames + 1:
        raise MediaError(
            f"{path} is truncated: it holds {n_frames} of the {promised} frames of sound that its header promises; "
            "copy or export it again"
        )
    is_constant = not runs[0].tag and len(runs[0].bit_rates) == 1  # then a decoder's guess is right
    if len(runs) == 1 and (promised == n_frames or is_constant) and len(runs[0].ranges or ()) == 1:
        return ()
    return tuple(Part(tuple(run.ranges or ()), _first_frame(run)) for run in runs if run.n_frames)


def _runs(file: BinaryIO, end: int) -> tuple[list[_Run], bool]:
    """Return the runs of frames, and whether the last frame of the file is cut off."""
    runs: list[_Run] = []
    after_junk, partial = True, False
    for position, frame, head in _frames(file, end):
        partial = position + frame.size > end
        if partial:
            break
        tag = _tag(file, position, frame)
        if not runs or runs[-1].frame.kind != frame.kind:
            runs.append(_Run(frame, head, tag))
            after_junk = bool(tag)
        else:
            previous = (runs[-1].ranges or [(0, position)])[-1][1]
            after_junk = position != previous
        if not (tag and after_junk):
            runs[-1].add(position, position + frame.size, head[2] >> 4)
    return runs, partial


def _frames(file: BinaryIO, end: int) -> Iterator[tuple[int, Frame, bytes]]:
    """Yield the position, frame and header of each frame; what is none is skipped."""
    position, trusted = 0, False
    while position + 4 <= end:
        head = _bytes(file, position, 4)
        frame = parse_frame(head)
        if frame and (trusted or _is_followed(file, position, frame, end)):
            yield position, frame, head
            position, trusted = position + frame.size, True
        else:
            position, trusted = _skip(file, position, head, end), False


def _skip(file: BinaryIO, position: int, head: bytes, end: int) -> int:
    """The next byte at which a frame may begin."""
    if head[:3] == b"ID3":
        tag = _bytes(file, position, 10)
        if len(tag) == 10 and max(tag[6:]) < 0x80:
            size = int.from_bytes(tag[6:7]) << 21 | tag[7] << 14 | tag[8] << 7 | tag[9]
            return position + 10 + size + (10 if tag[5] & 0x10 else 0)
    while position < end:
        block = _bytes(file, position + 1, WINDOW)
        found = block.find(b"\xff")
        if found >= 0:
            return position + 1 + found
        position += max(1, len(block))
    return end


def _is_followed(file: BinaryIO, position: int, frame: Frame, end: int) -> bool:
    """Return whether another frame of the kind, a tag or the end of the file comes behind a frame."""
    behind = position + frame.size
    if behind >= end:
        return False
    head = _bytes(file, behind, 4)
    after = parse_frame(head)
    return head[:3] in (b"ID3", b"TAG", b"APE") or (after is not None and after.kind == frame.kind)


def _tag(file: BinaryIO, position: int, frame: Frame) -> bytes:
    """The whole frame if it is a tag (Xing, Info, VBRI) and no sound, else nothing."""
    name = _bytes(file, position + 4 + frame.n_side, 4)
    if name in (b"Xing", b"Info") or _bytes(file, position + 36, 4) == b"VBRI":
        return _bytes(file, position, min(frame.size, MAX_TAG_FRAME))
    return b""


def _stated(run: _Run) -> int | None:
    """The number of frames that a tag states."""
    start = 4 + run.frame.n_side
    if run.tag[start : start + 4] in (b"Xing", b"Info") and run.tag[start + 7 : start + 8] and run.tag[start + 7] & 1:
        return int.from_bytes(run.tag[start + 8 : start + 12])
    return None


def _first_frame(run: _Run) -> bytes:
    """A first frame with the true length; the encoder's delay is kept, its padding where the tag was true."""
    start = 4 + run.frame.n_side
    stated = _stated(run)
    if stated is None:
        return _made_up(run)
    if stated == run.n_frames:
        return run.tag
    tag = bytearray(run.tag)
    tag[start + 8 : start + 12] = run.n_frames.to_bytes(4)
    if tag[start + 7] & 2:
        tag[start + 12 : start + 16] = min(run.n_bytes + len(tag), 0xFFFF_FFFF).to_bytes(4)
    if tag[start + 7] & 15 == 15 and len(tag) > start + 144:
        tag[start + 142] &= 0xF0
        tag[start + 143] = 0
    return bytes(tag)


def _made_up(run: _Run) -> bytes:
    """A tag of the length, and a silent frame: the decoder takes it away as the delay of an encoder."""
    head = bytes((0xFF, run.head[1] | 1, MAKE_UP_KBIT << 4 | run.head[2] & 0x0C, run.head[3]))
    made = parse_frame(head)
    assert made is not None
    delay = (1152 if made.kind[0] == 3 else 576) - DECODER_DELAY
    tag = (
        b"Info"
        + (1).to_bytes(4)
        + (run.n_frames + 1).to_bytes(4)
        + b"LAME".ljust(21, b"\0")
        + (delay << 12).to_bytes(3)
    )
    return (head + b"\0" * made.n_side + tag).ljust(made.size, b"\0") + head.ljust(made.size, b"\0")


def _bytes(file: BinaryIO, position: int, size: int) -> bytes:
    file.seek(position)
    return file.read(size)
