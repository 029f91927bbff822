"""``python run.py``: one sentence for every wrong call, folder and Python that does not do; no dead environment."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import environment

ROOT = Path(environment.__file__).parent


def call(*words: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``run.py`` after some code, in a process of its own."""
    entry = "sys.argv = ['run.py', *sys.argv[1:]]\nrunpy.run_path('run.py', run_name='__main__')"
    script = f"import runpy, sys\n{code}\n{entry}"
    command = [sys.executable, "-c", script, *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("words", [("-h",), ("--help",), ("demo", "--help"), ("demo", "-h"), ("test", "-h")])
def test_help_does_nothing_else(words: tuple[str, ...]) -> None:
    done = call(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert "python run.py test --all" in done.stdout
    assert not (ROOT / "--help").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "say what to do"),
        (("bake",), "bake is no job of run.py"),
        (("demo", "a", "b"), "demo takes one folder, not a b"),
        (("demo", "--seed"), "demo takes one folder, not --seed"),
    ],
)
def test_a_wrong_call_is_told_what_can_be_called(words: tuple[str, ...], sentence: str) -> None:
    done = call(*words)
    assert done.returncode == 2
    assert done.stderr.startswith(f"run.py: {sentence}")
    assert "usage: python run.py demo" in done.stdout


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 8, 18), (3, 10, 13)])
def test_an_old_python_is_told_so(version: tuple[int, ...]) -> None:
    done = call("demo", code=f"sys.version_info = {version}")
    numbers = ".".join(map(str, version[:2]))
    assert done.stderr == f"run.py: this is Python {numbers}; install Python 3.11 or newer and use that\n"
    assert done.returncode == 1


def test_an_old_python_can_read_the_file() -> None:
    tree = ast.parse((ROOT / "run.py").read_text(encoding="utf-8"))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.FunctionDef, ast.NamedExpr, ast.Match, ast.With)
    assert not [node for node in ast.walk(tree) if isinstance(node, newer)]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "__future__"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(environment, "ENVIRONMENT", tmp_path / "file" / ".venv")
    with pytest.raises(SystemExit, match=r"cannot be written .*copy the project to a folder of yours"):
        environment.install(environment.DEMO)


def test_a_python_without_venv_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(environment, "PYTHON", tmp_path / "python")
    monkeypatch.setattr(sys, "executable", "/bin/false" if sys.platform != "win32" else "rundll32")
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        environment.install(environment.DEMO)


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows a script is no program")
@pytest.mark.parametrize("dead", ["missing", "not a program", "stopped"])
def test_a_dead_environment_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dead: str) -> None:
    made: list[str] = []
    monkeypatch.setattr(environment, "ENVIRONMENT", tmp_path)
    monkeypatch.setattr(environment, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(environment, "make_environment", lambda: made.append("environment"))
    monkeypatch.setattr(environment, "python", lambda *words: 0)
    environment.install(environment.DEMO)
    environment.install(environment.DEMO)
    assert made == ["environment"]
    broken = tmp_path / "python"
    if dead != "missing":
        broken.write_text("#!/bin/false\n" if dead == "stopped" else "nothing")
        broken.chmod(0o755 if dead == "stopped" else 0o644)
    monkeypatch.setattr(environment, "PYTHON", broken)
    environment.install(environment.DEMO)
    assert made == ["environment"] * 2


@pytest.mark.parametrize(
    ("words", "job", "expected"),
    [
        (["-k", "wire"], environment.SMALL, ("--small", "-k", "wire")),
        (["--all", "-x"], environment.ALL, ("-x",)),
    ],
)
def test_the_small_run_is_the_usual_one(
    words: list[str], job: environment.Job, expected: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[tuple[str, ...]] = []
    installed: list[environment.Job] = []

    def python(*words: str) -> int:
        called.append(words)
        return 3

    monkeypatch.setattr(environment, "python", python)
    monkeypatch.setattr(environment, "install", installed.append)
    assert environment.test(words) == 3
    assert (called, installed) == ([("-m", "pytest", *environment.PARALLEL, *expected)], [job])


def test_the_small_environment_has_no_trainer() -> None:
    small = " ".join(word for packages in environment.SMALL.packages for word in packages)
    assert "torch" not in small and "export" not in small and "csharp" not in small
