"""The C++ jitter buffer: the golden runs, and the answers of the Python one to random questions."""

from __future__ import annotations

import json
import math
import random
from typing import Final

import numpy as np
import pytest

from engine_bridge.client.jitter import JitterBuffer, State
from engine_bridge.protocol.messages import Finished, Floats, Frame
from tests.engine_bridge.cpp import cpp_program
from tests.tools.golden_jitter import FILE

Step = dict[str, dict[str, object]]
PARTS: Final = {"weights": 52, "head": 6, "eyes": 4}
LASTING: Final = ("landmarks", "keypoints")
"""Outputs without a rest: their number stands before their values."""
COUNTS: Final = ("taken", "replaced", "late", "foreign", "refused")


def answers(commands: list[str]) -> list[list[str]]:
    """Return the C++ buffer's answer to each question."""
    text = "\n".join(commands) + "\n"
    return [
        line.split() for line in cpp_program.run([cpp_program.program(), "jitter"], input=text.encode()).splitlines()
    ]


def numbers(values: object) -> str:
    """An array as the program reads it."""
    return f"{len(values)} {' '.join(map(repr, values))}".rstrip() if isinstance(values, list) else "-1"


def put(entry: dict[str, object]) -> str:
    head = f"frame {entry['stream']} {entry['index']} {entry['sample']!r} {entry.get('speech', 0.0)!r}"
    return " ".join([head, *(numbers(entry.get(part)) for part in (*PARTS, *LASTING))])


def several(entry: dict[str, object]) -> list[str]:
    """The frames of a ``frames`` step, which differ in index and sample alone."""
    first, n, interval = entry["first_index"], entry["n_frames"], entry["interval"]
    assert isinstance(first, int) and isinstance(n, int) and isinstance(interval, float)
    return [put({**entry, "index": k, "sample": k * interval}) for k in range(first, first + n)]


def commands(step: Step) -> list[str]:
    """A step of a golden run for the program."""
    kind, entry = next(iter(step.items()))
    match kind:
        case "begin":
            return [f"begin {entry['stream']} {entry['rate']}"]
        case "finished":
            return [f"finish {entry['stream']} {entry['sample']!r}"]
        case "ask":
            return [f"evaluate {entry['position']} {entry['dt']}"]
        case "frame":
            return [put(entry)]
        case "frames":
            return several(entry)
        case _:
            return ["counts"]


def parts(words: list[str]) -> dict[str, Floats]:
    """The arrays of an answer; landmarks and keypoints are missing where there are none."""
    values, found = np.asarray(words[2:], np.float32), {}
    for name, n in PARTS.items():
        found[name], values = values[:n], values[n:]
    for name in LASTING:
        n = int(values[0])
        found[name], values = values[1 : 1 + n], values[1 + n :]
    return {name: array for name, array in found.items() if array.size}


@pytest.mark.parametrize("run", json.loads(FILE.read_text(encoding="utf-8"))["runs"], ids=lambda run: str(run["name"]))
def test_a_golden_run(run: dict[str, list[Step]]) -> None:
    steps = run["steps"]
    asked = [step for step in steps if "ask" in step or "counts" in step]
    given = answers([command for step in steps for command in commands(step)])
    for step, words in zip(asked, given, strict=True):
        if "counts" in step:
            assert dict(zip(COUNTS, map(int, words), strict=True)) == step["counts"]
            continue
        expected = step["expect"]
        assert words[0] == expected["state"]
        assert float(words[1]) == pytest.approx(expected["speech"], abs=1e-5)
        found = parts(words)
        assert {*LASTING} & {*found} == {*LASTING} & {*expected}
        for name, array in found.items():
            wanted = np.zeros(array.size, np.float32)
            values = expected.get(name, [])
            assert isinstance(values, list)
            wanted[: len(values)] = values
            assert np.abs(array - wanted).max() < 1e-5


@pytest.mark.parametrize("seed", range(20))
def test_random_questions_are_answered_as_in_python(seed: int) -> None:
    rng = random.Random(seed)
    buffer, asked, expected = JitterBuffer(), ["new"], []
    position, stream = 0.0, 1
    buffer.begin(1, 16_000)
    asked.append("begin 1 16000")
    for _ in range(400):
        draw = rng.random()
        if draw < 0.5:
            index = max(int(position / 533) + rng.randint(-4, 12), 0)
            weights = [rng.random()]
            entry: dict[str, object] = {"stream": rng.choice((stream, stream, stream, 9)), "index": index}
            entry |= {"sample": index * 533.0, "weights": weights}
            asked.append(put(entry))
            buffer.put(frame(entry, weights))
        elif draw < 0.96:
            position += rng.choice((0.0, 0.0, 0.0, 1.0, 100.0, 300.0, 900.0, 4_000.0, -500.0, -5_000.0))
            said = rng.choice((position,) * 9 + (math.nan, -math.inf, 1e300))
            pose = buffer.ask(said, dt := rng.choice((0.0, 0.0171, 0.0533, 0.2171, math.nan, 7.0)))
            asked.append(f"evaluate {said!r} {dt}")
            expected.append((pose.state, float(pose.blendshapes[0])))
        elif draw < 0.98:
            asked.append(f"finish {stream} {position + 600!r}")
            buffer.finish(Finished(session=1, stream=stream, reason="end", sample=position + 600, frames=0, dropped=0))
        else:
            stream, position = stream + 1, 0.0
            asked.append(f"begin {stream} 16000")
            buffer.begin(stream, 16_000)
    for (state, value), words in zip(expected, answers(asked), strict=True):
        assert State(words[0]) == state
        assert math.isclose(float(words[2]), value, abs_tol=1e-5)


def frame(entry: dict[str, object], weights: list[float]) -> Frame:
    array = np.zeros(52, np.float32)
    array[: len(weights)] = weights
    stream, index, sample = entry["stream"], entry["index"], entry["sample"]
    assert isinstance(stream, int) and isinstance(index, int) and isinstance(sample, float)
    return Frame(session=1, stream=stream, seq=0, index=index, sample=sample, speech=0.0, weights=array)
