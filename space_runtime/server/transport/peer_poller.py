"""Waits for peers that can be read, or can take more."""

from __future__ import annotations

import selectors

from space_runtime.server.transport.peer import Peer


class PeerPoller:
    """Waits for reading, unless a peer is paused or closing, and for writing while something is unsent."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def watch(self, descriptor: int) -> None:
        """Wait for something else that can be read."""
        self._selector.register(descriptor, selectors.EVENT_READ)

    def ignore(self, descriptor: int) -> None:
        """Wait for it no more."""
        self._selector.unregister(descriptor)

    def fileno(self) -> int:
        """Return what another poller can wait for. Raises `OSError` where the system has no such thing (Windows)."""
        for name in ("EpollSelector", "KqueueSelector"):
            kind = getattr(selectors, name, None)
            if kind and isinstance(self._selector, kind):
                return int(self._selector.fileno())
        raise OSError("the connections of this system cannot be waited for together")

    def wait(self, timeout_s: float) -> list[Peer | int]:
        """Send what can be sent; return the peers and the descriptors that can be read."""
        ready: list[Peer | int] = []
        for key, events in self._selector.select(timeout_s):
            if events & selectors.EVENT_WRITE:
                key.data.flush()
                self.select(key.data)
            if events & selectors.EVENT_READ:
                ready.append(key.data or key.fd)
        return ready

    def select(self, peer: Peer) -> None:
        """Wait for what a peer is to be waited for now."""
        reads = 0 if peer.is_closing or peer.is_paused else selectors.EVENT_READ
        events = reads | (selectors.EVENT_WRITE if peer.unsent and not peer.is_over else 0)
        if events == peer.events:
            return
        if not peer.events:
            self._selector.register(peer.wire, events, peer)
        elif not events:
            self._selector.unregister(peer.wire)
        else:
            self._selector.modify(peer.wire, events, peer)
        peer.events = events

    def close(self) -> None:
        """Wait for nothing more."""
        self._selector.close()
