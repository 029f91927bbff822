"""``space-runtime track``: the facial motion of a person in a video, as a take."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from itertools import combinations
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from space_runtime.capture.face_following import Followed
from space_runtime.capture.person import Person
from space_runtime.capture.preview import PreviewWriter
from space_runtime.capture.take import Take, is_take, write_take
from space_runtime.capture.video_take import take_of_video
from space_runtime.commands.ended_by_signals import ended_by_signals
from space_runtime.commands.shared_options import BundleFolder, Debug
from space_runtime.errors import UsageError, counted, one_line
from space_runtime.inference.bundle import Bundle, load_bundle
from space_runtime.media.atomic_files import prepared_file, same_place, written_whole
from space_runtime.media.result_names import check_ending
from space_runtime.media.video_reader import VideoPicture, VideoReader, open_video
from space_runtime.timebase import SAMPLE_RATE


def track_command(
    video: Annotated[Path, typer.Argument(help="A video that shows a person's face.", metavar="VIDEO")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The take's file, by default VIDEO's .npz.")] = None,
    person: Annotated[
        str, typer.Option("--person", help="Of several: largest, left, right, center, or a point X,Y in shares.")
    ] = "largest",
    preview: Annotated[
        Path | None, typer.Option("--preview", help="Write the video with the landmarks drawn on it, as .mp4.")
    ] = None,
    bundle: BundleFolder = None,
    debug: Debug = False,
) -> None:
    """Track the face in a video: 52 weights, head, eyes and blinks at the times of its pictures."""
    wanted, target = Person.of(person), out or video.with_suffix(".npz")
    _check(video, target, preview)
    if out is None and target.exists() and not is_take(target):
        raise UsageError(f"{target} is there already and is no take; name the take's file with -o")
    opened, start = open_video(video), perf_counter()
    with ExitStack() as stack:
        for file in filter(None, (target, preview)):
            stack.enter_context(prepared_file(file))
        take = _tracked(opened, wanted, load_bundle(bundle), preview)
        write_take(take, target)
    print(one_line(f"{target}: {summary(take, perf_counter() - start)}"))
    if preview:
        print(one_line(f"{preview}: the video with the landmarks drawn"))


def _tracked(video: VideoReader, person: Person, bundle: Bundle, preview: Path | None) -> Take:
    """Return the take of a video; what is followed is shown, and drawn into the preview."""
    with ended_by_signals(), written_whole(preview) if preview else nullcontext() as partial:
        writer = PreviewWriter(partial, video) if partial else None
        with writer or nullcontext(), _Bar(video) as bar:

            def watch(picture: VideoPicture, followed: Followed, number: int) -> None:
                bar.show(number)
                if writer:
                    writer.add(picture, followed)

            return take_of_video(video, person, bundle, watch)


def summary(take: Take, seconds: float) -> str:
    """Return what a take holds, how fast it was made, and what there is to say of it."""
    n_seen = int((take.confidence > 0).sum())
    lasts = float(take.samples[-1] - take.samples[0]) / SAMPLE_RATE
    pose = np.degrees(np.ptp(take.head[take.confidence > 0, :3], axis=0))
    text = (
        f"{counted(take.n_rows, 'picture')}, {n_seen} with the face, {lasts:.1f} s; the head turns over "
        f"{pose[0]:.0f}°, nods over {pose[1]:.0f}°; {counted(round(take.n_rows / seconds), 'picture')} a second"
    )
    return f"{text}; {take.note}" if take.note else text


def _check(video: Path, target: Path, preview: Path | None) -> None:
    if preview is not None:
        check_ending("the preview is written as MP4", preview, ".mp4", example="seen")
    named = {"the video": video, "the take": target, **({"the preview": preview} if preview else {})}
    for one, other in combinations(named, 2):
        if same_place(named[one], named[other]):
            raise UsageError(f"{other} would overwrite {one} {named[one]}; name another file with -o or --preview")


class _Bar:
    """A progress bar on a terminal; elsewhere nothing."""

    def __init__(self, video: VideoReader) -> None:
        console = Console(stderr=True)
        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"), TimeRemainingColumn()
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._task = self._bars.add_task(video.path.name, total=video.n_pictures)

    def __enter__(self) -> _Bar:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def show(self, number: int) -> None:
        """Show how many pictures are done."""
        self._bars.update(self._task, completed=number + 1)
