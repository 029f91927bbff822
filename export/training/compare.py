"""Short trainings side by side: kinds of memory, how far to look ahead, what to learn from. All else is the recipe's.

Each network trains from nothing on the recipe's data, for fewer updates than one that ships, and is judged in full
precision on the filmed strangers. Differences below 0.02 say nothing: nine of ten speakers have one sentence.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.table import Table

from export.data.prepare import TAUGHT
from export.evaluation.articulation import judge, mouths
from export.evaluation.blocks import make_model
from export.evaluation.cost import step_seconds
from export.evaluation.evaluated_model import Sources
from export.evaluation.lip_sync import lip_sync_scores
from export.evaluation.metrics import Match
from export.evaluation.spoken import read_synthetic
from export.onnx.to_onnx import export_onnx
from export.recipes.recipe import Recipe, parse_recipe
from export.training.checkpoint import load_checkpoint
from export.training.steps import load_trained, settle, signature
from export.training.train import Materials, train
from space_runtime.errors import UsageError
from space_runtime.timebase import SAMPLE_RATE

Values = Mapping[str, int | float | str]
"""Keys of a recipe and what they are instead."""

TAUGHT_ROWS: Final = tuple(f"n_{name}" for name in TAUGHT)
"""Numbers of a batch's sequences whose motion a teacher says."""
QUESTIONS: Final[dict[str, dict[str, Values]]] = {
    "memory": {
        "LSTM 224 × 2": {"kind": "lstm", "width": 224},
        "convolution 192 × 6": {"kind": "convolution", "width": 192, "n_layers": 6},
        "attention 192 × 3": {"kind": "attention", "width": 192, "n_layers": 3},
    },
    "look-ahead": {f"look-ahead {ms} ms": {"look_ahead_samples": ms * SAMPLE_RATE // 1000} for ms in (0, 50, 200)},
    "data": {
        "film alone": {"n_filmed": 46, **dict.fromkeys(TAUGHT_ROWS, 0)},
        "teacher alone": {"n_filmed": 0, "n_synthetic": 14, "n_recorded": 14},
        "no phonetics": {"lip_gap": 0, "mouth_width": 0, "jaw_with_lips": 0, "width_later_frames": 0},
    },
}
"""Question → name of an answer → how it differs from the recipe. The memories have about as many parameters."""
COLUMNS: Final = (
    "network",
    "parameters",
    "state",
    "step µs",
    "gap, width, jaw r",
    "lag ms",
    "p, b, m closed",
    "false",
    "code",
)
AS_IT_IS: Final = "as the recipe is"


@dataclass(frozen=True, slots=True)
class Compared:
    """The worth of a network after a short training. step_us: one stream, full precision.

    recall, false: of closures, see `articulation`.
    """

    name: str
    commit: str
    n_parameters: int
    n_state: int
    step_us: float
    scores: dict[str, Match]
    recall: float
    false: float


def candidates(recipe: Recipe, n_updates: int, questions: Iterable[str] = QUESTIONS) -> dict[str, Recipe]:
    """Return the recipes to compare by their names, first the recipe itself.

    Raises `UsageError` for an unknown question, or when the recipe's text does not name all that changes.
    """
    answers: dict[str, Values] = {AS_IT_IS: {}}
    for question in questions:
        if question not in QUESTIONS:
            raise UsageError(f"there is no question {question!r}; known are {', '.join(QUESTIONS)}")
        answers |= QUESTIONS[question]
    return {name: changed(recipe, {**values, "n_updates": n_updates}) for name, values in answers.items()}


def changed(recipe: Recipe, values: Values) -> Recipe:
    """Return a recipe with other values, in its text too: a checkpoint tells what it was trained with."""
    text = recipe.text
    for name, value in values.items():
        text, n = re.subn(rf"(?m)^{name} = \S+", f"{name} = {json.dumps(value)}", text)
        if n != 1:
            raise UsageError(f"the recipe has {n} lines '{name} = …'; write one, so that it can be varied")
    return parse_recipe(text)


def compare(
    recipes: Mapping[str, Recipe], materials: Materials, data: Path, cache: Path, threads: int
) -> Iterator[Compared]:
    """Train what is not trained yet into ``cache/compare`` and yield what each is worth."""
    for name, recipe in recipes.items():
        folder = cache / "compare" / folder_of(recipe)
        train(recipe, materials, folder, threads)
        yield judged(name, recipe, folder, data, cache)


def folder_of(recipe: Recipe) -> str:
    """Return the name of the folder of one recipe and of no other; the table says by which code it was trained."""
    return hashlib.sha256(recipe.text.encode()).hexdigest()[:16]


def judged(name: str, recipe: Recipe, folder: Path, data: Path, cache: Path) -> Compared:
    """Return what the trained network in a folder is worth."""
    network = load_trained(folder, cache)[0]
    settle(network)
    path = folder / "network.onnx"
    export_onnx(network, signature(network), path)
    sources = Sources(path, data, cache)
    model = make_model(sources, recipe.batch.look_ahead_samples)
    spoken = read_synthetic(cache)
    closures = judge(spoken, mouths(model, spoken))
    n_parameters = sum(parameter.numel() for parameter in network.parameters())
    return Compared(
        name,
        load_checkpoint(folder).facts.commit,
        n_parameters,
        network.n_state,
        step_seconds(model) * 1e6,
        lip_sync_scores(model.network, model.look_ahead, sources.films()),
        closures["recall"],
        closures["false"],
    )


def table(found: list[Compared]) -> Table:
    """Return what was found, a row each."""
    laid_out = Table(title="short trainings, judged on GRID's people who taught nothing")
    for column in COLUMNS:
        laid_out.add_column(column)
    for row in found:
        scores = row.scores.values()
        laid_out.add_row(
            row.name,
            f"{row.n_parameters}",
            f"{row.n_state}",
            f"{row.step_us:.0f}",
            " ".join(f"{score.r:.3f}" for score in scores),
            " ".join(f"{score.lag_s * 1000:+.0f}" for score in scores),
            f"{row.recall:.1%}",
            f"{row.false:.1%}",
            row.commit[:7],
        )
    return laid_out
