"""The tables of an evaluation of portraits beside those of the version before, for the screen and as Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table as Shown

from export.evaluation.acceptance import Limit, Verdict, read_limits
from export.evaluation.report import COLOURS, NOTHING, Grid, markdown_of
from export.evaluation.results import Results

BEFORE: Final = Path(__file__).parent / "before.json"
"""The numbers of the version before, see `run.evaluate_portraits`."""
BARS: Final = Path(__file__).parent / "bars.toml"
TITLES: Final = {
    "films_regions": "Films acted again: likeness by region",
    "films_turns": "Films acted again: SSIM by turn from the photo",
    "films_gaps": "Films acted again: SSIM of the mouth by lip gap",
    "films_folds": "Films acted again: detail of the nasolabial folds, drawn over true, by widening of the mouth",
    "films_insides": "Films acted again: inside of open mouths, cheeks = 1",
    "films_motion": "Films acted again: what tracking reads in the drawn film",
    "turned_regions": "Drawn head at known turns: likeness by region",
    "turned_turns": "Drawn head: SSIM by turn from the photo",
    "turned_gaps": "Drawn head: SSIM of the mouth by lip gap",
    "turned_folds": "Drawn head: detail of the nasolabial folds, drawn over true, by widening of the mouth",
    "turned_insides": "Drawn head: inside of open mouths, cheeks = 1",
    "portraits_framing": "Portraits: how photos are cut, shares of all",
    "portraits_acting": "Portraits that act",
    "cost": "Cost on one thread",
}
MANY: Final = 100


def bars() -> tuple[Limit, ...]:
    """Return what portraits shall reach."""
    return read_limits(BARS)


def grids(results: Results, before: Results | None) -> list[Grid]:
    """Return the table of what is to be reached, and a table for each that has numbers."""
    named = [(name, title) for name, title in TITLES.items() if results.blocks.get(name)]
    return [_reached(results, before), *(_grid(name, title, results, before) for name, title in named)]


def as_markdown(results: Results, before: Results | None) -> str:
    """Return all tables as Markdown, with what could not be measured."""
    missing = [f"- {block}: {why}" for block, rows in results.missing.items() for why in rows.values()]
    parts = [markdown_of(grid, 2) for grid in grids(results, before)]
    parts += ["## Not measured\n\n" + "\n".join(missing)] if missing else []
    return "# Portraits: now (before)\n\n" + "\n\n".join(parts) + "\n"


def show(results: Results, before: Results | None, console: Console) -> None:
    """Print all tables."""
    for grid in grids(results, before):
        table = Shown(*grid.header, title=grid.title, title_justify="left")
        for row in grid.rows:
            table.add_row(*row, style=COLOURS.get(Verdict(row[-1])) if row[-1] in set(Verdict) else None)
        console.print(table)
    for block, rows in results.missing.items():
        for why in rows.values():
            console.print(f"not measured: {block}: {why}")


def shown(value: float | None) -> str:
    """Return a number as text."""
    if value is None:
        return NOTHING
    if value == round(value):
        return f"{value:.0f}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < MANY else f"{value:.0f}"


def _reached(results: Results, before: Results | None) -> Grid:
    rows = [
        (
            f"{limit.block}: {limit.row}, {limit.column}".replace("_", " "),
            shown(limit.value(results)),
            shown(limit.value(before)) if before else NOTHING,
            limit.worded(f"{limit.goal:g}"),
            str(limit.verdict(results)),
        )
        for limit in bars()
        if limit.block in results.blocks
    ]
    return Grid("Bars", ("measure", "now", "before", "to reach", ""), tuple(rows))


def _grid(name: str, title: str, results: Results, before: Results | None) -> Grid:
    table = results.blocks[name]
    columns = tuple(dict.fromkeys(column for row in table.values() for column in row))
    rows = []
    for row, values in table.items():
        cells = []
        for column in columns:
            old = before.value(name, row, column) if before else None
            now = shown(values.get(column))
            cells.append(now if old is None or shown(old) == now else f"{now} ({shown(old)})")
        rows.append((row, *cells))
    return Grid(title, ("", *(column.replace("_", " ") for column in columns)), tuple(rows))
