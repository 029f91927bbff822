"""The people of a folder of films, and the passages of their films that are looked at.

A folder in it is a person, with any number of videos; a video directly in it is a person of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from export.evaluation.portraits.films import Film, Moving, as_film
from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import MediaError, UsageError, one_line
from space_runtime.media.video_reader import VideoReader, open_video
from space_runtime.portrait.tracking import FaceTracker

ENDINGS: Final = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi"})
PASSAGE: Final = 75
"""Pictures of a passage: a photo shows somebody in the light and at the distance of these few seconds."""
SHORTEST: Final = 15
"""Pictures of a passage that is worth it."""
MOST: Final = 60
"""Passages of a person: more of the same face teach little."""
LARGEST: Final = 1920
"""Pixels on the longer side of the pictures that are kept in memory."""
KEPT_BACK: Final = 5
"""One in so many people, or of a single person one in so many passages, teaches nothing."""
log = logging.getLogger("refiner")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was filmed. films: in the order of their names."""

    name: str
    films: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """Some seconds of a film. first: number of its first picture."""

    person: str
    film: Path
    first: int


def people_in(folder: Path) -> tuple[Person, ...]:
    """Return the people of a folder, by name. Raises `UsageError` where there are none, or two of one name."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; name one that holds a folder of films for each person")
    places = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    found = [Person(path.name, _films(path)) for path in places if path.is_dir()]
    found += [Person(path.stem, (path,)) for path in places if _is_film(path)]
    people = sorted((person for person in found if person.films), key=lambda person: person.name)
    if not people:
        raise UsageError(f"{folder} has no films ({', '.join(sorted(ENDINGS))}); give each person a folder in it")
    twice = [one.name for one, other in pairwise(people) if one.name == other.name]
    if twice:
        raise UsageError(f"{folder} has two people called {twice[0]!r}, a folder and a film; rename one of them")
    return tuple(people)


def _films(folder: Path) -> tuple[Path, ...]:
    return tuple(path for path in sorted(folder.iterdir()) if _is_film(path))


def _is_film(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and path.is_file() and not path.name.startswith(".")


def passages_of(person: Person) -> list[Passage]:
    """Return at most `MOST` passages, spread evenly over a person's films. Raises `MediaError`."""
    videos = [(film, open_video(film)) for film in person.films]
    whole = [Passage(person.name, film, first) for film, video in videos for first in _firsts(video)]
    return whole[:: ceil(len(whole) / MOST)] if whole else []


def _firsts(video: VideoReader) -> range:
    n = video.n_pictures or MOST * PASSAGE
    return range(0, max(1, n - SHORTEST), PASSAGE)


def split(people: Sequence[Person]) -> tuple[list[Passage], list[Passage]]:
    """Return the passages that teach and those that are kept back: of the last people, of one person the last ones.

    Raises `UsageError` where a single person has no two passages, and `MediaError`.
    """
    passages = [passages_of(person) for person in people]
    if len(people) == 1:
        n = ceil(len(passages[0]) / KEPT_BACK)
        if len(passages[0]) < 2:
            raise UsageError(f"the films of {people[0].name} are too short; at least {2 * PASSAGE} pictures are needed")
        return passages[0][:-n], passages[0][-n:]
    n = ceil(len(people) / KEPT_BACK)
    return [one for each in passages[:-n] for one in each], [one for each in passages[-n:] for one in each]


def films_of(passages: Sequence[Passage], tracker: FaceTracker) -> Iterator[Film]:
    """Yield the passages as films to be acted again; those that cannot be used are left out and said."""
    for path in dict.fromkeys(passage.film for passage in passages):
        wanted = {passage.first: passage for passage in passages if passage.film == path}
        for moving in _moving(path, wanted):
            try:
                yield as_film(moving, tracker)
            except MediaError as why:
                log.warning("left out: %s", one_line(str(why)))


def _moving(path: Path, wanted: dict[int, Passage]) -> Iterator[Moving]:
    video = open_video(path)
    pictures: list[Pixels] = []
    place, last = -1, max(wanted) + PASSAGE
    for number, picture in enumerate(video.pictures()):
        if number == last:
            break
        if number % PASSAGE == 0:
            yield from _whole(path, video, place, pictures)
            place, pictures = (number if number in wanted else -1), []
        if place >= 0:
            pictures.append(_smaller(picture.rgb))
    yield from _whole(path, video, place, pictures)


def _whole(path: Path, video: VideoReader, place: int, pictures: list[Pixels]) -> Iterator[Moving]:
    if place >= 0 and len(pictures) >= SHORTEST:
        name = f"{path.parent.name}/{path.name} at {float(place / video.fps):.0f} s"
        yield Moving(name, tuple(pictures), video.fps, np.zeros(0, np.float32))


def _smaller(rgb: Pixels) -> Pixels:
    share = LARGEST / max(rgb.shape[:2])
    if share >= 1:
        return rgb
    size = round(rgb.shape[1] * share), round(rgb.shape[0] * share)
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def lost(meshes: Floats) -> list[bool]:
    """Return for each of (T, 478, 3) meshes whether the face was lost there: it repeats the one before."""
    return [False, *(bool(np.array_equal(one, before)) for before, one in pairwise(meshes))]
