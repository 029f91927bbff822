"""Baked clips in C++: the golden clip, damage, poses at a media time, Live Link's values of them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine_bridge.adapters.live_link_face import NAMES
from engine_bridge.formats.clip import Clip
from engine_bridge.formats.live_link_csv import rows_of
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.spaceclip import write_spaceclip
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.engine_bridge.cpp import cpp_program
from tests.tools.golden_clip import N_FRAMES, PATH, golden_clip

WAITING, PLAYING, RELEASING, RESTING = 0, 1, 3, 4


def answers(*commands: str) -> list[str]:
    """Return the program's answers to these commands."""
    text = "\n".join(commands) + "\n"
    return cpp_program.run([cpp_program.program(), "clip"], input=text.encode()).splitlines()


def file_of(clip: Clip) -> bytes:
    file = io.BytesIO()
    write_spaceclip(clip, FormatOptions(), file)
    return file.getvalue()


def hex_of(clip: Clip) -> str:
    return file_of(clip).hex()


def columns(clip: Clip) -> np.ndarray:
    """Speech, weights, head and eyes of a clip, a row a frame, as the program prints them."""
    n = clip.n_frames
    parts = [clip.speech.reshape(n, 1)]
    for values, width in ((clip.blendshapes, 52), (clip.head_rotation_rad, 3), (clip.head_translation, 3)):
        parts.append(np.zeros((n, width)) if values is None else values)
    parts.append(np.zeros((n, 4)) if clip.eye_rotation_rad is None else clip.eye_rotation_rad.reshape(n, 4))
    return np.concatenate(parts, axis=1)


def test_the_golden_clip_is_read() -> None:
    clip = golden_clip()
    (said,) = answers(f"read {PATH.read_bytes().hex()}")
    verdict, n_frames, fps, last, name = said.split(" ")
    assert (verdict, int(n_frames), last, name) == ("ok", N_FRAMES, ARKIT_NAMES[-1], clip.name)
    assert float(fps) == float(clip.fps)


def test_poses_equal_pythons_at_and_between_frames() -> None:
    clip = golden_clip()
    times = np.linspace(0, float(clip.times_s[-1]), 41)
    said = answers(f"read {PATH.read_bytes().hex()}", *(f"sample {t!r} 1" for t in times.tolist()))[1:]
    found = np.array([line.split() for line in said], float)
    table = columns(clip)
    expected = np.array([np.interp(times, clip.times_s, column) for column in table.T]).T
    assert (found[:, 0] == PLAYING).all()
    assert np.abs(found[:, 1:] - expected).max() < 1e-6


@pytest.mark.parametrize(
    ("seconds", "state", "share"),
    [("-0.001", WAITING, 0), ("nan", WAITING, 0), ("-inf", WAITING, 0), ("inf", RESTING, 0), ("1e300", RESTING, 0)],
)
def test_before_after_and_nowhere_is_rest(seconds: str, state: int, share: float) -> None:
    found = np.array(answers(f"read {hex_of(golden_clip())}", f"sample {seconds} 1")[1].split(), float)
    assert (found[0], np.abs(found[1:]).max()) == (state, share)


def test_after_its_last_frame_a_clip_goes_to_rest() -> None:
    clip = golden_clip()
    at = [float(clip.times_s[-1]) + past for past in (0.15, 0.31)]
    half, rest = (
        np.array(line.split(), float)
        for line in answers(f"read {hex_of(clip)}", *(f"sample {t!r} 0.5" for t in at))[1:]
    )
    assert half[0] == RELEASING
    assert half[1:] == pytest.approx(columns(clip)[-1] * 0.25, abs=1e-6)
    assert (rest[0], np.abs(rest[1:]).max()) == (RESTING, 0)


@pytest.mark.parametrize(
    "bare",
    [
        replace(golden_clip(), blendshapes=None),
        replace(golden_clip(), head_rotation_rad=None, head_translation=None),
        replace(golden_clip(), eye_rotation_rad=None),
    ],
    ids=["weights", "head", "eyes"],
)
def test_what_a_clip_lacks_is_rest(bare: Clip) -> None:
    found = np.array(answers(f"read {hex_of(bare)}", "sample 0 1")[1].split(), float)
    assert found[1:] == pytest.approx(columns(bare)[0], abs=1e-6)


def test_a_clip_of_one_frame() -> None:
    whole = golden_clip()
    parts = {name: getattr(whole, name)[:1] for name in Clip.__slots__ if getattr(getattr(whole, name), "ndim", 0)}
    said = answers(f"read {hex_of(replace(whole, **parts))}", "sample 0 1", "sample 0.15 1")
    first, releasing = (np.array(line.split(), float) for line in said[1:])
    assert (first[0], releasing[0]) == (PLAYING, RELEASING)
    assert releasing[2:] == pytest.approx(first[2:] / 2, abs=1e-6)


