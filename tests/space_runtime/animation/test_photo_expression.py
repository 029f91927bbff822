"""Laws of the expression that a photo shows: the picture leaves it for the wanted one."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.animation.session import Session
from space_runtime.emotion import Emotion
from space_runtime.inference.bundle import load_bundle
from space_runtime.portrait.portrait import Portrait, portrait_from_pixels
from space_runtime.rig.rig import Rig
from space_runtime.values import Controls
from tests.support.pictures import portrait, tracker

RIG = Rig.from_arrays(load_bundle().arrays("rig"))
SMILE = [ARKIT_NAMES.index(f"mouthSmile{side}") for side in ("Left", "Right")]


def smile(face: Portrait) -> float:
    """Return the smile that is told of a photo, 0…1."""
    return float(RIG.adapt(face.normalised).photo_weights[SMILE].mean())


@cache
def shown(face: Portrait, emotion: Emotion) -> Portrait:
    """Return the portrait in the picture of a silent face with an emotion at its full intensity."""
    controls = Controls(seed=1, emotion={emotion: 1.0}, blinks_per_minute=0, saccade_strength=0, head_mode="keep")
    frames = Session(None, face, controls, 10, pictures=True).push(np.zeros(16_000, np.float32))
    assert frames[-1].rgb is not None
    return portrait_from_pixels(frames[-1].rgb, tracker(), f"{emotion}.png")


@pytest.mark.parametrize("emotion", [Emotion.NEUTRAL, Emotion.SAD, Emotion.ANGRY])
def test_who_smiles_in_the_photo_does_not_where_no_smile_is_wanted(emotion: Emotion) -> None:
    assert smile(portrait()) > 0.6
    assert smile(shown(portrait(), emotion)) < 0.16


def test_a_happy_face_smiles_alike_on_a_smiling_and_on_a_neutral_photo() -> None:
    of_smiling = smile(shown(portrait(), Emotion.HAPPY))
    of_neutral = smile(shown(shown(portrait(), Emotion.NEUTRAL), Emotion.HAPPY))
    assert of_smiling > 0.4 and of_neutral == pytest.approx(of_smiling, rel=0.2)
