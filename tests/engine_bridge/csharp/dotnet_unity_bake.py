"""The Bake window on the stand-in of the editor, over the real command and over programs that misbehave."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
import soundfile

from tests.engine_bridge.csharp.dotnet_loaded import Space, System
from tests.engine_bridge.csharp.dotnet_unity_loaded import Object
from tests.support.sounds import speechlike

BakeScene = import_module("SpaceTests").BakeScene
EditorScene = import_module("SpaceTests").EditorScene
PATIENCE_S = 40.0


def ticks_until(done: Callable[[], bool]) -> None:
    """Let the editor go on until something holds."""
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end
        BakeScene.Tick()
        time.sleep(0.01)


def finish(scene: Object) -> str:
    """Let a batch end; return its report."""
    ticks_until(lambda: not scene.Window.IsBaking)
    return str(scene.Window.Report)


def program(tmp_path: Path, body: str) -> str:
    """Return the command line of a program that takes a bake's place."""
    path = tmp_path / "a fake.py"
    path.write_text(
        f"import json, os, signal, sys, time\ndef tell(**event): print(json.dumps(event), flush=True)\n{body}"
    )
    return f'"{sys.executable}" -u "{path}"'


def until_there(path: Path) -> str:
    """Return Python that waits until a file is there, or for half a minute."""
    return f"any(os.path.exists({str(path)!r}) or time.sleep(0.05) for _ in range(600))"


def command(**fields: object) -> Object:
    """Return a ``BakeCommand``."""
    made = Space.BakeCommand()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def test_a_folder_is_baked_and_its_clips_are_imported(tmp_path: Path) -> None:
    folder = tmp_path / "vo in Assets"
    (folder / "guard").mkdir(parents=True)
    soundfile.write(folder / "hello.wav", speechlike(0.5), 16_000)
    soundfile.write(folder / "guard" / "halt.wav", speechlike(0.4), 16_000)
    (folder / "broken.wav").write_bytes(b"RIFF\x00\x00\x00\x00WAVEfmt ")
    scene, before = BakeScene(f'"{sys.executable}" -m space_runtime', str(folder)), BakeScene.Refreshed
    scene.Set("emotion", "happy=0.5")
    scene.Set("more", "--jobs 1")
    scene.Press("Bake")
    assert scene.Window.IsBaking
    report = finish(scene)
    assert "2 baked" in report, report
    assert BakeScene.Refreshed == before + 1
    assert not BakeScene.IsPolled
    for clip in (folder / "hello.spaceclip", folder / "guard" / "halt.spaceclip"):
        imported = EditorScene()
        assert imported.Import(str(clip)) == ""
        assert imported.Main.Seconds > 0.4
    scene.Press("Bake")
    assert "unchanged" in finish(scene)


def test_progress_is_shown_while_it_runs(tmp_path: Path) -> None:
    body = (
        "tell(event='begin', n_lines=4)\n"
        "print('no event'); print('{\"cut', flush=True)\n"
        "place = dict(event='line', n_lines=4, outputs=[], warnings=[])\n"
        "tell(**place, n_done=1, left_s=12.0, sound='a.wav', outcome='baked')\n"
        "tell(**place, n_done=2, left_s=8.0, sound='b.wav', outcome='failed', error='no sound')\n"
        "tell(event='progress', sound='c.wav', done_s=1.0, total_s=4.0)\n"
        "time.sleep(60)\n"
    )
    scene = BakeScene(program(tmp_path, body), str(tmp_path))
    scene.Press("Bake")
    ticks_until(lambda: "2 of 4, about 8 s left 0.56" in scene.Press("nothing"))
    scene.Press("Cancel")
    report = finish(scene)
    assert report.startswith("cancelled; 2 of 4 lines: 1 baked, 1 failed")
    assert "b.wav: no sound" in report


def test_a_batch_that_is_cancelled_ends_by_itself(tmp_path: Path) -> None:
    marker = tmp_path / "ended"
    body = (
        f"def end(*_): open({str(marker)!r}, 'w').write('well'); sys.exit(130)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "tell(event='begin', n_lines=9)\n"
        "time.sleep(60)\n"
    )
    scene = BakeScene(program(tmp_path, body), str(tmp_path))
    scene.Press("Bake")
    ticks_until(lambda: "0 of 9" in scene.Press("nothing"))
    scene.Press("Cancel")
    assert finish(scene).startswith("cancelled; 0 of 9 lines: none")
    assert marker.read_text() == "well"


