"""Several channels to one without losing a voice: the mean, unless channels cancel each other or a centre carries it.

The choice is made once per window of 20 ms, counted from the first sample, from the windows before it: nothing waits,
and how the sound is cut into blocks does not change a bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats

WINDOWS_PER_SECOND: Final = 50
DECAY: Final = 0.8
"""Share of the energies of earlier windows that counts in the next: 0.1 s."""
CANCELLED: Final = 0.2
"""Power of the mean · channels / mean power of the channels (1 for independent ones) below which they cancel."""
RESTORED: Final = 0.5
"""The same quantity above which the mean is taken again."""
CENTRE_SHARE: Final = 1 / 16
"""A centre carries the voice once its loudest window has this share of the power of the loudest other window."""
VOICE_RANGE, NOISE_RANGE = 20.0, 4.0
"""Loudest by softest 0.1 s of a channel: a clean voice pauses, steady noise does not."""
NOISE_SHARE: Final = 1 / 30
"""Power of a channel of noise, by that of a voice, from which it is told."""
RANGE_WINDOWS: Final = 2 * WINDOWS_PER_SECOND
AUDIBLE: Final = 1e-7
"""Mean power below which a window decides nothing: −70 dB."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns of the centre and of the low-frequency channel, None where there is none or it is not known."""

    centre: int | None = None
    low: int | None = None


UNKNOWN: Final = Layout()


def mix_to_mono(block: Floats) -> Floats:
    """Return the (n,) mean over the channels of an (n, c) block."""
    return np.ascontiguousarray(block.mean(axis=1, dtype=np.float32))


def _no_note(note: str) -> None:
    """Ignore a note."""


class MonoMixer:
    """Mixes the blocks of one sound to mono.

    rate: samples per second. tell: takes one sentence without a full stop, at most once for each kind of choice, when
    something else than the mean is taken.
    """

    def __init__(
        self, rate: int, n_channels: int, layout: Layout = UNKNOWN, tell: Callable[[str], None] = _no_note
    ) -> None:
        self._rate = rate
        self._window = max(1, rate // WINDOWS_PER_SECOND)
        self._layout = layout if n_channels > 2 else UNKNOWN
        self._mains = [c for c in range(n_channels) if c != self._layout.low]
        self._tell = tell
        self._told: set[str] = set()
        self._pending: list[Floats] = []
        self._n_pending = self._n_windows = 0
        self._powers, self._mean_power = np.zeros(n_channels), 0.0
        self._most, self._least = np.zeros(n_channels), np.full(n_channels, np.inf)
        self._peak_centre = self._peak_other = 0.0
        self._before = self._now = [self._layout.centre] if self._layout.centre is not None else self._mains

    def mix(self, block: Floats) -> Floats:
        """Take (n, c) samples and return (n,): as many, at once."""
        if block.shape[1] == 1:
            return np.ascontiguousarray(block[:, 0])
        mixed: list[Floats] = []
        while len(block):
            piece = block[: self._window - self._n_pending]
            block = block[len(piece) :]
            mixed.append(self._mixed(piece))
            self._pending.append(piece.copy())  # a view would keep the whole block
            self._n_pending += len(piece)
            if self._n_pending == self._window:
                self._choose(np.concatenate(self._pending).astype(np.float64))
                self._pending, self._n_pending = [], 0
        return np.concatenate([np.zeros(0, np.float32), *mixed])

    def _mixed(self, piece: Floats) -> Floats:
        """The channels chosen; over the window after a change it fades in and the choice before fades out."""
        new = _mean_of(piece, self._now)
        if self._before == self._now:
            return new
        ramp = ((self._n_pending + 1 + np.arange(len(piece))) / self._window).astype(np.float32)
        return np.asarray(_mean_of(piece, self._before) * (1 - ramp) + new * ramp, np.float32)

    def _choose(self, window: Doubles) -> None:
        powers = (window**2).mean(axis=0)
        self._n_windows += 1
        self._powers = self._powers * DECAY + powers
        self._mean_power = self._mean_power * DECAY + float((window[:, self._mains].mean(axis=1) ** 2).mean())
        self._before = self._now
        if powers.max() < AUDIBLE:
            return
        self._tell_of_noise()
        self._now = self._voice(powers)

    def _voice(self, powers: Doubles) -> list[int]:
        """Return the columns whose mean is heard from the next window on."""
        centre = self._layout.centre
        if centre is not None and self._centre_carries(powers, centre):
            self._note("of its channels only the centre is heard, where films put the voice")
            return [centre]
        total = float(self._powers[self._mains].mean())
        ratio = self._mean_power * len(self._mains) / total if total else 1.0
        alone = len(self._now) == 1 and self._now != [centre]
        if ratio < CANCELLED or (alone and ratio < RESTORED):
            at_s = self._n_windows * self._window / self._rate
            self._note(f"its channels cancel each other ({at_s:.2f} s in); there the loudest one alone is heard")
            return self._now if alone else [max(self._mains, key=lambda column: float(self._powers[column]))]
        return self._mains

    def _centre_carries(self, powers: Doubles, centre: int) -> bool:
        others = [column for column in self._mains if column != centre]
        self._peak_centre = max(self._peak_centre, float(powers[centre]))
        self._peak_other = max(self._peak_other, float(powers[others].max()))
        return self._peak_centre >= max(AUDIBLE, CENTRE_SHARE * self._peak_other)

    def _tell_of_noise(self) -> None:
        """Say that the mean mixes steady noise into the voice of another channel."""
        self._most = np.maximum(self._most, self._powers)
        if self._n_windows > WINDOWS_PER_SECOND // 2:
            self._least = np.minimum(self._least, np.maximum(self._powers, AUDIBLE / 100))
        if self._n_windows < RANGE_WINDOWS or len(self._now) == 1:
            return
        ranges = self._most[self._mains] / self._least[self._mains]
        voices, noises = ranges >= VOICE_RANGE, ranges <= NOISE_RANGE
        loudest_voice = (self._most[self._mains] * voices).max()
        if loudest_voice and (self._most[self._mains] * noises).max() > NOISE_SHARE * loudest_voice:
            self._note("one of its channels is steady noise, which its mean mixes with the voice of another")

    def _note(self, note: str) -> None:
        kind = note.partition(" (")[0]
        if kind not in self._told:
            self._told.add(kind)
            self._tell(note)


def _mean_of(piece: Floats, columns: list[int]) -> Floats:
    """Return the (n,) mean of some columns."""
    if len(columns) == piece.shape[1]:
        return mix_to_mono(piece)
    return mix_to_mono(piece[:, columns])
