"""The command on many lines: folders, patterns and tables in, a tree and a report out, nothing lost without a word."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from space_runtime import BakeJob, BakeResult
from space_runtime.baking.jobs import Outcome
from space_runtime.commands.bake_display import Remaining
from tests.support.command_line import Call
from tests.support.files import contents
from tests.support.sounds import speechlike

NAMES = ("guard/hm.wav", "hello.wav", "npc/hm.wav")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of three short lines, two of them of one name, and what lies beside them."""
    for n, name in enumerate(NAMES):
        (tmp_path / "lines" / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / "lines" / name, speechlike(0.15, seed=n), 16_000)
    (tmp_path / "lines" / "notes.txt").write_text("Hm.")
    (tmp_path / "lines" / ".DS_Store").write_bytes(b"?")
    return tmp_path / "lines"


def test_a_folder_in_a_tree_out_and_nothing_done_twice(folder: Path, tmp_path: Path, call: Call) -> None:
    out = tmp_path / "out"
    first = call("bake", folder, "--out", out)
    names = [f"{name.removesuffix('.wav')}.{ending}" for name in NAMES for ending in ("anim", "json")]
    assert (first.code, sorted(contents(out))) == (0, names)
    assert first.out.splitlines() == [str(out / name) for name in names]
    said = first.err.splitlines()
    assert said[0].startswith("left out, no sound can be read from them: ") and said[0].endswith("notes.txt")
    assert said[1:4] == [f"{n} of 3: {folder / name} baked" for n, name in enumerate(NAMES, 1)]
    assert said[4].startswith("3 lines: 3 baked; 0.4 s of sound in ")
    again = call("bake", folder, "--out", out)
    assert (again.code, again.out, again.err.splitlines()[-1]) == (0, first.out, "3 lines: 3 unchanged")


def test_a_pattern_is_expanded_where_the_shell_does_not(folder: Path, tmp_path: Path, call: Call) -> None:
    assert call("bake", f"{folder}/**/hm.wav", "--out", tmp_path / "out", "--formats", "npz").code == 0
    assert list(contents(tmp_path / "out")) == ["guard/hm.npz", "npc/hm.npz"]
    done = call("bake", f"{folder}/*.mp3", folder / "hello.wav", "--out", tmp_path / "out", "--progress", "none")
    assert (done.code, "no sound matches it as a pattern" in done.complaint) == (1, True)
    assert "hello.anim" in contents(tmp_path / "out")


