"""A video becomes a take: a face is followed, steadied, and solved for weights on the rig of the person himself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from space_runtime.arrays import Floats, Index, Reals
from space_runtime.capture.driver import find_driver, solved
from space_runtime.capture.face_following import FaceFollower
from space_runtime.capture.face_rows import FaceRows, Watch, follow_video
from space_runtime.capture.head_pose import head_places, head_rotations, normalised_by_still
from space_runtime.capture.lids import with_blinks
from space_runtime.capture.person import Person, Place
from space_runtime.capture.steadying import steadied
from space_runtime.capture.take import Take
from space_runtime.errors import counted
from space_runtime.inference.bundle import Bundle, bundle_or_embedded
from space_runtime.media.audio_file import file_sha256
from space_runtime.media.video_reader import VideoReader
from space_runtime.portrait.portrait import open_tracker
from space_runtime.rig.rig import Rig
from space_runtime.timebase import SAMPLE_RATE

HEAD_WIDTH_S: Final = 0.06
FACE_WIDTH_S: Final = 0.035
BROW_WIDTH_S: Final = 0.08
"""Widths of the smoothing of heads, of faces and of brows: a nod takes 0.2 s, a closure of the lips 0.1 s, brows rise
in 0.3 s."""
BROWS: Final = slice(17, 27)


def take_of_video(
    video: VideoReader,
    person: Person | None = None,
    bundle: Bundle | None = None,
    watch: Watch | None = None,
) -> Take:
    """Return the motion of a person in a video. Raises `MediaError` when no picture shows a face.

    person: None for the largest. bundle: None for the embedded one. watch: sees every picture with its face.
    """
    opened = bundle_or_embedded(bundle)
    follower = FaceFollower(open_tracker(opened), person or Person())
    rows = follow_video(video, follower, watch)
    take = take_of_rows(rows, Rig.from_arrays(opened.arrays("rig")))
    notes = "; ".join((*video.notes, *_notes(rows, follower.person)))
    return replace(take, source=video.path.name, sha256=file_sha256(video.path), note=notes)


def take_of_rows(rows: FaceRows, rig: Rig) -> Take:
    """Return the motion of a followed face."""
    seen = np.flatnonzero(rows.confidence > 0)
    face = normalised_by_still(rows.landmarks, rows.still, seen)
    landmarks = _steady(rows, face, FACE_WIDTH_S, group=3)
    landmarks[:, BROWS] = _steady(rows, face[:, BROWS], BROW_WIDTH_S, group=3)
    rotations = _steady(rows, head_rotations(rows.still), HEAD_WIDTH_S)
    places = _steady(rows, head_places(rows.landmarks, rotations, rows.size), HEAD_WIDTH_S)
    driver = find_driver(rig, landmarks, rotations, seen)
    weights, eyes = solved(rig, driver.identity, landmarks[seen])
    held = _held(seen, len(rows.times_s))
    weights, eyes = with_blinks(weights, landmarks[seen], eyes, driver.identity, rows.times_s[seen])[held], eyes[held]
    rest = np.median(rotations[driver.rest], axis=0), np.median(places[driver.rest], axis=0)
    return Take(
        samples=rows.times_s * SAMPLE_RATE,
        blendshapes=weights,
        head=np.concatenate([rotations, places - rest[1]], 1).astype(np.float32),
        eyes_rad=eyes,
        confidence=rows.confidence,
        neutral_blendshapes=np.median(weights[driver.rest], axis=0),
        neutral_head=np.concatenate([rest[0], np.zeros(3)]).astype(np.float32),
        landmarks=landmarks,
    )


def _steady(rows: FaceRows, values: Reals, width_s: float, group: int = 1) -> Floats:
    """Return (T, …) values steadied within each stretch; where no face is seen the row before is repeated."""
    flat = values.reshape(len(values), -1)
    steady = flat.astype(np.float64)
    for part in rows.stretches():
        steady[part] = steadied(rows.times_s[part], flat[part], width_s, group)
    held = np.flatnonzero(rows.confidence > 0)[_held(np.flatnonzero(rows.confidence > 0), len(values))]
    return steady[held].reshape(values.shape).astype(np.float32)


def _held(seen: Index, n_rows: int) -> Index:
    """Return (n_rows,) for each row which of the seen ones it shows: the last one, before the first that one."""
    return np.maximum(np.searchsorted(seen, np.arange(n_rows), side="right") - 1, 0)


def _notes(rows: FaceRows, person: Person) -> Iterator[str]:
    """Yield the clauses about what was followed."""
    if rows.n_people > 1:
        which = "the one nearest to the point" if person.point else _MEANT[person.place]
        yield f"up to {rows.n_people} people are seen, {which} is followed"
    if rows.n_without:
        yield f"no face in {rows.n_without} of {counted(len(rows.times_s), 'picture')}"
    if rows.n_cuts:
        yield f"it has {counted(rows.n_cuts, 'cut')}"


_MEANT: Final = {
    Place.LARGEST: "the largest",
    Place.LEFT: "the one to the left",
    Place.RIGHT: "the one to the right",
    Place.CENTER: "the one in the middle",
}
