"""The playback of a line in C++, beside a sound that moves in steps, and Unreal's axes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine_bridge.formats.axes import quaternions
from engine_bridge.formats.rig_map import match_names
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.engine_bridge.cpp.test_cpp_clip import answers


def unreal_matrix(pitch: float, yaw: float, roll: float) -> np.ndarray:
    """Columns: the places of Unreal's axes after an ``FRotator``, as ``FRotationMatrix`` is documented to turn them."""
    p, y, r = np.radians([pitch, yaw, roll])
    about_z = np.array([[math.cos(y), -math.sin(y), 0], [math.sin(y), math.cos(y), 0], [0, 0, 1]])
    about_y = np.array([[math.cos(p), 0, -math.sin(p)], [0, 1, 0], [math.sin(p), 0, math.cos(p)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(r), math.sin(r)], [0, -math.sin(r), math.cos(r)]])
    return np.asarray(about_z @ about_y @ about_x)


def our_matrix(yaw: float, pitch: float, roll: float) -> np.ndarray:
    x, y, z, w = quaternions(*np.array([[yaw], [pitch], [roll]]))[0]
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


@pytest.mark.parametrize("angles", [(0.4, 0, 0), (0, 0.3, 0), (0, 0, 0.2), (0.4, -0.3, 0.2), (-0.5, 0.25, -0.4)])
def test_turning_in_unreal_is_turning_here(angles: tuple[float, float, float]) -> None:
    to_unreal = np.array([[0, 0, 1], [-1, 0, 0], [0, 1, 0]])
    said = np.array(answers(f"turn {angles[0]} {angles[1]} {angles[2]}")[0].split(), float)
    assert unreal_matrix(*said[:3]) == pytest.approx(to_unreal @ our_matrix(*angles) @ to_unreal.T, abs=1e-6)
    assert said[3:] == pytest.approx(to_unreal @ np.array(angles), abs=1e-6)


def test_a_positive_yaw_turns_to_the_characters_left_and_a_positive_pitch_down() -> None:
    left, down = (np.array(line.split(), float) for line in answers("turn 0.5 0 0", "turn 0 0.5 0"))
    forward = np.array([1, 0, 0])
    assert (unreal_matrix(*left[:3]) @ forward)[1] < 0, "Unreal's y is to the right"
    assert (unreal_matrix(*down[:3]) @ forward)[2] < 0, "Unreal's z is up"


class Line:
    """A line of the program's playback beside a sound that moves in steps of the mixer's buffer."""

    def __init__(self, fps: float, pitch: float = 1.0, length: float = 4.0) -> None:
        self.fps, self.pitch, self.length, self.now = fps, pitch, length, 0.0
        self.commands = [f"begin {length}"]
        self.heard: list[float] = []

    def run(self, seconds: float) -> None:
        step = 1024 / 48_000
        for _ in range(round(seconds * self.fps)):
            self.now += 1 / self.fps
            heard = math.floor(self.now / step) * step * self.pitch
            self.heard.append(self.now * self.pitch)
            self.commands += [f"told {heard!r}", f"advance {1 / self.fps!r} {self.pitch}"]

    def positions(self) -> list[float]:
        return [float(line.split()[0]) for line in answers(*self.commands)]


