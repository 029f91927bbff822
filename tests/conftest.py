"""What tests share: sounds and pictures as real files, the command line called in-process, and CI's view of skips."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import settings

from space_runtime import cli
from space_runtime.arrays import Floats
from space_runtime.assets import LINE, write_portrait

ALLOWED_SKIPS = ("needs a GPU", "needs the training data", "only on Windows", "only on macOS")
"""Reasons for which a test may be skipped even in CI."""

CI = bool(os.environ.get("SPACE_CI"))

settings.register_profile("space", deadline=None, derandomize=CI)
settings.load_profile("space")


@cache
def _line(rate: int) -> Floats:
    """The bundled line at a sample rate, its silence before and after cut off: nothing but speech passes for speech."""
    pcm, recorded = soundfile.read(LINE, dtype="float32")
    loud = np.flatnonzero(np.abs(pcm) > 0.02)
    return np.asarray(soxr.resample(pcm[loud[0] : loud[-1]], recorded, rate), np.float32)


def speechlike(seconds: float, rate: int = 16_000, n_channels: int = 1, seed: int = 0) -> Floats:
    """(n, c) of the bundled line from somewhere on, again and again, and a little noise; peaks below 0.5.

    Every channel differs a bit. Seed 0 begins at the line's beginning.
    """
    rng = np.random.default_rng(seed)
    line = np.roll(_line(rate), -round(0.61 * seed * rate))
    n = int(seconds * rate)
    mono = 0.45 * np.resize(line, n) / np.abs(line).max() + 1e-4 * rng.standard_normal(n)
    return np.asarray(mono[:, None] * np.linspace(1, 0.7, n_channels), np.float32)


@dataclass(frozen=True, slots=True)
class Called:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on stderr; more or fewer are a failure."""
        (line,) = self.err.splitlines()
        return line


Call = Callable[..., Called]


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
    """NASA's portrait as PNG, from scikit-image."""
    pytest.importorskip("skimage", reason="needs scikit-image (extra 'demo')")
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
