"""`space-runtime live` as its user sees it: in Chromium, with a click, a drawn face and its sound."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from space_runtime.assets import LINE
from tests.support.browser.devtools import chromium, page
from tests.support.real_server import child_environment
from tests.support.waiting import PATIENCE_S

pytestmark = [
    pytest.mark.skipif(chromium() is None, reason="needs Chromium (apt-get install chromium)"),
    pytest.mark.skipif(sys.platform == "win32", reason="only on Windows signals are other ones"),
]

LIMIT_MS = 40


def test_a_click_lets_the_bundled_line_be_seen_and_heard_together(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "space_runtime", "live", str(LINE), "--to", "ws://127.0.0.1:0"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=child_environment()) as live:
        try:
            assert live.stdout
            address = live.stdout.readline().split()[1]
            with page(address, tmp_path / "profile") as viewer:
                viewer.wait_for("window.space?.characters.get('Face')?.shown")
                viewer.click("#start")
                viewer.wait_for("space.playback.position() > 2")
                offset = viewer.evaluate("space.sync.median")
                n_frames = viewer.evaluate("space.sync.offsets.length")
                viewer.wait_for("space.characters.get('Face').shown.weights.jawOpen > 0.1")
            live.send_signal(signal.SIGINT)
            said, _ = live.communicate(timeout=PATIENCE_S)
        finally:
            live.kill()
    assert live.returncode == 0 and " 0 sent" not in said
    assert isinstance(offset, float) and abs(offset) <= LIMIT_MS, (offset, n_frames)
    assert viewer.complaints == []
