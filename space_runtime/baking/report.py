"""Writes what became of each line of a batch, as JSON or CSV."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from space_runtime.baking.jobs import BakeResult, Outcome
from space_runtime.media.atomic_files import written_whole
from space_runtime.media.result_names import check_ending
from space_runtime.version import VERSION

COLUMNS: Final = ("sound", "outcome", "outputs", "seconds", "took_s", "reason", "warnings", "removed", "error")
LISTED: Final = "; "
"""The separator of several texts in one cell of CSV."""


def check_report_path(path: Path) -> None:
    """Raise `UsageError` for a report that is neither JSON nor CSV by its ending."""
    check_ending("the report is written as JSON or CSV", path, ".json", ".csv", example="report")


def write_report(path: Path, results: Sequence[BakeResult]) -> None:
    """Write the report of a batch in the form that its ending names. Raises `OutputError`."""
    rows = [row_of(result) for result in results]
    with written_whole(path) as partial:
        if path.suffix.lower() == ".csv":
            _write_csv(partial, rows)
            return
        report = {"space_runtime": VERSION, "totals": totals_of(results), "lines": rows}
        text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
        partial.write_text(text, "utf-8", errors="replace", newline="\n")


def row_of(result: BakeResult) -> dict[str, object]:
    """Return what became of a line, as JSON has it; keys as in `COLUMNS`."""
    return {
        "sound": str(result.job.sound),
        "outcome": result.outcome.value,
        "outputs": [str(path) for path in result.files],
        "seconds": None if result.sound_s is None else round(result.sound_s, 6),
        "took_s": round(result.took_s, 3),
        "reason": result.reason,
        "warnings": list(result.notes),
        "removed": [str(path) for path in result.removed],
        "error": None if result.error is None else str(result.error),
    }


def totals_of(results: Iterable[BakeResult]) -> dict[str, int]:
    """Return how many lines came to each end, those that none came to left out."""
    counts = Counter(result.outcome for result in results)
    return {outcome.value: counts[outcome] for outcome in Outcome if counts[outcome]}


def _write_csv(path: Path, rows: Iterable[dict[str, object]]) -> None:
    """Write rows with the mark of UTF-8 in front: spreadsheets ask for it."""
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow([_cell(row[column]) for column in COLUMNS])


def _cell(value: object) -> object:
    return LISTED.join(map(str, value)) if isinstance(value, list) else value
