"""``space-runtime bake``: lines to files, named one by one, by folder, by pattern or in a table."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from engine_bridge.formats.clip import ALL_CHANNELS
from engine_bridge.formats.keys import TOLERANCE
from engine_bridge.formats.options import WEIGHT_SCALE
from space_runtime.animation.emotion_track import EMOTION_HELP
from space_runtime.arguments import one_of, path_of, whole
from space_runtime.baking.batch import MAX_WORKERS, bake_many, default_workers
from space_runtime.baking.clashes import clashes_of
from space_runtime.baking.jobs import TAIL_S, BakeJob
from space_runtime.baking.lines import Found, find_lines
from space_runtime.baking.manifest import Row, read_manifest
from space_runtime.baking.report import check_report_path, write_report
from space_runtime.baking.settings import LineSettings
from space_runtime.commands.bake_display import Display, DisplayKind, open_display
from space_runtime.commands.device_option import DeviceName
from space_runtime.commands.report import INTERRUPTED, explain, say
from space_runtime.errors import MediaError, SpaceError, UsageError
from space_runtime.inference.bundle import Bundle, load_bundle
from space_runtime.inference.device import AUTO
from space_runtime.media.atomic_files import prepare_folder
from space_runtime.option_parsing import Format
from space_runtime.portrait.portrait import Portrait, open_portrait, open_tracker
from space_runtime.portrait.tracking import FaceTracker

DEFAULT_FORMATS = "anim,json"
"""The files that engines read: Unity imports the one, scripts in every engine read the other."""
MAX_NAMED = 5
"""Files that one sentence names."""


def bake_command(
    lines: Annotated[
        list[str] | None,
        typer.Argument(help="Sound files, folders of such, or quoted patterns ('lines/**/*.wav').", metavar="LINE…"),
    ] = None,
    manifest: Annotated[Path | None, typer.Option(help="CSV table of lines with settings of their own.")] = None,
    portrait: Annotated[Path | None, typer.Option(help="Photo of the face that speaks; mp4 needs one.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Take a photo that looks unusable: covered, cut off …")
    ] = False,
    emotion: Annotated[str, typer.Option(help=EMOTION_HELP)] = "",
    fps: Annotated[str, typer.Option(help="Frames per second: 30, 29.97, 30000/1001 …")] = "30",
    seed: Annotated[int | None, typer.Option(help="Seed of blinks, eyes and head; by default from the sound.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results; made if it does not exist.")] = Path("out"),
    formats: Annotated[str, typer.Option(help=f"Any of {','.join(Format)}.")] = DEFAULT_FORMATS,
    channels: Annotated[
        str, typer.Option(help="Parts of clips; weights,head,eyes leaves out the landmarks of json and npz.")
    ] = ",".join(sorted(ALL_CHANNELS)),
    rig: Annotated[
        Path | None, typer.Option(help="Rig whose blend shapes are driven: .glb, .gltf, or a list of names.")
    ] = None,
    weight_scale: Annotated[
        float, typer.Option(help="Full weight of the mesh in anim: 100, or 1 for meshes that glTFast imported.")
    ] = WEIGHT_SCALE,
    renderer_path: Annotated[
        str,
        typer.Option(
            help="Path from the animated object to its mesh in anim and tres: Body/Face, or several: Face,Teeth."
        ),
    ] = "",
    head_path: Annotated[
        str, typer.Option(help="Path of the head's bone in anim and tres; without it the head is not turned.")
    ] = "",
    eye_paths: Annotated[
        str, typer.Option(help="Paths of the left and of the right eye in anim and tres: Head/LeftEye,Head/RightEye.")
    ] = "",
    key_tolerance: Annotated[
        float, typer.Option(help="Weight 0…1 by which a curve may be off where keys are left out.")
    ] = TOLERANCE.weight,
    key_tolerance_ms: Annotated[
        float, typer.Option(help="Milliseconds by which a curve may be early or late where keys are left out.")
    ] = TOLERANCE.ms,
    plot: Annotated[bool, typer.Option("--plot", help="Also draw the curves and a contact sheet.")] = False,
    tail: Annotated[float, typer.Option(help="Seconds from the end of the sound to rest, 0…10; 0: no tail.")] = TAIL_S,
    mouth_strength: Annotated[float, typer.Option(help="Factor 0…2 on the motion of the mouth.")] = 1.0,
    expression_strength: Annotated[float, typer.Option(help="Factor 0…2 on the motion of the rest of the face.")] = 1.0,
    brow_strength: Annotated[float, typer.Option(help="Factor 0…2 on brows and lids that follow the voice.")] = 1.0,
    blinks: Annotated[float, typer.Option(help="Mean blinks per minute, 0…120.")] = 17.0,
    gaze: Annotated[
        str, typer.Option(help="YAW,PITCH of the eyes in degrees, at most 35: + is the character's left, and down.")
    ] = "",
    saccade_strength: Annotated[float, typer.Option(help="Factor 0…2 on the eyes' small shifts and glances.")] = 1.0,
    head: Annotated[str, typer.Option(help="keep: rest in the portrait's pose; idle: sway gently.")] = "idle",
    head_strength: Annotated[float, typer.Option(help="Factor 0…2 on the head's sway and nods.")] = 1.0,
    bundle: Annotated[Path | None, typer.Option(help="Folder of another model bundle.")] = None,
    device: DeviceName = AUTO,
    jobs: Annotated[int | None, typer.Option(help="Processes; by default as many as are worth it, at most 8.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results that were changed by hand or come from elsewhere.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be baked and why; write nothing.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="Write what became of every line, .json or .csv.")] = None,
    progress: Annotated[
        str, typer.Option(help="auto, plain, none, or json: a line on stdout for each event.")
    ] = "auto",
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Bake speech to facial animation: a talking portrait (mp4) and its curves, in the formats of engines.

    What is there already, unchanged, is not baked again.
    """
    settings = LineSettings(
        portrait=portrait,
        emotion=emotion,
        fps=fps,
        seed=seed,
        formats=formats,
        channels=channels,
        plot=plot,
        tail=tail,
        mouth_strength=mouth_strength,
        expression_strength=expression_strength,
        brow_strength=brow_strength,
        blinks=blinks,
        gaze=gaze,
        saccade_strength=saccade_strength,
        head=head,
        head_strength=head_strength,
        rig=rig,
        weight_scale=weight_scale,
        renderer_path=renderer_path,
        head_path=head_path,
        eye_paths=eye_paths,
        key_tolerance=key_tolerance,
        key_tolerance_ms=key_tolerance_ms,
    )
    options = Options(
        n_workers=None if jobs is None else whole("--jobs", jobs, 1, MAX_WORKERS),
        overwrite=overwrite,
        dry_run=dry_run,
        report=_report_path(report),
    )
    kind = one_of("--progress", progress, DisplayKind)
    found, rows = _find([path_of("a line", line) for line in lines or []], manifest, settings, out)
    opened = load_bundle(bundle, device)
    todo = _jobs(rows, out, _open_faces(rows, opened, force, debug))
    _check_overwriting(todo, _inputs(rows, manifest), options.report)
    _prepare_folders(out, options)  # last: a call that cannot work leaves no empty folder
    _say_faults(found, debug)
    _say_rigs(todo)
    is_batch = found.is_batch or manifest is not None
    display = open_display(kind, todo, is_batch=is_batch, dry_run=dry_run, debug=debug)
    _bake(todo, options, opened, display)
    if display.n_failed or found.faults:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Options:
    """The options that concern the whole call, see `bake_many`.

    n_workers: None for `default_workers`. report: the file of the report, None for none.
    """

    n_workers: int | None
    overwrite: bool
    dry_run: bool
    report: Path | None


