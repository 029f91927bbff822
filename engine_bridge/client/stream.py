"""A stream as its client sees it: its opening and changes, the sound that may be needed again, its progress."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine_bridge.client.controls import Controls
from engine_bridge.client.drive import Drive
from engine_bridge.protocol.errors import BridgeError, RefusedError, counted
from engine_bridge.protocol.messages import (
    Error,
    ErrorCode,
    Finished,
    Idle,
    Interrupt,
    Pace,
    Reason,
    SampleFormat,
    Speak,
    Start,
)

CHUNK_BYTES: Final = 32_768
"""Sound in one message at most."""
HEAD_BYTES: Final = 16_384
"""Room for the other fields of a message that carries a file."""

Samples = NDArray[np.float32] | NDArray[np.int16]


class Sound:
    """The sound pushed into a stream, from the oldest kept sample to the newest."""

    def __init__(self, sample_format: SampleFormat, channels: int, first_sample: int) -> None:
        self.first = first_sample
        self._format, self._channels = sample_format, channels
        self._width = channels * (2 if sample_format is SampleFormat.S16 else 4)
        self._data = bytearray()

    @property
    def end(self) -> int:
        """The index after the newest sample."""
        return self.first + len(self._data) // self._width

    def push(self, samples: Samples) -> None:
        """Append float32 (−1…1) or int16 samples, (n,) or (n, channels)."""
        self._data += _pcm(samples, self._format, self._channels)

    def chunk(self, first_sample: int, until: int) -> tuple[bytes, int]:
        """Return the sound between two samples, or as much of it as one message takes, and the index after it."""
        start = max(first_sample, self.first)
        n = max(0, min(until, self.end, start + CHUNK_BYTES // self._width) - start)
        at = (start - self.first) * self._width
        return bytes(self._data[at : at + n * self._width]), start + n

    def forget(self, before: int) -> None:
        """Drop what is older than a sample."""
        n = min(before, self.end) - self.first
        if n > 0:
            del self._data[: n * self._width]
            self.first += n


@dataclass(frozen=True, slots=True)
class Change:
    """Controls that were given later. at_sample: from where on; given_at: seconds of the client's clock."""

    given_at: float
    at_sample: int
    fade_ms: int
    controls: Controls


@dataclass(slots=True, eq=False)
class ClientStream:
    """One stream. Positions are samples at ``rate``."""

    opening: Start | Speak | Idle
    """The message that begins it; its session is filled in when it is sent."""
    rate: float
    """Hertz; of a `Speak`, a guess until two frames are there."""
    controls: Controls
    """Those at its beginning."""
    sound: Sound | None = None
    """None unless it is pushed."""
    drive: Drive = field(default_factory=Drive)
    """Rows of motion that its face follows."""
    changes: list[Change] = field(default_factory=list)
    interrupt: Interrupt | None = None
    n_samples: int | None = None
    """Length, once it is known."""
    begun: bool = False
    """True once some server has been told of it."""
    sent_until: int = 0
    """Sound before this sample has been sent."""
    end_sent: bool = False
    newest: float = -math.inf
    """Sample of the newest frame that came."""
    next_index: int = 0
    """The first frame of a clip that was not given out yet."""
    shift: int = 0
    """Frames that the server of an idle stream which was taken up counts too few."""
    shift_samples: float = 0.0
    """The same in samples."""
    error: Error | None = None
    """The last one about it."""
    finished: Finished | None = None

    @property
    def number(self) -> int:
        """Its number, which the client chose."""
        return self.opening.stream

    @property
    def is_clip(self) -> bool:
        """True where its frames come as soon as they are made."""
        return not isinstance(self.opening, Idle) and self.opening.pace == Pace.CLIP

    @property
    def first_sample(self) -> int:
        """The sample at which it began."""
        return (self.opening.first_sample or 0) if isinstance(self.opening, Start) else 0

    def hear_of(self, sample: float) -> None:
        """Note that a frame has come. None can belong to sound that has not been pushed."""
        self.newest = max(self.newest, min(sample, self.sound.end) if self.sound else sample)

    def presumed_end(self) -> Finished:
        """Return its end as far as it can be known here."""
        end = float(self.n_samples) if self.n_samples is not None else max(self.newest, 0.0)
        reason = Reason.INTERRUPTED if self.interrupt else Reason.END
        return Finished(session=0, stream=self.number, reason=reason, sample=end, frames=0, dropped=0)

    def controls_at(self, sample: float) -> Controls:
        """Return the controls that hold at a media time."""
        controls = self.controls
        for change in self.changes:
            controls = controls.updated(change.controls) if change.at_sample <= sample else controls
        return controls


def file_bytes(file: str | Path | bytes, max_part: int) -> bytes:
    """Return a file's bytes, given as such or by its path, if they fit into a message of ``max_part`` bytes."""
    try:
        data = file if isinstance(file, bytes) else Path(file).read_bytes()
    except OSError as error:
        raise BridgeError(f"{str(file)!r} cannot be read ({error.strerror or error}); check the path") from None
    if len(data) > max_part - HEAD_BYTES:
        size = counted(len(data), "byte")
        text = f"a file of {size}; the server takes {max_part - HEAD_BYTES} at most: push the sound in chunks"
        raise RefusedError(ErrorCode.TOO_LARGE, text)
    return data


def _pcm(samples: Samples, sample_format: SampleFormat, channels: int) -> bytes:
    array = np.asarray(samples)
    if array.dtype not in (np.float32, np.int16):
        raise BridgeError(f"samples are {array.dtype}; push float32 within −1…1 or int16")
    columns = array.shape[1] if array.ndim == 2 else channels
    if array.ndim not in (1, 2) or columns != channels or array.size % channels:
        raise BridgeError(f"samples have the shape {array.shape}; this stream takes (n, {channels})")
    if sample_format is SampleFormat.S16 and array.dtype == np.float32:
        array = np.round(np.clip(np.nan_to_num(array), -1, 1) * 32_767).astype(np.int16)
    elif sample_format is SampleFormat.F32 and array.dtype == np.int16:
        array = array.astype(np.float32) / np.float32(32_768)
    return array.astype(array.dtype.newbyteorder("<"), order="C").tobytes()
