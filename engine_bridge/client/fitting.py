"""Refuses at the call, before it is sent, what a server would refuse."""

from __future__ import annotations

from engine_bridge.protocol.client_ranges import range_fault
from engine_bridge.protocol.errors import BridgeError
from engine_bridge.protocol.messages import ClientMessage
from engine_bridge.protocol.wire import encode


def check_fits(message: ClientMessage) -> None:
    """Raise `BridgeError` for a message that cannot be written, or whose numbers lie outside their ranges."""
    encode(message)
    if fault := range_fault(message):
        raise BridgeError(f"{type(message).__name__.lower()}: {fault}")
