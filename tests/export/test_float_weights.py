"""Law of going on from a shipped network: in full precision it says what its eight bits say."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch (extra 'export')")

import torch

from export.data.speech.phones import N_CLASSES
from export.onnx.float_weights import float_network
from export.recipes.recipe import NetworkPlan
from space_runtime.animation.stages import features as feature_stage
from space_runtime.inference.bundle import EMBEDDED, load_bundle
from space_runtime.inference.network import load_network
from space_runtime.rig.rig import Rig
from space_runtime.style import N_CODE
from tests.support.sounds import speechlike


def test_the_weights_of_the_shipped_file_say_what_it_says() -> None:
    path = EMBEDDED / "speech2landmarks.onnx"
    shipped = load_network(path.stem, path)
    network = float_network(path, N_CLASSES, NetworkPlan(256, 2)).eval()
    face = Rig.from_arrays(load_bundle().arrays("rig")).neutral_identity().neutral
    _, features = feature_stage.step(feature_stage.initial_state(), speechlike(2.0)[:, 0][None])
    emotion = np.zeros((1, 8), np.float32)
    state = np.zeros((1, network.n_state), np.float32)
    ours, apart, gates_apart = torch.from_numpy(state), [], []
    for step in features[0]:
        feeds = {"features": step[None], "neutral": face[None], "emotion": emotion, "state_in": state}
        feeds |= {"style": np.zeros((1, N_CODE), np.float32)} if "style" in shipped.inputs else {}
        told = shipped.run(feeds)
        state = np.asarray(told["state_out"], np.float32)
        heard = map(torch.from_numpy, (step[None], face[None], emotion, np.zeros((1, N_CODE), np.float32)))
        with torch.no_grad():
            landmarks, speech, closure, _, ours = network(*heard, ours)
        apart.append(np.abs(landmarks.numpy() - told["landmarks"]).max())
        pairs = ((speech, "speech"), (closure, "closure"))
        gates_apart.append(max(np.abs(gate.numpy() - told[name]).max() for gate, name in pairs))
    # Rounding moves a steep gate, by which a mouth is a moment more or less open, and little else.
    agree = np.array(gates_apart) < 0.02
    assert agree.mean() > 0.9
    assert np.array(apart)[agree].max() < 0.005
    assert max(apart) < 0.03
    assert np.abs(landmarks.numpy() - face).max() > 0
