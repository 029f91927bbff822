"""Runs the blocks of the evaluation, one after the other, each with its time shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from export.data.motion.identities import load_face_model
from export.evaluation import (
    articulation,
    barks,
    cost,
    detection,
    effort,
    emotion,
    lip_sync,
    rest,
    robustness,
    styles,
    tongue,
)
from export.evaluation.evaluated_model import EvaluatedModel, Sources
from export.evaluation.results import Found, Results
from space_runtime.errors import UsageError
from space_runtime.inference.manifest import sha256_of
from space_runtime.inference.network import load_network

Block = Callable[[EvaluatedModel, Sources], Found]

BLOCKS: Final[dict[str, Block]] = {
    "lip_sync": lip_sync.measure,
    "articulation": articulation.measure,
    "rest": rest.measure,
    "detection": detection.measure,
    "robustness": robustness.measure,
    "barks": barks.measure,
    "effort": effort.measure,
    "styles": styles.measure,
    "tongue": tongue.measure,
    "emotion": emotion.measure,
    "cost": cost.measure,
}
"""In the order of the report."""


def make_model(sources: Sources, look_ahead: int) -> EvaluatedModel:
    """Return the network with the mean face of the face model."""
    neutral, _ = load_face_model(sources.data).identity(np.zeros(50, np.float32))
    return EvaluatedModel(load_network("speech2landmarks", sources.network), look_ahead, neutral)


def evaluate(
    model: EvaluatedModel,
    sources: Sources,
    only: Sequence[str] = (),
    known: Results | None = None,
    console: Console | None = None,
) -> Results:
    """Return what the blocks measured; those not in ``only`` keep what ``known`` says of the same file and look-ahead.

    Raises `UsageError` on the name of a block that does not exist.
    """
    for name in only:
        if name not in BLOCKS:
            raise UsageError(f"there is no block {name!r}; the blocks are {', '.join(BLOCKS)}")
    sha256 = sha256_of(sources.network)
    fresh = Results(sources.network.name, sha256, model.look_ahead)
    same = known and (known.sha256, known.look_ahead) == (fresh.sha256, fresh.look_ahead)
    results = known if known and same else fresh
    columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        for name in only or BLOCKS:
            task = progress.add_task(name, total=1)
            results = results.adding(name, measured(BLOCKS[name], model, sources))
            progress.update(task, completed=1)
    return results


def measured(block: Block, model: EvaluatedModel, sources: Sources) -> Found:
    """Return what a block found; data that are not there leave it empty, with the reason."""
    try:
        return block(model, sources)
    except FileNotFoundError as why:
        return Found({}, {"all": f"{why.filename} is missing; fetch the data or run python -m export prepare"})
