"""The lines of a call of ``bake`` and the files that their settings name, opened: photos and takes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TypeVar

import typer

from space_runtime.baking.jobs import BakeJob
from space_runtime.baking.lines import Found, find_lines
from space_runtime.baking.manifest import Row, read_manifest
from space_runtime.baking.settings import LineSettings
from space_runtime.capture.recordings import is_recording, open_take
from space_runtime.capture.take import Take
from space_runtime.commands.report import explain, say
from space_runtime.errors import MediaError, SpaceError, UsageError
from space_runtime.inference.bundle import Bundle
from space_runtime.portrait.framing import Framing
from space_runtime.portrait.portrait import Portrait, open_framed, open_tracker
from space_runtime.portrait.tracking import FaceTracker


def find_rows(lines: list[Path], manifest: Path | None, settings: LineSettings, out: Path) -> tuple[Found, list[Row]]:
    """Return the lines of a call, those of the table last; leave the program when rows of it say something wrong."""
    if not lines and manifest is None:
        raise UsageError("no line is named; name sound files, folders or patterns, or a table with --manifest")
    checked = settings.checked(may_lack_face=not lines)
    found = find_lines(lines, out)
    rows = [Row(line, settings, checked) for line in found.lines]
    if manifest is not None:
        table = read_manifest(manifest, settings)
        leave_if([UsageError(fault) for fault in table.faults], debug=False)
        rows += table.rows
    rows = [_self_driven(row) if is_recording(row.line.sound) else row for row in rows]
    _check_driven(rows, settings)
    return found, rows


def _check_driven(rows: Sequence[Row], settings: LineSettings) -> None:
    """Raise `UsageError` when the call says how a drive is taken, and no line has one."""
    if any(row.settings.drive for row in rows):
        return
    for field in fields(settings):
        if field.name.startswith("drive_") and getattr(settings, field.name) != field.default:
            raise UsageError(f"--{field.name.replace('_', '-')}, but nobody drives the face; add --drive")


def _self_driven(row: Row) -> Row:
    """A line that is a recording of motion drives itself, all of it unless parts are named. Raises `UsageError`."""
    if row.settings.drive is not None:
        raise UsageError(
            f"{row.line.sound} is a recording of motion and drives itself; leave out --drive, or name a sound"
        )
    parts = row.settings.drive_parts or "all"
    settings = replace(row.settings, drive=row.line.sound, drive_parts=parts)
    return replace(row, settings=settings, checked=settings.checked())


FaceKey = tuple[Path | None, Framing, Path | None]
"""A photo, the framing of its pictures, the landmarks placed on it."""
Faces = dict[FaceKey, Portrait | None]
"""Portraits by what makes them, none where there is no photo."""


def open_faces(rows: Sequence[Row], bundle: Bundle, force: bool, debug: bool) -> Faces:
    """Return the portraits of all lines; leave the program when one cannot be used."""
    faces: Faces = {}
    errors: list[SpaceError] = []
    tracker = None
    for key, place in _places(rows, _face_of).items():
        photo, framing, landmarks = key
        if photo is None:
            faces[key] = None
            continue
        tracker = tracker or open_tracker(bundle)
        try:
            faces[key] = _open_face(photo, tracker, force, framing, landmarks)
        except MediaError as error:
            errors.append(_at(place, error))
    leave_if(errors, debug)
    return faces


def _face_of(row: Row) -> FaceKey:
    return row.settings.portrait, row.checked.framing, row.settings.landmarks_file


def _open_face(photo: Path, tracker: FaceTracker, force: bool, framing: Framing, landmarks: Path | None) -> Portrait:
    portrait = open_framed(photo, tracker, force, framing, landmarks)
    if portrait.note:
        say(f"{photo.name}: {portrait.note}")
    return portrait


def open_takes(rows: Sequence[Row], bundle: Bundle, debug: bool) -> dict[Path | None, Take | None]:
    """Return the takes that drive lines by file, None among them, each opened once, which tracks a video; leave the
    program when one cannot be used."""
    takes: dict[Path | None, Take | None] = {None: None}
    errors: list[SpaceError] = []
    for path, place in _places(rows, lambda row: row.settings.drive).items():
        if path is None:
            continue
        try:
            take = takes[path] = open_take(path, bundle=bundle)
        except SpaceError as error:
            errors.append(_at(place, error))
        else:
            if take.note:
                say(f"{path.name}: {take.note}")
    leave_if(errors, debug)
    return takes


def jobs_of(rows: Sequence[Row], out: Path, faces: Faces, takes: dict[Path | None, Take | None]) -> list[BakeJob]:
    """Return the jobs of lines with their portraits and takes. Raises `UsageError`."""
    return [_job(row, out, faces[_face_of(row)], takes[row.settings.drive]) for row in rows]


def _job(row: Row, out: Path, portrait: Portrait | None, take: Take | None) -> BakeJob:
    try:
        return row.checked.job(row.line.sound, out / row.line.place, portrait, take)
    except SpaceError as error:
        raise _at(row.place, error) from None


def inputs_of(rows: Sequence[Row], manifest: Path | None) -> list[Path]:
    """Return the files that are read beside the sounds."""
    named = dict.fromkeys(path for row in rows for path in row.settings.inputs())
    return [*named, *([manifest] if manifest else [])]


Key = TypeVar("Key", bound=Hashable)


def _places(rows: Sequence[Row], key_of: Callable[[Row], Key]) -> dict[Key, str]:
    """Return what rows name, in their order, with its first place in a table and the number of others."""
    named: dict[Key, list[str]] = {}
    for row in rows:
        named.setdefault(key_of(row), []).append(row.place)
    more = {key: f" and {len(places) - 1} more" if len(places) > 1 else "" for key, places in named.items()}
    return {key: places[0] and f"{places[0]}{more[key]}" for key, places in named.items()}


def _at(place: str, error: SpaceError) -> SpaceError:
    """Return an error of the same kind that names a place in a table; the error itself where there is none."""
    return type(error)(f"{place}: {error}") if place else error


def leave_if(errors: Sequence[SpaceError], debug: bool) -> None:
    """Say all errors, if there are any, and leave the program."""
    codes = [explain(error, debug) for error in errors]
    if codes:
        raise typer.Exit(max(codes))
