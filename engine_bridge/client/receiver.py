"""Frames and pictures that have come from a server for one session, and the credit for more."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Final

from engine_bridge.client.jitter import CAPACITY, JitterBuffer, Pose
from engine_bridge.client.log import SessionCounters
from engine_bridge.client.stream import ClientStream
from engine_bridge.protocol import messages as m

CREDIT: Final = 256
"""Frames that may be on their way or wait."""
MAX_RATE: Final = 768_000
"""Highest rate of a sound that is believed, in hertz."""
TEXTURES: Final = 64
"""Pictures that wait at most; the oldest go first."""
TEXTURE_BYTES: Final = 1 << 26
"""Bytes of the pictures that wait, at most."""
LAST_CREDIT: Final = 2**32 - 1
"""Credit at most, which is what a message can carry."""


class Receiver:
    """Frames and pictures of the current stream."""

    def __init__(self, fps: Fraction, counters: SessionCounters, grant: Callable[[int], None]) -> None:
        self.buffer = JitterBuffer()
        self._fps = fps
        self._counters = counters
        self._grant = grant
        self._clip: dict[int, m.Frame] = {}
        self._textures: deque[m.Texture] = deque()
        self._next_seq, self._until = 0, CREDIT

    def samples_per_frame(self, stream: ClientStream) -> float:
        """Return the samples from frame to frame."""
        return float(Fraction(stream.rate) / self._fps)

    def begin(self, stream: ClientStream) -> None:
        """Another stream follows."""
        self.buffer.begin(stream.number, stream.rate)
        self._clip.clear()
        self._textures.clear()
        self.give_credit()

    def new_session(self) -> None:
        """Sequence numbers and credit begin anew."""
        self._next_seq, self._until = 0, CREDIT

    def frame(self, stream: ClientStream, frame: m.Frame) -> None:
        """Take a frame."""
        self._counters.frames += 1
        self._counters.lost += max(0, frame.seq - self._next_seq)
        self._next_seq = max(self._next_seq, frame.seq + 1)
        if frame.stream == stream.number:
            self._learn_rate(stream, frame)
            if stream.shift:
                frame = replace(frame, index=frame.index + stream.shift, sample=frame.sample + stream.shift_samples)
            stream.hear_of(frame.sample)
            if not stream.is_clip:
                self.buffer.put(frame)
            elif frame.index >= stream.next_index:
                self._keep_for_clip(frame)
        self.give_credit()

    def texture(self, stream: ClientStream, texture: m.Texture) -> None:
        """Take a picture."""
        self._counters.textures += 1
        if texture.stream != stream.number:
            return
        if stream.shift:
            texture = replace(texture, index=texture.index + stream.shift, sample=texture.sample + stream.shift_samples)
        self._textures.append(texture)
        while len(self._textures) > TEXTURES or (len(self._textures) > 1 and self._texture_bytes > TEXTURE_BYTES):
            self._textures.popleft()
            self._counters.textures_dropped += 1

    def finish(self, finished: m.Finished) -> None:
        """The stream is over; frames beyond its end are void."""
        self.buffer.finish(finished)
        self._clip = {index: frame for index, frame in self._clip.items() if frame.sample <= finished.sample}
        self.give_credit()

    def ask(self, position: float, dt: float) -> Pose:
        """Return what is due; see `JitterBuffer.ask`."""
        for frame in self._clip.values():
            self.buffer.put(frame)
        self._clip.clear()
        pose = self.buffer.ask(position, dt)
        self.give_credit()
        return pose

    def next_of_clip(self, stream: ClientStream) -> m.Frame | None:
        """Take the next frame of a clip, if it is there."""
        if not self._clip:
            return None
        frame = self._clip.pop(next(iter(self._clip)))
        stream.next_index = frame.index + 1
        self.give_credit()
        return frame

    @property
    def has_clip(self) -> bool:
        """True while `next_of_clip` would return a frame."""
        return bool(self._clip)

    def next_wanted(self, stream: ClientStream, ahead_s: float) -> float:
        """Return where to take a stream up: a bit ahead of playback, so that frames come before they are due."""
        if stream.is_clip or not math.isfinite(self.buffer.position):
            return max(stream.newest, stream.first_sample)
        return self.buffer.position + ahead_s * stream.rate

    @property
    def next_seq(self) -> int:
        """The sequence number that is expected next."""
        return self._next_seq

    def due_texture(self) -> m.Texture | None:
        """Return the picture at the last position asked for, the newest one if none was; None before the first."""
        position = self.buffer.position if math.isfinite(self.buffer.position) else math.inf
        while len(self._textures) > 1 and self._textures[1].sample <= position:
            self._textures.popleft()
        return self._textures[0] if self._textures and self._textures[0].sample <= position else None

    def give_credit(self, at_once: bool = False) -> None:
        """Grant more frames when a quarter of the credit has been used."""
        until = min(self._next_seq + CREDIT - len(self.buffer) - len(self._clip), LAST_CREDIT)
        if until - self._until >= CREDIT // 4 or at_once:
            self._until = max(until, self._until)
            self._grant(self._until)

    @property
    def _texture_bytes(self) -> int:
        return sum(len(texture.pixels) for texture in self._textures)

    def _keep_for_clip(self, frame: m.Frame) -> None:
        if frame.index in self._clip or len(self._clip) < CAPACITY:
            self._clip[frame.index] = frame
        else:
            self.buffer.counts.refused += 1

    def _learn_rate(self, stream: ClientStream, frame: m.Frame) -> None:
        """The rate of a file that the server reads is known from its frames."""
        rate = frame.sample * float(self._fps) / frame.index if frame.index else 0.0
        if isinstance(stream.opening, m.Speak) and 1 <= rate <= MAX_RATE:
            stream.rate = self.buffer.rate = rate