@pytest.mark.parametrize("fps", [24, 60, 144])
@pytest.mark.parametrize("pitch", [0.7, 1.0, 1.3])
def test_the_line_follows_its_sound(fps: float, pitch: float) -> None:
    line = Line(fps, pitch)
    line.run(2.5)
    found = np.array(line.positions())
    off = float(np.percentile(np.abs(found - line.heard), 95)) * 1000
    print(f"MEASURED line against sound at {fps} fps, pitch {pitch}: p95 {off:.1f} ms")
    assert off < 20
    assert (np.diff(found) >= 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_clock_is_csharps(seed: int) -> None:
    """The clock of the sound answers as this rule of C#'s ``SoundClock`` does, jumps and stillness among it."""
    rng = np.random.default_rng(seed)
    commands, expected, told = ["clock_begin 1.5"], [], 1.5
    state = [1.5, 1.5, 0.0, False]
    for _ in range(300):
        draw = rng.random()
        told += 0.0 if draw < 0.5 else rng.choice([0.02, 0.021, 3.0, -2.0], p=[0.48, 0.48, 0.02, 0.02])
        elapsed = float(rng.choice([1 / 60, 1 / 24, 0.0]))
        commands.append(f"clock {float(told)!r} {elapsed!r}")
        expected.append(clock(state, float(told), elapsed))
    assert [float(line) for line in answers(*commands)] == pytest.approx(expected, abs=1e-9)


def clock(state: list[float], position: float, elapsed: float) -> float:
    seconds, told, ahead, moved = state
    stepped = position != told
    if not stepped and not moved:
        return seconds
    ahead = 0.0 if stepped else ahead + elapsed
    after = seconds + elapsed
    since = min(elapsed, 1024 / 48_000) / 2
    if stepped:
        after = after + (position + since - after) * 0.15 if moved else position + since
    if abs(after - position) > 0.15:
        after = position
    if ahead > 0.15:
        after = seconds
    state[:] = [after, position, ahead, True]
    return after


def test_pause_stop_and_end_of_a_line() -> None:
    held = answers(
        "begin 4",
        "told 1",
        "advance 0.02 1",
        "pause 1",
        "told 1.5",
        "advance 1 1",
        "pause 0",
        "told 1.02",
        "advance 0.02 1",
    )
    assert held[0].split()[0] == held[1].split()[0]
    assert float(held[2].split()[0]) > float(held[1].split()[0])
    stopped = answers("begin 4", "told 1", "advance 0.02 1", "stop", *["advance 0.1 1"] * 4)
    assert [line.split()[2] for line in stopped] == ["1", "1", "1", "0", "0"]
    assert [float(line.split()[1]) for line in stopped[1:4]] == pytest.approx([2 / 3, 1 / 3, 0], abs=1e-6)
    early = answers("begin 4", "told 1", "advance 0.02 1", "ended", *["advance 0.2 1"] * 2)
    assert early[-1].split()[2] == "0", "a sound that others stop ends the line"
    late = answers("begin 4", "told 3.95", "advance 0.02 1", "ended", "advance 0.2 1")
    assert late[-1].split()[1:] == ["1", "1"] and float(late[-1].split()[0]) > 4.1, "the face goes on to rest by itself"


def test_a_sound_that_does_not_move_is_not_waited_for() -> None:
    dumb = answers("begin 4", *["advance 0.1 1"] * 20)
    assert [float(line.split()[0]) for line in dumb[:5]] == [0] * 5
    assert float(dumb[-1].split()[0]) == pytest.approx(1.5, abs=0.11)
    back = answers("begin 4", *["advance 0.1 1"] * 20, "told 0.4", "advance 0.1 1", "told 0.5", "advance 0.1 1")
    assert float(back[-1].split()[0]) == pytest.approx(0.5, abs=0.11), "where it is heard again, it is followed"


def test_a_line_without_sound_runs_by_the_games_clock() -> None:
    said = answers("begin 0", *["advance 0.25 1"] * 3, "advance nan 1", "advance -1 1")
    assert [float(line.split()[0]) for line in said] == [0.25, 0.5, 0.75, 0.75, 0.75]


@pytest.mark.parametrize(
    "targets",
    [
        list(ARKIT_NAMES),
        [name[0].upper() + name[1:] for name in ARKIT_NAMES],
        [f"Face.{name}" for name in reversed(ARKIT_NAMES)],
        ["mouthSmile_L", "mouthSmile_R", "JAWOPEN", "jawOpen", "head.eyeBlink_r", "belly", "_L", "x"],
        ["visemeAA"],
    ],
)
def test_shapes_are_matched_as_everywhere(targets: list[str]) -> None:
    expected = match_names(ARKIT_NAMES, targets)
    (said,) = answers(" ".join(["match", "52", *ARKIT_NAMES, *targets]))
    places = [int(word) for word in said.split()]
    found = {name: targets[place] for name, place in zip(ARKIT_NAMES, places, strict=True) if place >= 0}
    assert found == {match.name: match.target for match in expected.matches}
