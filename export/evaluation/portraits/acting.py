"""A portrait that acts: neutral, with open mouth, every emotion, a blink, looking aside, turned, and speaking a line.

Everything is asked of the runtime as a game would: controls over media time, silence or the package's line as sound.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.motion_source import RecordedMotion
from space_runtime.animation.pipeline import Character, build_character, open_rig
from space_runtime.animation.textures import render
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats, Pixels
from space_runtime.assets import LINE, LINE_PHONES
from space_runtime.emotion import Emotion
from space_runtime.inference.bundle import Bundle
from space_runtime.media.audio_file import open_sound
from space_runtime.portrait.portrait import Portrait
from space_runtime.rig.shapes import SHAPE
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import Controls, HeadMode

FPS: Final = 10
SPOKEN_FPS: Final = 30
MOMENT_S: Final = 1.0
"""Length of a moment; its picture is its last one."""
FADE: Final = SAMPLE_RATE // 5
GAZE_DEG: Final = 20.0
NEUTRAL, HALF, OPEN, BLINK = "neutral", "half open", "open", "blink"
GAZES: Final = {"gaze left": GAZE_DEG, "gaze right": -GAZE_DEG}
"""Yaw of the eyes in degrees: to the subject's left and right."""
TURNS: Final = {"yaw -15": -15.0, "yaw +15": 15.0, "yaw -25": -25.0, "yaw +25": 25.0}
EMOTIONS: Final = tuple(emotion.value for emotion in Emotion if emotion is not Emotion.NEUTRAL)
OPENINGS: Final = {HALF: {"jawOpen": 0.2}, OPEN: {"jawOpen": 0.65}}
"""Weights of the moments that no speech gives."""
MOMENTS: Final = (NEUTRAL, OPEN, *EMOTIONS, BLINK, *GAZES, *TURNS, HALF)
"""Names of the moments, in the order of a contact sheet."""
CLOSING: Final = frozenset("pbm")
"""Phones at which lips meet."""
NEAR_S: Final = 0.04
"""Pictures this long before and after a phone count as its own."""

_quiet = partial(Controls, head_mode=HeadMode.KEEP, blink_samples=(), saccade_strength=0.0, seed=1)


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """A portrait with all that makes it act."""

    bundle: Bundle
    portrait: Portrait
    character: Character

    @classmethod
    def of(cls, portrait: Portrait, bundle: Bundle) -> Actor:
        """Return the actor of a portrait."""
        return cls(bundle, portrait, build_character(bundle, portrait, FPS, pictures=True))

    def moments(self, names: tuple[str, ...] = MOMENTS) -> dict[str, Pixels]:
        """Return the picture of each moment by its name, in their order."""
        played = [name for name in names if name not in OPENINGS]
        keypoints = self._played(played) | self._opened([name for name in names if name in OPENINGS])
        return {name: render(self.character, keypoints[name]) for name in names}

    def _played(self, names: list[str]) -> dict[str, Floats]:
        """Return the keypoints of moments that controls ask for, one after the other."""
        length = round(MOMENT_S * SAMPLE_RATE)
        track = ControlTrack.of(_quiet())
        for place, name in enumerate(names):
            track = track.changed(place * length, controls_of(name, (place + 1) * length - SAMPLE_RATE // FPS), FADE)
        batch = StreamBatch(self.bundle)
        row = batch.add(self.character, track, keypoints=True)
        return self._last_of_moments(batch, row, names)

    def _opened(self, names: list[str]) -> dict[str, Floats]:
        """Return the keypoints of moments whose weights are given, one after the other."""
        rig, identity = open_rig(self.bundle), self.character.identity
        rows = []
        for name in names:
            weights = np.zeros(len(SHAPE), np.float32)
            for shape, value in OPENINGS[name].items():
                weights[SHAPE[shape]] = value
            rows += [rig.face(identity, weights, np.zeros((2, 2), np.float32))] * 2
        if not rows:
            return {}
        ends = np.arange(len(names)) * MOMENT_S * SAMPLE_RATE
        times = np.stack([ends, ends + 0.99 * MOMENT_S * SAMPLE_RATE], 1).ravel()
        n = len(times)
        still = np.zeros((n, 6), np.float32), np.zeros((n, 2, 2), np.float32), np.zeros(n)
        batch = StreamBatch(self.bundle)
        motion = RecordedMotion(times, np.stack(rows), *still)
        row = batch.add(self.character, _quiet(), motion, keypoints=True)
        return self._last_of_moments(batch, row, names)

    def _last_of_moments(self, batch: StreamBatch, row: int, names: list[str]) -> dict[str, Floats]:
        n_hops = math.ceil((len(names) * MOMENT_S + 0.5) * SAMPLE_RATE / HOP)
        frames = batch.step([row], np.zeros((1, n_hops * HOP), np.float32))
        per_moment = round(MOMENT_S * FPS)
        return {name: frames.keypoints[(place + 1) * per_moment - 1] for place, name in enumerate(names)}

    def closings(self) -> Iterator[list[Pixels]]:
        """Yield, for each p, b and m of the package's line, the pictures around it."""
        character = build_character(self.bundle, self.portrait, SPOKEN_FPS, pictures=True)
        sound = np.concatenate(list(open_sound(LINE).speech_blocks()))
        padded = np.zeros(math.ceil((len(sound) + SAMPLE_RATE / 2) / HOP) * HOP, np.float32)
        padded[: len(sound)] = sound
        batch = StreamBatch(self.bundle)
        frames = batch.step([batch.add(character, _quiet(), keypoints=True)], padded[None])
        times = frames.media_sample / SAMPLE_RATE
        for start, end in closing_times():
            near = np.flatnonzero((times >= start - NEAR_S) & (times <= end + NEAR_S))
            yield [render(character, frames.keypoints[place]) for place in near]


def controls_of(name: str, blink_sample: int) -> Controls:
    """Return the controls of a moment. blink_sample: when the lids are shut, if it is the blink."""
    if name == BLINK:
        return _quiet(blink_samples=(blink_sample,))
    if name in GAZES:
        return _quiet(gaze_rad=(math.radians(GAZES[name]), 0.0))
    if name in TURNS:
        return _quiet(head_mode=HeadMode.GIVEN, head_track=[[math.radians(TURNS[name]), 0.0, 0.0]])
    return _quiet(emotion={name: 1.0} if name in EMOTIONS else None)


def closing_times() -> list[tuple[float, float]]:
    """Return begin and end in seconds of each p, b and m of the package's line; neighbours are one."""
    phones = json.loads(LINE_PHONES.read_text(encoding="utf-8"))["phones"]
    found: list[tuple[float, float]] = []
    for phone in phones:
        if phone["phone"] not in CLOSING:
            continue
        start, end = float(phone["start_s"]), float(phone["end_s"])
        if found and found[-1][1] == start:
            start = found.pop()[0]
        found.append((start, end))
    return found
