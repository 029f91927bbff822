"""Checkpoints: tensors as safetensors, everything else as JSON beside them; never pickle."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Facts:
    """What a checkpoint says about itself.

    step: updates made. recipe: the recipe's text. data: SHA-256 of the corpora. commit: of the code.
    """

    step: int
    seed: int
    recipe: str
    data: str
    commit: str


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """weights: the network now. average: its running mean, which is exported. moments: the optimiser's."""

    facts: Facts
    weights: dict[str, Tensor]
    average: dict[str, Tensor]
    moments: dict[str, Tensor]


def save_checkpoint(checkpoint: Checkpoint, folder: Path) -> None:
    """Write the checkpoint into ``folder``; each file is replaced in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("weights", "average", "moments"):
        tensors = {key: value.detach().contiguous().clone() for key, value in getattr(checkpoint, name).items()}
        save_file(tensors, folder / f"{name}.new")
        (folder / f"{name}.new").replace(folder / f"{name}.safetensors")
    (folder / "facts.json").write_text(json.dumps(asdict(checkpoint.facts), indent=1), encoding="utf-8")


def load_checkpoint(folder: Path) -> Checkpoint:
    """Return the checkpoint in ``folder``. Raises `FileNotFoundError` when there is none."""
    facts = Facts(**json.loads((folder / "facts.json").read_text(encoding="utf-8")))
    parts = {name: load_file(folder / f"{name}.safetensors") for name in ("weights", "average", "moments")}
    return Checkpoint(facts, **parts)