def damaged() -> Iterator[tuple[str, bytes]]:
    """Files that are no clip, and a word of the reason."""
    whole = PATH.read_bytes()
    yield "begin", b""
    yield "begin", b"SPACECLQ" + whole[8:]
    yield "version", whole[:8] + b"\2" + whole[9:]
    yield "cut off", whole[:12] + b"\xff\xff\xff\x7f" + whole[16:]
    yield "length", whole + b"\0"
    yield "length", whole[:-1]
    frames, count = whole.index(b"\xa6frames"), 7
    yield "no frame", whole[: frames + count] + b"\0" + whole[frames + count + 1 :]
    yield "length", whole[: frames + count] + b"\5" + whole[frames + count + 1 :]
    rate = whole.index(b"\xa3fps") + 6
    yield "kind or range", whole[:rate] + b"\0\0" + whole[rate + 2 :]
    index = whole.index(b"\xa5index") + 10
    yield "order", whole[:index] + b"\1" + whole[index + 1 :]
    yield "no frame", whole.replace(b"\xa5frame\xa7session", b"\xa5fxame\xa7session", 1)


@pytest.mark.parametrize(("reason", "file"), list(damaged()))
def test_what_is_no_clip_is_refused_with_a_reason(reason: str, file: bytes) -> None:
    (said,) = answers(f"read {file.hex()}")
    assert said.startswith("refused the file is no .spaceclip that can be read (") and said.endswith("; bake it anew")
    assert reason in said or "unknown type" in said


def test_a_refused_file_leaves_the_clip_before() -> None:
    said = answers(f"read {hex_of(golden_clip())}", "sample 0.05 1", "read 00", "sample 0.05 1")
    assert said[1] == said[3]


def test_frames_that_differ_in_what_they_carry_are_refused() -> None:
    whole = file_of(golden_clip())
    eyes = whole.index(b"\xa4eyes")
    other = whole[:eyes] + b"\xa4eyEs" + whole[eyes + 5 :]
    assert "differ in what they carry" in answers(f"read {other.hex()}")[0]


def test_damage_ends_in_a_verdict() -> None:
    """Cut off at every byte, and with each bit turned, under the address and undefined behaviour sanitizers."""
    cut, turned = map(int, answers(f"damage {PATH.read_bytes().hex()}")[0].split())
    assert cut == 0
    assert turned > 0, "bits of numbers may turn"


def test_clips_through_the_c_interface() -> None:
    said = cpp_program.run([cpp_program.program(), "c_clip", str(PATH), "0.05"]).split()
    clip = golden_clip()
    assert clip.blendshapes is not None
    weight = np.interp(0.05, clip.times_s, clip.blendshapes[:, 17])
    assert said[:3] == ["17", "jawOpen", str(N_FRAMES)]
    assert [float(word) for word in said[3:]] == pytest.approx([N_FRAMES - 1, weight], abs=1e-6)


def test_the_guides_player_of_clips_runs(tmp_path: Path) -> None:
    guide = (cpp_program.ROOT.parents[1] / "docs" / "cpp.md").read_text(encoding="utf-8")
    source = tmp_path / "play.cpp"
    source.write_text(re.findall(r"^```cpp\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)[1], encoding="utf-8")
    play = cpp_program.with_library(tmp_path / "play", source, ("-O1",))
    lines = cpp_program.run([play, PATH]).splitlines()
    clip = golden_clip()
    assert clip.blendshapes is not None
    assert float(lines[0].split()[1]) == pytest.approx(clip.blendshapes[0, ARKIT_NAMES.index("jawOpen")], abs=1e-3)


def test_live_links_names_and_values_are_those_of_its_file() -> None:
    clip = golden_clip()
    said = answers("names", f"read {hex_of(clip)}", "sample 0 1", "live_link")
    assert tuple(said[0].split()) == NAMES
    assert np.array(said[3].split(), float) == pytest.approx(rows_of(clip)[0], abs=1e-6)


def test_live_links_values_are_found_by_name() -> None:
    whole = file_of(golden_clip())
    names = whole.index(b"\xa8jawRight"), whole.index(b"\xa7jawLeft")
    at_left, at_right = min(names), max(names)
    swapped = whole[:at_left] + b"\xa8jawRight\xa7JAWLEFT" + whole[at_right + 9 :]
    assert len(swapped) == len(whole)
    said = answers(
        f"read {whole.hex()}", "sample 0.05 1", "live_link", f"read {swapped.hex()}", "sample 0.05 1", "live_link"
    )
    before, after = np.array(said[2].split(), float), np.array(said[5].split(), float)
    left, right = NAMES.index("JawLeft"), NAMES.index("JawRight")
    assert before[left] != before[right]
    assert (after[left], after[right]) == (before[right], before[left])
    assert np.delete(after, [left, right]).tolist() == np.delete(before, [left, right]).tolist()
