"""The blocks of the evaluation of portraits, each of which gives one or more tables."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.progress import track

from export.evaluation.portraits import cost, film_tables, portrait_tables
from export.evaluation.portraits.films import Moving, as_film, read_film
from export.evaluation.portraits.portrait_set import judge, opened
from export.evaluation.portraits.reenactment import STEP, Acted, reenact
from export.evaluation.portraits.turned import turned_head
from export.evaluation.results import Found
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import Bundle
from space_runtime.portrait.tracking import FaceTracker
from space_runtime.rendering.warp.generator import load_warp_generator

N_FILMS: Final = 10
"""Films of the data's filmed woman that teach nothing: the last ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Judging:
    """Films and portraits. films: video files. portraits: a folder of photos, every so manieth is taken."""

    bundle: Bundle
    tracker: FaceTracker
    films: tuple[Path, ...]
    portraits: Path
    every: int
    cache: Path


Tables = dict[str, Found]
"""By name."""


def films(judging: Judging) -> Tables:
    """Return the tables of films acted again. Raises `FileNotFoundError` without films."""
    if not judging.films:
        raise FileNotFoundError(errno.ENOENT, "no film", "the folder of films")
    acted = [_acted(read_film(path), judging) for path in track(judging.films, "films")]
    return {f"films_{name}": found for name, found in _tables(acted).items()}


def turned(judging: Judging) -> Tables:
    """Return the tables of a drawn head at known turns."""
    acted = [_acted(turned_head(judging.cache), judging, step=1)]
    return {f"turned_{name}": found for name, found in _tables(acted).items() if name != "motion"}


def portraits(judging: Judging) -> Tables:
    """Return the tables of a folder of portraits. Raises `FileNotFoundError` without the folder."""
    chosen = list(opened(judging.portraits, judging.tracker, judging.every))
    if not chosen:
        raise FileNotFoundError(errno.ENOENT, "no portrait", str(judging.portraits))
    judged = [judge(*each, judging.bundle, judging.tracker) for each in track(chosen, "portraits")]
    return {"portraits_framing": portrait_tables.framings(judged), "portraits_acting": portrait_tables.actions(judged)}


def costs(judging: Judging) -> Tables:
    """Return the table of what stages cost."""
    return {"cost": cost.measure(judging.bundle, judging.tracker)}


BLOCKS: Final[dict[str, Callable[[Judging], Tables]]] = {
    "films": films,
    "turned": turned,
    "portraits": portraits,
    "cost": costs,
}
"""In the order of the report."""


def chosen_blocks(only: tuple[str, ...]) -> tuple[str, ...]:
    """Return the blocks to measure, all where none is named. Raises `UsageError` for one that does not exist."""
    for name in only:
        if name not in BLOCKS:
            raise UsageError(f"there is no block {name!r} of portraits; the blocks are {', '.join(BLOCKS)}")
    return only or tuple(BLOCKS)


def _acted(moving: Moving, judging: Judging, step: int = STEP) -> Acted:
    return reenact(as_film(moving, judging.tracker), load_warp_generator(judging.bundle), judging.tracker, step)


def _tables(acted: list[Acted]) -> Tables:
    return {
        "regions": film_tables.regions(acted),
        "turns": film_tables.turns(acted),
        "gaps": film_tables.gaps(acted),
        "folds": film_tables.folds(acted),
        "insides": film_tables.insides(acted),
        "motion": film_tables.motion(acted),
    }
