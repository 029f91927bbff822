"""The connections that are over, and those that may be ended to make room: for others, or in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from space_runtime.server.transport.client import Client
from space_runtime.server.transport.peer import Peer

IDLE_S: Final = 1.0
"""Silence after which a connection that nobody needs may be ended to make room."""
IDLE_SHARE: Final = 16
"""One in so many of them is ended at a time."""
HANDSHAKE_S: Final = 5.0
"""Time for greeting and handshake."""
SILENCE_S: Final = 8.0
"""Silence after which a connection is over."""
MAX_UNSENT_IN_ALL: Final = 256 << 20
"""Bytes that may wait for all slow peers together."""


def is_silent(peer: Peer, now: float) -> bool:
    """Return whether a peer has not shaken hands in time, or has shown no life for long."""
    if not peer.zmtp.is_ready:
        return now - peer.born > HANDSHAKE_S
    return now - max(peer.heard_at, peer.resume_at) > SILENCE_S


def least_needed(peers: Sequence[Peer], client: Client, now: float) -> list[Peer]:
    """Return some of the connections that nobody needs: first those without a handshake, then the most silent."""
    known = [peer for peer in peers if now - peer.said_at > IDLE_S]
    idle = [peer for peer in known if not client.is_needed(peer.hearing.route)]
    idle.sort(key=lambda peer: (peer.zmtp.is_ready, peer.said_at))
    return idle[: -(-len(idle) // IDLE_SHARE)]


def slowest(peers: Iterable[Peer]) -> list[Peer]:
    """Return those for which most waits, as many as have to end so that not too much waits for all together."""
    slow = sorted((peer for peer in peers if peer.unsent), key=lambda peer: len(peer.unsent), reverse=True)
    n_unsent = sum(len(peer.unsent) for peer in slow)
    ended: list[Peer] = []
    while n_unsent > MAX_UNSENT_IN_ALL:
        ended.append(slow[len(ended)])
        n_unsent -= len(ended[-1].unsent)
    return ended
