"""A relay whose peers come, go and take everything: it refuses in a sentence, forgets at once, and lives on."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import zmq

from engine_bridge.protocol import descriptors
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.wire import decode
from space_runtime.server.relay import relay as relay_module
from space_runtime.server.relay.relay import Relay
from space_runtime.server.relay.upstream import Upstream
from tests.space_runtime.server.relay.test_relay import dealer, relaying
from tests.support.echo_server import Echo
from tests.support.ports import free_port
from tests.support.real_server import child_environment
from tests.support.waiting import PATIENCE_S, eventually, wait_for
from tests.tools.attacks.raw_peer import MORE, RawPeer, frame
from tests.tools.attacks.run import MIB, usage_of

POSIX: Final = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither ulimit nor SIGHUP")
ASKED: Final = b"are you there?"


@contextmanager
def dealers(address: str, n: int) -> Iterator[list[zmq.Socket[bytes]]]:
    """So many connections, each of which has said something."""
    with zmq.Context() as context:
        sockets = [context.socket(zmq.DEALER) for _ in range(n)]
        for socket in sockets:
            socket.linger = 0
            socket.connect(address)
            socket.send(ASKED)
        try:
            yield sockets
        finally:
            for socket in sockets:
                socket.close()


def answer(socket: zmq.Socket[bytes]) -> bytes | None:
    """Return the next thing that a connection gets, None if nothing comes."""
    return socket.recv() if socket.poll(round(PATIENCE_S * 1e3)) else None


def sentence(data: bytes | None) -> str:
    """Return the words of an error."""
    assert data
    message = decode(data)
    assert isinstance(message, m.Error)
    return message.message


@contextmanager
def command(log: Path, upstream: str, limit: int) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """``space-runtime relay`` under ``ulimit -n``; yields the process and the address on which it listens."""
    address = f"tcp://127.0.0.1:{free_port()}"
    words = [sys.executable, "-m", "space_runtime", "relay", upstream, "--bind", address]
    shell = ["/bin/sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *words]
    with log.open("wb") as file:
        process = subprocess.Popen(shell, stdout=subprocess.DEVNULL, stderr=file, env=child_environment())
        try:
            wait_for(lambda: "relaying" in log.read_text() or process.poll() is not None, "a relay")
            yield process, address
        finally:
            process.kill()
            process.wait()


@POSIX
def test_a_relay_without_descriptors_refuses_new_peers_and_lives_on(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Echo() as echo, command(log, echo.address, limit=128) as (process, address):
        with dealers(address, 20) as early:
            assert [answer(socket) for socket in early] == [ASKED] * 20
            with dealers(address, 60) as late:
                found = [answer(socket) for socket in late]
                refusals = [each for each in found if each != ASKED]
                assert 5 < len(refusals) < 60
                assert all("lends it no descriptors" in sentence(each) for each in refusals)
                for socket in early:
                    socket.send(b"still here")
                assert [answer(socket) for socket in early] == [b"still here"] * 20
        with dealers(address, 20) as again:
            assert [answer(socket) for socket in again] == [ASKED] * 20
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert "Traceback" not in log.read_text() and "failure" not in log.read_text()


@POSIX
def test_a_relay_outlives_hang_ups(tmp_path: Path) -> None:
    with Echo() as echo, command(tmp_path / "log", echo.address, limit=256) as (process, address):
        process.send_signal(signal.SIGHUP)
        with dealers(address, 1) as (socket,):
            assert answer(socket) == ASKED and process.poll() is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_relay_whose_log_is_full_relays() -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    with Echo() as echo, Path("/dev/full").open("wb") as full:
        words = [sys.executable, "-m", "space_runtime", "relay", echo.address, "--bind", address]
        with subprocess.Popen(words, stdout=full, stderr=full, env=child_environment()) as process:
            with dealers(address, 1) as (socket,):
                assert answer(socket) == ASKED
            process.terminate()
            assert process.wait(PATIENCE_S) == 0


def test_peers_that_leave_are_forgotten_at_once() -> None:
    with Echo() as echo, relaying(echo.address) as relay, dealer(relay.address) as stays:
        stays.send(b"hello")
        assert stays.recv() == b"hello"
        with dealers(relay.address, 30) as sockets:
            assert [answer(socket) for socket in sockets] == [ASKED] * 30
            assert len(relay.peers) == 31
        assert eventually(lambda: len(relay.peers) == 1, 2.0)
        stays.send(b"again")
        assert stays.recv() == b"again"


def test_those_who_left_make_room_for_new_ones_without_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "MAX_PEERS", 20)
    with Echo() as echo, relaying(echo.address) as relay:
        for _ in range(5):
            with dealers(relay.address, 20) as sockets:
                assert [answer(socket) for socket in sockets] == [ASKED] * 20
            wait_for(lambda: not relay.peers)


def test_a_peer_too_many_is_told_once_and_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "MAX_PEERS", 1)
    with Echo() as echo, relaying(echo.address) as relay, dealers(relay.address, 1) as (first,):
        assert answer(first) == ASKED
        with dealer(relay.address) as second, second.get_monitor_socket(zmq.EVENT_DISCONNECTED) as ends:
            for _ in range(50):
                second.send(b"let me in")
            assert "serves 1 connection already" in sentence(answer(second))
            assert ends.poll(round(PATIENCE_S * 1e3))
            assert echo.heard == [[ASKED]]
        first.send(b"still here")
        assert answer(first) == b"still here"


def test_a_way_to_the_server_that_cannot_be_made_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def dial(*_: object) -> zmq.Socket[bytes]:
        raise zmq.ZMQError(errno.EMFILE)

    with Echo() as echo, relaying(echo.address) as relay:
        with monkeypatch.context() as full:
            full.setattr(relay_module, "dial", dial)
            with dealers(relay.address, 1) as (socket,):
                assert "ulimit -n" in sentence(answer(socket))
        with dealers(relay.address, 1) as (socket,):
            assert answer(socket) == ASKED


def test_a_fault_about_one_connection_ends_that_one_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a fault of the relay itself")

    with Echo() as echo, relaying(echo.address) as relay, dealers(relay.address, 1) as (first,):
        assert answer(first) == ASKED
        with monkeypatch.context() as faulty, dealers(relay.address, 1) as (second,):
            faulty.setattr(relay_module.Relay, "_take", fail)
            second.send(b"hello")
            first.send(b"still here")
            assert answer(first) == b"still here"


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize("size", [0, 60_000])
def test_a_message_without_end_costs_a_relay_nothing(tmp_path: Path, size: int) -> None:
    with (
        Echo() as echo,
        command(tmp_path / "log", echo.address, limit=256) as (process, address),
        dealers(address, 1) as (innocent,),
    ):
        assert answer(innocent) == ASKED
        before = usage_of(process.pid).resident
        with RawPeer(address, greet=False) as peer:
            assert peer.is_cut_off(frame(bytes(size), MORE) * 100, PATIENCE_S)
        assert usage_of(process.pid).resident - before < 64 * MIB
        innocent.send(b"still here")
        assert answer(innocent) == b"still here"


class Failing:
    """An observer that fails whatever it is told."""

    def up(self, route: bytes, parts: list[bytes], now: float) -> None:
        raise OverflowError("up")

    def down(self, route: bytes, parts: list[bytes], now: float) -> None:
        raise OverflowError("down")

    def gone(self, route: bytes) -> None:
        raise OverflowError("gone")


def test_an_observer_that_fails_ends_neither_the_relay_nor_a_connection() -> None:
    with Echo() as echo, relaying(echo.address, Failing()) as relay:
        for _ in range(2):
            with dealers(relay.address, 1) as (socket,):
                assert answer(socket) == ASKED
            wait_for(lambda: not relay.peers)


def test_a_server_whose_name_cannot_be_looked_up_is_not_there() -> None:
    relay = Relay("tcp://127.0.0.1:*", Upstream("tcp://no-such-host.invalid:5570"))
    with dealers(relay.address, 1) as (socket,):
        while not relay.peers:
            relay.run_once(10)
        relay.run_once(10)
        assert not socket.poll(0)
    relay.stop()
    relay.run()


@POSIX
def test_descriptors_are_counted_and_their_limit_raised() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, before[1]), before[1]))
        assert descriptors.are_left(16) and not descriptors.are_left(600)
        descriptors.raise_limit(1_024)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(1_024, before[1]), before[1])
        descriptors.raise_limit(256)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(1_024, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
