"""Tables of films that were acted again: by region, turn, gap and smile, of mouths' insides and of motion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple
from itertools import pairwise
from typing import Final

import numpy as np

from export.evaluation.portraits.mesh_measures import BOXES, GROUPS
from export.evaluation.portraits.reenactment import DIRECT, LATENTS, PLAIN, STILL, Acted, Compared, Read
from export.evaluation.portraits.table_values import Values, mean_of
from export.evaluation.results import Found

WAYS: Final = (STILL, PLAIN, DIRECT, LATENTS)
TURNS_DEG: Final = (0, 3, 6, 10, 15, 20, 30)
GAPS: Final = (0, 0.03, 0.08, 0.15, 0.5)
WIDENING: Final = (-1, -0.05, 0.03, 0.08, 0.15, 1)


def regions(films: Sequence[Acted]) -> Found:
    """Return PSNR and SSIM by region and way: means over the films of their pictures' means."""
    values: Values = {}
    for region in BOXES:
        for way in WAYS:
            rows = [[each.likeness[region] for each in film.compared if each.way == way] for film in films]
            values[region, f"{way}_psnr_db"] = mean_of(mean_of(one.psnr_db for one in row) for row in rows)
            values[region, f"{way}_ssim"] = mean_of(mean_of(one.ssim for one in row) for row in rows)
    return Found(values)


def turns(films: Sequence[Acted]) -> Found:
    """Return SSIM of face and mouth by turn from the photo."""
    return Found(
        {
            (row, column): value
            for region in ("face", "mouth")
            for (row, column), value in _binned(films, TURNS_DEG, "°", region, lambda each: each.turn_deg).items()
        }
    )


def gaps(films: Sequence[Acted]) -> Found:
    """Return SSIM of the mouth by lip gap."""
    return Found(_binned(films, GAPS, "", "mouth", lambda each: each.gap))


def _binned(
    films: Sequence[Acted], edges: Sequence[float], unit: str, region: str, key: Callable[[Compared], float]
) -> Values:
    values: Values = {}
    pictures = [each for film in films for each in film.compared]
    for low, high in pairwise(edges):
        name = f"{low:g}…{high:g}{unit}"
        inside = [each for each in pictures if low <= key(each) < high]
        if inside:
            values[name, "n_pictures"] = len(inside) / len(WAYS)
        for way in WAYS:
            values[name, f"{way}_{region}_ssim"] = mean_of(
                each.likeness[region].ssim for each in inside if each.way == way
            )
    return values


def folds(films: Sequence[Acted]) -> Found:
    """Return the detail of the nasolabial folds, drawn over true, by how much wider the mouth is than in the photo."""
    values: Values = {}
    pictures = [each for film in films for each in film.compared]
    for low, high in pairwise(WIDENING):
        name = f"wider by {low:g}…{high:g}"
        for way in WAYS:
            pairs = [each.folds for each in pictures if each.way == way and low <= each.wider < high]
            if pairs:
                true, drawn = np.mean(pairs, 0)
                values[name, "n_pictures"] = len(pairs)
                values[name, way] = float(drawn / true)
    return Found(values)


def insides(films: Sequence[Acted]) -> Found:
    """Return the numbers of open mouths' insides, true and drawn by each way."""
    values: Values = {}
    for way in WAYS:
        pairs = [each.insides for film in films for each in film.compared if each.way == way and each.insides]
        if not pairs:
            continue
        true, drawn = (np.array([astuple(pair[k]) for pair in pairs]) for k in (0, 1))
        for place, name in enumerate(("luminance", "dark_share", "teeth_share", "rim_gradient")):
            values[name, "true"], values[name, way] = float(true[:, place].mean()), float(drawn[:, place].mean())
        values["luminance error", way] = float(np.abs(true[:, 0] - drawn[:, 0]).mean())
        values["rim over true", way] = float(drawn[:, 3].mean() / true[:, 3].mean())
        values["n_pictures", "true"] = len(pairs)
    return Found(values)


def motion(films: Sequence[Acted]) -> Found:
    """Return what tracking reads in the drawn films against the true ones."""
    values: Values = {}
    for way in (DIRECT, LATENTS):
        read = [one for film in films for one in film.read if one.way == way]
        values |= {(row, way): value for row, value in _read_rows(read).items()}
    return Found(values)


def _read_rows(read: Sequence[Read]) -> dict[str, float]:
    closed, blinks = (np.sum([getattr(one, name) for one in read], 0) for name in ("closed", "blinks"))
    return {
        **{f"landmark error, {group}": mean_of(one.errors[group] for one in read) for group in GROUPS},
        "lip gap r": mean_of(one.gap_r for one in read),
        "lip gap slope": mean_of(one.gap_slope for one in read),
        "lid gap r": mean_of(one.lid_r for one in read),
        "closed that read closed": _share(closed),
        "blinks that read as blinks": _share(blinks),
        **{f"flicker over true, {part}": mean_of(one.flicker[part] for one in read) for part in read[0].flicker},
    }


def _share(counts: Sequence[int]) -> float:
    return counts[1] / counts[0] if counts[0] else float("nan")
