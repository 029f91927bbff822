"""Short trainings side by side: kinds of memory, and how far to look ahead. All else is the recipe's.

Each network trains from nothing on the recipe's data, for fewer updates than one that ships, and is judged in full
precision on the filmed strangers. Differences of 0.01 say nothing: nine of ten speakers have one sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.table import Table

from export.evaluation.articulation import judge, mouths
from export.evaluation.blocks import make_ear
from export.evaluation.cost import step_seconds
from export.evaluation.ear import STRANGERS, Sources
from export.evaluation.lip_sync import lip_sync_scores
from export.evaluation.spoken import read_synthetic
from export.metrics import Match
from export.recipe import NetworkPlan, Recipe, parse_recipe
from export.speech import load_trained, settle, signature
from export.to_onnx import export_onnx
from export.train import Materials, train
from space_runtime.errors import UsageError
from space_runtime.timebase import SAMPLE_RATE

SIZES: Final = (
    NetworkPlan(256, 2, "gru"),
    NetworkPlan(224, 2, "lstm"),
    NetworkPlan(192, 6, "convolution"),
    NetworkPlan(192, 3, "attention"),
)
"""Of every kind, with about as many parameters."""
LOOK_AHEADS_MS: Final = (0, 50, 200)
"""Beside the recipe's own, which the kinds have."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What a network is worth. step_us: one stream, full precision. recall, false: of closures, see `articulation`."""

    recipe: Recipe
    n_parameters: int
    n_state: int
    step_us: float
    scores: dict[str, Match]
    recall: float
    false: float


def candidates(recipe: Recipe, n_updates: int) -> list[Recipe]:
    """Return the recipes to compare. Raises `UsageError` when the recipe's text does not name all that changes."""
    own = recipe.batch.look_ahead_samples
    plans = [(plan, own) for plan in SIZES]
    plans += [(recipe.network, ms * SAMPLE_RATE // 1000) for ms in LOOK_AHEADS_MS]
    return [
        changed(recipe, {"n_updates": n_updates, "look_ahead_samples": ahead, **asdict(plan)}) for plan, ahead in plans
    ]


def changed(recipe: Recipe, values: Mapping[str, int | str]) -> Recipe:
    """Return a recipe with other values, in its text too: a checkpoint tells what it was trained with."""
    text = recipe.text
    for name, value in values.items():
        text, n = re.subn(rf"(?m)^{name} = \S+", f"{name} = {json.dumps(value)}", text)
        if n != 1:
            raise UsageError(f"the recipe has {n} lines '{name} = …'; write one, so that it can be varied")
    return parse_recipe(text)


def compare(recipes: list[Recipe], materials: Materials, data: Path, cache: Path, threads: int) -> Iterator[Compared]:
    """Train what is not trained yet into ``cache/compare`` and yield what each is worth."""
    for recipe in recipes:
        folder = cache / "compare" / name_of(recipe)
        train(recipe, materials, folder, threads)
        yield judged(recipe, folder, data, cache)


def name_of(recipe: Recipe) -> str:
    """Return what tells a candidate from the others, as the name of a folder."""
    plan = recipe.network
    return f"{plan.kind}_{plan.width}x{plan.n_layers}_{recipe.batch.look_ahead_samples}_{recipe.n_updates}"


def judged(recipe: Recipe, folder: Path, data: Path, cache: Path) -> Compared:
    """Return what the trained network in a folder is worth."""
    network = load_trained(folder, data, cache)[0]
    settle(network)
    path = folder / "network.onnx"
    export_onnx(network, signature(network), path)
    sources = Sources(path, data, cache)
    ear = make_ear(sources, recipe.batch.look_ahead_samples)
    spoken = read_synthetic(cache)
    closures = judge(spoken, mouths(ear, spoken))
    n_parameters = sum(parameter.numel() for parameter in network.parameters())
    return Compared(
        recipe,
        n_parameters,
        network.n_state,
        step_seconds(ear) * 1e6,
        lip_sync_scores(ear.network, ear.look_ahead, sources.films()),
        closures["recall"],
        closures["false"],
    )


def table(found: list[Compared]) -> Table:
    """Return what was found, a row each."""
    laid_out = Table(title=f"{found[0].recipe.n_updates} updates each, {STRANGERS}")
    for column in ("memory", "look-ahead ms", "parameters", "state", "step µs", "gap, width, jaw r", "lag ms"):
        laid_out.add_column(column)
    laid_out.add_column("p, b, m closed")
    laid_out.add_column("false")
    for row in found:
        plan, scores = row.recipe.network, row.scores.values()
        laid_out.add_row(
            f"{plan.kind} {plan.width} × {plan.n_layers}",
            f"{row.recipe.batch.look_ahead_samples * 1000 // SAMPLE_RATE}",
            f"{row.n_parameters}",
            f"{row.n_state}",
            f"{row.step_us:.0f}",
            " ".join(f"{score.r:.3f}" for score in scores),
            " ".join(f"{score.lag_s * 1000:+.0f}" for score in scores),
            f"{row.recall:.1%}",
            f"{row.false:.1%}",
        )
    return laid_out
