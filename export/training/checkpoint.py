"""Checkpoints: tensors as safetensors, everything else as JSON beside them; never pickle."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from space_runtime.errors import UsageError
from space_runtime.media.atomic_files import written_whole

PARTS: Final = ("weights", "average", "moments")
FACTS: Final = "facts.json"


@dataclass(frozen=True, slots=True)
class Facts:
    """The description of a checkpoint.

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
