"""``space-runtime bake``: one line or many to files."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from space_runtime.animation.emotion_track import EMOTION_HELP, parse_emotion_track
from space_runtime.animation.session import MAX_TAIL_S
from space_runtime.animation.track import ControlTrack
from space_runtime.arguments import in_range
from space_runtime.baking.bake import TAIL_S, bake, target_files
from space_runtime.commands.device_option import DeviceName
from space_runtime.commands.report import explain, one_line, unheard
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import Bundle, load_bundle
from space_runtime.inference.device import AUTO
from space_runtime.media.atomic_files import prepare_folder
from space_runtime.option_parsing import Format, parse_formats, parse_gaze
from space_runtime.portrait.portrait import Portrait, open_portrait, open_tracker
from space_runtime.timebase import checked_fps
from space_runtime.values import Controls, HeadMode

POLL_S = 0.5
"""On Windows a thread that waits without end never hears of Ctrl-C."""


class Stopped(Exception):
    """Ctrl-C, seen by a worker."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """The settings that all lines of a call share."""

    folder: Path
    bundle: Bundle
    portrait: Portrait | None
    controls: ControlTrack
    fps: Fraction
    formats: frozenset[Format]
    plot: bool
    tail_s: float


def bake_command(
    lines: Annotated[list[Path], typer.Argument(help="Sound files: WAV, FLAC, OGG, Opus, MP3, m4a …", metavar="LINE…")],
    portrait: Annotated[Path | None, typer.Option(help="Photo of the face that speaks; mp4 needs one.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Take a photo that looks unusable: covered, cut off …")
    ] = False,
    emotion: Annotated[str, typer.Option(help=EMOTION_HELP)] = "",
    fps: Annotated[str, typer.Option(help="Frames per second: 30, 29.97, 30000/1001 …")] = "30",
    seed: Annotated[int | None, typer.Option(help="Seed of blinks, eyes and head; by default from the sound.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results; made if it does not exist.")] = Path("out"),
    formats: Annotated[str, typer.Option(help="Any of mp4,npz,json.")] = "npz",
    plot: Annotated[bool, typer.Option("--plot", help="Also draw the curves and a contact sheet.")] = False,
    tail: Annotated[float, typer.Option(help="Seconds from the end of the sound to rest, 0…10; 0: no tail.")] = TAIL_S,
    mouth_strength: Annotated[float, typer.Option(help="Factor 0…2 on the motion of the mouth.")] = 1.0,
    expression_strength: Annotated[float, typer.Option(help="Factor 0…2 on the motion of the rest of the face.")] = 1.0,
    brow_strength: Annotated[float, typer.Option(help="Factor 0…2 on brows and lids that follow the voice.")] = 1.0,
    blinks: Annotated[float, typer.Option(help="Mean blinks per minute, 0…120.")] = 17.0,
    gaze: Annotated[str, typer.Option(help="YAW,PITCH of the eyes in degrees.")] = "",
    saccade_strength: Annotated[float, typer.Option(help="Factor 0…2 on the eyes' small shifts and glances.")] = 1.0,
    head: Annotated[str, typer.Option(help="keep: rest in the portrait's pose; idle: sway gently.")] = "idle",
    head_strength: Annotated[float, typer.Option(help="Factor 0…2 on the head's sway and nods.")] = 1.0,
    bundle: Annotated[Path | None, typer.Option(help="Folder of another model bundle.")] = None,
    device: DeviceName = AUTO,
    jobs: Annotated[int, typer.Option(help="Lines baked at the same time.")] = 1,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Bake speech to facial animation: a talking portrait (mp4) and its curves (npz, json)."""
    strengths = (mouth_strength, expression_strength, brow_strength, saccade_strength, head_strength)
    controls = _controls(emotion, strengths, blinks, gaze, head, seed)
    chosen, rate, n_jobs = parse_formats(formats), checked_fps(fps), int(in_range("--jobs", jobs, 1, 256))
    tail_s = in_range("--tail", tail, 0, MAX_TAIL_S)
    _check_targets(lines, out, chosen, plot, portrait)
    opened = load_bundle(bundle, device)
    face = _open_face(portrait, opened, force)
    prepare_folder(out)  # last: a call that cannot work leaves no empty folder
    if _bake_all(lines, Job(out, opened, face, controls, rate, chosen, plot, tail_s), n_jobs, debug):
        raise typer.Exit(1)


