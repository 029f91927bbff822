"""``python -m export judge-drive``: portraits driven by a video, and their pictures tracked again beside the driver."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from export.data.motion.head_films import read_head_films
from export.evaluation.drawn_head import Camera, DrawnHead, Shown
from export.evaluation.known_motion import known_motion
from export.evaluation.transfer import distance, expression_measures, face_of, gaze_measures, pose_measures
from space_runtime.animation.pipeline import open_rig
from space_runtime.assets import PORTRAIT
from space_runtime.baking.bake import bake
from space_runtime.baking.drive import Drive
from space_runtime.capture.recordings import open_take
from space_runtime.capture.take import Take, write_take
from space_runtime.drive_parts import parse_drive_parts
from space_runtime.inference.bundle import load_bundle
from space_runtime.media.video import VideoWriter
from space_runtime.portrait.portrait import Portrait, open_portrait, open_tracker
from space_runtime.rig.rig import Rig
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls

FPS: Final = 25
SIDE: Final = 512
CAMERA: Final = Camera((SIDE, SIDE), 60.0, 1100.0)
TURN: Final = 0.7
"""Part of the known motion's turns: ±15° of yaw, as people have who talk."""
FILM_S: Final = 20
PORTRAITS: Final = ("021104.jpg", "021137.jpg", "020505.jpg")
"""A face without glasses, a dark one, one with glasses and narrow eyes."""


def draw_driver(path: Path, seconds: float) -> None:
    """Write the video of the bundled portrait's head, drawn in 3-D, that moves as `known_motion` says."""
    head = DrawnHead.of_portrait(open_portrait(PORTRAIT, open_tracker(load_bundle())))
    motion = known_motion(np.arange(round(seconds * FPS)) / FPS)
    with VideoWriter(path, Fraction(FPS), (SIDE, SIDE), SAMPLE_RATE, 1) as video:
        for weights, turn, shift, eyes in zip(
            motion.weights, motion.rotation_rad, motion.shift_cm, motion.eyes_rad, strict=True
        ):
            video.add_picture(head.draw(Shown(weights, turn * np.float32(TURN), shift, eyes), CAMERA))
        video.add_sound(np.zeros((round(seconds * SAMPLE_RATE), 1), np.float32))
        video.finish()


def film_take(data: Path, name: str) -> Take:
    """Return the head of a tracked film alone, its first seconds, as a take."""
    film = read_head_films(data, name)[0]
    angles = film.angles_rad[: round(FILM_S * film.fps)]
    n_rows = len(angles)
    head = np.concatenate([angles, np.zeros((n_rows, 3))], 1).astype(np.float32)
    nothing = np.zeros((n_rows, 52), np.float32)
    samples = np.arange(n_rows) * SAMPLE_RATE / film.fps
    return Take(
        samples, nothing, head, np.zeros((n_rows, 2, 2), np.float32), nothing[:, 0] + 1, nothing[0], 0 * head[0]
    )


def driven_take(take: Take, portrait: Portrait, parts: str, folder: Path) -> Take:
    """Return the take of a portrait's pictures that a driver leads; they and it stay in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_take(take, folder / "driver.npz")
    controls = Controls(seed=1, drive=parse_drive_parts(parts))
    drive = Drive.of(take)
    (video,) = bake(
        folder / "driver.npz",
        folder,
        portrait=portrait,
        controls=controls,
        fps=FPS,
        formats="mp4",
        drive=drive,
        tail_s=0,
    )
    return open_take(video)


def report(console: Console, title: str, driver: Take, driven: Take, with_face: bool) -> None:
    """Print what came over."""
    table = Table("measure", "r", "mean error", "slope", "", title=title)
    measures = [*pose_measures(driver, driven)]
    if with_face:
        measures += [*expression_measures(driver, driven), *gaze_measures(driver, driven)]
    for measured in measures:
        error = "" if measured.error_deg is None else f"{measured.error_deg:.2f}°"
        kept = {True: "ok", False: "short", None: ""}[measured.accepted]
        table.add_row(measured.name, f"{measured.r:.3f}", error, f"{measured.slope:.2f}", kept)
    console.print(table)


def report_identity(console: Console, rig: Rig, driver: Take, driven: Take, rest: Take) -> None:
    """Print how far the driven face is from its own and its driver's from it."""
    own = face_of(rest, rig)
    kept, apart = distance(face_of(driven, rig), own), distance(face_of(driver, rig), own)
    console.print(
        f"neutral face: {kept:.4f} from the portrait's own, the driver's {apart:.4f} (outer-eye-corner distances)"
    )


def main(
    data: Annotated[Path, typer.Option(help="The folder with portraits and talking heads.")] = Path("../shared/data"),
    cache: Annotated[Path, typer.Option(help="Where videos go.")] = Path(".cache/drive"),
    driver: Annotated[Path | None, typer.Option(help="A video; by default a drawn head of known motion.")] = None,
    portrait: Annotated[list[Path] | None, typer.Option(help="Photos; by default three of the data.")] = None,
    seconds: Annotated[float, typer.Option(help="Of the drawn driver.")] = 10,
    parts: Annotated[str, typer.Option(help="As in --drive-parts.")] = "all",
) -> None:
    """Print pose, expression and identity of driven portraits, and the pose of an address film's head on them."""
    console, bundle = Console(width=110), load_bundle()
    rig, tracker, video = open_rig(bundle), open_tracker(bundle), driver or cache / f"driver_{seconds:g}s.mp4"
    if not video.exists():
        cache.mkdir(parents=True, exist_ok=True)
        draw_driver(video, seconds)
    take = open_take(video)
    for photo in portrait or [data / "portraits" / name for name in PORTRAITS]:
        face, folder = open_portrait(photo, tracker), cache / f"{video.stem}_{photo.stem}"
        driven = driven_take(take, face, parts, folder)
        report(console, f"{photo.name} driven by {video.name}, {parts}", take, driven, with_face=True)
        report_identity(console, rig, take, driven, driven_take(take, face, "gaze=0", folder / "rest"))
        if driver is None:
            film = film_take(data, "address")
            report(
                console,
                f"{photo.name}, pose of the address",
                film,
                driven_take(film, face, "pose", folder / "film"),
                False,
            )


if __name__ == "__main__":
    typer.run(main)
