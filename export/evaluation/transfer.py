"""Measures of motion taken over from a driver: his take beside that of the driven pictures, tracked again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats
from space_runtime.capture.driver import find_driver
from space_runtime.capture.take import Take
from space_runtime.rig.rig import Rig
from space_runtime.rig.shapes import IRIS_POINTS, SHAPE

SETTLED: Final = 12
"""Rows at the beginning that are not judged."""
BOTH: Final = ("Left", "Right")
EXPRESSIONS: Final = {
    "brows": (("browInnerUp", 1.0), *((f"browOuterUp{s}", 0.5) for s in BOTH), *((f"browDown{s}", -0.5) for s in BOTH)),
    "lids": tuple((f"eyeBlink{s}", 0.5) for s in BOTH),
    "mouth corners": (
        *((f"mouthSmile{s}", 0.5) for s in BOTH),
        *((f"mouthFrown{s}", -0.5) for s in BOTH),
    ),
    "jaw": (("jawOpen", 1.0),),
}
"""Sums of weights that say how high, shut or wide a part is: neighbouring shapes share a motion as they like."""
LEAST_POSE_R, MOST_POSE_DEG, LEAST_EXPRESSION_R = 0.95, 2.0, 0.8


@dataclass(frozen=True, slots=True)
class Measured:
    """A line of the table. r: of driver and driven. error_deg: mean, the constant part off; None for weights. slope: of
    driven over driver. accepted: None where nothing is asked."""

    name: str
    r: float
    error_deg: float | None
    slope: float
    accepted: bool | None


def pose_measures(driver: Take, driven: Take) -> Iterator[Measured]:
    """Yield the measures of yaw, pitch and roll."""
    rows = _judged(driver, driven)
    for column, name in enumerate(("yaw", "pitch", "roll")):
        wanted, seen = (np.degrees(take.head[rows, column].astype(np.float64)) for take in (driver, driven))
        off = seen - wanted
        error, r = float(np.abs(off - off.mean()).mean()), _r(wanted, seen)
        yield Measured(name, r, error, _slope(wanted, seen), r >= LEAST_POSE_R and error <= MOST_POSE_DEG)


def expression_measures(driver: Take, driven: Take) -> Iterator[Measured]:
    """Yield the measures of `EXPRESSIONS`."""
    rows = _judged(driver, driven)
    for name, parts in EXPRESSIONS.items():
        wanted, seen = (
            sum((part * take.blendshapes[rows, SHAPE[shape]].astype(np.float64) for shape, part in parts), np.zeros(1))
            for take in (driver, driven)
        )
        r = _r(wanted, seen)
        yield Measured(name, r, None, _slope(wanted, seen), r >= LEAST_EXPRESSION_R)


def gaze_measures(driver: Take, driven: Take) -> Iterator[Measured]:
    """Yield the measures of where both eyes look in space; nothing is asked of them."""
    rows = _judged(driver, driven)
    for column, name in enumerate(("gaze yaw", "gaze pitch")):
        wanted, seen = (
            np.degrees((take.eyes_rad[rows, :, column].mean(1) + take.head[rows, column]).astype(np.float64))
            for take in (driver, driven)
        )
        off = seen - wanted
        yield Measured(name, _r(wanted, seen), float(np.abs(off - off.mean()).mean()), _slope(wanted, seen), None)


def face_of(take: Take, rig: Rig) -> Floats:
    """Return the (68, 3) neutral face of the person in a tracked take, without irises."""
    assert take.landmarks is not None
    seen = np.flatnonzero(take.confidence > 0)
    neutral = find_driver(rig, take.landmarks, take.head[:, :3], seen).identity.neutral
    return np.delete(neutral, [point for iris in IRIS_POINTS for point in range(iris.start, iris.stop)], axis=0)


def distance(one: Floats, other: Floats) -> float:
    """Return the mean distance of the points of two faces, in outer-eye-corner distances."""
    return float(np.linalg.norm(one - other, axis=1).mean())


def _judged(driver: Take, driven: Take) -> slice:
    return slice(SETTLED, min(driver.n_rows, driven.n_rows) - SETTLED)


def _r(wanted: Doubles, seen: Doubles) -> float:
    return float(np.corrcoef(wanted, seen)[0, 1]) if np.ptp(wanted) and np.ptp(seen) else 0.0


def _slope(wanted: Doubles, seen: Doubles) -> float:
    return float(np.polyfit(wanted, seen, 1)[0]) if np.ptp(wanted) else 0.0
