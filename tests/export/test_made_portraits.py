"""Portraits that the project makes itself: of nobody, all different, seen as faces by the tracker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the extra 'export'")

from export.evaluation.portraits import made_portraits
from export.evaluation.portraits.made_heads import draw_look
from export.evaluation.portraits.made_looks import LOOKS, Style
from export.evaluation.portraits.made_skin import drawn_in_style
from export.evaluation.portraits.portrait_set import TRACKED_GAZE, opened, photos_in
from space_runtime.geometry import estimate_pose, landmarks_from_mesh
from space_runtime.media.image_file import read_picture
from space_runtime.portrait.portrait import open_tracker
from space_runtime.rig.shapes import IRIS_DISTANCE


def test_there_are_thirty_and_no_two_share_a_face_or_a_name() -> None:
    assert len(LOOKS) >= 24
    assert len({look.name for look in LOOKS}) == len({look.seed for look in LOOKS}) == len(LOOKS)
    assert {look.style for look in LOOKS} == set(Style)


def test_a_drawn_head_is_taken_as_a_portrait_and_is_the_same_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = next(look for look in LOOKS if look.name == "man_bald")
    monkeypatch.setattr(made_portraits, "LOOKS", (look,))
    made_portraits.main(tmp_path)
    written = photos_in(tmp_path)
    assert [path.stem for path in written] == ["man_bald"]
    assert np.array_equal(read_picture(written[0]), draw_look(look))
    ((name, how, portrait),) = opened(tmp_path, open_tracker())
    assert name == "man_bald" and how.turned_deg < 8 and portrait.image.shape == (512, 512, 3)


def test_a_head_that_is_turned_is_seen_turned() -> None:
    look = next(look for look in LOOKS if look.yaw_deg == 14)
    seen = open_tracker().track(draw_look(replace(look, glasses=(20, 20, 20))))
    assert seen is not None
    yaw = np.degrees(estimate_pose(landmarks_from_mesh(seen.mesh)).rotation_rad[0])
    assert yaw == pytest.approx(14, abs=6)


def test_eyes_that_are_turned_are_read_turned_but_not_as_far() -> None:
    look = next(look for look in LOOKS if look.name == "man_bald")
    left, right = (open_tracker().track(draw_look(replace(look, gaze_deg=gaze))) for gaze in (20, -20))
    assert left is not None and right is not None
    eyes = np.stack([face.mesh[[468, 473]] - face.mesh[[33, 263]] for face in (left, right)])
    unit = np.linalg.norm(left.mesh[33] - left.mesh[263])
    read = float((eyes[0] - eyes[1])[:, 0].mean()) / unit / (2 * IRIS_DISTANCE * np.sin(np.radians(20)))
    assert read == pytest.approx(TRACKED_GAZE, abs=0.15)


@pytest.mark.parametrize("style", [Style.GREY, Style.CHARCOAL])
def test_drawings_without_colour_have_none(style: Style) -> None:
    colours = np.random.default_rng(1).integers(0, 255, (80, 60, 3)).astype(np.uint8)
    drawn = drawn_in_style(colours, style, 1)
    assert drawn.shape == colours.shape and (np.ptp(drawn.astype(int), axis=2) == 0).all()
