"""How a line is said to a server: at first, over a new connection, and in its middle to one that knows nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from engine_bridge.client.stream import Change, ClientStream
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Pace

KEPT_S: Final = 30.0
"""Sound that is kept after it was animated, for a server that has to be told again."""
AHEAD_S: Final = 0.25
"""How far ahead of playback a line is taken up at most."""
UNSURE_S: Final = 5.0
"""Messages younger than this may have been lost with a connection."""


Said = m.Start | m.Audio | m.Speak | m.Idle | m.Set | m.End | m.Interrupt | m.Credit | m.Close
"""Messages about a session that exists."""


class StreamReplay:
    """Says lines. session: its number on this connection, None while no server knows it."""

    def __init__(self, say: Callable[[m.ClientMessage], None]) -> None:
        self.session: int | None = None
        self.audio_s = 1.0
        self.held_until = -math.inf
        self._say = say

    def say(self, message: Said) -> None:
        """Send a message about the session, if a server knows it. Its number is filled in here."""
        if self.session is not None:
            self._say(replace(message, session=self.session))

    def grant(self, until: int) -> None:
        """Give credit."""
        self.say(m.Credit(session=0, until=until))

    def tell(self, line: ClientStream) -> None:
        """Say a line for the first time."""
        if self.session is None or line.finished:
            return
        line.begun = True
        self.say(line.opening)
        self._tell_rest(line, line.changes)

    def go_on(self, line: ClientStream, next_sample: int, now: float) -> None:
        """Go on over a new connection, from the first sample that the server lacks."""
        if line.sound:
            line.sent_until = max(line.sound.first, next_sample)
        self.say(m.Set(session=0, stream=line.stream, at_sample=0))  # changes nothing; tells whether the line goes on
        fresh = [
            change for change in line.changes if change.at_sample > line.newest or change.given_at > now - UNSURE_S
        ]
        self._tell_rest(line, fresh)

    def take_up(self, line: ClientStream, at: float, samples_per_frame: float) -> None:
        """Say a line to a server that knows nothing of it, to be animated from a position on.

        Of a sound that the server reads itself, all frames are asked for at once: those in the past cost nothing here.
        """
        opening = line.opening
        if isinstance(opening, m.Start) and line.sound:
            at = max(line.sound.first, math.floor(at))
            line.sent_until = int(at)
            self.say(replace(opening, first_sample=int(at), **line.controls_at(at).for_start()))
        elif isinstance(opening, m.Speak):
            self.say(replace(opening, pace=Pace.CLIP))
            at = -math.inf
        elif isinstance(opening, m.Idle):
            line.shift = math.ceil(max(0.0, at) / samples_per_frame)
            line.shift_samples = line.shift * samples_per_frame
            self.say(replace(opening, **line.controls_at(at).for_start()))
        self._tell_rest(line, [change for change in line.changes if change.at_sample > at])

    def change(self, line: ClientStream, change: Change) -> None:
        """Say a change of controls."""
        at = max(0, int(change.at_sample - line.shift_samples))
        head = m.Set(session=0, stream=line.stream, at_sample=at, fade_ms=change.fade_ms)
        self.say(replace(head, **change.controls.for_set()))

    def interrupt(self, line: ClientStream) -> None:
        """Say the barge-in, if there is one."""
        if line.interrupt:
            at = max(0, int(line.interrupt.at_sample - line.shift_samples))
            self.say(replace(line.interrupt, at_sample=at))

    def pump(self, line: ClientStream, now: float) -> None:
        """Send as much of the sound as the server takes."""
        if self.session is None or line.sound is None or line.finished or now < self.held_until:
            return
        animated = max(line.newest, line.first_sample, line.sound.first)
        limit = int(animated + self.audio_s * line.rate)
        while line.sent_until < min(limit, line.sound.end):
            pcm, after = line.sound.chunk(line.sent_until, limit)
            first = max(line.sent_until, line.sound.first)
            self.say(m.Audio(session=0, stream=line.stream, first_sample=first, pcm=pcm))
            line.sent_until = after
        if line.n_samples is not None and line.sent_until >= line.n_samples and not line.end_sent:
            line.end_sent = True
            self.say(m.End(session=0, stream=line.stream, n_samples=line.n_samples))
        line.sound.forget(int(min(line.sent_until, animated - KEPT_S * line.rate)))

    def _tell_rest(self, line: ClientStream, changes: Iterable[Change]) -> None:
        for change in changes:
            self.change(line, change)
        self.interrupt(line)
        line.end_sent = False
        self.pump(line, math.inf)
