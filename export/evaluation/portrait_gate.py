"""Counts what the gate says of portraits as they are, in other light, covered, cut, with shut eyes, blurred and small.

``python -m export.evaluation.portrait_gate --portraits FOLDER``. Nothing of the pictures is kept.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from export.data.pictures.covers import BEFORE, BESIDE, covered
from export.data.pictures.drawing import clothes, scene_of
from export.data.pictures.faults import FAULTS, HARMLESS
from export.data.pictures.photo_changes import changed
from space_runtime.arrays import Pixels
from space_runtime.errors import MediaError
from space_runtime.portrait.portrait import Portrait, open_portrait, open_tracker, portrait_from_pixels
from space_runtime.portrait.tracking import FaceTracker


def versions(portrait: Portrait, textures: list[Pixels], rng: np.random.Generator) -> Iterator[tuple[str, Pixels]]:
    """Yield kinds of pictures of a portrait; those that begin with ``ok`` should be taken without a word."""
    scene = scene_of(portrait.image, portrait.mesh, textures)
    yield "ok: framed", portrait.image
    yield "ok: other light", changed(portrait.image, rng)
    for kind in BESIDE:
        yield f"ok: {kind}", covered(scene, kind, rng)[0]
    for kind, fault in HARMLESS.items():
        yield f"ok: {kind}", np.ascontiguousarray(fault(scene))
    for kind in BEFORE:
        picture, hidden = covered(scene, kind, rng)
        if hidden > 0.5:
            yield f"covered: {kind}", picture
    for kind, fault in FAULTS.items():
        yield kind, np.ascontiguousarray(fault(scene))


def said_of(picture: Pixels, tracker: FaceTracker) -> str:
    """Return what the gate says: nothing, a note or a refusal."""
    try:
        return "note" if portrait_from_pixels(picture, tracker, "photo").note else "nothing"
    except MediaError:
        return "refused"


def main(
    portraits: Annotated[Path, typer.Option(help="A folder of photos.")],
    every: Annotated[int, typer.Option(help="Take every so manieth photo for the drawn versions.")] = 8,
) -> None:
    """Print the table: kind of picture, how many, and the shares of what is said."""
    tracker, rng, said = open_tracker(), np.random.default_rng(3), defaultdict[str, Counter[str]](Counter)
    opened: list[Portrait] = []
    for photo in sorted(portraits.glob("*.jpg")):
        try:
            opened.append(open_portrait(photo, tracker))
            answer = opened[-1].note
            said["ok: as it is"]["note" if answer else "nothing"] += 1
        except MediaError as error:
            answer = str(error)
            said["ok: as it is"]["refused"] += 1
        if answer:
            typer.echo(f"{photo.name}: {answer}")
    for portrait in opened[::every]:
        for kind, picture in versions(portrait, clothes([each.image for each in opened]), rng):
            said[kind][said_of(picture, tracker)] += 1
    typer.echo(table(said))


def table(said: dict[str, Counter[str]]) -> str:
    """Return a line of shares for each kind."""
    lines = [f"{'kind':<28} {'pictures':>8} {'nothing':>8} {'note':>8} {'refused':>8}"]
    for kind, counts in said.items():
        shares = (counts[answer] / counts.total() for answer in ("nothing", "note", "refused"))
        lines.append(f"{kind:<28} {counts.total():>8} " + " ".join(f"{share:8.2f}" for share in shares))
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
