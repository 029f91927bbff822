"""One line of one session: its sound, its clock, its controls."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from engine_bridge.protocol.messages import Pace, Reason, SampleFormat, Set
from space_runtime.animation.track import ControlTrack
from space_runtime.server.audio_buffer import AudioBuffer
from space_runtime.server.validation import SoundFormat
from space_runtime.timebase import HOP, SAMPLE_RATE, n_frames

EAGER: Final = SAMPLE_RATE // 2
"""Sound that waits beyond this is sound in advance: it is animated along the clock, the rest at once."""

UNDERRUN_STEP_S: Final = 0.02
"""An underrun is told again only when it has grown by this much."""

WHOLE: Final = SoundFormat(SAMPLE_RATE, SampleFormat.F32, 1)
"""How a file's sound reaches its stream: decoded and resampled."""

TICKS_PER_S: Final = 100
"""Sound in advance is animated on these ticks of the clock, so that streams fall into step and share a batch."""

ENDLESS: Final = 1 << 60
"""Frames of a stream whose end is not known."""


@dataclass(slots=True, eq=False)
class LiveStream:
    """A stream while it lives. Times are seconds of the server's monotonic clock; media times as said.

    first_index: number, in the whole sound, of the frame that is frame 0 inside; origin: its media sample at the
    stream's rate. started_at: when its first sound came. playout_s: of the session. look_ahead: samples at 16 kHz.
    intake: None for endless silence. steering: what was said about a file that is not read yet. n_steps: hops taken.
    paced_at: when the last one would have been taken at the pace of speech. n_wanted: frames in all, `ENDLESS` until
    the end is known.
    """

    session: int
    number: int
    pace: Pace
    track: ControlTrack
    rate: int
    fps: Fraction
    look_ahead: int
    playout_s: float
    intake: AudioBuffer | None
    first_index: int = 0
    origin: Fraction = Fraction(0)
    started_at: float | None = None
    n_steps: int = 0
    n_wanted: int = ENDLESS
    announced: bool = False
    closing: Reason | None = None
    worst_late_s: float = 0.0
    paced_at: float = -math.inf
    ready: bool = False
    over: bool = False
    due: float = field(default=math.inf)
    steering: list[Set] = field(default_factory=list)

    @property
    def unread(self) -> bool:
        """Whether the sound is a file that is still being read; its rate is not known before."""
        return self.intake is not None and self.intake.sound is WHOLE and self.started_at is None

    @property
    def sample_per_frame(self) -> Fraction:
        """Samples at the stream's rate from frame to frame."""
        return self.rate / self.fps

    def inside(self, sample: int) -> int:
        """Return the sample at 16 kHz, counted from the first frame, of a media sample at the stream's rate."""
        numerator, denominator = self.origin.numerator, self.origin.denominator  # fractions are slow, chunks are many
        return max(0, round((sample * denominator - numerator) * SAMPLE_RATE / (self.rate * denominator)))

    def outside(self, sample: float) -> float:
        """Return the media sample at the stream's rate of a sample at 16 kHz counted from the first frame."""
        return float(self.origin) + sample * self.rate / SAMPLE_RATE

    def has_hop(self, next_frame: int) -> bool:
        """Return whether there is sound for another step, or silence that takes its place."""
        if self.intake is None or self.intake.buffered >= HOP:
            return next_frame < self.n_wanted
        return self.closing is not None and next_frame < self.n_wanted

    def hops_at_once(self) -> int:
        """Return how many hops are there for one step: two where a chunk brought as many, which costs little more."""
        return 2 if self.intake is not None and 2 * HOP <= self.intake.buffered <= EAGER else 1

    def step_due(self) -> float:
        """Return the time before which the next hop shall not be taken; −infinity for at once."""
        in_advance = self.intake is None or self.intake.buffered > EAGER + HOP
        if self.pace is Pace.CLIP or not in_advance or self.started_at is None:
            return -math.inf
        due = self.started_at + ((self.n_steps + 1) * HOP - self.look_ahead) / SAMPLE_RATE
        return math.ceil(due * TICKS_PER_S) / TICKS_PER_S

    def lateness(self, sample: int, now: float) -> float:
        """Return by how many seconds sound at a 16 kHz sample comes later than playback needs it; negative: earlier."""
        if self.started_at is None:
            return -math.inf
        return now - (self.started_at + self.playout_s + (sample - self.look_ahead) / SAMPLE_RATE)

    def end_at(self, n_samples_inside: int, reason: Reason) -> None:
        """Say that every frame before a sample at 16 kHz is wanted, and none after it."""
        self.closing = reason
        self.n_wanted = min(self.n_wanted, n_frames(n_samples_inside, self.fps))


def place(first_sample: int, rate: int, fps: Fraction) -> tuple[int, Fraction]:
    """Return (number, media sample) of the first frame not before a sample, on the grid of the whole sound."""
    index = math.ceil(first_sample * fps / rate)
    return index, index * rate / fps
