"""``python -m export evaluate --portrait``: measures the picture generator, prints, writes tables and one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
from rich.console import Console

from export.data.motion.films import HEADS
from export.evaluation.portraits import report
from export.evaluation.portraits.blocks import BLOCKS, N_FILMS, Judging, chosen_blocks
from export.evaluation.results import Found, Results, read_results, write_results
from space_runtime.errors import BundleError
from space_runtime.inference.bundle import load_bundle
from space_runtime.inference.manifest import sha256_of
from space_runtime.media.atomic_files import prepare_folder, written_whole
from space_runtime.portrait.portrait import open_tracker

JSON_NAME, MARKDOWN_NAME = "portraits.json", "portraits.md"


def judging_of(data: Path, cache: Path, films: Path | None, portraits: Path | None, every: int) -> Judging:
    """Return what is measured: by default the data's last ten films of the filmed woman and its portraits.

    films: a folder of which every video counts.
    """
    bundle = load_bundle()
    videos = sorted((films or data / HEADS / "video").glob("*.mp4"))
    chosen = tuple(videos if films else videos[-N_FILMS:])
    tracker = open_tracker(bundle)
    return Judging(bundle, tracker, chosen, portraits or data / "portraits", every, cache / "portraits")


def evaluate_portraits(judging: Judging, folder: Path, only: Sequence[str], record: bool, console: Console) -> Results:
    """Measure blocks, all where ``only`` names none; write JSON and Markdown into ``folder``, print tables.

    record: keep the numbers as those of the version before. Blocks that are not measured keep what ``folder`` has.
    """
    cv2.setNumThreads(1)
    prepare_folder(folder)
    names = chosen_blocks(tuple(only))
    results = _known(folder / JSON_NAME) or _nothing(judging)
    for name in names:
        for table, found in _measured(name, judging).items():
            results = results.adding(table, found)
        write_results(results, folder / JSON_NAME)
    before = _known(report.BEFORE)
    with written_whole(folder / MARKDOWN_NAME) as partial:
        partial.write_text(report.as_markdown(results, before), encoding="utf-8")
    report.show(results, before, console)
    if record:
        write_results(results, report.BEFORE)
        console.print(f"recorded: {report.BEFORE}")
    return results


def _measured(name: str, judging: Judging) -> dict[str, Found]:
    try:
        return BLOCKS[name](judging)
    except FileNotFoundError as why:
        return {name: Found({}, {"all": f"{why.filename} is missing; give --films or --portraits"})}


def _nothing(judging: Judging) -> Results:
    return Results("warp.npz", sha256_of(judging.bundle.folder / "warp.npz"), judging.bundle.look_ahead())


def _known(path: Path) -> Results | None:
    try:
        return read_results(path)
    except BundleError:
        return None
