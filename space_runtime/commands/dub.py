"""``space-runtime dub``: the mouth of a video says another line."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from space_runtime.commands import bake_options as given
from space_runtime.commands.ended_by_signals import ended_by_signals
from space_runtime.commands.shared_options import BundleFolder, Debug
from space_runtime.dubbing.drawing import DubLength
from space_runtime.dubbing.dub import DubReport, dub
from space_runtime.errors import counted, one_line
from space_runtime.inference.bundle import load_bundle
from space_runtime.option_parsing import parse_emotion, parse_style
from space_runtime.values import Controls


def dub_command(
    video: Annotated[Path, typer.Argument(help="A video that shows a face.", metavar="VIDEO")],
    line: Annotated[Path, typer.Argument(help="The sound of the new line.", metavar="SPEECH")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The dubbed video, an .mp4 file.")],
    person: Annotated[
        str, typer.Option(help="Whose mouth: largest, left, right, center, or X,Y in shares of the picture.")
    ] = "largest",
    length: Annotated[
        DubLength, typer.Option(help="End with the video, with the speech, or with the longer one.")
    ] = DubLength.LONGEST,
    emotion: Annotated[str, typer.Option(help="Emotion of the mouth, as happy=0.7.")] = "",
    style: given.StyleMix = "",
    mouth_strength: Annotated[float, typer.Option(help="Strength of the mouth's motion, 0…2.")] = 1.0,
    bundle: BundleFolder = None,
    debug: Debug = False,
) -> None:
    """Make the mouth and jaw of a video follow new speech; everything else stays as it is."""
    began = time.perf_counter()
    controls = Controls(emotion=parse_emotion(emotion), style=parse_style(style), mouth_strength=mouth_strength)
    console = Console(stderr=True)
    with ended_by_signals(), Progress(console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task("following", total=None)

        def show(doing: str, done: int, whole: int | None) -> None:
            bars.update(task, description=doing, completed=done, total=whole)

        report = dub(
            video,
            line,
            out,
            bundle=load_bundle(bundle),
            controls=controls,
            person=person,
            length=length,
            progress=show,
        )
    print(one_line(f"{out}: {said(report)}; {time.perf_counter() - began:.1f} s"))


def said(report: DubReport) -> str:
    """Return what was done, in words."""
    counts = report.counts
    parts = [
        f"{counts.seconds:.2f} s of video",
        f"{counted(counts.n_dubbed, 'picture')} dubbed",
        f"{counts.n_passed} without the face passed through" if counts.n_passed else "",
        f"{counts.n_held} held at the end" if counts.n_held else "",
        counted(report.n_people, "person", "people") if report.n_people > 1 else "",
        counted(report.n_cuts, "cut") if report.n_cuts else "",
        *report.notes,
    ]
    return "; ".join(filter(None, parts))
