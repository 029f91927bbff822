"""Sending a stream to a server: at first, over a new connection, and from its middle to one that knows nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from engine_bridge.client.stream import Change, ClientStream, Sound
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Pace

KEPT_S: Final = 30.0
"""Sound that is kept after it was animated, for a server that has to be told again."""
AHEAD_S: Final = 0.25
"""The furthest ahead of playback at which a stream is taken up."""
DRIVEN_S: Final = 1.0
"""Motion before a position that a frame there may still depend on."""
UNSURE_S: Final = 5.0
"""Messages younger than this may have been lost with a connection."""


AboutStream = m.Start | m.Audio | m.Speak | m.Idle | m.Set | m.Motion | m.End | m.Interrupt | m.Credit | m.Close
"""Messages about a session that exists."""


class StreamReplay:
    """Sends streams, again where needed. session: its number on this connection, None while no server knows it."""

    def __init__(self, say: Callable[[m.ClientMessage], None]) -> None:
        self.session: int | None = None
        self.audio_s = 1.0
        self.held_until = -math.inf
        self._say = say

    def say(self, message: AboutStream) -> None:
        """Send a message about the session, if a server knows it. Its number is filled in here."""
        if self.session is not None:
            self._say(replace(message, session=self.session))

    def grant(self, until: int) -> None:
        """Give credit."""
        self.say(m.Credit(session=0, until=until))

    def tell(self, stream: ClientStream) -> None:
        """Send a stream for the first time."""
        if self.session is None or stream.finished:
            return
        stream.begun = True
        self.say(stream.opening)
        self._tell_rest(stream, stream.changes)

    def go_on(self, stream: ClientStream, next_sample: int, now: float) -> None:
        """Go on over a new connection, from the first sample that the server lacks."""
        if stream.sound:
            stream.sent_until = min(max(stream.sound.first, next_sample), stream.sound.end)
        stream.drive.rewind(stream.newest)
        self.say(
            m.Set(session=0, stream=stream.number, at_sample=0)
        )  # changes nothing; tells whether the stream goes on
        fresh = [
            change for change in stream.changes if change.at_sample > stream.newest or change.given_at > now - UNSURE_S
        ]
        self._tell_rest(stream, fresh)

    def take_up(self, stream: ClientStream, at: float, samples_per_frame: float) -> None:
        """Send a stream to a server that knows nothing of it, to be animated from a position on.

        Of a sound that the server reads itself, all frames are asked for at once: those in the past cost nothing here.
        """
        opening = stream.opening
        if isinstance(opening, m.Start) and stream.sound:
            at = max(stream.sound.first, math.floor(at))
            stream.sent_until = int(at)
            self.say(replace(opening, first_sample=int(at), **stream.controls_at(at).for_start()))
        elif isinstance(opening, m.Speak):
            self.say(replace(opening, pace=Pace.CLIP))
            at = -math.inf
        elif isinstance(opening, m.Idle):
            stream.shift = math.ceil(max(0.0, at) / samples_per_frame)
            stream.shift_samples = stream.shift * samples_per_frame
            self.say(replace(opening, **stream.controls_at(at).for_start()))
        stream.drive.rewind(at - DRIVEN_S * stream.rate)
        self._tell_rest(stream, [change for change in stream.changes if change.at_sample > at])

    def rewind(self, stream: ClientStream) -> None:
        """Send what has not been animated again, with the next `pump`."""
        stream.drive.rewind(stream.newest)
        if stream.sound:
            stream.sent_until = max(stream.sound.first, int(max(stream.newest, stream.first_sample)))
            stream.end_sent = False

    def change(self, stream: ClientStream, change: Change) -> None:
        """Send a change of controls."""
        at = max(0, int(change.at_sample - stream.shift_samples))
        head = m.Set(session=0, stream=stream.number, at_sample=at, fade_ms=change.fade_ms)
        self.say(replace(head, **change.controls.for_set()))

    def interrupt(self, stream: ClientStream) -> None:
        """Send the barge-in, if there is one."""
        if stream.interrupt:
            at = max(0, int(stream.interrupt.at_sample - stream.shift_samples))
            self.say(replace(stream.interrupt, at_sample=at))

    def pump(self, stream: ClientStream, now: float) -> None:
        """Send as much of the motion and the sound as the server takes: motion first, frames need it with the sound."""
        if self.session is None or stream.finished or now < self.held_until:
            return
        animated = max(stream.newest, stream.first_sample, stream.sound.first if stream.sound else 0)
        limit = int(animated + self.audio_s * stream.rate)
        for motion in stream.drive.messages(stream.newest, limit, stream.shift_samples):
            self.say(replace(motion, stream=stream.number))
        stream.drive.forget(animated - KEPT_S * stream.rate)
        if stream.sound:
            self._pump_sound(stream, stream.sound, animated, limit)

    def _pump_sound(self, stream: ClientStream, sound: Sound, animated: float, limit: int) -> None:
        while stream.sent_until < min(limit, sound.end):
            pcm, after = sound.chunk(stream.sent_until, limit)
            first = max(stream.sent_until, sound.first)
            self.say(m.Audio(session=0, stream=stream.number, first_sample=first, pcm=pcm))
            stream.sent_until = after
        if stream.n_samples is not None and stream.sent_until >= stream.n_samples and not stream.end_sent:
            stream.end_sent = True
            self.say(m.End(session=0, stream=stream.number, n_samples=stream.n_samples))
        sound.forget(int(min(stream.sent_until, animated - KEPT_S * stream.rate)))

    def _tell_rest(self, stream: ClientStream, changes: Iterable[Change]) -> None:
        for change in changes:
            self.change(stream, change)
        self.interrupt(stream)
        stream.end_sent = False
        self.pump(stream, math.inf)
