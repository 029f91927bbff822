"""The calls of a session that need no waiting; the same for threads and for asyncio."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from numpy.typing import ArrayLike

from engine_bridge.client.controls import Controls
from engine_bridge.client.drive import MotionRows
from engine_bridge.client.jitter import Pose
from engine_bridge.client.log import Event, SessionCounters
from engine_bridge.client.receiver import CREDIT
from engine_bridge.client.session_core import SessionCore
from engine_bridge.client.stream import Change, Samples, file_bytes
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import BridgeError
from engine_bridge.protocol.frame_rate import FrameRate, exact_fps
from engine_bridge.protocol.messages import Output, Pace, SampleFormat, TextureFormat

Guard = AbstractContextManager[float]
"""Held while a session's core is touched; gives the time, and has what is to be sent sent."""

PLAIN: Final = Controls()
LONGEST_FADE_S: Final = 10.0
MAX_FILE_BYTES: Final = 1 << 26
"""A portrait's file at most; the server says what it takes."""


class SessionCommands:
    """Everything about one session that is done at once. Sound goes in, poses come out."""

    def __init__(self, core: SessionCore, guard: Guard) -> None:
        self._core = core
        self._guard = guard

    def start(
        self,
        rate: int,
        format: SampleFormat | str = SampleFormat.F32,
        controls: Controls = PLAIN,
        *,
        channels: int = 1,
        first_sample: int = 0,
        pace: Pace | str = Pace.LIVE,
    ) -> None:
        """Begin a stream of pushed sound at ``rate`` hertz; it replaces the one before.

        format: how the sound travels, ``f32`` or ``s16`` (half as large); `push` takes both and converts.
        first_sample: index of the first sample that will be pushed, for a stream that is taken up in its middle.
        """
        opening = m.Start(
            session=0,
            stream=0,
            rate=rate,
            format=_one_of(SampleFormat, format),
            channels=channels,
            first_sample=first_sample,
            pace=_one_of(Pace, pace),
        )
        with self._guard:
            self._core.start(opening, controls)

    def push(self, samples: Samples) -> int:
        """Append sound to the stream, float32 within −1…1 or int16, (n,) or (n, channels); return the samples so far.

        The server gets it as fast as it takes it; pushing far ahead is no error.
        """
        with self._guard as now:
            return self._core.push(samples, now)

    def drive(
        self,
        samples: ArrayLike,
        blendshapes: ArrayLike,
        head: ArrayLike | None = None,
        eyes_rad: ArrayLike | None = None,
        confidence: ArrayLike | None = None,
    ) -> None:
        """Append rows of motion that the stream's face follows as far as `Controls.drive` says.

        samples: (T,) rising media times. blendshapes: (T, 52) weights as offsets from the driver's rest, −1…1. head:
        (T, 6) yaw, pitch, roll, then x, y, z, relative to his rest. eyes_rad: (T, 2, 2) yaw, pitch of the left and the
        right eye. confidence: (T,) 0…1; below 0.5 he is not seen, and speech takes over. What is left out is 0, and
        confidence 1. A row has to come before the sound that its frames' look-ahead needs.
        """
        with self._guard as now:
            self._core.drive(MotionRows(samples, blendshapes, head, eyes_rad, confidence), now)

    def end(self) -> None:
        """Say that the stream's sound is over. Its last frames, and how it finished, will still come."""
        with self._guard as now:
            self._core.end(now)

    def speak(
        self,
        sound: str | Path | bytes | None = None,
        *,
        asset: str | None = None,
        pace: Pace | str = Pace.LIVE,
        controls: Controls = PLAIN,
    ) -> None:
        """Begin a stream whose sound is a file: its path here, its bytes, or its name in the server's folder."""
        with self._guard:
            self._core.speak(sound, asset, Pace(_one_of(Pace, pace)), controls)

    def idle(self, controls: Controls = PLAIN) -> None:
        """Begin a stream of silence, a face that lives; positions count 16,000 samples a second."""
        with self._guard:
            self._core.idle(controls)

    def set(self, controls: Controls, at_sample: int | None = None, fade_s: float = 0.2) -> None:
        """Change the controls from a media time on, by default the last one evaluated, crossfaded over ``fade_s``."""
        with self._guard as now:
            at = self._core.now_sample if at_sample is None else at_sample
            self._core.set(Change(now, at, _milliseconds(fade_s), controls))

    def interrupt(self, at_sample: int | None = None, fade_s: float = 0.2) -> None:
        """Blend to rest within ``fade_s`` from a media time on, by default the last one evaluated, and finish there."""
        with self._guard:
            self._core.interrupt(at_sample, _milliseconds(fade_s))

    def evaluate(self, position: float, dt: float | None = None) -> Pose:
        """Return the face at a playback position, in samples at the stream's rate.

        dt: seconds since the last question; by default they are measured.
        """
        with self._guard as now:
            return self._core.evaluate(position, now, dt)

    def texture(self) -> m.Texture | None:
        """Return the picture at the last position asked for (the newest, if none was); None before the first."""
        with self._guard:
            return self._core.receiver.due_texture()

    def events(self) -> list[Event]:
        """Take what has happened: `Started`, `Underrun`, `Notice`, `Finished`, `Error`, `Closed`; each comes once."""
        with self._guard:
            return self._core.log.take()

    @property
    def is_open(self) -> bool:
        """True while the server has the session; false while a lost connection is being made again."""
        return self._core.is_open

    @property
    def look_ahead_s(self) -> float:
        """Sound beyond a frame's time that the server must have heard."""
        return self._core.opened.look_ahead_s if self._core.opened else 0.0

    @property
    def rate(self) -> float:
        """Samples a second of the stream's positions; of a file, known when its second frame is there."""
        return self._core.stream.rate if self._core.stream else 0.0

    @property
    def stream_number(self) -> int:
        """The number by which events call the current stream; −1 before the first."""
        return self._core.stream.number if self._core.stream else -1

    @property
    def counters(self) -> SessionCounters:
        """Counters since the session was opened; they grow."""
        return self._core.log.counters


def opening(
    outputs: Iterable[Output | str],
    fps: FrameRate,
    playout_ms: int,
    character: str | None,
    portrait: str | Path | bytes | None,
    texture: TextureFormat | str | None,
    lease_ms: int | None,
) -> m.Open:
    """Return the message that asks for a session: a format of pictures asks for pictures.

    Raises `BridgeError` for what cannot be asked for.
    """
    exact = exact_fps(fps)
    wanted = dict.fromkeys(_one_of(Output, output) for output in outputs)
    if texture is not None:
        wanted[Output.TEXTURE.value] = None
    return m.Open(
        request=0,
        outputs=tuple(wanted),
        fps=(exact.numerator, exact.denominator),
        playout_ms=playout_ms,
        until=CREDIT,
        character=character,
        portrait=None if portrait is None else file_bytes(portrait, MAX_FILE_BYTES),
        texture=None if texture is None else _one_of(TextureFormat, texture),
        lease_ms=lease_ms,
    )


def _one_of(kind: type[Output] | type[Pace] | type[SampleFormat] | type[TextureFormat], value: str) -> str:
    try:
        return str(kind(value))
    except ValueError:
        raise BridgeError(f"{value!r} is none of {', '.join(kind)}") from None


def _milliseconds(seconds: float) -> int:
    if not 0 <= seconds <= LONGEST_FADE_S:
        raise BridgeError(f"a fade of {seconds} s; expected 0 to {LONGEST_FADE_S:g}")
    return round(1_000 * seconds)
