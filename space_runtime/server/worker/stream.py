"""One stream of a session: its sound, its clock, its controls."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from engine_bridge.protocol.messages import Motion, Pace, Reason, SampleFormat, Set
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.driven_motion import DrivenMotion
from space_runtime.animation.track import MAX_SAMPLE, ControlTrack
from space_runtime.arrays import Doubles, Floats
from space_runtime.server.flow_control import FlowControl
from space_runtime.server.validation import SessionSettings, SoundFormat
from space_runtime.server.worker.audio_buffer import AudioBuffer
from space_runtime.server.worker.drive_buffer import DriveBuffer
from space_runtime.server.worker.file_sound import FileSound
from space_runtime.timebase import HOP, SAMPLE_RATE, n_frames

EAGER: Final = SAMPLE_RATE // 2
"""Sound that waits beyond this is sound in advance: it is animated along the clock, the rest at once."""

UNDERRUN_STEP_S: Final = 0.02
"""An underrun is told again only when it has grown by this much."""

WHOLE: Final = SoundFormat(SAMPLE_RATE, SampleFormat.F32, 1)
"""The format in which a file's sound reaches its stream: decoded and resampled."""

TICKS_PER_S: Final = 100
"""Sound in advance is animated on these ticks of the clock, so that streams fall into step and share a batch."""