def _controls(
    emotion: str, strengths: tuple[float, ...], blinks: float, gaze: str, head: str, seed: int | None
) -> ControlTrack:
    """The options that steer the face; ``strengths`` are those of mouth, expression, brows, saccades and head."""
    names = (f"--{part}-strength" for part in ("mouth", "expression", "brow", "saccade", "head"))
    mouth, expression, brows, eyes, sway = (in_range(*given, 0, 2) for given in zip(names, strengths, strict=True))
    controls = Controls(
        mouth_strength=mouth,
        expression_strength=expression,
        brow_strength=brows,
        saccade_strength=eyes,
        blinks_per_minute=in_range("--blinks", blinks, 0, 120),
        gaze_rad=parse_gaze(gaze),
        head_mode=_head_mode(head),
        head_strength=sway,
        seed=None if seed is None else int(in_range("--seed", seed, 0, 2**63 - 1)),
    )
    return parse_emotion_track(emotion).over(controls)


def _head_mode(text: str) -> HeadMode:
    modes = (HeadMode.KEEP, HeadMode.IDLE)
    if text not in modes:
        raise UsageError(f"unknown head mode {text!r}; the known ones are {', '.join(modes)}")
    return HeadMode(text)


def _check_targets(lines: list[Path], out: Path, formats: frozenset[Format], plot: bool, portrait: Path | None) -> None:
    """Refuse mp4 without a face, and calls in which one result would overwrite another, or a result an input."""
    if Format.MP4 in formats and portrait is None:
        raise UsageError("mp4 shows a face: name a photo with --portrait, or leave mp4 out of --formats")
    owners: dict[str, Path] = {str(line.resolve()).casefold(): line for line in lines}
    if len(owners) < len(lines):
        raise UsageError("the same line is named twice; name every line once")
    for line in lines:
        for target in target_files(line, out, formats, plot, portrait is not None).values():
            other = owners.setdefault(str(target.resolve()).casefold(), line)
            if other is not line or target.resolve() == line.resolve():
                raise UsageError(
                    f"the results of {line} would overwrite those of {other} or the file itself ({target}); "
                    "rename one, or bake them into different folders with --out"
                )


def _open_face(path: Path | None, bundle: Bundle, force: bool) -> Portrait | None:
    if path is None:
        return None
    portrait = open_portrait(path, open_tracker(bundle), force)
    if portrait.note:
        Console(stderr=True).print(
            one_line(f"{path.name}: {portrait.note}"), highlight=False, markup=False, soft_wrap=True
        )
    return portrait


def _bake_all(lines: list[Path], job: Job, n_jobs: int, debug: bool) -> bool:
    """Bake every line; return whether any failed. Ctrl-C ends the running ones, which remove what they began."""
    stop, failed = threading.Event(), False
    with _bars() as bars, ThreadPoolExecutor(n_jobs) as workers:
        running = {workers.submit(_bake_one, line, job, bars, stop): line for line in lines}
        pending = set(running)
        try:
            while pending:
                finished, pending = wait(pending, timeout=POLL_S, return_when=FIRST_COMPLETED)
                failed |= any([_outcome(done, running[done], debug) for done in finished])
        except KeyboardInterrupt:
            stop.set()
            workers.shutdown(wait=True, cancel_futures=True)
            raise
    return failed


def _bars() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    silent = not console.is_terminal
    return Progress(*columns, console=console, disable=silent, redirect_stdout=sys.stdout.isatty())


def _bake_one(line: Path, job: Job, bars: Progress, stop: threading.Event) -> tuple[Path, ...]:
    task: TaskID = bars.add_task(line.name, total=None)

    def show(done_s: float, total_s: float | None) -> None:
        if stop.is_set():
            raise Stopped
        bars.update(task, completed=done_s, total=total_s)

    try:
        return bake(
            line,
            job.folder,
            bundle=job.bundle,
            portrait=job.portrait,
            controls=job.controls,
            fps=job.fps,
            formats=job.formats,
            plot=job.plot,
            progress=show,
            tail_s=job.tail_s,
        )
    finally:
        bars.remove_task(task)


def _outcome(done: Future[tuple[Path, ...]], line: Path, debug: bool) -> bool:
    """Say what became of a line; return whether it failed."""
    try:
        paths = done.result()
    except Exception as error:
        explain(error, debug, f"{line}: ")
        return True
    with unheard():
        for path in paths:
            print(path)
    return False
