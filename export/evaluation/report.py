"""The tables of an evaluation, for the screen and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from export.evaluation.acceptance import Limit, Verdict, read_limits
from export.evaluation.results import Results

TITLES: Final = {
    "lip_sync": "Lip sync on people who taught nothing: Pearson's r, chance, lag, spread",
    "articulation": "Closures at p, b, m; false closures in vowels; lip and teeth at f, v; rounding",
    "rest": "Lips at rest after speech and in sounds that are not speech (gaps as shares of the range of speech)",
    "detection": "Is it speech? Our own output and Silero VAD",
    "robustness": "GRID's people through noise, a telephone, a room; agreement of lip gaps at other levels",
    "barks": "Voices that are no sentences: vowels alone, cries, laughter; sentences in changed voices",
    "effort": "Size of the lips' motion with the effort of the voice, at one level, over plain speech",
    "styles": "Styles: size of the lips' motion over the mean style, agreement with it, closures",
    "tongue": "Tongue: up at l, t, d, n and out at th, against the times of the phones",
    "emotion": "Emotion: action units at rising intensity; closures and lip timing at full intensity",
    "cost": "Cost of one stream on one core",
}
# fmt: off
SHARES: Final = frozenset((
    "recall", "false", "opens", "open_time", "rests", "contact", "rounded", "widened",
    "rests_in_150_ms", "moving", "called_speech", "silero_speech", "closures",
    "max_gap", "rms_gap", "p90_gap_later", "ours_hits", "ours_false_alarms",
    "ours_balanced", "silero_hits", "silero_false_alarms", "silero_balanced",
))
# fmt: on
"""Columns that are shares of 1, shown in percent."""
FEW: Final = 0.1
"""Shares below this are shown with one digit more."""
NOTHING: Final = "–"
COLOURS: Final = {Verdict.OK: "green", Verdict.SHORT: "yellow", Verdict.FAILS: "red"}


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of texts. rows: each as long as ``header``."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def grids(results: Results) -> list[Grid]:
    """Return a table per block that has numbers."""
    return [_block(name, results) for name in TITLES if results.blocks.get(name)]


def verdicts(results: Results, limits: tuple[Limit, ...] | None = None) -> Grid:
    """Return the table of limits and goals, only those of blocks that were measured."""
    rows = [
        (
            limit.name,
            _value(limit, results),
            bound_shown(limit, limit.bound),
            bound_shown(limit, limit.goal),
            limit.verdict(results),
        )
        for limit in limits or read_limits()
        if limit.block in results.blocks
    ]
    return Grid("Acceptance", ("measure", "found", "release", "goal", ""), tuple(rows))


def as_markdown(results: Results, level: int = 2) -> str:
    """Return the tables of all blocks and what is missing as Markdown."""
    parts = [markdown_of(grid, level) for grid in grids(results)]
    missing = [f"- {block}, {what}: {why}" for block, rows in results.missing.items() for what, why in rows.items()]
    parts += ["#" * level + " Not measured\n\n" + "\n".join(missing)] if missing else []
    return "\n\n".join(parts) + "\n"


def markdown_of(grid: Grid, level: int) -> str:
    """Return a table under a heading."""
    lines = [_line(grid.header), _line(("---",) * len(grid.header)), *map(_line, grid.rows)]
    return "\n".join(["#" * level + f" {grid.title}", "", *lines])


def show(results: Results, console: Console) -> None:
    """Print all tables, the limits and goals, and what is missing."""
    for grid in [*grids(results), verdicts(results)]:
        table = Table(*grid.header, title=grid.title, title_justify="left")
        for row in grid.rows:
            colour = COLOURS.get(Verdict(row[-1])) if row[-1] in set(Verdict) else None
            table.add_row(*row, style=colour)
        console.print(table)
    for block, rows in results.missing.items():
        for what, why in rows.items():
            console.print(f"not measured: {block}, {what}: {why}")


def shown(column: str, value: float | None) -> str:
    """Return a number as text, in the way of its column."""
    if value is None:
        return NOTHING
    if column in SHARES:
        return f"{value:.2%}" if abs(value) < FEW else f"{value:.1%}"
    if column.endswith(("_ms", "_us")) or column.startswith("n_") or value >= 1000:
        return f"{value:.0f}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def bound_shown(limit: Limit, bound: float) -> str:
    """Return a limit or a goal as text, in the way of its column."""
    return limit.worded(shown(limit.column, bound))


def _block(name: str, results: Results) -> Grid:
    table = results.blocks[name]
    columns = tuple(dict.fromkeys(column for row in table.values() for column in row))
    rows = [
        (row.replace("_", " "), *(shown(column, values.get(column)) for column in columns))
        for row, values in table.items()
    ]
    return Grid(TITLES[name], ("", *(column.replace("_", " ") for column in columns)), tuple(rows))


def _value(limit: Limit, results: Results) -> str:
    return shown(limit.column, limit.value(results))


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"
