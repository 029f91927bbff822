"""The command line on real files: what it writes and prints, that it repeats, that a kill leaves no half file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from space_runtime.inference.bundle import EMBEDDED, load_bundle
from space_runtime.timebase import n_frames
from space_runtime.version import VERSION
from tests.support.command_line import Call
from tests.support.files import contents
from tests.support.sounds import speechlike


def test_curves_need_no_portrait(tmp_path: Path, line: Path, call: Call) -> None:
    done = call("bake", line, "--out", tmp_path / "out", "--formats", "npz,json", "--plot", "--fps", "29.97")
    assert (done.code, done.err) == (0, "")
    names = {"line.npz", "line.json", "line_curves.png"}
    assert {Path(text).name for text in done.out.splitlines()} == names == set(contents(tmp_path / "out"))
    with np.load(tmp_path / "out" / "line.npz") as clip:
        fps = Fraction(*map(int, clip["fps"]))
        assert fps == Fraction(30_000, 1_001)
        assert len(clip["times_s"]) == n_frames(9_600 + 4_800, fps) + 1
        assert np.all((clip["blendshapes"] >= 0) & (clip["blendshapes"] <= 1))


def test_a_portrait_speaks_in_sync(tmp_path: Path, line: Path, call: Call, photo: Path) -> None:
    done = call("bake", line, "--portrait", photo, "--out", tmp_path / "out", "--formats", "mp4,npz,json", "--plot")
    assert done.code == 0
    names = {"line.mp4", "line.npz", "line.json", "line_curves.png", "line_frames.png"}
    assert set(contents(tmp_path / "out")) == names
    with av.open(str(tmp_path / "out" / "line.mp4")) as video:
        pictures = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
        assert video.streams.video[0].average_rate == 30
        video.seek(0)
        sound = np.concatenate([frame.to_ndarray()[0] for frame in video.decode(audio=0)])
    assert len(pictures) == n_frames(9_600 + 4_800, Fraction(30)) + 1
    assert 0.9 <= len(sound) / 48_000 < 0.95
    assert np.abs(sound[round(0.65 * 48_000) :]).max() < 0.01 < np.abs(sound[: round(0.6 * 48_000)]).max()
    assert {picture.shape for picture in pictures} == {(512, 512, 3)}
    assert np.mean([picture.mean() for picture in pictures]) > 20
    with np.load(tmp_path / "out" / "line.npz") as clip:
        assert len(clip["times_s"]) == len(pictures)


def test_the_tail_has_the_length_that_is_asked_for_and_can_be_switched_off(
    tmp_path: Path, line: Path, call: Call
) -> None:
    for tail, n in ((0, n_frames(9_600, Fraction(30))), (1, n_frames(25_600, Fraction(30)) + 1)):
        assert call("bake", line, "--tail", tail, "--formats", "npz", "--out", tmp_path / "out").code == 0
        with np.load(tmp_path / "out" / "line.npz") as clip:
            assert len(clip["times_s"]) == n
    done = call("bake", line, "--tail", "-1", "--out", tmp_path / "none")
    assert (done.code, "--tail" in done.err) == (2, True)


def test_the_same_call_gives_the_same_bytes_and_another_seed_others(
    tmp_path: Path, line: Path, call: Call, photo: Path
) -> None:
    def bake(name: str, seed: int) -> dict[str, bytes]:
        words = ("--portrait", photo, "--formats", "mp4,npz,json", "--seed", seed, "--emotion", "happy=0.7")
        assert call("bake", line, *words, "--out", tmp_path / name).code == 0
        return contents(tmp_path / name)

    first, again, other = bake("a", 7), bake("b", 7), bake("c", 8)
    assert first == again
    assert first.keys() == other.keys()
    assert all(first[name] != other[name] for name in first)


def test_many_lines_at_once_equal_each_alone(tmp_path: Path, call: Call) -> None:
    lines = [tmp_path / f"line{k}.wav" for k in range(3)]
    for k, path in enumerate(lines):
        soundfile.write(path, speechlike(0.4 + 0.1 * k, seed=k), 16_000)
    assert call("bake", *lines, "--jobs", "3", "--out", tmp_path / "together").code == 0
    for path in lines:
        assert call("bake", path, "--out", tmp_path / "alone").code == 0
    assert contents(tmp_path / "together") == contents(tmp_path / "alone")


def test_emotion_strength_and_gaze_reach_the_curves(tmp_path: Path, line: Path, call: Call) -> None:
    unmoved = ("--head", "keep", "--blinks", "0")

    def curves(name: str, *words: str) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
        assert call("bake", line, "--formats", "npz", "--out", tmp_path / name, *unmoved, *words).code == 0
        with np.load(tmp_path / name / "line.npz") as clip:
            return {key: clip[key] for key in ("landmarks", "blendshapes", "eye_rotation_rad", "head_rotation_rad")}

    plain = curves("plain")
    assert not plain["head_rotation_rad"].any()
    assert not np.array_equal(curves("happy", "--emotion", "happy=1")["landmarks"], plain["landmarks"])
    still = curves("still", "--mouth-strength", "0", "--expression-strength", "0")["landmarks"]
    assert np.ptp(still, axis=0).max() < 0.1 * np.ptp(plain["landmarks"], axis=0).max()
    gaze = curves("gaze", "--gaze", "12,-6")["eye_rotation_rad"]
    assert np.abs(np.degrees(gaze.mean(axis=(0, 1))) - [12, -6]).max() < 4


def test_metadata_tells_what_made_the_clip_and_nothing_about_the_machine(
    tmp_path: Path, line: Path, call: Call
) -> None:
    assert call("bake", line, "--out", tmp_path, "--formats", "json", "--seed", "5", "--emotion", "sad=0.25").code == 0
    text = (tmp_path / "line.json").read_text(encoding="utf-8")
    metadata = json.loads(text)["metadata"]
    assert metadata["settings"]["emotion"] == {"sad": 0.25}
    assert metadata["settings"]["seed"] == 5
    assert metadata["space_runtime"] == VERSION
    assert metadata["bundle"]["sha256"] == {entry.file: entry.sha256 for entry in load_bundle().manifest.entries}
    assert str(tmp_path) not in text


def test_inspect_lists_every_file_with_licence_and_sources(call: Call) -> None:
    done = call("inspect")
    assert done.code == 0
    for entry in load_bundle().manifest.entries:
        assert entry.file in done.out
        assert entry.sha256 in done.out
        assert entry.licence in done.out
        assert all(source in done.out for source in entry.sources)


def test_bench_prints_what_it_measured(call: Call, line: Path, photo: Path) -> None:
    done = call("bench", "--line", line, "--portrait", photo, "--seconds", "1")
    assert done.code == 0
    assert done.out.count("x real time") == 4
    for word in ("p50", "p99", "memory", "features", "landmarks (network)", "rig", "frames (generator)"):
        assert word in done.out


def test_version_and_help(call: Call) -> None:
    assert call("--version").out.strip() == f"space-runtime {VERSION}"
    for command in ("bake", "inspect", "bench"):
        assert call(command, "--help").code == 0
        assert command in call("--help").out


KILLED = """
import os, signal, sys
from pathlib import Path
from space_runtime import bake, open_portrait, open_tracker, load_bundle

