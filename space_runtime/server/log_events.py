"""Events of the server's log, one function per event. Never sound, texts of clients, tokens or keys.

A function returns the event, `write` logs it: as a record whose ``event`` names it and whose ``fields`` are its values;
`observability.log_output` makes lines of them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from engine_bridge.protocol.messages import ErrorCode, Finished, Pace

log: Final = logging.getLogger("space_runtime.server")

Value = str | int | float


@dataclass(frozen=True, slots=True, eq=False)
class LogEvent:
    """An event. level: of `logging`."""

    level: int
    name: str
    fields: dict[str, Value]


def write(event: LogEvent) -> None:
    """Log an event."""
    if log.isEnabledFor(event.level):
        log.log(event.level, event.name, extra={"event": event.name, "fields": event.fields})


def ready(address: str, n_sessions: int, took_s: float, device: str) -> LogEvent:
    """The server has warmed up and takes sessions. device: of the networks."""
    seconds = round(took_s, 3)
    return _event(logging.INFO, "ready", address=address, sessions=n_sessions, seconds=seconds, device=device)


def relaying(address: str, server: str) -> LogEvent:
    """A relay listens at an address and passes on to a server."""
    return _event(logging.INFO, "relaying", address=address, server=server)


def server_silent(server: str) -> LogEvent:
    """The server behind a relay does not answer: it is not running, or does not know the relay's key."""
    return _event(logging.WARNING, "server_silent", server=server)


def relay_stopped(n_dropped: int) -> LogEvent:
    """A relay has ended. n_dropped: messages that came too fast or from connections that are not heard."""
    return _event(logging.INFO, "relay_stopped", dropped=n_dropped)


def capacity_measured(n_sessions: int) -> LogEvent:
    """This machine carries more sessions than the server was started with, which it takes from now on."""
    return _event(logging.INFO, "capacity_measured", sessions=n_sessions)


def viewer(page: str) -> LogEvent:
    """A page shows the sessions to browsers. page: its address."""
    return _event(logging.INFO, "viewer", page=page)


def stopped(uptime_s: float) -> LogEvent:
    """The server has told everybody and ends."""
    return _event(logging.INFO, "stopped", seconds=round(uptime_s, 3))


def session_opened(session: int, client: str, character: str, outputs: frozenset[str], fps: Fraction) -> LogEvent:
    """A session has been admitted."""
    return _event(
        logging.INFO,
        "session_opened",
        session=session,
        client=client,
        character=character,
        outputs=",".join(sorted(outputs)),
        fps=round(float(fps), 3),
    )


def session_closed(session: int, reason: str, n_frames: int) -> LogEvent:
    """A session is gone. n_frames: made in all its streams."""
    return _event(logging.INFO, "session_closed", session=session, reason=reason or "close", frames=n_frames)


def stream_started(session: int, stream: int, kind: str, pace: Pace) -> LogEvent:
    """A stream begins. kind: start, speak or idle."""
    return _event(logging.INFO, "stream_started", session=session, stream=stream, kind=kind, pace=pace.value)


def stream_finished(told: Finished, seconds: float) -> LogEvent:
    """A stream is over. seconds: of media time that it lasted."""
    return _event(
        logging.INFO,
        "stream_finished",
        session=told.session,
        stream=told.stream,
        reason=str(told.reason),
        frames=told.frames,
        dropped=told.dropped,
        seconds=round(seconds, 3),
    )


def notice(session: int, stream: int, note: str) -> LogEvent:
    """A sentence about the sound of a stream."""
    return _event(logging.INFO, "notice", session=session, stream=stream, note=note)


def refused(code: ErrorCode, session: int | None, client: str = "") -> LogEvent:
    """Something that a client said was refused."""
    fields: dict[str, Value] = {"code": code.value}
    if session is not None:
        fields["session"] = session
    if client:
        fields["client"] = client
    return _event(logging.INFO, "refused", **fields)


def slow_peer(client: str) -> LogEvent:
    """A connection does not take what it is sent; messages to it are lost."""
    return _event(logging.WARNING, "slow_peer", client=client)


def keys_changed(n_admitted: int, n_added: int, n_removed: int) -> LogEvent:
    """The list of clients' keys was read again, and is another one; without any nobody comes in."""
    level = logging.INFO if n_admitted else logging.WARNING
    return _event(level, "keys_changed", admitted=n_admitted, added=n_added, removed=n_removed)


def key_unreadable(reason: str) -> LogEvent:
    """A file on the list of clients' keys holds no key, so that it admits nobody."""
    return _event(logging.WARNING, "key_unreadable", reason=reason)


def _event(level: int, name: str, **fields: Value) -> LogEvent:
    return LogEvent(level, name, fields)
