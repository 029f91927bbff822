"""Checkpoints: tensors as safetensors, everything else as JSON beside them; never pickle."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from space_runtime.errors import UsageError
from space_runtime.media.atomic_files import written_whole

PARTS: Final = ("weights", "average", "moments")
FACTS: Final = "facts.json"


@dataclass(frozen=True, slots=True)
class Facts:
    """The description of a checkpoint.

    step: updates made. recipe: the recipe's text. data: SHA-256 of the corpora. commit: of the code. start: SHA-256 of
    the exported network whose weights were the first ones, empty where they were random.
    """

    step: int
    seed: int
    recipe: str
    data: str
    commit: str
    start: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """weights: the network now. average: its running mean, which is exported. moments: the optimiser's."""

    facts: Facts
    weights: dict[str, Tensor]
    average: dict[str, Tensor]
    moments: dict[str, Tensor]


def save_checkpoint(checkpoint: Checkpoint, folder: Path) -> None:
    """Write the checkpoint into ``folder``: first all of it under other names, then the files are replaced at once.

    What interrupts it leaves the checkpoint before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in PARTS:
        tensors = {key: value.detach().contiguous().clone() for key, value in getattr(checkpoint, name).items()}
        save_file(tensors, folder / f"{name}.new")
    with written_whole(folder / FACTS) as path:
        path.write_text(json.dumps(asdict(checkpoint.facts), indent=1), encoding="utf-8")
        for name in PARTS:
            (folder / f"{name}.new").replace(folder / f"{name}.safetensors")


def load_checkpoint(folder: Path) -> Checkpoint:
    """Return the checkpoint in ``folder``. Raises `UsageError` when there is none or it cannot be read."""
    try:
        facts = Facts(**json.loads((folder / FACTS).read_text(encoding="utf-8")))
        parts = {name: load_file(folder / f"{name}.safetensors") for name in PARTS}
    except FileNotFoundError:
        raise UsageError(f"there is no whole checkpoint in {folder}; run python -m export train first") from None
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise UsageError(f"the checkpoint in {folder} is broken ({error}); move it away to train anew") from None
    return Checkpoint(facts, **parts)


def moments_of(network: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return Adam's running means of the gradients and of their squares, by the parameters' names."""
    moments = {}
    for name, parameter in network.named_parameters():
        moments[f"{name}.first"] = optimiser.state[parameter]["exp_avg"]
        moments[f"{name}.second"] = optimiser.state[parameter]["exp_avg_sq"]
    return moments


def take_up_moments(network: nn.Module, optimiser: torch.optim.Optimizer, checkpoint: Checkpoint) -> None:
    """Give an Adam the running means of a checkpoint; the inverse of `moments_of`."""
    for name, parameter in network.named_parameters():
        optimiser.state[parameter] = {
            "step": torch.tensor(float(checkpoint.facts.step)),
            "exp_avg": checkpoint.moments[f"{name}.first"],
            "exp_avg_sq": checkpoint.moments[f"{name}.second"],
        }


def update_average(average: dict[str, Tensor], network: nn.Module, decay: float) -> None:
    """Move a running mean of the weights towards a network's by 1 − decay, in place."""
    with torch.no_grad():
        for name, value in network.state_dict().items():
            average[name].lerp_(value, 1 - decay)


def code_commit() -> str:
    """Return the commit of the code, with a + where files differ from it; empty outside a checkout."""
    asked = ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+"]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    except OSError:
        return ""
    return answer.stdout.strip()
