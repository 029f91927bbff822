"""The Unreal plugin in a scene of the stand-in: the face of clips and of spoken lines, in step with what is heard."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine_bridge.adapters.live_link_face import NAMES
from engine_bridge.formats.clip import Clip
from engine_bridge.formats.live_link_csv import rows_of
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.spaceclip import write_spaceclip
from engine_bridge.protocol import messages as m
from space_runtime.values import Controls
from tests.engine_bridge.cpp import cpp_program
from tests.engine_bridge.cpp.test_cpp_server import serving
from tests.engine_bridge.unreal import unreal_program
from tests.support.clips import SHAPE, random_clip
from tests.support.fake_server import ServedFake
from tests.support.ports import free_port
from tests.support.sounds import speechlike
from tests.support.waiting import wait_for
from tests.tools.golden_clip import PATH

FPS = Fraction(30)
STEP = 1024 / 48_000


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer of the scene: the line, its sound, its face on the meshes, what was told, and whether it sounds."""

    speaks: float
    seconds: float
    heard: float
    jaw: float
    teeth: float
    foreign: float
    smile: float
    weight: float
    head_yaw: float
    head_pitch: float
    eye_yaw: float
    started: float
    finished: float
    frames: float
    sounds: float


def ramp(seconds: float) -> Clip:
    """A clip whose jaw opens steadily, beside a head and eyes that turn."""
    clip = random_clip(round(seconds * FPS) + 1, FPS)
    assert clip.blendshapes is not None and clip.head_rotation_rad is not None and clip.eye_rotation_rad is not None
    clip.blendshapes[:] = 0
    clip.blendshapes[:, SHAPE["jawOpen"]] = clip.times_s / seconds
    clip.blendshapes[:, SHAPE["mouthSmileLeft"]] = 0.25
    clip.head_rotation_rad[:] = (0.2, 0.1, 0.0)
    clip.eye_rotation_rad[:] = 0.3
    return clip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a clip of four seconds."""
    return written(tmp_path / "line.spaceclip", ramp(4.0))


def written(path: Path, clip: Clip) -> Path:
    with path.open("wb") as out:
        write_spaceclip(clip, FormatOptions(), out)
    return path


def said(*commands: str) -> list[str]:
    """Return all answers of the scene."""
    text = "\n".join(commands) + "\n"
    return cpp_program.run([unreal_program.scene()], input=text.encode()).splitlines()


def steps(*commands: str) -> list[Shown]:
    """Return the answers to the steps among these commands."""
    lines = [line.split() for line in said(*commands)]
    return [Shown(*map(float, words)) for words in lines if len(words) == 15]


def test_files_become_clips_and_others_are_refused_with_a_reason(tmp_path: Path) -> None:
    broken = tmp_path / "broken.spaceclip"
    broken.write_bytes(PATH.read_bytes()[:-1])
    lines = said(f"load {PATH}", f"load {broken}", f"load {tmp_path / 'none'}", f"import {PATH}", f"import {broken}")
    assert lines[0] == "loaded 0.100100"
    assert lines[1].startswith("refused the file is no .spaceclip")
    assert lines[2].endswith("cannot be read; is it there?")
    assert lines[3] == "imported line"
    assert lines[4].startswith("refused line: the file is no .spaceclip")


def test_without_a_clip_nothing_plays() -> None:
    assert said("play 1") == ["problem there is no clip to play: import a .spaceclip", "0"]


def test_the_face_shows_on_every_mesh_and_leaves_foreign_shapes_alone(file: Path) -> None:
    shown = steps(f"load {file}", "play 0", *["step 0.25"] * 4)[-1]
    assert shown.seconds == 1.0
    assert (shown.jaw, shown.teeth, shown.smile) == pytest.approx((0.25, 0.25, 0.25), abs=1e-5)
    assert shown.weight == shown.jaw
    assert shown.foreign == 0
    assert (shown.head_yaw, shown.head_pitch) == pytest.approx(np.degrees([-0.2, -0.1]), abs=1e-4)
    assert shown.eye_yaw == pytest.approx(np.degrees(-0.3), abs=1e-4)


@pytest.mark.parametrize("fps", [24, 60, 144])
@pytest.mark.parametrize("pitch", [1.0, 0.7, 1.3])
def test_the_face_follows_what_is_heard(file: Path, fps: int, pitch: float) -> None:
    shown = steps("audio", f"load {file}", f"pitch {pitch}", "play 4", *[f"step {1 / fps!r}"] * (2 * fps))
    off = np.array([one.seconds - one.heard for one in shown[1:]])
    p95 = float(np.percentile(np.abs(off), 95)) * 1000
    print(f"MEASURED face against sound at {fps} fps, pitch {pitch}: p95 {p95:.1f} ms")
    assert p95 < 20
    assert [one.jaw for one in shown] == pytest.approx([one.seconds / 4 for one in shown], abs=1e-5)
    assert (np.diff([one.seconds for one in shown]) >= 0).all()


def test_a_line_ends_at_rest_and_tells_so_once(file: Path) -> None:
    shown = steps(f"load {file}", "play 4", *["step 0.05"] * 100)
    assert [one.started for one in shown] == [1] * 100
    assert (shown[80].speaks, shown[-1].speaks, shown[-1].finished) == (1, 0, 1)
    assert (shown[-1].jaw, shown[-1].head_yaw, shown[-1].sounds) == (0, 0, 0)


def test_pause_seek_and_stop(file: Path) -> None:
    forth = ["step 0.05"] * 20
    shown = steps("audio", f"load {file}", "play 4", *forth, "pause 1", *forth, "pause 0", *forth)
    assert shown[39].seconds == shown[20].seconds
    assert shown[59].seconds == pytest.approx(2.0, abs=STEP + 0.05)
    sought = steps("audio", f"load {file}", "play 4", *forth, "seek 3", *forth[:5], "seek 0.5", *forth[:5])
    assert sought[24].seconds == pytest.approx(3.25, abs=STEP + 0.05)
    assert sought[29].seconds == pytest.approx(0.75, abs=STEP + 0.05)
    stopped = steps("audio", f"load {file}", "play 4", *forth, "stop", *["step 0.1"] * 4)
    assert [one.sounds for one in stopped[-4:]] == [0] * 4
    assert [one.finished for one in stopped[-4:]] == [0, 0, 1, 1]
    assert stopped[20].jaw == pytest.approx(stopped[19].jaw * 2 / 3, abs=0.01)
    killed = steps("audio", f"load {file}", "play 4", *forth, "kill_sound", *["step 0.1"] * 4)
    assert killed[-1].finished == 1, "a sound that others stop ends the line"


def test_a_sound_that_tells_nothing_does_not_hold_the_face(file: Path) -> None:
    shown = steps("audio", f"load {file}", "silent", "play 4", *["step 0.1"] * 60)
    assert shown[-1].finished == 1 and shown[15].seconds == pytest.approx(1.0, abs=0.21)


def test_a_line_takes_the_place_of_another_and_an_ended_component_is_at_rest(file: Path) -> None:
    shown = steps("audio", f"load {file}", "play 4", *["step 0.1"] * 5, "play 4", "step 0.1", "step 0.1", "end")
    assert (shown[4].started, shown[4].finished, shown[6].started, shown[6].finished) == (1, 0, 2, 1)
    assert shown[6].seconds < 0.25
    assert (shown[7].speaks, shown[7].finished, shown[7].jaw, shown[7].sounds) == (0, 2, 0, 0)
    begun = steps(f"load {file}", "begin 4", *["step 0.1"] * 5)
    assert begun[-1].seconds == pytest.approx(0.5, abs=0.11)


def test_live_link_gets_the_61_values_of_its_own_app(file: Path) -> None:
    clip = ramp(4.0)
    words = said(f"load {file}", "subject Anna", "play 0", *["step 0.2"] * 5, "live_link Anna")[-1].split()
    assert tuple(words[:61]) == NAMES
    at = round(1.0 * FPS)
    assert [float(word) for word in words[61:122]] == pytest.approx(rows_of(clip)[at].tolist(), abs=1e-5)
    assert words[122:] == ["1"], "one source for all subjects"


def test_the_source_can_be_added_in_the_live_link_window(file: Path) -> None:
    lines = said("factory", f"load {file}", "subject Anna", "play 0", "step 0.2", "live_link Anna")
    assert lines[0] == "SPACE 0 1 Nobody has spoken yet"
    assert lines[-1].split()[122:] == ["1"], "speakers use it"


def test_a_clip_of_other_shapes_is_shown_by_name(tmp_path: Path) -> None:
    bare = replace(ramp(1.0), head_rotation_rad=None, head_translation=None, eye_rotation_rad=None)
    file = written(tmp_path / "bare.spaceclip", bare)
    shown = steps(f"load {file}", "play 0", "step 0.5", "step 0.2")
    assert shown[0].jaw == pytest.approx(0.5, abs=1e-5)
    assert shown[0].head_yaw == 0


class Running:
    """A scene in real time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def ask(self, command: str) -> str:
        self.tell(command)
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def step(self, seconds: float = 1 / 30) -> Shown:
        time.sleep(seconds)
        return Shown(*map(float, self.ask(f"step {seconds!r}").split()))


