"""Fixtures of all tests: sounds and pictures as real files, the command line called in-process; CI's view of skips."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
import soundfile
from hypothesis import settings

from space_runtime import cli
from space_runtime.assets import write_portrait
from tests.parallel import pytest_xdist_make_scheduler as pytest_xdist_make_scheduler
from tests.small_run import pytest_addoption as pytest_addoption
from tests.small_run import pytest_collection_modifyitems as pytest_collection_modifyitems
from tests.small_run import pytest_ignore_collect as pytest_ignore_collect
from tests.small_run import pytest_terminal_summary as pytest_terminal_summary
from tests.support.command_line import Call, Called
from tests.support.sounds import speechlike

ALLOWED_SKIPS = (
    *("needs a GPU", "needs the training data", "needs pyworld, which only training does"),
    *("needs importers of clips: Blender", "needs importers of clips: Godot"),
    *("only on Windows", "only on macOS", "network namespaces"),
)
"""Reasons for which a test may be skipped even in CI."""

CI = bool(os.environ.get("SPACE_CI"))

settings.register_profile("space", deadline=None, derandomize=CI)
settings.load_profile("space")


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    """Run ``space-runtime`` with the given words, in this process; what libraries print themselves is seen too."""

    def run(*words: str | Path) -> Called:
        monkeypatch.setattr(sys, "argv", ["space-runtime", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return Called(ended.value.code, out, err)

    return run


@pytest.fixture
def line(tmp_path: Path) -> Path:
    """A sound of 0.6 s, stereo, 44.1 kHz."""
    path = tmp_path / "line.wav"
    soundfile.write(path, speechlike(0.6, 44_100, 2), 44_100)
    return path


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """NASA's portrait as PNG."""
    path = tmp_path_factory.mktemp("photo") / "portrait.png"
    write_portrait(path)
    return path


def _forbidden(report: pytest.TestReport | pytest.CollectReport) -> str | None:
    """The reason of a skip that CI does not accept."""
    if not CI or report.outcome != "skipped" or hasattr(report, "wasxfail"):
        return None
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    return None if any(allowed in reason for allowed in ALLOWED_SKIPS) else reason


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn skips into failures where everything is installed."""
    report = yield
    if reason := _forbidden(report):
        report.outcome, report.longrepr = "failed", f"skipped in CI: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for whole files that skip themselves."""
    report = yield
    if reason := _forbidden(report):
        report.outcome, report.longrepr = "failed", f"skipped in CI: {reason}"
    return report
