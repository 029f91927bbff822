"""Decides for a line which results are needed, which are there already, and which must not be touched."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from space_runtime.baking.cache import Origin, Record, channels_of, hash_of, line_of
from space_runtime.baking.jobs import BakeJob, Result

FIRST_BAKE: Final = "first bake"
"""The reason of a line of which no bake is on record."""


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """The state of a line's results before a bake.

    hashes: of the job's results and of recorded ones, empty for files that are not there.
    kept: results that are there as they would be written. edited: those that were changed by hand since they were
    baked. unrecorded: those that no record knows.
    stale: recorded results of another origin that the job does not write. stale_edited: the same, changed by hand.
    beside: files beside a first bake that are named like results of it and that the job does not write.
    is_of_another_line: the record is of another sound, which lies elsewhere.
    reason: why there is something to do, in a few words.
    """

    hashes: Mapping[Result, str]
    kept: frozenset[Result]
    edited: frozenset[Result]
    unrecorded: frozenset[Result]
    stale: frozenset[Result]
    stale_edited: frozenset[Result]
    beside: frozenset[Result]
    is_of_another_line: bool
    reason: str

    def notes(self, job: BakeJob, dry_run: bool) -> tuple[str, ...]:
        """Return a sentence for each file that a bake leaves alone, or may find to be another's."""
        edited = "{} is of another bake and was changed by hand; it stays"
        beside = "{} is there too, and no bake on record wrote it; it stays"
        unrecorded = (
            "{} is there already, and no bake on record wrote it; it stays unless the bake gives the same bytes"
        )
        pairs = [(edited, self.stale_edited), (beside, self.beside), (unrecorded, self.unrecorded if dry_run else ())]
        notes = [text.format(job.file_of(name)) for text, names in pairs for name in sorted(names)]
        if self.is_of_another_line:
            notes.append(
                f"{job.target} has the results of another line of this name; those of {job.sound} replace them"
            )
        return tuple(notes)


def need_of(job: BakeJob, origin: Origin, record: Record | None) -> Need:
    """Compare the files of a job with the record of the former bake."""
    wanted = frozenset(job.targets())
    recorded = dict(record.results) if record else {}
    hashes = {result: hash_of(job.file_of(result)) for result in {*wanted, *recorded}}
    there = {result for result, digest in hashes.items() if digest}
    as_written = {r for r in there & recorded.keys() if hashes[r] in (recorded[r].sha256, recorded[r].former)}
    same_origin = record is not None and record.origin == origin
    kept = {
        r
        for r in as_written & wanted
        if same_origin and hashes[r] == recorded[r].sha256 and recorded[r].channels == channels_of(job, r)
    }
    stale = set() if same_origin else (there & recorded.keys()) - wanted
    return Need(
        hashes=hashes,
        kept=frozenset(kept),
        edited=frozenset((there & recorded.keys() & wanted) - as_written),
        unrecorded=frozenset((there & wanted) - recorded.keys()),
        stale=frozenset(stale & as_written),
        stale_edited=frozenset(stale - as_written),
        beside=frozenset() if record else _beside(job),
        is_of_another_line=record is not None and record.origin.sound != origin.sound and record.line != line_of(job),
        reason=_reason(job, wanted - kept, there, record, origin),
    )


def _beside(job: BakeJob) -> frozenset[Result]:
    others = (name for name in Result if name not in job.targets())
    return frozenset(
        name for name in others if os.path.exists(job.file_of(name)) and not _same(job.file_of(name), job.sound)
    )


def _same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False


def _reason(job: BakeJob, missing: frozenset[Result], there: set[Result], record: Record | None, origin: Origin) -> str:
    if not missing:
        return "nothing has changed"
    if record is None:
        return FIRST_BAKE
    differences = record.origin.differences(origin)
    if differences:
        return differences
    return _other_files(job, missing, record) if missing <= there else f"no {', '.join(sorted(missing - there))} yet"


def _other_files(job: BakeJob, missing: frozenset[Result], record: Record) -> str:
    """The difference of results that are there and of the same origin."""
    parts = [(channels_of(job, r).partition("; ")[0], record.results[r].channels.partition("; ")[0]) for r in missing]
    return "other options" if all(now == former for now, former in parts) else "other channels"
