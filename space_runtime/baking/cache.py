"""The records of former bakes: what each result was made from, and its hash, so that a bake does only what is needed.

A record lies beside the results, in ``.bake/NAME.json``, one a line, and holds no path, no clock and nothing of the
machine: it may be copied, renamed with its folder and committed with the results. A file whose hash is not the
recorded one was changed by hand. A file without a record is overwritten by nothing but its own bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

from space_runtime.baking.jobs import BakeJob, Result
from space_runtime.baking.provenance import (
    installed,
    metadata_of_bundle,
    metadata_of_portrait,
    metadata_of_settings,
    metadata_of_versions,
)
from space_runtime.errors import MediaError, OutputError
from space_runtime.inference.bundle import Bundle
from space_runtime.media.atomic_files import writing, written_whole
from space_runtime.media.audio_file import file_sha256
from space_runtime.values import content_seed

FOLDER: Final = ".bake"
"""The folder of records, in the folder of the results."""
MAX_RECORD_BYTES: Final = 1 << 20
LONG_NAME: Final = 100
"""Characters of a line's name above which its record is named by a hash: file systems end at 255 bytes."""
_DECODERS: Final = ("soundfile", "soxr", "av", "opencv-python-headless", "matplotlib")


@dataclass(frozen=True, slots=True)
class Origin:
    """The content that results are made from, a SHA-256 each; empty for no drive."""

    sound: str
    portrait: str
    settings: str
    bundle: str
    versions: str
    drive: str = ""

    def differences(self, other: Origin) -> str:
        """Return in words what differs, empty when nothing does."""
        differing = [f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name)]
        return ", ".join(_DIFFERENCES[name] for name in differing)


_DIFFERENCES: Final = {
    "sound": "another sound",
    "portrait": "another portrait",
    "settings": "other settings",
    "bundle": "another bundle, refiner or device",
    "versions": "other versions of the programs",
    "drive": "another drive",
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A result as it was written.

    sha256: of the file. channels: the names of the channels in it, sorted, and the options of its format,
    empty for files without. former: the
    SHA-256 of the file that it took the place of, empty for none; after a kill that one may still be there.
    """

    sha256: str
    channels: str = ""
    former: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """The former bake of a line: its line (see `line_of`), its origin, the seconds of its sound, its results."""

    line: str
    origin: Origin
    sound_s: float
    results: Mapping[Result, Recorded]


def origin_of(job: BakeJob, digest: str, bundle: Bundle) -> Origin:
    """Return what the results of a job would be made from; ``digest`` is the SHA-256 of its sound."""
    track = job.controls.seeded(content_seed(digest))
    versions = {**metadata_of_versions(), **{name: installed(name) for name in _DECODERS}}
    return Origin(
        sound=digest,
        portrait=_hash(metadata_of_portrait(job.portrait)),
        settings=_hash(metadata_of_settings(job, track)),
        bundle=_hash(metadata_of_bundle(bundle)),
        versions=_hash(versions),
        drive=_hash(job.drive.metadata()) if job.drive else "",
    )


def line_of(job: BakeJob) -> str:
    """Return a hash of the relative path from the results to the sound: another take of a line has the same one."""
    try:
        relative = os.path.relpath(os.path.realpath(job.sound), os.path.realpath(job.target.parent))
    except ValueError:  # of another drive
        relative = job.sound.name
    return _hash(unicodedata.normalize("NFC", Path(relative).as_posix()))


def channels_of(job: BakeJob, result: Result) -> str:
    """Return the channels of a result and the options of its format, as a record names them."""
    if result.row is None:
        return ""
    channels, told = ",".join(sorted(job.channels & result.row.carried(job.options))), result.row.told(job.options)
    return f"{channels}; {told}" if told else channels


def record_path(target: Path) -> Path:
    """Return where the record of the results at a target lies."""
    name = target.name
    if len(name) > LONG_NAME or not name.isascii():  # file systems store such names in different Unicode forms
        composed = unicodedata.normalize("NFC", name).encode("utf-8", "surrogateescape")
        name = hashlib.sha256(composed).hexdigest()[:32]
    return target.parent / FOLDER / f"{name}.json"


def read_record(target: Path) -> Record | None:
    """Return the record of the results at a target; None if there is none that can be read."""
    try:
        path = record_path(target)
        with path.open("rb") as file:
            told: object = json.loads(file.read(MAX_RECORD_BYTES))
        return _record(told)
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return None


def write_record(target: Path, record: Record) -> None:
    """Write the record of the results at a target. Raises `OutputError`."""
    path = record_path(target)
    with writing(path):
        path.parent.mkdir(exist_ok=True)
    told = {
        "line": record.line,
        "origin": asdict(record.origin),
        "sound_s": record.sound_s,
        "results": {result.value: asdict(recorded) for result, recorded in record.results.items()},
    }
    with written_whole(path) as partial:
        partial.write_text(json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")


def is_result(path: Path) -> bool:
    """Return whether a file is on record as the result of a former bake, or lies in a folder that is."""
    if path.parent.name.endswith(Result.PNG.ending) and _is_result(path.parent, (Result.PNG,)):
        return True
    return _is_result(path, Result)


def _is_result(path: Path, results: Iterable[Result]) -> bool:
    for result in results:
        if path.name.endswith(result.ending) and path.name != result.ending:
            record = read_record(path.with_name(path.name.removesuffix(result.ending)))
            if record is not None and result in record.results:
                return True
    return False


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a result, of a folder that of its pictures; empty when there is none.

    Raises `OutputError` when it cannot be read.
    """
    try:
        if os.path.isdir(path):
            return _hash({name: file_sha256(path / name) for name in sorted(os.listdir(path)) if name.endswith(".png")})
        return file_sha256(path) if os.path.isfile(path) else ""
    except (MediaError, OSError) as error:
        raise OutputError(f"whether a result was changed by hand cannot be told: {error}") from None


def _record(told: object) -> Record:
    """A record of what JSON says. Raises `ValueError`, `TypeError` or `LookupError` for anything else."""
    line, origin, sound_s, results = (_object(told)[name] for name in ("line", "origin", "sound_s", "results"))
    if not isinstance(line, str) or not isinstance(sound_s, float | int):
        raise TypeError
    recorded = {Result(name): Recorded(**_texts(result)) for name, result in _object(results).items()}
    return Record(line, Origin(**_texts(origin)), sound_s, recorded)


def _object(told: object) -> dict[str, object]:
    if not isinstance(told, dict):
        raise TypeError
    return told


def _texts(told: object) -> dict[str, str]:
    texts = {name: value for name, value in _object(told).items() if isinstance(value, str)}
    if len(texts) < len(_object(told)):
        raise TypeError
    return texts


def _hash(told: object) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()
