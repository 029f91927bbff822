"""An innocent client: one live line at 30 frames a second, in chunks of 20 ms, on a connection of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.wire import encode
from tests.support.sounds import speech_pcm
from tests.support.wire_client import OPENING, PLENTY, WireClient, connect_client

RATE: Final = 16_000
CHUNK: Final = 320
FPS: Final = 30
PLAYOUT_S: Final = 0.2
MAX_TRIES: Final = 100
AGAIN_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class LineResult:
    """The fate of a line's frames. lost: that never came. late, very_late: after their time, by more than 50 ms.

    p50_ms, p99_ms, worst_ms: from the media time of a frame to its arrival.
    """

    expected: int
    lost: int
    late: int
    very_late: int
    p50_ms: float
    p99_ms: float
    worst_ms: float


def speak_line(address: str, seconds: float, playout_s: float = PLAYOUT_S) -> LineResult:
    """Speak a line of so many seconds in real time; return what came of it."""
    with connect_client(address) as client:
        session = _open(client, playout_s)
        client.say(m.Start(session=session, stream=1, rate=RATE, format="s16"))
        began = _push_in_time(client, session, seconds)
        client.say(m.End(session=session, stream=1, n_samples=int(seconds * RATE)))
        client.expect(m.Finished)
        frames = [
            (message, at)
            for message, at in zip(client.heard, client.heard_at, strict=True)
            if isinstance(message, m.Frame)
        ]
    latency_s = np.array([at - began - frame.sample / RATE for frame, at in frames])
    expected = int(seconds * FPS)
    return LineResult(
        expected=expected,
        lost=expected - len(frames),
        late=int((latency_s > playout_s).sum()),
        very_late=int((latency_s > playout_s + 0.05).sum()),
        p50_ms=float(np.median(latency_s)) * 1e3,
        p99_ms=float(np.quantile(latency_s, 0.99)) * 1e3,
        worst_ms=float(latency_s.max()) * 1e3,
    )


def _open(client: WireClient, playout_s: float) -> int:
    """Open a session; again while the server has no time or no room."""
    opening = replace(OPENING, playout_ms=round(playout_s * 1e3), fps=(FPS, 1), until=PLENTY)
    for _ in range(MAX_TRIES):
        client.say(opening)
        while not client.take(m.Opened) and not client.take(m.Error):
            client.listen(50)
        if opened := client.take(m.Opened):
            return opened[0].session
        client.heard.clear()
        client.heard_at.clear()
        time.sleep(AGAIN_S)
    raise TimeoutError(f"no session within {MAX_TRIES} tries")


def _push_in_time(client: WireClient, session: int, seconds: float) -> float:
    """Push sound as a microphone would; return when its first sample was spoken."""
    sound = speech_pcm(seconds)
    began = time.monotonic()
    for n in range(int(seconds * RATE) // CHUNK):
        due = began + (n + 1) * CHUNK / RATE  # a chunk is there when it is over
        while (left := due - time.monotonic()) > 0:
            client.listen(max(1, int(left * 1e3)))
        first = n * CHUNK
        pcm = sound[2 * first : 2 * (first + CHUNK)]
        client.transport.send([encode(m.Audio(session=session, stream=1, first_sample=first, pcm=pcm))])
    return began
