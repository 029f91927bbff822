"""Measures of a refiner: films acted again without and with it, against what was filmed; flicker; cost of a picture."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from rich.progress import track
from rich.table import Table

from export.evaluation.portraits.films import Film
from export.evaluation.portraits.mesh_measures import boxes
from export.evaluation.portraits.picture_measures import Likeness, flicker, likenesses
from export.evaluation.portraits.reenactment import STEP
from export.refiner.pairs import usable
from export.refiner.people import Passage, films_of
from space_runtime.arrays import Pixels
from space_runtime.portrait.tracking import FaceTracker
from space_runtime.rendering.refiner import RefinedGenerator
from space_runtime.rendering.warp.keypoints import keypoints_from_mesh

REGIONS: Final = ("mouth", "face")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A film as it was drawn. likeness: by region, mean over pictures. flicker: of the mouth, drawn over true."""

    likeness: dict[str, Likeness]
    flicker: float


@dataclass(frozen=True, slots=True)
class Judged:
    """A film drawn without and with the refiner. ms: processor time of a picture, drawn and then refined."""

    name: str
    before: Drawn
    after: Drawn
    ms: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Worth:
    """Means over films. n, n_better: films, and those whose mouths have a higher PSNR with the refiner."""

    n: int
    n_better: int
    before: Drawn
    after: Drawn
    ms: tuple[float, float]

    def told(self, region: str) -> str:
        """Return PSNR and SSIM of a region without and with the refiner, for people."""
        one, other = (drawn.likeness[region] for drawn in (self.before, self.after))
        return f"{one.psnr_db:.2f} dB, {one.ssim:.3f} -> {other.psnr_db:.2f} dB, {other.ssim:.3f}"


def judge(passages: Sequence[Passage], refined: RefinedGenerator, tracker: FaceTracker, what: str) -> Worth | None:
    """Return what a refiner is worth on passages, None where none of them can be used. what: named on the screen."""
    films = track(films_of(passages, tracker), what, total=len(passages))
    judged = [judge_film(film, refined) for film in films if len(usable(film)) > STEP]
    return worth(judged) if judged else None


def judge_film(film: Film, refined: RefinedGenerator) -> Judged:
    """Return how like its truth a film is that is acted again from its first picture, without and with a refiner."""
    appearance, keypoints = refined.prepare(film.portrait), keypoints_from_mesh(film.meshes)
    begin = time.process_time()
    before = refined.warp.render(appearance.drawn, keypoints)
    middle = time.process_time()
    after = before.copy()
    for picture, points in zip(after, keypoints, strict=True):
        refined.refine(picture, appearance, points)
    ms = [1000 * seconds / len(keypoints) for seconds in (middle - begin, time.process_time() - middle)]
    return Judged(film.name, _drawn(film, list(before)), _drawn(film, list(after)), (ms[0], ms[1]))


def _drawn(film: Film, pictures: list[Pixels]) -> Drawn:
    places = [k for k in usable(film) if k][::STEP]
    size = film.pictures[0].shape[:2]
    found = [likenesses(film.pictures[k], pictures[k], boxes(film.meshes[k], size)) for k in places]
    middle = film.meshes.mean(0)
    restless = flicker(pictures, middle)["mouth"] / max(flicker(film.pictures, middle)["mouth"], 1e-6)
    return Drawn({region: _mean([each[region] for each in found]) for region in REGIONS}, restless)


def worth(judged: Sequence[Judged]) -> Worth:
    """Return the means over films."""
    better = [one.after.likeness["mouth"].psnr_db > one.before.likeness["mouth"].psnr_db for one in judged]
    before, after = (_mean_drawn([getattr(one, name) for one in judged]) for name in ("before", "after"))
    ms = np.median([one.ms for one in judged], 0)
    return Worth(len(judged), sum(better), before, after, (float(ms[0]), float(ms[1])))


def _mean_drawn(drawn: Sequence[Drawn]) -> Drawn:
    regions = {region: _mean([each.likeness[region] for each in drawn]) for region in REGIONS}
    return Drawn(regions, float(np.mean([each.flicker for each in drawn])))


def _mean(likeness: Sequence[Likeness]) -> Likeness:
    return Likeness(*np.mean([(each.psnr_db, each.ssim) for each in likeness], 0).tolist())


def table(found: dict[str, Worth]) -> Table:
    """Return the measures of groups of films for the screen."""
    shown = Table(title="PSNR and SSIM without and with the refiner")
    for heading in ("films", "mouth", "face", "mouths better", "flicker of the mouth", "ms a picture"):
        shown.add_column(heading)
    for name, one in found.items():
        restless, ms = f"{one.before.flicker:.2f} -> {one.after.flicker:.2f}", f"{one.ms[0]:.1f} + {one.ms[1]:.1f}"
        shown.add_row(name, one.told("mouth"), one.told("face"), f"{one.n_better} of {one.n}", restless, ms)
    return shown
