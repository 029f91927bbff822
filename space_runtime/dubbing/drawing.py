"""The second reading of a video: every picture is drawn and written, with the line beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from space_runtime.arrays import Floats
from space_runtime.dubbing.dubbed_file import DubbedFile
from space_runtime.dubbing.kept_streams import KeptStreams
from space_runtime.dubbing.lower_face import lower_face
from space_runtime.dubbing.mesh_store import MeshStore
from space_runtime.dubbing.picture import TrackedFace, dubbed
from space_runtime.dubbing.planes import Planes, upright_planes
from space_runtime.dubbing.spoken_face import SpokenFace
from space_runtime.dubbing.video_person import DubbedPerson, Progress
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import Bundle
from space_runtime.media.audio_file import Sound
from space_runtime.media.video_reader import VideoReader
from space_runtime.values import Controls

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

SLOWEST, FASTEST = Fraction(24), Fraction(240)
"""Frames of the speaking face in a second, at least and at most; between them it is interpolated. The average rate of a
video whose pictures come in bursts may be far below the rate of these."""


class DubLength(StrEnum):
    """The end of the dubbed video."""

    LONGEST = "longest"
    """With the line or the video, whichever ends later: the last picture is held while the line goes on."""
    VIDEO = "video"
    """With the video; what is left of the line is cut."""
    SPEECH = "speech"
    """With the line; what is left of the video is cut, or its last picture held."""


@dataclass(frozen=True, slots=True)
class DubCounts:
    """Numbers of pictures: dubbed, passed through because they show no face, held at the end. seconds: in all.

    is_cut: the line goes on after the end.
    """

    n_dubbed: int
    n_passed: int
    n_held: int
    seconds: float
    is_cut: bool


class Drawing:
    """Draws and writes a video whose face was followed. store: its meshes."""

    def __init__(self, reader: VideoReader, bundle: Bundle, person: DubbedPerson, store: MeshStore) -> None:
        """Prepare the parts that all pictures share."""
        self._reader, self._bundle, self._person, self._store = reader, bundle, person, store
        self._lower = lower_face(person.rest, np.asarray(bundle.arrays("warp")["triangles"], np.int32))
        self._n_dubbed = self._n_passed = self._n_held = 0
        self._first: Planes | None = None

    def write(
        self, path: Path, kept: KeptStreams, line: Sound, controls: Controls, length: DubLength, tell: Progress
    ) -> DubCounts:
        """Write the file and return what was done. Raises `UsageError` when that is no picture."""
        frames = self._reader.frames()
        beginning = next(frames)
        first = self._first = upright_planes(beginning[1], self._reader.size)
        fps, end = self._reader.fps, Fraction()
        with DubbedFile(path, kept, line, beginning[1], first, fps) as file:
            person = self._person
            rate = max(SLOWEST, min(fps, FASTEST))
            face = SpokenFace(self._bundle, person.portrait, person.rest, line, rate, controls, file.hear)
            for time, picture in self._pictures(chain([beginning], frames), face, kept.voice_s, length):
                file.add_picture(picture, time)
                end = time + 1 / fps
                tell("drawing", self._n_dubbed + self._n_passed, self._reader.n_pictures)
            if not self._n_dubbed + self._n_passed:
                raise UsageError(
                    f"the line ends before the first picture, which comes after {float(beginning[0]):.2f} s; choose"
                    f" the length {DubLength.LONGEST} or {DubLength.VIDEO}"
                )
            is_cut = length is DubLength.VIDEO and face.goes_on(end - kept.voice_s)
            file.finish(
                line_until=end if length is DubLength.VIDEO else None,
                others_until=end if length is DubLength.SPEECH else None,
            )
        return DubCounts(self._n_dubbed, self._n_passed, self._n_held, float(end), is_cut)

    def _pictures(
        self, frames: Iterator[tuple[Fraction, VideoFrame]], face: SpokenFace, voice_s: Fraction, length: DubLength
    ) -> Iterator[tuple[Fraction, Planes]]:
        """Yield every picture of the result with its time."""
        picture, seen, time = None, None, Fraction()
        for k, (time, frame) in enumerate(frames):
            speaking = face.at(time - voice_s)
            if length is DubLength.SPEECH and not face.goes_on(time - voice_s):
                return
            picture, seen = self._planes(frame), self._store.face(k)
            self._n_dubbed += seen is not None
            self._n_passed += seen is None
            yield time, self._drawn(picture, seen, speaking)
        while picture is not None and length is not DubLength.VIDEO:
            time += 1 / self._reader.fps
            speaking = face.at(time - voice_s)
            if not face.goes_on(time - voice_s + 1 / (2 * self._reader.fps)):
                return
            self._n_held += 1
            yield time, self._drawn(picture, seen, speaking)

    def _drawn(self, picture: Planes, seen: TrackedFace | None, speaking: Floats) -> Planes:
        return picture if seen is None else dubbed(picture, seen, speaking, self._lower, self._person.insides)

    def _planes(self, frame: VideoFrame) -> Planes:
        return upright_planes(frame, self._reader.size, self._first)
