"""Parity of a tiny Landmarks2Latents: whole sequences in torch = steps in torch = steps in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch (extra 'export')")
pytest.importorskip("onnxscript", reason="needs onnxscript (extra 'export')")

from export.models.latents import Landmarks2Latents, LatentsConfig, OneStep  # noqa: E402
from export.onnx.to_onnx import export_onnx  # noqa: E402
from export.training.train_latents import selection, signature  # noqa: E402
from space_runtime.inference.network import load_network  # noqa: E402
from space_runtime.rendering.warp.keypoints import N_KEYPOINTS, landmarks_from_keypoints  # noqa: E402

CONFIG = LatentsConfig(n_features=5, width=8, hidden=6)
N_STEPS = 6


@pytest.fixture(scope="module")
def tiny() -> Landmarks2Latents:
    torch.manual_seed(0)
    network = Landmarks2Latents(CONFIG, torch.rand(N_KEYPOINTS, 78) / 78, selection())
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return network.eval()


@pytest.fixture(scope="module")
def exported(tiny: Landmarks2Latents, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "tiny.onnx"
    export_onnx(OneStep(tiny), signature(CONFIG), path)
    return path


def test_a_sequence_at_once_equals_its_steps_in_torch_and_onnx(tiny: Landmarks2Latents, exported: Path) -> None:
    noise = torch.Generator().manual_seed(1)
    landmarks = torch.randn(2, N_STEPS, 78, 3, generator=noise)
    features = torch.randn(2, N_STEPS, CONFIG.n_features, generator=noise)
    keypoints, emotion = torch.randn(2, N_KEYPOINTS, 3, generator=noise), torch.rand(2, 8, generator=noise)
    state = torch.randn(2, CONFIG.hidden, generator=noise)
    session, onnx_state = load_network("tiny", exported), state.numpy()
    with torch.no_grad():
        whole, last = tiny(landmarks, features, keypoints, emotion, state)
        for n in range(N_STEPS):
            step, state = OneStep(tiny)(landmarks[:, n], features[:, n], keypoints, emotion, state)
            torch.testing.assert_close(step, whole[:, n], atol=2e-5, rtol=1e-5)
            answer = session.run(
                {
                    "landmarks": landmarks[:, n].numpy(),
                    "features": features[:, n].numpy(),
                    "portrait_keypoints": keypoints.numpy(),
                    "emotion": emotion.numpy(),
                    "state_in": onnx_state,
                }
            )
            np.testing.assert_allclose(np.asarray(answer["keypoints"], np.float32), step.numpy(), atol=2e-5)
            onnx_state = answer["state_out"]
    torch.testing.assert_close(state, last, atol=1e-5, rtol=1e-5)


def test_selection_picks_landmarks_like_the_runtime() -> None:
    keypoints = np.random.default_rng(0).normal(size=(N_KEYPOINTS, 3)).astype(np.float32)
    np.testing.assert_allclose(selection().numpy() @ keypoints, landmarks_from_keypoints(keypoints), atol=1e-6)


def test_no_motion_adds_nothing_for_any_weights(tiny: Landmarks2Latents) -> None:
    keypoints = torch.randn(1, N_KEYPOINTS, 3)
    landmarks = (tiny.select @ keypoints)[:, None]
    heard, mood = torch.randn(1, 1, CONFIG.n_features), torch.rand(1, 8)
    driven, _ = tiny(landmarks, heard, keypoints, mood, torch.zeros(1, CONFIG.hidden))
    torch.testing.assert_close(driven[:, 0], keypoints, atol=1e-5, rtol=0)
