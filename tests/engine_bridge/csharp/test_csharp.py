"""The tests of the C# client. They run in a process of their own, started once; here each of them is reported.

.NET cannot leave a process again, takes signals over and ends the process on some errors, so it stays out of this one.
The files ``dotnet_*.py`` are ordinary pytest files: ``pytest tests/engine_bridge/csharp/dotnet_zmtp.py -s`` runs one
by hand and shows what
it measures.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import xml.etree.ElementTree as Xml
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine_bridge.csharp import dotnet

FOLDER = Path(__file__).parent
LIMIT_S = 480


def names_in(path: Path) -> list[str]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return [node.name for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


TESTS = {path.stem: names for path in sorted(FOLDER.glob("dotnet_*.py")) if (names := names_in(path))}


@dataclass(frozen=True, slots=True)
class Case:
    """One test with one set of parameters, as the other process saw it."""

    name: str
    failure: str | None
    skipped: str | None


Report = dict[tuple[str, str], list[Case]]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The outcomes in the other process, by file and test."""
    if reason := dotnet.missing():
        pytest.skip(reason)
    path = tmp_path_factory.mktemp("csharp") / "report.xml"
    files = [str(FOLDER / f"{name}.py") for name in TESTS]
    options = ["-q", "-p", "no:cacheprovider", "-o", "junit_logging=no", f"--junit-xml={path}"]
    words = [sys.executable, "-m", "pytest", *options, *files]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            words, cwd=FOLDER.parent, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        pytest.fail(f"the C# tests did not end within {LIMIT_S} s\n{error.stdout!r}"[-8000:])
    if not path.exists():
        pytest.fail(f"the process of the C# tests ended with {done.returncode}\n{done.stdout}{done.stderr}"[-8000:])
    return read(path)


def read(path: Path) -> Report:
    found: Report = defaultdict(list)
    for case in Xml.parse(path).getroot().iter("testcase"):
        file, name = case.get("classname", "").rpartition(".")[2], case.get("name", "")
        failure = next((mark for tag in ("failure", "error") if (mark := case.find(tag)) is not None), None)
        skipped = case.find("skipped")
        text = None if failure is None else f"{failure.get('message')}\n{failure.text}"
        reason = None if skipped is None else skipped.get("message", "")
        found[file, name.partition("[")[0]].append(Case(name, text, reason))
    return found


@pytest.mark.parametrize(("file", "name"), [(file, name) for file, names in TESTS.items() for name in names])
def test_csharp(file: str, name: str, report: Report) -> None:
    cases = report[file, name]
    assert cases, f"{file}.py did not get as far as {name}"
    failures = [f"{case.name}: {case.failure}" for case in cases if case.failure is not None]
    assert not failures, "\n\n".join(failures)
    if reasons := {case.skipped for case in cases if case.skipped is not None}:
        pytest.skip("; ".join(sorted(reasons)))
