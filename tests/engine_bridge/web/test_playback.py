"""The web modules that need no browser, in Node.js: jitter buffer, wire, clips; all by the golden vectors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine_bridge.formats.clip import Clip, Values
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.spaceclip import write_spaceclip
from tests.support.clips import random_clip
from tests.support.node import needs_node, run_node
from tests.tools import golden_clip, golden_jitter
from tests.tools.golden_vectors import FOLDER

HERE = Path(__file__).parent
TOLERANCE = 1e-6

pytestmark = needs_node


def test_the_golden_runs_of_the_jitter_buffer() -> None:
    told = run_node(HERE / "jitter_runs.mjs", golden_jitter.FILE)
    assert isinstance(told, dict)
    assert told["differences"] == []
    assert told["nRuns"] == len(golden_jitter.runs()) and told["nAsked"] > 500


def test_frames_of_the_wire() -> None:
    paths = sorted(FOLDER.glob("frame_*.bin"))
    told = run_node(HERE / "wire_verdicts.mjs", *paths)
    assert isinstance(told, list) and len(told) == len(paths) > 3
    for path, found in zip(paths, told, strict=True):
        expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        frame = found["frame"]
        assert frame.keys() == expected.keys() - {"type"}, path
        for key, value in frame.items():
            exact = np.float64 if key == "sample" else np.float32
            assert np.array_equal(exact(value), exact(expected[key])), (path, key)


def test_what_the_wire_refuses_is_refused() -> None:
    whole = sorted(FOLDER.glob("*.bin"))
    refused = sorted((FOLDER / "refused").glob("*.bin"))
    told = run_node(HERE / "wire_verdicts.mjs", *whole, *refused)
    assert isinstance(told, list)
    assert [path.name for path, found in zip(whole, told, strict=False) if not found["isMap"]] == []
    assert [path.name for path, found in zip(refused, told[len(whole) :], strict=True) if found["frame"]] == []


def test_damaged_bytes_are_refused_in_a_sentence() -> None:
    told = run_node(HERE / "wire_verdicts.mjs", FOLDER / "frame_all.bin", golden_clip.PATH)
    assert isinstance(told, list)
    assert all(found["nRefused"] >= found["nBytes"] for found in told), "every truncation at least"


@pytest.mark.parametrize("clip", [golden_clip.golden_clip(), random_clip(31)], ids=["golden", "random"])
def test_a_clip_between_its_frames(clip: Clip, tmp_path: Path) -> None:
    path = tmp_path / "line.spaceclip"
    with path.open("wb") as file:
        write_spaceclip(clip, FormatOptions(), file)
    times = np.sort(np.random.default_rng(3).uniform(0, clip.times_s[-1], 200))
    told = run_node(HERE / "clip_samples.mjs", path, *(f"{time:.17g}" for time in times))
    assert isinstance(told, dict)
    assert (told["name"], told["nFrames"]) == (clip.name, clip.n_frames)
    assert told["framesPerSecond"] == pytest.approx(float(clip.fps), abs=1e-12)
    columns = {
        "blendshapes": clip.blendshapes,
        "headRotationRad": clip.head_rotation_rad,
        "headTranslation": clip.head_translation,
        "eyeRotationRad": clip.eye_rotation_rad,
    }
    for name, column in columns.items():
        assert column is not None
        assert np.abs(np.array(told[name]) - interpolated(clip.times_s, column, times)).max() < TOLERANCE, name


def test_a_clip_rests_before_its_beginning_and_after_its_end(tmp_path: Path) -> None:
    end = golden_clip.golden_clip().times_s[-1]
    times = (-1, end, end + 0.15, end + 0.3, 99)
    told = run_node(HERE / "clip_samples.mjs", golden_clip.PATH, *(str(time) for time in times))
    assert isinstance(told, dict)
    assert told["states"] == ["waiting", "playing", "releasing", "resting", "resting"]
    last = [row[-1] for row in told["blendshapes"]]
    assert last == pytest.approx([0, 1, 0.5, 0, 0], abs=1e-6)


def interpolated(times_s: Values, column: Values, at: Values) -> Values:
    """Return a column's rows at other times, flat, by numpy."""
    flat = np.asarray(column, np.float64).reshape(len(times_s), -1)
    return np.stack([np.interp(at, times_s, values) for values in flat.T], axis=-1)


def test_messages_of_lines_are_acted_on_in_the_order_of_the_lines() -> None:
    told = run_node(HERE / "line_order.mjs")
    first, later = (
        ["1 begin", "1 frame", "1 last frame", "undefined plain"],
        ["2 begin", "2 frame", "3 begin", "4 begin"],
    )
    assert told == {"acts": [*first, *later], "isTooLate": True, "nWaiting": 0}