def test_closing_the_window_ends_the_batch_and_waits_for_nothing(tmp_path: Path) -> None:
    closed, marker = tmp_path / "closed", tmp_path / "ended"
    body = (
        f"def end(*_): {until_there(closed)}; open({str(marker)!r}, 'w').write('well'); sys.exit(130)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "tell(event='begin', n_lines=9)\n"
        "time.sleep(60)\n"
    )
    scene = BakeScene(program(tmp_path, body), str(tmp_path))
    scene.Press("Bake")
    ticks_until(lambda: "0 of 9" in scene.Press("nothing"))
    scene.Close()
    assert not marker.exists() and not BakeScene.IsPolled
    closed.touch()
    ticks_until(marker.exists)


@pytest.mark.parametrize(
    ("words", "folder", "expected"),
    [
        ("/no/such/space-runtime", "vo", "give the path of space-runtime"),
        ("", "vo", "no program is named"),
        ("space-runtime", "", "no folder is named"),
    ],
)
def test_what_cannot_begin_is_told(words: str, folder: str, expected: str) -> None:
    scene = BakeScene(words, folder)
    scene.Press("Bake")
    assert not scene.Window.IsBaking
    assert expected in scene.Window.Report


def test_a_wrong_call_is_told_in_the_words_of_the_program(tmp_path: Path) -> None:
    body = "print('space-runtime: wrong: one option is misspelt', file=sys.stderr); sys.exit(2)\n"
    scene = BakeScene(program(tmp_path, body), str(tmp_path))
    scene.Press("Bake")
    report = finish(scene)
    assert "the program ended with 2: space-runtime: wrong: one option is misspelt" in report


def test_much_output_neither_blocks_the_program_nor_stays(tmp_path: Path) -> None:
    body = (
        "for n in range(3000): print('x' * 100, file=sys.stderr)\n"
        "for n in range(3000): tell(event='progress', sound='x' * 100, done_s=1, total_s=2)\n"
        "tell(event='end', totals={})\n"
    )
    run = Space.BakeRun.Start(command(Program=program(tmp_path, body), Folder=str(tmp_path)))
    ticks_until(lambda: not run.Poll())
    assert run.Progress.IsOver
    assert (run.ExitCode, run.Said.Count) == (0, 200)


def test_a_child_that_lives_on_does_not_hold_the_editor_up(tmp_path: Path) -> None:
    """It keeps the pipe open, as a worker of a program that was killed does."""
    over, gone = tmp_path / "over", tmp_path / "gone"
    child = f"import os, time; {until_there(over)}; open({str(gone)!r}, 'w')"
    body = (
        "import subprocess\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "tell(event='begin', n_lines=1)\n"
        "tell(event='end', totals={})\n"
    )
    run = Space.BakeRun.Start(command(Program=program(tmp_path, body), Folder=str(tmp_path)))
    ticks_until(lambda: not run.Poll())
    assert not gone.exists()
    over.touch()
    assert (run.ExitCode, run.Progress.IsOver) == (0, True)


def test_words_come_to_the_program_as_they_are(tmp_path: Path) -> None:
    words = ["a b", 'say "hi"', "don't", "", "c:\\x\\", "d e\\", 'f\\"g', "#", "ä$HOME", "--x=1,2"]
    body = "print(json.dumps(sys.argv[1:]), file=sys.stderr)\n"
    script = tmp_path / "echo.py"
    script.write_text(f"import json, sys\n{body}")
    joined = Space.BakeCommand.Joined(System.Array[System.String](words))
    run = Space.BakeRun.Start(command(Program=f'"{sys.executable}" "{script}"', Folder="f f", More=""))
    ticks_until(lambda: not run.Poll())
    assert json.loads(next(iter(run.Said)))[:2] == ["bake", "f f"]
    info = System.Diagnostics.ProcessStartInfo(sys.executable, f'"{script}" {joined}')
    info.RedirectStandardError, info.UseShellExecute = True, False
    assert json.loads(System.Diagnostics.Process.Start(info).StandardError.ReadToEnd()) == words


def test_the_folder_can_be_chosen(tmp_path: Path) -> None:
    scene = BakeScene("space-runtime", "Assets")
    BakeScene.Choose(str(tmp_path))
    scene.Press("Choose the folder…")
    BakeScene.Tick()
    assert scene.Folder == str(tmp_path)


def test_a_command_line_is_split_as_people_write_it() -> None:
    words = list(Space.BakeCommand.WordsOf(' "C:\\Program Files\\x.exe"  -m a"b c"d "" \t e '))
    assert words == ["C:\\Program Files\\x.exe", "-m", "ab cd", "", "e"]
    asked = command(Program="p q", Folder="f", Emotion=" happy=1 ", Overwrite=True, More="--tail 0")
    assert list(asked.Words()) == [
        *("p", "q", "bake", "f", "--out", "f", "--formats", "spaceclip", "--progress", "json"),
        *("--emotion", "happy=1", "--overwrite", "--tail", "0"),
    ]
