"""The sound file of a stream while it is read, part by part: little of it is decoded ahead, whatever it unpacks to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from space_runtime.timebase import SAMPLE_RATE

PART: Final = 5 * SAMPLE_RATE
"""Samples at 16 kHz that are decoded ahead."""
LOW: Final = PART // 2
"""Decoded samples left at which the next part is asked for."""
SAMPLE_BYTES: Final = 4


@dataclass(slots=True, eq=False)
class FileSound:
    """A sound file that is not read to its end yet. source: its bytes, or a file of the operator.

    is_asked: a part is on its way. took_s: seconds that reading has taken so far.
    """

    source: bytes | memoryview | Path
    is_asked: bool = False
    took_s: float = 0.0

    @property
    def n_bytes(self) -> int:
        """Bytes that are kept of it."""
        return 0 if isinstance(self.source, Path) else len(self.source)

    @property
    def n_part(self) -> int:
        """Samples that are asked for at a time: decoded, they may have as many bytes as the file."""
        return max(PART, self.n_bytes // SAMPLE_BYTES)

    def wants_more(self, n_left: int) -> bool:
        """Return whether the next part is to be asked for. n_left: decoded samples."""
        return not self.is_asked and n_left < LOW