def _report_path(path: Path | None) -> Path | None:
    if path is not None:
        check_report_path(path)
    return path


def _prepare_folders(out: Path, options: Options) -> None:
    if not options.dry_run:
        prepare_folder(out)
    if options.report:
        prepare_folder(options.report.parent)


def _say_faults(found: Found, debug: bool) -> None:
    """Say what is wrong with the folders and patterns of the call, and which files in them are no sounds."""
    for fault in found.faults:
        explain(MediaError(fault), debug)
    if found.left_out:
        names = ", ".join(str(path) for path in found.left_out[:MAX_NAMED])
        more = f" and {len(found.left_out) - MAX_NAMED} more" if len(found.left_out) > MAX_NAMED else ""
        say(f"left out, no sound can be read from them: {names}{more}")


def _say_rigs(jobs: Sequence[BakeJob]) -> None:
    """Say of each rig which shapes found a target."""
    rigs = dict.fromkeys(job.options.rig for job in jobs if job.options.rig is not None)
    for rig in rigs:
        say(rig.report())


def _find(lines: list[Path], manifest: Path | None, settings: LineSettings, out: Path) -> tuple[Found, list[Row]]:
    """The lines of a call, those of the table last; leave the program when rows of the table say something wrong."""
    if not lines and manifest is None:
        raise UsageError("no line is named; name sound files, folders or patterns, or a table with --manifest")
    checked = settings.checked(may_lack_face=not lines)
    found = find_lines(lines, out)
    rows = [Row(line, settings, checked) for line in found.lines]
    if manifest is None:
        return found, rows
    table = read_manifest(manifest, settings)
    _leave_if([UsageError(fault) for fault in table.faults], debug=False)
    return found, [*rows, *table.rows]


