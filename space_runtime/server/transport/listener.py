"""Listens, accepts, reads and writes: every connection of a server, in one thread, each within its budget.

Who has cost least is read first, and a turn of reading ends after `TURN_S`: what is not read then waits in the system's
buffers, so that TCP slows its sender down and nobody else.
"""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Final

from engine_bridge.protocol.descriptors import most_connections
from space_runtime.server.transport.account import Account
from space_runtime.server.transport.address import listen
from space_runtime.server.transport.client import OWN, Client, Hearing, Rates
from space_runtime.server.transport.errors import BreachError
from space_runtime.server.transport.idleness import is_silent, least_needed, slowest
from space_runtime.server.transport.peer import Peer
from space_runtime.server.transport.peer_poller import PeerPoller
from space_runtime.server.transport.zmtp import Mechanism, Zmtp

TURN_S: Final = 0.002
"""Reading that may be done before frames have their turn."""
MAX_ACCEPTED: Final = 4
"""Connections accepted in a turn."""
ACCEPT_PAUSE_S: Final = 0.1
"""Pause of accepting when descriptors run out."""
ACCEPT_COST_S: Final = 0.02
"""The cost with which a connection begins, so that those which are known and quiet are read before it."""
MESSAGE_S: Final = 30.0
"""Time for one message, from its first byte to its last."""
STALL_S: Final = 1.0
"""After such a standstill of this process silence is counted anew."""
PING_S: Final = 2.0
"""Silence after which a peer is asked for a sign of life."""
SWEEP_S: Final = 0.25
GRACE_S: Final = 0.25
"""Time in which a peer that is cut off may still read why."""
MAX_HELD: Final = 128 << 20
"""Bytes of incomplete messages of all connections: beyond it who holds most is cut off."""


