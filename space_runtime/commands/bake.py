"""``space-runtime bake``: lines to files, named one by one, by folder, by pattern or in a table."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from engine_bridge.formats.clip import ALL_CHANNELS
from engine_bridge.formats.keys import TOLERANCE
from engine_bridge.formats.options import WEIGHT_SCALE
from space_runtime.arguments import one_of, path_of, whole
from space_runtime.baking.batch import MAX_WORKERS, bake_many, default_workers
from space_runtime.baking.clashes import clashes_of
from space_runtime.baking.jobs import TAIL_S, BakeJob
from space_runtime.baking.lines import Found
from space_runtime.baking.report import check_report_path, write_report
from space_runtime.baking.settings import LineSettings
from space_runtime.commands import bake_options as given
from space_runtime.commands.bake_display import Display, DisplayKind, open_display
from space_runtime.commands.bake_lines import find_rows, inputs_of, jobs_of, leave_if, open_faces, open_takes
from space_runtime.commands.ended_by_signals import ended_by_signals
from space_runtime.commands.report import INTERRUPTED, explain, say
from space_runtime.commands.shared_options import BundleFolder, Debug, DeviceName, Force, Landmarks, RefinerFolder
from space_runtime.errors import MediaError, UsageError
from space_runtime.inference.bundle import Bundle, load_bundle
from space_runtime.inference.device import AUTO
from space_runtime.media.atomic_files import prepared_file, prepared_folder
from space_runtime.rendering.embedded import open_generator

DEFAULT_FORMATS = "anim,json"
"""The files that engines read: Unity imports the one, scripts in every engine read the other."""
DEFAULT_CHANNELS = ",".join(sorted(ALL_CHANNELS))
DEFAULT_OUT = Path("out")
MAX_NAMED = 5
"""Files that one sentence names."""


def bake_command(
    lines: given.Lines = None,
    manifest: given.Manifest = None,
    portrait: given.Portrait = None,
    landmarks: Landmarks = None,
    force: Force = False,
    crop: given.Crop = "face",
    size: given.Size = None,
    transparent: given.Transparent = False,
    emotion: given.Emotion = "",
    fps: given.Fps = "30",
    seed: given.Seed = None,
    out: given.Out = DEFAULT_OUT,
    formats: given.Formats = DEFAULT_FORMATS,
    channels: given.Channels = DEFAULT_CHANNELS,
    rig: given.Rig = None,
    weight_scale: given.WeightScale = WEIGHT_SCALE,
    renderer_path: given.RendererPath = "",
    head_path: given.HeadPath = "",
    eye_paths: given.EyePaths = "",
    key_tolerance: given.KeyTolerance = TOLERANCE.weight,
    key_tolerance_ms: given.KeyToleranceMs = TOLERANCE.ms,
    plot: given.Plot = False,
    tail: given.Tail = TAIL_S,
    style: given.StyleMix = "",
    mouth_strength: given.MouthStrength = 1.0,
    expression_strength: given.ExpressionStrength = 1.0,
    brow_strength: given.BrowStrength = 1.0,
    blinks: given.Blinks = 17.0,
    gaze: given.Gaze = "",
    look_at: given.LookAt = "",
    look_space: given.LookSpaces = "camera",
    head_follow: given.HeadFollow = 1.0,
    eye_contact: given.EyeContact = 0.0,
    blink_at: given.BlinkAt = "",
    saccade_strength: given.SaccadeStrength = 1.0,
    head: given.Head = "speech",
    head_strength: given.HeadStrength = 1.0,
    head_tempo: given.HeadTempo = 1.0,
    head_track: given.HeadTrack = None,
    yaw: given.Yaw = 0.0,
    pitch: given.Pitch = 0.0,
    roll: given.Roll = 0.0,
    drive: given.Drive = None,
    drive_parts: given.DriveParts = "",
    drive_end: given.DriveEnds = "rest",
    drive_reference: given.DriveReferences = "relative",
    drive_from: given.DriveFrom = 0.0,
    bundle: BundleFolder = None,
    refiner: RefinerFolder = None,
    device: DeviceName = AUTO,
    jobs: given.Jobs = None,
    overwrite: given.Overwrite = False,
    dry_run: given.DryRun = False,
    report: given.Report = None,
    progress: given.Progress = "auto",
    debug: Debug = False,
) -> None:
    """Bake speech to facial animation: a talking portrait (mp4) and its curves, in the formats of engines.

    What is there already, unchanged, is not baked again.
    """
    settings = LineSettings(
        portrait=portrait,
        landmarks=landmarks,
        emotion=emotion,
        fps=fps,
        seed=seed,
        formats=formats,
        channels=channels,
        plot=plot,
        tail=tail,
        style=style,
        mouth_strength=mouth_strength,
        expression_strength=expression_strength,
        brow_strength=brow_strength,
        blinks=blinks,
        gaze=gaze,
        saccade_strength=saccade_strength,
        head=head,
        head_strength=head_strength,
        head_tempo=head_tempo,
        rig=rig,
        weight_scale=weight_scale,
        renderer_path=renderer_path,
        head_path=head_path,
        eye_paths=eye_paths,
        key_tolerance=key_tolerance,
        key_tolerance_ms=key_tolerance_ms,
        drive=drive,
        drive_parts=drive_parts,
        drive_end=drive_end,
        drive_reference=drive_reference,
        drive_from=drive_from,
        look_at=look_at,
        look_space=look_space,
        head_follow=head_follow,
        eye_contact=eye_contact,
        blink_at=blink_at,
        head_track=head_track,
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        crop=crop,
        size=size,
        transparent=transparent,
    )
    options = Options(
        n_workers=None if jobs is None else whole("--jobs", jobs, 1, MAX_WORKERS),
        overwrite=overwrite,
        dry_run=dry_run,
        report=_report_path(report),
    )
    kind = one_of("--progress", progress, DisplayKind)
    found, rows = find_rows([path_of("a line", line) for line in lines or []], manifest, settings, out)
    opened = load_bundle(bundle, device, refiner)
    if refiner is not None:
        open_generator(opened)  # else a refiner that does not fit would be told once a line
    todo = jobs_of(rows, out, open_faces(rows, opened, force, debug), open_takes(rows, opened, debug))
    _check_overwriting(todo, inputs_of(rows, manifest), options.report)
    with _folders(out, todo, options):  # last: a call that cannot work makes none
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


@contextmanager
def _folders(out: Path, jobs: Sequence[BakeJob], options: Options) -> Iterator[None]:
    """Make the folders of the call; those that stay empty go again."""
    folders = {} if options.dry_run else dict.fromkeys([out, *sorted(job.target.parent for job in jobs)])
    with ExitStack() as stack:
        for folder in folders:
            stack.enter_context(prepared_folder(folder))
        if options.report:
            stack.enter_context(prepared_file(options.report))
        yield


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


def _check_overwriting(jobs: Sequence[BakeJob], inputs: Sequence[Path], report: Path | None) -> None:
    """Leave the program when a result would overwrite another or an input, or the report one of them: say all."""
    kept = [*inputs, *([report] if report else [])]
    errors = [UsageError(sentence) for sentence in clashes_of(jobs, kept)]
    if report and os.path.realpath(report) in {os.path.realpath(path) for path in (*inputs, *(j.sound for j in jobs))}:
        errors.append(UsageError(f"the report would overwrite {report}, which is read; give it another name"))
    leave_if(errors, debug=False)


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
