"""Sound of any rate to the 16 kHz of the runtime, block by block.

The state of this stage lives inside the resampling library (soxr, quality HQ) and not in a value; one `Resampler`
belongs to one sound.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import soxr
from numpy.typing import ArrayLike, NDArray

from space_runtime.arguments import numbers_of, whole
from space_runtime.arrays import Floats
from space_runtime.errors import UsageError
from space_runtime.values import LOUDEST

MIN_RATE: Final = 4_000
MAX_RATE: Final = 768_000
MAX_CHANNELS: Final = 1_024
"""As many as a sound file can have."""
MAX_PUSHED_CHANNELS: Final = 32
"""More are a sound whose axes are swapped."""


def sound_of(samples: ArrayLike) -> Floats:
    """Return sound as float32, full scale −1…1, of (n,) or (n, channels) samples, in any sequence.

    Floats are taken as they are, int16 and int32 by their full scale, uint8 around 128. Raises `UsageError` for other
    shapes and types, NaN and values beyond ±64.
    """
    given = numbers_of("the sound", samples)
    if given.ndim not in (1, 2) or (given.ndim == 2 and not 1 <= given.shape[1] <= MAX_PUSHED_CHANNELS):
        raise UsageError(
            f"the sound has the shape {given.shape}; expected (n,), or (n, channels) of at most {MAX_PUSHED_CHANNELS}"
        )
    if given.dtype.kind != "f":
        return _from_whole(given)
    if not (np.abs(given) <= LOUDEST).all():
        raise UsageError(f"samples contain NaN or values beyond ±{LOUDEST:g}; expected −1…1, repair the sound first")
    return given.astype(np.float32, copy=False)


def _from_whole(given: NDArray[np.number]) -> Floats:
    """Sound of whole numbers, of which the type tells the scale."""
    kind, n_bytes = given.dtype.kind, given.dtype.itemsize
    if kind == "i" and n_bytes in (2, 4):
        return (given / 2.0 ** (8 * n_bytes - 1)).astype(np.float32)
    if kind == "u" and n_bytes == 1:
        return (given / 128.0 - 1.0).astype(np.float32)
    if given.any():  # silence is silence on every scale
        raise UsageError(f"samples are {given.dtype}, whose scale is unknown; give floats in −1…1, int16 or int32")
    return np.zeros(given.shape, np.float32)


class Resampler:
    """Changes the sample rate of a stream of blocks.

    Laws: how the sound is cut into blocks does not change a bit of the whole output; equal rates pass the samples
    through unchanged; n samples become n · rate_out / rate_in rounded to the nearest whole number; no delay (sample k
    of the output is the sound at k / rate_out seconds).

    rate_in, rate_out: samples per second, 4,000…768,000. Raises `UsageError` for other rates and numbers of channels.
    """

    def __init__(self, rate_in: int, rate_out: int, n_channels: int = 1) -> None:
        rates = [whole(what, rate, MIN_RATE, MAX_RATE) for what, rate in (("rate_in", rate_in), ("rate_out", rate_out))]
        self._n_channels = n_channels = whole("n_channels", n_channels, 1, MAX_CHANNELS)
        self._finished = False
        self._stream = soxr.ResampleStream(*rates, n_channels, dtype="float32")
        self._silence = np.zeros((0, n_channels) if n_channels > 1 else 0, np.float32)

    def push(self, block: ArrayLike) -> Floats:
        """Take (n,) samples of mono sound, or (n, c), and return those of the new rate that are ready.

        Raises `UsageError` for another shape, what is no number, and after `finish`.
        """
        self._check_open()
        samples = numbers_of("the block", block)
        if samples.ndim == 0 or samples.shape[1:] != self._silence.shape[1:]:
            expected = "(n,)" if self._n_channels == 1 else f"(n, {self._n_channels})"
            raise UsageError(f"the block has the shape {samples.shape}; expected {expected}, give it that shape")
        with np.errstate(over="ignore"):  # a double may be infinite as a float, and stays so
            floats = samples.astype(np.float32, copy=False)
        return np.asarray(self._stream.resample_chunk(floats), np.float32)

    def finish(self) -> Floats:
        """Say that the sound is over and return the remaining samples. Raises `UsageError` when said twice."""
        self._check_open()
        self._finished = True
        return np.asarray(self._stream.resample_chunk(self._silence, last=True), np.float32)

    def _check_open(self) -> None:
        if self._finished:
            raise UsageError("the sound is finished; open another Resampler for another sound")
