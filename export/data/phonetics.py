"""Lip targets from phonetics: openings and widths of the phones, mixed into what one filmed man showed.

His habits are one man's. Of ten filmed strangers' mouth widths, a table of phones with true times explains as much as
a network that learnt from him (r 0.52 each), and a mixture of both clearly more (0.58). Rounding for w, u, o, sh and y
and spreading for i, e and s are therefore asked for explicitly.

Two more habits are his own: his mouth becomes wide or narrow 25 ms sooner than those of strangers, and his jaw goes its
own way, where theirs follows the lips (r between lip gap and jaw drop within a sentence: 0.78 in his film, 0.84 in
theirs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from export.data.corpora import Corpus
from export.data.speech.phones import BILABIAL, CLASSES, LABIODENTAL, is_speech
from export.recipes.recipe import PhoneticShares
from space_runtime.arrays import Floats
from space_runtime.geometry import N_LANDMARKS
from space_runtime.rig.shapes import LIP_PAIRS

Shape = tuple[float, float, float]
"""Lip opening, width over rest, jaw drop: 1 is as far as speech goes."""

SHAPES: Final[Mapping[str, Shape]] = {
    "sil": (0.0, 0.0, 0.0),
    "p": (0.0, 0.0, 0.1),
    "m": (0.0, 0.0, 0.1),
    "f": (0.1, 0.0, 0.2),
    "th": (0.35, 0.1, 0.3),
    "t": (0.3, 0.1, 0.2),
    "n": (0.35, 0.1, 0.3),
    "l": (0.4, 0.1, 0.4),
    "s": (0.2, 0.3, 0.1),
    "sh": (0.25, -0.5, 0.2),
    "r": (0.3, -0.4, 0.3),
    "k": (0.4, 0.1, 0.4),
    "h": (0.5, 0.1, 0.5),
    "j": (0.3, 0.4, 0.2),
    "w": (0.15, -1.0, 0.3),
    "i": (0.4, 0.5, 0.3),
    "e": (0.6, 0.4, 0.5),
    "ae": (0.9, 0.3, 0.8),
    "aa": (1.0, 0.1, 1.0),
    "uh": (0.5, 0.1, 0.5),
    "o": (0.6, -0.6, 0.6),
    "u": (0.2, -1.0, 0.3),
    "y": (0.3, -0.8, 0.3),
}
"""Class of `export.data.speech.phones` → what the mouth does there, by hand."""
SMOOTHING_FRAMES: Final = 15
"""A phone is spread over its neighbours by a moving mean of so many 10 ms frames."""
_BY_LABEL: Final = np.zeros((256, 3), np.float32)
_BY_LABEL[: len(CLASSES)] = [SHAPES[name] for name in CLASSES]


@dataclass(frozen=True, slots=True, eq=False)
class Phonetics:
    """Expectation as motion weights, in the size of the filmed man's mouth; opening, width, jaw drop in this order.

    readings (3, K): motion weights → opening, width and jaw drop, near rest. directions (K, 3): the smallest change of
    motion weights that changes one of them and no other. gain, offset (3,): `SHAPES` → the film's units and mean.
    shares (3,): how much of the expectation is mixed in. jaw (2,): what of opening and of his jaw drop makes the jaw
    drop of the target. later: 10 ms frames by which all of the mouth's width is late.
    """

    readings: Floats
    directions: Floats
    gain: Floats
    offset: Floats
    shares: Floats
    jaw: Floats
    later: int

    def signals(self, motion: Floats, labels: NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """Return (…, N, 3) opening, width and jaw drop as the motion shows them and as the labels let expect them."""
        spoken, shape = _expected(labels)
        return motion @ self.readings.T, np.asarray(shape * self.gain + spoken * self.offset, np.float32)

    def mixed_into(self, motion: Floats, labels: NDArray[np.uint8]) -> Floats:
        """Return (…, N, K) motion weights on the 10 ms grid, moved towards what their (…, N) labels let expect.

        Nothing changes in silence and where no phone is known, except beside speech.
        """
        spoken, shape = _expected(labels)
        wanted, shown = shape * self.gain + spoken * self.offset, motion @ self.readings.T
        change = (wanted - spoken * shown) * self.shares
        change[..., 0] *= 1 - _touching(labels)
        target = shown + change
        change[..., 1] += spoken[..., 0] * (_later(target[..., 1], self.later) - target[..., 1])
        change[..., 2] += spoken[..., 0] * (target[..., ::2] @ self.jaw - target[..., 2])
        return np.asarray(motion + change @ self.directions.T, np.float32)


def phonetics_of(filmed: Corpus, basis: Floats, shares: PhoneticShares) -> Phonetics:
    """Return the expectation that has mean and spread of a film whose motion is in a (K, 234) ``basis``."""
    readings = np.einsum("sna,kna->sk", _read_outs(), basis.reshape(-1, N_LANDMARKS, 3)).astype(np.float32)
    speech = is_speech(filmed.labels)
    _, shape = _expected(filmed.labels)
    # His own spread and mean: what is mixed in is where the lips go, not how far this man opens them.
    seen, expected = filmed.motion[speech] @ readings.T, shape[speech]
    gain = seen.std(0) / np.maximum(expected.std(0), 1e-6)
    offset = seen.mean(0) - gain * expected.mean(0)
    mixed_in = np.array([shares.lip_gap, shares.mouth_width, shares.jaw_drop], np.float32)
    jaw = _jaw_with_lips(seen, shares.jaw_with_lips)
    return Phonetics(readings, np.linalg.pinv(readings), gain, offset, mixed_in, jaw, shares.width_later_frames)


def _jaw_with_lips(seen: Floats, share: float) -> Floats:
    """Return (2,): what of opening and jaw drop in (T, 3) makes a jaw of the same spread that follows the lips more."""
    seen = seen[:, ::2].astype(np.float64)
    gap, jaw = seen.std(0)
    both = np.array([share * jaw / max(gap, 1e-6), 1.0])
    return np.asarray(both * jaw / max((seen @ both).std(), 1e-6), np.float32)


def _later(values: Floats, n_frames: int) -> Floats:
    """Return (…, N) values so many frames later; the first one holds until then."""
    return values[..., np.maximum(np.arange(values.shape[-1]) - n_frames, 0)]


def _expected(labels: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """Return (…, N, 1) how much of a moment is speech and (…, N, 3) what is expected of it, both smoothed."""
    spoken = is_speech(labels).astype(np.float32)[..., None]
    both = np.concatenate([spoken, _BY_LABEL[labels]], -1)
    smooth = uniform_filter1d(both, SMOOTHING_FRAMES, axis=-2, mode="nearest")
    return smooth[..., :1], smooth[..., 1:]


def _touching(labels: NDArray[np.uint8]) -> Floats:
    """Return (…, N) 1 at and around p, b, m, f and v, where smoothing would open lips that touch; 0 elsewhere."""
    contact = np.isin(labels, (*BILABIAL, LABIODENTAL)).astype(np.float32)
    near = maximum_filter1d(contact, SMOOTHING_FRAMES, axis=-1, mode="nearest")
    return np.asarray(uniform_filter1d(near, SMOOTHING_FRAMES // 2, axis=-1, mode="nearest"), np.float32)


def _read_outs() -> Floats:
    """Return (3, 78, 3): offsets of the landmarks from rest → change of lip opening, mouth width and jaw drop."""
    rows = np.zeros((3, N_LANDMARKS, 3), np.float32)
    for upper, lower in LIP_PAIRS:
        rows[0, upper, 1] += 1 / len(LIP_PAIRS)
        rows[0, lower, 1] -= 1 / len(LIP_PAIRS)
    rows[1, 54, 0], rows[1, 48, 0] = 1, -1
    rows[2, 33, 1], rows[2, 8, 1] = 1, -1
    return rows
