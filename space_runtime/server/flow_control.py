"""The counted facts of every session as arrays by row, so that a whole batch of frames is accounted for at once.

Nobody else keeps them: `Stream` and `SessionState` read and write them here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Final, Self

import numpy as np

from space_runtime.arrays import Doubles, Floats, Index, Longs

ENDLESS: Final = 1 << 60
"""Frames of a stream whose end is not known."""


@dataclass(slots=True, eq=False)
class FlowControl:
    """One row per session, the same as in the stream batch.

    session: its number. stream: number of its latest stream, −1 before the first. seq, first_seq: of the next frame, of
    the stream's first one. until: first seq without credit; window: what until was at the beginning. sent, dropped:
    frames of the stream. wanted: frames in all. first_index, samples, per_frames: frame n of the stream has index
    first_index + n, and index i lies at the media sample i · samples / per_frames.
    started_at: seconds of the server's clock when the stream's first sound came, NaN before. late_after_s: seconds
    after its time from which a frame is late: the playout delay; infinite where nothing is ever late.
    encoder: number of the session's frame encoder. loudest: power of the loudest hop of the stream; speech: how much of
    a frame was speech at most.
    """

    session: Longs
    stream: Longs
    seq: Longs
    first_seq: Longs
    until: Longs
    window: Longs
    sent: Longs
    dropped: Longs
    wanted: Longs
    first_index: Longs
    samples: Longs
    per_frames: Longs
    encoder: Longs
    started_at: Doubles
    late_after_s: Doubles
    loudest: Doubles
    speech: Doubles

    @classmethod
    def of(cls, n_rows: int) -> Self:
        """Return rows of zeros."""
        kinds = {"Longs": np.int64, "Doubles": np.float64}
        return cls(**{column.name: np.zeros(n_rows, kinds[str(column.type)]) for column in fields(cls)})

    def open(self, row: int, session: int, until: int, encoder: int) -> None:
        """Give a row to a session that has no stream yet."""
        self._grow(row + 1)
        for column in fields(self):
            getattr(self, column.name)[row] = 0
        self.session[row], self.stream[row], self.encoder[row] = session, -1, encoder
        self.until[row] = self.window[row] = until

    def begin(self, row: int, stream: int, first_index: int, samples_per_frame: Fraction, late_after_s: float) -> None:
        """Let a stream begin in a row."""
        self.stream[row], self.sent[row], self.dropped[row] = stream, 0, 0
        self.first_seq[row] = self.seq[row]
        self.wanted[row], self.first_index[row] = ENDLESS, first_index
        self.started_at[row], self.late_after_s[row] = np.nan, late_after_s
        self.loudest[row] = self.speech[row] = 0.0
        self.lay_grid(row, samples_per_frame)

    def note_sound(self, rows: Index, sound: Floats) -> None:
        """Take the (B, S) sound of different rows into account."""
        self.loudest[rows] = np.maximum(self.loudest[rows], np.einsum("bs,bs->b", sound, sound) / sound.shape[1])

    def note_speech(self, rows: Index, speech: Floats) -> None:
        """Take how much of (F,) frames is speech into account."""
        np.maximum.at(self.speech, rows, speech)

    def lay_grid(self, row: int, samples_per_frame: Fraction) -> None:
        """Let frames lie so many media samples apart."""
        self.samples[row], self.per_frames[row] = samples_per_frame.as_integer_ratio()

    def media_sample(self, rows: Index, index: Longs) -> Doubles:
        """Return (F,) media samples, at the rates of the streams, of frames by (F,) index."""
        samples: Doubles = index * self.samples[rows] / self.per_frames[rows]
        return samples

    def rate(self, row: int, fps: Fraction) -> int:
        """Return the samples per second in which the media times of a row's stream are said. fps: of its session."""
        return self.samples.item(row) * fps.numerator // (self.per_frames.item(row) * fps.denominator)

    def _grow(self, n_rows: int) -> None:
        """Make room for at least that many rows."""
        missing = n_rows - len(self.session)
        if missing > 0:
            for column in fields(self):
                old = getattr(self, column.name)
                setattr(self, column.name, np.concatenate([old, np.zeros(max(missing, len(old)), old.dtype)]))
