"""Self-reenactment: a film's first picture is the photo, its later ones drive it and are the truth.

Four ways are compared: *still*, the photo itself; *plain*, see `plain_warp`; *direct*, the tracked keypoints given to
the generator; *latents*, the tracked landmarks, steadied as a take's, and the sound through the generator's own
network, which is how the product acts a film.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from export.evaluation.portraits.films import Film, follow
from export.evaluation.portraits.mesh_measures import (
    GROUPS,
    boxes,
    eye_distance,
    lid_gap,
    lip_gap,
    mouth_width,
)
from export.evaluation.portraits.picture_measures import (
    Inside,
    Likeness,
    flicker,
    fold_detail,
    inside_of_mouth,
    likenesses,
)
from export.evaluation.portraits.plain_warp import plain_warp
from space_runtime.arrays import Floats, Pixels
from space_runtime.emotion import N_EMOTIONS
from space_runtime.geometry import landmarks_from_mesh
from space_runtime.portrait.tracking import FaceTracker
from space_runtime.rendering.generator import Driving
from space_runtime.rendering.warp.generator import WarpAppearance, WarpGenerator
from space_runtime.rendering.warp.keypoints import keypoints_from_mesh

STEP: Final = 3
"""Every so manieth picture of a film is compared, the first ones are not."""
OPEN: Final = 0.06
"""Least lip gap of a mouth whose inside is measured."""
CLOSED, READS_CLOSED = 0.03, 0.04
"""Lip gaps of a mouth that is closed, and of one that reads closed."""
BLINKS, READS_BLINK = 0.5, 0.6
"""Shares of the film's median lid gap below which eyes blink, and read as blinking."""
STILL, PLAIN, DIRECT, LATENTS = "still", "plain", "direct", "latents"


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A picture beside its truth. way: that drew it. turn_deg: the larger of yaw and pitch against the photo. gap: of
    the lips. wider: width of the mouth beyond the photo's. folds: detail, true and drawn. insides: of open mouths."""

    way: str
    turn_deg: float
    gap: float
    wider: float
    likeness: dict[str, Likeness]
    folds: tuple[float, float]
    insides: tuple[Inside, Inside] | None


@dataclass(frozen=True, slots=True)
class Read:
    """Motion tracked in a drawn film against the true one. errors: mean distance by group of points, in distances
    of the eyes. closed, blinks: how many there are, and how many read as such. flicker: drawn over true, by region."""

    way: str
    errors: dict[str, float]
    gap_r: float
    gap_slope: float
    closed: tuple[int, int]
    blinks: tuple[int, int]
    lid_r: float
    flicker: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Acted:
    """A film that was acted again. name: of the film."""

    name: str
    compared: tuple[Compared, ...]
    read: tuple[Read, ...]


def reenact(film: Film, generator: WarpGenerator, tracker: FaceTracker, step: int = STEP) -> Acted:
    """Return how a generator acts a film again; every ``step``-th picture is compared."""
    appearance = generator.prepare(film.portrait)
    direct = list(generator.render(appearance, keypoints_from_mesh(film.meshes)))
    latents = list(generator.render(appearance, _through_latents(film, generator, appearance)))
    ways: dict[str, Callable[[int], Pixels]] = {
        STILL: lambda k: film.portrait.image,
        PLAIN: lambda k: plain_warp(film.portrait.image, film.portrait.mesh, film.meshes[k]),
        DIRECT: direct.__getitem__,
        LATENTS: latents.__getitem__,
    }
    read = tuple(_read(film, way, drawn, tracker) for way, drawn in ((DIRECT, direct), (LATENTS, latents)))
    return Acted(film.name, tuple(_comparisons(film, ways, step)), read)


def _through_latents(film: Film, generator: WarpGenerator, appearance: WarpAppearance) -> Floats:
    """Return (T, 160, 3) keypoints of a film's steady landmarks and sound, without an emotion."""
    n = len(film.pictures)
    nothing = np.zeros((n, N_EMOTIONS), np.float32)
    driving = Driving(np.zeros(n, np.intp), landmarks_from_mesh(film.steady), film.heard, nothing)
    return generator.keypoints([appearance], [generator.initial_state(appearance)], driving)[1]


def _comparisons(film: Film, ways: dict[str, Callable[[int], Pixels]], step: int) -> Iterator[Compared]:
    home = float(mouth_width(film.portrait.mesh))
    for k in range(step, len(film.pictures), step):
        true, mesh = film.pictures[k], film.meshes[k]
        regions, turn = boxes(mesh, true.shape[:2]), float(np.abs(film.turns_deg[k, :2]).max())
        gap, wider, detail = float(lip_gap(mesh)), float(mouth_width(mesh)) - home, fold_detail(true, mesh)
        inside = inside_of_mouth(true, mesh) if gap > OPEN else None
        for way, draw in ways.items():
            drawn = draw(k)
            folds = detail, fold_detail(drawn, mesh)
            own = inside_of_mouth(drawn, mesh) if inside else None
            insides = (inside, own) if inside and own else None
            yield Compared(way, turn, gap, wider, likenesses(true, drawn, regions), folds, insides)


def _read(film: Film, way: str, drawn: Sequence[Pixels], tracker: FaceTracker) -> Read:
    true, seen = film.meshes, follow(drawn, tracker, film.portrait.mesh)
    gaps, lids = (lip_gap(true), lip_gap(seen)), (lid_gap(true), lid_gap(seen))
    closed, blinks = gaps[0] < CLOSED, lids[0] < BLINKS * np.median(lids[0])
    reads_closed, reads_blink = gaps[1] < READS_CLOSED, lids[1] < READS_BLINK * np.median(lids[1])
    middle = true.mean(0)
    restless = flicker(drawn, middle), flicker(film.pictures, middle)
    return Read(
        way,
        {name: _error(true, seen, list(points)) for name, points in GROUPS.items()},
        _r(*gaps),
        float(np.polyfit(gaps[0], gaps[1], 1)[0]),
        (int(closed.sum()), int((closed & reads_closed).sum())),
        (int(blinks.sum()), int((blinks & reads_blink).sum())),
        _r(*lids),
        {name: restless[0][name] / max(restless[1][name], 1e-6) for name in restless[0]},
    )


def _error(true: Floats, seen: Floats, points: list[int]) -> float:
    distances = np.linalg.norm(seen[:, points, :2] - true[:, points, :2], axis=2)
    return float((distances / eye_distance(true)[:, None]).mean())


def _r(first: Floats, second: Floats) -> float:
    """Return the correlation of two signals, NaN where one stands still."""
    spread = float(np.std(first) * np.std(second))
    return float(np.corrcoef(first, second)[0, 1]) if spread > 1e-12 else float("nan")
