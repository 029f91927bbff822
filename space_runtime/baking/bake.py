"""Bakes a line: the same session as live, with files at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

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
from space_runtime.baking.drive import Drive, line_sound
from space_runtime.baking.jobs import TAIL_S, BakeJob, Result
from space_runtime.baking.picture_ends import SHOWING, PictureEnds, opened_pictures
from space_runtime.baking.plots import ContactSheet, Waveform, write_curves
from space_runtime.baking.provenance import provenance
from space_runtime.baking.still import turn_note
from space_runtime.capture.recordings import is_recording
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import Bundle, bundle_or_embedded
from space_runtime.media.atomic_files import prepared_folder, same_place, writing, written_whole
from space_runtime.media.audio_file import Sound
from space_runtime.media.resampling import Resampler
from space_runtime.option_parsing import Format
from space_runtime.portrait.framing import SIDE
from space_runtime.portrait.portrait import Portrait
from space_runtime.timebase import SAMPLE_RATE, FrameRate
from space_runtime.values import Controls, content_seed

Progress = Callable[[float, float | None], None]
"""Called with the seconds of sound done and the seconds in all, None where the file does not tell."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ends:
    """The outputs that take sound and frames."""

    check: SpeechCheck
    clip: GrowingClip
    waveform: Waveform
    sheet: ContactSheet
    pictures: PictureEnds

    def hear(self, block: Floats) -> None:
        for writer in self.pictures.writers:
            writer.add_sound(block)

    def see(self, session: Session, batches: Iterable[Frames]) -> None:
        for frames in batches:
            self.check.see(frames.speech)
            self.clip.add_frames(frames)
            for place, rgb in enumerate(session.pictures(frames)):
                for writer in self.pictures.writers:
                    writer.add_picture(rgb)
                at_s = float(frames.media_sample[place]) / SAMPLE_RATE
                self.sheet.add(int(frames.frame_index[place]), at_s, self.pictures.on_sheet(rgb))


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
    drive: Drive | None = None,
) -> tuple[Path, ...]:
    """Write the animation of the sound file ``line`` into ``folder`` and return the files.

    They are named after the line: ``STEM.mp4`` (needs a portrait), ``STEM.npz``, ``STEM.anim`` …; ``png`` is a folder
    of pictures, ``STEM_png``; ``plot`` adds ``STEM_curves.png`` and, with a portrait, ``STEM_frames.png``. Each appears
    whole or not at all, in the place of a former one; `bake_many` keeps what was changed by hand. The same sound,
    portrait, controls and bundle give the same bytes on one machine's CPU.

    bundle: None opens the embedded one. fps: see `exact_fps`. controls: of the whole line, or over media time
    (`ControlTrack`, `EmotionTrack.over`); a seed that they do not name comes from the sound file's SHA-256.
    formats: ``("mp4", "npz")`` or ``"mp4,npz"``. channels: the parts of clips, see `Channel`.
    progress: see `Progress`; what it raises ends the bake.
    tail_s: seconds, 0…10, in which the face goes to rest after the sound, see
    `Session.finish`; the mp4 has as much silence after its sound. 0 ends the clip with the sound.
    options: what a rig wants of formats, see `FormatOptions`.
    drive: a driver who leads the face, see `Controls.drive`; a recording of motion may be the line then.

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
        drive=drive,
    )
    if progress is not None and not callable(progress):
        raise UsageError(f"progress is {shown(progress)}; expected a function of seconds done and seconds in all")
    targets = job.targets()
    _keep_line(source, targets)
    opened = bundle_or_embedded(bundle)
    sound = line_sound(source, drive)
    digest = sound.sha256()
    with prepared_folder(out):
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
    pictures = bool(targets.keys() & SHOWING)
    motion = job.drive.motion(job.portrait, bundle) if job.drive else None
    session = Session(bundle, job.portrait, track, job.fps, pictures, motion)
    with writing(folder), GrowingClip(folder, job.fps) as clip:
        with opened_pictures(targets, sound, job, session.picture_size if pictures else (SIDE, SIDE)) as shown:
            sheet = ContactSheet(shown.mouth)
            ends = _Ends(SpeechCheck(sound.n_channels), clip, Waveform(), sheet, shown)
            sound_s = _play(sound, session, ends, progress, job.tail_s)
        _warn_of_late_keys(sound, track, sound_s)
        if pictures and job.portrait and (note := turn_note(job.portrait, track.first.head_offset)):
            sound.warn(note)
        if not track.listens and not is_recording(sound.path) and (note := ends.check.note()):
            sound.warn(note)
        metadata = provenance(sound, digest, job, bundle, track)
        _write(job, targets, ends, metadata)
    return sound_s


def _warn_of_late_keys(sound: Sound, track: ControlTrack, sound_s: float) -> None:
    named_s = track.named_until / SAMPLE_RATE
    if named_s > sound_s:
        sound.warn(f"a key lies at {named_s:g} s, after the end of the sound at {sound_s:.2f} s")


def _keep_line(line: Path, targets: Mapping[Result, Path]) -> None:
    for target in targets.values():
        if same_place(target, line):
            raise UsageError(f"{target} would overwrite the line itself; choose another folder")


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
