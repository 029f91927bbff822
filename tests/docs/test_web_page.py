"""The steps of docs/web.md from nothing to a talking head, and its page of one's own, in a real browser."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

import pytest
import soundfile

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.assets import LINE
from tests.docs.pages import ROOT, blocks, commands
from tests.docs.test_docs import free_port
from tests.support.browser.devtools import Page, chromium, page
from tests.support.browser.example_site import SMALL, WEBGL, complaints, copy_modules
from tests.support.node import needs_web_engines
from tests.support.rigs import rig_glb
from tests.tools.install_web import WANTED

PAGE: Final = ROOT / "docs" / "web.md"
ENVIRONMENT: Final = {**os.environ, "PYTHONPATH": str(ROOT)}
JAW: Final = "(player => player && player.pose.blendshapes[17])"

pytestmark = [
    pytest.mark.skipif(chromium() is None, reason="needs Chromium (apt-get install chromium)"),
    needs_web_engines,
]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory, photo: Path) -> Path:
    """The example's folder after the steps, but for those that go on."""
    folder = copy_modules(tmp_path_factory.mktemp("web") / "site")
    shutil.copy(photo, folder / "photo.jpg")
    sound, rate = soundfile.read(LINE, frames=40_000)
    soundfile.write(folder / "hello.wav", sound, rate)
    enter, install, *steps = commands(PAGE)[:4]
    assert enter == "cd engine_bridge/web/example"
    wanted = json.loads((WANTED / "package.json").read_text(encoding="utf-8"))["dependencies"]["three"]
    assert install == f"npm install --prefix . three@{wanted}", "the modules that tests have are these"
    for step in steps:
        run(step, folder)
    assert (folder / "npc.glb").stat().st_size < 3_000_000
    return folder


def run(command: str, folder: Path) -> None:
    words = [sys.executable, "-m", "space_runtime", *shlex.split(command)[1:]]
    done = subprocess.run(words, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@contextmanager
def browsing(example: Path, name: str, folder: Path, *options: str) -> Iterator[Page]:
    """Yield a page of the example's folder, served by the command of the steps. options: of Chromium."""
    port, command = free_port(), shlex.split(commands(PAGE)[4])
    words = [sys.executable, *("-u" if word == "python" else port if word == "8000" else word for word in command)]
    with subprocess.Popen(words, cwd=example, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        try:
            assert server.stdout and server.stdout.readline()
            with page(f"http://127.0.0.1:{port}/example/{name}", folder / "profile", *WEBGL, *options) as browser:
                yield browser
        finally:
            server.terminate()


@contextmanager
def live(example: Path) -> Iterator[str]:
    """Run the last step; yield the address that its page connects to."""
    words = [sys.executable, "-m", "space_runtime", *shlex.split(commands(PAGE)[5])[1:], "--to", "ws://127.0.0.1:0"]
    with subprocess.Popen(words, cwd=example, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout
            yield program.stdout.readline().split()[1].replace("http:", "ws:")
        finally:
            program.terminate()


def test_the_steps_lead_to_a_head_that_speaks(example: Path, tmp_path: Path) -> None:
    with live(example) as address, browsing(example, f"?live={address}", tmp_path, SMALL) as browser:
        browser.wait_for("Boolean(window.space?.rig)")
        assert browser.evaluate("space.rig.report.driven.length") == 52
        assert browser.evaluate("space.rig.report.bones.join()") == "head,neck,leftEye,rightEye"
        browser.click("#baked")
        browser.wait_for(f"{JAW}(space.player) > 0.05")
        browser.click("#live")
        browser.wait_for(f"space.player.line?.title && {JAW}(space.player) > 0.05")
        assert complaints(browser) == []


@pytest.mark.parametrize("kind", ["baked", "live"])
def test_a_page_of_ones_own(kind: str, example: Path, tmp_path: Path) -> None:
    scene, baked, speaking, loop = (block.text for block in blocks(PAGE) if block.language == "js")
    with live(example) if kind == "live" else nullcontext("") as address:
        player = speaking.replace("ws://127.0.0.1:8765/", address) if kind == "live" else baked
        write_page(example, kind, f"{scene}{player}{loop}window.own = {{ rig, player }};")
        (example / "npc.glb").write_bytes(rig_glb(ARKIT_NAMES))  # drawn in no time, on a machine that is busy too
        with browsing(example, f"{kind}.html", tmp_path) as browser:
            browser.wait_for("Boolean(window.own)")
            browser.click("canvas")
            browser.wait_for(f"{JAW}(own.player) > 0.05 && own.rig.values.get('jawOpen') > 0.05")
            assert complaints(browser) == []


def write_page(example: Path, name: str, script: str) -> None:
    """Put a page with the import map of the example and a script of one's own beside it."""
    head, _, _ = (example / "index.html").read_text(encoding="utf-8").partition('<script type="module"')
    (example / f"{name}.js").write_text(script, "utf-8")
    (example / f"{name}.html").write_text(f'{head}<script type="module" src="{name}.js"></script>', "utf-8")
