"""The behaviours of a hostile server: one table for the clients of every language."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Message
from engine_bridge.protocol.wire import encode
from tests.support.broken_messages import cut_off, with_other_values
from tests.support.fake_server import frame, picture

MANY: Final = 64
"""Parts of one ZeroMQ message, at most."""
U32: Final = 2**32 - 1
U64: Final = 2**63 - 1
LONG: Final = "x" * 4_000
HUGE_JPEG: Final = bytes.fromhex("ffd8 ffe0 0004 0000 ffc0 0011 08 ffff ffff 03 011100 021101 031101".replace(" ", ""))
"""The beginning of a picture of 65,535 × 65,535 pixels."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a client: its session and its stream."""

    session: int
    stream: int


Flood = Callable[[Place], Iterator[list[bytes]]]
"""ZeroMQ messages, one after another as fast as they are taken, from the beginning of a stream on."""
Answers = Mapping[type[Message], Callable[..., "list[Message | bytes]"]]
"""Lies that replace an honest answer, by its type."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One way to be hostile. says: words of the sentence that is due to the user, empty if none is.

    is_endless: its flood has no end. is_useless: no session comes about. is_bad: parts are counted as no messages.
    """

    name: str
    flood: Flood | None = None
    answers: Answers = field(default_factory=dict)
    says: str = ""
    is_endless: bool = False
    is_useless: bool = False
    is_bad: bool = False

    @property
    def in_suite(self) -> bool:
        """True for one of each kind: the tests try these in every run, `tests.tools.hostile_clients` tries all."""
        return self.name in IN_SUITE


# Floods


def _for_ever(make: Callable[[Place, int], Message | bytes]) -> Flood:
    """Return a flood of full messages; ``make`` gets the place and a number that rises."""

    def flood(place: Place) -> Iterator[list[bytes]]:
        numbers = itertools.count()
        while True:
            made = (make(place, next(numbers)) for _ in range(MANY))
            yield [each if isinstance(each, bytes) else encode(each) for each in made]

    return flood


def _repeated(make: Callable[[Place], Message | bytes]) -> Flood:
    """Return a flood of one message, which costs its sender next to nothing."""

    def flood(place: Place) -> Iterator[list[bytes]]:
        made = make(place)
        return itertools.repeat([made if isinstance(made, bytes) else encode(made)] * MANY)

    return flood


def _once(make: Callable[[Place], list[Message | bytes]]) -> Flood:
    """Return a few messages, each on its own."""

    def flood(place: Place) -> Iterator[list[bytes]]:
        return ([each if isinstance(each, bytes) else encode(each)] for each in make(place))

    return flood


def _broken(place: Place) -> Iterator[list[bytes]]:
    """Return a flood of all messages about a stream, broken in one place each, in an order of chance."""
    about = {"session": place.session, "stream": place.stream}
    honest: list[Message] = [
        *(_new_frame(place, 300), _texture(place), m.Started(**about, sample=1.0), m.Notice(**about, message="x")),
        *(m.Underrun(**about, sample=1.0, late_ms=9), _error("busy", "x", place, stream=True), m.Pong(nonce=1)),
        m.Resumed(request=1, **about, next_sample=1, seq=1),
    ]
    whole = [encode(each) for each in honest]
    parts = [part for each in whole for part in itertools.chain(cut_off(each), with_other_values(each))]
    random.Random(1).shuffle(parts)
    return itertools.cycle([parts[at : at + MANY] for at in range(0, len(parts), MANY)])


def _error(code: str, text: str, place: Place | None = None, stream: bool = False) -> m.Error:
    session = place.session if place else None
    return m.Error(code=code, message=text, session=session, stream=place.stream if place and stream else None)


def _new_frame(place: Place, n: int) -> m.Frame:
    return frame(place.session, place.stream, n % U32, n % 2**31, n * 533.0)


def _garbage(_: Place, n: int) -> bytes:
    return random.Random(n).randbytes(60)


def _texture(place: Place, **lies: object) -> m.Texture:
    return replace(picture(frame(place.session, place.stream, 0, 0, 0.0), 16), **lies)  # type: ignore[arg-type]  # fields


def _finished(place: Place, **lies: object) -> m.Finished:
    honest = m.Finished(session=place.session, stream=place.stream, reason="end", sample=0.0, frames=0, dropped=0)
    return replace(honest, **lies)  # type: ignore[arg-type]  # fields


