"""A line to bake with its settings, and the outcome of baking it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Final

from engine_bridge.formats.clip import ALL_CHANNELS, Channel
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.table import FORMATS, ClipFormat, FormatRow
from space_runtime.animation.session import MAX_TAIL_S
from space_runtime.animation.track import ControlTrack, track_of
from space_runtime.arguments import StrPath, in_range, instance, path_of, switch
from space_runtime.baking.drive import Drive
from space_runtime.errors import UsageError
from space_runtime.extras import require
from space_runtime.option_parsing import PICTURES, WITH_ALPHA, Format, parse_channels, parse_formats
from space_runtime.portrait.portrait import Portrait
from space_runtime.timebase import FrameRate, checked_fps
from space_runtime.values import Controls

TAIL_S: Final = 0.3
"""Seconds from the end of the sound to rest."""


class Result(StrEnum):
    """The files that a bake can write for a line: the formats and the two plots."""

    JSON = "json"
    MP4 = "mp4"
    WEBM = "webm"
    PNG = "png"
    """A folder."""
    NPZ = "npz"
    ANIM = "anim"
    CSV = "csv"
    GLB = "glb"
    SPACECLIP = "spaceclip"
    TRES = "tres"
    USD = "usd"
    VMC = "vmc"
    BLENDER = "blender"
    CURVES = "curves"
    """A picture of the main curves over the sound."""
    SHEET = "sheet"
    """A contact sheet of the video."""

    @property
    def ending(self) -> str:
        """The text behind the line's name in the name of the file."""
        row = self.row
        return row.ending if row else _OTHER_ENDINGS[self]

    @property
    def row(self) -> FormatRow | None:
        """Its row in the table of clip formats; None for pictures and for plots."""
        return FORMATS[ClipFormat(self.value)] if self.value in set(ClipFormat) else None


_OTHER_ENDINGS: Final = {
    Result.MP4: ".mp4",
    Result.WEBM: ".webm",
    Result.PNG: "_png",
    Result.CURVES: "_curves.png",
    Result.SHEET: "_frames.png",
}


@dataclass(frozen=True, slots=True, eq=False, init=False)
class BakeJob:
    """A line to bake and its settings.

    sound: the sound file. target: the path of the results without an ending; ``out/a`` gives ``out/a.npz``.
    controls: of the whole line or over media time; a seed that they lack comes from the sound. fps: see `exact_fps`.
    drive: leads the face as `Controls.drive` says, None for speech alone.
    formats: `Format`, at least one. channels: the parts of clips, see `Channel`; a format carries those that it knows.
    plot: also draw the curves and, with a portrait, a contact sheet. tail_s: seconds from the end of the sound to rest,
    0…10. options: what a rig wants of formats.

    Raises `UsageError` for what does not fit, pictures without a portrait, a transparent one as mp4, a format without
    any of its channels and a result that needs a package that is missing.
    """

    sound: Path
    target: Path
    controls: ControlTrack
    portrait: Portrait | None
    fps: Fraction
    formats: frozenset[Format]
    channels: frozenset[Channel]
    plot: bool
    tail_s: float
    options: FormatOptions
    drive: Drive | None

    def __init__(
        self,
        sound: StrPath,
        target: StrPath,
        *,
        controls: Controls | ControlTrack | None = None,
        portrait: Portrait | None = None,
        fps: FrameRate = 30,
        formats: str | Iterable[str] = (Format.NPZ,),
        channels: str | Iterable[str] = ALL_CHANNELS,
        plot: bool = False,
        tail_s: float = TAIL_S,
        options: FormatOptions | None = None,
        drive: Drive | None = None,
    ) -> None:
        """Check everything once, at the rim."""
        keep = partial(object.__setattr__, self)
        keep("sound", path_of("the line", sound))
        keep("target", _named(path_of("the target", target)))
        keep("formats", parse_formats(formats))
        keep("fps", checked_fps(fps))
        keep("controls", track_of(controls))
        keep("channels", parse_channels(channels))
        keep("tail_s", in_range("tail_s", tail_s, 0, MAX_TAIL_S))
        keep("plot", switch("plot", plot))
        keep("options", _options(options))
        keep("drive", None if drive is None else instance("the drive", drive, Drive, "which Drive.of(take) makes"))
        check_channels(self.formats, self.channels, self.options)
        check_rig(self.formats, self.options)
        _check_extras(self.formats, self.plot)
        _check_portrait(self.formats, portrait)
        keep("portrait", portrait)

    def targets(self) -> dict[Result, Path]:
        """Return the files that the job writes, in the order of writing."""
        results = [Result(name.value) for name in sorted(self.formats)]
        if self.plot:
            results += [Result.CURVES] if self.portrait is None else [Result.CURVES, Result.SHEET]
        return {result: self.file_of(result) for result in results}

    def file_of(self, result: Result) -> Path:
        """Return where a result of the job lies, whether the job writes it or not."""
        return self.target.parent / f"{self.target.name}{result.ending}"


