"""Tables of a folder of portraits: how their photos are cut, and what they show when they act."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from export.evaluation.portraits.portrait_set import SMILES, Judged
from export.evaluation.portraits.table_values import Values, mean_of
from export.evaluation.results import Found

PADDED: Final = (0.01, 0.05, 0.15)
ENLARGED: Final = 1.2
FAR_TURNED_DEG: Final = 12.0
FAR_LID: Final = 20.0
"""Lab distance from which a shut lid is seen to have another colour."""
READS_BLINK: Final = 0.6
STRIPED: Final = 1.5
"""Change down over that across from which skin is seen to be drawn out."""
HAPPY: Final = "happy"
NO_SMILE: Final = 0.15
"""Weight of a smile that is not seen."""
ALIKE: Final = 0.2
"""Share of the median within which the smiles of portraits are alike."""
TENTH: Final = 0.1


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: of: a portrait's number, NaN for none. more: that more of it is better. good: of a number."""

    of: Callable[[Judged], float]
    more: bool = False
    good: Callable[[float], bool] | None = None


ROWS: Final = {
    "lid colour, Lab distance": Row(lambda one: one.lid, good=lambda value: value <= FAR_LID),
    "blink over open": Row(lambda one: one.blink, good=lambda value: value < READS_BLINK),
    "gaze of 20°, share seen": Row(lambda one: one.gaze, more=True, good=lambda value: abs(value - 1) <= 0.15),
    "closures at p, b, m": Row(
        lambda one: one.closures[0] / max(1, one.closures[1]), True, lambda value: value >= 0.95
    ),
    "stripes at ±25°": Row(lambda one: one.stripes, good=lambda value: value <= STRIPED),
    "contour steps at ±15°, px": Row(lambda one: one.steps, good=lambda value: value <= 1),
    "identity at neutral": Row(lambda one: one.identity[0]),
    "identity at ±15°": Row(lambda one: one.identity[1]),
    "chroma inside over lips": Row(lambda one: one.chroma, good=lambda value: value <= 1),
    "dark share, open": Row(lambda one: one.inside.dark if one.inside else np.nan),
    "spectacles' bend, surprised, px": Row(lambda one: one.bend[0], good=lambda value: value < 1),
    "spectacles' bend, blink, px": Row(lambda one: one.bend[1], good=lambda value: value < 1),
    "teeth share, open": Row(lambda one: one.inside.teeth if one.inside else np.nan, more=True),
}


def framings(portraits: Sequence[Judged]) -> Found:
    """Return how portraits were cut from their photos: shares of all."""
    frames = [each.framing for each in portraits]
    rows = {f"padded > {share:.0%}": [frame.padded > share for frame in frames] for share in PADDED}
    rows |= {
        f"enlarged > {ENLARGED:g}×": [frame.enlarged > ENLARGED for frame in frames],
        "padded and enlarged": [frame.padded > PADDED[0] and frame.enlarged > ENLARGED for frame in frames],
        f"turned > {FAR_TURNED_DEG:g}°": [frame.turned_deg > FAR_TURNED_DEG for frame in frames],
        "with a note": [frame.noted for frame in frames],
    }
    values: Values = {(row, "portraits"): mean_of(map(float, met)) for row, met in rows.items()}
    return Found(values | {("n_portraits", "portraits"): float(len(frames))})


def actions(portraits: Sequence[Judged]) -> Found:
    """Return what portraits show when they act: the mean, the worst tenth, and the share that is good."""
    values: Values = {}
    for name, row in {**ROWS, **_smile_rows(portraits)}.items():
        numbers = [number for number in map(row.of, portraits) if np.isfinite(number)]
        if not numbers:
            continue
        values[name, "mean"] = mean_of(numbers)
        values[name, "worst_tenth"] = float(np.quantile(numbers, TENTH if row.more else 1 - TENTH))
        if row.good is not None:
            values[name, "share_good"] = mean_of(float(row.good(number)) for number in numbers)
    return Found(values)


def _smile_rows(portraits: Sequence[Judged]) -> dict[str, Row]:
    """Return a row for the smile read at each moment: happy ones shall be alike, at all others there shall be none."""
    rows = {f"smile read at {moment}": _no_smile(moment) for moment in SMILES if moment != HAPPY}
    rows[f"smile read at {HAPPY}"] = _alike(portraits, lambda one: one.smiles[HAPPY])
    rows[f"smile from rest at {HAPPY}"] = _alike(portraits, lambda one: one.from_rest)
    return rows


def _no_smile(moment: str) -> Row:
    return Row(lambda one: one.smiles[moment], good=lambda value: value < NO_SMILE)


def _alike(portraits: Sequence[Judged], of: Callable[[Judged], float]) -> Row:
    usual = max(float(np.median([of(each) for each in portraits])), 1e-6)
    return Row(of, True, lambda value: abs(value / usual - 1) <= ALIKE)