FLOODS: Final = (
    Behaviour("events", _repeated(lambda p: m.Underrun(session=p.session, stream=p.stream, sample=1.0, late_ms=9))),
    Behaviour("started", _repeated(lambda p: m.Started(session=p.session, stream=p.stream, sample=1.0))),
    Behaviour("finished", _repeated(_finished)),
    Behaviour("notices", _repeated(lambda p: m.Notice(session=p.session, stream=p.stream, message=LONG))),
    Behaviour("long errors", _repeated(lambda p: _error("internal", LONG, p))),
    Behaviour("errors of the connection", _repeated(lambda _: _error("busy", LONG))),
    Behaviour("errors of the stream", _repeated(lambda p: _error("bad_sound", LONG, p, stream=True))),
    Behaviour("too fast", _repeated(lambda p: _error("too_fast", "slow down", p))),
    Behaviour("not greeted", _repeated(lambda _: _error("not_greeted", "say hello first"))),
    Behaviour("unknown session", _repeated(lambda p: _error("unknown_session", LONG, p))),
    Behaviour("closed", _repeated(lambda p: m.Closed(session=p.session, reason="internal"))),
    Behaviour("byes", _repeated(lambda _: m.Bye(reason=LONG))),
    Behaviour("the same frame", _repeated(lambda p: _new_frame(p, 3))),
    Behaviour("new frames without credit", _for_ever(_new_frame)),
    Behaviour("frames of other streams", _repeated(lambda p: frame(p.session, p.stream + 9, 3, 3, 1_600.0))),
    Behaviour("frames of other sessions", _repeated(lambda p: frame(p.session + 9, p.stream, 3, 3, 1_600.0))),
    Behaviour("pings", _repeated(lambda _: m.Ping(nonce=1))),
    Behaviour("pongs", _repeated(lambda _: m.Pong(nonce=1))),
    Behaviour("garbage", _for_ever(_garbage), is_bad=True),
    Behaviour("every message broken", _broken, is_bad=True),
    Behaviour("empty parts", _repeated(lambda _: b""), is_bad=True),
    Behaviour("unknown types", _repeated(lambda _: b"\x81\xa4type\xa5dance")),
    Behaviour("messages of clients", _repeated(lambda p: m.Credit(session=p.session, until=1))),
    Behaviour(
        "opened again",
        _repeated(lambda p: m.Opened(request=1, session=p.session, token=b"t" * 16, look_ahead_s=0.1, lease_ms=1)),
    ),
    Behaviour(
        "resumed again",
        _repeated(lambda p: m.Resumed(request=1, session=p.session, stream=p.stream, next_sample=0, seq=0)),
    ),
    Behaviour("pictures", _for_ever(lambda p, n: _texture(p, index=n % 2**31, sample=n * 533.0))),
    Behaviour(
        "large pictures",
        lambda p: itertools.repeat([encode(_texture(p, width=1_024, height=1_024, pixels=bytes(3 << 20)))]),
    ),
)


# Lies


def _bad_frame(**lies: object) -> Flood:
    def make(place: Place) -> list[Message | bytes]:
        return [replace(_new_frame(place, 300), **lies)]  # type: ignore[arg-type]  # fields

    return _once(make)


def _raw_frame(key: bytes, honest: bytes, lie: bytes) -> Flood:
    """Return a frame whose bytes are changed behind a key."""

    def make(place: Place) -> list[Message | bytes]:
        data = encode(_new_frame(place, 300))
        at = data.index(key) + len(key)
        assert data[at : at + len(honest)] == honest
        return [data[:at] + lie + data[at + len(honest) :]]

    return _once(make)


def _backwards(place: Place) -> list[Message | bytes]:
    return [replace(_new_frame(place, 300 + n), sample=160_000.0 - 533.0 * n) for n in range(50)]


def _slower(place: Place) -> list[Message | bytes]:
    return [replace(_new_frame(place, 300 + n), sample=160_000.0 + 16_000.0 * n) for n in range(50)]


