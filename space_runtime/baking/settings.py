"""The settings of a line as people write them, and the job that they make."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from space_runtime.animation.emotion_track import parse_emotion_track
from space_runtime.animation.session import MAX_TAIL_S
from space_runtime.animation.track import ControlTrack
from space_runtime.arguments import in_range
from space_runtime.baking.jobs import BakeJob
from space_runtime.errors import UsageError
from space_runtime.option_parsing import Channel, Format, parse_channels, parse_formats, parse_gaze, parse_seed
from space_runtime.portrait.portrait import Portrait
from space_runtime.timebase import checked_fps
from space_runtime.values import Controls, HeadMode


@dataclass(frozen=True, slots=True)
class LineSettings:
    """The options of ``bake`` that a line may have of its own, as they are written; see ``bake --help``."""

    portrait: Path | None
    emotion: str
    fps: str
    seed: int | None
    formats: str
    channels: str
    plot: bool
    tail: float
    mouth_strength: float
    expression_strength: float
    brow_strength: float
    blinks: float
    gaze: str
    saccade_strength: float
    head: str
    head_strength: float

    def checked(self, may_lack_face: bool = False) -> CheckedSettings:
        """Return the values. Raises `UsageError` that names the option."""
        formats = parse_formats(self.formats)
        if Format.MP4 in formats and self.portrait is None and not may_lack_face:
            raise UsageError("mp4 shows a face: name a photo with --portrait, or leave mp4 out of --formats")
        return CheckedSettings(
            controls=self._controls(),
            fps=checked_fps(self.fps),
            formats=formats,
            channels=parse_channels(self.channels),
            plot=self.plot,
            tail_s=in_range("--tail", self.tail, 0, MAX_TAIL_S),
        )

    def _controls(self) -> ControlTrack:
        controls = Controls(
            mouth_strength=in_range("--mouth-strength", self.mouth_strength, 0, 2),
            expression_strength=in_range("--expression-strength", self.expression_strength, 0, 2),
            brow_strength=in_range("--brow-strength", self.brow_strength, 0, 2),
            saccade_strength=in_range("--saccade-strength", self.saccade_strength, 0, 2),
            blinks_per_minute=in_range("--blinks", self.blinks, 0, 120),
            gaze_rad=parse_gaze(self.gaze),
            head_mode=_head_mode(self.head),
            head_strength=in_range("--head-strength", self.head_strength, 0, 2),
            seed=parse_seed(self.seed),
        )
        return parse_emotion_track(self.emotion).over(controls)

    def inputs(self) -> list[Path]:
        """Return the files that the settings name: they must stay as they are."""
        track = [Path(self.emotion.strip())] if self.emotion.strip().lower().endswith(".json") else []
        return track if self.portrait is None else [*track, self.portrait]


@dataclass(frozen=True, slots=True, eq=False)
class CheckedSettings:
    """The values of settings, but for the portrait; see `BakeJob`."""

    controls: ControlTrack
    fps: Fraction
    formats: frozenset[Format]
    channels: frozenset[Channel]
    plot: bool
    tail_s: float

    def job(self, sound: Path, target: Path, portrait: Portrait | None) -> BakeJob:
        """Return the job of a line with these settings. Raises `UsageError`."""
        return BakeJob(
            sound,
            target,
            controls=self.controls,
            portrait=portrait,
            fps=self.fps,
            formats=self.formats,
            channels=self.channels,
            plot=self.plot,
            tail_s=self.tail_s,
        )


def _head_mode(text: str) -> HeadMode:
    modes = (HeadMode.KEEP, HeadMode.IDLE)
    if text not in modes:
        raise UsageError(f"unknown head mode {text!r}; the known ones are {', '.join(modes)}")
    return HeadMode(text)
