"""One test of loopback hosts and one of names: servers, clients and adapters agree."""

from __future__ import annotations

import pytest

from engine_bridge.protocol.loopback import host_is_ours, is_loopback_host
from space_runtime.server.keys import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "127.255.255.254", "localhost", "LOCALHOST", "[::1]"])
def test_this_machine(host: str) -> None:
    assert is_loopback_host(host)
    assert is_loopback(f"tcp://{host}:5570")


@pytest.mark.parametrize("host", ["0.0.0.0", "*", "192.168.1.2", "128.0.0.1", "[::]", "localhost.evil.example"])
def test_reachable_from_outside(host: str) -> None:
    assert not is_loopback_host(host)
    assert not is_loopback(f"tcp://{host}:5570")


@pytest.mark.parametrize(
    ("host", "own", "ours"),
    [
        ("127.0.0.1:8765", "127.0.0.1", True),
        ("localhost", "127.0.0.1", True),
        ("[::1]:8765", "::1", True),
        ("192.168.1.5:8765", "0.0.0.0", True),
        ("Studio.local:8765", "studio.local", True),
        ("studio.local:8765", "127.0.0.1", False),
        ("192.168.1.5:8765", "192.168.1.5", True),
        ("192.168.1.5:8765", "127.0.0.1", False),
        ("192.168.1.6:8765", "192.168.1.5", False),
        ("[fd00::5]:8765", "::", True),
        ("evil.example", "0.0.0.0", False),
        ("127.0.0.2:5571", "127.0.0.1", True),
        ("LOCALHOST:99", "127.0.0.1", True),
        ("localhost.evil.example", "127.0.0.1", False),
        ("evil@localhost", "127.0.0.1", False),
        ("localhost/evil.example", "127.0.0.1", False),
        ("localhost,evil.example", "127.0.0.1", False),
        ("localhost:x", "127.0.0.1", False),
        ("::1", "127.0.0.1", False),
        ("", "127.0.0.1", False),
        (None, "127.0.0.1", False),
        ("[", "127.0.0.1", False),
    ],
)
def test_names_of_this_server(host: str | None, own: str, ours: bool) -> None:
    assert host_is_ours(host, own) is ours
