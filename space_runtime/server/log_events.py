"""What the server writes into its log, one function per event. Never sound, texts of clients, tokens or keys.

Every event is a record whose ``event`` names it and whose ``fields`` are its values; `logs` makes lines of them.
"""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import Final

from engine_bridge.protocol.messages import ErrorCode, Finished, Pace

log: Final = logging.getLogger("space_runtime.server")

Value = str | int | float


def ready(address: str, n_workers: int, n_sessions: int, took_s: float, device: str) -> None:
    """The server has warmed up and takes sessions. device: of the networks."""
    _tell(
        logging.INFO,
        "ready",
        address=address,
        workers=n_workers,
        sessions=n_sessions,
        seconds=round(took_s, 3),
        device=device,
    )


def stopped(uptime_s: float) -> None:
    """The server has told everybody and ends."""
    _tell(logging.INFO, "stopped", seconds=round(uptime_s, 3))


def session_opened(session: int, client: str, face: str, outputs: frozenset[str], fps: Fraction) -> None:
    """A session has been admitted."""
    _tell(
        logging.INFO,
        "session_opened",
        session=session,
        client=client,
        face=face,
        outputs=",".join(sorted(outputs)),
        fps=round(float(fps), 3),
    )


def session_closed(session: int, reason: str, n_frames: int) -> None:
    """A session is gone. n_frames: made in all its streams."""
    _tell(logging.INFO, "session_closed", session=session, reason=reason or "close", frames=n_frames)


def stream_started(session: int, stream: int, kind: str, pace: Pace) -> None:
    """A stream begins. kind: start, speak or idle."""
    _tell(logging.INFO, "stream_started", session=session, stream=stream, kind=kind, pace=pace.value)


def stream_finished(told: Finished, seconds: float) -> None:
    """A stream is over. seconds: of media time that it lasted."""
    _tell(
        logging.INFO,
        "stream_finished",
        session=told.session,
        stream=told.stream,
        reason=str(told.reason),
        frames=told.frames,
        dropped=told.dropped,
        seconds=round(seconds, 3),
    )


def refused(code: ErrorCode, session: int | None, client: str = "") -> None:
    """Something that a client said was refused."""
    fields: dict[str, Value] = {"code": code.value}
    if session is not None:
        fields["session"] = session
    if client:
        fields["client"] = client
    _tell(logging.INFO, "refused", **fields)


def slow_peer(client: str) -> None:
    """A connection does not take what it is sent; messages to it are lost."""
    _tell(logging.WARNING, "slow_peer", client=client)


def _tell(level: int, event: str, **fields: Value) -> None:
    if log.isEnabledFor(level):
        log.log(level, event, extra={"event": event, "fields": fields})
