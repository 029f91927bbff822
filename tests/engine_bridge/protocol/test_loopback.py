"""One test of loopback hosts: servers, clients and adapters agree."""

from __future__ import annotations

import pytest

from engine_bridge.protocol.loopback import is_loopback_host
from space_runtime.server.keys import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "127.255.255.254", "localhost", "LOCALHOST", "[::1]"])
def test_this_machine(host: str) -> None:
    assert is_loopback_host(host)
    assert is_loopback(f"tcp://{host}:5570")


@pytest.mark.parametrize("host", ["0.0.0.0", "*", "192.168.1.2", "128.0.0.1", "[::]", "localhost.evil.example"])
def test_reachable_from_outside(host: str) -> None:
    assert not is_loopback_host(host)
    assert not is_loopback(f"tcp://{host}:5570")
