"""``space-runtime landmarks``: a page on which a person places the landmarks of a face that is not found."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from space_runtime.arrays import Pixels
from space_runtime.commands.shared_options import BundleFolder, Debug
from space_runtime.errors import one_line
from space_runtime.inference.bundle import load_bundle
from space_runtime.media.atomic_files import prepared_file, written_whole
from space_runtime.media.image_file import read_picture
from space_runtime.media.result_names import check_ending
from space_runtime.portrait.landmark_file import PlacedLandmarks, read_landmarks
from space_runtime.portrait.landmarks_page import completed, landmarks_page, tracked_start
from space_runtime.portrait.portrait import open_tracker


def landmarks_command(
    photo: Annotated[Path, typer.Argument(help="A picture of one face: drawing, statue, photo.", metavar="PHOTO")],
    page: Annotated[
        Path | None, typer.Option(help="The page's file, .html; by default beside you, named after the picture.")
    ] = None,
    landmarks: Annotated[Path | None, typer.Option(help="Landmarks to go on from, saved before.")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Write the page, open no browser.")] = False,
    bundle: BundleFolder = None,
    debug: Debug = False,
) -> None:
    """Place the landmarks of a face by hand: writes a page with the picture, which saves them for --landmarks.

    The points lie where the tracker sees them, or where three clicks say. Nothing leaves this machine.
    """
    target = page or Path(f"{photo.stem}.landmarks.html")
    check_ending("the page is HTML", target, ".html", ".htm", example="face")
    with prepared_file(target):
        picture = read_picture(photo)
        start = _start(picture, photo.name, landmarks, bundle)
        text = landmarks_page(picture, photo.name, start)
        with written_whole(target) as partial:
            partial.write_text(text, "utf-8")
    how = "" if start is not None else "; no face was found, three clicks say where it is"
    print(one_line(f"{target}: open it in a browser, place the points and save them{how}"))
    if not no_open:
        webbrowser.open(target.resolve().as_uri())


def _start(picture: Pixels, name: str, landmarks: Path | None, bundle: Path | None) -> PlacedLandmarks | None:
    """Return the landmarks that a person goes on from: saved ones, or tracked ones; None where no face is found."""
    if landmarks is None:
        return tracked_start(picture, open_tracker(load_bundle(bundle)))
    height, width = picture.shape[:2]
    return completed(read_landmarks(landmarks).on(height, width, name))
