"""``bake --drive``: modes, tables and lines that are takes; what cannot drive ends in one sentence and no file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from space_runtime.capture.recordings import ARCHIVE, open_take
from space_runtime.capture.take import Take, write_take
from space_runtime.commands import bake_lines
from space_runtime.inference.bundle import Bundle
from tests.support.command_line import Call
from tests.support.drives import driver, take_of
from tests.support.sounds import speechlike

TAKE = take_of(driver(1.0))


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a folder with a sound and a take."""
    monkeypatch.chdir(tmp_path)
    soundfile.write("hello.wav", speechlike(0.5), 16_000)
    write_take(TAKE, "take.npz")


def clip(path: str) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return dict(arrays)


@pytest.mark.parametrize(
    ("parts", "moves"), [("pose", True), ("expression", False), ("face", True), ("all", True), ("", True)]
)
def test_parts_say_what_follows_the_driver(call: Call, parts: str, moves: bool) -> None:
    named = ("--drive-parts", parts) if parts else ()
    assert call("bake", "hello.wav", "--drive", "take.npz", *named, "--formats", "npz").code == 0
    head = clip("out/hello.npz")["head_rotation_rad"][:15]
    assert bool(np.abs(head - TAKE.head[:15, :3]).max() < 1e-6) is moves


def test_a_take_is_a_line_and_follows_itself(call: Call) -> None:
    assert call("bake", "take.npz", "--formats", "npz,csv", "--tail", "0").code == 0
    baked = clip("out/take.npz")
    assert np.abs(baked["blendshapes"] - TAKE.blendshapes).max() < 1e-5
    before = Path("out/take.npz").stat().st_mtime_ns
    assert call("bake", "take.npz", "--formats", "npz,csv", "--tail", "0").code == 0
    assert Path("out/take.npz").stat().st_mtime_ns == before


def test_a_recording_of_live_link_face_is_a_line(call: Call) -> None:
    assert call("bake", "take.npz", "--formats", "csv", "--tail", "0").code == 0
    assert call("bake", "out/take.csv", "--formats", "npz", "--tail", "0", "--drive-reference", "absolute").code == 0
    assert np.abs(clip("out/take.npz")["blendshapes"] - TAKE.blendshapes).max() < 1e-4


def test_a_baked_clip_is_a_line_too_and_drives(call: Call) -> None:
    assert call("bake", "take.npz", "--formats", "npz", "--tail", "0").code == 0
    assert call("bake", "out/take.npz", "--formats", "npz", "--tail", "0", "--out", "again").code == 0
    one, other = clip("out/take.npz"), clip("again/take.npz")
    assert np.abs(one["blendshapes"] - other["blendshapes"]).max() < 1e-5


def test_one_take_is_opened_once_for_many_lines_of_a_table(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []

    def counted(path: Path, bundle: Bundle) -> Take:
        opened.append(path)
        return open_take(path, bundle=bundle)

    monkeypatch.setattr(bake_lines, "open_take", counted)
    Path("lines.csv").write_text(
        "sound,out,drive,drive_parts,drive_end,drive_from\n"
        "hello.wav,a,take.npz,pose,hold,0.2\nhello.wav,b,take.npz,head=0.5,loop,\nhello.wav,c,,,,\n"
    )
    assert call("bake", "--manifest", "lines.csv", "--formats", "npz").code == 0
    heads = [clip(f"out/{name}.npz")["head_rotation_rad"] for name in "abc"]
    assert len(opened) == 1
    assert np.abs(heads[0][:9] - TAKE.head[6:15, :3]).max() < 1e-6
    assert np.abs(heads[1][:15] - (TAKE.head[:15, :3] + heads[2][:15]) / 2).max() < 1e-3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("hello.wav", "--drive", "no.mp4"), "no.mp4 cannot be read"),
        (("hello.wav", "--drive", "hello.wav"), "hello.wav"),
        (("hello.wav", "--drive", "broken.npz"), "broken.npz is neither a take nor a baked clip"),
        (("hello.wav", "--drive", "take.npz", "--drive-parts", "nose"), "'nose' is unknown"),
        (("hello.wav", "--drive", "take.npz", "--drive-parts", "head=3"), "no strength 0…2"),
        (("hello.wav", "--drive", "take.npz", "--drive-parts", "head,head"), "named twice"),
        (("hello.wav", "--drive", "take.npz", "--drive-end", "stop"), "expected one of rest, hold, loop"),
        (("hello.wav", "--drive", "take.npz", "--drive-reference", "mine"), "expected one of relative, absolute"),
        (("hello.wav", "--drive", "take.npz", "--drive-from", "9"), "no row after 9 s"),
        (("take.npz", "--drive", "take.npz"), "drives itself"),
        (("hello.wav", "--drive", "nobody.npz"), "nobody is seen in a drive after 0 s"),
        (("hello.wav", "--drive-parts", "pose"), "--drive-parts, but nobody drives the face"),
        (("hello.wav", "--drive-end", "loop"), "--drive-end, but nobody drives the face"),
        (("hello.wav", "--drive-reference", "absolute"), "--drive-reference, but nobody"),
        (("hello.wav", "--drive-from", "1"), "--drive-from, but nobody"),
        (("take.npz", "--formats", "npz", "--out", "."), "overwrite"),
    ],
)
def test_what_cannot_drive_ends_in_one_sentence_and_no_file(call: Call, words: tuple[str, ...], says: str) -> None:
    Path("broken.npz").write_bytes(ARCHIVE + b"?" * 99)
    write_take(replace(TAKE, confidence=0 * TAKE.confidence), "nobody.npz")
    before = sorted(Path(".").rglob("*"))
    called = call("bake", *words)
    assert called.code and says in called.complaint, called
    assert sorted(Path(".").rglob("*")) == before


def test_a_take_that_changed_is_baked_anew(call: Call) -> None:
    words = ("bake", "hello.wav", "--drive", "take.npz", "--formats", "npz")
    assert call(*words).code == 0
    before = Path("out/hello.npz").read_bytes()
    write_take(take_of(driver(1.0, seed=2)), "take.npz")
    assert call(*words).code == 0 and Path("out/hello.npz").read_bytes() != before
