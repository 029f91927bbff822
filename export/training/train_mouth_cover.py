"""Trains the classifier of covered mouths and judges it on people it has not seen.

Every portrait is drawn many times: as it is, in other light, with things beside its mouth, and with things before it.
The tracker reads each drawing anew, because a cover moves the mesh. A logistic regression with a quadratic penalty over
the counts of edges; patches are also mirrored. Cross-validation leaves half of the people out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import cv2
import numpy as np
import typer
from scipy.optimize import minimize

from export.data.motion.track import tracker_of
from export.data.pictures.covers import BEFORE, BESIDE, covered
from export.data.pictures.drawing import clothes, scene_of
from export.data.pictures.photo_changes import changed
from space_runtime.arrays import Doubles, Floats, Longs, Mask, Pixels
from space_runtime.geometry import picture_points
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.media.atomic_files import written_whole
from space_runtime.portrait.concerns import COVERED, MAYBE_COVERED
from space_runtime.portrait.mouth_cover import CoverClassifier, edge_counts, mouth_patch
from space_runtime.portrait.portrait import Portrait, open_portrait
from space_runtime.portrait.tracking import FaceTracker, region_of_mesh

PENALTY: Final = 1e-5
"""On half the squared weights, of the mean loss."""
N_CHANGED: Final = 4
"""Uncovered drawings in other light per portrait; of the others every second one is in other light."""
HIDDEN: Final = 0.5
FREE: Final = 0.05
"""Shares of the lips from which a mouth counts as covered, and up to which as free; others train nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawings:
    """N drawings. patches: (N, 45, 54). kinds: (N,). people: (N,). hidden: (N,) share of the lips, 0…1."""

    patches: Floats
    kinds: list[str]
    people: Longs
    hidden: Floats

    @property
    def is_covered(self) -> Mask:
        """True where a cover hides the lips."""
        return self.hidden > HIDDEN

    @property
    def is_used(self) -> Mask:
        """True where it is clear whether the lips are hidden."""
        return self.is_covered | (self.hidden < FREE)


def draw(portraits: list[Portrait], tracker: FaceTracker, seed: int = 1) -> Drawings:
    """Return the drawings of portraits as the tracker reads them; those in which it sees no face are left out."""
    rng = np.random.default_rng(seed)
    textures = clothes([portrait.image for portrait in portraits])
    found: list[tuple[Floats, str, int, float]] = []
    for person, portrait in enumerate(portraits):
        for kind, picture, hidden in _versions(portrait, textures, rng):
            region = region_of_mesh(tracker.read(picture, region_of_mesh(portrait.mesh)).mesh)
            face = tracker.read(picture, region)
            if face.confidence >= 0.5:
                found.append((mouth_patch(picture, picture_points(face.mesh)), kind, person, hidden))
    patches, kinds, people, hiddens = zip(*found, strict=True)
    return Drawings(np.stack(patches), list(kinds), np.array(people), np.array(hiddens, np.float32))


def _versions(
    portrait: Portrait, textures: list[Pixels], rng: np.random.Generator
) -> Iterator[tuple[str, Pixels, float]]:
    """Yield kind, picture and the hidden share of the lips."""
    yield "as it is", portrait.image, 0.0
    for _ in range(N_CHANGED):
        yield "other light", changed(portrait.image, rng), 0.0
    scene = scene_of(portrait.image, portrait.mesh, textures)
    for kind in (*BEFORE, *BESIDE):
        picture, hidden = covered(scene, kind, rng)
        yield kind, changed(picture, rng) if rng.random() < 0.5 else picture, hidden


def fit(patches: Floats, is_covered: Mask) -> CoverClassifier:
    """Return the classifier of (N, 45, 54) patches; their mirror images are learned too."""
    both = np.concatenate([patches, patches[:, :, ::-1]])
    counts = np.stack([edge_counts(np.ascontiguousarray(patch)) for patch in both]).astype(np.float64)
    x = np.column_stack([counts, np.ones(len(counts))])
    sign = np.where(np.concatenate([is_covered, is_covered]), 1.0, -1.0)

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        margins = sign * (x @ weights)
        penalty = PENALTY * np.append(weights[:-1], 0)
        slope = -(sign / (1 + np.exp(margins))) @ x / len(x) + penalty
        return float(np.logaddexp(0, -margins).mean() + penalty @ weights / 2), slope

    found: Doubles = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 3000}).x
    return CoverClassifier(found[:-1].astype(np.float32), float(found[-1]))


def scores(classifier: CoverClassifier, patches: Floats) -> Doubles:
    """Return (N,) log odds."""
    return np.array([edge_counts(patch) @ classifier.weights + classifier.bias for patch in patches], np.float64)


def cross_validate(drawings: Drawings) -> Doubles:
    """Return (N,) log odds by classifiers that have not seen the person."""
    said = np.zeros(len(drawings.patches))
    for half in (0, 1):
        held = drawings.people % 2 == half
        used = ~held & drawings.is_used
        said[held] = scores(fit(drawings.patches[used], drawings.is_covered[used]), drawings.patches[held])
    return said


def report(drawings: Drawings, said: Doubles) -> str:
    """Return the table of what is said of each kind, for people left out."""
    lines = [f"{'kind':<22} {'lips':<8} {'pictures':>8} {'nothing':>8} {'note':>8} {'refused':>8}"]
    kinds = np.array(drawings.kinds)
    for kind in dict.fromkeys(drawings.kinds):
        for hidden, label in ((True, "hidden"), (False, "free")):
            part = said[(kinds == kind) & drawings.is_used & (drawings.is_covered == hidden)]
            if len(part):
                nothing, refused = (part < MAYBE_COVERED).mean(), (part >= COVERED).mean()
                shares = f"{nothing:8.3f} {1 - nothing - refused:8.3f} {refused:8.3f}"
                lines.append(f"{kind:<22} {label:<8} {len(part):>8} {shares}")
    return "\n".join(lines)


def main(
    portraits: Annotated[Path, typer.Option(help="A folder of photos.")] = Path("../shared/data/portraits"),
    models: Annotated[Path, typer.Option(help="The folder of the tracker's networks.")] = EMBEDDED,
    to: Annotated[Path, typer.Option(help="The file to write.")] = EMBEDDED / "mouth_cover.npz",
) -> None:
    """Train the classifier of covered mouths, print how good it is, and write it: ten minutes of one core."""
    cv2.setNumThreads(1)
    tracker = tracker_of(models)
    drawings = draw([open_portrait(photo, tracker) for photo in sorted(portraits.glob("*.jpg"))], tracker)
    typer.echo(report(drawings, cross_validate(drawings)))
    save(fit(drawings.patches[drawings.is_used], drawings.is_covered[drawings.is_used]), to)


def save(classifier: CoverClassifier, to: Path) -> None:
    """Write the classifier as the runtime reads it."""
    with written_whole(to) as path, path.open("wb") as file:
        np.savez(file, weights=classifier.weights, bias=np.float32(classifier.bias))


if __name__ == "__main__":
    typer.run(main)
