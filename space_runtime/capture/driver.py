"""The person in a video as the rig sees one: his neutral face, from the pictures in which he does least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.arrays import Floats, Index, Reals
from space_runtime.geometry import normalise
from space_runtime.rig.identity import RigIdentity
from space_runtime.rig.rig import Rig, RigState
from space_runtime.rig.shapes import LOOK_ROWS

REST_SHARE: Final = 0.15
"""Share of the rows that count as rest."""
LEAST_ROWS: Final = 5
FRONTAL_RAD: Final = np.radians(12.0)
"""Angle from the pose that is held most beyond which a face is not looked at for its rest."""
TRIED: Final = 600
"""Rows among which the rest is looked for, evenly over the take."""
ROWS_TOGETHER: Final = 2_048

_OTHERS: Final = [row for row in range(len(ARKIT_NAMES)) if row not in LOOK_ROWS]


@dataclass(frozen=True, slots=True, eq=False)
class Driver:
    """A person. identity: of the rig. rest: rows of the take in which he rests, times rising."""

    identity: RigIdentity
    rest: Index


def find_driver(rig: Rig, landmarks: Floats, rotations: Reals, seen: Index) -> Driver:
    """Return the person in (T, 78, 3) normalised landmarks.

    rotations: (T, 3) of the head. seen: the rows that show his face. His rest is looked for where his head is as it is
    most of the time: first a face is made of the median, then of the rows in which that face does least.
    """
    rows = seen[np.linspace(0, len(seen) - 1, min(TRIED, len(seen))).astype(np.intp)]
    away = np.abs(rotations[rows] - np.median(rotations[rows], axis=0)).max(1)
    near = rows[away <= max(FRONTAL_RAD, float(np.quantile(away, 2 * REST_SHARE)))]
    first = rig.adapt(_median(landmarks[near]))
    done = solved(rig, first, landmarks[near])[0][:, _OTHERS].sum(1)
    n_rest = min(len(near), max(LEAST_ROWS, round(REST_SHARE * len(near))))
    rest = np.sort(near[np.argsort(done, kind="stable")[:n_rest]])
    return Driver(rig.adapt(_median(landmarks[rest])), rest)


def solved(rig: Rig, identity: RigIdentity, landmarks: Floats) -> tuple[Floats, Floats]:
    """Return (T, 52) weights and (T, 2, 2) eye rotations, each row for itself: nothing lags."""
    parts = [landmarks[first : first + ROWS_TOGETHER] for first in range(0, len(landmarks), ROWS_TOGETHER)]
    found = [rig.solve(identity, RigState.cold(len(part)), part) for part in parts]
    return np.concatenate([weights for _, weights, _ in found]), np.concatenate([eyes for _, _, eyes in found])


def _median(landmarks: Floats) -> Floats:
    """Return (78, 3) the median face, normalised."""
    middle: Floats = np.median(landmarks, axis=0).astype(np.float32)
    return normalise(middle)[0]
