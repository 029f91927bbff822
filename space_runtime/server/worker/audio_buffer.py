"""A stream's sound on its way to the pipeline: chunks put in order, mixed to mono, resampled, cut into hops."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from engine_bridge.protocol.messages import ErrorCode, SampleFormat
from space_runtime.arrays import Floats
from space_runtime.errors import counted
from space_runtime.media.mono import MonoMixer
from space_runtime.media.resampling import Resampler
from space_runtime.server.limits import Refusal
from space_runtime.server.validation import SoundFormat
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import LOUDEST

FULL_SCALE_S16: Final = np.float32(1 / 32768)
MAX_REORDERED: Final = 1_024
"""Chunks that may wait for one before them."""
MAX_REORDERED_BYTES: Final = 2 << 20
"""Sound in them, as it was sent: 10 s of stereo at 48 kHz. They may overlap."""


class AudioBuffer:
    """Takes chunks in any order, gives hops in order.

    first_sample: index, at the stream's rate, at which the sound begins; what lies before is dropped.
    next_sample: the first index that has not come yet. buffered: samples at 16 kHz that wait; n_taken: those that left
    in hops. width: bytes of a sample of all channels. n_repeated, n_concealed: samples that came twice; that never came
    and were replaced by silence. n_early_bytes: of the chunks that wait for one before them. n_stated: samples of a
    file's whole sound, at 16 kHz; 0 while they are not known. notes: what is to be said about its channels.
    """

    def __init__(self, sound: SoundFormat, first_sample: int = 0) -> None:
        self.sound = sound
        self.next_sample = first_sample
        self.width = sound.width
        self.buffered = self.n_taken = 0
        self.n_repeated = self.n_concealed = self.n_early_bytes = self.n_stated = 0
        self._resampler = Resampler(sound.rate, SAMPLE_RATE) if sound.rate != SAMPLE_RATE else None
        self.notes: list[str] = []
        self._mixer = MonoMixer(sound.rate, sound.channels, tell=self.notes.append) if sound.channels > 1 else None
        self._reordered: dict[int, bytes] = {}
        self._pieces: deque[Floats] = deque()
        self._received: deque[tuple[int, float]] = deque()
        self._finished = False
        self._closed_at = 0.0

    @property
    def n_pushed(self) -> int:
        """Samples at 16 kHz in all."""
        return self.n_taken + self.buffered

    @property
    def has_gap(self) -> bool:
        """Return whether later chunks wait for one that has not come."""
        return bool(self._reordered)

    def add(self, first_sample: int, pcm: bytes | memoryview, now: float) -> None:
        """Take a chunk. Raises `Refusal` for bytes that are no whole samples, NaN, and samples beyond ±64."""
        samples = self._decoded(pcm)
        if first_sample > self.next_sample:
            self._keep(first_sample, bytes(pcm))
            return
        self._append(first_sample, samples, now)
        while self._reordered and (first := min(self._reordered)) <= self.next_sample:
            early = self._reordered.pop(first)
            self.n_early_bytes -= len(early)
            self._append(first, self._decoded(early), now)

    @property
    def lacks(self) -> bool:
        """Return whether more of a file is to come."""
        return self.n_pushed < self.n_stated

    def add_part(self, samples: Floats, n_stated: int, now: float) -> None:
        """Take the next (n,) mono samples of a file, at 16 kHz already. n_stated: of the whole file."""
        self._store(samples, now)
        self.next_sample += samples.size
        self.n_stated = n_stated if samples.size else self.n_pushed
        self._finished = not self.lacks

    def conceal(self, now: float) -> None:
        """Give up waiting for the chunk that lacks: silence takes its place."""
        if self._reordered:
            self._fill(min(self._reordered) - self.next_sample, now)
            self.add(self.next_sample, b"", now)

    def finish(self, n_samples: int, now: float) -> None:
        """Say that the sound is over at that index, or where it has got to; what has not come by now is silence."""
        if self._finished:
            return
        while self._reordered:
            self.conceal(now)
        self._fill(n_samples - self.next_sample, now)
        self._finished = True
        if self._resampler:
            self._store(self._resampler.finish(), now)

    def close(self, now: float) -> None:
        """Say that from now on silence follows what has come."""
        self._closed_at = now

    def pop(self, n_hops: int = 1) -> tuple[Floats, float]:
        """Return the next (n_hops · 320,) samples and when the last of them came.

        Where the sound ends in them, they are filled up with silence, which came when that end was known.
        """
        size = n_hops * HOP
        wanted = min(size, self.buffered)
        taken = self._take(wanted)
        if wanted < size:
            taken = np.concatenate([taken, np.zeros(size - wanted, np.float32)])
            return taken, self._closed_at
        while len(self._received) > 1 and self._received[0][0] < self.n_taken:
            self._received.popleft()
        return taken, self._received[0][1] if self._received else 0.0

    def _decoded(self, pcm: bytes | memoryview) -> Floats:
        """(n,) samples of one channel or (n, c) of several, float32."""
        channels, width = self.sound.channels, self.width
        if len(pcm) % width:
            raise Refusal(
                ErrorCode.BAD_VALUE,
                f"a chunk of {counted(len(pcm), 'byte')}; expected a multiple of {width} "
                f"({channels} channel(s) of {self.sound.format})",
            )
        if self.sound.format is SampleFormat.S16:
            samples = np.frombuffer(pcm, "<i2").astype(np.float32) * FULL_SCALE_S16
        else:
            samples = np.frombuffer(pcm, "<f4")
            if samples.size and not np.abs(samples).max() <= LOUDEST:  # NaN compares as false
                raise Refusal(
                    ErrorCode.BAD_SOUND,
                    f"a chunk contains NaN or values beyond ±{LOUDEST:g}; expected −1…1, repair the sound first",
                )
        return samples.reshape(-1, channels) if channels > 1 else samples

    def _keep(self, first_sample: int, pcm: bytes) -> None:
        n_known = len(self._reordered.get(first_sample, b""))
        if len(pcm) <= n_known:
            return
        n_bytes = self.n_early_bytes + len(pcm) - n_known
        if len(self._reordered) >= MAX_REORDERED or n_bytes > MAX_REORDERED_BYTES:
            waiting = counted(len(self._reordered), "chunk waits", "chunks wait")
            raise Refusal(ErrorCode.TOO_MUCH_SOUND, f"{waiting} for sample {self.next_sample}; send that one first")
        self._reordered[first_sample], self.n_early_bytes = pcm, n_bytes

    def _append(self, first_sample: int, samples: Floats, now: float) -> None:
        """Take what of a chunk is new."""
        n_known = min(self.next_sample - first_sample, len(samples))
        self.n_repeated += n_known
        new = samples[n_known:]
        self.next_sample += len(new)
        mono = self._mixer.mix(new) if self._mixer else new
        self._store(self._resampler.push(mono) if self._resampler else mono, now)

    def _fill(self, n_samples: int, now: float) -> None:
        """Put silence, a second at a time."""
        self.n_concealed += max(0, n_samples)
        while n_samples > 0:
            n = min(n_samples, self.sound.rate)
            channels = self.sound.channels
            self._append(self.next_sample, np.zeros((n, channels) if channels > 1 else n, np.float32), now)
            n_samples -= n

    def _store(self, samples: Floats, now: float) -> None:
        if samples.size:
            self._pieces.append(samples)
            self.buffered += samples.size
            self._received.append((self.n_taken + self.buffered, now))

    def _take(self, n: int) -> Floats:
        parts: list[Floats] = []
        self.n_taken += n
        self.buffered -= n
        while n:
            piece = self._pieces[0]
            parts.append(piece[:n])
            if piece.size <= n:
                self._pieces.popleft()
            else:
                self._pieces[0] = piece[n:]
            n -= parts[-1].size
        return parts[0] if len(parts) == 1 else np.concatenate([*parts, np.zeros(0, np.float32)])
