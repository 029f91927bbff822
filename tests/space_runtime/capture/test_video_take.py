"""Tracking a video gives back the motion that made it, at exact times, across everything that videos do."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from space_runtime.arrays import Doubles, Pixels
from space_runtime.capture.person import Person
from space_runtime.capture.recordings import open_take
from space_runtime.capture.take import Take
from space_runtime.capture.video_take import take_of_video
from space_runtime.errors import MediaError, UsageError
from space_runtime.media.video_reader import open_video
from space_runtime.rig.shapes import SHAPE
from tests.support.face_videos import ACTED, FPS, acted, nasa, sway_rad, swayed
from tests.support.pictures import faceless, on_canvas, scaled
from tests.support.videos import MATRICES, even_times, turn_on_screen, write_video


@pytest.fixture(scope="module")
def of_acted(tmp_path_factory: pytest.TempPathFactory) -> Take:
    played = acted()
    path = write_video(tmp_path_factory.mktemp("acted") / "acted.mp4", played.pictures, even_times(75, FPS))
    return take_of_video(open_video(path))


def swayed_take(path: Path, times: list[Fraction], pictures: list[Pixels] | None = None) -> Take:
    shown = pictures or list(swayed(np.array([float(time) for time in times])))
    return take_of_video(open_video(write_video(path, shown, times)))


def lag_of(late: Doubles, early: Doubles, step_s: float) -> float:
    """Seconds by which one signal follows the other: where their correlation is highest, between samples."""
    shifts = np.arange(-2, 2.001, 0.02)
    at, inner = np.arange(len(late)), slice(3, -3)
    alike = [np.corrcoef(np.interp(at + shift, at, late)[inner], early[inner])[0, 1] for shift in shifts]
    return float(shifts[int(np.argmax(alike))]) * step_s


def test_the_motion_of_an_animated_portrait_comes_back(of_acted: Take) -> None:
    played = acted()
    for angle in range(3):
        assert np.corrcoef(of_acted.head[:, angle], played.head[:, angle])[0, 1] > 0.93
    for name in ACTED:
        seen, done = of_acted.blendshapes[:, SHAPE[name]], played.weights[:, SHAPE[name]]
        assert np.corrcoef(seen, done)[0, 1] > 0.85, name
    for name in ("eyeBlinkLeft", "eyeBlinkRight"):
        assert of_acted.blendshapes[:, SHAPE[name]].max() > 0.9
    assert (of_acted.confidence > 0.5).all() and not of_acted.note


def test_nothing_lags(of_acted: Take) -> None:
    played = acted()
    for name in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight"):
        seen, done = of_acted.blendshapes[:, SHAPE[name]], played.weights[:, SHAPE[name]]
        assert abs(lag_of(seen.astype(np.float64), done.astype(np.float64), 1 / FPS)) < 0.01, name


@pytest.mark.parametrize("fps", [12, 60])
def test_a_turn_in_the_picture_is_the_roll(tmp_path: Path, fps: int) -> None:
    times = even_times(int(1.7 * fps), fps)
    take = swayed_take(tmp_path / "sway.mp4", times)
    assert np.allclose(take.samples, [float(time) * 16_000 for time in times])
    moved, true = take.head[:, 2] - take.head[0, 2], sway_rad(take.samples / 16_000)
    assert np.degrees(np.abs(moved - true).mean()) < 1
    assert abs(lag_of(moved.astype(np.float64), true, 1 / fps)) < 0.006


def test_uneven_times_are_kept_and_smoothed_over(tmp_path: Path) -> None:
    steps_ms = np.random.default_rng(4).choice([16, 33, 50, 66], 50)
    times = [Fraction(int(ms), 1000) for ms in np.cumsum(steps_ms) - steps_ms[0]]
    take = swayed_take(tmp_path / "uneven.mp4", times)
    assert np.allclose(take.samples, [float(time) * 16_000 for time in times])
    true = sway_rad(take.samples / 16_000)
    assert np.degrees(np.abs(take.head[:, 2] - take.head[0, 2] - (true - true[0])).mean()) < 1


def test_a_turned_phone_changes_nothing(tmp_path: Path) -> None:
    times = even_times(10, 25)
    shown = list(swayed(np.array([float(time) for time in times])))
    upright = swayed_take(tmp_path / "upright.mp4", times, shown)
    path = write_video(tmp_path / "phone.mp4", [np.ascontiguousarray(np.rot90(rgb)) for rgb in shown], times)
    turn_on_screen(path, MATRICES[90])
    turned = take_of_video(open_video(path))
    assert np.degrees(np.abs(turned.head[:, :3] - upright.head[:, :3]).mean()) < 0.7


def test_of_two_people_the_one_that_is_meant_is_followed(tmp_path: Path) -> None:
    times = np.arange(8) / 25
    small = scaled(nasa().image, 0.5)
    pictures = [on_canvas(512, 800, (rgb, 0, 0), (small, 100, 530)) for rgb in swayed(times)]
    video = open_video(write_video(tmp_path / "two.mp4", pictures, even_times(8, 25)))
    moves = {}
    for text in ("largest", "left", "right", "0.8,0.4"):
        take = take_of_video(video, Person.of(text))
        assert "2 people" in take.note
        moves[text] = float(np.ptp(take.head[:, 2]))
    assert moves["largest"] == moves["left"] > np.radians(8)
    assert moves["right"] == moves["0.8,0.4"] < np.radians(2)


def test_a_cut_is_not_smoothed_over(tmp_path: Path) -> None:
    plain = nasa().image
    other = on_canvas(512, 512, (scaled(plain, 0.6), 190, 20))
    take = swayed_take(tmp_path / "cut.mp4", even_times(24, 24), [plain] * 12 + [other] * 12)
    assert "1 cut" in take.note
    for part in (slice(0, 12), slice(12, 24)):
        assert np.ptp(take.head[part, 3:], axis=0).max() < 0.05
    assert abs(take.head[12, 5] - take.head[11, 5]) > 1


def test_pictures_without_a_face_hold_what_was_and_are_counted(tmp_path: Path) -> None:
    plain, nothing = nasa().image, np.full((512, 512, 3), 90, np.uint8)
    shown = [nothing] * 3 + [plain] * 8 + [nothing] * 6 + [plain] * 8
    take = swayed_take(tmp_path / "gone.mp4", even_times(25, 25), shown)
    assert "no face in 9 of 25 pictures" in take.note
    assert (take.confidence[:3] == 0).all() and (take.confidence[11:17] == 0).all()
    assert (take.confidence[3:11] > 0.5).all() and (take.confidence[17:] > 0.5).all()
    for rows in (take.blendshapes, take.head, take.eyes_rad):
        assert (rows[11:17] == rows[10]).all() and (rows[:3] == rows[3]).all()


def test_a_person_who_is_lost_is_not_mixed_up_with_another(tmp_path: Path) -> None:
    rgb, small = nasa().image, scaled(nasa().image, 0.5)
    both = on_canvas(900, 1200, (rgb, 100, 50), (small, 200, 800))
    alone = on_canvas(900, 1200, (small, 200, 800))
    take = swayed_take(tmp_path / "lost.mp4", even_times(12, 25), [both] * 4 + [alone] * 4 + [both] * 4)
    assert (take.confidence > 0).tolist() == [True] * 4 + [False] * 4 + [True] * 4
    assert np.ptp(take.head[:, 3:5], axis=0).max() < 0.1


def test_a_video_without_a_face_is_said(tmp_path: Path) -> None:
    path = write_video(tmp_path / "coffee.mp4", [faceless()["coffee"]] * 5, even_times(5, 25))
    with pytest.raises(MediaError, match=r"no face was found in the 5 pictures of .*coffee\.mp4"):
        open_take(path)


@pytest.mark.parametrize("text", ["", "biggest", "1.5,0.5", "0.5", "0.5;0.5", "left "])
def test_people_that_no_rule_names_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="the person is"):
        Person.of(text)
