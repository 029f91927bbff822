"""Dubs a video: mouth and jaw follow a new line, everything else stays.

The video is read twice: once to follow the face and to learn the person, once to draw. In between only meshes are kept,
in a temporary file, so that long videos need no more memory than short ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from space_runtime.arguments import StrPath, instance, one_of, path_of, shown
from space_runtime.capture.face_following import FaceFollower
from space_runtime.capture.person import Person
from space_runtime.dubbing.drawing import Drawing, DubCounts, DubLength
from space_runtime.dubbing.kept_streams import KeptStreams
from space_runtime.dubbing.mesh_store import MeshStore
from space_runtime.dubbing.video_person import Progress, follow_person
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import Bundle, bundle_or_embedded
from space_runtime.media.atomic_files import prepared_file, same_place, written_whole
from space_runtime.media.audio_file import open_sound
from space_runtime.media.result_names import check_ending
from space_runtime.media.video_reader import open_video
from space_runtime.portrait.portrait import open_tracker
from space_runtime.values import Controls, HeadMode

VOICE: Final = Controls(head_mode=HeadMode.KEEP, blinks_per_minute=0.0, saccade_strength=0.0, brow_strength=0.0)
"""The mouth alone: head and eyes are the video's."""


@dataclass(frozen=True, slots=True)
class DubReport:
    """Result of a dub. n_people, n_cuts: see `FaceFollower`. notes: sentences without full stops for the user."""

    counts: DubCounts
    n_people: int
    n_cuts: int
    notes: tuple[str, ...]


def dub(
    video: StrPath,
    line: StrPath,
    out: StrPath,
    *,
    bundle: Bundle | None = None,
    controls: Controls | None = None,
    person: Person | str = "largest",
    length: DubLength | str = DubLength.LONGEST,
    progress: Progress | None = None,
) -> DubReport:
    """Write ``video`` with a mouth that says the sound file ``line``, and that sound, to ``out``, an ``.mp4``.

    bundle: None for the embedded one. controls: emotion, style and strength of the mouth's motion; all else is the
    video's. person: whose mouth, see `Person`. length: see `DubLength`. progress: see `Progress`.

    Raises `MediaError` for a video or sound that cannot be used and a video without a face, `UsageError` for options
    that make no sense, `OutputError` when the result cannot be written, `BundleError`.
    """
    source, spoken, target = path_of("the video", video), path_of("the line", line), path_of("the result", out)
    ending = one_of("length", length, DubLength)
    _check_target(target, source, spoken)
    opened = bundle_or_embedded(bundle)
    who = instance("person", person, (Person, str), "as --person takes it")
    chosen = who if isinstance(who, Person) else Person.of(who)
    voice = _voice(controls)
    if progress is not None and not callable(progress):
        raise UsageError(f"progress is {shown(progress)}; expected a function, see `Progress`")
    reader, sound = open_video(source), open_sound(spoken)
    tell = progress or _silent
    with prepared_file(target), MeshStore() as store:
        follower = FaceFollower(open_tracker(opened), chosen)
        actor = follow_person(reader, follower, store, tell)
        with KeptStreams(source) as kept, written_whole(target) as whole:
            counts = Drawing(reader, opened, actor, store).write(whole, kept, sound, voice, ending, tell)
    cut = "the line goes on after the video's end, where it was cut" if counts.is_cut else ""
    notes = tuple(filter(None, (*reader.notes, kept.note, cut)))
    return DubReport(counts, follower.n_people, follower.n_cuts, notes)


def _check_target(target: Path, *sources: Path) -> None:
    check_ending("the dubbed video is written as MP4", target, ".mp4", example="dubbed")
    for source in sources:
        if same_place(target, source):
            raise UsageError(f"the dubbed video would overwrite {source}; name another file")


def _voice(controls: Controls | None) -> Controls:
    """Return the controls with head and eyes at rest: these are the video's."""
    if controls is None:
        return VOICE
    given = instance("controls", controls, Controls, "as sessions take them")
    return replace(VOICE, emotion=given.emotion, style=given.style, mouth_strength=given.mouth_strength)


def _silent(what: str, done: int, whole: int | None) -> None:
    """Show no progress."""
