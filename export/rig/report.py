"""Report of the rig's accuracy: known weights on random faces, turned to landmarks, solved, and compared.

Its text is docs/rig.md's tables: ``python -m export.rig.build_rig --report``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine_bridge.protocol.arkit import ARKIT_NAMES
from export.rig.face_model import FaceModel, lid_centres, read_face_model
from space_runtime.arrays import Floats
from space_runtime.geometry import normalise
from space_runtime.rig.identity import unknown_motion
from space_runtime.rig.rig import Rig, RigState
from space_runtime.rig.shapes import (
    LOOK_ROWS,
    OPPOSITES,
    SHAPE,
    SOLVED_ROWS,
    UNSEEN,
    landmark_precision,
    prior_deviations,
)

Mix = Callable[[np.random.Generator], Floats]

SEEN_FROM = 0.8
"""A shape counts as seen when the landmarks explain at least this part of its weight's prior variance."""
TRACKING_NOISE = 0.003
"""Standard deviation of each coordinate in the noisy column: 0.2 pixels on a face 130 pixels wide."""


def acted(rng: np.random.Generator) -> Floats:
    """Return (52,) weights as an actor shows them: 4…8 active shapes of any strength, both sides mostly together, no
    shape beside its opposite, mouthClose ≤ jawOpen."""
    weights = np.zeros(len(ARKIT_NAMES), np.float32)
    wanted = rng.integers(4, 9)
    for row in rng.permutation(SOLVED_ROWS):
        if np.count_nonzero(weights) >= wanted:
            break
        strength = rng.uniform(0.05, 1.0)
        twin = _twin(int(row))
        for side in (int(row), twin) if twin is not None and rng.random() < 0.7 else (int(row),):
            if not _opposed(side, weights):
                weights[side] = np.clip(strength + rng.normal(0, 0.05), 0, 1)
    return _with_jaw(weights)


def independent(chance: float) -> Mix:
    """Return a mix in which each shape is active with this chance, alone of the others, uniform in 0…1."""

    def mix(rng: np.random.Generator) -> Floats:
        weights = np.zeros(len(ARKIT_NAMES), np.float32)
        rows = list(SOLVED_ROWS)
        weights[rows] = rng.uniform(0, 1, len(rows)) * (rng.random(len(rows)) < chance)
        return _with_jaw(weights)

    return mix


def _twin(row: int) -> int | None:
    name = ARKIT_NAMES[row]
    other = name.replace("Left", "Right") if "Left" in name else name.replace("Right", "Left")
    return None if other == name or (name, other) in OPPOSITES or (other, name) in OPPOSITES else SHAPE[other]


def _opposed(row: int, weights: Floats) -> bool:
    pairs = [(SHAPE[one], SHAPE[other]) for one, other in OPPOSITES]
    return any(weights[b] if a == row else weights[a] if b == row else False for a, b in pairs)


def _with_jaw(weights: Floats) -> Floats:
    close, jaw = SHAPE["mouthClose"], SHAPE["jawOpen"]
    weights[close] = min(weights[close], weights[jaw])
    return weights


def make_face(model: FaceModel, identity: Floats, weights: Floats) -> Floats:
    """Return (78, 3) normalised landmarks of (k,) identity coefficients and (52,) weights."""
    shape = model.mean + np.tensordot(identity, model.identities, 1) + np.tensordot(weights, model.shapes, 1)
    return normalise(shape.astype(np.float32))[0]


