"""Parity of a tiny Speech2Landmarks: whole sequences in torch = steps in torch = steps in ONNX Runtime."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (extra 'export')")
pytest.importorskip("onnxscript", reason="needs onnxscript (extra 'export')")

import onnx
import torch

from export.models.landmarks import GATES, Face, LandmarksConfig, Speech2Landmarks
from export.models.layers import LAYERS
from export.onnx.graph_rewrite import face_of
from export.onnx.to_onnx import TRACED_BATCH, Signature, export_onnx
from space_runtime.inference.network import load_network
from space_runtime.style import N_CODE

N_FEATURES, N_STEPS = 6, 7
OUTPUTS = ("landmarks", "speech", "closure", "tongue", "state_out")


@pytest.fixture(scope="module", params=sorted(LAYERS))
def tiny(request: pytest.FixtureRequest) -> Speech2Landmarks:
    torch.manual_seed(0)
    config = LandmarksConfig(N_FEATURES, n_classes=5, n_motion=4, width=8, kind=request.param, n_embedded=3)
    network = Speech2Landmarks(config)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    for buffer in network.face.buffers():
        torch.nn.init.uniform_(buffer, 0.01, 0.1)
    return network.eval()


def inputs(network: Speech2Landmarks, n: int, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        "features": torch.randn(n, N_FEATURES, generator=generator),
        "neutral": torch.randn(n, 78, 3, generator=generator),
        "emotion": torch.rand(n, 8, generator=generator),
        "style": torch.randn(n, 4, generator=generator),
        "state_in": torch.randn(n, network.n_state, generator=generator),
    }


@pytest.fixture(scope="module")
def exported(tiny: Speech2Landmarks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "tiny.onnx"
    export_onnx(tiny, Signature(inputs(tiny, TRACED_BATCH), OUTPUTS), path)
    return path


def test_a_sequence_at_once_equals_its_steps(tiny: Speech2Landmarks) -> None:
    values = inputs(tiny, 2)
    sequence = torch.randn(2, N_STEPS, N_FEATURES, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        hidden, last = tiny.sequence(sequence, values["emotion"], values["state_in"])
        whole = tiny.decode(hidden, *(values[name][:, None] for name in ("neutral", "emotion", "style")))
        state = values["state_in"]
        for n in range(N_STEPS):
            faces, *_, state = tiny(sequence[:, n], *(values[name] for name in ("neutral", "emotion", "style")), state)
            torch.testing.assert_close(faces, whole.landmarks[:, n], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(state, last, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("n", [1, 3, 64])
def test_onnx_steps_equal_torch_steps_for_every_batch(tiny: Speech2Landmarks, exported: Path, n: int) -> None:
    session, values = load_network("tiny", exported), inputs(tiny, n, seed=n)
    for _ in range(3):
        with torch.no_grad():
            expected = tiny(*values.values())
        actual = session.run({name: value.numpy() for name, value in values.items()})
        for name, value in zip(OUTPUTS, expected, strict=True):
            np.testing.assert_allclose(actual[name].astype(np.float32), value.numpy(), atol=1e-5)
        values["state_in"] = expected[-1]


def test_the_face_of_a_fresh_export_is_the_networks(tiny: Speech2Landmarks, exported: Path) -> None:
    """The exporter joins and renames constants; whatever it does, the file has them all."""
    found = face_of(onnx.load(exported)).state_dict()
    for name, value in tiny.face.state_dict().items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0)


def test_no_emotion_and_no_style_modulate_nothing(tiny: Speech2Landmarks) -> None:
    values, hidden = torch.randn(3, N_FEATURES), torch.randn(3, 8)
    assert torch.equal(tiny.film(values, torch.zeros(3, 8)), values)
    assert torch.equal(tiny.style(hidden, torch.zeros(3, N_CODE)), hidden)


def test_style_moves_the_mouth_and_nothing_that_tells_speech(tiny: Speech2Landmarks) -> None:
    hidden, values = torch.randn(64, 8), inputs(tiny, 64)
    plain, styled = (
        tiny.decode(hidden, values["neutral"], values["emotion"], some * values["style"]) for some in (0, 1)
    )
    assert not torch.equal(plain.landmarks, styled.landmarks)
    assert all(torch.equal(getattr(plain, name), getattr(styled, name)) for name in ("speech", "closure", "tongue"))


def test_the_tongue_rests_where_there_is_no_speech(tiny: Speech2Landmarks) -> None:
    talking = copy.deepcopy(tiny)
    with torch.no_grad():
        talking.switches.bias[0] = torch.logit(torch.tensor(GATES[0])).mean()  # about as often awake as not,
        talking.switches.weight[0] *= 9  # and clearly the one or the other
        _, speech, _, tongue, _ = talking(*inputs(tiny, 64).values())
    assert (speech == 0).any() and (speech > 0).any()
    assert (tongue[speech[:, 0] == 0] == 0).all()
    assert (tongue[speech[:, 0] > 0] > 0).all() and (tongue <= 1).all()


def test_faces_one_by_one_equal_a_sequence_and_its_parts() -> None:
    """Rows, sequences and displacements that are given are the same face."""
    noise, face = torch.Generator().manual_seed(2), Face(5)
    for constant in face.state_dict().values():
        constant.copy_(torch.rand(constant.shape, generator=noise) * 0.2 + 0.1)
    motion = torch.randn(2, 6, 5, generator=noise)
    speech, closure = torch.rand(2, 2, 6, 1, generator=noise)
    neutral, emotion = torch.randn(2, 1, 78, 3, generator=noise), torch.rand(2, 1, 8, generator=noise)
    sequence = face(motion, speech, closure, neutral, emotion)
    parts = face.assemble((speech * motion) @ face.basis, speech, closure, neutral, emotion)
    rows = [face(motion[:, t], speech[:, t], closure[:, t], neutral[:, 0], emotion[:, 0]) for t in range(6)]
    assert torch.allclose(sequence, parts, atol=1e-5)
    assert torch.allclose(sequence, torch.stack(rows, 1), atol=1e-5)


def test_gates_reach_both_ends_exactly(tiny: Speech2Landmarks) -> None:
    halfway = float(torch.logit(torch.tensor(GATES[0]).mean()))
    logits = torch.tensor([-9.0, -3.0, halfway, 3.0, 9.0])[:, None].expand(-1, len(GATES))
    speech, closure, *tongue = tiny.gates(logits).unbind(-1)
    assert speech[0] == speech[1] == closure[0] == closure[1] == 0
    assert 0 < speech[2] < 1
    assert speech[3] == speech[4] == closure[3] == closure[4] == 1
    assert all(torch.equal(each, torch.sigmoid(logits[:, 0])) for each in tongue)


class Inverse(torch.nn.Module):
    """One over a number: as large as the number is small."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 1 / x


def test_parity_is_relative_for_large_values_and_never_holds_for_infinite_ones(tmp_path: Path) -> None:
    large, infinite = torch.full((3, 1), 1e-7), torch.tensor([[1.0], [0.0], [2.0]])
    assert export_onnx(Inverse(), Signature({"x": large}, ("y",)), tmp_path / "large.onnx") < 1e-6
    with pytest.raises(ValueError, match="differs from torch by inf"):
        export_onnx(Inverse(), Signature({"x": infinite}, ("y",)), tmp_path / "infinite.onnx")
