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
from space_runtime.animation.direction import Direction, parse_blinks, parse_looks, with_head_track
from space_runtime.animation.emotion_track import parse_emotion_track
from space_runtime.animation.key_file import is_key_file
from space_runtime.animation.session import MAX_TAIL_S
from space_runtime.animation.track import ControlTrack
from space_runtime.arguments import in_range, one_of, text_of
from space_runtime.baking.drive import DriveOptions
from space_runtime.baking.jobs import BakeJob, check_alpha, check_channels, check_rig
from space_runtime.capture.drive_rows import DriveEnd, DriveReference
from space_runtime.capture.take import LONGEST_S, Take
from space_runtime.drive_parts import parse_drive_parts
from space_runtime.errors import UsageError
from space_runtime.head_arguments import parse_offset
from space_runtime.option_parsing import (
    PICTURES,
    Format,
    parse_channels,
    parse_formats,
    parse_gaze,
    parse_seed,
    parse_style,
)
from space_runtime.portrait.framing import FACE, Crop, Framing
from space_runtime.portrait.landmark_file import landmarks_for
from space_runtime.portrait.portrait import Portrait
from space_runtime.timebase import checked_fps
from space_runtime.values import NAMED_HEADS, Controls, HeadMode, LookSpace


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
    head_tempo: float
    rig: Path | None = None
    weight_scale: float = WEIGHT_SCALE
    renderer_path: str = ""
    head_path: str = ""
    eye_paths: str = ""
    key_tolerance: float = TOLERANCE.weight
    key_tolerance_ms: float = TOLERANCE.ms
    look_at: str = ""
    look_space: str = LookSpace.CAMERA
    head_follow: float = 1.0
    eye_contact: float = 0.0
    blink_at: str = ""
    head_track: Path | None = None
    drive: Path | None = None
    drive_parts: str = ""
    drive_end: str = DriveEnd.REST.value
    drive_reference: str = DriveReference.RELATIVE.value
    drive_from: float = 0.0
    style: str = ""
    landmarks: Path | None = None
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    crop: str = Crop.FACE.value
    size: int | None = None
    transparent: bool = False

    @property
    def landmarks_file(self) -> Path | None:
        """The landmarks that place the face, see `landmarks_for`."""
        return landmarks_for(self.portrait, self.landmarks)

    def checked(self, may_lack_face: bool = False) -> CheckedSettings:
        """Return the values. Raises `UsageError` that names the option."""
        formats = parse_formats(self.formats)
        framing = self._framing(formats, may_lack_face)
        if self.landmarks is not None and self.portrait is None and not may_lack_face:
            raise UsageError("--landmarks are points on a photo: name that photo with --portrait, or leave them out")
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
            framing=framing,
            drive=DriveOptions(
                one_of("--drive-reference", self.drive_reference, DriveReference),
                one_of("--drive-end", self.drive_end, DriveEnd),
                in_range("--drive-from", self.drive_from, 0, LONGEST_S),
            ),
        )

    def _framing(self, formats: frozenset[Format], may_lack_face: bool) -> Framing:
        shown = PICTURES & formats
        if shown and self.portrait is None and not may_lack_face:
            name = min(shown)
            raise UsageError(f"{name} shows a face: name a photo with --portrait, or leave {name} out of --formats")
        framing = Framing(self.crop, self.size, self.transparent)
        if self.portrait is None and not may_lack_face and framing != FACE:
            raise UsageError("--crop, --size and --transparent are of a photo's pictures; name one with --portrait")
        if self.portrait is not None:
            check_alpha(formats, framing.transparent)
        return framing

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
            head_tempo=in_range("--head-tempo", self.head_tempo, 0.5, 2),
            drive=parse_drive_parts(self.drive_parts) if self.drive_parts else None,
            seed=parse_seed(self.seed),
            look_space=one_of("--look-space", self.look_space, LookSpace),
            head_follow=in_range("--head-follow", self.head_follow, 0, 2),
            eye_contact=in_range("--eye-contact", self.eye_contact, 0, 1),
            style=parse_style(self.style),
            head_offset=parse_offset(self.yaw, self.pitch, self.roll),
        )
        if self.head_track is not None:
            controls = with_head_track(controls, self.head_track)
        emotion, looks = parse_emotion_track(self.emotion), parse_looks(self.look_at)
        return Direction(emotion, looks, parse_blinks(self.blink_at)).over(controls)

    def inputs(self) -> list[Path]:
        """Return the files that the settings name: they must stay as they are."""
        keyed = [Path(text.strip()) for text in (self.emotion, self.look_at) if is_key_file(text)]
        named = (self.portrait, self.landmarks_file, self.rig, self.head_track, self.drive)
        return [*keyed, *(path for path in named if path is not None)]


@dataclass(frozen=True, slots=True, eq=False)
class CheckedSettings:
    """The values of settings, but for the portrait and the take; see `BakeJob`."""

    controls: ControlTrack
    fps: Fraction
    formats: frozenset[Format]
    channels: frozenset[Channel]
    plot: bool
    tail_s: float
    options: FormatOptions
    framing: Framing
    drive: DriveOptions

    def job(self, sound: Path, target: Path, portrait: Portrait | None, take: Take | None = None) -> BakeJob:
        """Return the job of a line with these settings, driven by a take. Raises `UsageError`."""
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
            drive=self.drive.of(take) if take else None,
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
    if text not in NAMED_HEADS:
        raise UsageError(f"unknown head mode {text!r}; the known ones are {', '.join(NAMED_HEADS)}")
    return HeadMode(text)
