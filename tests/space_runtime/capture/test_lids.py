"""Blinks reach 1 at the shut lids of each person; smiles that narrow the eyes do not shut them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from space_runtime.arrays import Doubles, Floats
from space_runtime.capture.lids import lid_gaps, with_blinks
from space_runtime.inference.bundle import load_bundle
from space_runtime.rig.identity import RigIdentity
from space_runtime.rig.rig import Rig
from space_runtime.rig.shapes import LID_PAIRS, SHAPE

FPS = 30
BLINKS = [SHAPE["eyeBlinkLeft"], SHAPE["eyeBlinkRight"]]


@cache
def someone() -> RigIdentity:
    return Rig.from_arrays(load_bundle().arrays("rig")).neutral_identity()


def faces(gaps: Doubles) -> Floats:
    """(T, 78, 3) neutral faces whose lids are open by (T, 2) shares of their opening."""
    landmarks = np.repeat(someone().neutral[None], len(gaps), 0)
    for eye, pairs in enumerate(LID_PAIRS):
        for up, low in pairs:
            opening = landmarks[:, up, 1] - landmarks[:, low, 1]
            landmarks[:, up, 1] = landmarks[:, low, 1] + gaps[:, eye] * opening
    return landmarks


def blinks_of(gaps: Doubles) -> Floats:
    """(T, 2) blinks of eyes that are open by (T, 2) shares."""
    landmarks, times = faces(gaps), np.arange(len(gaps)) / FPS
    ahead = np.zeros((len(gaps), 2, 2), np.float32)
    return with_blinks(np.zeros((len(gaps), 52), np.float32), landmarks, ahead, someone(), times)[:, BLINKS]


def pulse(at: int, width: float, depth: float, n_rows: int = 120) -> Doubles:
    return np.asarray(1 - depth * np.exp(-0.5 * ((np.arange(n_rows) - at) / width) ** 2))


@pytest.mark.parametrize("shut", [0.1, 0.3, 0.45])
def test_a_blink_is_whole_whatever_gap_the_tracker_leaves(shut: float) -> None:
    blinks = blinks_of(np.stack([pulse(60, 1.5, 1 - shut)] * 2, 1))
    assert blinks[60].min() > 0.95
    assert blinks[:50].max() == 0 == blinks[70:].max()


def test_the_eye_that_is_seen_worse_goes_along() -> None:
    blinks = blinks_of(np.stack([pulse(60, 1.5, 0.8), pulse(60, 1.5, 0.4)], 1))
    assert blinks[60].min() > 0.9


def test_a_wink_stays_on_its_side() -> None:
    blinks = blinks_of(np.stack([pulse(60, 1.5, 0.8), np.ones(120)], 1))
    assert blinks[60, 0] > 0.95 and blinks[:, 1].max() == 0


def test_a_smile_that_narrows_the_eyes_does_not_shut_them() -> None:
    assert blinks_of(np.stack([pulse(60, 20, 0.35)] * 2, 1)).max() < 0.55


def test_gaps_are_those_of_both_eyes() -> None:
    wide = lid_gaps(someone().neutral)
    assert np.allclose(lid_gaps(faces(np.array([[0.5, 0.25]])))[0], wide * [0.5, 0.25], atol=1e-6)