@dataclass(slots=True, eq=False)
class Stream:
    """A stream while it lives. Times are seconds of the server's monotonic clock; media times as said.

    Of its row, ``flow`` holds what is counted and ``batch`` what is animated; both are another stream's once this one
    is over. look_ahead: samples at 16 kHz. audio: None for endless silence. origin: media sample, at the stream's rate,
    of its first frame. announced: `started` has been said. closing: why it ends, once its end is known. worst_late_s:
    the longest underrun told. paced_at: when the last hop would have been taken at the pace of speech. due: when it is
    to be looked at again. steering: controls and motion that came before its file was read. file: its sound
    file, until that is read to the end. drive: rows of motion that its face follows.
    """

    row: int
    pace: Pace
    settings: SessionSettings
    flow: FlowControl
    batch: StreamBatch
    look_ahead: int
    audio: AudioBuffer | None
    origin: Fraction = Fraction(0)
    announced: bool = False
    closing: Reason | None = None
    worst_late_s: float = 0.0
    paced_at: float = -math.inf
    due: float = math.inf
    over: bool = False
    steering: list[Set | Motion] = field(default_factory=list)
    file: FileSound | None = None
    drive: DriveBuffer = field(default_factory=DriveBuffer.empty)

    @property
    def number(self) -> int:
        """The stream's number."""
        return self.flow.stream.item(self.row)

    @property
    def first_index(self) -> int:
        """The number, in the whole sound, of the first frame."""
        return self.flow.first_index.item(self.row)

    @property
    def n_wanted(self) -> int:
        """Frames in all; `ENDLESS` until the end is known."""
        return self.flow.wanted.item(self.row)

    @property
    def next_frame(self) -> int:
        """Frames made so far."""
        return self.batch.next_frame(self.row)

    @property
    def track(self) -> ControlTrack:
        """The controls over time."""
        return self.batch.track(self.row)

    @property
    def started_at(self) -> float:
        """The time at which its first sound came, seconds of the monotonic clock; NaN before."""
        return self.flow.started_at.item(self.row)

    @property
    def is_unread(self) -> bool:
        """Return whether the sound is a file that is still being read; its rate is not known before."""
        return self.takes_file and math.isnan(self.started_at)

    @property
    def takes_file(self) -> bool:
        """Return whether the sound is a file."""
        return self.audio is not None and self.audio.sound is WHOLE

    @property
    def samples_per_frame(self) -> Fraction:
        """Samples at the stream's rate from frame to frame."""
        return Fraction(self.flow.samples.item(self.row), self.flow.per_frames.item(self.row))

    @property
    def rate(self) -> int:
        """Samples per second in which media times of the stream are said."""
        return self.flow.rate(self.row, self.settings.fps)

    def start_clock(self, now: float) -> None:
        """Let the clock run from now on if it does not yet."""
        if math.isnan(self.started_at):
            self.flow.started_at[self.row] = now

    def set_rate(self, rate: int) -> None:
        """Say media times in samples at another rate: a file's, once it is read."""
        self.flow.lay_grid(self.row, rate / self.settings.fps)

    def follow(self, samples: Doubles, rows: Floats) -> None:
        """Follow more rows of motion. samples: their media times at the stream's rate. Raises `Refusal`."""
        inside = (samples - float(self.origin)) * SAMPLE_RATE / self.rate
        drive = self.drive.grown(inside, rows, self.shown())
        if drive is not self.drive:
            self.drive = drive
            self.batch.set_motion(self.row, DrivenMotion(drive.drive_rows(), self.batch.identity(self.row)))

    def set_track(self, track: ControlTrack) -> None:
        """Follow other controls from the next hop on."""
        self.batch.set_track(self.row, track)

    def inside(self, sample: int) -> int:
        """Return the sample at 16 kHz, counted from the first frame, of a media sample at the stream's rate."""
        numerator, denominator = self.origin.numerator, self.origin.denominator  # fractions are slow, chunks are many
        rate = self.flow.rate(self.row, self.settings.fps)
        inside = round((sample * denominator - numerator) * SAMPLE_RATE / (rate * denominator))
        return min(max(0, inside), MAX_SAMPLE - SAMPLE_RATE)  # what is later than any frame stays so

    def outside(self, sample: float) -> float:
        """Return the media sample at the stream's rate of a sample at 16 kHz counted from the first frame."""
        return float(self.origin) + sample * self.rate / SAMPLE_RATE

    def animated(self) -> int:
        """Return the sample at 16 kHz up to which frames have been made."""
        return round(self.next_frame * SAMPLE_RATE / self.settings.fps)

    def shown(self) -> float:
        """Return the sample at 16 kHz of the newest frame that has been made, −infinity before the first."""
        n_made = self.next_frame
        return float((n_made - 1) * SAMPLE_RATE / self.settings.fps) if n_made else -math.inf

    def stepped(self) -> int:
        """Return the sample at 16 kHz up to which the network has answered, which may be negative."""
        return self.batch.n_steps(self.row) * HOP - self.look_ahead

    def is_complete(self) -> bool:
        """Return whether every frame that is wanted has been made."""
        return self.closing is not None and self.next_frame >= self.n_wanted

    def has_hop(self) -> bool:
        """Return whether there is sound for another step, or silence that takes its place after the end."""
        if self.audio is None or self.audio.buffered >= HOP:
            return True
        return self.closing is not None and not self.audio.lacks

    def wants_part(self) -> bool:
        """Return whether the next part of its file is to be asked for."""
        return self.file is not None and self.audio is not None and self.file.wants_more(self.audio.buffered)

    def hops_at_once(self) -> int:
        """Return how many hops are there for one step: two where a chunk brought as many, which costs little more."""
        if self.audio is None or self.audio.buffered < 2 * HOP:
            return 1
        return 2 if self.pace is Pace.CLIP or self.audio.buffered <= EAGER else 1

    def step_due(self) -> float:
        """Return the time before which the next hop shall not be taken; −infinity for at once."""
        in_advance = self.audio is None or self.audio.buffered > EAGER + HOP
        if self.pace is Pace.CLIP or not in_advance or math.isnan(self.started_at):
            return -math.inf
        due = self.started_at + (self.stepped() + HOP) / SAMPLE_RATE
        return math.ceil(due * TICKS_PER_S) / TICKS_PER_S

    def lateness(self, sample: int, now: float) -> float:
        """Return by how many seconds sound at a 16 kHz sample comes later than playback needs it.

        Negative: earlier; NaN before the clock runs.
        """
        return now - (self.started_at + self.settings.playout_s + (sample - self.look_ahead) / SAMPLE_RATE)

    def end_at(self, n_samples_inside: int, reason: Reason, now: float) -> None:
        """Say that every frame before a sample at 16 kHz is wanted, and none after it."""
        self.closing = reason
        self.flow.wanted[self.row] = min(self.n_wanted, n_frames(n_samples_inside, self.settings.fps))
        if self.audio:
            self.audio.close(now)


def place(first_sample: int, rate: int, fps: Fraction) -> tuple[int, Fraction]:
    """Return (number, media sample) of the first frame not before a sample, on the grid of the whole sound."""
    index = math.ceil(first_sample * fps / rate)
    return index, index * rate / fps
