"""Sound of any rate to the 16 kHz of the runtime, block by block.

The state of this stage lives inside the resampling library (soxr, quality HQ) and not in a value; one `Resampler`
belongs to one sound.
"""

from __future__ import annotations

import numpy as np
import soxr

from space_runtime.arrays import Floats
from space_runtime.media.mono import mix_to_mono as mix_to_mono


class Resampler:
    """Changes the sample rate of a stream of blocks.

    Laws: how the sound is cut into blocks does not change a bit of the whole output; equal rates pass the samples
    through unchanged; n samples become n · rate_out / rate_in rounded to the nearest whole number; no delay (sample k
    of the output is the sound at k / rate_out seconds).
    """

    def __init__(self, rate_in: int, rate_out: int, n_channels: int = 1) -> None:
        self._stream = soxr.ResampleStream(rate_in, rate_out, n_channels, dtype="float32")
        self._silence = np.zeros((0, n_channels) if n_channels > 1 else 0, np.float32)

    def push(self, block: Floats) -> Floats:
        """Take (n,) samples of mono sound, or (n, c), and return those of the new rate that are ready."""
        return np.asarray(self._stream.resample_chunk(block), np.float32)

    def finish(self) -> Floats:
        """Say that the sound is over and return the remaining samples."""
        return np.asarray(self._stream.resample_chunk(self._silence, last=True), np.float32)
