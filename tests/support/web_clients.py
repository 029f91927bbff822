"""Real WebSocket clients for the tests of the browser adapter."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from engine_bridge.adapters.websocket import JSON, WebSocket
from engine_bridge.protocol.messages import Frame
from tests.support.adapter_frames import frame, weights
from tests.support.waiting import wait_for


@contextmanager
def client(
    sink: WebSocket, protocol: Subprotocol = JSON, query: str = "", origin: str | None = None
) -> Generator[ClientConnection, None, None]:
    """Yield a connected client, once the server counts it."""
    before = sink.n_clients
    page = None if origin is None else Origin(origin)
    with connect(f"ws://127.0.0.1:{sink.port}/{query}", subprotocols=[protocol], origin=page) as connected:
        wait_for(lambda: sink.n_clients == before + 1)
        yield connected
    wait_for(lambda: sink.n_clients == before)


def document(connected: ClientConnection) -> dict[str, object]:
    """Return the next text, unanswered."""
    text = connected.recv(timeout=5)
    assert isinstance(text, str)
    found: dict[str, object] = json.loads(text)
    return found


def talking(index: int, jaw: float = 0.5) -> Frame:
    return frame(weights(jawOpen=jaw), [0.1, 0.2, 0.3], [0.4, 0.5, 0.6, 0.7], sample=index * 800.0, index=index)
