"""``space-runtime portrait``: a photo judged, and made a textured head for an NPC."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Final

import typer

from space_runtime.commands.shared_options import BundleFolder, Debug, Force, Landmarks
from space_runtime.errors import UsageError, one_line
from space_runtime.head.portrait_head import PortraitHead, head_of
from space_runtime.inference.bundle import load_bundle
from space_runtime.media.atomic_files import prepared_file, same_place, written_whole
from space_runtime.media.result_names import check_ending
from space_runtime.portrait.landmark_file import landmarks_for
from space_runtime.portrait.portrait import Portrait, open_portrait, open_tracker

ENDINGS: Final = (".glb", ".glb.bytes")
"""Endings of a head's file; the second is what Unity takes as bytes."""


def portrait_command(
    photo: Annotated[Path, typer.Argument(help="A photo of one face from the front.", metavar="PHOTO")],
    glb: Annotated[
        Path | None,
        typer.Option("--glb", help="Make a head of it: a rig with 52 ARKit shapes and bones, as binary glTF."),
    ] = None,
    landmarks: Landmarks = None,
    force: Force = False,
    bundle: BundleFolder = None,
    debug: Debug = False,
) -> None:
    """Say whether a photo is fit to be animated, and make a head for an NPC of it."""
    if glb is not None:
        _check(glb, photo)
    start = time.perf_counter()
    with prepared_file(glb) if glb else nullcontext():
        placed = landmarks_for(photo, landmarks)
        portrait = open_portrait(photo, open_tracker(load_bundle(bundle)), force, landmarks=placed)
        print(one_line(f"{photo}: {verdict(portrait)}"))
        if glb is None:
            return
        head = head_of(portrait)
        with written_whole(glb) as partial:
            partial.write_bytes(head.glb)
    print(one_line(f"{glb}: {contents(head)}, {time.perf_counter() - start:.1f} s"))


def _check(glb: Path, photo: Path) -> None:
    check_ending("the head is written as binary glTF", glb, *ENDINGS, example="npc")
    if same_place(glb, photo):
        raise UsageError(f"the head would overwrite the photo {photo}; name another file with --glb")


def verdict(portrait: Portrait) -> str:
    """Return what is to be said of a photo that is taken."""
    return f"taken, but {portrait.note}" if portrait.note else "taken"


def contents(head: PortraitHead) -> str:
    """Return what a head's file holds and its size."""
    hair = "hair" if head.texture.hair else "no hair of its own"
    return f"a head with 52 shapes, bones Neck, Head, LeftEye, RightEye, {hair}; {len(head.glb) / 1e6:.2f} MB"
