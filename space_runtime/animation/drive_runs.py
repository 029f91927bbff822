"""Presence of a driver: runs of rows in which he is seen, and how they come, go and follow one another without a jump.

A run ends with the last row that is seen before more than 0.1 s without one. Its values stay for 0.1 s, then its share
goes to 0 within 0.3 s; that of a run that begins rises to 1 within 0.4 s, over whatever is shown by then, which may be
an earlier run that still goes. A run that is there from the beginning does not rise. All is a function of the rows and
the media time: rows that come later than a time change nothing before it but the line from the last row to the next.
Shares rise and fall evenly but for soft ends (`_passage`): who comes or goes may look anywhere, so the way is the least
steep that has no kink to see.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from space_runtime.animation.rows_over_time import between_rows
from space_runtime.arrays import Doubles, Floats, Index
from space_runtime.capture.drive_rows import SEEN, DriveEnd, DriveRows
from space_runtime.timebase import SAMPLE_RATE

HELD: Final = 0.1 * SAMPLE_RATE
"""Samples for which a run's last row stays; also the longest gap between two rows of one run."""
FALL: Final = 0.3 * SAMPLE_RATE
"""Samples in which a run goes after that."""
RISE: Final = 0.4 * SAMPLE_RATE
"""Samples in which a run comes."""
CUT_RAD: Final = 10.0 / SAMPLE_RATE
"""Turn of the head in radians per sample that only a cut of the picture makes: shaken heads reach 7 rad/s."""
SOFT: Final = 0.2
"""Part of a passage at either end in which its speed comes and goes: no more acceleration than that of a cubic, and a
sixth less speed."""
N_VALUES: Final = 52 + 6 + 4
"""Numbers of a row: weights, head, eyes."""


@dataclass(frozen=True, slots=True, eq=False)
class DriveRuns:
    """The rows that are seen, P of them in R runs.

    samples: (P,) media times. values: (P, 62) weights, head, eyes. first, last: (R,) rows at the ends of each run.
    """

    samples: Doubles
    values: Floats
    first: Index
    last: Index
    end: DriveEnd

    @classmethod
    def of(cls, rows: DriveRows, end: DriveEnd) -> Self:
        """Return the runs of rows."""
        seen = rows.confidence >= SEEN
        n_rows = len(rows.samples)
        values = np.concatenate([rows.blendshapes, rows.head, rows.eyes_rad.reshape(n_rows, 4)], 1)[seen]
        samples = rows.samples[seen]
        steps, turns = np.diff(samples), np.abs(np.diff(rows.head[seen, :3], axis=0)).max(1, initial=0)
        breaks = np.flatnonzero((steps > HELD) | (turns > CUT_RAD * steps)) + 1
        edges = np.concatenate([[0], breaks, [len(samples)]] if len(samples) else [[0]]).astype(np.intp)
        return cls(samples, values, edges[:-1], edges[1:] - 1, end)

    def at(self, media_sample: Doubles) -> tuple[Doubles, Floats]:
        """Return ((F,) share 0…1 of the driver, (F, 62) his values, zeros without him) at media times.

        No bit depends on which times are asked for together.
        """
        share = np.zeros(len(media_sample))
        shown = np.zeros((len(media_sample), N_VALUES))
        for run, shift in self._around(float(media_sample.min()), float(media_sample.max())):
            part = self._share(run, shift, media_sample)
            share = (1 - part) * share + part
            shown = (1 - part)[:, None] * shown + part[:, None] * self._values(run, media_sample - shift)
        shown /= np.where(share > 0, share, 1)[:, None]
        return share, shown.astype(np.float32)

    @property
    def _period(self) -> float:
        """Samples after which the rows begin again, infinity for never."""
        length = float(self.samples[-1] - self.samples[0])
        return length if self.end is DriveEnd.LOOP and length > HELD else math.inf

    def _around(self, since: float, until: float) -> Iterator[tuple[int, float]]:
        """Yield the runs that may show in a stretch of time, as they follow one another, and how much later than their
        rows say."""
        if not len(self.samples):
            return
        for shift in self._laps(since, until):
            begun = self.samples[self.first] + shift <= until
            gone = self.samples[self.last] + shift + HELD + FALL <= since
            gone[-1] &= self.end is DriveEnd.REST
            yield from ((run, shift) for run in np.flatnonzero(begun & ~gone).tolist())

    def _laps(self, since: float, until: float) -> list[float]:
        """Return the samples by which repetitions lie behind the rows, of those that may show: under one that rises
        lies the one before."""
        period, begin = self._period, float(self.samples[0])
        if math.isinf(period):
            return [0.0]
        first = max(0, math.floor((since - begin) / period) - math.ceil(RISE / period))
        last = max(0, math.floor((until - begin) / period))
        return [lap * period for lap in range(first, last + 1)]

    def _share(self, run: int, shift: float, media_sample: Doubles) -> Doubles:
        """(F,) share of a run over what it follows."""
        begin, end = self.samples[self.first[run]] + shift, self.samples[self.last[run]] + shift
        came: Doubles = np.ones(len(media_sample))
        if begin > 0:
            came = came * _passage((media_sample - begin) / RISE)
        if run == len(self.last) - 1 and self.end is not DriveEnd.REST:
            return came
        share: Doubles = came * (1 - _passage((media_sample - end - HELD) / FALL))
        return share

    def _values(self, run: int, samples: Doubles) -> NDArray[np.floating]:
        """(F, 62) on the lines between a run's rows; its ends stay."""
        at = between_rows(self.samples, samples, int(self.first[run]), int(self.last[run]))
        return at.of(self.values)


def _passage(share: Doubles) -> Doubles:
    """Return how far a passage has come, 0…1, after a share of its time: parabolas at the ends, a line between."""
    begun = np.clip(share, 0, 1)
    left = 1 - begun
    soft = 2 * SOFT * (1 - SOFT)
    even: Doubles = (begun - SOFT / 2) / (1 - SOFT)
    return np.where(begun < SOFT, begun**2 / soft, np.where(left < SOFT, 1 - left**2 / soft, even))
