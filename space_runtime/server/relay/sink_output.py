"""Frames that pass a relay, shown on sinks in step with the playback of the clients that get them."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, TypeVar

from engine_bridge.adapters.playout import Part, Playout
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import WireError
from engine_bridge.protocol.messages import Output, Pace, Reason
from engine_bridge.protocol.wire import audio_from, decode
from space_runtime.server.connections import Route
from space_runtime.timebase import SAMPLE_RATE

MAX_REMEMBERED: Final = 4_096
"""Sessions, requests and tokens that are remembered; of more the oldest are forgotten."""
FURTHEST_S: Final = 120.0
"""Frames due later than this are dropped: twice the longest playout delay. They would take the room of all others."""

_UP: Final = tuple(
    bytes([0xA0 | len(name)]) + name for name in (b"open", b"resume", b"start", b"audio", b"speak", b"idle")
)
"""The beginnings of clients' messages that matter, as everybody who writes canonically writes them."""
_AUDIO: Final = b"\xa5audio"
_FACE: Final = frozenset((Output.WEIGHTS, Output.HEAD, Output.EYES))
"""Outputs of which every sink shows something."""

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Stream:
    """A stream. rate: samples per second, None for a file's, which only its frames tell. first_index: of its first
    frame. begun: when its first sound passed, None before. part: what it is shown as, None before its first frame.
    ends: when its last frame so far is over."""

    number: int
    rate: float | None = None
    first_index: int = 0
    is_clip: bool = False
    begun: float | None = None
    part: Part | None = None
    ends: float = -math.inf


@dataclass(slots=True, eq=False)
class _Session:
    """A session as a relay knows it. fps: frames per second. playout_s: from a sound to its playback."""

    character: str
    fps: Fraction
    playout_s: float
    stream: _Stream | None = None


@dataclass(slots=True, eq=False)
class _Peer:
    """A local connection: sessions that it asks for, by request, and those that it has, by number."""

    asked: dict[int, _Session] = field(default_factory=dict)
    sessions: dict[int, _Session] = field(default_factory=dict)
    is_told: bool = False

    def tell_unless_shown(self, outputs: tuple[str, ...]) -> None:
        """Log, once, that sinks show nothing of a session with these outputs."""
        if not self.is_told and not _FACE & set(outputs):
            self.is_told = True
            wanted = ", ".join(outputs) or "no outputs"
            log.warning("llf:// and vmc:// show nothing of a session with %.80s; ask for weights, head or eyes", wanted)


