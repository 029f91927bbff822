"""A direction on its way to a server: each change is said just before the sound of its time."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from engine_bridge.client.controls import Controls
from space_runtime.animation.direction import BlinkKey, Direction, LookKey, Step
from space_runtime.animation.emotion_track import EmotionKey, EmotionTrack
from space_runtime.arrays import Floats
from space_runtime.emotion import Emotion

AHEAD_S: Final = 2.0
"""Sound that is there at once is pushed so far ahead of its playback, and keys with it."""
WINDOW_MS: Final = round(1_000 * AHEAD_S) + 500
"""Span of a stream that may lie ahead of the server's work: `AHEAD_S`, and room for what the server is late."""
MAX_AHEAD: Final = 48
"""Changes in that time; a server refuses more than 64."""
Key = TypeVar("Key", EmotionKey, LookKey, BlinkKey)


@dataclass(frozen=True, slots=True)
class ScheduledControls:
    """Controls to `set` from a sample at the sound's rate on, crossfaded."""

    at_sample: int
    controls: Controls
    fade_s: float


class ControlSchedule:
    """The control changes of a direction, in the order of time. rate: of the sound, hertz.

    Where keys are denser than a server takes (about twenty a second over more than two seconds), some are left out.
    """

    def __init__(self, direction: Direction, rate: int) -> None:
        self._ahead = deque(_thinned_steps(direction))
        self._rate = rate

    def take(self, before: int) -> list[ScheduledControls]:
        """Take the changes that begin before a sample: they are due before its sound is pushed."""
        due: list[ScheduledControls] = []
        while self._ahead and self._at(self._ahead[0]) < before:
            step = self._ahead.popleft()
            due.append(ScheduledControls(self._at(step), _controls_of(step), step.fade_ms / 1_000))
        return due

    def _at(self, step: Step) -> int:
        return round(step.begin_ms * self._rate / 1_000)


def begun(controls: Controls, direction: Direction) -> Controls:
    """Return the controls at the beginning of a direction."""
    at_once = Step(0, 0, direction.emotion.first, next((key for key in direction.looks if not key.at_ms), None))
    return controls.updated(_controls_of(at_once))


def _controls_of(step: Step) -> Controls:
    return Controls(
        emotion=None if step.emotion is None else labels_of(step.emotion),
        look_at=None if step.look is None else () if step.look.point is None else step.look.point.tolist(),
        blink=None if step.blink is None else step.blink.blink.tolist(),
    )


def labels_of(emotion: Floats) -> dict[str, float]:
    """Return an (8,) emotion as the protocol has it, labels to intensities."""
    return {str(label): value for label, value in zip(Emotion, emotion.tolist(), strict=True) if value}


def _thinned_steps(direction: Direction) -> list[Step]:
    """The changes of a direction; of a denser one than a server takes, those of fewer keys, evenly thinned."""
    steps = list(direction.steps())
    if _fit(steps):
        return steps
    n_kinds = 1 + bool(direction.looks) + bool(direction.blinks)
    gap_ms = -(-WINDOW_MS * n_kinds // MAX_AHEAD)
    emotion = EmotionTrack(tuple(_thinned(direction.emotion.keys, gap_ms)))
    looks, blinks = _thinned(direction.looks, gap_ms), _thinned(direction.blinks, gap_ms)
    return list(Direction(emotion, tuple(looks), tuple(blinks)).steps())


def _fit(steps: Sequence[Step]) -> bool:
    """Return whether a server takes all of them."""
    return all(
        later.begin_ms - step.begin_ms >= WINDOW_MS for step, later in zip(steps, steps[MAX_AHEAD:], strict=False)
    )


def _thinned(keys: Sequence[Key], gap_ms: int) -> list[Key]:
    """The first and the last key, and between them those that lie at least ``gap_ms`` apart."""
    kept: list[Key] = list(keys[:1])
    for key in keys[1:-1]:
        if key.at_ms - kept[-1].at_ms >= gap_ms:
            kept.append(key)
    kept += keys[1:][-1:]
    return kept
