"""The names of landmarks say where they lie on a face."""

from __future__ import annotations

import numpy as np

from engine_bridge.protocol.field_table import N_LANDMARKS
from space_runtime import LANDMARK_NAMES, build_character
from space_runtime.geometry import MIRROR_68

NEUTRAL = build_character().identity.neutral
OTHER_SIDE = {"left": "right", "right": "left"}
PLACE = dict(zip(LANDMARK_NAMES, NEUTRAL, strict=True))


def test_every_landmark_has_a_name_of_its_own() -> None:
    assert len(set(LANDMARK_NAMES)) == N_LANDMARKS


def test_left_and_right_are_the_faces_own() -> None:
    for name, (x, _, _) in PLACE.items():
        assert np.sign(np.round(x, 3)) == {"right": -1, "left": 1}.get(name.split("_")[0], 0), name


def test_the_mirrored_landmark_has_the_mirrored_name() -> None:
    for name, mirrored in zip(LANDMARK_NAMES, MIRROR_68, strict=False):
        side, _, rest = name.partition("_")
        assert LANDMARK_NAMES[mirrored] == (f"{OTHER_SIDE[side]}_{rest}" if side in OTHER_SIDE else name)


def test_upper_lies_above_lower_and_outer_beside_inner() -> None:
    eyes = {name: place for name, place in PLACE.items() if "eye" in name or "iris" in name}
    for name, (x, y, _) in eyes.items():
        below = PLACE.get(name.replace("upper", "lower").replace("top", "bottom"))
        inside = PLACE.get(name.replace("outer", "inner"))
        assert below is None or y >= below[1], name
        assert inside is None or abs(x) >= abs(inside[0]), name


def test_numbers_count_inwards() -> None:
    for name, place in PLACE.items():
        following = f"{name[:-1]}{int(name[-1]) + 1}" if name[-1].isdigit() else ""
        if following in PLACE and "nose" not in name:
            assert abs(place[0]) > abs(PLACE[following][0]) - 1e-6, name
