"""``space-runtime still``: one picture of a photo's face, re-posed, with an expression, cut out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from space_runtime.baking.still import still, turn_note
from space_runtime.commands import bake_options as given
from space_runtime.commands.report import say
from space_runtime.commands.shared_options import BundleFolder, Debug, Force, Landmarks, RefinerFolder
from space_runtime.errors import UsageError, one_line
from space_runtime.head_arguments import parse_offset
from space_runtime.inference.bundle import load_bundle
from space_runtime.media.atomic_files import prepared_file, same_place, written_whole
from space_runtime.media.picture_sequence import encoded_png
from space_runtime.media.result_names import check_ending
from space_runtime.option_parsing import parse_emotion, parse_gaze
from space_runtime.portrait.framing import Framing
from space_runtime.portrait.landmark_file import landmarks_for
from space_runtime.portrait.portrait import open_framed, open_tracker
from space_runtime.values import Controls


def still_command(
    photo: Annotated[Path, typer.Argument(help="A photo of one face from the front.", metavar="PHOTO")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture, a .png file.")],
    yaw: given.Yaw = 0.0,
    pitch: given.Pitch = 0.0,
    roll: given.Roll = 0.0,
    emotion: Annotated[
        str, typer.Option(help="Emotion, as happy=0.7, in place of the photo's own expression; neutral: at rest.")
    ] = "",
    gaze: given.Gaze = "",
    crop: given.Crop = "face",
    size: given.Size = None,
    transparent: given.Transparent = False,
    landmarks: Landmarks = None,
    force: Force = False,
    bundle: BundleFolder = None,
    refiner: RefinerFolder = None,
    debug: Debug = False,
) -> None:
    """Write one picture of a face: its head turned, with another expression or gaze, whole or cut out."""
    began = time.perf_counter()
    check_ending("the picture is written as PNG", out, ".png", example="face")
    if same_place(out, photo):
        raise UsageError(f"the picture would overwrite the photo {photo}; name another file with --out")
    framing = Framing(crop, size, transparent)
    controls = Controls(
        emotion=parse_emotion(emotion), gaze_rad=parse_gaze(gaze), head_offset=parse_offset(yaw, pitch, roll)
    )
    opened = load_bundle(bundle, refiner=refiner)
    with prepared_file(out):
        portrait = open_framed(photo, open_tracker(opened), force, framing, landmarks_for(photo, landmarks))
        for note in filter(None, (portrait.note, turn_note(portrait, controls.head_offset))):
            say(f"{photo.name}: {note}")
        picture = still(portrait, controls, bundle=opened)
        with written_whole(out) as partial:
            partial.write_bytes(encoded_png(picture))
    height, width = picture.shape[:2]
    print(one_line(f"{out}: {width}×{height} pixels, {time.perf_counter() - began:.1f} s"))
