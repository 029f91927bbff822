"""Sound files, read as a stream of blocks: twenty hours need no more memory than a second.

WAV, FLAC, OGG (Vorbis, Opus), MP3, AIFF and their like through libsndfile, everything else (m4a, webm, the sound of a
video …) through FFmpeg.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from space_runtime.arrays import Floats
from space_runtime.errors import MediaError
from space_runtime.extras import NEEDS, av, is_installed
from space_runtime.media.resampling import MAX_RATE, MIN_RATE, Resampler, mix_to_mono
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import LOUDEST

BLOCKS_PER_SECOND: Final = 1
TRUNCATION_SLACK: Final = 0.01
"""Length that may lack from what the header promises before a file counts as truncated, besides a tenth of a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A sound file whose header has been read; may be streamed any number of times.

    rate: samples per second, 4,000…768,000. n_channels: ≥ 1. n_samples: length that the header promises, None if it
    promises none.
    """

    path: Path
    rate: int
    n_channels: int
    n_samples: int | None
    _read: Callable[[Path], Iterator[Floats]]

    def blocks(self) -> Iterator[Floats]:
        """Yield the sound as (n, n_channels) float32 blocks of a second or so, full scale −1…1.

        Raises `MediaError` for NaN, infinity and values beyond ±64 (naming the time), damage, truncation and a sound
        that does not last one sample at 16 kHz.
        """
        n_read = 0
        try:
            for block in self._read(self.path):
                _check_samples(self, block, n_read)
                n_read += len(block)
                yield block
        except _decoding_errors() as error:
            raise MediaError(
                f"{self.path} is damaged {n_read / self.rate:.2f} s into the sound ({_first_line(error)}); "
                "repair it or export it again"
            ) from None
        _check_length(self, n_read)

    def speech_blocks(self) -> Iterator[Floats]:
        """Yield the sound as (n,) mono blocks at 16 kHz; raises what `blocks` raises. Length as in `Resampler`."""
        resampler = Resampler(self.rate, SAMPLE_RATE)
        for block in self.blocks():
            yield resampler.push(mix_to_mono(block))
        yield resampler.finish()

    def sha256(self) -> str:
        """Return the SHA-256 of the file as hexadecimal text, reading it in pieces."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _decoding_errors() -> tuple[type[Exception], ...]:
    """Return the errors of the decoders that are installed."""
    return (soundfile.LibsndfileError, OSError, *((av.FFmpegError,) if is_installed("av") else ()))


def open_sound(path: Path) -> Sound:
    """Return the sound in a file. Raises `MediaError` when there is none that can be read.

    Samples are read later, by `Sound.blocks`; what is wrong with them shows only then.
    """
    _check_path(path)
    try:
        sound = _open_with_soundfile(path)
    except soundfile.LibsndfileError as error:
        sound = _open_with_av(path, _first_line(error))
    if not MIN_RATE <= sound.rate <= MAX_RATE:
        raise MediaError(
            f"{path} has {sound.rate} samples per second, outside {MIN_RATE}…{MAX_RATE}; resample it, 48000 is usual"
        )
    return sound


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


def _open_with_soundfile(path: Path) -> Sound:
    with soundfile.SoundFile(path) as file:
        _check_stated_length(path, file.extra_info)
        if file.frames == 0:
            raise MediaError(f"{path} holds no samples; export the sound again")
        return Sound(path, file.samplerate, file.channels, file.frames, _soundfile_blocks)


def _check_stated_length(path: Path, log: str) -> None:
    """libsndfile reads a WAV or AIFF file that was cut off as if it were whole; its log alone tells."""
    found = re.search(r"^(?:data| SSND) : (\d+) \(should be (\d+)\)", log, re.MULTILINE)
    if found is None:
        return
    promised, present = int(found[1]), int(found[2])
    if present < promised < 0x7FFF_0000:  # larger values are what programs that write into a pipe put there
        raise MediaError(
            f"{path} is truncated: it holds {present} of the {promised} bytes of sound that its header promises; "
            "copy or export it again"
        )


def _soundfile_blocks(path: Path) -> Iterator[Floats]:
    with soundfile.SoundFile(path) as file:
        n_block = max(1, file.samplerate // BLOCKS_PER_SECOND)
        while len(block := file.read(n_block, dtype="float32", always_2d=True)):
            yield block


def _open_with_av(path: Path, reason: str) -> Sound:
    """Open what libsndfile refused for ``reason``."""
    if not is_installed("av"):
        raise MediaError(f"{path} cannot be read ({reason}); use WAV, FLAC, OGG, Opus or MP3; {NEEDS['av']}")
    not_a_sound = MediaError(
        f"{path} is not a sound that can be read ({reason}); "
        "use WAV, FLAC, OGG, Opus, MP3 or m4a with one channel or more"
    )
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise MediaError(f"{path} has no sound in it; choose a file with a sound track")
            stream = container.streams.audio[0]
            if stream.codec_context is None or stream.rate < 1 or stream.channels < 1:  # None: no decoder for it
                raise not_a_sound
            promised = _promised_samples(container, stream.rate)
            return Sound(path, stream.rate, stream.channels, promised, _av_blocks)
    except (av.FFmpegError, OSError):
        raise not_a_sound from None


def _promised_samples(container: av.container.InputContainer, rate: int) -> int | None:
    """The length in the header, of formats that write it there; others would only be guessed from the bit rate."""
    exact = {"mov", "mp4", "matroska", "webm"} & set(container.format.name.split(","))
    if not exact or container.duration is None:
        return None
    return int(container.duration * rate // 1_000_000)


def _av_blocks(path: Path) -> Iterator[Floats]:
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        to_planar_float = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
        for decoded in container.decode(stream):
            decoded.pts = None  # gaps in the container's time line are not speech; samples are taken one after another
            for frame in to_planar_float.resample(decoded):
                yield np.ascontiguousarray(frame.to_ndarray().T)


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


def _check_length(sound: Sound, n_read: int) -> None:
    if n_read == 0:
        raise MediaError(f"{sound.path} holds no samples; export the sound again")
    if n_read * SAMPLE_RATE < sound.rate:
        raise MediaError(
            f"{sound.path} lasts only {n_read / sound.rate * 1e6:.0f} µs, less than one sample at {SAMPLE_RATE} Hz; "
            "choose a longer sound"
        )
    promised = sound.n_samples or 0
    if n_read < promised * (1 - TRUNCATION_SLACK) - sound.rate / 10:
        raise MediaError(
            f"{sound.path} is truncated: it holds {n_read / sound.rate:.2f} s of the {promised / sound.rate:.2f} s "
            "that its header promises; copy or export it again"
        )


def _first_line(error: Exception) -> str:
    """The library's own reason, without the path that the sentence around it names already."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return re.sub(r"^Error opening .*?: |^Error : |: '[^']*'$", "", text).rstrip(".")
