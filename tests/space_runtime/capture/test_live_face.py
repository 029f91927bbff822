"""A person followed picture by picture: known after a second, lost without a row of his, found again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from space_runtime.animation.pipeline import open_rig
from space_runtime.arrays import Floats
from space_runtime.capture.causal_smoothing import CausalSmoothing
from space_runtime.capture.face_following import FaceFollower
from space_runtime.capture.live_face import CALIBRATION_S, LiveFace, LiveRow
from space_runtime.capture.person import Person
from space_runtime.media.video_reader import open_video
from space_runtime.portrait.portrait import open_tracker
from tests.support.call_videos import call_video, rolls_at
from tests.support.session_frames import BUNDLE


def rows_of(video: Path) -> list[tuple[float, LiveRow | None]]:
    face = LiveFace(FaceFollower(open_tracker(BUNDLE), Person()), open_rig(BUNDLE))
    pictures = open_video(video).pictures()
    return [(float(picture.time), face.row(float(picture.time), picture.rgb)) for picture in pictures]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[float, LiveRow | None]]:
    video = call_video(tmp_path_factory.mktemp("live") / "call.mp4", 6.0, black=[(3.0, 4.0)])
    return rows_of(video)


def test_a_driver_is_known_after_a_second_at_rest(rows: list[tuple[float, LiveRow | None]]) -> None:
    first = next(time for time, row in rows if row is not None)
    assert CALIBRATION_S < first < CALIBRATION_S + 0.2
    assert all(row is not None and row.time_s == time for time, row in rows if time >= first)
    at_rest = next(row for _, row in rows if row is not None)
    assert np.abs(at_rest.head[:3]).max() < np.radians(1) and np.abs(at_rest.blendshapes).max() < 0.3


def test_the_head_is_followed_within_a_degree(rows: list[tuple[float, LiveRow | None]]) -> None:
    seen = [(time, row) for time, row in rows if row is not None and row.confidence >= 0.5 and time > 1.5]
    times, heads = np.array([time for time, _ in seen]), np.array([row.head for _, row in seen])
    wanted = rolls_at(times)
    sign = np.sign(np.dot(heads[:, 2], wanted))
    assert np.degrees(np.abs(sign * heads[:, 2] - wanted)).mean() < 1.0
    assert np.corrcoef(heads[:, 2], wanted)[0, 1] ** 2 > 0.98


def test_a_picture_without_the_driver_says_so(rows: list[tuple[float, LiveRow | None]]) -> None:
    confidence = np.array([row.confidence for time, row in rows if row is not None and 3.05 < time < 3.95])
    assert (confidence == 0).all() and len(confidence) > 10
    back = [row for time, row in rows if row is not None and time > 4.1]
    assert all(row.confidence >= 0.5 for row in back)


def settled(smoothing: CausalSmoothing, values: Floats) -> Floats:
    return np.array([smoothing.smoothed(k / 30, np.array([value]))[0] for k, value in enumerate(values)], np.float32)


def test_smoothing_quiets_rest_and_hardly_delays_motion() -> None:
    noise = np.random.default_rng(1).normal(0, 0.01, 300).astype(np.float32)
    assert settled(CausalSmoothing(2.0, 8.0), noise)[30:].std() < 0.6 * noise.std()
    step = np.r_[np.zeros(30), np.ones(30)].astype(np.float32)
    assert settled(CausalSmoothing(2.0, 8.0), step)[32] > 0.85


def test_smoothing_begins_anew_after_a_pause() -> None:
    smoothing = CausalSmoothing(0.1, 0.0)
    smoothing.smoothed(0.0, np.zeros(1))
    assert smoothing.smoothed(0.03, np.ones(1))[0] < 0.1
    assert smoothing.smoothed(5.0, np.ones(1))[0] == 1
