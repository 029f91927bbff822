"""Sound files, read as a stream of blocks: twenty hours need no more memory than a second.

WAV, FLAC, OGG (Vorbis, Opus), MP3, AIFF and their like through libsndfile, everything else (m4a, webm, the sound of a
video …) through FFmpeg. Lengths are counted: what a header says about them is checked against the structure of the
file (`sound_parts`) and never decides what is heard.
"""

from __future__ import annotations

import hashlib
import logging
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from space_runtime.arrays import Floats
from space_runtime.errors import MediaError, one_line
from space_runtime.extras import av, is_installed, need
from space_runtime.media.ffmpeg_sound import Track, choose_track, count_packets, open_container, track_blocks
from space_runtime.media.glued import ends_with_a_frame, is_followed
from space_runtime.media.mono import UNKNOWN, Layout, MonoMixer
from space_runtime.media.quiet_stderr import quiet_stderr
from space_runtime.media.resampling import MAX_RATE, MIN_RATE, Resampler
from space_runtime.media.sound_parts import Parts, first_line, open_part, part_blocks, scan_parts
from space_runtime.media.stated_end import check_whole
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import LOUDEST

MAX_LIVE_RATE: Final = 192_000
"""Highest rate of pushed sound in the protocol, hertz."""
LOWERED_RATE: Final = 48_000
PACKET_SLACK_S: Final = 0.15
"""Seconds that packets may last longer than the samples in them: decoders drop these at both ends."""
FOLLOWED: Final = "another file is glued to its end, which players do not play either; cut the file there"
log = logging.getLogger(__name__)

Reader = Callable[[Callable[[str], None]], Iterator[Floats]]
"""Yields (n, c) blocks; what it has to say goes, a sentence at a time, to the function that it takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A sound file whose header has been read; may be streamed any number of times.

    rate: samples per second, 4,000…768,000. n_channels: ≥ 1. n_samples: the length as far as it is known before all is
    read, for showing progress; None if it is not. layout: the columns of special channels.
    """

    path: Path
    rate: int
    n_channels: int
    n_samples: int | None
    _read: Reader
    layout: Layout = UNKNOWN
    _told: list[str] = field(default_factory=list)

    def blocks(self) -> Iterator[Floats]:
        """Yield the sound as (n, n_channels) float32 blocks of a second or so, full scale −1…1.

        Raises `MediaError` for NaN, infinity and values beyond ±64 (naming the time), damage, truncation and a sound
        that does not last one sample at 16 kHz.
        """
        n_read, n_bytes = 0, _size(self.path)
        try:
            for block in self._read(self.warn):
                _check_samples(self, block, n_read)
                n_read += len(block)
                if len(block):
                    yield block
        except _decoding_errors() as error:
            _check_unchanged(self, n_bytes, has_failed=True)
            raise MediaError(
                f"{self.path} is damaged {n_read / self.rate:.2f} s into the sound ({first_line(error)}); "
                "repair it or export it again"
            ) from None
        _check_unchanged(self, n_bytes)
        _check_length(self, n_read)

    def mixer(self) -> MonoMixer:
        """Return what mixes the blocks of one reading to mono; it warns where a voice might get lost."""
        if self.n_channels > 2 and self.layout == UNKNOWN:
            self.warn(
                f"its {self.n_channels} channels are heard as their mean; if one holds the voice, export it alone"
            )
        return MonoMixer(self.rate, self.n_channels, self.layout, self.warn)

    @property
    def live_rate(self) -> int:
        """The rate at which the sound is pushed live: its own, or 48 kHz where the protocol has no such rate."""
        return self.rate if self.rate <= MAX_LIVE_RATE else LOWERED_RATE

    def live_blocks(self) -> Iterator[Floats]:
        """Yield the sound as (n,) mono blocks at `live_rate`; raises what `blocks` raises."""
        return self._mono_blocks(self.live_rate)

    def speech_blocks(self) -> Iterator[Floats]:
        """Yield the sound as (n,) mono blocks at 16 kHz; raises what `blocks` raises. Length as in `Resampler`."""
        return self._mono_blocks(SAMPLE_RATE)

    def _mono_blocks(self, rate: int) -> Iterator[Floats]:
        resampler, mixer = Resampler(self.rate, rate), self.mixer()
        for block in self.blocks():
            yield resampler.push(mixer.mix(block))
        yield resampler.finish()

    def warn(self, note: str) -> None:
        """Log one sentence about the sound, once."""
        if note not in self._told:
            self._told.append(note)
            log.warning("%s: %s", one_line(str(self.path)), note)

    @property
    def notes(self) -> tuple[str, ...]:
        """The sentences that were logged about the sound so far, in order."""
        return tuple(self._told)

    def sha256(self) -> str:
        """Return what `file_sha256` returns."""
        return file_sha256(self.path)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text, reading it in pieces. Raises `MediaError` when it cannot."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise MediaError(f"{path} cannot be read ({error.strerror or error}); check its permissions") from None


def _decoding_errors() -> tuple[type[Exception], ...]:
    """Return the errors of the decoders that are installed."""
    return (soundfile.LibsndfileError, OSError, *((av.FFmpegError,) if is_installed("av") else ()))


def open_sound(path: Path) -> Sound:
    """Return the sound in a file. Raises `MediaError` when there is none that can be read.

    Samples are read later, by `Sound.blocks`; what is wrong with them shows only then.
    """
    _check_path(path)
    try:
        check_whole(path)
        parts = scan_parts(path)
        sound = _open_with_soundfile(path, parts)
        if is_installed("av") and (parts.wants_ffmpeg or (parts.may_lie and _is_contradicted(path, sound))):
            sound = replace(_open_with_av(path, "its pages lack or begin late"), _told=sound._told)
    except soundfile.LibsndfileError as error:
        sound = _open_with_av(path, first_line(error))
    except OSError as error:
        raise MediaError(f"{path} cannot be read ({error.strerror or error}); copy it to a disk that works") from None
    if not MIN_RATE <= sound.rate <= MAX_RATE:
        raise MediaError(
            f"{path} has {sound.rate} samples per second, outside {MIN_RATE}…{MAX_RATE}; resample it, 48000 is usual"
        )
    return sound


