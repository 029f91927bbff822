"""Training of a refiner: one linear loop, resumable; every number of it stands in `Plan` and in the checkpoint."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from export.models.refiner import Refiner
from export.onnx.to_onnx import TRACED_BATCH, Signature, export_onnx
from export.refiner.pairs import DRAWN, PHOTO, TRUE, Pairs
from export.training.checkpoint import (
    FACTS,
    Checkpoint,
    Facts,
    code_commit,
    load_checkpoint,
    moments_of,
    save_checkpoint,
    take_up_moments,
    update_average,
)
from export.training.learning_rate import learning_rate
from space_runtime.arrays import Pixels
from space_runtime.errors import UsageError
from space_runtime.rendering.refiner import SIDE, fading


@dataclass(frozen=True, slots=True)
class Plan:
    """The numbers of a training. batch: pairs of an update. gradients: weight of the error of differences of pixels
    beside that of pixels. colours: spread of the gains that pictures are seen with, natural logarithm. average_decay:
    of the running mean of the weights, which is exported. bfloat16: the type of products, half as precise and on
    processors with AMX twice as fast. log_every, save_every: in updates."""

    n_updates: int = 1500
    batch: int = 16
    seed: int = 7
    learning_rate: float = 1e-3
    last_learning_rate: float = 1e-5
    warm_up: int = 50
    weight_decay: float = 1e-3
    average_decay: float = 0.995
    gradients: float = 0.5
    colours: float = 0.25
    bfloat16: bool = False
    log_every: int = 50
    save_every: int = 100

    @property
    def text(self) -> str:
        """The plan as a checkpoint keeps it."""
        return json.dumps(asdict(self))


def train(plan: Plan, pairs: Pairs, folder: Path) -> Refiner:
    """Train from the last checkpoint in ``folder``, or from the start, to the plan's end; return the averaged network.

    Raises `UsageError` when the checkpoint is of other pairs or another plan (but for its number of updates), and when
    a loss is no number.
    """
    torch.manual_seed(plan.seed)
    network = Refiner()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in the stub; an eighth faster
    optimiser = torch.optim.AdamW(network.parameters(), plan.learning_rate, weight_decay=plan.weight_decay)
    average = {name: value.clone() for name, value in network.state_dict().items()}
    first = _resume(folder, plan, pairs.hash, network, optimiser, average)
    facts = Facts(first, plan.seed, plan.text, pairs.hash, code_commit())
    mean = 0.0
    for step in range(first, plan.n_updates):
        loss = _update(network, optimiser, plan, step, batch_of(pairs, plan, step))
        update_average(average, network, min(plan.average_decay, (step + 1) / (step + 10)))
        mean = loss if step == first else 0.95 * mean + 0.05 * loss
        if (step + 1) % plan.log_every == 0:
            print(step + 1, f"loss {mean:.5f}", flush=True)
        if (step + 1) % plan.save_every == 0 or step + 1 == plan.n_updates:
            done = Checkpoint(
                replace(facts, step=step + 1), network.state_dict(), average, moments_of(network, optimiser)
            )
            save_checkpoint(done, folder)
    network.load_state_dict(average)
    return network


def _resume(
    folder: Path,
    plan: Plan,
    data: str,
    network: Refiner,
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor],
) -> int:
    """Take up the checkpoint in a folder and return its updates, 0 where there is none."""
    if not (folder / FACTS).exists():
        return 0
    checkpoint = load_checkpoint(folder)
    before = json.loads(checkpoint.facts.recipe)
    away = "move it away to train anew"
    if checkpoint.facts.data != data:
        raise UsageError(f"the checkpoint in {folder} was trained on other films or pictures; {away}")
    if before | {"n_updates": plan.n_updates} != asdict(plan):
        raise UsageError(f"the checkpoint in {folder} was trained by another plan; {away}")
    network.load_state_dict(checkpoint.weights)
    average.update(checkpoint.average)
    take_up_moments(network, optimiser, checkpoint)
    return checkpoint.facts.step


def batch_of(pairs: Pairs, plan: Plan, step: int) -> Tensor:
    """Return the (B, 3, 3, 128, 128) drawn, photo's and true mouths of an update, 0…1: a pure function of the step.

    People have equal turns, however much there is of each, and so have a person's films. Half of the pairs are
    mirrored; each has another light and other colours.
    """
    rng = np.random.default_rng((plan.seed, step))
    chosen = [_chosen(pairs, rng) for _ in range(plan.batch)]
    mouths = torch.from_numpy(np.stack(chosen)).permute(0, 1, 4, 2, 3).float() / 255
    gains = torch.from_numpy(np.exp(rng.normal(0, plan.colours / 2, (plan.batch, 1, 3, 1, 1)))).float()
    lights = torch.from_numpy(np.exp(rng.normal(0, plan.colours, (plan.batch, 1, 1, 1, 1)))).float()
    colourful = torch.from_numpy(rng.uniform(0.5, 1.3, (plan.batch, 1, 1, 1, 1))).float()
    grey = mouths.mean(2, keepdim=True)
    seen = grey + colourful * (mouths - grey)
    return (seen.clamp(0, 1) ** lights * gains).clamp(0, 1)


def _chosen(pairs: Pairs, rng: np.random.Generator) -> Pixels:
    films = pairs.mouths[rng.integers(len(pairs.mouths))]
    mouths = films[rng.integers(len(films))]
    pair = np.array(mouths[rng.integers(len(mouths))])
    return np.ascontiguousarray(pair[:, :, ::-1]) if rng.random() < 0.5 else pair


def loss_of(change: Tensor, batch: Tensor, gradients: float) -> Tensor:
    """Return the mean absolute error of refined mouths and of their differences from pixel to pixel, where shown."""
    error = (batch[:, DRAWN] + change * _FADING - batch[:, TRUE]) * _SEEN
    across, down = error[..., 1:] - error[..., :-1], error[..., 1:, :] - error[..., :-1, :]
    return error.abs().mean() + gradients * (across.abs().mean() + down.abs().mean())


def _update(network: Refiner, optimiser: torch.optim.Optimizer, plan: Plan, step: int, batch: Tensor) -> float:
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(plan, step)
    with torch.autocast("cpu", torch.bfloat16, enabled=plan.bfloat16):
        change = network(batch[:, DRAWN], batch[:, PHOTO])
    loss = loss_of(change.float(), batch, plan.gradients)
    if not math.isfinite(loss.item()):
        raise UsageError(f"the loss of update {step + 1} is no number; train again from another folder of checkpoints")
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    return loss.item()


def export_refiner(network: Refiner, path: Path) -> float:
    """Write the network as ONNX and return the largest difference between torch and ONNX Runtime."""
    noise = torch.Generator().manual_seed(0)
    inputs = {name: torch.rand(TRACED_BATCH, 3, SIDE, SIDE, generator=noise) for name in ("drawn", "photo")}
    return export_onnx(network, Signature(inputs, ("change",)), path)


_FADING = torch.from_numpy(fading())
_SEEN = (_FADING > 0).float()
