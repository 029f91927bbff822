"""The driver of a line, and recordings that are lines themselves: their sound is silence of their length."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np

from space_runtime.animation.driven_motion import DrivenMotion, drive_motion
from space_runtime.arguments import instance, one_of
from space_runtime.capture.drive_rows import DriveEnd, DriveReference, DriveRows, drive_rows
from space_runtime.capture.recordings import is_recording
from space_runtime.capture.take import Take
from space_runtime.inference.bundle import Bundle
from space_runtime.media.audio_file import Sound, open_sound, silent_sound
from space_runtime.portrait.portrait import Portrait
from space_runtime.timebase import SAMPLE_RATE


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """A driver: his rows from the line's beginning on, and what they count from.

    source_sha256: of the file that the take was made from; empty where that is not known.
    """

    rows: DriveRows
    reference: DriveReference = DriveReference.RELATIVE
    end: DriveEnd = DriveEnd.REST
    source_sha256: str = ""

    @classmethod
    def of(
        cls,
        take: Take,
        reference: DriveReference = DriveReference.RELATIVE,
        end: DriveEnd = DriveEnd.REST,
        begin_s: float = 0.0,
    ) -> Self:
        """Return the drive of a take. begin_s: seconds in it at which the line begins.

        Raises `UsageError`, also when the take is over before it begins.
        """
        instance("the take", take, Take, "which open_take() opens")
        counted = one_of("reference", reference, DriveReference)
        rows = drive_rows(take, counted).begun_at(begin_s)
        return cls(rows, counted, one_of("end", end, DriveEnd), take.sha256)

    def motion(self, portrait: Portrait | None, bundle: Bundle) -> DrivenMotion:
        """Return the motion source of a face."""
        return drive_motion(self.rows, portrait, bundle, self.reference, self.end)

    def metadata(self) -> dict[str, object]:
        """Return what a clip depends on."""
        digest = hashlib.sha256()
        for field in fields(self.rows):
            digest.update(np.ascontiguousarray(getattr(self.rows, field.name)).data)
        source = {"source_sha256": self.source_sha256} if self.source_sha256 else {}
        return {"sha256": digest.hexdigest(), **source, "reference": self.reference.value, "end": self.end.value}


@dataclass(frozen=True, slots=True)
class DriveOptions:
    """The options of a drive but for the take. begin_s: seconds in it at which the line begins."""

    reference: DriveReference = DriveReference.RELATIVE
    end: DriveEnd = DriveEnd.REST
    begin_s: float = 0.0

    def of(self, take: Take) -> Drive:
        """Return what `Drive.of` returns."""
        return Drive.of(take, self.reference, self.end, self.begin_s)


def line_sound(path: Path, drive: Drive | None) -> Sound:
    """Return the sound of a line; of a recording silence as long as its rows. Raises `MediaError`."""
    if drive is None or not is_recording(path):
        return open_sound(path)
    samples = drive.rows.samples
    step = float(np.median(np.diff(samples))) if len(samples) > 1 else SAMPLE_RATE / 30
    return silent_sound(path, round(float(samples[-1]) + step))
