"""``python -m export sheet``: a contact sheet, a row for each portrait and a column for each thing that it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import cv2
import numpy as np
import typer

from export.evaluation.portraits.acting import MOMENTS, Actor
from export.evaluation.portraits.portrait_set import photos_in
from space_runtime.arrays import Pixels
from space_runtime.errors import MediaError, OutputError, UsageError, counted
from space_runtime.inference.bundle import load_bundle
from space_runtime.media.atomic_files import written_whole
from space_runtime.portrait.landmark_file import landmarks_beside
from space_runtime.portrait.portrait import Portrait, open_portrait, open_tracker
from space_runtime.portrait.tracking import FaceTracker

HEAD: Final = 24
"""Rows of a sheet's headline, and of a portrait's name."""
INK, PAPER = 30, 245
ENDINGS: Final[dict[str, list[int]]] = {
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 90],
    ".png": [],
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 92],
}
"""Formats of a sheet, and how they are written."""
MOST_SIDE: Final = 16_383
"""Pixels on a side of a WebP picture."""


def portraits_in(folder: Path, tracker: FaceTracker, every: int = 1) -> Iterator[tuple[str, Portrait]]:
    """Yield the name and the portrait of every so manieth picture that is taken; of the others, say why not.

    A picture whose landmarks lie beside it, ``NAME.landmarks.json``, is taken by these: a drawing.
    """
    for path in photos_in(folder)[::every]:
        try:
            yield path.stem, open_portrait(path, tracker, landmarks=landmarks_beside(path))
        except MediaError as why:
            typer.echo(f"left out: {why}", err=True)


def sheet(rows: list[tuple[str, dict[str, Pixels]]], side: int) -> Pixels:
    """Return the sheet of portraits' names with their pictures by moment, each ``side`` pixels wide and high."""
    moments = list(rows[0][1])
    drawn = [_headline(moments, side)]
    for name, pictures in rows:
        drawn.append(_headline([name] + [""] * (len(moments) - 1), side))
        drawn.append(np.hstack([_small(pictures[moment], side) for moment in moments]))
    return np.vstack(drawn)


def _small(picture: Pixels, side: int) -> Pixels:
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _headline(words: list[str], side: int) -> Pixels:
    line: Pixels = np.full((HEAD, side * len(words), 3), PAPER, np.uint8)
    for place, word in enumerate(words):
        cv2.putText(
            line, word, (place * side + 6, HEAD - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (INK,) * 3, 1, cv2.LINE_AA
        )
    return line


def write_sheet(picture: Pixels, path: Path) -> None:
    """Write a sheet as the ending of ``path`` says. Raises `OutputError`."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise OutputError(f"{path.name} is no picture file that can be written; name it .webp, .png or .jpg")
    if max(picture.shape) > MOST_SIDE and ending == ".webp":
        raise OutputError(
            f"{path.name} would be {max(picture.shape)} pixels long, WebP ends at {MOST_SIDE}; take fewer portraits"
            " (--every), a smaller --side, or write a .png"
        )
    with written_whole(path) as partial:
        partial.write_bytes(cv2.imencode(ending, picture[..., ::-1], ENDINGS[ending])[1].tobytes())


def main(
    portraits: Annotated[
        Path, typer.Option(help="A folder of photos, and of drawings beside their NAME.landmarks.json.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The picture to write: .webp, .png or .jpg.")],
    every: Annotated[int, typer.Option(min=1, help="Take every so manieth photo.")] = 1,
    side: Annotated[int, typer.Option(min=64, max=512, help="Pixels of each picture.")] = 256,
    only: Annotated[list[str] | None, typer.Option(help="This column alone; may be given several times.")] = None,
) -> None:
    """Draw a contact sheet of the portraits in a folder: neutral, open mouth, emotions, blink, gaze, turns."""
    cv2.setNumThreads(1)
    for name in only or ():
        if name not in MOMENTS:
            raise UsageError(f"there is no column {name!r}; the columns are {', '.join(MOMENTS)}")
    bundle = load_bundle()
    moments = tuple(only or MOMENTS)
    chosen = portraits_in(portraits, open_tracker(bundle), every)
    rows = [(name, Actor.of(portrait, bundle).moments(moments)) for name, portrait in chosen]
    if not rows:
        raise UsageError(f"no photo in {portraits} shows a usable face; name a folder of portraits")
    write_sheet(sheet(rows, side), output)
    typer.echo(f"{output}: {counted(len(rows), 'portrait')}, {counted(len(moments), 'column')}")


if __name__ == "__main__":
    typer.run(main)
