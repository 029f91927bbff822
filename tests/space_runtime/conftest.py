"""Fixtures of tests of the runtime."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from tests.support.sounds import speechlike


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a folder of one's own, in which ``line.wav`` lies, for calls that write."""
    monkeypatch.chdir(tmp_path)
    soundfile.write("line.wav", speechlike(0.05), 16_000)
