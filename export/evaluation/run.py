"""``python -m export evaluate``: measures, prints, writes tables and pictures, and records what a file is worth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import onnx
from rich.console import Console

from export.evaluation import report
from export.evaluation.blocks import evaluate, make_model
from export.evaluation.evaluated_model import Sources
from export.evaluation.plots import draw_all
from export.evaluation.results import Results, path_beside, read_results, write_results
from space_runtime.errors import BundleError
from space_runtime.media.atomic_files import prepare_folder, written_whole

JSON_NAME, MARKDOWN_NAME = "evaluation.json", "evaluation.md"


def evaluate_to(
    sources: Sources, look_ahead: int, folder: Path, only: Sequence[str], record: bool, console: Console
) -> Results:
    """Measure a network, write ``evaluation.json``, ``evaluation.md`` and pictures into ``folder``, and print it all.

    only: names of blocks; the others stay as ``folder`` has them of the same file. record: also beside the network.
    """
    prepare_folder(folder)
    model = make_model(sources, look_ahead)
    results = evaluate(model, sources, only, _known(folder / JSON_NAME), console)
    write_results(results, folder / JSON_NAME)
    with written_whole(folder / MARKDOWN_NAME) as partial:
        judged = report.markdown_of(report.verdicts(results), 2)
        partial.write_text(f"# {results.file}\n\n{judged}\n\n{report.as_markdown(results)}", encoding="utf-8")
    report.show(results, console)
    for path in draw_all(model, sources, folder):
        console.print(f"drawn: {path}")
    if record:
        table, training = _trained_on(sources.cache / "corpora.json"), training_of(sources.network)
        results = replace(results, trained_on=table, training=training)
        write_results(results, path_beside(sources.network))
        console.print(f"recorded: {path_beside(sources.network)}")
    return results


def training_of(network: Path) -> dict[str, str]:
    """Return what an ONNX file says of its training (`steps.stamp`): step, seed, data, commit, recipe."""
    return {prop.key: prop.value for prop in onnx.load(network).metadata_props}


def _known(path: Path) -> Results | None:
    try:
        return read_results(path)
    except BundleError:
        return None


def _trained_on(path: Path) -> tuple[dict[str, str | float], ...]:
    """The table that preparing the training's data left in the cache, empty where it did not."""
    return tuple(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else ()
