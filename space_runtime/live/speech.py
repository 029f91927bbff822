"""A sound to speak, and the way in which it is spoken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine_bridge.adapters import Sink
from engine_bridge.client import ClientSession
from engine_bridge.client.controls import Controls
from space_runtime.animation.direction import Direction
from space_runtime.live.motion_feed import MotionFeed
from space_runtime.live.player import Player, SoundOutput
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
    animated faster than it is spoken; a server that shows faces itself could not tell when to. motion: drives the face;
    is_call: it comes from a camera, so that every sound is spoken at the pace of the clock."""

    fps: float
    playout_s: float
    name: str
    controls: Controls
    direction: Direction
    ahead: bool = False
    motion: MotionFeed | None = None
    is_call: bool = False

    def player(
        self, session: ClientSession, sinks: Sequence[Sink], speech: Speech, sound: SoundOutput | None = None
    ) -> Player:
        """Return the player of a line."""
        ahead = self.ahead and not speech.is_live and not self.is_call
        return Player(
            session, sinks, self.fps, self.playout_s, self.name, sound, ahead, self.motion, is_live=speech.is_live
        )
