"""Bakes a line: the same session as live, with files at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from engine_bridge.formats.clip import ALL_CHANNELS, Metadata
from engine_bridge.formats.options import FormatOptions
from space_runtime.animation.batch_state import Frames
from space_runtime.animation.session import Session
from space_runtime.animation.speech_check import SpeechCheck
from space_runtime.animation.track import ControlTrack
from space_runtime.arguments import StrPath, path_of, shown
from space_runtime.arrays import Floats
from space_runtime.baking.clip import GrowingClip
from space_runtime.baking.jobs import TAIL_S, BakeJob, Result
from space_runtime.baking.plots import ContactSheet, Waveform, write_curves
from space_runtime.baking.provenance import provenance
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import Bundle, bundle_or_embedded
from space_runtime.media.atomic_files import prepare_folder, writing, written_whole
from space_runtime.media.audio_file import Sound, open_sound
from space_runtime.media.resampling import Resampler
from space_runtime.media.video import VideoWriter
from space_runtime.option_parsing import Format
from space_runtime.portrait.portrait import SIDE, Portrait
from space_runtime.timebase import SAMPLE_RATE, FrameRate
from space_runtime.values import Controls, content_seed

Progress = Callable[[float, float | None], None]
"""Called with the seconds of sound done and the seconds in all, None where the file does not tell."""

LIPS: Final = slice(48, 68)
"""Landmarks of the outer and the inner lips."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ends:
    """The outputs that take sound and frames."""

    check: SpeechCheck
    clip: GrowingClip
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
    channels: str | Iterable[str] = ALL_CHANNELS,
    plot: bool = False,
    progress: Progress | None = None,
    tail_s: float = TAIL_S,
    options: FormatOptions | None = None,
) -> tuple[Path, ...]:
    """Write the animation of the sound file ``line`` into ``folder`` and return the files.

    They are named after the line: ``STEM.mp4`` (needs a portrait), ``STEM.npz``, ``STEM.anim`` …; ``plot`` adds
    ``STEM_curves.png`` and, with a portrait, ``STEM_frames.png``. Each appears whole or not at all, in the place of a
    former one; `bake_many` keeps what was changed by hand. The same sound, portrait, controls and bundle give the same
    bytes on one machine's CPU.

    bundle: None opens the embedded one. fps: see `exact_fps`. controls: of the whole line, or over media time
    (`ControlTrack`, `EmotionTrack.over`); a seed that they do not name comes from the sound file's SHA-256.
    formats: ``("mp4", "npz")`` or ``"mp4,npz"``. channels: the parts of clips, see `Channel`.
    progress: see `Progress`; what it raises ends the bake.
    tail_s: seconds, 0…10, in which the face goes to rest after the sound, see
    `Session.finish`; the mp4 has as much silence after its sound. 0 ends the clip with the sound.
    options: what a rig wants of formats, see `FormatOptions`.

    Raises `UsageError` for an unknown format, mp4 without a portrait and a result that would overwrite the line,
    `MediaError` for a sound that cannot be used, `OutputError` when results cannot be written, `BundleError`.
    """
    source, out = path_of("the line", line), path_of("the folder", folder)
    job = BakeJob(
        source,
        out / source.stem,
        controls=controls,
        portrait=portrait,
        fps=fps,
        formats=formats,
        channels=channels,
        plot=plot,
        tail_s=tail_s,
        options=options,
    )
    if progress is not None and not callable(progress):
        raise UsageError(f"progress is {shown(progress)}; expected a function of seconds done and seconds in all")
    targets = job.targets()
    _keep_line(source, targets)
    opened = bundle_or_embedded(bundle)
    sound = open_sound(source)
    digest = sound.sha256()
    prepare_folder(out)
    write_results(job, sound, digest, targets, opened, progress)
    return tuple(targets.values())


def write_results(
    job: BakeJob,
    sound: Sound,
    digest: str,
    targets: Mapping[Result, Path],
    bundle: Bundle,
    progress: Progress | None = None,
) -> float:
    """Write results of a job, all into one folder, and return the seconds of its sound.

    digest: SHA-256 of the sound's file. targets: where each result goes, see `BakeJob.targets`.
    Raises `MediaError`, `OutputError` and what ``progress`` raises.
    """
    folder = next(iter(targets.values())).parent
    track = job.controls.seeded(content_seed(digest))
    pictures = Result.MP4 in targets or Result.SHEET in targets
    session = Session(bundle, job.portrait, track, job.fps, pictures)
    with writing(folder), GrowingClip(folder, job.fps) as clip:
        size = session.picture_size if pictures else (SIDE, SIDE)
        with _video(targets.get(Result.MP4), sound, job.fps, size) as video:
            sheet = ContactSheet(_mouth(job.portrait, size))
            ends = _Ends(SpeechCheck(sound.n_channels), clip, Waveform(), sheet, video)
            sound_s = _play(sound, session, ends, progress, job.tail_s)
        _warn_of_late_keys(sound, track, sound_s)
        metadata = provenance(sound, digest, job.portrait, bundle, track, job.fps, job.tail_s)
        _write(job, targets, ends, metadata)
    return sound_s


def _warn_of_late_keys(sound: Sound, track: ControlTrack, sound_s: float) -> None:
    named_s = track.named_until / SAMPLE_RATE
    if named_s > sound_s:
        sound.warn(f"a key of the emotion lies at {named_s:g} s, after the end of the sound at {sound_s:.2f} s")


def _mouth(portrait: Portrait | None, size: tuple[int, int]) -> tuple[float, float, float]:
    """Return column and row of the middle of the mouth and its width, in the pixels of (height, width) pictures."""
    height, width = size
    if portrait is None:
        return width / 2, height / 2, width / 5
    x, y = portrait.landmarks[LIPS, 0] * (width / SIDE), portrait.landmarks[LIPS, 1] * (height / SIDE)
    return float(x.min() + x.max()) / 2, float(-y.min() - y.max()) / 2, float(np.ptp(x))


def _keep_line(line: Path, targets: Mapping[Result, Path]) -> None:
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


def _play(sound: Sound, session: Session, ends: _Ends, progress: Progress | None, tail_s: float) -> float:
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
    return n_done / sound.rate


def _push(session: Session, samples: Floats, ends: _Ends) -> None:
    ends.check.hear(samples)
    ends.waveform.add(samples)
    ends.see(session, session.push_batches(samples))


def _write(job: BakeJob, targets: Mapping[Result, Path], ends: _Ends, metadata: Metadata) -> None:
    name = job.target.name
    for result, path in targets.items():
        if result.row is not None:
            clip = ends.clip.clip(name, metadata, job.channels & result.row.carried(job.options))
            with written_whole(path) as partial, partial.open("wb") as file:
                result.row.write(clip, job.options, file)
        elif result is Result.CURVES:
            write_curves(ends.clip, ends.waveform, name, path)
        elif result is Result.SHEET:
            ends.sheet.write(path)