def test_an_empty_name_is_no_folder(folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    done = call("bake", "")
    assert (done.code, "a line is ''; expected a path as text that is not empty" in done.complaint) == (2, True)


@pytest.mark.skipif(sys.platform != "linux", reason="only on Windows and macOS the unit is another")
def test_many_lines_need_no_more_memory(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.tools.many_lines", str(tmp_path), "60", "0.1"]
    said = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120).stdout
    assert float(said.split("grown ")[1].split(" MiB")[0]) < 4


def test_bad_sounds_are_named_and_the_others_are_baked(folder: Path, tmp_path: Path, call: Call) -> None:
    soundfile.write(folder / "broken.wav", np.full(800, np.nan), 16_000, "FLOAT")
    (folder / "empty.wav").touch()
    for jobs in (1, 3):
        done = call("bake", folder, "--out", tmp_path / f"out{jobs}", "--jobs", jobs, "--formats", "npz")
        assert done.code == 1
        assert [name for name in ("NaN", "empty.wav is an empty file") if name in done.err] == [
            "NaN",
            "empty.wav is an empty file",
        ]
        assert "5 lines: 3 baked, 2 failed" in done.err
    assert contents(tmp_path / "out1") == contents(tmp_path / "out3")
    assert [*map(Path, done.out.splitlines())] == [tmp_path / "out3" / name for name in contents(tmp_path / "out3")]


def test_all_clashes_are_told_at_once_before_any_work(folder: Path, tmp_path: Path, call: Call) -> None:
    for name in ("hello.mp3", "HELLO.flac"):
        (folder / name).write_bytes((folder / "hello.wav").read_bytes())
    done = call("bake", folder, folder / "guard" / "hm.wav", folder / "npc" / "hm.wav", "--out", tmp_path / "out")
    assert done.code == 2
    sentences = done.err.splitlines()
    assert len(sentences) == 2
    assert all("would overwrite one another" in sentence for sentence in sentences)
    assert "HELLO.flac" in sentences[0] and "hello.mp3" in sentences[0] and "hello.wav" in sentences[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["--emotion", "--seed", "--out", "--formats", "--fps", "--portrait"])
def test_an_option_given_twice_is_refused(folder: Path, tmp_path: Path, call: Call, option: str) -> None:
    done = call("bake", folder, "--out", tmp_path / "out", *([option, "1"] * (1 if option == "--out" else 2)))
    assert (done.code, done.complaint) == (
        2,
        f"space-runtime: {option} is given 2 times; give it once",
    )


def test_a_table_gives_lines_settings_of_their_own(folder: Path, tmp_path: Path, call: Call) -> None:
    table = folder / "lines.csv"
    table.write_text(
        "\ufeffsound;out;emotion;intensity;seed\nhello.wav;happy/hello;happy;0,7;1\nhello.wav;sad/hello;sad=0.4;;2\n",
        encoding="utf-8",
    )
    done = call("bake", "--manifest", table, "--out", tmp_path / "out", "--formats", "json", "--channels", "weights")
    assert done.code == 0
    told = {name: json.loads(data)["metadata"]["settings"] for name, data in contents(tmp_path / "out").items()}
    assert {name: (settings["emotion"], settings["seed"]) for name, settings in told.items()} == {
        "happy/hello.json": ({"happy": 0.7}, 1),
        "sad/hello.json": ({"sad": 0.4}, 2),
    }


def test_bad_rows_are_told_at_once_before_any_work(folder: Path, tmp_path: Path, call: Call) -> None:
    table = folder / "lines.csv"
    table.write_text("sound,emotion,portrait\nhello.wav,glad,\nhello.wav,,\nhello.wav,happy=9,\n")
    done = call("bake", "--manifest", table, "--out", tmp_path / "out")
    assert (done.code, len(done.err.splitlines())) == (2, 2)
    assert "line 2: unknown emotion" in done.err and "line 4: emotion" in done.err
    assert not (tmp_path / "out").exists()


def test_files_that_rows_name_are_told_with_their_rows(folder: Path, tmp_path: Path, call: Call) -> None:
    table = folder / "lines.csv"
    (folder / "points.json").write_text("[]")
    table.write_text(
        "sound,out,portrait,landmarks\nhello.wav,a,missing.png,\nhello.wav,b,lines.csv,\nhello.wav,c,,\n"
        "hello.wav,d,missing.png,\nhello.wav,e,lines.csv,points.json\n"
    )
    done = call("bake", "--manifest", table, "--out", tmp_path / "out")
    assert done.code == 1
    first, second, third = (line.removeprefix(f"space-runtime: {table} ") for line in done.err.splitlines())
    assert first.startswith(f"line 2 and 1 more: {folder / 'missing.png'} cannot be read")
    assert second.startswith("line 3: lines.csv is not a picture")
    assert third.startswith("line 6: the landmarks points.json: it holds []")
    table.write_text("sound,drive\nhello.wav,missing.npz\nguard/hm.wav,\n")
    done = call("bake", "--manifest", table, "--out", tmp_path / "out")
    assert (done.code, done.complaint.startswith(f"space-runtime: {table} line 2: ")) == (1, True)
    assert not (tmp_path / "out").exists()


def test_edits_are_kept_and_a_dry_run_says_what_would_be_done(folder: Path, tmp_path: Path, call: Call) -> None:
    words = ("bake", folder, "--out", tmp_path / "out", "--formats", "json", "--progress", "none")
    plan = call(*words, "--dry-run")
    assert (plan.code, (tmp_path / "out").exists()) == (0, False)
    assert [text.split(": ", 1)[1] for text in plan.out.splitlines()] == [
        f"planned, first bake: {tmp_path / 'out' / name.replace('.wav', '.json')}" for name in NAMES
    ]
    assert call(*words).code == 0
    edited = tmp_path / "out" / "hello.json"
    edited.write_text("mine")
    for more in ((), ("--dry-run",), ("--emotion", "happy")):
        done = call(*words, *more)
        assert (done.code, edited.read_text()) == (1, "mine")
        assert "hello.json was changed by hand" in done.err
    assert "emotion" in (tmp_path / "out" / "npc" / "hm.json").read_text()
    assert call(*words, "--overwrite").code == 0
    assert edited.read_text() != "mine"


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_a_report_tells_of_every_line(folder: Path, tmp_path: Path, call: Call, ending: str) -> None:
    soundfile.write(folder / "broken.wav", np.full(800, np.nan), 16_000, "FLOAT")
    stereo = speechlike(0.15)
    soundfile.write(folder / "npc" / "hm.wav", np.hstack([stereo, -stereo]), 16_000)
    report = tmp_path / "reports" / f"report.{ending}"
    done = call("bake", folder, "--out", tmp_path / "out", "--report", report)
    assert done.code == 1
    if ending == "json":
        told = json.loads(report.read_text(encoding="utf-8"))
        assert told["totals"] == {"baked": 3, "failed": 1}
        rows = told["lines"]
        assert rows[1]["outputs"] == [str(tmp_path / "out" / f"guard/hm.{e}") for e in ("anim", "json")]
        assert rows[1]["seconds"] == pytest.approx(0.15) and rows[1]["took_s"] > 0
        assert len(rows[3]["warnings"]) == 1
    else:
        with report.open(encoding="utf-8-sig", newline="") as file:
            rows = [*csv.DictReader(file)]
        assert rows[1]["outputs"].endswith(f"guard{os.sep}hm.json")
        assert float(rows[1]["seconds"]) == pytest.approx(0.15)
    assert [row["outcome"] for row in rows] == ["failed", "baked", "baked", "baked"]
    assert "NaN" in rows[0]["error"] and not rows[1]["error"]
    assert rows[1]["reason"] == "first bake"


def test_a_report_overwrites_nothing_that_is_read_or_written(folder: Path, tmp_path: Path, call: Call) -> None:
    table = folder / "lines.csv"
    table.write_text("sound\nhello.wav\n")
    for report in (table, tmp_path / "out" / "hello.json"):
        done = call("bake", "--manifest", table, "--out", tmp_path / "out", "--report", report)
        assert (done.code, "would overwrite" in done.complaint) == (2, True)
    assert call("bake", folder, "--report", "report.txt", "--out", tmp_path / "out").code == 2


def test_programs_read_progress_as_json(folder: Path, tmp_path: Path, call: Call) -> None:
    (folder / "empty.wav").touch()
    done = call("bake", folder, "--out", tmp_path / "out", "--progress", "json")
    events = [json.loads(text) for text in done.out.splitlines()]
    assert events[0] == {"event": "begin", "n_lines": 4, "dry_run": False}
    lines = [event for event in events if event["event"] == "line"]
    assert [(event["n_done"], event["outcome"]) for event in lines] == [
        (1, "failed"),
        (2, "baked"),
        (3, "baked"),
        (4, "baked"),
    ]
    assert lines[0]["error"].endswith("is an empty file; export the sound again")
    assert lines[1]["outputs"] and lines[1]["left_s"] is None
    assert {event["event"] for event in events} <= {"begin", "progress", "line", "end"}
    assert events[-1]["totals"] == {"baked": 3, "failed": 1}


def test_the_time_left_is_told_by_the_bytes_that_wait(folder: Path) -> None:
    now = [100.0]
    jobs = [BakeJob(folder / name, folder / str(n)) for n, name in enumerate([*NAMES, *NAMES])]
    remaining, told = Remaining(jobs, lambda: now[0]), list[float | None]()
    for index, outcome in enumerate([Outcome.BAKED, Outcome.UNCHANGED, *[Outcome.BAKED] * 4]):
        now[0] += 2
        told.append(remaining.take(BakeResult(index, jobs[index], outcome)))
    assert told == [None, None, pytest.approx(12), pytest.approx(6), pytest.approx(8 / 3), 0]


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows there is another kind of terminal")
def test_a_terminal_shows_bars(folder: Path, tmp_path: Path) -> None:
    import pty

    main, terminal = pty.openpty()
    words = [sys.executable, "-m", "space_runtime", "bake", str(folder), "--out", str(tmp_path / "out")]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=terminal, timeout=120)
    os.close(terminal)
    shown = b"".join(_read_all(main)).decode()
    assert done.returncode == 0
    assert "3 of 3" in shown and "3 lines: 3 baked" in shown
    assert len(done.stdout.splitlines()) == 6