line, photo, out, moment = sys.argv[1:]

def progress(done_s, total_s):
    if moment == "reading" and done_s > 0.3:
        os.kill(os.getpid(), signal.SIGKILL)

if moment == "renaming":
    os.replace = lambda *paths: os.kill(os.getpid(), signal.SIGKILL)
bundle = load_bundle()
portrait = open_portrait(Path(photo), open_tracker(bundle))
bake(Path(line), Path(out), bundle=bundle, portrait=portrait, formats=("mp4", "npz", "json"), progress=progress)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows there is no SIGKILL")
@pytest.mark.parametrize("moment", ["reading", "renaming"])
@pytest.mark.parametrize("former", [None, b"a former result"])
def test_a_kill_leaves_no_half_file(tmp_path: Path, line: Path, photo: Path, moment: str, former: bytes | None) -> None:
    out = tmp_path / "out"
    out.mkdir()
    if former:
        (out / "line.mp4").write_bytes(former)
    arguments = [sys.executable, "-c", KILLED, str(line), str(photo), str(out), moment]
    killed = subprocess.run(arguments, capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert contents(out) == ({"line.mp4": former} if former else {})


INTERRUPTED = """
import os, signal, sys
from space_runtime import cli
from space_runtime.baking import line

original = line.write_results
def write_results(*args):
    def interrupting(done_s, total_s):
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            args[-1](done_s, total_s)
    return original(*args[:-1], interrupting)
line.write_results = write_results
cli.main()
"""


def interruptible(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a program that hears Ctrl-C even where these tests do not: what a shell starts in the background is deaf."""
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows interrupts are sent in another way")
def test_ctrl_c_ends_quietly_and_cleans_up(tmp_path: Path, line: Path, photo: Path) -> None:
    words = ["bake", str(line), "--portrait", str(photo), "--formats", "mp4,npz", "--out", str(tmp_path / "out")]
    stopped = interruptible([sys.executable, "-c", INTERRUPTED, *words])
    assert stopped.returncode == 130
    assert "Traceback" not in stopped.stderr
    assert not (tmp_path / "out").exists()


IMPORTING = """
import os, runpy, signal, sys
import space_runtime

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "space_runtime.cli":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
runpy.run_module("space_runtime", run_name="__main__")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows interrupts are sent in another way")
def test_ctrl_c_while_importing_ends_quietly() -> None:
    stopped = interruptible([sys.executable, "-c", IMPORTING, "inspect"])
    assert (stopped.returncode, stopped.stdout, stopped.stderr) == (130, "", "space-runtime: stopped\n")


def test_the_package_runs_as_a_module() -> None:
    words = [sys.executable, "-m", "space_runtime", "--version"]
    assert subprocess.run(words, capture_output=True, text=True).stdout == f"space-runtime {VERSION}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows a closed pipe is another error")
@pytest.mark.parametrize("command", ["bake", "inspect", "--version"])
def test_a_reader_who_leaves_is_no_error(tmp_path: Path, line: Path, command: str) -> None:
    more = [str(line), "--out", str(tmp_path / "out"), "--formats", "npz,json"] if command == "bake" else []
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-m", "space_runtime", command, *more]
    left = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writing)
    assert left.stderr == ""
    if command == "bake":
        assert left.returncode == 0
        assert set(contents(tmp_path / "out")) == {"line.npz", "line.json"}


GROWING = """
import resource, sys
from pathlib import Path
from space_runtime import bake

peaks = []

def progress(done_s, total_s):
    if done_s >= 0.4 * total_s * (len(peaks) + 1) or done_s == total_s:
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

bake(Path(sys.argv[1]), Path(sys.argv[2]), fps=1, progress=progress)
print(peaks[-1] - peaks[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only on Windows and macOS the unit is another")
def test_a_longer_line_needs_no_more_memory(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", np.tile(speechlike(5), (24, 1)), 16_000)
    words = [sys.executable, "-c", GROWING, str(tmp_path / "long.wav"), str(tmp_path / "out")]
    grown_kib = int(subprocess.run(words, capture_output=True, text=True, check=True, timeout=120).stdout)
    assert grown_kib < 8_192


def test_an_embedded_bundle_is_used_by_default(call: Call) -> None:
    assert str(EMBEDDED) in call("inspect").out
