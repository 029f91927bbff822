"""Clients of a SPACE server in Python: `Client` for programs with threads, `aio` for asyncio.

May import the protocol; knows nothing of the runtime.
"""

from engine_bridge.client.client import Client, ClientSession
from engine_bridge.client.controls import Controls
from engine_bridge.client.transport import Curve

__all__ = ["Client", "ClientSession", "Controls", "Curve"]
