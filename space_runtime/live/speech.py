"""A sound to speak, and the way in which it is spoken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine_bridge.client.controls import Controls
from space_runtime.animation.emotion_track import EmotionTrack
from space_runtime.live.sources import Source


@dataclass(frozen=True, slots=True)
class Speech:
    """A sound to speak. title: what pages call it. source: makes it, once more if it can be repeated.

    is_live: somebody speaks now, who would feel a delay. is_audible: pages play it too; a microphone would hear itself.
    """

    title: str
    source: Callable[[], Source]
    is_live: bool = False
    is_audible: bool = True
    can_be_repeated: bool = True


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """The way in which lines are spoken: see `Player`. ahead: whether sound that is there before it is spoken may be
    animated faster than it is spoken; a server that shows faces itself could not tell when to."""

    fps: float
    playout_s: float
    name: str
    controls: Controls
    emotion: EmotionTrack
    ahead: bool = False
