"""Controls that are obeyed from hop to hop, of many streams as arrays: by networks, heads and faces that listen."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Doubles, Floats, Index, Longs, Mask
from space_runtime.soa import put
from space_runtime.style import MEAN_CODE, style_code
from space_runtime.values import HeadMode


@dataclass(frozen=True, slots=True, eq=False)
class HopControls:
    """One row per stream, or (B, T) of them.

    emotion: (n, 8). tempo: (n,) of the head. listens: (n,) whether the sound is the voice of another. style: (n, 4) of
    `style_code`, or (4,) for all rows.
    """

    emotion: Floats
    tempo: Doubles
    listens: Mask
    style: Floats = field(default_factory=lambda: MEAN_CODE)

    def __post_init__(self) -> None:
        """Give every row the style that is one for all."""
        if self.style.ndim == 1:
            object.__setattr__(self, "style", np.tile(self.style, (*self.tempo.shape, 1)))

    def over_hops(self, at: Index | slice, n_hops: int) -> HopControls:
        """Return (B, n_hops, …): some of the rows, the same for every hop."""
        return HopControls(
            self.emotion[at][:, None].repeat(n_hops, axis=1),
            self.tempo[at][:, None].repeat(n_hops, axis=1),
            self.listens[at][:, None].repeat(n_hops, axis=1),
            self.style[at][:, None].repeat(n_hops, axis=1),
        )

    def overwrite(self, place: int, hop: int, one: HopControls) -> None:
        """Overwrite a hop of (B, T) with the first row of another."""
        self.emotion[place, hop], self.tempo[place, hop] = one.emotion[0], one.tempo[0]
        self.listens[place, hop], self.style[place, hop] = one.listens[0], one.style[0]


@dataclass(frozen=True, slots=True, eq=False)
class HopControlBatch:
    """One row per stream. since, until: first and end of the media samples of outputs for which the row is true."""

    since: Doubles
    until: Doubles
    obeyed: HopControls

    def steady(self, at: Index | slice, first: Longs, last: Longs) -> bool:
        """Return whether some of the rows are true from their first to their last media samples."""
        return bool(((self.since[at] <= first) & (last < self.until[at])).all())

    def keep(self, row: int, fresh: HopControlBatch) -> None:
        """Overwrite a row."""
        put(self, np.array([row]), fresh)


def hop_controls_at(track: ControlTrack, sample: float, look_ahead: int) -> HopControlBatch:
    """Return the one row of a track for the hop whose output belongs to a media time.

    Who speaks is asked of the time of the sound, ``look_ahead`` samples later.
    """
    begin, end = track.steady(sample)
    heard_from, heard_until = track.steady(sample + look_ahead)
    obeyed = HopControls(
        emotion=track.emotion_at(sample)[None].astype(np.float32),
        tempo=np.array([track.at(sample).head_tempo]),
        listens=np.array([track.at(sample + look_ahead).head_mode is HeadMode.LISTEN]),
        style=style_code(track.style_at(sample))[None],
    )
    since, until = max(begin, heard_from - look_ahead), min(end, heard_until - look_ahead)
    return HopControlBatch(np.array([since], np.float64), np.array([until], np.float64), obeyed)
