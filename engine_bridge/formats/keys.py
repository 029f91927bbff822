"""Fewer keys for the same motion: a frame is left out where a straight line between keys comes close enough.

Closures of the lips (p, b, m), turning points, and frames where a weight leaves 0 or 1 or comes to it always stay.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine_bridge.formats.clip import TONGUE_UP, Clip, Values
from engine_bridge.protocol.arkit import ARKIT_NAMES

Frames = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The largest error of a curve at any frame: by ``weight`` of 0…1, or early or late by ``ms`` milliseconds."""

    weight: float = 0.002
    ms: float = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The keys of one shape, linear in between. times_s: (K,) rising; values: (K,) weights."""

    name: str
    times_s: Values
    values: Values

    def at(self, times_s: Values) -> Values:
        """Return the values at any times; the ends hold."""
        if not len(self.times_s):
            return np.zeros(len(times_s))
        return np.interp(times_s, self.times_s, self.values)


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """The keys of one node's rotation, linear in between. path: of the node. times_s: (K,) rising; rotations: (K, 4),
    x y z w, with continuous signs."""

    path: str
    times_s: Values
    rotations: Values


FRAMES_PER_WALK: Final = 8_192
"""Frames from one key that always is to the next: bounds the memory for a clip of any length."""
TOLERANCE: Final = Tolerance()
"""The tolerance unless another is asked for: a fifth of a percent, and a quarter of a frame at 60 a second."""


def curves_of(clip: Clip, tolerance: Tolerance) -> Iterator[Curve]:
    """Yield a curve for each of ARKit's shapes, and one for `TONGUE_UP`; none when the clip has no weights."""
    weights = clip.blendshapes
    if weights is None:
        return
    closed = closures(weights) if clip.n_frames else np.zeros(0, np.bool_)
    none = np.zeros(clip.n_frames, np.bool_)
    for name in (*ARKIT_NAMES, TONGUE_UP):
        values = clip.shape(name)
        moves = (values > 0) & (values < 1)  # rest needs no keys to stay what it is
        keys = key_frames(clip.times_s, values, tolerance, closed & moves if name in _OF_MOUTH else none)
        yield Curve(name, clip.times_s[keys], values[keys])


def turn_of(path: str, times_s: Values, rotations: Values, tolerance: Tolerance) -> Turn:
    """Return the keys of (T, 4) rotations; each of their numbers keeps the tolerance."""
    none = np.zeros(len(times_s), np.bool_)
    keys = [key_frames(times_s, rotations[:, column], tolerance, none) for column in range(4)]
    together = np.unique(np.concatenate(keys))
    return Turn(path, times_s[together], rotations[together])


def _column(weights: Values, place: int) -> Values:
    return np.clip(np.asarray(weights[:, place], np.float64), 0, 1)


def closures(weights: Values) -> Frames:
    """Return which of T frames shut the lips, by their (T, 52) weights: (T,).

    Those are local minima of the opening (``jawOpen`` less ``mouthClose``) and peaks of ``mouthClose``; of a level one
    the first and the last frame.
    """
    jaw, close = (_column(weights, ARKIT_NAMES.index(name)) for name in ("jawOpen", "mouthClose"))
    return minima(jaw - close) | minima(-close)


def key_frames(times_s: Values, values: Values, tolerance: Tolerance, kept: Frames) -> NDArray[np.intp]:
    """Return the frames of T that become keys, rising; those of ``kept``, (T,), are among them.

    Law: at every frame the line between keys lies within what the curve is ``tolerance.ms`` around it, and
    ``tolerance.weight`` more.
    """
    found = [np.arange(min(len(values), 1))]
    for first in range(0, len(values) - 1, FRAMES_PER_WALK):
        part = slice(first, first + FRAMES_PER_WALK + 1)
        found.append(first + _keys(times_s[part], values[part], tolerance, kept[part])[1:])
    return np.concatenate(found)


def _keys(times_s: Values, values: Values, tolerance: Tolerance, kept: Frames) -> NDArray[np.intp]:
    """The keys of two frames or more, the first and the last among them."""
    must = kept | _turning(values, tolerance.weight) | _rims(values)
    must[-1] = True
    lower, upper = _tube(times_s, values, tolerance)
    return np.asarray(_funnel(times_s.tolist(), values.tolist(), lower.tolist(), upper.tolist(), must.tolist()))


_OF_MOUTH: Final = frozenset(name for name in ARKIT_NAMES if name.startswith(("mouth", "jaw")))


def _tube(times_s: Values, values: Values, tolerance: Tolerance) -> tuple[Values, Values]:
    """The bounds of a curve at each frame: its extremes within ``ms`` around, and ``weight`` more."""
    step = tolerance.ms / 1_000
    around = [np.interp(times_s + shift, times_s, values) for shift in (-step, 0.0, step)]
    spacing = float(np.min(np.diff(times_s)))
    for k in range(1, min(math.floor(step / spacing), len(values) - 1) + 1):
        around += [
            np.concatenate([values[k:], values[-1:].repeat(k)]),
            np.concatenate([values[:1].repeat(k), values[:-k]]),
        ]
    return np.min(around, axis=0) - tolerance.weight, np.max(around, axis=0) + tolerance.weight


def _funnel(
    times: list[float], values: list[float], lower: list[float], upper: list[float], must: list[bool]
) -> list[int]:
    """The keys by a greedy walk: from each key as far as one line passes between all bounds on its way."""
    keys, first, n = [0], 0, len(values)
    while first < n - 1:
        low, high, last = -math.inf, math.inf, first + 1
        for k in range(first + 1, n):
            run = times[k] - times[first]
            if low <= (values[k] - values[first]) / run <= high:
                last = k
            if must[k]:
                break
            low, high = max(low, (lower[k] - values[first]) / run), min(high, (upper[k] - values[first]) / run)
            if low > high:
                break
        keys.append(last)
        first = last
    return keys


def minima(values: Values) -> Frames:
    """Return which of T values are local minima: (T,); of a level one the first and the last."""
    found = np.zeros(len(values), np.bool_)
    firsts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    levels = np.concatenate([[math.inf], values[firsts], [math.inf]])
    lowest = (levels[1:-1] < levels[:-2]) & (levels[1:-1] < levels[2:])
    lasts = np.concatenate([firsts[1:], [len(values)]]) - 1
    found[firsts[lowest]] = found[lasts[lowest]] = True
    return found


def _turning(values: Values, height: float) -> Frames:
    """The frames of extremes that stand out by more than ``height`` from those on both sides."""
    found = np.zeros(len(values), np.bool_)
    best, direction = 0, 0
    for k, value in enumerate(values.tolist()):
        gain = value - values[best]
        if direction == 0:
            if abs(gain) > height:
                direction, best = int(math.copysign(1, gain)), k
        elif gain * direction > 0:
            best = k
        elif gain * direction < -height:
            found[best] = True
            direction, best = -direction, k
    return found


def _rims(values: Values) -> Frames:
    """The first and the last frame of every stretch at 0 or at 1."""
    found = np.zeros(len(values), np.bool_)
    for rest in (0.0, 1.0):
        there = values == rest
        changes = np.flatnonzero(there[1:] != there[:-1])
        ends = np.concatenate([changes, changes + 1])
        found[ends[there[ends]]] = True
    return found
