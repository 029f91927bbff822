"""Admission while a server runs: keys that are added and removed, and routing ids that clients choose."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode
from engine_bridge.protocol.wire import encode
from space_runtime.server.allow_list import AllowList
from space_runtime.server.keys import Keys, load_keys, load_pair, load_public, make_keys
from space_runtime.server.server import Server
from tests.support.real_server import serving, serving_process
from tests.support.sounds import speech_pcm
from tests.support.waiting import wait_for
from tests.support.wire_client import OPENING, WireClient, connect_client

NAMES = ("anna", "bert", "carl")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Keys: those of the server, of three people in ``people``, and in ``clients`` the public ones of anna and bert."""
    make_keys(tmp_path, "server")
    for name in NAMES:
        make_keys(tmp_path / "people", name)
    (tmp_path / "clients").mkdir()
    for name in NAMES[:2]:
        admit(tmp_path, name)
    return tmp_path


def admit(folder: Path, name: str) -> None:
    shutil.copy(folder / "people" / f"{name}.key", folder / "clients")


def remove(folder: Path, name: str) -> None:
    (folder / "clients" / f"{name}.key").unlink()


def key_files(folder: Path) -> Keys:
    return load_keys(folder / "server.key_secret", folder / "clients")


def visit(address: str, folder: Path, name: str, greet: bool = True) -> WireClient:
    keys = (*load_pair(folder / "people" / f"{name}.key_secret"), load_public(folder / "server.key"))
    return connect_client(address, keys=keys, greet=greet)


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with serving(keys=key_files(folder)) as server:
        yield server


def test_an_added_key_comes_in_without_a_restart(server: Server, folder: Path) -> None:
    with visit(server.address, folder, "carl", greet=False) as carl:
        carl.say(m.Hello(versions=(m.VERSION,), client="carl"))
        carl.listen(300)
        assert not carl.heard
    admit(folder, "carl")
    wait_for(lambda: len(server.sockets.admitted) == 3)
    with visit(server.address, folder, "carl") as carl:
        assert carl.open()


def test_a_removed_key_is_cut_off_with_its_sessions_and_the_others_go_on(server: Server, folder: Path) -> None:
    with visit(server.address, folder, "anna") as anna, visit(server.address, folder, "bert") as bert:
        hers, his = anna.open(), bert.open()
        anna.start(hers)
        anna.push(hers, 1, speech_pcm(2.0))
        anna.wait(m.Frame)
        since = time.monotonic()
        remove(folder, "anna")
        wait_for(lambda: set(server.gateway.sessions) == {his})
        wait_for(lambda: len(server.gateway.connections) == 1)
        assert time.monotonic() - since < 3.0
        anna.listen(100)
        n_heard = len(anna.heard)
        anna.say(m.Ping(nonce=1), m.Resume(request=9, token=anna.tokens[hers]))
        anna.listen(600)
        assert len(anna.heard) == n_heard
        bert.say(m.Resume(request=2, token=anna.tokens[hers]))
        assert bert.wait(m.Error).code == ErrorCode.BAD_TOKEN
        assert bert.speak(his, 1, speech_pcm(0.5)).frames == 15
    admit(folder, "anna")
    wait_for(lambda: len(server.sockets.admitted) == 2)
    with visit(server.address, folder, "anna") as anna:
        assert anna.open()


def test_a_session_that_waits_for_its_client_ends_with_the_key(server: Server, folder: Path) -> None:
    with visit(server.address, folder, "anna") as anna:
        session = anna.open()
        route = server.gateway.sessions[session].route
    assert route is not None
    wait_for(lambda: not server.gateway.sessions or _is_lost(server, session))
    remove(folder, "anna")
    wait_for(lambda: not server.gateway.sessions)


def _is_lost(server: Server, session: int) -> bool:
    """Give a left connection up, as a message to it would."""
    entry = server.gateway.sessions[session]
    if entry.route:
        server.gateway.lost(entry.route, time.monotonic())
    return entry.route is None


def test_a_connection_that_has_not_spoken_yet_is_not_heard(server: Server, folder: Path) -> None:
    with visit(server.address, folder, "anna", greet=False) as anna:
        time.sleep(0.3)  # the handshake
        remove(folder, "anna")
        wait_for(lambda: len(server.sockets.admitted) == 1)
        anna.say(m.Hello(versions=(m.VERSION,), client="anna"))
        anna.listen(500)
        assert not anna.heard and not server.gateway.connections


