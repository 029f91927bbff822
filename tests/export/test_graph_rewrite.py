"""Laws of a rewritten Speech2Landmarks: same answers, whatever form its graph had before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.sounds import mono_speech

pytest.importorskip("torch", reason="needs torch (extra 'export')")
pytest.importorskip("onnxscript", reason="needs onnxscript (extra 'export')")

import onnx
import torch
from onnx import numpy_helper

from export.onnx.graph_rewrite import face_of, input_shapes, rewrite_graph
from export.onnx.multi_step_graph import one_step, unroll_steps
from space_runtime.animation.stages import features, landmarks
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.inference.network import Network, load_network
from space_runtime.timebase import HOP

SHIPPED = EMBEDDED / "speech2landmarks.onnx"


@pytest.fixture(scope="module")
def rewritten(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("networks") / "line.onnx"
    rewrite_graph(SHIPPED, path)
    return path


@pytest.fixture(scope="module")
def network(rewritten: Path) -> Network:
    return load_network("line", rewritten)


def test_the_shipped_network_has_its_final_form(rewritten: Path) -> None:
    assert rewrite_graph(SHIPPED, rewritten) == 0
    assert load_network("again", rewritten).outputs == load_network("shipped", SHIPPED).outputs
    assert rewritten.stat().st_size == SHIPPED.stat().st_size


def test_the_face_of_a_file_says_what_the_file_says(rewritten: Path, network: Network) -> None:
    """Emotions and lips of the face that is read from a file are those that the file shows; `basis` is compared in
    `test_speech2landmarks_torch`."""
    rng = np.random.default_rng(0)
    feeds = {name: rng.random(shape).astype(np.float32) for name, shape in input_shapes(network, 5).items()}
    model = onnx.load(rewritten)
    one_step(model.graph)
    face = face_of(model)
    silent = feeds | {"features": np.zeros_like(feeds["features"]), "state_in": np.zeros_like(feeds["state_in"])}
    told = network.run(silent)
    assert not told["speech"].any()
    heard = [torch.from_numpy(np.asarray(value, np.float32)) for value in (told["speech"], told["closure"])]
    neutral, emotion = (torch.from_numpy(silent[name]) for name in ("neutral", "emotion"))
    ours = face(torch.zeros(5, len(face.basis)), *heard, neutral, emotion)
    assert np.abs(ours.numpy() - told["landmarks"]).max() < 1e-6


def test_no_film_is_split_while_it_runs(rewritten: Path) -> None:
    """Scale and shift are products of their own; what is split are weights, when the file is loaded."""
    model = onnx.load(rewritten)
    one_step(model.graph)
    made_by = {name: node.op_type for node in model.graph.node for name in node.output}
    constants = {value.name for value in model.graph.initializer}
    split = [node.input[0] for node in model.graph.node if node.op_type == "Split"]
    assert not [name for name in split if made_by.get(name) == "Gemm"]
    assert sum(name in constants for name in split) == 6  # weights and offsets of three films


def test_another_face_is_refused(tmp_path: Path) -> None:
    """A graph whose constants are not those that it computes with is not rewritten."""
    model = onnx.load(SHIPPED)
    one_step(model.graph)
    (openings,) = (value for value in model.graph.initializer if value.name == "face.height_limit")
    openings.CopyFrom(numpy_helper.from_array(np.ones_like(numpy_helper.to_array(openings)), openings.name))
    broken = tmp_path / "broken.onnx"
    onnx.save(model, broken)
    with pytest.raises(ValueError, match="differs"):
        rewrite_graph(broken, tmp_path / "again.onnx")
    assert not (tmp_path / "again.onnx").exists()


@pytest.mark.parametrize("n_streams", [1, 3])
def test_how_a_line_is_cut_into_runs_does_not_change_a_bit(network: Network, n_streams: int) -> None:
    assert landmarks.takes_lines(network)
    sound = np.stack([mono_speech(0.8, seed)[: 40 * HOP] for seed in range(n_streams)])
    heard = features.step(features.initial_state(n_streams), sound)[1]
    rng = np.random.default_rng(n_streams)
    neutral = rng.normal(0, 0.3, (n_streams, 78, 3)).astype(np.float32)
    emotion, style = (rng.random((n_streams, 40, n)).astype(np.float32) for n in (8, 4))
    answers = []
    for cuts in ([40], [1] * 40, [7, 1, 32]):
        state, said = landmarks.initial_state(network, n_streams), []
        for end, n in zip(np.cumsum(cuts), cuts, strict=True):
            some = slice(end - n, end)
            given = (heard[:, some], neutral, emotion[:, some], style[:, some])
            state, step = landmarks.step(network, state, *given)
            said.append((step.landmarks, step.speech, step.tongue))
        answers.append([state, *[np.concatenate(parts, axis=1) for parts in zip(*said, strict=True)]])
    assert answers[0][1].shape == (n_streams, 40, 78, 3)
    assert np.ptp(answers[0][1], axis=1).max() > 0.01
    for other in answers[1:]:
        assert all(np.array_equal(one, same) for one, same in zip(answers[0], other, strict=True))


def test_a_network_of_one_step_hears_hop_by_hop(tmp_path: Path, rewritten: Path, network: Network) -> None:
    """A bundle whose file takes one step a run gives the same bits."""
    model = onnx.load(rewritten)
    one_step(model.graph)
    onnx.save(model, tmp_path / "step.onnx")
    old = load_network("step", tmp_path / "step.onnx")
    assert not landmarks.takes_lines(old)
    rng = np.random.default_rng(0)
    heard, emotion, style = (rng.random((2, 5, n)).astype(np.float32) for n in (96, 8, 4))
    neutral, state = rng.normal(0, 0.3, (2, 78, 3)).astype(np.float32), landmarks.initial_state(old, 2)
    one, other = (landmarks.step(each, state, heard, neutral, emotion, style) for each in (old, network))
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1].landmarks, other[1].landmarks)


def test_states_that_go_another_way_are_refused() -> None:
    model = onnx.load(SHIPPED)
    one_step(model.graph)
    (last,) = (node for node in model.graph.node if "state_out" in node.output)
    last.op_type = "Mul"
    with pytest.raises(ValueError, match="unknown way"):
        unroll_steps(model.graph)
