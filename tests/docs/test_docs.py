"""Every command and every code block of README and docs/*.md runs as it is written, and every link leads somewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import soundfile
from PIL import Image

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.assets import LINE
from space_runtime.capture.take import write_take
from space_runtime.portrait.landmark_file import landmarks_json
from tests.docs.pages import GUIDES, PAGES, ROOT, Block, anchors, blocks, commands, links
from tests.support.command_line import Call
from tests.support.drawn_faces import anime
from tests.support.drives import driver, take_of
from tests.support.pictures import save
from tests.support.rigs import rig_glb
from tests.support.videos import even_times, write_video

SOUND: Final = re.compile(r"^[\w/.-]+\.(wav|flac|ogg|mp3)$")
FOLDER: Final = re.compile(r"^(\w+)/(\*.*)?$")
"""A folder of lines, or a pattern in it."""
TABLE: Final = re.compile(r"^[\w/.-]+\.csv$")
VIDEO: Final = re.compile(r"^[\w/.-]+\.(mp4|mov|webm)$")
KEYS: Final = {
    "looks.csv": "time,x,y,z\n0.1,6,0,6\n0.3,,,\n",
    "head.csv": "time,yaw,pitch,roll\n0,0,0,0\n0.4,12,4,0\n",
}
"""Files of keys, by the names that pages give them."""
PICTURE: Final = re.compile(r"^[\w/.-]+\.(png|jpg|jpeg)$")
PORT: Final = re.compile(r"(?<=127\.0\.0\.1:)\d+")
ENVIRONMENT: Final = {**os.environ, "PYTHONPATH": str(ROOT), "BROWSER": "true"}
ELSEWHERE: Final = {
    ("docs/live.md", "bash"): "tests/docs/test_live_docs.py",
    ("docs/python.md", "python"): "tests/docs/test_python_docs.py",
    ("docs/adapters.md", "js"): "tests/docs/test_web_docs.py",
    ("docs/godot.md", "gdscript"): "tests/engine_bridge/godot/test_scripts.py",
    ("docs/web.md", "bash"): "tests/docs/test_web_page.py",
    ("docs/web.md", "js"): "tests/docs/test_web_page.py",
    ("docs/csharp.md", "csharp"): "tests/engine_bridge/csharp/test_csharp_package.py",
    ("docs/unity.md", "csharp"): "tests/engine_bridge/csharp/test_csharp_package.py",
    ("docs/unreal.md", "sh"): "tests/engine_bridge/unreal/test_unreal_guide.py",
    ("docs/unreal.md", "cpp"): "tests/engine_bridge/unreal/test_unreal_guide.py",
    ("docs/ship.md", "bash"): "tests/space_runtime/packaging/test_package.py",
    ("docs/ship.md", "csharp"): "tests/engine_bridge/csharp/test_csharp_package.py",
    ("docs/ship.md", "cpp"): "tests/engine_bridge/cpp/test_cpp_server_process.py",
    ("docs/cpp.md", "cpp"): "tests/engine_bridge/cpp/test_cpp_server.py",
    ("docs/cpp.md", "c"): "tests/engine_bridge/cpp/test_cpp_server.py",
    ("docs/cpp.md", "sh"): "tests/engine_bridge/cpp/test_cpp_server.py",
}
"""Blocks that other tests run: by page and language, the test."""
OUTPUTS: Final = ("--out", "-o", "--glb", "--preview")
"""Options before the names of files that a command writes."""
INSTALLS: Final = ("python run.py demo", "python run.py test")
"""Commands that make an environment; CI runs them."""

ALL: Final = [block for page in PAGES for block in blocks(page)]
COMMANDS: Final = [
    (page.relative_to(ROOT).as_posix(), command)
    for page in PAGES
    if (page.relative_to(ROOT).as_posix(), "bash") not in ELSEWHERE
    for command in commands(page)
]
RUN: Final = [
    (page, command)
    for command, page in {command: page for page, command in reversed(COMMANDS)}.items()
    if command.startswith("space-runtime")
    and not (page == "docs/motion.md" and command.startswith("space-runtime live"))
]
"""The commands that run here, each once, for the first page that shows it; `test_motion_docs_live` runs those that
follow a driver, but for microphones and cameras, which no test has: `test_named_commands` reads their options."""


def here(language: str) -> list[Block]:
    """The blocks of a language that no other test runs."""
    return [block for block in ALL if block.language == language and (block.page, language) not in ELSEWHERE]


def prepare(folder: Path, words: list[str], photo: Path) -> None:
    """Put files where an example expects some."""
    after_out = {words[k + 1] for k, word in enumerate(words[:-1]) if word in OUTPUTS}
    for word in words[1:]:
        path = folder / word
        if word in after_out or path.exists():
            continue
        if match := FOLDER.match(word):
            path = folder / match[1] / "npc" / "hm.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        if match or SOUND.match(word):
            write_sound(path)
        elif word.endswith(".glb"):
            path.write_bytes(rig_glb(ARKIT_NAMES))
        elif (name := path.name) in KEYS:
            path.write_text(KEYS[name])
        elif TABLE.match(word):
            write_sound(folder / "hello.wav")
            path.write_text("sound;out;emotion;intensity\nhello.wav;npc/hello;happy;0,7\n")
        elif VIDEO.match(word):
            write_film(path, photo)
        elif path.name.startswith("drawing."):
            write_drawing(folder)
        elif PICTURE.match(word):
            shutil.copy(photo, path)
        elif word.endswith("take.npz"):
            write_take(take_of(driver(0.5)), path)


def write_sound(path: Path) -> None:
    """Write half a second of the bundled line."""
    sound, rate = soundfile.read(LINE, frames=8_000)
    soundfile.write(path, sound, rate)


def write_drawing(folder: Path) -> None:
    """Write a drawing and its landmarks."""
    face = anime()
    save(folder / "drawing.png", face.picture)
    (folder / "drawing.landmarks.json").write_text(landmarks_json(face.landmarks), "utf-8")


def write_film(path: Path, photo: Path) -> None:
    """Write half a second of the portrait, which moves sideways, with the beginning of the bundled line."""
    with Image.open(photo) as opened:
        portrait = np.asarray(opened.convert("RGB"))
    sound, _ = soundfile.read(LINE, frames=8_000, dtype="float32")
    moved = [np.roll(portrait, k, axis=1) for k in range(12)]
    write_video(path, moved, even_times(12, 24), np.repeat(sound, 3).astype(np.float32))


def free_port(_: object = None) -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def start(words: list[str], folder: Path) -> subprocess.Popen[str]:
    """Start ``space-runtime`` on free ports instead of those of the page."""
    moved = [PORT.sub(free_port, word) for word in words[1:]]
    if words[1] == "serve":
        moved += ["--bind", f"tcp://127.0.0.1:{free_port()}", "--http", "0"]
    program = [sys.executable, "-m", "space_runtime", *moved]
    return subprocess.Popen(
        program, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def waits_for_a_page(words: list[str]) -> bool:
    """Return whether a command serves a page until Ctrl-C."""
    targets = [word for word, before in zip(words[1:], words, strict=False) if before == "--to"]
    return words[1] == "live" and "--no-wait" not in words and all(target.startswith("ws:") for target in targets)


def open_and_stop(process: subprocess.Popen[str]) -> None:
    """Wait for the address of a page, and end the command by Ctrl-C, which must be clean."""
    assert process.stdout is not None
    assert any("in a browser" in line for line in process.stdout), "no page was opened"
    process.send_signal(signal.SIGINT)
    run_to_its_end(process)


def run_to_its_end(process: subprocess.Popen[str]) -> None:
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said


def serve_and_stop(process: subprocess.Popen[str]) -> None:
    """Wait until the server says that it is ready, and end it by SIGTERM, which must be clean."""
    assert process.stdout is not None
    assert any("ready" in line for line in process.stdout), "the server ended before it was ready"
    process.send_signal(signal.SIGTERM)
    run_to_its_end(process)


def needs_a_process(page: str, command: str) -> bool:
    """Return whether a command runs in a process of its own: what is shown first, and what ends by a signal."""
    words = shlex.split(command)
    return page == "README.md" or words[1] == "serve" or waits_for_a_page(words)


@pytest.mark.parametrize(("page", "command"), [each for each in RUN if needs_a_process(*each)])
def test_a_command_runs(page: str, command: str, tmp_path: Path, photo: Path) -> None:
    words = shlex.split(command)
    serves, waits = words[1] == "serve", waits_for_a_page(words)
    if (serves or waits) and sys.platform == "win32":
        pytest.skip("only on Windows signals are other ones")
    prepare(tmp_path, words, photo)
    run: Callable[[subprocess.Popen[str]], None] = run_to_its_end
    if serves or waits:
        run = serve_and_stop if serves else open_and_stop
    process = start(words, tmp_path)
    try:
        run(process)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("page", "command"), [each for each in RUN if not needs_a_process(*each)])
def test_a_command_runs_in_this_process(
    page: str, command: str, tmp_path: Path, photo: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = shlex.split(command)
    prepare(tmp_path, words, photo)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("webbrowser.open", lambda _: True)
    done = call(*words[1:])
    assert done.code == 0, done.err


@pytest.mark.parametrize("command", [command for _, command in COMMANDS if not command.startswith("space-runtime")])
def test_every_other_command_is_of_a_known_kind(command: str) -> None:
    assert command in INSTALLS


@pytest.mark.parametrize("example", here("python"), ids=lambda block: block.page)
def test_a_python_example_runs(example: Block, tmp_path: Path, photo: Path) -> None:
    prepare(tmp_path, ["", *re.findall(r'"([^"]+\.\w+)"', example.text)], photo)
    if "hello.json" in example.text:  # the clip that the command before it bakes
        prepare(tmp_path, ["", "hello.wav"], photo)
        bake = start(shlex.split("space-runtime bake hello.wav --formats json --out ."), tmp_path)
        run_to_its_end(bake)
    arguments = [sys.executable, "-c", example.text]
    done = subprocess.run(arguments, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("example", here("json"), ids=lambda block: block.page)
def test_a_json_example_is_json(example: Block) -> None:
    json.loads(example.text)


@pytest.mark.parametrize("block", ALL, ids=lambda block: f"{block.page} {block.language}")
def test_every_block_is_run_by_a_test_or_says_that_it_is_text(block: Block) -> None:
    test = ELSEWHERE.get((block.page, block.language))
    if test is not None:
        assert (ROOT / test).exists()
    else:
        assert block.language in ("bash", "python", "json", "text")


@pytest.mark.parametrize("page", (*PAGES, *GUIDES), ids=lambda page: f"{page.parent.name}/{page.name}")
def test_a_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_readme_is_read_to_its_end() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 100
    shown = [command for page, command in COMMANDS if page == "README.md"]
    assert set(INSTALLS) <= set(shown)
    assert {words[1] for words in map(shlex.split, shown) if words[0] == "space-runtime"} >= {"bake", "live", "inspect"}


def test_every_page_is_reached_from_the_readme() -> None:
    seen, open_pages = set[Path](), [ROOT / "README.md"]
    while open_pages:
        page = open_pages.pop()
        seen.add(page)
        targets = [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
        open_pages += [target for target in targets if target.suffix == ".md" and target not in seen]
    assert set(PAGES) <= seen


def test_the_moving_picture_is_one_and_small() -> None:
    image = pytest.importorskip("PIL.Image", reason="needs Pillow (extra 'demo')")
    path = ROOT / "docs" / "demo.webp"
    assert path.stat().st_size < 1_500_000
    with image.open(path) as moving:
        assert moving.n_frames > 200