class Outcome(StrEnum):
    """The ends that a job can come to."""

    BAKED = "baked"
    PLANNED = "planned"
    """A dry run would bake it."""
    UNCHANGED = "unchanged"
    """All its results are there already."""
    FAILED = "failed"
    STOPPED = "stopped"
    """It was not reached, or was interrupted."""


@dataclass(frozen=True, slots=True, eq=False)
class BakeResult:
    """The outcome of a job.

    index: the job's place among all. files: its results, as far as they are there. sound_s: the length of the sound,
    None if it was not heard. took_s: seconds of work. reason: why the line is baked, or not, in a few words.
    notes: sentences about the sound and about files of earlier bakes. removed: files of an earlier bake with other
    settings, which are gone (after a dry run: would be). error: why it failed.
    """

    index: int
    job: BakeJob
    outcome: Outcome
    files: tuple[Path, ...] = ()
    sound_s: float | None = None
    took_s: float = 0.0
    reason: str = ""
    notes: tuple[str, ...] = ()
    removed: tuple[Path, ...] = ()
    error: Exception | None = None


def check_channels(formats: Iterable[Format], channels: frozenset[Channel], options: FormatOptions) -> None:
    """Raise `UsageError` for a format of which the channels leave nothing."""
    for name in sorted(formats):
        if name.row is not None and not name.row.carried(options) & channels:
            carried = " and ".join(sorted(name.row.carried(options)))
            raise UsageError(f"{name} carries {carried}, which the channels leave out; name one, or leave out {name}")


def check_rig(formats: Iterable[Format], options: FormatOptions) -> None:
    """Raise `UsageError` for glb without a rig that is one."""
    if Format.GLB in formats and (options.rig is None or options.rig.path.suffix.lower() != ".glb"):
        raise UsageError("glb puts the animation onto a rig: name its .glb file with --rig, or leave out glb")


def _options(options: FormatOptions | None) -> FormatOptions:
    if options is None:
        return FormatOptions()
    return instance("options", options, FormatOptions, "for example FormatOptions(weight_scale=1)")


def _named(target: Path) -> Path:
    if target.name in ("", ".."):
        raise UsageError(f"the target {target} names no file; give a folder and a name without an ending, out/hello")
    return target


def _check_portrait(formats: Iterable[Format], portrait: Portrait | None) -> None:
    if portrait is not None:
        instance("the portrait", portrait, Portrait, "which open_portrait() opens")
        check_alpha(formats, portrait.transparent)
    elif shown := PICTURES & frozenset(formats):
        raise UsageError(f"{min(shown)} shows a face and so needs a portrait; give one, or bake npz and json only")


def check_alpha(formats: Iterable[Format], transparent: bool) -> None:
    """Raise `UsageError` for a transparent portrait in a format that has no alpha channel, or in none that has one."""
    if transparent and Format.MP4 in formats:
        raise UsageError("mp4 has no alpha channel; bake webm or png, or keep the background (without transparent)")
    if transparent and not WITH_ALPHA & frozenset(formats):
        raise UsageError("transparent pictures are written as webm and png; name one of them among the formats")


def _check_extras(formats: Iterable[Format], plot: bool) -> None:
    """Raise `UsageError` before the work when a package that its results need is missing."""
    if {Format.MP4, Format.WEBM} & frozenset(formats):
        require("av")
    if plot:
        require("matplotlib")