def round_trip_errors(
    rig: Rig, model: FaceModel, mix: Mix, n_faces: int, photo: Mix | None = None, noise: float = 0.0
) -> Floats:
    """Return (52,) mean absolute errors of the weights of ``n_faces`` random faces, each of another random identity.

    The rig is adapted to the identity's neutral face, or to one with the expression ``photo``; ``noise`` is added to
    every coordinate of what is solved.
    """
    rng = np.random.default_rng(0)
    errors = np.zeros((n_faces, len(ARKIT_NAMES)), np.float32)
    for row in range(n_faces):
        person, weights = rng.normal(size=len(model.identities)).astype(np.float32), mix(rng)
        shown = photo(rng) if photo else np.zeros_like(weights)
        identity = rig.adapt(make_face(model, person, shown))
        landmarks = make_face(model, person, weights) + rng.normal(0, noise, model.mean.shape).astype(np.float32)
        errors[row] = np.abs(rig.solve(identity, RigState.cold(), landmarks)[1] - weights)
    mean: Floats = errors.mean(0)
    return mean


def seen_rows(rig: Rig) -> list[int]:
    """Return the shapes, of those that are solved for, whose weight the landmarks of the mean face tell."""
    return [row for row, part in explained(rig).items() if part >= SEEN_FROM]


def explained(rig: Rig) -> dict[int, float]:
    """Return the part, 0…1, of each weight's prior variance that the landmarks of the mean face explain, by its row.

    All other shapes are unknown as well.
    """
    motion, prior = unknown_motion(rig.neutral_identity().basis), 1.0 / prior_deviations() ** 2
    left = np.linalg.inv(motion @ landmark_precision() @ motion.T + np.diag(prior))
    return dict(zip(SOLVED_ROWS, 1.0 - np.diag(left) * prior, strict=True))


def mild(rng: np.random.Generator) -> Floats:
    """Return the expression of a photo: half of what `acted` gives."""
    return acted(rng) * np.float32(0.5)


def report(rig: Rig, data: Path, n_faces: int = 400) -> str:
    """Return the tables of docs/rig.md, measured on ICT-FaceKit itself, not on the rig's own arrays."""
    model = read_face_model(data, rig.mean[68:] - lid_centres(rig.mean))
    columns = {
        "acted": round_trip_errors(rig, model, acted, n_faces),
        "acted, noise": round_trip_errors(rig, model, acted, n_faces, noise=TRACKING_NOISE),
        "acted, photo with expression": round_trip_errors(rig, model, acted, n_faces, photo=mild),
        "each at 25 %": round_trip_errors(rig, model, independent(0.25), n_faces),
        "all at once": round_trip_errors(rig, model, independent(1.0), n_faces),
    }
    seen = seen_rows(rig)
    rest = [row for row in SOLVED_ROWS if row not in seen]
    return "\n".join([*_summary(columns, seen, rest), "", *_per_shape(rig, model, columns, seen), "", *_rest()])


def _summary(columns: dict[str, Floats], seen: list[int], rest: list[int]) -> list[str]:
    lines = [f"| mean absolute error | seen ({len(seen)}) | hardly seen ({len(rest)}) |", "|---|---|---|"]
    return lines + [
        f"| {name} | {error[seen].mean():.3f} | {error[rest].mean():.3f} |" for name, error in columns.items()
    ]


def _per_shape(rig: Rig, model: FaceModel, columns: dict[str, Floats], seen: list[int]) -> list[str]:
    parts = explained(rig)
    lines = ["| shape | seen | explained | largest motion | " + " | ".join(columns) + " |"]
    lines.append("|---" * (len(columns) + 4) + "|")
    for row in sorted(SOLVED_ROWS, key=lambda row: -parts[row]):
        motion = np.linalg.norm(model.shapes[row], axis=-1).max()
        errors = " | ".join(f"{error[row]:.3f}" for error in columns.values())
        mark = "yes" if row in seen else "hardly"
        lines.append(f"| {ARKIT_NAMES[row]} | {mark} | {parts[row]:.2f} | {motion:.3f} | {errors} |")
    return lines


def _rest() -> list[str]:
    looks = ", ".join(ARKIT_NAMES[row] for row in LOOK_ROWS)
    return [f"From the gaze, not from the lids: {looks}.", "", f"Not from landmarks: {', '.join(UNSEEN)}."]
