"""Constants of the face against published anatomy, in millimetres, not against themselves.

The scale comes from the iris: its visible diameter is 11.7 mm in adults and varies little (11.71 ± 0.42 mm, Rüfer,
Schröder & Erb 2005, Cornea 24(3)), so the iris landmarks of the mean face are a ruler.
"""

from __future__ import annotations

import numpy as np
import pytest

from space_runtime.animation.stages.pose import compose
from space_runtime.arrays import Floats
from space_runtime.geometry import LEFT_IRIS, NECK, RIGHT_IRIS, HeadPose
from space_runtime.inference.bundle import load_bundle
from space_runtime.rig.rig import Rig
from space_runtime.rig.shapes import IRIS_DISTANCE

IRIS_MM = 11.7


@pytest.fixture(scope="module")
def face() -> Floats:
    """(78, 3) the mean face, normalised."""
    return Rig.from_arrays(load_bundle().arrays("rig")).mean


@pytest.fixture(scope="module")
def unit_mm(face: Floats) -> float:
    """Millimetres of a normalised unit."""
    return IRIS_MM / float(np.mean([np.ptp(face[iris][1:, 0]) for iris in (LEFT_IRIS, RIGHT_IRIS)]))


def test_the_mean_face_has_the_eyes_of_an_adult(face: Floats, unit_mm: float) -> None:
    """Interpupillary distance: 63 mm, 5th to 95th percentile 55…70 mm (Dodgson 2004, Proc. SPIE 5291). Outer corners
    of the eyes: 88…91 mm apart (Farkas 1994, Anthropometry of the Head and Face), standard deviation about 4 mm."""
    pupils = float(np.linalg.norm(face[LEFT_IRIS.start] - face[RIGHT_IRIS.start])) * unit_mm
    corners = float(np.linalg.norm(face[36] - face[45])) * unit_mm
    assert 58 < pupils < 68
    assert 82 < corners < 97
    assert 82 < unit_mm < 97


def test_the_iris_turns_about_the_middle_of_the_eyeball(unit_mm: float) -> None:
    """The centre of rotation lies 13…15 mm behind the cornea's apex (13.5 mm: Donders; 14.8 mm: Fry & Hill 1962, Am. J.
    Optom. 39), the plane of the iris 3.0…3.8 mm behind it: 9.2…12 mm from one to the other."""
    assert 9.2 < IRIS_DISTANCE * unit_mm < 12.0


def test_the_head_turns_about_the_joint_of_skull_and_neck(unit_mm: float) -> None:
    """The occipital condyles lie about 1 cm behind and 2.5 cm below the ear canal (Ewing & Thomas 1972, NAMRL Monograph
    21), which lies about 7 cm behind and 2.5 cm below the outer corners of the eyes (Farkas 1994): 8 cm behind and 5 cm
    below. The neck of headsets, tuned by eye to all joints together, lies 8.05 cm behind and 7.5 cm below (Oculus SDK,
    ``OVR_DEFAULT_NECK_TO_EYE_HORIZONTAL`` and ``…_VERTICAL``)."""
    side, up, forward = (float(value) * unit_mm for value in NECK)
    assert side == 0
    assert 40 < -up < 85
    assert 65 < -forward < 100


def test_a_head_that_nods_leaves_the_joint_where_it_is(unit_mm: float) -> None:
    """Looking 20° down takes the point between the eyes forward and down: it stands above and before the joint."""
    still = np.zeros(3, np.float32)
    nod = compose(HeadPose(still, still, 1.0), HeadPose(np.array([0, np.radians(20), 0], np.float32), still, 1.0))
    _, up, forward = nod.translation * unit_mm
    assert -40 < up < -20  # 80 mm · sin 20° + 50 mm · (1 − cos 20°), a little more or less
    assert 5 < forward < 30