def _read_all(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(descriptor, 65_536)
        except OSError:  # Linux says so at the end of a terminal
            data = b""
        if not data:
            os.close(descriptor)
            return
        yield data


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows interrupts are sent in another way")
@pytest.mark.parametrize(("kind", "n_jobs"), [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGTERM, 2)])
def test_an_interrupt_says_what_is_done_and_the_next_call_goes_on(
    tmp_path: Path, kind: signal.Signals, n_jobs: int
) -> None:
    for n in range(3):
        soundfile.write(tmp_path / f"{n}.wav", speechlike(0.1 if n < 2 else 600, seed=n), 16_000)
    words = ["bake", f"{tmp_path}/*.wav", "--out", str(tmp_path / "out"), "--report", str(tmp_path / "report.json")]
    process = subprocess.Popen(
        [sys.executable, "-m", "space_runtime", *words, "--formats", "npz", "--jobs", str(n_jobs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    done = [tmp_path / "out" / f"{n}.npz" for n in (0, 1)]
    while not list((tmp_path / "out").glob(".bake-*")) or not all(path.exists() for path in done):
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)  # the folder may still be that of the second line, whose end is not told yet
    process.send_signal(kind)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert [Path(text).name for text in out.splitlines()] == ["0.npz", "1.npz"]
    assert "space-runtime: stopped; 2 of 3 lines done" in err and "Traceback" not in err
    assert sorted(contents(tmp_path / "out")) == ["0.npz", "1.npz"]
    assert not list((tmp_path / "out").glob(".bake-*"))
    rows = json.loads((tmp_path / "report.json").read_text())["lines"]
    assert [row["outcome"] for row in rows] == ["baked", "baked", "stopped"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="only on Windows and for root all is open")
def test_a_folder_that_cannot_be_written_is_one_sentence(folder: Path, tmp_path: Path, call: Call) -> None:
    (tmp_path / "out").mkdir(mode=0o555)
    done = call("bake", folder, "--out", tmp_path / "out", "--progress", "none")
    assert (done.code, "output folder" in done.err) == (1, True)
