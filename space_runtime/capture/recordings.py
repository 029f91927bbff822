"""Recordings of weights as takes: CSV of Live Link Face, and baked clips; and whatever file holds a take, opened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from engine_bridge.formats.live_link_csv import read_recording
from space_runtime.arguments import StrPath, path_of
from space_runtime.arrays import Doubles, Floats
from space_runtime.capture.driver import REST_SHARE
from space_runtime.capture.face_rows import Watch
from space_runtime.capture.person import Person
from space_runtime.capture.take import KNOWN, MARK, N_WEIGHTS, Take, take_of_arrays
from space_runtime.capture.video_take import take_of_video
from space_runtime.errors import MediaError, UsageError, counted
from space_runtime.inference.bundle import Bundle
from space_runtime.media.array_archive import DAMAGE, read_arrays
from space_runtime.media.audio_file import file_sha256
from space_runtime.media.video_reader import open_video
from space_runtime.timebase import SAMPLE_RATE

ARCHIVE: Final = b"PK\x03\x04"
"""The first bytes of an ``.npz``."""
RECORDED: Final = (".npz", ".csv")
"""Endings that promise a recording."""
HEADER_BYTES: Final = 4_096
"""Bytes in which the first line of a CSV ends."""
MAX_CSV_BYTES: Final = 1 << 28


def open_take(
    path: StrPath, person: Person | None = None, bundle: Bundle | None = None, watch: Watch | None = None
) -> Take:
    """Return the take in a file: a take, a baked clip, both ``.npz``, a CSV of Live Link Face, or a video.

    Its content decides, not its name. A video is tracked: person, bundle and watch as in `take_of_video`. Raises
    `MediaError`, and `ClipError` for a damaged CSV.
    """
    file = path_of("the take", path)
    try:
        head = _head(file)
    except OSError as error:
        raise MediaError(
            f"{file} cannot be read ({error.strerror or error}); give a take, a recording or a video"
        ) from None
    if head.startswith(ARCHIVE):
        return _of_archive(file)
    if _is_csv(head):
        return take_of_csv(file)
    if file.suffix.lower() in RECORDED:
        raise MediaError(
            f"{file} is no take, no baked clip and no recording of Live Link Face; track or record it anew"
        )
    return take_of_video(open_video(file), person, bundle, watch)


def is_recording(path: Path) -> bool:
    """Return whether a file is an archive of arrays (a take, a clip) or a CSV of Live Link Face: no sound, no video."""
    try:
        head = _head(path)
    except OSError:
        return False
    return head.startswith(ARCHIVE) or _is_csv(head)


def take_of_csv(path: Path) -> Take:
    """Return the take in a CSV of the Live Link Face app, or in one of ours. Raises `MediaError`, `ClipError`."""
    if path.stat().st_size > MAX_CSV_BYTES:
        raise MediaError(f"{path} has more than {MAX_CSV_BYTES >> 20} MB; cut the recording into parts")
    clip, seen = read_recording(path.read_bytes(), path.name)
    if not seen.any():
        raise MediaError(f"{path} has no rows that show a face; record it anew")
    assert clip.blendshapes is not None and clip.head_rotation_rad is not None and clip.eye_rotation_rad is not None
    weights = np.clip(clip.blendshapes, 0, 1).astype(np.float32)
    rows = np.flatnonzero(seen)
    rest = rows[np.argsort(weights[rows].sum(1), kind="stable")[: max(1, round(REST_SHARE * len(rows)))]]
    note = "" if seen.all() else f"no face in {len(seen) - len(rows)} of {counted(len(seen), 'row')}"
    try:
        with np.errstate(over="ignore"):  # what is too large is refused as infinite
            head = np.zeros((clip.n_frames, 6), np.float32)
            head[:, :3], eyes = clip.head_rotation_rad, np.asarray(clip.eye_rotation_rad, np.float32)
            still = np.median(weights[rest], axis=0), np.median(head[rest], axis=0)
        take = _recorded(path, np.asarray(clip.times_s, np.float64), weights, head, eyes, *still)
        return replace(take, confidence=seen.astype(np.float32), note=note)
    except UsageError as error:
        raise MediaError(f"{path} is damaged ({error}); record it anew") from None


def _of_archive(file: Path) -> Take:
    """Return the take in an ``.npz``: one of ours, or a baked clip, which moves from rest."""
    try:
        arrays = read_arrays(file, KNOWN)
        if MARK in arrays or "fps" not in arrays:
            return take_of_arrays(file, arrays)
        if missing := [name for name in _CLIP if name not in arrays]:
            raise MediaError(f"the clip {file} was baked without {', '.join(missing)}; bake it with all channels")
        numerator, denominator = (int(part) for part in arrays["fps"].tolist())
        with np.errstate(over="ignore"):  # what is too large is refused as infinite
            weights = np.asarray(arrays["blendshapes"], np.float32)
            head = np.concatenate([arrays["head_rotation_rad"], arrays["head_translation"]], 1).astype(np.float32)
            eyes = np.asarray(arrays["eye_rotation_rad"], np.float32)
        times = np.arange(len(weights), dtype=np.float64) * (denominator / numerator)
        return _recorded(file, times, weights, head, eyes, np.zeros(N_WEIGHTS, np.float32), np.zeros(6, np.float32))
    except (*DAMAGE, UsageError) as error:
        raise MediaError(f"{file} is neither a take nor a baked clip ({error}); track or bake it anew") from None


_CLIP: Final = ("blendshapes", "head_rotation_rad", "head_translation", "eye_rotation_rad")


def _recorded(
    file: Path, times_s: Doubles, weights: Floats, head: Floats, eyes_rad: Floats, rest: Floats, rest_head: Floats
) -> Take:
    return Take(
        samples=times_s * SAMPLE_RATE,
        blendshapes=weights,
        head=head,
        eyes_rad=eyes_rad,
        confidence=np.ones(len(times_s), np.float32),
        neutral_blendshapes=rest,
        neutral_head=rest_head,
        source=file.name,
        sha256=file_sha256(file),
    )


def _head(file: Path) -> bytes:
    """Return the first bytes of a file. Raises `OSError`, also for a pipe or a device, which may block or never end."""
    if file.exists() and not (file.is_file() or file.is_dir()):
        raise OSError("it is a pipe or a device")
    with file.open("rb") as opened:
        return opened.read(HEADER_BYTES)


def _is_csv(head: bytes) -> bool:
    """Return whether the first line of a file is that of a Live Link Face CSV."""
    line = head.split(b"\n")[0].lower()
    return b"timecode" in line and b"blendshape" in line
