"""The C# jitter buffer does what every run of ``vectors/jitter.json`` expects."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterable

import numpy as np
import pytest

from engine_bridge.client.jitter import JitterBuffer
from tests.engine_bridge.csharp.dotnet import as_floats, byte_array
from tests.engine_bridge.csharp.dotnet_loaded import Probe, Protocol, Space, System
from tests.tools import golden_vectors as golden
from tests.tools.golden_jitter import frame_of

RUNS = {run["name"]: run["steps"] for run in json.loads((golden.FOLDER / "jitter.json").read_text())["runs"]}
PARTS = {
    "weights": ["Blendshapes"],
    "head": ["HeadRotationRad", "HeadTranslation"],
    "eyes": ["EyeRotationRad"],
    "landmarks": ["Landmarks"],
    "keypoints": ["Keypoints"],
}
"""The parts of a pose that hold a field of a frame."""
SIZES = {"weights": 52, "head": 6, "eyes": 4, "landmarks": 234}


def floats(values: Iterable[float], size: int) -> object:
    array = System.Array.CreateInstance(System.Single, size)
    for i, value in enumerate(values):
        array[i] = System.Single(value)
    return array


def put(buffer: object, said: dict[str, object]) -> None:
    frame = Protocol.FrameMessage()
    frame.Stream, frame.Index = said["stream"], said["index"]
    frame.Sample, frame.Speech = said["sample"], said["speech"]
    for name, size in {**SIZES, "keypoints": len(said.get("keypoints", ()))}.items():  # type: ignore[arg-type]
        if name in said:
            setattr(frame, name.title(), floats(said[name], size))  # type: ignore[arg-type]
    buffer.Put(frame)  # type: ignore[attr-defined]


def put_many(buffer: object, said: dict[str, float], stream: int) -> None:
    first = int(said["first_index"])
    for index in range(first, first + int(said["n_frames"])):
        frame = {"stream": stream, "index": index, "sample": index * said["interval"], "speech": 0.0}
        put(buffer, {**frame, "weights": said["weights"]})


def padded(values: list[float], size: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(values + [0.0] * (size - len(values)))


def check(pose: object, expected: dict[str, object]) -> None:
    assert str(pose.State) == str(expected["state"]).title()  # type: ignore[attr-defined]
    assert pose.Speech == pytest.approx(expected["speech"], abs=1e-5)  # type: ignore[attr-defined]
    assert pose.HasLandmarks == ("landmarks" in expected)  # type: ignore[attr-defined]
    assert (len(as_floats(pose.Keypoints)) > 0) == ("keypoints" in expected)  # type: ignore[attr-defined]
    for name, size in {**SIZES, "keypoints": len(expected.get("keypoints", ()))}.items():  # type: ignore[arg-type]
        if name in expected:
            found = np.concatenate([as_floats(getattr(pose, part)) for part in PARTS[name]])
            np.testing.assert_allclose(found, padded(expected[name], size), atol=1e-5)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", RUNS)
def test_a_run_of_the_vectors(name: str) -> None:
    buffer, pose, stream = Space.JitterBuffer(), Space.FacePose(), 0
    for step in RUNS[name]:
        if "begin" in step:
            stream = step["begin"]["stream"]
            buffer.Begin(stream, float(step["begin"]["rate"]))
        elif "frame" in step:
            put(buffer, step["frame"])
        elif "frames" in step:
            put_many(buffer, step["frames"], step["frames"].get("stream", stream))
        elif "finished" in step:
            buffer.Finish(step["finished"]["stream"], float(step["finished"]["sample"]))
        elif "ask" in step:
            buffer.Evaluate(float(step["ask"]["position"]), float(step["ask"]["dt"]), pose)
            check(pose, step["expect"])
        else:
            found = {key: getattr(buffer, key.title()) for key in step["counts"]}
            assert found == step["counts"]


@pytest.mark.parametrize("seed", range(10))
def test_random_questions_are_answered_as_in_python(seed: int) -> None:
    rng = random.Random(seed)
    buffer, ours, pose = Space.JitterBuffer(), JitterBuffer(), Space.FacePose()
    buffer.Begin(1, 16_000.0)
    ours.begin(1, 16_000.0)
    position = 0.0
    for _ in range(400):
        if rng.random() < 0.5:
            index, value = max(int(position / 533) + rng.randint(-4, 12), 0), rng.random()
            frame = {"stream": 1, "index": index, "sample": index * 533.0, "speech": 0.0, "weights": [value]}
            put(buffer, frame)
            ours.put(frame_of(frame))
            continue
        position += rng.choice((0.0, 0.0, 0.0, 1.0, 100.0, 300.0, 900.0, 4_000.0, -500.0, -5_000.0))
        said = rng.choice((position,) * 9 + (math.nan, -math.inf, 1e300))
        dt = rng.choice((0.0, 0.0171, 0.0533, 0.2171, math.nan, 7.0))
        buffer.Evaluate(said, dt, pose)
        expected = ours.ask(said, dt)
        assert str(pose.State) == str(expected.state).title()
        np.testing.assert_allclose(as_floats(pose.Blendshapes), expected.blendshapes, atol=1e-5)


def test_frames_and_poses_make_no_garbage() -> None:
    data = byte_array((golden.FOLDER / "frame_all.bin").read_bytes())
    microseconds, allocated = Probe.JitterCost(data, 20_000)
    print(f"MEASURED jitter buffer: put and sample {microseconds:.2f} µs, {allocated:.2f} B")
    assert allocated < 0.5


SHAPES: dict[str, Callable[[int], tuple[int, float]]] = {
    "times that run back": lambda i: (i, 1000.0 - i),
    "times that are all the same": lambda i: (i, 5.0),
    "huge numbers": lambda i: (2**32 - 1 - i % 3, 1e300 * (i % 5)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_frames_of_a_mad_server_give_finite_poses(name: str) -> None:
    buffer, pose = Space.JitterBuffer(), Space.FacePose()
    buffer.Begin(1, 16_000.0)
    for i in range(60):
        index, sample = SHAPES[name](i)
        put(buffer, {"stream": 1, "index": index, "sample": sample, "speech": 1.0, "weights": [1.0]})
        buffer.Evaluate(float(i), 0.016, pose)
        assert np.isfinite(as_floats(pose.Blendshapes)).all()
    buffer.Evaluate(float("inf"), float("nan"), pose)
    buffer.Evaluate(1e300, 1e300, pose)
    assert np.isfinite(as_floats(pose.Blendshapes)).all()
