"""Every bad file and every bad option ends in one clear sentence and its exit code; good lines still bake."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from space_runtime.inference.bundle import EMBEDDED
from tests.support.command_line import Call
from tests.support.files import contents
from tests.support.real_server import ROOT


def test_a_bad_line_is_named_and_the_others_are_baked(tmp_path: Path, line: Path, call: Call) -> None:
    soundfile.write(tmp_path / "bad.wav", np.full(800, np.nan, np.float32), 16_000, "FLOAT")
    done = call("bake", tmp_path / "bad.wav", line, tmp_path / "missing.wav", "--out", tmp_path / "out")
    assert done.code == 1
    complaints = done.err.splitlines()
    assert len(complaints) == 2
    assert any("bad.wav" in text and "NaN" in text for text in complaints)
    assert any("missing.wav" in text for text in complaints)
    assert contents(tmp_path / "out").keys() == {"line.anim", "line.json"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--emotion", "glad=1"], "unknown emotion 'glad'; the known ones are neutral, happy, sad"),
        (["--emotion", "happy=1.5"], "intensity outside 0…1"),
        (["--emotion", "happy=-0.1"], "intensity outside 0…1"),
        (["--emotion", "happy=nan"], "has no number"),
        (["--emotion", "keys.csv"], "there is no such file"),
        (["--emotion", "happy=much"], "has no number"),
        (["--emotion", "happy=0.2,sad,Happy=0.9"], "'happy' is named twice"),
        (["--fps", "0"], "outside 1…240"),
        (["--fps", "fast"], "is not a number"),
        (["--fps", "1/0"], "is not a number"),
        (["--fps", "-5"], "outside 1…240"),
        (["--fps", "1e999999999"], "is not a number"),
        (["--fps", "9" * 5000], "is not a number"),
        (["--fps", "29.123456789"], "six decimals at most"),
        (["--formats", "avi"], "unknown format 'avi'; the known ones are mp4, webm, png, npz, json"),
        (["--formats", ","], "no format is named"),
        (["--formats", "mp4"], "--portrait"),
        (["--head", "spin"], "the known ones are keep, idle"),
        (["--gaze", "5"], "is not two angles"),
        (["--gaze", "90,0"], "outside ±35"),
        (["--gaze", "nan,0"], "is not two angles"),
        (["--gaze", "inf,0"], "outside ±35"),
        (["--mouth-strength", "9"], "--mouth-strength is 9, outside 0…2"),
        (["--expression-strength", "nan"], "outside 0…2"),
        (["--head-strength", "-1"], "outside 0…2"),
        (["--blinks", "1000"], "outside 0…120"),
        (["--seed", "-1"], "outside 0…9223372036854775807"),
        (["--seed", "9" * 400], "outside 0…"),
        (["--jobs", "0"], "outside 1…"),
    ],
)
def test_a_bad_option_is_one_sentence_and_exit_code_2(
    tmp_path: Path, line: Path, call: Call, words: list[str], said: str
) -> None:
    done = call("bake", line, "--out", tmp_path / "out", *words)
    assert done.code == 2
    assert said in done.complaint
    assert not (tmp_path / "out").exists()


def test_unknown_options_and_missing_lines_are_exit_code_2(call: Call, line: Path) -> None:
    assert call("bake").code == 2
    assert call("bake", line, "--loud").code == 2
    assert call("sing").code == 2


def test_lines_that_would_overwrite_one_another_are_refused(tmp_path: Path, line: Path, call: Call) -> None:
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "LINE.wav"
    shutil.copy(line, twin)
    done = call("bake", line, twin, "--out", tmp_path / "out")
    assert done.code == 2
    assert "would overwrite" in done.complaint
    assert call("bake", line, line, "--out", tmp_path / "out").code == 2


def test_a_result_never_overwrites_an_input(tmp_path: Path, line: Path, call: Call, photo: Path) -> None:
    shutil.copy(line, tmp_path / "talk.mp4")
    done = call("bake", tmp_path / "talk.mp4", "--portrait", photo, "--formats", "mp4", "--out", tmp_path)
    assert done.code == 2
    assert (tmp_path / "talk.mp4").read_bytes() == line.read_bytes()


def test_a_folder_that_cannot_be_written_ends_before_any_work(tmp_path: Path, line: Path, call: Call) -> None:
    done = call("bake", line, "--out", line / "inside")
    assert done.code == 1
    assert "output folder" in done.complaint


FULL_DISK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from space_runtime.cli import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows there are no limits on the size of a file")
@pytest.mark.parametrize("formats", ["npz", "json", "mp4"])
def test_a_disk_that_fills_up_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, line: Path, photo: Path, formats: str
) -> None:
    words = ["bake", str(line), "--portrait", str(photo), "--formats", formats, "--out", str(tmp_path / "out")]
    full = subprocess.run([sys.executable, "-c", FULL_DISK, *words], capture_output=True, text=True, timeout=60)
    assert full.returncode == 1
    (sentence,) = full.stderr.splitlines()
    assert "cannot be written" in sentence
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows there are no pipes and devices as files")
def test_pipes_and_devices_are_refused_at_once(tmp_path: Path, line: Path, call: Call) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    for path in (tmp_path / "pipe.wav", Path("/dev/zero")):
        done = call("bake", path, "--out", tmp_path / "out")
        assert (done.code, "is a pipe or a device" in done.complaint) == (1, True)
        done = call("bake", line, "--portrait", path, "--out", tmp_path / "out")
        assert (done.code, "folder, pipe or device" in done.complaint) == (1, True)


@pytest.mark.skipif(sys.platform != "linux", reason="only on Windows and macOS every file name is Unicode")
def test_a_name_that_is_no_text_is_refused(tmp_path: Path, line: Path, call: Call) -> None:
    odd = tmp_path / os.fsdecode(b"l\xffne.wav")
    shutil.copy(line, odd)
    done = call("bake", odd, "--out", tmp_path / "out", "--formats", "npz,json", "--plot")
    assert done.code == 1
    assert "not valid Unicode" in done.complaint
    assert "internal error" not in done.complaint


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows a name cannot hold a line break")
def test_a_line_break_in_a_name_does_not_break_the_sentence(tmp_path: Path, call: Call) -> None:
    done = call("bake", tmp_path / "two\nlines\x1b[31m.wav", "--out", tmp_path / "out")
    assert done.code == 1
    assert r"two\nlines\x1b[31m.wav does not exist" in done.complaint


def test_a_truncated_portrait_is_one_sentence(
    tmp_path: Path, line: Path, photo: Path, call: Call, capfd: pytest.CaptureFixture[str]
) -> None:
    broken, whole = tmp_path / "broken.png", photo.read_bytes()
    for data in (whole[: len(whole) // 2], whole[:-12], whole[:-4], whole[:5000] + b"?" + whole[5001:]):
        broken.write_bytes(data)
        done = call("bake", line, "--portrait", broken, "--out", tmp_path / "out")
        assert done.code == 1
        assert "is damaged or incomplete" in done.complaint
        assert not (tmp_path / "out").exists()


def test_a_bad_portrait_is_named(tmp_path: Path, line: Path, call: Call) -> None:
    done = call("bake", line, "--portrait", line, "--formats", "mp4", "--out", tmp_path / "out")
    assert done.code == 1
    assert line.name in done.complaint


@pytest.mark.parametrize("command", [["inspect"], ["bake", "line.wav", "--out", "out"]])
def test_a_damaged_bundle_is_named(
    tmp_path: Path, line: Path, call: Call, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(EMBEDDED, "bundle")
    assert "manifest.json is missing" in call(*command, "--bundle", tmp_path).complaint
    with Path("bundle/face_mesh.onnx").open("r+b") as file:
        file.seek(1000)
        file.write(b"?")
    done = call(*command, "--bundle", "bundle")
    assert done.code == 1
    assert "face_mesh.onnx" in done.complaint
    assert "SHA-256" in done.complaint
    Path("bundle/face_mesh.onnx").unlink()
    assert "lacks face_mesh.onnx" in call(*command, "--bundle", "bundle").complaint
    assert not Path("out").exists()


def test_tracebacks_are_shown_only_when_asked_for(tmp_path: Path, call: Call) -> None:
    missing = tmp_path / "missing.wav"
    assert "Traceback" not in call("bake", missing, "--out", tmp_path / "out").err
    assert "Traceback" in call("bake", missing, "--out", tmp_path / "out", "--debug").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bake", "a.wav", "--seed", "1", "--seed", "2"], "--seed is given 2 times"),
        (["bake", "a.wav", "--emotion", "sad", "--emotion=happy", "--emotion", "sad"], "--emotion is given 3 times"),
        (["live", "a.wav", "--to", "llf://x", "--to", "vmc://y", "--fps", "3", "--fps=4"], "--fps is given 2 times"),
        (["bench", "--fps", "3", "--fps", "4"], "--fps is given 2 times"),
        (["bench", "serve", "--sessions", "3", "--sessions", "3"], "--sessions is given 2 times"),
        (["serve", "--bind", "a", "--bind", "b"], "--bind is given 2 times"),
    ],
)
def test_an_option_that_is_given_twice_is_refused(words: list[str], said: str, call: Call) -> None:
    done = call(*words)
    assert done.code == 2 and said in done.complaint


@pytest.mark.parametrize(
    "words",
    [
        *[
            (name, "--bundle", "")
            for name in ("bake", "still", "portrait", "landmarks", "dub", "track", "serve", "bench")
        ],
        *[(name, "--out", "") for name in ("bake", "still", "dub", "track", "package")],
        *[(name, "") for name in ("bake", "still", "portrait", "landmarks", "dub", "track", "live", "demo")],
        ("keygen", "anna", "--folder", ""),
        ("suggest-emotion", "a.wav", "--json", ""),
        ("bake", "a.wav", ""),
        ("serve", "--portraits="),
    ],
    ids=" ".join,
)
def test_an_empty_path_is_refused_and_is_not_the_folder_of_the_call(
    words: tuple[str, ...], call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call(*words)
    assert done.code == 2 and done.complaint.endswith(" is ''; expected a path as text that is not empty")
    assert not list(tmp_path.iterdir())


def test_words_after_the_options_and_repeated_flags_are_no_repeated_options(call: Call, own_folder: None) -> None:
    Path("line.wav").rename("--seed")
    assert call("bake", "--plot", "--plot", "--", "--seed").code == 0


def test_a_track_that_would_be_a_folder_is_one_sentence(call: Call, own_folder: None) -> None:
    for target in (".", ".."):
        done = call("suggest-emotion", "line.wav", "--json", target)
        assert done.code == 1 and "is a folder, not a file" in done.complaint


def test_curves_are_drawn_without_a_word_where_home_cannot_be_written(tmp_path: Path, line: Path) -> None:
    nowhere = {name: str(line / "no") for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR")}
    command = [sys.executable, "-m", "space_runtime", "bake", str(line), "--plot", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, env={**os.environ, **nowhere}, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out" / "line_curves.png").exists()


@pytest.mark.parametrize(("emotion", "is_late"), [("happy=0.9@99s", True), ("happy=0.2@0s,happy=0.9@0.5s", False)])
def test_an_emotion_after_the_end_of_the_sound_is_told(
    emotion: str, is_late: bool, tmp_path: Path, line: Path, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    assert call("bake", line, "--emotion", emotion, "--out", tmp_path / "out").code == 0
    told = [f"{line}: a key lies at 99 s, after the end of the sound at 0.60 s"]
    assert [record.getMessage() for record in caplog.records] == (told if is_late else [])


def test_a_call_without_results_leaves_no_empty_folder(tmp_path: Path, line: Path, call: Call) -> None:
    soundfile.write(tmp_path / "bad.wav", np.full(800, np.nan, np.float32), 16_000, "FLOAT")
    (tmp_path / "there").mkdir()
    for folder in ("new/folder", "there"):
        assert call("bake", tmp_path / "bad.wav", "--out", tmp_path / folder).code
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.wav", line.name, "there"]
