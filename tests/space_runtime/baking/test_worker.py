"""Laws of processes that bake: the same bytes, the same errors, and one that dies harms its line alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from space_runtime import BakeJob, MediaError, bake_many, load_bundle
from space_runtime.baking import batch
from space_runtime.baking.batch import default_workers
from space_runtime.baking.jobs import Outcome
from tests.support.files import contents
from tests.support.sounds import speechlike

BUNDLE = load_bundle()


def jobs_of(folder: Path, out: str) -> list[BakeJob]:
    """Three lines, the second of which is damaged and the last one of which is long."""
    for n, sound in enumerate((speechlike(0.2), np.full(800, np.nan), speechlike(20, seed=2))):
        if not (folder / f"{n}.wav").exists():  # a header may hold the time of writing
            soundfile.write(folder / f"{n}.wav", sound, 16_000, "FLOAT")
    return [BakeJob(folder / f"{n}.wav", folder / out / str(n), fps=5) for n in range(3)]


def test_processes_give_the_same_bytes_and_errors(tmp_path: Path) -> None:
    heard: set[Path] = set()
    alone, together = (
        bake_many(
            jobs_of(tmp_path, f"out{n}"), bundle=BUNDLE, n_workers=n, on_progress=lambda job, *_: heard.add(job.sound)
        )
        for n in (1, 2)
    )
    assert contents(tmp_path / "out1") == contents(tmp_path / "out2")
    assert [str(result.error) for result in alone] == [str(result.error) for result in together]
    assert isinstance(together[1].error, MediaError)
    assert [result.outcome for result in together] == [Outcome.BAKED, Outcome.FAILED, Outcome.BAKED]
    assert len(heard) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows there is no SIGKILL")
def test_a_process_that_dies_harms_its_line_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *args: object, **named: object) -> None:
            super().__init__(*args, **named)  # type: ignore[call-overload]  # as they came
            started.append(self.pid)

    def kill(job: BakeJob, done_s: float, total_s: float | None) -> None:
        if job.sound.stem == "2" and done_s > 0:
            os.kill(started[-1], signal.SIGKILL)

    one_thread = partial(ThreadPoolExecutor, 1)
    monkeypatch.setattr(subprocess, "Popen", Noted)
    monkeypatch.setattr(batch, "ThreadPoolExecutor", lambda _: one_thread())
    jobs = jobs_of(tmp_path, "out")
    results = bake_many([jobs[2], jobs[0]], bundle=BUNDLE, n_workers=2, on_progress=kill)
    assert [result.outcome for result in results] == [Outcome.FAILED, Outcome.BAKED]
    assert "2.wav is not baked: the process that read it ended with code -9" in str(results[0].error)
    assert contents(tmp_path / "out").keys() == {"0.npz"}


def test_the_number_of_processes_is_worth_their_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_n_processors", lambda: 16)
    job = BakeJob("a.wav", "a")
    assert [default_workers([job] * n) for n in (0, 1, 40, 64, 2_000)] == [1, 1, 1, 2, 8]
