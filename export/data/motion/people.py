"""The people on film: whose sentences teach, and whose are kept for judging and never trained on.

The nine speakers of ``grid_others`` with one sentence each judge alone, and so do the clips of ``../strangers``, which
are third-party films: nothing may be trained on them, nothing made of them is kept but scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from export.data.corpora import aligned_talks
from export.data.motion.films import Talk, read_clips, read_talks, resting_face, without_drift
from export.data.motion.motion_space import face_size, rest_of
from export.data.motion.pauses import cut_at_pauses
from export.data.speech.voices import Segment
from space_runtime.arrays import Floats
from space_runtime.rig.shapes import LIP_PAIRS

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose film teaches. name: in the list of the film. n_kept: of the last sentences that do not teach.

    has_text: if not, the film is cut at its pauses, and its phones are unknown.
    """

    name: str
    film: str
    n_kept: int
    has_text: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Filmed:
    """A person's sentences that teach. rest: (78, 3), for sentences that do not end in silence.

    scale (3,): factors on the motion that make it that of the reference's face and size of speech.
    """

    sentences: list[tuple[Talk, list[Segment]]]
    rest: Floats
    scale: Floats

    def moved(self, talk: Talk, phones: list[Segment]) -> Floats:
        """Return (T, 78, 3) offsets from rest in the reference's size."""
        return np.asarray((talk.landmarks - rest_of(talk, phones, self.rest)) * self.scale, np.float32)


PEOPLE: Final = (
    Person("s1", "grid_s1", 60),
    Person("hq_female", "grid_others", 10),
    Person("address", "address", 5, has_text=False),
)
"""The first one's face is the reference of all motion."""
GRID_OTHERS: Final = "grid_others"
FOLDER: Final = "strangers"
"""Of the third-party films, beside the data."""
GROUPS: Final = ("B_kim", "B_latentsync_demo3", "B_lrs2", "B_macron", "B_may", "B_trump_10s", "B_trump_speech")
"""The strangers: beginnings of the clips' names."""


def sentences_of(person: Person, data: Path, cache: Path) -> list[tuple[Talk, list[Segment]]]:
    """Return all of a person's sentences whose phones are known, or the parts of a film without a text."""
    if person.has_text:
        return [row for row in aligned_talks(data, cache, person.film) if row[0].speaker == person.name]
    return [part for talk in read_talks(data, person.film, cache) for part in cut_at_pauses(talk)]


def taught(person: Person, talks: Sequence[T]) -> list[T]:
    """Return those of a person's sentences that teach how mouths move."""
    return list(talks[: -person.n_kept])


def kept_back(person: Person, talks: Sequence[T]) -> list[T]:
    """Return those of a person's sentences that never teach."""
    return list(talks[-person.n_kept :])


def resting_face_of(person: Person, sentences: list[tuple[Talk, list[Segment]]]) -> Floats:
    """Return (78, 3) a person's face at rest: at the silent ends of sentences, or with the lips closest."""
    if person.has_text:
        return np.asarray(np.median([rest_of(talk, phones, None) for talk, phones in sentences], 0), np.float32)
    return resting_face(np.concatenate([talk.landmarks for talk, _ in sentences]))


def filmed(person: Person, data: Path, cache: Path, scale: Floats | None = None) -> Filmed:
    """Return what a person teaches, in the own size unless there is a ``scale``."""
    sentences = taught(person, sentences_of(person, data, cache))
    size = np.ones(3, np.float32) if scale is None else scale
    return Filmed(sentences, resting_face_of(person, sentences), size)


def scales_of(everyone: Sequence[Filmed], own_spread: float) -> Floats:
    """Return (n, 3) factors on each person's motion: the face's size becomes the first one's, the spread of speech
    everybody's (their geometric mean), by a share ``own_spread`` of the way."""
    sizes = np.stack([face_size(everyone[0].rest) / face_size(each.rest) for each in everyone])
    spreads = sizes * np.stack([_spread(each) for each in everyone])
    factors = sizes * (np.exp(np.log(spreads).mean(0)) / spreads) ** own_spread
    return np.asarray(factors[:, [0, 1, 1]], np.float32)


def _spread(person: Filmed) -> Floats:
    """Return (2,) the spreads of a person's fast motion in the own size: of the mouth's width, of what opens it."""
    signals = [[without_drift(signal, talk.fps) for signal in _signals(talk.landmarks)] for talk, _ in person.sentences]
    gap, width, jaw = (np.std(np.concatenate(parts)) for parts in zip(*signals, strict=True))
    return np.array([width, np.sqrt(gap * jaw)], np.float32)


def _signals(landmarks: Floats) -> list[Floats]:
    """Return lip gap, mouth width and jaw drop of (T, 78, 3) landmarks, (T,) each."""
    gaps = np.mean([np.linalg.norm(landmarks[:, a] - landmarks[:, b], axis=-1) for a, b in LIP_PAIRS], 0)
    return [gaps, *(np.linalg.norm(landmarks[:, a] - landmarks[:, b], axis=-1) for a, b in ((48, 54), (33, 8)))]


def judging(talks: list[Talk]) -> list[Talk]:
    """Return those sentences of ``grid_others`` that never teach: one of each of nine people, the last ten of one."""
    known = {person.name: person for person in PEOPLE}
    alone = [talk for talk in talks if talk.speaker not in known]
    own = {name: [talk for talk in talks if talk.speaker == name] for name in known}
    return [*(talk for name, person in known.items() for talk in kept_back(person, own[name])), *alone]


def read_strangers(data: Path, cache: Path) -> list[Talk]:
    """Return the third-party clips beside the data; a group counts as one speaker."""
    return read_clips(data.parent / FOLDER, FOLDER, cache, lambda row: _group(str(row["clip"])))


def _group(clip: str) -> str:
    return next((name for name in GROUPS if clip.startswith(name)), clip)
