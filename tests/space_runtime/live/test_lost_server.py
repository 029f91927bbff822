"""`space-runtime live --server` says it when that server goes away in the middle of a line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.support.ports import free_port
from tests.support.real_server import child_environment, serving_process
from tests.support.sounds import mono_speech
from tests.support.waiting import PATIENCE_S, wait_for

PCM = np.round(mono_speech(0.4) * 32_767).astype("<i2").tobytes()


def test_a_server_that_dies_during_a_line_is_told(tmp_path: Path) -> None:
    log = tmp_path / "serve.log"
    with serving_process(log) as (server, address):
        words = ["live", "--stdin", "--server", address, "--to", f"vmc://127.0.0.1:{free_port()}"]
        live = subprocess.Popen(
            [sys.executable, "-m", "space_runtime", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=child_environment(),
        )
        try:
            assert live.stdin is not None
            live.stdin.write(PCM)
            live.stdin.flush()
            wait_for(lambda: "stream_started" in log.read_text())
            server.kill()
            server.wait()
            out, said = live.communicate(PCM, timeout=PATIENCE_S)
        finally:
            live.kill()
            live.wait()
    assert live.returncode == 0 and b"s spoken" in out
    assert b"the connection to the server was lost" in said and b"Traceback" not in said
