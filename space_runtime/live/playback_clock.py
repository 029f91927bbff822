"""The playback position of a player that plays sound a moment after it comes, and waits when none comes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class PlaybackClock:
    """The playback position. Pure: the time is a parameter.

    delay_s: from a sound to its playback. slack_s: how much later than expected sound may come before playback makes a
    pause for it. received_s: sound so far. over: whether no more comes. paused_at_s: the position at the last
    pause, which lasts until playback is there again. waits: whether playback has still to be released (`release`).
    """

    delay_s: float
    slack_s: float
    received_s: float = 0.0
    over: bool = False
    begun_at: float | None = None
    paused_at_s: float | None = None
    waits: bool = False

    def add(self, seconds: float, now: float) -> None:
        """More sound has come."""
        late = 0.0 if self.begun_at is None else now - self.begun_at - self.received_s
        if self.begun_at is None:
            self.begun_at = now
        elif late > self.slack_s:
            self.paused_at_s = self.position(now)
            self.begun_at += late
        self.received_s += seconds

    def release(self, now: float) -> None:
        """Let playback that waits begin as if the first sound had come now."""
        self.waits = False
        self.begun_at = now

    def position(self, now: float) -> float | None:
        """Return what is being played, in seconds of the sound; None before it begins.

        It never passes the sound that has come, until that is over, and never runs back.
        """
        if self.begun_at is None or self.waits or now - self.begun_at < self.delay_s:
            return self.paused_at_s
        seconds = max(now - self.begun_at - self.delay_s, self.paused_at_s or 0.0)
        return seconds if self.over else min(seconds, self.received_s)

    def ahead_s(self, now: float) -> float:
        """Return how much sooner than needed the sound has come."""
        return 0.0 if self.begun_at is None else self.received_s - (now - self.begun_at)
