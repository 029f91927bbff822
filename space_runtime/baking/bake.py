"""Bakes a line: the same session as live, with files at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from space_runtime.animation.batch_state import Frames
from space_runtime.animation.session import MAX_TAIL_S, Session
from space_runtime.animation.speech_check import SpeechCheck
from space_runtime.animation.track import ControlTrack, track_of
from space_runtime.arguments import StrPath, in_range, instance, path_of, shown, switch
from space_runtime.arrays import Floats
from space_runtime.baking.clip import Clip, write_json, write_npz
from space_runtime.baking.plots import ContactSheet, Waveform, write_curves
from space_runtime.baking.provenance import provenance
from space_runtime.errors import UsageError
from space_runtime.extras import require
from space_runtime.inference.bundle import Bundle, bundle_or_embedded
from space_runtime.media.atomic_files import prepare_folder, writing, written_whole
from space_runtime.media.audio_file import Sound, open_sound
from space_runtime.media.resampling import Resampler
from space_runtime.media.video import VideoWriter
from space_runtime.option_parsing import Format, parse_formats
from space_runtime.portrait.portrait import SIDE, Portrait
from space_runtime.timebase import SAMPLE_RATE, FrameRate, checked_fps
from space_runtime.values import Controls, content_seed

Progress = Callable[[float, float | None], None]
"""Called with the seconds of sound done and the seconds in all, None where the file does not tell."""

LIPS: Final = slice(48, 68)
"""Landmarks of the outer and the inner lips."""

TAIL_S: Final = 0.3
"""Seconds from the end of the sound to rest."""

CURVES: Final = "_curves.png"
SHEET: Final = "_frames.png"


@dataclass(frozen=True, slots=True, eq=False)
class _Ends:
    """The outputs that take sound and frames."""

    check: SpeechCheck
    clip: Clip
    waveform: Waveform
    sheet: ContactSheet
    video: VideoWriter | None

    def hear(self, block: Floats) -> None:
        if self.video:
            self.video.add_sound(block)

    def see(self, session: Session, batches: Iterable[Frames]) -> None:
        for frames in batches:
            self.check.see(frames.speech)
            self.clip.add_frames(frames)
            for place, rgb in enumerate(session.pictures(frames)):
                self.sheet.add(int(frames.frame_index[place]), float(frames.media_sample[place]) / SAMPLE_RATE, rgb)
                if self.video:
                    self.video.add_picture(rgb)


def bake(
    line: StrPath,
    folder: StrPath,
    *,
    bundle: Bundle | None = None,
    portrait: Portrait | None = None,
    controls: Controls | ControlTrack | None = None,
    fps: FrameRate = 30,
    formats: str | Iterable[str] = (Format.NPZ,),
    plot: bool = False,
    progress: Progress | None = None,
    tail_s: float = TAIL_S,
) -> tuple[Path, ...]:
    """Write the animation of the sound file ``line`` into ``folder`` and return the files.

    They are named after the line: ``STEM.mp4`` (needs a portrait), ``STEM.npz``, ``STEM.json``; ``plot`` adds
    ``STEM_curves.png`` and, with a portrait, ``STEM_frames.png``. Each appears whole or not at all. The same sound,
    portrait, controls and bundle give the same bytes on one machine's CPU.

    bundle: None opens the embedded one. fps: see `exact_fps`. controls: of the whole line, or over media time
    (`ControlTrack`, `EmotionTrack.over`); a seed that they do not name comes from the sound file's SHA-256.
    formats: ``("mp4", "npz")`` or ``"mp4,npz"``. progress: see `Progress`; what it raises ends the bake.
    tail_s: seconds, 0…10, in which the face goes to rest after the sound, see
    `Session.finish`; the mp4 has as much silence after its sound. 0 ends the clip with the sound.

    Raises `UsageError` for an unknown format, mp4 without a portrait and a result that would overwrite the line,
    `MediaError` for a sound that cannot be used, `OutputError` when results cannot be written, `BundleError`.
    """
    chosen, rate, track = parse_formats(formats), checked_fps(fps), track_of(controls)
    source, out = path_of("the line", line), path_of("the folder", folder)
    tail_s = in_range("tail_s", tail_s, 0, MAX_TAIL_S)
    plot = switch("plot", plot)
    _check_extras(chosen, plot)
    _check_portrait(chosen, portrait)
    if progress is not None and not callable(progress):
        raise UsageError(f"progress is {shown(progress)}; expected a function of seconds done and seconds in all")
    pictures = portrait is not None and (plot or Format.MP4 in chosen)
    targets = target_files(source, out, chosen, plot, pictures)
    _keep_line(source, targets)
    opened = bundle_or_embedded(bundle)
    sound = open_sound(source)
    digest = sound.sha256()
    track = track.seeded(content_seed(digest))
    prepare_folder(out)
    session = Session(opened, portrait, track, rate, pictures)
    with writing(out), Clip(out, rate) as clip:
        size = session.picture_size if pictures else (SIDE, SIDE)
        with _video(targets.get(Format.MP4.value), sound, rate, size) as video:
            ends = _Ends(SpeechCheck(sound.n_channels), clip, Waveform(), ContactSheet(_mouth(portrait, size)), video)
            _play(sound, session, ends, progress, tail_s)
        _write(targets, ends, provenance(sound, digest, portrait, opened, track, rate, tail_s))
    return tuple(targets.values())


def target_files(line: Path, folder: Path, formats: Iterable[Format], plot: bool, pictures: bool) -> dict[str, Path]:
    """Return what a bake of ``line`` writes: endings to paths, in the order of writing."""
    endings = {name.value: f".{name.value}" for name in sorted(formats)}
    if plot:
        endings["curves"] = CURVES
        if pictures:
            endings["sheet"] = SHEET
    return {name: folder / f"{line.stem}{ending}" for name, ending in endings.items()}


def _check_portrait(formats: Iterable[Format], portrait: Portrait | None) -> None:
    if portrait is not None:
        instance("the portrait", portrait, Portrait, "which open_portrait() opens")
    elif Format.MP4 in formats:
        raise UsageError("mp4 shows a face and so needs a portrait; give one, or bake npz and json only")


def _check_extras(formats: Iterable[Format], plot: bool) -> None:
    """Raise `UsageError` before the work when a package that its results need is missing."""
    if Format.MP4 in formats:
        require("av")
    if plot:
        require("matplotlib")


def _mouth(portrait: Portrait | None, size: tuple[int, int]) -> tuple[float, float, float]:
    """Return column and row of the middle of the mouth and its width, in the pixels of (height, width) pictures."""
    height, width = size
    if portrait is None:
        return width / 2, height / 2, width / 5
    x, y = portrait.landmarks[LIPS, 0] * (width / SIDE), portrait.landmarks[LIPS, 1] * (height / SIDE)
    return float(x.min() + x.max()) / 2, float(-y.min() - y.max()) / 2, float(np.ptp(x))


def _keep_line(line: Path, targets: dict[str, Path]) -> None:
    for target in targets.values():
        if target.resolve() == line.resolve():
            raise UsageError(f"{target} would overwrite the line itself; choose another folder")


@contextmanager
def _video(path: Path | None, sound: Sound, fps: Fraction, size: tuple[int, int]) -> Iterator[VideoWriter | None]:
    if path is None:
        yield None
        return
    with ExitStack() as stack:
        partial = stack.enter_context(written_whole(path))
        video = stack.enter_context(VideoWriter(partial, fps, size[::-1], sound.rate, sound.n_channels))
        yield video
        video.finish()


def _play(sound: Sound, session: Session, ends: _Ends, progress: Progress | None, tail_s: float) -> None:
    resampler, mixer = Resampler(sound.rate, SAMPLE_RATE), sound.mixer()
    total_s = sound.n_samples / sound.rate if sound.n_samples else None
    n_done = 0
    for block in sound.blocks():
        ends.hear(block)
        _push(session, resampler.push(mixer.mix(block)), ends)
        n_done += len(block)
        if progress:
            progress(n_done / sound.rate, total_s)
    _push(session, resampler.finish(), ends)
    ends.hear(np.zeros((round(tail_s * sound.rate), sound.n_channels), np.float32))
    ends.see(session, session.finish_batches(tail_s))
    if note := ends.check.note():
        sound.warn(note)


def _push(session: Session, samples: Floats, ends: _Ends) -> None:
    ends.check.hear(samples)
    ends.waveform.add(samples)
    ends.see(session, session.push_batches(samples))


def _write(targets: dict[str, Path], ends: _Ends, metadata: dict[str, object]) -> None:
    clip = ends.clip
    writers: dict[str, Callable[[Path], None]] = {
        Format.NPZ.value: lambda path: write_npz(clip, metadata, path),
        Format.JSON.value: lambda path: write_json(clip, metadata, path),
        "curves": lambda path: write_curves(clip, ends.waveform, path.name.removesuffix(CURVES), path),
        "sheet": ends.sheet.write,
    }
    for name, path in targets.items():
        if name in writers:
            writers[name](path)
