"""Keys of an emotion on their way to a server: each is said just before the sound of its time."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine_bridge.client.controls import Controls
from space_runtime.animation.emotion_track import Crossfade, EmotionKey, EmotionTrack
from space_runtime.arrays import Floats
from space_runtime.values import Emotion

AHEAD_S: Final = 2.0
"""Sound that is there at once is pushed so far ahead of its playback, and keys with it."""
WINDOW_MS: Final = round(1_000 * AHEAD_S) + 500
"""Span of a stream that may lie ahead of the server's work: `AHEAD_S`, and room for what the server is late."""
MAX_AHEAD: Final = 48
"""Changes in that time; a server refuses more than 64."""


@dataclass(frozen=True, slots=True)
class ScheduledControls:
    """Controls to `set` from a sample at the sound's rate on, crossfaded."""

    at_sample: int
    controls: Controls
    fade_s: float


class ControlSchedule:
    """The control changes of a track, in the order of time. rate: of the sound, hertz.

    Where keys are denser than a server takes (about twenty a second over more than two seconds), some are left out.
    """

    def __init__(self, track: EmotionTrack, rate: int) -> None:
        self._ahead = deque(_thinned_fades(track))
        self._rate = rate

    def take(self, before: int) -> list[ScheduledControls]:
        """Take the changes that begin before a sample: they are due before its sound is pushed."""
        due: list[ScheduledControls] = []
        while self._ahead and self._at(self._ahead[0]) < before:
            fade = self._ahead.popleft()
            due.append(
                ScheduledControls(self._at(fade), Controls(emotion=labels_of(fade.emotion)), fade.fade_ms / 1_000)
            )
        return due

    def _at(self, fade: Crossfade) -> int:
        return round(fade.begin_ms * self._rate / 1_000)


def labels_of(emotion: Floats) -> dict[str, float]:
    """Return an (8,) emotion as the protocol has it, labels to intensities."""
    return {str(label): value for label, value in zip(Emotion, emotion.tolist(), strict=True) if value}


def _thinned_fades(track: EmotionTrack) -> list[Crossfade]:
    """The crossfades of a track; of a denser one than a server takes, those of fewer keys, evenly thinned."""
    fades = list(track.crossfades())
    if all(later.begin_ms - fade.begin_ms >= WINDOW_MS for fade, later in zip(fades, fades[MAX_AHEAD:], strict=False)):
        return fades
    return list(EmotionTrack(tuple(_thinned(track.keys, -(-WINDOW_MS // MAX_AHEAD)))).crossfades())


def _thinned(keys: Sequence[EmotionKey], gap_ms: int) -> list[EmotionKey]:
    """The first and the last key, and between them those that lie at least ``gap_ms`` apart."""
    kept = [keys[0]]
    for key in keys[1:-1]:
        if key.at_ms - kept[-1].at_ms >= gap_ms:
            kept.append(key)
    return [*kept, keys[-1]]