class RelaySinkOutput:
    """A `relay.RelayObserver` that shows frames and textures on a playout's sinks, but for streams of pace `clip`."""

    def __init__(self, playout: Playout) -> None:
        self._playout = playout
        self._peers: dict[Route, _Peer] = {}
        self._tokens: dict[bytes, _Session] = {}

    def up(self, route: Route, parts: list[bytes], now: float) -> None:
        """See what clients ask for."""
        for part in parts:
            head = part[:16]
            if any(mark in head for mark in _UP):
                self._asked(self._peers.setdefault(route, _Peer()), part, now)

    def down(self, route: Route, parts: list[bytes], now: float) -> None:
        """Show what passes."""
        peer = self._peers.get(route)
        for part in parts if peer else ():
            message = _read(part)
            if peer and message:
                self._answered(peer, message, now)

    def gone(self, route: Route) -> None:
        """Forget a connection; its faces rest."""
        peer = self._peers.pop(route, None)
        for session in peer.sessions.values() if peer else ():
            self._cut(session)

    # Up

    def _asked(self, peer: _Peer, part: bytes, now: float) -> None:
        message = audio_from(part) if _AUDIO in part[:16] else _read(part)
        if isinstance(message, m.Open) and len(message.fps) == 2 and all(message.fps):
            peer.tell_unless_shown(message.outputs)
            session = _Session(message.character or "", Fraction(*message.fps), message.playout_ms / 1e3)
            _remember(peer.asked, message.request, session)
        elif isinstance(message, m.Resume) and bytes(message.token) in self._tokens:
            session = self._tokens[bytes(message.token)]
            self._leave(session)
            _remember(peer.asked, message.request, session)
        elif isinstance(message, m.Audio | m.Start | m.Speak | m.Idle) and message.session in peer.sessions:
            self._said(peer.sessions[message.session], message, now)

    def _leave(self, session: _Session) -> None:
        """A session leaves the connection that it had."""
        self._cut(session)
        for peer in self._peers.values():
            peer.sessions = {number: known for number, known in peer.sessions.items() if known is not session}

    def _said(self, session: _Session, message: m.Audio | m.Start | m.Speak | m.Idle, now: float) -> None:
        stream = session.stream
        if isinstance(message, m.Audio):
            if stream and stream.number == message.stream and stream.begun is None:
                stream.begun = now
            return
        self._cut(session)
        stream = session.stream = _Stream(message.stream)
        stream.is_clip = not isinstance(message, m.Idle) and message.pace == Pace.CLIP
        if isinstance(message, m.Start):
            stream.rate = float(message.rate)
            stream.first_index = math.ceil((message.first_sample or 0) * session.fps / max(1, message.rate))
        else:
            stream.rate = float(SAMPLE_RATE) if isinstance(message, m.Idle) else None
            stream.begun = now

    # Down

    def _answered(self, peer: _Peer, message: m.Message, now: float) -> None:
        if isinstance(message, m.Opened | m.Resumed):
            session = peer.asked.pop(message.request, None)
            if session:
                _remember(peer.sessions, message.session, session)
            if session and isinstance(message, m.Opened):
                _remember(self._tokens, bytes(message.token), session)
        elif isinstance(message, m.Closed):
            session = peer.sessions.pop(message.session, None)
            if session:
                self._cut(session)
                self._tokens = {token: known for token, known in self._tokens.items() if known is not session}
        elif isinstance(message, m.Frame | m.Texture | m.Finished):
            session = peer.sessions.get(message.session)
            if session and session.stream and session.stream.number == message.stream and not session.stream.is_clip:
                self._show(session, session.stream, message, now)

    def _show(self, session: _Session, stream: _Stream, message: m.Frame | m.Texture | m.Finished, now: float) -> None:
        if isinstance(message, m.Finished):
            if message.reason not in (Reason.END, Reason.INTERRUPTED):
                self._cut(session)
            elif stream.part:
                self._playout.rest(stream.ends, stream.part)
            return
        stream.begun = now if stream.begun is None else stream.begun
        stream.part = stream.part or self._playout.enter(session.character)
        due = stream.begun + session.playout_s + float((message.index - stream.first_index) / session.fps)
        if due > now + FURTHEST_S:
            return
        if isinstance(message, m.Texture):
            self._playout.texture(due, stream.part, message)
            return
        stream.ends = max(stream.ends, due + float(1 / session.fps))
        self._playout.frame(due, stream.part, message, stream.rate or _rate(session, message))

    def _cut(self, session: _Session) -> None:
        if session.stream and session.stream.part:
            self._playout.cut(session.stream.part)
            session.stream.part = None


def _rate(session: _Session, frame: m.Frame) -> float:
    """Return the samples per second of a file, as its frame tells; the first one, at 0, fits any."""
    return frame.sample / frame.index * float(session.fps) if frame.index and frame.sample > 0 else float(SAMPLE_RATE)


def _read(part: bytes) -> m.Message | None:
    """Return the message in a part; what is none is left to those whom it concerns."""
    try:
        return decode(part)
    except WireError:
        return None


Key = TypeVar("Key", int, bytes)


def _remember(known: dict[Key, _Session], key: Key, session: _Session) -> None:
    known.pop(key, None)
    known[key] = session
    if len(known) > MAX_REMEMBERED:
        del known[next(iter(known))]
