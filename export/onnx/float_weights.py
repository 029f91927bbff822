"""The weights of an exported Speech2Landmarks in full precision, to train on from: what its eight bits still say.

The head that told phones in training is not in the file; it begins anew, and so does what the network had not then.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from export.models.landmarks import LandmarksConfig, Speech2Landmarks
from export.onnx.graph_rewrite import N_GATES, face_of
from export.onnx.multi_step_graph import one_step
from export.recipes.recipe import NetworkPlan
from space_runtime.arrays import Floats

NOT_EXPORTED: Final = "classes."
LATER: Final = ("style.",)
"""Parts that older files lack."""


def float_network(path: Path, n_classes: int, plan: NetworkPlan) -> Speech2Landmarks:
    """Return the network in an ONNX file as it can be trained. Raises `KeyError` when the file has other sizes."""
    model = onnx.load(path)
    one_step(model.graph)
    known = {value.name: numpy_helper.to_array(value) for value in model.graph.initializer}
    face = face_of(model)
    n_features = known["film.modulation.weight"].shape[0] // 2
    config = LandmarksConfig(n_features, n_classes, len(face.basis), plan.width, plan.n_layers, plan.kind)
    network = Speech2Landmarks(config)
    network.face.load_state_dict(face.state_dict())
    state = network.state_dict()
    for name in state:
        if not name.startswith((NOT_EXPORTED, "face.")) and (name in known or not name.startswith(LATER)):
            state[name] = _with_rows(state[name], _tensor(name, known))
    network.load_state_dict(state)
    return network


def with_face(network: Speech2Landmarks, constants: dict[str, Tensor]) -> None:
    """Give a network the constants of another `Face` in place, its last layer changed so that it moves as before.

    Motion that the other directions cannot say is lost; a residual of least squares.
    """
    before = network.face.basis.double()
    change = before @ torch.linalg.pinv(constants["basis"].double())
    last = network.motion[-1]
    assert isinstance(last, torch.nn.Linear)
    with torch.no_grad():
        last.weight.copy_(change.T @ last.weight.double())
        last.bias.copy_(change.T @ last.bias.double())
        for name, value in constants.items():
            network.face.get_buffer(name).copy_(value)


def _with_rows(fresh: Tensor, known: Tensor) -> Tensor:
    """Return a tensor whose first rows are the known ones: older files have no switches of the tongue."""
    return torch.cat([known, fresh[len(known) :]])


def _tensor(name: str, known: dict[str, Floats]) -> Tensor:
    if name in known:
        return torch.from_numpy(known[name].copy())
    if f"{name}_quantized" in known:
        return _dequantised(name, "", known)
    return torch.cat([_dequantised(name, f"_{gate}", known) for gate in range(N_GATES)])


def _dequantised(name: str, suffix: str, known: dict[str, Floats]) -> Tensor:
    """Return one matrix or bias from its whole numbers and the scale of each row."""
    whole = known[f"{name}_quantized{suffix}"].astype(np.float32)
    scale = known.get(f"{name}_scale{suffix}", known.get(f"{name}_quantized_scale{suffix}"))
    if scale is None:
        raise KeyError(f"{name}_scale{suffix}")
    return torch.from_numpy(whole * scale.reshape(-1, *(1,) * (whole.ndim - 1)))
