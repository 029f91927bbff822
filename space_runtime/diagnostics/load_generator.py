"""A load generator to measure a server with: sessions that push sound in real time and clock every frame."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import numpy as np
import zmq
from numpy.typing import NDArray

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import RefusedError, UnreachableError
from engine_bridge.protocol.messages import Output, Texture, TextureFormat
from engine_bridge.protocol.output_fields import OutputCounts
from engine_bridge.protocol.wire import decode, encode
from space_runtime.arrays import Doubles, Floats
from space_runtime.server.frame_encoder import FrameEncoder
from space_runtime.timebase import HOP, SAMPLE_RATE

PUSHES_PER_S: Final = 30
"""Chunks of sound a second and session: what a game does that pushes once per picture."""
MAX_PARTS: Final = 64
FULL_CREDIT: Final = 2**32 - 1
ANSWER_MS: Final = 20_000
OUTPUTS: Final = (Output.WEIGHTS, Output.HEAD, Output.EYES)


@dataclass(frozen=True, slots=True, eq=False)
class LoadResult:
    """The result of a run. latency_s: (F,) from the push of the chunk that completed a frame's look-ahead to the frame.

    total_s: (F,) from the push of the frame's own sound to the frame. frames, expected: frames that came, that there
    should be. pushed_late_s: how late the generator itself was at worst. textures: pictures that came. events: others.
    """

    latency_s: Doubles
    total_s: Doubles
    frames: int
    expected: int
    pushed_late_s: float
    textures: int
    events: list[m.ServerMessage] = field(default_factory=list)


class LoadGenerator:
    """Sessions over a few connections to one server. Use as a context manager.

    Raises `UnreachableError` when nobody answers and `RefusedError` when the server refuses.
    """

    def __init__(self, address: str, n_sessions: int, n_connections: int, fps: Fraction = Fraction(30)) -> None:
        self._context = zmq.Context()
        self._fps = fps
        self._encoder = FrameEncoder(frozenset(OUTPUTS), OutputCounts())
        self._sockets = [self._connect(address) for _ in range(min(n_connections, n_sessions))]
        self.look_ahead = self._greet_all()
        self.sessions = np.zeros(n_sessions, np.int64)
        self._open_all()
        self._texture: tuple[zmq.Socket[bytes], int] | None = None

    def __enter__(self) -> LoadGenerator:
        return self

    def __exit__(self, *_: object) -> None:
        for socket in self._sockets:
            socket.close(linger=0)
        self._context.term()

    def show_portrait(self, portrait: bytes) -> None:
        """Open one more session, with a face and JPEG textures, that speaks with the others."""
        socket = self._sockets[0]
        opening = m.Open(
            request=0,
            outputs=(*OUTPUTS, Output.TEXTURE),
            fps=(self._fps.numerator, self._fps.denominator),
            playout_ms=1_000,
            until=FULL_CREDIT,
            portrait=portrait,
            texture=TextureFormat.JPEG,
        )
        socket.send(encode(opening))
        (opened,) = [answer for answer in _answers(socket, 1) if isinstance(answer, m.Opened)]
        self._texture = (socket, opened.session)

    def speak(self, sound: Floats, seconds: float) -> LoadResult:
        """Let every session speak for so long, each from another place of (n,) ``sound`` at 16 kHz, repeated."""
        n_chunks = int(seconds * PUSHES_PER_S)
        voice = _Voice(sound, n_chunks)
        sessions_by_socket = self._group_by_socket()
        for socket, numbers in sessions_by_socket.items():
            _send_all(socket, [_start(number) for number in numbers])
        return self._talk(voice, sessions_by_socket, n_chunks)

    def _group_by_socket(self) -> dict[zmq.Socket[bytes], list[int]]:
        shares = [self.sessions[k :: len(self._sockets)].tolist() for k in range(len(self._sockets))]
        sessions_by_socket = dict(zip(self._sockets, shares, strict=True))
        if self._texture:
            sessions_by_socket[self._texture[0]].append(self._texture[1])
        return sessions_by_socket

    def _talk(self, voice: _Voice, sessions_by_socket: dict[zmq.Socket[bytes], list[int]], n_chunks: int) -> LoadResult:
        order = [(socket, number) for socket, numbers in sessions_by_socket.items() for number in numbers]
        place_of = {number: place for place, (_, number) in enumerate(order)}
        n, period = len(order), 1.0 / PUSHES_PER_S
        sent_at = np.full((n, n_chunks), np.nan)
        inbox = _Inbox(self._encoder.n_bytes)
        poller = zmq.Poller()
        for socket in self._sockets:
            poller.register(socket, zmq.POLLIN)
        begin, done, worst = time.monotonic() + 0.2, 0, 0.0
        tail_s = 1.0
        while (now := time.monotonic()) < begin + n_chunks * period + tail_s:
            due = min(int((now - begin) / period * n) + 1, n * n_chunks) if now >= begin else 0
            if due > done:
                worst = max(worst, now - (begin + done * period / n))
                _push(order, voice, sent_at, done, due, now)
                done = due
            wait = begin + done * period / n - time.monotonic()
            for socket, _ in poller.poll(max(1, min(20, int(wait * 1e3))) if done < n * n_chunks else 20):
                inbox.read(socket)
        return self._evaluate(inbox, sent_at, place_of, worst, n_chunks)

    def _evaluate(
        self, inbox: _Inbox, sent_at: Doubles, place_of: dict[int, int], worst: float, n_chunks: int
    ) -> LoadResult:
        at, frames = inbox.frames()
        session, index = (_column(frames, self._encoder.places[name]) for name in ("session", "index"))
        place = np.array([place_of[number] for number in session.tolist()], np.int64)
        media = index * SAMPLE_RATE / float(self._fps)
        n_hops = np.ceil((media + self.look_ahead - HOP) / HOP)
        completed = np.ceil(n_hops * HOP * PUSHES_PER_S / SAMPLE_RATE).astype(np.int64) - 1
        own = np.floor(media * PUSHES_PER_S / SAMPLE_RATE).astype(np.int64)
        known = completed < n_chunks
        heard_s = n_chunks / PUSHES_PER_S - (self.look_ahead - HOP) / SAMPLE_RATE
        textured = self._texture is not None
        n_curves = int((session != self._texture[1]).sum()) if self._texture else len(session)
        return LoadResult(
            latency_s=at[known] - sent_at[place[known], completed[known]],
            total_s=at[known] - sent_at[place[known], own[known]],
            frames=n_curves,
            expected=(len(place_of) - textured) * (int(heard_s * self._fps) + 1),
            pushed_late_s=worst,
            textures=sum(isinstance(event, Texture) for event in inbox.events),
            events=inbox.events,
        )

    def _connect(self, address: str) -> zmq.Socket[bytes]:
        socket = self._context.socket(zmq.DEALER)
        socket.setsockopt(zmq.SNDHWM, 0)
        socket.setsockopt(zmq.RCVHWM, 0)
        socket.connect(address)
        return socket

    def _greet_all(self) -> int:
        """Say hello everywhere; return the look-ahead in samples at 16 kHz."""
        for socket in self._sockets:
            socket.send(encode(m.Hello(versions=(m.VERSION,), client="space-runtime bench")))
        look_ahead_s = 0.0
        for socket in self._sockets:
            (welcome,) = _answers(socket, 1)
            if isinstance(welcome, m.Welcome):
                look_ahead_s = welcome.look_ahead_s
        return round(look_ahead_s * SAMPLE_RATE)

    def _open_all(self) -> None:
        for k, socket in enumerate(self._sockets):
            places = list(range(k, len(self.sessions), len(self._sockets)))
            _send_all(socket, [self._open(place) for place in places])
            for answer in _answers(socket, len(places)):
                if isinstance(answer, m.Opened):
                    self.sessions[answer.request] = answer.session

    def _open(self, place: int) -> bytes:
        fps = (self._fps.numerator, self._fps.denominator)
        return encode(m.Open(request=place, outputs=OUTPUTS, fps=fps, playout_ms=1_000, until=FULL_CREDIT))


class _Voice:
    """The sound of every chunk of every session as bytes."""

    def __init__(self, sound: Floats, n_chunks: int) -> None:
        self.edges = [k * SAMPLE_RATE // PUSHES_PER_S for k in range(n_chunks + 1)]
        self._pcm = (np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes()
        self._n = len(sound)

    def chunk(self, place: int, number: int, k: int) -> bytes:
        """Return the message of chunk k of the session at that place of the load."""
        first, size = self.edges[k], self.edges[k + 1] - self.edges[k]
        start = (first + place * 7_919) % (self._n - size)
        pcm = self._pcm[2 * start : 2 * (start + size)]
        return encode(m.Audio(session=number, stream=1, first_sample=first, pcm=pcm))


class _Inbox:
    """Keeps frames as bytes with their time of arrival; decodes the rest."""

    def __init__(self, n_bytes: int) -> None:
        self.events: list[m.ServerMessage] = []
        self._n_bytes = n_bytes
        self._frames: list[bytes] = []
        self._at: list[tuple[float, int]] = []

    def read(self, socket: zmq.Socket[bytes]) -> None:
        """Take everything that waits."""
        try:
            while True:
                parts = socket.recv_multipart(zmq.NOBLOCK)
                now = time.monotonic()
                frames = [part for part in parts if len(part) == self._n_bytes]
                self._frames += frames
                self._at.append((now, len(frames)))
                if len(frames) < len(parts):
                    self.events += [decode(part) for part in parts if len(part) != self._n_bytes]  # type: ignore[misc]
        except zmq.Again:
            pass

    def frames(self) -> tuple[Doubles, NDArray[np.uint8]]:
        """Return (F,) times of arrival and (F, bytes)."""
        at = np.repeat([when for when, _ in self._at], [n for _, n in self._at])
        return at, np.frombuffer(b"".join(self._frames), np.uint8).reshape(-1, self._n_bytes)


def _push(
    order: list[tuple[zmq.Socket[bytes], int]], voice: _Voice, sent_at: Doubles, done: int, due: int, now: float
) -> None:
    """Send the chunks number ``done`` … ``due`` of the load; they go round the sessions in turn."""
    parts: dict[zmq.Socket[bytes], list[bytes]] = {}
    for turn in range(done, due):
        k, place = divmod(turn, len(order))
        socket, number = order[place]
        parts.setdefault(socket, []).append(voice.chunk(place, number, k))
        sent_at[place, k] = now
    for socket, messages in parts.items():
        _send_all(socket, messages)


def _send_all(socket: zmq.Socket[bytes], messages: list[bytes]) -> None:
    for start in range(0, len(messages), MAX_PARTS):
        socket.send_multipart(messages[start : start + MAX_PARTS])


def _start(number: int) -> bytes:
    return encode(m.Start(session=number, stream=1, rate=SAMPLE_RATE, format="s16", seed=number))


def _answers(socket: zmq.Socket[bytes], n: int) -> Iterator[m.Message]:
    """Yield n answers. Raises `UnreachableError`, `RefusedError`."""
    while n > 0:
        if not socket.poll(ANSWER_MS):
            raise UnreachableError("the server does not answer; start it with `space-runtime serve`")
        for part in socket.recv_multipart():
            answer = decode(part)
            if isinstance(answer, m.Error):
                raise RefusedError(answer.code, answer.message)
            n -= 1
            yield answer


def _column(frames: NDArray[np.uint8], at: int) -> NDArray[np.int64]:
    """(F,) uint32 of big-endian bytes at a place."""
    return np.ascontiguousarray(frames[:, at : at + 4]).view(">u4")[:, 0].astype(np.int64)
