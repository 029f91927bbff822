"""The lips of a head that weights move are shut where those of the landmarks are."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest
import soundfile

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.animation.session import Session
from space_runtime.arrays import Floats
from space_runtime.assets import LINE
from space_runtime.head.model import FaceModel
from space_runtime.head.portrait_head import PortraitHead
from space_runtime.head.rest import along
from space_runtime.head.shapes import arkit_shapes
from space_runtime.rig.shapes import LIP_PAIRS, SIDEWAYS

SHUT: Final = 0.012
"""Lip gap of landmarks from which lips count as shut, normalised units: 1 mm."""


@pytest.fixture(scope="module")
def spoken() -> tuple[Floats, Floats]:
    """(T, 52) weights and (T,) lip gaps of the product's own line, without the silence around it."""
    samples, rate = soundfile.read(LINE, dtype="float32")
    session = Session()
    frames = (session.push(samples, sample_rate=rate) + session.finish())[12:-4]
    landmarks = np.stack([frame.landmarks for frame in frames])
    gaps = np.mean([landmarks[:, upper, 1] - landmarks[:, lower, 1] for upper, lower in LIP_PAIRS], 0)
    return np.stack([frame.blendshapes for frame in frames]), gaps.astype(np.float32)


@pytest.fixture(scope="module")
def gaps_mm(model: FaceModel, made: PortraitHead, spoken: tuple[Floats, Floats]) -> Floats:
    """(T,) mean distance of the lips of NASA's head over the middle half of the mouth, mm."""
    shapes, rest = arkit_shapes(model, made.fitted), made.fitted.rest
    upper, lower = model.curves["upper_lip"], model.curves["lower_lip"]
    middle = slice(len(upper) // 4, -(len(upper) // 4))
    found = []
    for weights in spoken[0]:
        lip = [rest[edge] + np.tensordot(weights, shapes[:, edge], 1) for edge in (upper, lower)]
        found.append((lip[0][:, 1] - along(lip[1][:, 0], lip[1], lip[0][:, 0])[:, 1])[middle].mean())
    return 10 * np.array(found, np.float32)


def test_a_head_shuts_its_lips_where_the_landmarks_do(spoken: tuple[Floats, Floats], gaps_mm: Floats) -> None:
    shut = spoken[1] < SHUT
    assert shut.sum() >= 10
    assert gaps_mm[shut].mean() < 1.0 and gaps_mm[shut].max() < 2.0


def test_a_head_opens_its_lips_as_the_landmarks_do(spoken: tuple[Floats, Floats], gaps_mm: Floats) -> None:
    assert np.corrcoef(gaps_mm, spoken[1])[0, 1] > 0.99


def test_hardly_a_frame_moves_to_both_sides(spoken: tuple[Floats, Floats]) -> None:
    for one, other in SIDEWAYS:
        sides = spoken[0][:, [ARKIT_NAMES.index(one), ARKIT_NAMES.index(other)]]
        assert sides.min(1).max() < 0.06
