"""Laws of the emotions' displacements: the rig reads what was meant, and nothing reads as another emotion."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (extra 'export')")

from export.data.motion.motion_space import emotion_displacements, emotion_weights, face_size
from export.data.motion.shipped_rig import shipped_rig
from space_runtime.arrays import Floats
from space_runtime.emotion import Emotion
from space_runtime.geometry import N_LANDMARKS, normalise
from space_runtime.rig.rig import RigState
from space_runtime.rig.shapes import LID_PAIRS, LIP_PAIRS, SHAPE

RIG = shipped_rig()
CORNERS, BROW_INNER, BROW_OUTER, LIPS = [48, 54], [21, 22], [17, 26], [51, 57]
FELT = [emotion for emotion in Emotion if emotion is not Emotion.NEUTRAL]


def moved(emotion: Emotion) -> Floats:
    """Return (78, 3) the displacement of the mean face by a full emotion."""
    rows = np.sum(emotion_displacements(RIG, face_size(RIG.mean)), 0)
    return np.asarray(rows[list(Emotion).index(emotion)].reshape(N_LANDMARKS, 3), np.float32)


@cache
def read(emotion: Emotion) -> dict[str, float]:
    """Return the weights by name that the rig reads from the mean face with a full emotion."""
    identity = RIG.neutral_identity()
    _, weights, _ = RIG.solve(identity, RigState.cold(1), (identity.neutral + moved(emotion))[None])
    return {name: float(weights[0, row]) for name, row in SHAPE.items()}


def opening(shift: Floats) -> float:
    """Return by how much lids open."""
    return float(np.mean([shift[up, 1] - shift[low, 1] for pairs in LID_PAIRS for up, low in pairs]))


@pytest.mark.parametrize("emotion", FELT)
def test_the_rig_reads_an_emotion_as_it_was_meant(emotion: Emotion) -> None:
    wanted = dict(zip(SHAPE, emotion_weights(emotion), strict=True))
    for name, weight in read(emotion).items():
        # Shapes of lips that landmarks hardly tell apart stand for one another, and the cautious prior takes a share.
        assert weight < wanted[name] + 0.25, name
        if wanted[name] >= 0.7:
            assert weight > 0.55 * wanted[name], name


@pytest.mark.parametrize("emotion", FELT)
def test_an_emotion_does_not_move_the_head(emotion: Emotion) -> None:
    _, rest = normalise(RIG.mean)
    _, pose = normalise(RIG.mean + moved(emotion))
    assert np.abs(pose.rotation_rad - rest.rotation_rad).max() < 0.02
    assert np.abs(pose.translation - rest.translation).max() < 0.005


def test_angry_lowers_the_inner_ends_of_the_brows_narrows_the_eyes_and_does_not_smile() -> None:
    shift, weights = moved(Emotion.ANGRY), read(Emotion.ANGRY)
    assert shift[BROW_INNER, 1].mean() < -0.03
    assert shift[BROW_INNER, 1].mean() < shift[BROW_OUTER, 1].mean() - 0.03
    assert opening(shift) < -0.02
    assert shift[CORNERS, 1].mean() < shift[LIPS, 1].mean()
    assert weights["mouthSmileLeft"] == weights["mouthSmileRight"] == 0
    assert weights["eyeWideLeft"] == weights["eyeWideRight"] == 0


@pytest.mark.parametrize("emotion", [Emotion.SURPRISED, Emotion.FEARFUL])
def test_wide_eyes_are_not_read_as_squinting(emotion: Emotion) -> None:
    weights = read(emotion)
    assert weights["eyeWideLeft"] > 0.7 and weights["eyeSquintLeft"] < 0.1


@pytest.mark.parametrize("emotion", [Emotion.HAPPY, Emotion.SAD, Emotion.ANGRY])
def test_lips_that_no_emotion_opens_stay_shut(emotion: Emotion) -> None:
    shift = moved(emotion)
    assert np.mean([shift[up, 1] - shift[low, 1] for up, low in LIP_PAIRS]) < 0.005


def test_happy_eyes_stay_open() -> None:
    eyes = float(np.mean([RIG.mean[up, 1] - RIG.mean[low, 1] for pairs in LID_PAIRS for up, low in pairs]))
    assert -0.45 * eyes < opening(moved(Emotion.HAPPY)) < -0.15 * eyes
