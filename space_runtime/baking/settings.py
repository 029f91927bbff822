"""The settings of a line as people write them, and the job that they make."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from engine_bridge.formats.clip import Channel
from engine_bridge.formats.keys import TOLERANCE, Tolerance
from engine_bridge.formats.options import WEIGHT_SCALE, WEIGHT_SCALES, FormatOptions
from engine_bridge.formats.rig_file import Rig, read_rig
from space_runtime.animation.emotion_track import parse_emotion_track
from space_runtime.animation.session import MAX_TAIL_S
from space_runtime.animation.track import ControlTrack
from space_runtime.arguments import in_range, text_of
from space_runtime.baking.jobs import BakeJob, check_channels, check_rig
from space_runtime.errors import UsageError
from space_runtime.option_parsing import Format, parse_channels, parse_formats, parse_gaze, parse_seed
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
    rig: Path | None = None
    weight_scale: float = WEIGHT_SCALE
    renderer_path: str = ""
    head_path: str = ""
    eye_paths: str = ""
    key_tolerance: float = TOLERANCE.weight
    key_tolerance_ms: float = TOLERANCE.ms

    def checked(self, may_lack_face: bool = False) -> CheckedSettings:
        """Return the values. Raises `UsageError` that names the option."""
        formats = parse_formats(self.formats)
        if Format.MP4 in formats and self.portrait is None and not may_lack_face:
            raise UsageError("mp4 shows a face: name a photo with --portrait, or leave mp4 out of --formats")
        channels = parse_channels(self.channels)
        options = self._options()
        check_channels(formats, channels, options)
        check_rig(formats, options)
        return CheckedSettings(
            controls=self._controls(),
            fps=checked_fps(self.fps),
            formats=formats,
            channels=channels,
            plot=self.plot,
            tail_s=in_range("--tail", self.tail, 0, MAX_TAIL_S),
            options=options,
        )

    def _options(self) -> FormatOptions:
        if self.weight_scale not in WEIGHT_SCALES:
            raise UsageError(
                f"--weight-scale is {self.weight_scale:g}; expected 100, or 1 for meshes that glTFast imported"
            )
        return FormatOptions(
            weight_scale=self.weight_scale,
            renderer_path=text_of("--renderer-path", self.renderer_path),
            head_path=text_of("--head-path", self.head_path),
            eye_paths=_eye_paths(text_of("--eye-paths", self.eye_paths)),
            rig=None if self.rig is None else _rig(self.rig),
            tolerance=Tolerance(
                in_range("--key-tolerance", self.key_tolerance, 0, 1),
                in_range("--key-tolerance-ms", self.key_tolerance_ms, 0, 1_000),
            ),
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
        return [*track, *(path for path in (self.portrait, self.rig) if path is not None)]


@dataclass(frozen=True, slots=True, eq=False)
class CheckedSettings:
    """The values of settings, but for the portrait; see `BakeJob`."""

    controls: ControlTrack
    fps: Fraction
    formats: frozenset[Format]
    channels: frozenset[Channel]
    plot: bool
    tail_s: float
    options: FormatOptions

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
            options=self.options,
        )


def _eye_paths(text: str) -> str:
    if text and [bool(path.strip()) for path in text.split(",")] != [True, True]:
        raise UsageError(f"--eye-paths is {text!r}; expected the left and the right eye: Head/LeftEye,Head/RightEye")
    return text


def _rig(path: Path) -> Rig:
    """The rig in a file, read once for all lines while it stays the same. Raises `ClipError`."""
    try:
        state = path.stat()
    except OSError:
        return read_rig(path)  # which says why
    return _rig_of(path, state.st_mtime_ns, state.st_size)


@lru_cache(16)
def _rig_of(path: Path, *_: int) -> Rig:
    return read_rig(path)


def _head_mode(text: str) -> HeadMode:
    modes = (HeadMode.KEEP, HeadMode.IDLE)
    if text not in modes:
        raise UsageError(f"unknown head mode {text!r}; the known ones are {', '.join(modes)}")
    return HeadMode(text)