def _leave_if(errors: Sequence[SpaceError], debug: bool) -> None:
    """Say all errors, if there are any, and leave the program."""
    codes = [explain(error, debug) for error in errors]
    if codes:
        raise typer.Exit(max(codes))


def _open_faces(rows: Sequence[Row], bundle: Bundle, force: bool, debug: bool) -> dict[Path | None, Portrait | None]:
    """The portraits of all lines by photo, None among them; leave the program when one cannot be used."""
    faces: dict[Path | None, Portrait | None] = {None: None}
    errors: list[SpaceError] = []
    tracker = None
    for photo in dict.fromkeys(row.settings.portrait for row in rows):
        if photo is None:
            continue
        tracker = tracker or open_tracker(bundle)
        try:
            faces[photo] = _open_face(photo, tracker, force)
        except MediaError as error:
            errors.append(error)
    _leave_if(errors, debug)
    return faces


def _open_face(photo: Path, tracker: FaceTracker, force: bool) -> Portrait:
    portrait = open_portrait(photo, tracker, force)
    if portrait.note:
        say(f"{photo.name}: {portrait.note}")
    return portrait


def _jobs(rows: Sequence[Row], out: Path, faces: dict[Path | None, Portrait | None]) -> list[BakeJob]:
    return [row.checked.job(row.line.sound, out / row.line.place, faces[row.settings.portrait]) for row in rows]


def _check_overwriting(jobs: Sequence[BakeJob], inputs: Sequence[Path], report: Path | None) -> None:
    """Leave the program when a result would overwrite another or an input, or the report one of them: say all."""
    kept = [*inputs, *([report] if report else [])]
    errors = [UsageError(sentence) for sentence in clashes_of(jobs, kept)]
    if report and os.path.realpath(report) in {os.path.realpath(path) for path in (*inputs, *(j.sound for j in jobs))}:
        errors.append(UsageError(f"the report would overwrite {report}, which is read; give it another name"))
    _leave_if(errors, debug=False)


def _inputs(rows: Sequence[Row], manifest: Path | None) -> list[Path]:
    """The files that are read beside the sounds."""
    named = dict.fromkeys(path for row in rows for path in row.settings.inputs())
    return [*named, *([manifest] if manifest else [])]


def _bake(jobs: Sequence[BakeJob], options: Options, bundle: Bundle, display: Display) -> None:
    """Bake all lines, and write the report however that ends. Ctrl-C leaves the program with what is done said."""
    try:
        with ended_by_signals(), display:
            bake_many(
                jobs,
                bundle=bundle,
                n_workers=options.n_workers or default_workers(jobs),
                overwrite=options.overwrite,
                dry_run=options.dry_run,
                on_progress=display.progress,
                on_result=display.result,
            )
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if options.report:
            write_report(options.report, display.outcomes())


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that nothing unfinished stays."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
