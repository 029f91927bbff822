"""Sentences of commands on stderr come through, whatever else the process does meanwhile."""

from __future__ import annotations

import sys
import threading

import pytest

from space_runtime.commands.report import explain, say
from space_runtime.errors import SpaceError
from space_runtime.media.quiet_stderr import quiet_stderr


def test_sentences_wait_while_another_thread_keeps_a_library_quiet(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = open(2, "w", closefd=False, buffering=1)  # noqa: SIM115  pytest's own stderr goes past descriptor 2
    monkeypatch.setattr(sys, "stderr", real)
    is_quiet, may_end = threading.Event(), threading.Event()

    def read_sound() -> None:
        with quiet_stderr():
            is_quiet.set()
            may_end.wait(10)

    def report() -> None:
        say("3 of 10: a.wav baked")
        explain(SpaceError("b.wav is damaged; export it again"), debug=False)

    reader, reporter = threading.Thread(target=read_sound), threading.Thread(target=report)
    reader.start()
    assert is_quiet.wait(10)
    reporter.start()
    reporter.join(0.05)  # printing at once would lose both
    may_end.set()
    reader.join()
    reporter.join()

    assert capfd.readouterr().err.splitlines() == [
        "3 of 10: a.wav baked",
        "space-runtime: b.wav is damaged; export it again",
    ]
