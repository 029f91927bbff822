"""Pairs that teach a refiner: the mouth as the generator draws it, the photo's, and the filmed one, all in one square.

Every passage is acted again from two photos: its first picture, and the one with the lips furthest apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.progress import track

from export.data.store import kept, key_of
from export.evaluation.portraits.films import Film, portrait_of
from export.evaluation.portraits.mesh_measures import lip_gap
from export.evaluation.portraits.reenactment import STEP
from export.refiner.people import PASSAGE, Passage, films_of, lost
from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import MediaError
from space_runtime.inference.bundle import Bundle
from space_runtime.inference.manifest import sha256_of
from space_runtime.portrait.portrait import Portrait
from space_runtime.portrait.tracking import FaceTracker
from space_runtime.rendering.refiner import REVISION, SIDE, mouth_square, square_of
from space_runtime.rendering.warp.generator import WarpGenerator, load_warp_generator
from space_runtime.rendering.warp.keypoints import keypoints_from_mesh
from space_runtime.version import VERSION

DRAWN, PHOTO, TRUE = range(3)
"""The three mouths of a pair."""
MOST_TURNED_DEG: Final = 20.0
"""Yaw and pitch against the photo beyond which a warp shows other things than the film, and teaches nothing."""
KIND: Final = "1"
"""Counts changes of what pairs are made of."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The pairs that teach. mouths: of each person (N, 3, 128, 128, 3) a film, mapped files. hash: of what they
    were made from."""

    mouths: tuple[tuple[Pixels, ...], ...]
    hash: str

    @property
    def n(self) -> int:
        """Their number."""
        return sum(len(film) for films in self.mouths for film in films)


def read_pairs(passages: Sequence[Passage], bundle: Bundle, tracker: FaceTracker, cache: Path) -> Pairs:
    """Return the pairs of passages; each film's are made once and kept in ``cache``.

    Raises `MediaError` where no picture can be used.
    """
    generator = load_warp_generator(bundle)
    found: dict[str, list[Pixels]] = {}
    keys = []
    for film in track(list(dict.fromkeys(passage.film for passage in passages)), "pairs"):
        own = [passage for passage in passages if passage.film == film]
        made_from = _made_from(film, own, bundle)

        def make(to: Path, own: Sequence[Passage] = own) -> None:
            _save(to, _pairs(own, generator, tracker))

        person = own[0].person
        mouths = np.load(kept(cache / person / f"{film.name}.npy", made_from, make), mmap_mode="r")
        found.setdefault(person, []).append(mouths)
        keys.append(key_of(made_from))
    usable_films = [tuple(film for film in films if len(film)) for films in found.values()]
    if not any(usable_films):
        raise MediaError("no picture of the films can be used; give films of a face from the front, in its full size")
    return Pairs(tuple(films for films in usable_films if films), key_of(keys))


def _made_from(film: Path, passages: Sequence[Passage], bundle: Bundle) -> list[str]:
    networks = [f"{entry.file} {entry.sha256}" for entry in bundle.manifest.entries]
    settings = f"{KIND} {VERSION} {REVISION} {SIDE} {PASSAGE} {STEP} {MOST_TURNED_DEG}"
    return [settings, *networks, sha256_of(film), *(str(passage.first) for passage in passages)]


def _save(to: Path, pairs: Iterator[Pixels]) -> None:
    stacked = list(pairs)
    with to.open("wb") as file:
        np.save(file, np.stack(stacked) if stacked else np.zeros((0, 3, SIDE, SIDE, 3), np.uint8))


def _pairs(passages: Sequence[Passage], generator: WarpGenerator, tracker: FaceTracker) -> Iterator[Pixels]:
    for film in films_of(passages, tracker):
        for portrait in _photos(film, tracker):
            yield from pairs_of(film, portrait, generator)


def _photos(film: Film, tracker: FaceTracker) -> Iterator[Portrait]:
    yield film.portrait
    widest = int(np.argmax(lip_gap(film.meshes)))
    try:
        if widest:
            yield portrait_of(film.pictures[widest], tracker, film.name)
    except MediaError:  # the face of this picture alone is not seen
        return


def pairs_of(film: Film, portrait: Portrait, generator: WarpGenerator) -> list[Pixels]:
    """Return (3, 128, 128, 3) mouths of every third picture of a film that is acted again from a photo of it."""
    appearance = generator.prepare(portrait)
    keypoints = keypoints_from_mesh(film.meshes)
    photo = mouth_square(portrait.image, square_of(keypoints_from_mesh(portrait.mesh)))
    found = []
    for k in usable(film)[::STEP]:
        square = square_of(keypoints[k])
        drawn = generator.render(appearance, keypoints[k : k + 1])[0]
        found.append(np.stack([mouth_square(drawn, square), photo, mouth_square(film.pictures[k], square)]))
    return found


def usable(film: Film) -> list[int]:
    """Return the pictures of a film in which the face is seen, not turned far, and its mouth inside the picture."""
    seen = ~np.array(lost(film.meshes)) & (np.abs(film.turns_deg[:, :2]).max(1) < MOST_TURNED_DEG)
    keypoints = keypoints_from_mesh(film.meshes)
    return [int(k) for k in np.flatnonzero(seen) if _is_inside(square_of(keypoints[k]), len(film.pictures[k]))]


def _is_inside(square: Floats, size: int) -> bool:
    corners = np.array([[0, 0], [0, SIDE], [SIDE, 0], [SIDE, SIDE]], np.float64)
    places = (corners - square[:, 2]) @ np.linalg.inv(square[:, :2].astype(np.float64)).T
    return bool(places.min() >= 0 and places.max() <= size)