class Listener:
    """All connections to one address. Raises `UsageError` when that cannot be bound.

    address: as clients write it. poller: waits for all of them. n_cut: connections cut off for a breach of the protocol
    or of a budget. is_behind: there is more to read. settle: does what messages ask for; its time counts as that of the
    peer that was read.
    """

    def __init__(
        self,
        address: str,
        mechanism: Callable[[], Mechanism],
        client: Client,
        rates: Rates,
        settle: Callable[[], None] = lambda: None,
    ) -> None:
        self._settle = settle
        self.n_cut = 0
        self._peers: dict[bytes, Peer] = {}
        self._mechanism = mechanism
        self._client = client
        self._rates = rates
        self._most = most_connections(rates.connections)
        self._socket, self.address = listen(address)
        self.poller = PeerPoller()
        self.poller.watch(self._socket.fileno())
        self._closed_until = self._swept_at = -math.inf
        self._paused: list[Peer] = []
        self.is_behind = False
        self._names = count(1)
        self._n_held = 0
        self._accounts: dict[bytes, Account] = {}

    def wait(self, timeout_s: float) -> list[Peer | int]:
        """Wait until something can be done; return the peers and the descriptors that can be read."""
        return self.poller.wait(0.0 if self.is_behind else timeout_s)

    def serve(self, ready: Sequence[Peer | int], now: float) -> None:
        """Read what is ready, the least costly peers first, for a bounded time; accept; end what is over."""
        self._read_all([each for each in ready if isinstance(each, Peer)], now)
        if self._socket.fileno() in ready and not self.is_behind:  # known peers go first
            self._accept(now)
        self._wake_paused(now)
        if now >= self._swept_at + SWEEP_S:
            self._sweep(now)

    def send(self, route: bytes, parts: Sequence[bytes]) -> bool | None:
        """Send a message; False when the peer is too slow to take it, None when it is gone."""
        peer = self._peers.get(route[1:])
        if peer is None or not peer.zmtp.is_ready:
            return None
        self._answer(peer)  # first: the handshake goes before messages, and nonces in their order
        taken = peer.send(peer.zmtp.encoded(parts))
        self.poller.select(peer)
        return taken

    def cut(self, route: bytes, now: float) -> None:
        """Close a connection as soon as it has been told why: nothing more is read from it."""
        peer = self._peers.get(route[1:])
        if peer is None or peer.is_closing:
            return
        self.n_cut += 1
        self._hold(peer, 0)
        peer.end(now + GRACE_S)
        self.poller.select(peer)

    def cut_keys(self, keys: frozenset[bytes], now: float) -> None:
        """End the connections of keys, at once and without a word: what they still send is not heard."""
        for peer in list(self._peers.values()):
            if peer.hearing.key in keys:
                self._drop(peer, now)

    def close(self, linger_s: float = 0.0) -> None:
        """End all connections; what waits is sent for at most so long."""
        end = time.monotonic() + linger_s
        while any(peer.unsent for peer in self._peers.values()) and time.monotonic() < end:
            for peer in self._peers.values():
                peer.flush()
            time.sleep(0.002)
        self.poller.close()
        self._socket.close()
        for peer in self._peers.values():
            peer.close()
        self._peers.clear()

    # Coming and going

    def _accept(self, now: float) -> None:
        """Take new connections, a few; none for a moment when the system has no descriptors left."""
        for _ in range(MAX_ACCEPTED):
            try:
                self._add(self._socket.accept()[0], now)
            except (BlockingIOError, InterruptedError, ConnectionError):
                return
            except OSError:
                self._make_room(now)
                self._closed_until = now + ACCEPT_PAUSE_S
                self.poller.ignore(self._socket.fileno())
                return

    def _add(self, wire: socket.socket, now: float) -> None:
        if len(self._peers) >= self._most and not self._make_room(now):
            wire.close()
            return
        with suppress(OSError):
            wire.setblocking(False)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = (next(self._names) & 0xFFFF_FFFF).to_bytes(4, "big")
        hearing = Hearing(OWN + name, self._client, now)
        peer = Peer(wire, hearing, Zmtp(self._mechanism(), hearing, self._rates.message_bytes), self._rates, now)
        peer.charge(ACCEPT_COST_S, now)
        self._peers[name] = peer
        self._answer(peer)

    def _make_room(self, now: float) -> bool:
        """End connections that nobody needs, some at once; return whether there were any."""
        ended = least_needed(list(self._peers.values()), self._client, now)
        for peer in ended:
            self._drop(peer, now)
        return bool(ended)

    def _drop(self, peer: Peer, now: float) -> None:
        """Close a connection and say that it is over."""
        if self._peers.pop(peer.hearing.route[1:], None) is None:
            return
        self._hold(peer, 0)
        peer.end(now)
        peer.is_over = True
        if peer.account.n_connections:
            peer.account.n_connections -= 1
            if not peer.account.n_connections:
                del self._accounts[peer.hearing.key]
        self.poller.select(peer)
        peer.close()
        self._client.lost(peer.hearing.route, now)

    # Reading and writing

    def _read_all(self, peers: list[Peer], now: float) -> None:
        """Read once from each, until the time is up: the rest is read in another turn."""
        if len(peers) > 1:
            peers.sort(key=lambda peer: peer.account.cost_s(now) / self._client.weight(peer.hearing.route))
        begin = time.perf_counter()
        for n_read, peer in enumerate(peers, 1):
            self._read(peer, now)
            if time.perf_counter() - begin > TURN_S:
                self.is_behind = n_read < len(peers)
                return
        self.is_behind = False

    def _read(self, peer: Peer, now: float) -> None:
        begin = time.thread_time()
        data = None if peer.is_closing else peer.read()
        if data is None:
            self._drop(peer, now)
        elif data:
            self._feed(peer, data, now)
            self._settle()
            cost_s = time.thread_time() - begin
            peer.charge(cost_s, now)
            self._bill(peer, len(data), cost_s, now)

    def _feed(self, peer: Peer, data: bytes, now: float) -> None:
        peer.heard_at = peer.hearing.now = now
        try:
            is_heard = peer.zmtp.feed(data)
        except BreachError:
            self._breach(peer, now)
            return
        self._answer(peer)
        if not is_heard:
            self.cut(peer.hearing.route, now)
            return
        if peer.hearing.key and not peer.account.n_connections:
            self._enter(peer, now)
        self._hold(peer, peer.zmtp.held)
        peer.note_progress(now)

    def _enter(self, peer: Peer, now: float) -> None:
        """Enter a connection into the account of its key, which may have half of all connections."""
        peer.account = self._accounts.setdefault(peer.hearing.key, Account(now))
        peer.account.n_connections += 1
        if peer.account.n_connections > max(1, self._most // 2):
            self.cut(peer.hearing.route, now)

    def _bill(self, peer: Peer, n_bytes: int, cost_s: float, now: float) -> None:
        """Take what was read from a peer's budget; pause it, or cut it off, when that is overdrawn."""
        route = peer.hearing.route
        if peer.is_closing:
            return
        if not peer.spend(n_bytes, cost_s, self._rates, self._client.weight(route), now):
            self._breach(peer, now)
        elif peer.resume_at > now:
            self._client.too_fast(route, now)
            self._paused.append(peer)
            peer.is_paused = True
            self.poller.select(peer)

    def _breach(self, peer: Peer, now: float) -> None:
        """End a connection that has broken a rule; before the end of its handshake it is owed no word."""
        self._answer(peer)
        if peer.zmtp.is_ready:
            self.cut(peer.hearing.route, now)
        else:
            self.n_cut += 1
            self._drop(peer, now)

    def _answer(self, peer: Peer) -> None:
        peer.answer()
        self.poller.select(peer)

    def _hold(self, peer: Peer, n_bytes: int) -> None:
        """Note how much of a message a connection holds; cut off who holds most when all together hold too much."""
        self._n_held += n_bytes - peer.n_held
        peer.n_held = n_bytes
        if self._n_held > MAX_HELD:
            most = max(self._peers.values(), key=lambda each: each.n_held)
            self.cut(most.hearing.route, peer.heard_at)

    # Time

    def _wake_paused(self, now: float) -> None:
        """Read on from the peers whose pause is over."""
        if self._closed_until < now and self._closed_until > 0:
            self._closed_until = -math.inf
            self.poller.watch(self._socket.fileno())
        if not self._paused:
            return
        over = [peer for peer in self._paused if peer.resume_at <= now]
        self._paused = [peer for peer in self._paused if peer.resume_at > now]
        for peer in over:
            peer.is_paused = False
            self.poller.select(peer)

    def _sweep(self, now: float) -> None:
        """End what takes too long; ask the silent for a sign of life."""
        stalled = now - self._swept_at > STALL_S
        self._swept_at = now
        for peer in list(self._peers.values()):
            if stalled:
                peer.heard_at = now
            if now >= peer.closing_at or is_silent(peer, now):
                self._drop(peer, now)
            elif now - peer.begun_at > MESSAGE_S:
                self.cut(peer.hearing.route, now)
            elif now - max(peer.heard_at, peer.pinged_at) > PING_S and peer.zmtp.is_ready and not peer.is_closing:
                peer.pinged_at = now
                peer.send(peer.zmtp.ping())
                self.poller.select(peer)
        for peer in slowest(self._peers.values()):
            self.n_cut += 1
            self._drop(peer, now)