@contextmanager
def running() -> Iterator[Running]:
    pipe = subprocess.PIPE
    process = subprocess.Popen([unreal_program.scene()], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    try:
        yield Running(process)
    finally:
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0 and not err, err[-4000:]


@pytest.fixture
def pcm(tmp_path: Path) -> Path:
    """A file of a second and a half of speech, 16 bit, mono."""
    path = tmp_path / "line.pcm"
    path.write_bytes((speechlike(1.5) * 32_767).astype("<i2").tobytes())
    return path


def test_a_spoken_line_gets_its_face_from_a_server(tmp_path: Path, pcm: Path) -> None:
    port = free_port()
    with serving(port, tmp_path), running() as scene:
        assert scene.ask(f"connect tcp://127.0.0.1:{port}") == "1"
        for _ in range(200):
            time.sleep(0.1)
            if scene.ask("connected") == "1":
                break
        assert scene.ask(f"pcm {pcm} 16000") == "1"
        shown = [scene.step() for _ in range(110)]
    assert max(one.jaw for one in shown) > 0.05
    assert (shown[-1].finished, shown[-1].speaks) == (1, 0)
    assert abs(shown[-1].jaw) < 1e-6
    heard = [one for one in shown if one.sounds and 0.3 < one.heard < 1.4]
    off = np.array([one.seconds + 0.05 - one.heard for one in heard])
    print(f"MEASURED spoken line against what the mixer took: p95 {np.percentile(np.abs(off), 95) * 1000:.1f} ms")
    assert np.percentile(np.abs(off), 95) < 0.03


def test_a_pose_of_the_head_reaches_the_server_and_changes_while_it_speaks(pcm: Path) -> None:
    with ServedFake() as served, running() as scene:
        assert scene.ask(f"connect {served.address}") == "1"
        scene.tell("turn 25 -15 20")
        assert scene.ask(f"pcm {pcm} 16000") == "1"
        wait_for(lambda: served.fake.of_type(m.Start))
        scene.tell("turn -90 5 0")
        wait_for(lambda: served.fake.of_type(m.Set))
        for n, turn in enumerate(("nan inf -inf", "0 0 0"), 2):
            scene.tell(f"turn {turn}")
            wait_for(lambda n=n: len(served.fake.of_type(m.Set)) == n)  # type: ignore[misc]
        (start,), (*changes, back) = served.fake.of_type(m.Start), served.fake.of_type(m.Set)
    offsets = [Controls(head_offset=each.head_offset).head_offset for each in (start, *changes)]
    np.testing.assert_allclose(np.degrees(offsets), [[25, -15, 20], [-25, 5, 0], [0, 15, -20]], atol=1e-4)
    assert back.head_offset is not None and [*back.head_offset] == []


def test_without_a_server_a_spoken_line_is_heard_after_a_second(pcm: Path) -> None:
    shown = [
        one
        for one in steps(f"connect tcp://127.0.0.1:{free_port()}", f"pcm {pcm} 16000", *["step 0.1"] * 40)
        if one.started
    ]
    assert [one.sounds for one in shown[:12]].count(0) in (10, 11)
    assert (shown[-1].finished, shown[-1].jaw) == (1, 0)


def test_sound_that_cannot_be_is_refused(tmp_path: Path, pcm: Path) -> None:
    odd = tmp_path / "odd.pcm"
    odd.write_bytes(b"123")
    assert "16 bit" in said(f"pcm {odd} 16000")[0]
    assert "rate is 0" in said(f"pcm {pcm} 0")[0]


def test_an_address_that_cannot_be_is_refused() -> None:
    assert said("connect nowhere")[0].startswith("0 ")
