"""A take: the facial motion of a person over media time, and its file, an ``.npz``.

Angles are radians, right-handed: positive yaw turns to the subject's left, positive pitch lowers the nose, positive
roll turns the picture counter-clockwise. Positions are in distances between the driver's outer eye corners.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.motion_row import CONFIDENCE, EYES, ROTATION, TRANSLATION, WEIGHTS
from space_runtime.arguments import StrPath, doubles_of, floats_of, path_of, text_of, values_in_range
from space_runtime.arrays import Doubles, Floats
from space_runtime.errors import MediaError, UsageError
from space_runtime.geometry import N_LANDMARKS
from space_runtime.media.array_archive import DAMAGE, read_arrays
from space_runtime.media.atomic_files import written_whole
from space_runtime.timebase import SAMPLE_RATE

VERSION: Final = 1
MARK: Final = "space_take"
"""The array of the file that holds its version and says that it is a take."""
LONGEST_S: Final = 1e6
"""Seconds that a take or a drive may last: eleven days."""
N_WEIGHTS: Final = len(ARKIT_NAMES)


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """Facial motion of a person, T rows.

    samples: (T,) media times, samples at 16 kHz from the beginning of the video, or of its sound; rising.
    blendshapes: (T, 52) ARKit weights 0…1, as tracked.
    head: (T, 6) yaw, pitch, roll relative to facing the camera, then x, y, z relative to the place of the rest pose.
    eyes_rad: (T, 2, 2) yaw, pitch in the head of the left and of the right eye.
    confidence: (T,) 0…1; 0 where no face was seen, the row before is repeated there.
    neutral_blendshapes: (52,) the driver's own rest. neutral_head: (6,) his rest pose.
    landmarks: (T, 78, 3) normalised, of the driver himself; None for recordings of weights.
    source: name of the file that it was made from. sha256: of that file's bytes. note: what the user should know,
        clauses with semicolons between; empty when there is nothing to say.

    Raises `UsageError` for arrays of other shapes, values that no face has and times that do not rise.
    """

    samples: Doubles
    blendshapes: Floats
    head: Floats
    eyes_rad: Floats
    confidence: Floats
    neutral_blendshapes: Floats
    neutral_head: Floats
    landmarks: Floats | None = None
    source: str = ""
    sha256: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Check everything once, at the rim; sequences become arrays."""
        object.__setattr__(self, "samples", doubles_of("samples of a take", self.samples, (-1,)))
        for name, shape in _ROWS.items():
            if name == "landmarks" and self.landmarks is None:
                continue
            values = floats_of(f"{name} of a take", getattr(self, name), (len(self.samples), *shape))
            object.__setattr__(self, name, values)
        for name, shape in _CONSTANTS.items():
            object.__setattr__(self, name, floats_of(f"{name} of a take", getattr(self, name), shape))
        for name in _TEXTS:
            text_of(f"{name} of a take", getattr(self, name))
        if (np.diff(self.samples) <= 0).any():
            raise UsageError("the times of a take do not rise; give every row a later time than the last")
        self._check_ranges()

    def _check_ranges(self) -> None:
        """Raise `UsageError` for values beyond those of the rows that go over the wire: no face has them."""
        values_in_range("samples of a take", self.samples, 0, LONGEST_S * SAMPLE_RATE)
        for name, values in (("blendshapes", self.blendshapes), ("neutral_blendshapes", self.neutral_blendshapes)):
            values_in_range(f"{name} of a take", values, 0, WEIGHTS.high)
        for name, values in (("head", self.head), ("neutral_head", self.neutral_head)):
            values_in_range(f"{name} of a take", values[..., :3], ROTATION.low, ROTATION.high)
            values_in_range(f"{name} of a take", values[..., 3:], TRANSLATION.low, TRANSLATION.high)
        values_in_range("eyes_rad of a take", self.eyes_rad, EYES.low, EYES.high)
        values_in_range("confidence of a take", self.confidence, CONFIDENCE.low, CONFIDENCE.high)

    @property
    def n_rows(self) -> int:
        """The number of rows, T."""
        return len(self.samples)


_ROWS: Final[Mapping[str, tuple[int, ...]]] = {
    "blendshapes": (N_WEIGHTS,),
    "head": (6,),
    "eyes_rad": (2, 2),
    "confidence": (),
    "landmarks": (N_LANDMARKS, 3),
}
_CONSTANTS: Final[Mapping[str, tuple[int, ...]]] = {"neutral_blendshapes": (N_WEIGHTS,), "neutral_head": (6,)}
_TEXTS: Final = ("source", "sha256", "note")

_NEEDED: Final = (MARK, "samples", *(name for name in _ROWS if name != "landmarks"), *_CONSTANTS, *_TEXTS)

KNOWN: Final = frozenset(
    (MARK, *_ROWS, *_CONSTANTS, *_TEXTS, "samples", "fps", "head_rotation_rad", "head_translation", "eye_rotation_rad")
)
"""The arrays of takes and of baked clips."""


def write_take(take: Take, path: StrPath) -> None:
    """Write a take as ``.npz``; equal takes give equal bytes. Raises `OutputError`."""
    with written_whole(path_of("the take's file", path)) as partial, partial.open("wb") as file:
        _write(take, file)


def _write(take: Take, file: IO[bytes]) -> None:
    arrays: dict[str, NDArray[np.generic]] = {MARK: np.array(VERSION, np.int64)}
    for field in fields(take):
        value = getattr(take, field.name)
        if value is not None:
            arrays[field.name] = np.asarray(value)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy", _FIXED_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, values, allow_pickle=False)


_FIXED_DATE: Final = (1980, 1, 1, 0, 0, 0)


def read_take(path: StrPath) -> Take:
    """Return the take in an ``.npz`` that `write_take` wrote. Raises `MediaError` when the file is none."""
    file = path_of("the take", path)
    try:
        return take_of_arrays(file, read_arrays(file, KNOWN))
    except DAMAGE as error:
        raise _no_take(file, error) from None


def take_of_arrays(file: Path, arrays: Mapping[str, NDArray[np.generic]]) -> Take:
    """Return the take of the arrays that were read from a file. Raises `MediaError` when they are none."""
    try:
        if int(arrays.get(MARK, np.array(VERSION))) > VERSION:
            raise MediaError(f"{file} is a take of a later version ({int(arrays[MARK])}); update this program")
        if missing := [name for name in _NEEDED if name not in arrays]:
            raise LookupError(f"it has no {', '.join(missing)}")
        texts = {name: str(arrays[name]) for name in _TEXTS}
        given = {name: arrays[name] for name in ("samples", *_ROWS, *_CONSTANTS) if name in arrays}
        return Take(**given, **texts)  # type: ignore[arg-type]  # arrays are checked there
    except (*DAMAGE, UsageError) as error:
        raise _no_take(file, error) from None


def _no_take(file: Path, error: Exception) -> MediaError:
    return MediaError(f"{file} is no take ({_reason(error)}); give the .npz that `track` has written")


def is_take(path: Path) -> bool:
    """Return whether a file is a take, whatever is damaged in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return f"{MARK}.npy" in archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def _reason(error: Exception) -> str:
    return "it is a folder" if isinstance(error, IsADirectoryError) else str(error) or type(error).__name__