@pytest.mark.parametrize("is_greeted", [False, True])
def test_a_silent_connection_is_closed_with_its_key(server: Server, folder: Path, is_greeted: bool) -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as silent:
        silent.linger = 0
        silent.curve_publickey, silent.curve_secretkey = load_pair(folder / "people" / "anna.key_secret")
        silent.curve_serverkey = load_public(folder / "server.key")
        with silent.get_monitor_socket() as monitor:
            silent.connect(server.address)
            seen = events_until(monitor, zmq.EVENT_HANDSHAKE_SUCCEEDED)
            if is_greeted:
                silent.send(encode(m.Hello(versions=(m.VERSION,), client="anna")))
                wait_for(lambda: server.gateway.connections)
            remove(folder, "anna")
            assert zmq.EVENT_DISCONNECTED not in seen
            events_until(monitor, zmq.EVENT_DISCONNECTED)
            wait_for(lambda: not server.gateway.connections)
            silent.disable_monitor()


def events_until(monitor: zmq.Socket[bytes], last: zmq.Event) -> list[int]:
    """Return the events of a socket up to one."""
    seen: list[int] = []
    while last not in seen:
        assert monitor.poll(5_000), f"{last} did not come"
        seen.append(recv_monitor_message(monitor)["event"])
    return seen


def test_the_last_key_may_go_and_the_server_stays(server: Server, folder: Path) -> None:
    shutil.rmtree(folder / "clients")
    wait_for(lambda: not server.sockets.admitted)
    (folder / "clients").mkdir()
    admit(folder, "bert")
    wait_for(lambda: len(server.sockets.admitted) == 1)
    with visit(server.address, folder, "bert") as bert:
        assert bert.open()


def test_a_list_is_read_again_file_by_file(folder: Path) -> None:
    known, clients = key_files(folder), folder / "clients"
    anna, bert, carl = (load_public(folder / "people" / f"{name}.key") for name in NAMES)
    allowed, now = AllowList(known), 100.0
    assert allowed.removed(now) == frozenset() and allowed.admitted == {anna, bert}
    (clients / "anna.key").write_bytes((folder / "people" / "carl.key").read_bytes())  # another key, same name
    assert allowed.removed(now + 0.01) == frozenset()  # not looked at so soon
    assert allowed.removed(now + 1) == {anna} and allowed.admitted == {bert, carl}
    shutil.copy(clients / "bert.key", clients / "twin.key")
    (clients / "bert.key").write_bytes(b"half a ke")
    assert allowed.removed(now + 2) == frozenset() and allowed.admitted == {bert, carl}  # the twin holds it
    (clients / "twin.key").unlink()
    assert allowed.removed(now + 3) == {bert}
    admit(folder, "bert")
    assert allowed.removed(now + 4) == frozenset() and allowed.admitted == {bert, carl}
    remove(folder, "bert")
    allowed.look_again()
    assert allowed.removed(now + 4.01) == {bert}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGHUP on Windows")
def test_sighup_reads_the_list_and_does_not_end_the_server(folder: Path, tmp_path: Path) -> None:
    options = ("--key", str(folder / "server.key_secret"), "--clients", str(folder / "clients"))
    with serving_process(tmp_path / "log", *options) as (process, address):
        admit(folder, "carl")
        os.kill(process.pid, signal.SIGHUP)
        with visit(address, folder, "carl") as carl:
            carl.open()
        assert process.poll() is None


@pytest.mark.parametrize("identity", [b"bob", b"12345", b"x" * 255])
def test_a_chosen_routing_id_opens_nothing_and_is_told_so(identity: bytes) -> None:
    with serving() as server:
        with connect_client(server.address, identity=identity, greet=False) as bob:
            bob.say(m.Hello(versions=(m.VERSION,), client="bob"))
            told = bob.expect(m.Error)
            assert told.code == ErrorCode.BAD_MESSAGE and "routing id" in told.message
            bob.say(OPENING)
            bob.listen(300)
            assert not bob.take(m.Welcome) and not bob.take(m.Opened)
        assert not server.gateway.connections and not server.gateway.sessions
        with connect_client(server.address) as other:
            assert other.open()


@pytest.mark.parametrize("changes", [False, True])
def test_a_system_without_descriptors_cuts_nobody_off(folder: Path, changes: bool) -> None:
    allowed = AllowList(key_files(folder))
    assert not allowed.removed(0.0) and len(allowed.admitted) == 2
    if changes:
        (folder / "clients" / "anna.key").touch()  # has to be read again
    with no_descriptors():
        assert not allowed.removed(1.0)
    assert len(allowed.admitted) == 2
    remove(folder, "anna")
    assert len(allowed.removed(2.0)) == 1


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_a_key_file_that_cannot_be_opened_for_want_of_something_is_still_admitted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(_: Path) -> None:
        raise OSError(code, os.strerror(code))

    allowed = AllowList(key_files(folder))
    allowed.removed(0.0)
    (folder / "clients" / "anna.key").touch()
    monkeypatch.setattr("zmq.auth.load_certificate", refuse)
    assert not allowed.removed(1.0) and len(allowed.admitted) == 2


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Use up the descriptors of this process."""
    if sys.platform == "win32":
        pytest.skip("Windows has no limit of descriptors")
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.open(os.devnull, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (taken[0] + 8, before[1]))
    try:
        with suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        for each in taken:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
