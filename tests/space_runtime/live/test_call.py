"""A call with files as camera and microphone: the face follows the person, or the sound when he is gone."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine_bridge.adapters.live_link_face import NAMES
from space_runtime import Controls, Session
from space_runtime.arrays import Floats
from space_runtime.assets import LINE
from space_runtime.capture.drive_rows import DriveEnd
from space_runtime.capture.live_face import LiveRow, nobody
from space_runtime.errors import MediaError
from space_runtime.live.call import CallClock, CallFeed
from space_runtime.live.camera import CameraPicture, open_camera
from space_runtime.live.motion_feed import TakeFeed
from tests.support.call_videos import ROLL_RAD, Span, call_video
from tests.support.command_line import Call
from tests.support.drives import driver
from tests.support.frame_speeds import seen_speeds, speeds
from tests.support.session_frames import BUNDLE, play
from tests.support.sounds import at_16k
from tests.support.udp_receiver import UdpReceiver

SECONDS = 10.0
BLACK: Span = (2.4, 5.4)
GAP: Span = (6.6, 9.6)
HEAD = [NAMES.index(name) for name in ("HeadYaw", "HeadPitch", "HeadRoll")]
N_WEIGHTS = 52
IN_TIME_MS = 60
"""Until a picture has become motion; on a machine that needs much longer some rows come too late for their frames."""

ROUNDED = 1 + 1e-5
"""Largest value of a packet, whose times and numbers are rounded, over that of a session."""


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sound, rate = soundfile.read(LINE)
    path = tmp_path_factory.mktemp("call") / "line.wav"
    soundfile.write(path, np.resize(sound, round(SECONDS * rate)), rate)
    return path


def line_at_16k(path: Path) -> Floats:
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return at_16k(sound, rate)


def test_a_camera_that_is_gone_twice_makes_no_step_that_speech_does_not_make(tmp_path: Path, line: Path) -> None:
    """Ten seconds of a call, 3 s of it black and 3 s without pictures: it lasts as long as that.

    The program has a process of its own: tracking, server and receiver would share one interpreter here.
    """
    video = call_video(tmp_path / "call.mp4", SECONDS, black=[BLACK], gaps=[GAP])
    with UdpReceiver() as receiver:
        words = [line, "--camera", video, "--to", receiver.url("Hero"), "--seed", "3", "--no-wait"]
        program = [sys.executable, "-m", "space_runtime", "live", *map(str, words)]
        done = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
        seen = receiver.wait_for_rest("Hero")
    assert done.returncode == 0, done.stderr
    assert "the face follows the camera" in done.stderr and "ms from a picture to its motion" in done.stdout
    times, rolls = np.array([each.seconds for each in seen]), np.array([each.values[HEAD[2]] for each in seen])
    with_camera = (times > 5.9) & (times < 6.6)
    if float(done.stdout.split("call.mp4: ")[1].split(" ms")[0]) < IN_TIME_MS:  # else the sound had to lead
        assert np.abs(rolls[with_camera]).max() > 0.6 * ROLL_RAD
    spoken = play(Session(BUNDLE, None, Controls(seed=3)), line_at_16k(line))
    of_speech, _ = speeds(
        np.array([float(frame.media_sample) / 16_000 for frame in spoken]),
        np.array([[*frame.blendshapes, *frame.head_rotation_rad] for frame in spoken], np.float32),
    )
    of_call, at = seen_speeds(seen)
    switches = np.zeros(len(at), bool)
    for edge in (*BLACK, *GAP):
        switches |= (at > edge - 0.05) & (at < edge + 0.8)
    weights, angles = of_call[switches][:, :N_WEIGHTS].max(), of_call[switches][:, HEAD].max()
    assert weights <= ROUNDED * of_speech[:, :N_WEIGHTS].max()
    assert angles <= ROUNDED * of_speech[:, N_WEIGHTS:].max()


@dataclass(slots=True)
class StandIn:
    """A session that keeps what it is given."""

    look_ahead_s: float = 0.12
    rows: list[tuple[float, float]] = field(default_factory=list)
    drives: list[list[float]] = field(default_factory=list)

    def drive(self, samples: Floats, shapes: Floats, head: Floats, eyes: Floats, confidence: Floats) -> None:
        self.rows += zip(np.asarray(samples).tolist(), np.asarray(confidence).tolist(), strict=True)

    def set(self, controls: Controls, at_sample: int | None = None, fade_s: float = 0.2) -> None:
        assert controls.drive is not None
        self.drives.append(list(controls.drive))


@dataclass(slots=True)
class ScriptedCamera:
    """Pictures that a test lets come. name: as cameras have one."""

    name: str = "camera 0"
    pictures_s: list[float] = field(default_factory=list)
    allowed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def pictures(self, begun_at: float, stopped: threading.Event) -> Iterator[CameraPicture]:
        for seconds in self.pictures_s:
            while not self.allowed.acquire(timeout=0.05):
                if stopped.is_set():
                    return
            yield CameraPicture(begun_at + seconds, np.zeros((2, 2, 3), np.uint8) if seconds >= 0 else None)


class AnyFace:
    """Sees a face in every picture."""

    is_calibrated = True

    def row(self, time_s: float, rgb: object) -> LiveRow:
        return nobody(time_s)


def feed_of(camera: ScriptedCamera, said: list[str]) -> CallFeed:
    return CallFeed(camera, AnyFace(), np.ones(6, np.float32), said.append)  # type: ignore[arg-type]  # a stand-in


def test_sound_waits_for_the_rows_that_its_frames_need_and_no_longer_than_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("space_runtime.live.call.HOLD_S", 60.0)
    monkeypatch.setattr("space_runtime.live.call.SILENT_S", 60.0)
    camera, session = ScriptedCamera(pictures_s=[0.03, 0.06]), StandIn()
    feed = feed_of(camera, [])
    feed.begin(session, 16_000, False)  # type: ignore[arg-type]  # a stand-in
    feed.before(0.02)  # needs nothing: its frames lie before the stream
    asked = threading.Thread(target=feed.before, args=(0.17,))
    asked.start()
    camera.allowed.release()
    camera.allowed.release()
    asked.join(10)
    assert not asked.is_alive()
    assert [row[0] for row in session.rows] == pytest.approx([480, 960], abs=1e-3)
    monkeypatch.setattr("space_runtime.live.call.HOLD_S", 0.0)
    feed.before(0.3)  # no picture will come any more
    feed.stop()


def test_a_key_switches_the_camera_off_and_on_and_a_new_line_stays_so() -> None:
    said: list[str] = []
    feed, session = feed_of(ScriptedCamera(), said), StandIn()
    feed.begin(session, 16_000, True)  # type: ignore[arg-type]  # a stand-in
    assert not session.drives
    feed.toggle()
    feed.begin(session, 16_000, True)  # type: ignore[arg-type]  # a stand-in
    feed.toggle()
    assert session.drives == [[0.0] * 6, [0.0] * 6, [1.0] * 6]
    assert said == ["the face follows the sound alone", "the face follows the camera"]


def test_the_clock_of_a_call_is_that_of_the_earliest_block() -> None:
    clock = CallClock(is_live=True)
    for end_s, late_s in ((0.02, 0.05), (0.04, 0.01), (0.06, 0.3)):
        clock.hear(end_s, 100 + end_s + late_s)
    assert clock.begun_at == pytest.approx(100.01, abs=1e-4)
    ahead = CallClock(is_live=False)
    ahead.hear(0.1, 50.0)
    ahead.hear(0.2, 50.0)
    assert ahead.begun_at == pytest.approx(49.9)


# Takes


def given(feed: TakeFeed, seconds: float, rate: int = 16_000) -> list[tuple[float, float]]:
    session = StandIn()
    feed.begin(session, rate, False)  # type: ignore[arg-type]  # a stand-in
    for end_s in np.arange(0.1, seconds + 0.05, 0.1):
        feed.before(float(end_s))
    feed.stop()
    return session.rows


def test_a_take_is_given_once_from_its_beginning_in_samples_of_the_sound() -> None:
    rows = driver(3.0)
    assert given(TakeFeed(rows), 1.0, 48_000) == given(TakeFeed(rows), 5.0, 48_000)
    assert [row[0] for row in given(TakeFeed(rows), 1.0, 48_000)] == pytest.approx((3 * rows.samples).tolist())


@pytest.mark.parametrize("end", [DriveEnd.HOLD, DriveEnd.LOOP])
def test_a_take_that_holds_or_repeats_goes_on(end: DriveEnd) -> None:
    times = [row[0] for row in given(TakeFeed(driver(1.0), end), 8.0)]
    assert max(np.diff(times)) < 0.1 * 16_000 and times[0] == 0 and times[-1] > 8 * 16_000
    assert sorted(set(times)) == times


def test_a_line_follows_a_take(call: Call, tmp_path: Path, line: Path) -> None:
    """The clip that a bake drives by the same take shows the same head."""
    clip = tmp_path / "driver.wav"
    sound, rate = soundfile.read(line)
    soundfile.write(clip, sound[: 2 * rate], rate)
    assert call("bake", clip, "--out", tmp_path, "--formats", "npz", "--head-strength", "2", "--seed", "9").code == 0
    with UdpReceiver() as receiver:
        words = ("--drive", tmp_path / "driver.npz", "--drive-parts", "pose", "--to", receiver.url("Hero"), "--no-wait")
        done = call("live", clip, *words)
        seen = receiver.wait_for_rest("Hero")
    assert done.code == 0, done.err
    with np.load(tmp_path / "driver.npz") as baked:
        wanted, times = baked["head_rotation_rad"], baked["times_s"]
    inside = [each for each in seen if 0.2 < each.seconds < 1.8]
    assert len(inside) > 20
    yaws = np.array([each.values[HEAD[0]] for each in inside])
    assert (
        np.corrcoef(np.abs(yaws), np.abs(np.interp([each.seconds for each in inside], times, wanted[:, 0])))[0, 1]
        > 0.99
    )


# Faults


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--camera", "no_such.mp4"), "no_such.mp4"),
        (("--camera", "77"), "the camera /dev/video77 cannot be opened"),
        (("--camera", "{text}"), "cannot be read as a video"),
        (("--drive", "{text}"), "text.txt"),
        (("--drive", "a.npz", "--camera", "0"), "--drive and --camera; give one of them"),
        (("--drive-parts", "pose"), "nobody drives the face; add --drive or --camera"),
        (("--drive-end", "loop"), "--drive-end, but no take drives the face"),
        (("--camera", "a.mp4", "--drive-from", "1"), "--drive-from, but no take drives the face"),
        (("--drive", "a.npz", "--drive-parts", "nose"), "'nose' is unknown"),
        (("--drive", "a.npz", "--drive-end", "never"), "--drive-end"),
    ],
)
def test_what_cannot_lead_a_face_is_told_in_a_sentence(
    call: Call, tmp_path: Path, line: Path, words: tuple[str, ...], sentence: str
) -> None:
    if "77" in words and sys.platform != "linux":
        pytest.skip("cameras have other names on other systems")
    (tmp_path / "text.txt").write_text("no video\n" * 100)
    words = tuple(word.replace("{text}", str(tmp_path / "text.txt")) for word in words)
    done = call("live", line, *words, "--no-wait", "--to", "llf://127.0.0.1:9/")
    assert done.code != 0 and sentence in done.err and "Traceback" not in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_a_video_without_a_face_leaves_the_face_to_the_sound(call: Call, tmp_path: Path, line: Path) -> None:
    video = call_video(tmp_path / "nobody.mp4", 1.0, black=[(0.0, 1.0)])
    short = tmp_path / "short.wav"
    sound, rate = soundfile.read(line)
    soundfile.write(short, sound[:rate], rate)
    with UdpReceiver() as receiver:
        done = call("live", short, "--camera", video, "--to", receiver.url("Hero"), "--no-wait")
        assert done.code == 0 and receiver.wait_for_rest("Hero")
        assert "the sound led, as no face was seen" in done.out
    with pytest.raises(MediaError, match="no_video"):
        open_camera(str(tmp_path / "no_video.mp4"))
