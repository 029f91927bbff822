"""Bakes one line as far as it is needed; its results appear together, and none is lost silently."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from space_runtime.baking.bake import Progress, write_results
from space_runtime.baking.cache import (
    Origin,
    Record,
    Recorded,
    channels_of,
    hash_of,
    line_of,
    origin_of,
    read_record,
    write_record,
)
from space_runtime.baking.drive import line_sound
from space_runtime.baking.jobs import BakeJob, BakeResult, Outcome, Result
from space_runtime.baking.need import Need, need_of
from space_runtime.errors import OutputError, one_line
from space_runtime.inference.bundle import Bundle
from space_runtime.media.atomic_files import prepare_folder, put_in_place, remove, writing
from space_runtime.media.audio_file import Sound

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """The part that all jobs of a batch share; see `bake_many`."""

    bundle: Bundle
    overwrite: bool
    dry_run: bool

    def bake(self, begun: BakeResult, progress: Progress) -> BakeResult:
        """Return what `bake_as_needed` returns."""
        return bake_as_needed(begun, self, progress)


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """A job with what is known about it before the work."""

    job: BakeJob
    sound: Sound
    digest: str
    origin: Origin
    record: Record | None
    need: Need

    @property
    def wanted(self) -> dict[Result, Path]:
        """The results that are not there as they would be written."""
        return {name: path for name, path in self.job.targets().items() if name not in self.need.kept}


def bake_as_needed(begun: BakeResult, task: Task, progress: Progress) -> BakeResult:
    """Bake the job of ``begun`` and return its outcome. Raises `SpaceError`, and what the progress raises."""
    line = _known(begun.job, task.bundle)
    if line.need.edited and not task.overwrite:
        raise OutputError(_edited(line))
    known = replace(
        begun,
        files=tuple(line.job.targets().values()),
        reason=line.need.reason,
        notes=line.need.notes(line.job, task.dry_run),
        removed=tuple(line.job.file_of(name) for name in sorted(line.need.stale)),
    )
    for note in known.notes:
        log.warning("%s", one_line(note))
    if not line.wanted:
        return replace(known, outcome=Outcome.UNCHANGED, sound_s=line.record.sound_s if line.record else None)
    if task.dry_run:
        return replace(known, outcome=Outcome.PLANNED)
    sound_s, changed = _bake(line, task, progress)
    outcome = Outcome.BAKED if changed else Outcome.UNCHANGED
    return replace(known, outcome=outcome, sound_s=sound_s, notes=(*line.sound.notes, *known.notes))


def _known(job: BakeJob, bundle: Bundle) -> _Line:
    sound = line_sound(job.sound, job.drive)
    digest = sound.sha256()
    origin, record = origin_of(job, digest, bundle), read_record(job.target)
    return _Line(job, sound, digest, origin, record, need_of(job, origin, record))


def _bake(line: _Line, task: Task, progress: Progress) -> tuple[float, bool]:
    """Bake what is wanted; return the seconds of sound and whether any file is another now."""
    before = line.need.hashes
    with _staging(line.job.target.parent) as folder:
        staged = {name: folder / f"result{name.ending}" for name in line.wanted}
        sound_s = write_results(line.job, line.sound, line.digest, staged, task.bundle, progress)
        hashes = {name: hash_of(path) for name, path in staged.items()}
        differing = [name for name in line.need.unrecorded if hashes[name] != before[name]]
        if differing and not task.overwrite:
            raise OutputError(_unrecorded(line.job, differing))
        _check_untouched(line)
        _remove_stale(line)
        write_record(line.job.target, _record(line, sound_s, hashes))
        _appear(line, staged)
    return sound_s, any(hashes[name] != before[name] for name in hashes)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A hidden folder beside the results, which is gone in the end."""
    prepare_folder(folder)
    with writing(folder):
        staging = Path(mkdtemp(dir=folder, prefix=".bake-", suffix=".partial"))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _check_untouched(line: _Line) -> None:
    """Raise `OutputError` when a file that is about to go is no longer what it was before the work."""
    for name in (*line.wanted, *line.need.stale):
        path = line.job.file_of(name)
        if hash_of(path) != line.need.hashes[name]:
            raise OutputError(f"{line.job.sound} is not baked: {path} was changed meanwhile; bake it again")


def _record(line: _Line, sound_s: float, hashes: Mapping[Result, str]) -> Record:
    """The record of the results once they have appeared; written first, so that a kill leaves no file without one."""
    kept = dict(line.record.results) if line.record and line.record.origin == line.origin else {}
    for name, digest in hashes.items():
        kept[name] = Recorded(digest, channels_of(line.job, name), former=line.need.hashes[name])
    return Record(line_of(line.job), line.origin, sound_s, kept)


def _remove_stale(line: _Line) -> None:
    for name in line.need.stale:
        with writing(line.job.file_of(name)):
            remove(line.job.file_of(name))
        path = one_line(str(line.job.file_of(name)))
        log.warning("%s was of an earlier bake from %s, and is removed", path, line.need.reason)


def _appear(line: _Line, staged: Mapping[Result, Path]) -> None:
    """Give the results their names."""
    for name, path in staged.items():
        target = line.job.file_of(name)
        with writing(target):
            put_in_place(path, target)


def _edited(line: _Line) -> str:
    names = ", ".join(str(line.job.file_of(name)) for name in sorted(line.need.edited))
    return (
        f"{line.job.sound} is not baked: {names} was changed by hand since the last bake; "
        "move it away, or replace it with --overwrite"
    )


def _unrecorded(job: BakeJob, differing: list[Result]) -> str:
    names = ", ".join(str(job.file_of(name)) for name in sorted(differing))
    return (
        f"{job.sound} is not baked: {names} is there already, and no bake on record wrote it; "
        "move it away, or replace it with --overwrite"
    )
