"""A mix of two trainings: the mean of their weights, where the second began from the first one's (Wortsman et al. 2022,
arXiv 2109.01903). What the first could do and the second lost in part comes back, for no more cost."""

from __future__ import annotations

from pathlib import Path

from export.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from space_runtime.errors import UsageError


def mix(later: Path, earlier: Path, share: float, to: Path) -> None:
    """Write into ``to`` a checkpoint like that in ``later``, with ``share`` 0…1 of the averaged weights in ``earlier``.

    Raises `UsageError` when a checkpoint is missing or broken, when they are of different networks, and for a share
    beyond 0…1.
    """
    if not 0 <= share <= 1:
        raise UsageError(f"the share {share} is none; expected a number from 0 to 1")
    new, old = load_checkpoint(later), load_checkpoint(earlier)
    shapes = [{name: value.shape for name, value in part.average.items()} for part in (new, old)]
    if shapes[0] != shapes[1]:
        raise UsageError(f"{later} and {earlier} are of different networks; mix trainings of one recipe's [network]")
    mixed = {name: value.lerp(old.average[name], share) for name, value in new.average.items()}
    save_checkpoint(Checkpoint(new.facts, mixed, mixed, new.moments), to)
