"""The film as blendshape weights: every tracked frame fitted with the rig's identity and its 52 bounded weights.

The same rig that the runtime uses reads the film, so its weights are what a perfect Speech2Landmarks would make the
runtime say. Weights are bounded to 0…1 and held to the last frame's (`Rig.solve`). ::

    python -m export fit --film grid_s1
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from rich.progress import track

from export.data.corpora import aligned_talks
from export.data.motion.films import Talk
from export.data.motion.motion_space import rest_of
from space_runtime.arrays import Floats
from space_runtime.inference.bundle import load_bundle
from space_runtime.media.atomic_files import written_whole
from space_runtime.rig.rig import Rig, RigState

MOUTH_AND_JAW: Final = (*range(3, 14), *range(48, 68))


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """weights: (T, 52) 0…1. errors: (T, 78) distance of each landmark to its fitted place, over the eye distance."""

    weights: Floats
    errors: Floats


def fit(rig: Rig, talk: Talk, rest: Floats) -> Fit:
    """Return the weights of a filmed sentence whose speaker rests in the face (78, 3)."""
    identity = rig.adapt(rest)
    # What the photo's own expression was taken to be is put back: the film's rest face is at rest.
    offset = identity.neutral - rest
    state, weights, errors = RigState.cold(), [], []
    for landmarks in talk.landmarks:
        state, found, eyes = rig.solve(identity, state, landmarks + offset)
        weights.append(found)
        errors.append(np.linalg.norm(rig.face(identity, found, eyes) - landmarks - offset, axis=-1))
    return Fit(np.stack(weights), np.stack(errors).astype(np.float32))


def main(
    data: Annotated[Path, typer.Option(help="The folder with the films.")] = Path("../shared/data"),
    cache: Annotated[Path, typer.Option(help="Where prepared data are; the weights go there too.")] = Path(".cache"),
    film: Annotated[str, typer.Option(help="grid_s1 or grid_others.")] = "grid_s1",
    every: Annotated[int, typer.Option(help="Fit one sentence in so many.")] = 1,
) -> None:
    """Fit a film and print the error."""
    rig = Rig.from_arrays(dict(load_bundle().arrays("rig")))
    talks = aligned_talks(data, cache, film)[::every]
    fits = [fit(rig, talk, rest_of(talk, phones, None)) for talk, phones in track(talks, "fitting")]
    with written_whole(cache / f"weights_{film}.npz") as path, path.open("wb") as file:
        weights = {talk.clip: found.weights for (talk, _), found in zip(talks, fits, strict=True)}
        np.savez(file, **weights)  # type: ignore[arg-type]  # no clip is "allow_pickle"
    errors = np.concatenate([found.errors for found in fits])
    for name, points in (("lips", [*range(48, 68)]), ("mouth and jaw", [*MOUTH_AND_JAW])):
        part = errors[:, points]
        print(f"{name}: mean {part.mean():.2%}, 95 % {np.quantile(part, 0.95):.2%} of the eye distance")


if __name__ == "__main__":
    typer.run(main)