def _huge(n: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    values = np.full(n, 3e38, np.float32)
    values[::2] *= -1
    return values


LIES: Final = (
    Behaviour("last seq", _bad_frame(seq=U32)),
    Behaviour("late seq", _bad_frame(seq=2**32 - 320)),
    Behaviour("last index", _bad_frame(index=U32), is_bad=True),
    Behaviour("time beyond everything", _bad_frame(sample=1e308), is_bad=True),
    Behaviour("time before everything", _bad_frame(sample=-1e308), is_bad=True),
    Behaviour("huge weights", _bad_frame(weights=_huge(52)), is_bad=True),
    Behaviour("huge head", _bad_frame(head=_huge(6)), is_bad=True),
    Behaviour("huge landmarks", _bad_frame(landmarks=_huge(234)), is_bad=True),
    Behaviour("huge speech", _bad_frame(speech=3e38), is_bad=True),
    Behaviour("many keypoints", _bad_frame(keypoints=np.zeros(300_000, np.float32))),
    Behaviour("weights that are none", _raw_frame(b"\xa7weights\xc4\xd0", bytes(0), b"\0\0\xc0\x7f"), is_bad=True),
    Behaviour("too few weights", _raw_frame(b"\xa7weights", b"\xc4\xd0", b"\xc4\xcc"), is_bad=True),
    Behaviour("time that runs back", _once(_backwards)),
    Behaviour("another frame rate", _once(_slower)),
    Behaviour("a picture of no size", _once(lambda p: [_texture(p, width=0)]), is_bad=True),
    Behaviour("a picture of a huge size", _once(lambda p: [_texture(p, width=U32, height=U32)]), is_bad=True),
    Behaviour("a picture of another size", _once(lambda p: [_texture(p, width=17)]), is_bad=True),
    Behaviour(
        "a picture that is no jpeg", _once(lambda p: [_texture(p, format="jpeg", pixels=b"GIF89a")]), is_bad=True
    ),
    Behaviour("a jpeg of another size", _once(lambda p: [_texture(p, format="jpeg", pixels=HUGE_JPEG)]), is_bad=True),
    Behaviour("a picture of no kind", _once(lambda p: [_texture(p, format="tiff")]), is_bad=True),
    Behaviour("finished at no time", _once(lambda p: [_finished(p, sample=1e308)]), is_bad=True),
    Behaviour("finished with the last numbers", _once(lambda p: [_finished(p, stream=U32, frames=U32, dropped=U32)])),
    Behaviour(
        "underrun with the last numbers",
        _once(lambda p: [m.Underrun(session=p.session, stream=p.stream, sample=0.0, late_ms=U32)]),
    ),
    Behaviour(
        "resumed with the last numbers",
        _once(lambda p: [m.Resumed(request=U32, session=U32, stream=U32, next_sample=U64, seq=U32)]),
    ),
    Behaviour(
        "limits of nothing",
        answers={m.Welcome: lambda w: [replace(w, limits={"message_bytes": 0, "audio_ms": 0, "messages_per_s": 0})]},
    ),
    Behaviour(
        "limits without end",
        answers={
            m.Welcome: lambda w: [replace(w, limits={"message_bytes": U64, "audio_ms": U64, "messages_per_s": U64})]
        },
    ),
    Behaviour("frames before opened", answers={m.Opened: lambda o: [frame(o.session, 1, 0, 0, 0.0), o]}),
    Behaviour("opened twice", answers={m.Opened: lambda o: [o, replace(o, session=99)]}),
    Behaviour("a lease of nothing", answers={m.Opened: lambda o: [replace(o, lease_ms=0)]}),
    Behaviour(
        "look-ahead without end",
        answers={m.Opened: lambda o: [replace(o, look_ahead_s=1e308)]},
        is_useless=True,
        is_bad=True,
    ),
    Behaviour("no token", answers={m.Opened: lambda o: [replace(o, token=b"")]}, is_useless=True, is_bad=True),
    Behaviour(
        "another version", answers={m.Welcome: lambda w: [replace(w, version=2)]}, is_useless=True, says="version"
    ),
    Behaviour(
        "three weights",
        answers={m.Welcome: lambda w: [replace(w, weights=("a", "b", "c"))]},
        is_useless=True,
        says="3 weights",
    ),
    Behaviour("silence", answers={m.Welcome: lambda _: []}, is_useless=True),
)

BEHAVIOURS: Final = {
    each.name: each for each in (Behaviour("honest"), *(replace(flood, is_endless=True) for flood in FLOODS), *LIES)
}
IN_SUITE: Final = frozenset(
    (
        "events",
        "long errors",
        "not greeted",
        "new frames without credit",
        "garbage",
        "every message broken",
        "large pictures",
        "last seq",
        "late seq",
        "huge weights",
        "another frame rate",
        "a picture of a huge size",
        "a jpeg of another size",
        "limits without end",
        "frames before opened",
        "look-ahead without end",
        "another version",
        "three weights",
    )
)
