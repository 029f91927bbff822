"""``space-runtime demo``: the bundled line and portrait become everything that this installation can write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from space_runtime.animation.emotion_track import parse_emotion_track
from space_runtime.animation.session import Session
from space_runtime.assets import LINE, write_line, write_portrait
from space_runtime.baking.bake import bake
from space_runtime.baking.jobs import TAIL_S
from space_runtime.commands.shared_options import Debug
from space_runtime.extras import NEEDS, is_installed
from space_runtime.inference.bundle import Bundle, load_bundle
from space_runtime.media.atomic_files import prepare_folder
from space_runtime.media.audio_file import open_sound
from space_runtime.media.moving_picture import TimedPicture, read_video, write_webp
from space_runtime.portrait.portrait import Portrait, open_portrait, open_tracker
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls

CONTROLS: Final = parse_emotion_track("happy=0.5").over(Controls(seed=3))
WEBP_SIDE: Final = 400
"""Pixels of the moving picture."""


@dataclass(frozen=True, slots=True)
class _Result:
    """A result of the demo. needs: optional modules without which it cannot be written; shows: its use."""

    name: str
    needs: tuple[str, ...]
    shows: str


RESULTS: Final = (
    _Result("line.flac", (), "the sound: a sample for your own tries"),
    _Result("portrait.png", (), "the photo: a sample too"),
    _Result("line.npz", (), "the clip for Python: landmarks, 52 ARKit weights, head, eyes"),
    _Result("line.json", (), "the same for engines"),
    _Result("line.mp4", ("cv2", "PIL.Image", "av"), "the talking portrait, with its sound"),
    _Result("line.webp", ("cv2", "PIL.Image"), "the same for a web page, without sound"),
    _Result("line_curves.png", ("matplotlib",), "the curves, drawn"),
    _Result("line_frames.png", ("cv2", "PIL.Image", "matplotlib"), "its frames at a glance"),
)


def demo_command(
    folder: Annotated[Path, typer.Argument(help="Folder for the results.")] = Path("demo_out"),
    samples: Annotated[bool, typer.Option("--samples", help="Write the two samples alone: sound and photo.")] = False,
    debug: Debug = False,
) -> None:
    """Make the bundled portrait speak the bundled line, as far as what is installed allows; takes about 10 s."""
    written = {result.name for result in RESULTS if not _missing(result)}
    prepare_folder(folder)
    write_line(folder / "line.flac")
    write_portrait(folder / "portrait.png")
    if samples:
        written &= {"line.flac", "portrait.png"}
    else:
        _bake(folder, written)
    _report(folder, written, [] if samples else [result for result in RESULTS if _missing(result)])


def _missing(result: _Result) -> list[str]:
    return [name for name in result.needs if not is_installed(name)]


def _bake(folder: Path, names: set[str]) -> None:
    """Bake into the folder what is among the names."""
    bundle, plot = load_bundle(), "line_curves.png" in names
    face = open_portrait(folder / "portrait.png", open_tracker(bundle)) if "line.webp" in names else None
    formats = ("npz", "json", "mp4") if "line.mp4" in names else ("npz", "json")
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(LINE.name, total=None)

        def show(done_s: float, total_s: float | None) -> None:
            bars.update(task, completed=done_s, total=total_s)

        bake(LINE, folder, bundle=bundle, portrait=face, controls=CONTROLS, formats=formats, plot=plot, progress=show)
        if face:
            shown = read_video(folder / "line.mp4") if "line.mp4" in names else _pictures(bundle, face)
            write_webp(shown, folder / "line.webp", WEBP_SIDE)


def _pictures(bundle: Bundle, face: Portrait) -> Iterable[TimedPicture]:
    """The pictures of the line without an encoder of videos between."""
    session = Session(bundle, face, CONTROLS, pictures=True)
    sound = np.concatenate(list(open_sound(LINE).speech_blocks()))
    for frame in chain(session.push(sound), session.finish(TAIL_S)):
        if frame.rgb is not None:
            yield TimedPicture(float(frame.media_sample) / SAMPLE_RATE, frame.rgb)


def _report(folder: Path, written: set[str], missing: list[_Result]) -> None:
    """Say what lies where, and what other packages would add."""
    for result in RESULTS:
        if result.name in written:
            print(f"{folder / result.name}: {result.shows}")
    for result in missing:
        print(f"not written: {result.name} ({result.shows})")
    for name in dict.fromkeys(name for result in missing for name in _missing(result)):
        print(NEEDS[name])
