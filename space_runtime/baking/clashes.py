"""Finds the jobs whose results would overwrite one another, a sound or another input: all of them, before any work."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from space_runtime.baking.jobs import BakeJob

RealPath = Callable[[Path], str]
ONE_FILE: Final = "; names that differ in case or Unicode form alone are one file on other systems"
MAX_NAMED: Final = 6
"""Lines that one sentence names."""


def clashes_of(jobs: Sequence[BakeJob], inputs: Iterable[Path] = ()) -> tuple[str, ...]:
    """Return a sentence for each clash; ``inputs`` are files beside the sounds that must stay as they are."""
    real = cache(os.path.realpath)  # of this call alone: the working folder may be another in the next one
    return (*_of_results(jobs, real), *_with_inputs(jobs, inputs, real))


def _of_results(jobs: Sequence[BakeJob], real: RealPath) -> Iterable[str]:
    """Sentences for jobs that write the same files or have one name, one for all jobs that share some."""
    groups: dict[str, dict[int, Path]] = {}
    for index, job in enumerate(jobs):
        for target in (*job.targets().values(), job.target):  # the record of the bake has the target's name
            groups.setdefault(_folded(target, real), {})[index] = target
    shared: dict[tuple[int, ...], list[Path]] = {}
    for group in groups.values():
        if len(group) > 1:
            shared.setdefault(tuple(group), []).append(next(iter(group.values())))
    for indices, targets in shared.items():
        lines = [str(jobs[index].sound) for index in indices]
        alike = "" if len({str(jobs[index].target) for index in indices}) == 1 else ONE_FILE
        yield (
            f"the results of {_listed(lines)} would overwrite one another ({_listed(targets[:-1] or targets)}){alike}; "
            "rename a line, leave one out, name a folder above them (its tree is kept), or use different --out"
        )


def _with_inputs(jobs: Sequence[BakeJob], inputs: Iterable[Path], real: RealPath) -> Iterable[str]:
    kept = {_folded(path, real): path for path in (*(job.sound for job in jobs), *inputs)}
    for job in jobs:
        taken = [path for path in job.targets().values() if _folded(path, real) in kept]
        if taken:
            owners = [kept[_folded(path, real)] for path in taken]
            yield f"the results of {job.sound} would overwrite {_listed(owners)}; choose another folder with --out"


def _folded(path: Path, real: RealPath) -> str:
    """A name under which all spellings of a file's path meet."""
    return _fold(f"{real(path.parent)}{os.sep}{path.name}")


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def _listed(things: Iterable[object]) -> str:
    names = [str(thing) for thing in things]
    shown = names[:MAX_NAMED]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more