def silent_sound(path: Path, n_samples: int) -> Sound:
    """Return a file that holds no sound as silence of so many samples at 16 kHz."""
    return Sound(path, SAMPLE_RATE, 1, n_samples, partial(_silence, n_samples))


def _silence(n_samples: int, _: Callable[[str], None]) -> Iterator[Floats]:
    for first in range(0, n_samples, SAMPLE_RATE):
        yield np.zeros((min(SAMPLE_RATE, n_samples - first), 1), np.float32)


def _check_path(path: Path) -> None:
    try:
        str(path).encode()
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            raise MediaError(f"{path} is a folder, not a sound; name the files inside it")
        if not stat.S_ISREG(info.st_mode):  # a pipe or a device may block or never end
            raise MediaError(f"{path} is a pipe or a device; expected a sound file, save the sound as one first")
        path.open("rb").close()
    except UnicodeEncodeError:
        raise MediaError(f"the file name {path} is not valid Unicode text; rename the file") from None
    except FileNotFoundError:
        raise MediaError(f"{path} does not exist; check the name") from None
    except OSError as error:
        raise MediaError(f"{path} cannot be opened ({error.strerror}); check its permissions") from None
    if info.st_size == 0:
        raise MediaError(f"{path} is an empty file; export the sound again")


def _open_with_soundfile(path: Path, parts: Parts) -> Sound:
    with open_part(path, parts.parts[0]) as file:
        if file.frames == 0:
            raise MediaError(f"{path} holds no samples; export the sound again")
        with quiet_stderr():
            file.read(1)  # an error here, like one of opening, leaves the file to FFmpeg
        rate, n_channels, n_samples, layout = file.samplerate, file.channels, file.frames, parts.layout(file)
    length = n_samples if len(parts.parts) == 1 else None
    return Sound(path, rate, n_channels, length, partial(part_blocks, path, parts, rate, n_channels), layout)


def _is_contradicted(path: Path, sound: Sound) -> bool:
    """Return whether the packets last longer than libsndfile reads, leave gaps, or are whole and fewer than stated."""
    counted = count_packets(path)
    if counted is None or sound.n_samples is None:
        return bool(counted and counted.has_gaps)
    stated_s = sound.n_samples / sound.rate
    if counted.seconds < stated_s - PACKET_SLACK_S and ends_with_a_frame(path):
        sound.warn(f"its header promises {stated_s:.2f} s; the {counted.seconds:.2f} s that are there are heard")
        return True
    return counted.has_gaps or counted.seconds > stated_s + PACKET_SLACK_S


def _open_with_av(path: Path, reason: str) -> Sound:
    """Open what libsndfile refused for ``reason``."""
    if not is_installed("av"):
        raise MediaError(f"{path} cannot be read ({reason}); use WAV, FLAC, OGG, Opus or MP3; {need('av')}")
    not_a_sound = MediaError(
        f"{path} is not a sound that can be read ({reason}); "
        "use WAV, FLAC, OGG, Opus, MP3 or m4a with one channel or more"
    )
    try:
        with open_container(path) as container:
            if not container.streams.audio:
                raise MediaError(f"{path} has no sound in it; choose a file with a sound track")
            track = choose_track(container)
    except (av.FFmpegError, OSError, ValueError):
        raise not_a_sound from None
    if track is None:
        raise not_a_sound
    return Sound(path, track.rate, track.n_channels, None, partial(_av_blocks, path, track), track.layout)


def _av_blocks(path: Path, track: Track, tell: Callable[[str], None]) -> Iterator[Floats]:
    for note in (track.note, FOLLOWED if is_followed(path) else ""):
        if note:
            tell(note)
    yield from track_blocks(path, track, tell)


def _check_samples(sound: Sound, block: Floats, n_before: int) -> None:
    bad = ~(np.abs(block) <= LOUDEST).all(axis=1)  # NaN compares as false
    if not bad.any():
        return
    first = int(bad.argmax())
    worst = float(np.abs(block[first]).max())
    what = f"of size {worst:g}" if np.isfinite(worst) else "that is no number (NaN or infinity)"
    raise MediaError(
        f"{sound.path} has a sample {what} at {(n_before + first) / sound.rate:.3f} s; "
        "expected −1…1, repair or normalise the sound"
    )


def _size(path: Path) -> int:
    """Bytes of a file, 0 when it is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _check_unchanged(sound: Sound, n_bytes: int, has_failed: bool = False) -> None:
    """Raise `MediaError` when a file of so many bytes has become shorter, or is gone, which harms only what failed."""
    now = _size(sound.path)
    if has_failed and not now:
        raise MediaError(f"{sound.path} was removed while it was read; keep it until it has been read")
    if 0 < now < n_bytes:
        raise MediaError(f"{sound.path} was cut short while it was read; copy it again, and read it when it is whole")
    if now > n_bytes:
        sound.warn("it grew while it was read; what came later may be missing")


def _check_length(sound: Sound, n_read: int) -> None:
    if n_read == 0:
        raise MediaError(f"{sound.path} holds no samples; export the sound again")
    if n_read * SAMPLE_RATE < sound.rate:
        raise MediaError(
            f"{sound.path} lasts only {n_read / sound.rate * 1e6:.0f} µs, less than one sample at {SAMPLE_RATE} Hz; "
            "choose a longer sound"
        )
