"""The client with threads over real sockets: it connects, speaks, survives, and is gone at once when told."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import zmq
from zmq.auth import create_certificates

from engine_bridge.client import Client, ClientSession
from engine_bridge.client.controls import Controls
from engine_bridge.client.jitter import State
from engine_bridge.client.transport import Curve
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import BridgeError, RefusedError, UnreachableError
from engine_bridge.protocol.wire import encode
from tests.support.fake_server import FakeServer, ServedFake
from tests.support.waiting import shortest, wait_for

RATE = 16_000
SOUND = np.zeros(RATE, np.float32)


@pytest.fixture
def served() -> Iterator[ServedFake]:
    with ServedFake() as served:
        yield served


def test_a_line_from_open_to_close(served: ServedFake) -> None:
    with Client(served.address) as client, client.open(outputs=("weights", "head"), fps=25) as session:
        assert client.welcome and client.welcome.server == "fake"
        session.start(RATE, "s16", Controls(mouth_strength=1.5))
        assert session.push(SOUND) == RATE
        session.set(Controls(mouth_strength=0.5), 8_000, fade_s=0.1)
        session.end()
        finished = session.wait(5)
        assert finished and (finished.reason, finished.sample) == ("end", RATE)
        pose = session.evaluate(0.5 * RATE, dt=1.0)
        assert pose.state == State.PLAYING
        assert float(pose.blendshapes[0]) == pytest.approx(0.0125)
        assert [type(event) for event in session.events()] == [m.Started, m.Finished]
        assert (session.counters.frames, session.counters.lost) == (25, 0)
    wait_for(lambda: any(isinstance(message, m.Close) for message in served.fake.heard))


def test_a_clip_comes_frame_by_frame(served: ServedFake) -> None:
    with Client(served.address) as client:
        session = client.open(fps=25)
        session.speak(b"RIFF", pace="clip")
        assert [frame.index for frame in session.frames(5)] == list(range(500))
        assert session.wait(1)


def test_barge_in(served: ServedFake) -> None:
    with Client(served.address) as client:
        session = client.open(fps=25)
        session.idle()
        session.evaluate(1_000.0)
        session.interrupt(fade_s=0.3)
        finished = session.wait(5)
        assert finished and (finished.reason, finished.sample) == ("interrupted", 1_000)


def test_controls_change_now_unless_a_time_is_given(served: ServedFake) -> None:
    with Client(served.address) as client:
        session = client.open(fps=25)
        session.idle()
        session.set(Controls(blinks_per_minute=3))
        session.evaluate(1_000.5)
        session.set(Controls(blinks_per_minute=0), fade_s=0.1)
        wait_for(lambda: len([each for each in served.fake.heard if isinstance(each, m.Set)]) == 2)
    changes = [each for each in served.fake.heard if isinstance(each, m.Set)]
    assert [(each.at_sample, each.fade_ms, each.blinks) for each in changes] == [(0, 200, 3), (1_000, 100, 0)]


def test_waiting_ends_when_it_is_to() -> None:
    with ServedFake() as served, Client(served.address) as client:
        session = client.open(fps=25)
        session.start(RATE)
        assert session.wait(0.05) is None
        session.start(RATE, pace="clip")
        with pytest.raises(BridgeError, match=r"no frame came within 0\.05 s"):
            next(session.frames(0.05))


def test_the_server_may_come_later() -> None:
    with ServedFake() as first:
        port = first.port
    with Client(f"tcp://127.0.0.1:{port}") as client:
        opened: list[ClientSession] = []
        thread = threading.Thread(target=lambda: opened.append(client.open(timeout_s=10)))
        thread.start()
        wait_for(lambda: client.counters.lost > 1)
        assert not opened
        with ServedFake(port=port):
            thread.join(10)
            assert opened[0].is_open


def test_a_restarted_server_goes_on(served: ServedFake) -> None:
    """The server forgets everything; the stream is taken up where playback is."""
    with Client(served.address) as client:
        session = client.open(fps=25, playout_ms=100)
        session.start(RATE)
        session.push(SOUND)
        wait_for(lambda: session.counters.frames == 23)
        session.evaluate(0.4 * RATE)
        served.close()
        wait_for(lambda: not session.is_open)
        session.push(SOUND)
        with ServedFake(FakeServer(first_session=50), port=served.port):
            wait_for(lambda: session.is_open)
            wait_for(lambda: session.counters.frames > 23)
            session.end()
            finished = session.wait(5)
            assert finished and finished.sample == 2 * RATE
            assert float(session.evaluate(1.5 * RATE, dt=1.0).blendshapes[0]) == pytest.approx(0.0375)
            assert (session.counters.taken_up, client.counters.connections) == (1, 2)


def test_a_cut_connection_is_resumed() -> None:
    fake = FakeServer()
    with ServedFake(fake) as served, Client(served.address) as client:
        session = client.open(fps=25)
        session.start(RATE)
        session.push(SOUND)
        wait_for(lambda: session.counters.frames == 23)
        served.close()
        with ServedFake(fake, port=served.port):
            session.push(SOUND)
            session.end()
            finished = session.wait(10)
            assert finished and finished.reason == "end"
            assert (session.counters.resumed, session.counters.taken_up) == (1, 0)


def test_errors_say_what_is_wrong(served: ServedFake) -> None:
    served.fake.refuse = m.Error(code="too_many_sessions", message="10 sessions are open; wait")
    with Client(served.address) as client:
        with pytest.raises(RefusedError, match="10 sessions are open") as raised:
            client.open()
        assert raised.value.code == "too_many_sessions"
        served.fake.refuse = None
        session = client.open()
        session.close()
        with pytest.raises(BridgeError, match="closed"):
            session.idle()
    with pytest.raises(BridgeError, match="the client is closed"):
        client.open()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"outputs": ("teeth",)}, "'teeth' is none of weights, head"),
        ({"fps": 0}, "frame rate 0 is outside 1…240"),
        ({"fps": 1_000}, "frame rate 1000 is outside"),
        ({"texture": "gif"}, "none of rgb, jpeg, webp"),
        ({"playout_ms": -1}, "playout_ms"),
        ({"portrait": "/no/such/picture.png"}, "cannot be read"),
    ],
)
def test_what_cannot_be_asked_for(served: ServedFake, arguments: dict[str, object], says: str) -> None:
    with Client(served.address) as client, pytest.raises(BridgeError, match=says):
        client.open(**arguments)  # type: ignore[arg-type]


def test_nobody_there() -> None:
    with ServedFake() as served:
        address = served.address
    with Client(address) as client, pytest.raises(UnreachableError, match=r"refused.*space-runtime serve"):
        client.open(timeout_s=0.3)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:5570", "tcp://127.0.0.1", "tcp://:5570", "ipc:///x", "tcp://127.0.0.1:0", "tcp://127.0.0.1:70000", ""],
)
def test_an_address_is_tcp(address: str) -> None:
    with pytest.raises(BridgeError, match="expected tcp://HOST:PORT"):
        Client(address)


@pytest.mark.parametrize("host", ["192.168.0.1", "example.org", "[2001:db8::1]", "0.0.0.0", "127.0.0.1.example.org"])
def test_other_machines_need_curve(host: str) -> None:
    with pytest.raises(BridgeError, match="CURVE"):
        Client(f"tcp://{host}:5570")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "[::1]"])
def test_this_machine_does_not(host: str) -> None:
    Client(f"tcp://{host}:5570").close()


def test_curve() -> None:
    public, secret = zmq.curve_keypair()
    own_public, own_secret = (key.decode() for key in zmq.curve_keypair())
    with ServedFake(curve_secret=secret) as served:
        curve = Curve(public.decode(), own_public, own_secret)
        with Client(served.address, curve=curve) as client:
            assert client.open().is_open
        with Client(served.address) as client, pytest.raises(UnreachableError, match="CURVE"):
            client.open(timeout_s=0.3)
        other = Curve(own_public, own_public, own_secret)
        with Client(served.address, curve=other) as client, pytest.raises(UnreachableError, match="CURVE"):
            client.open(timeout_s=0.3)


def test_keys_are_checked() -> None:
    with pytest.raises(BridgeError, match="40 characters of Z85"):
        Curve("short", "x" * 40, "y" * 40)
    assert "y" * 40 not in repr(Curve("x" * 40, "x" * 40, "y" * 40))


def test_keys_from_files(tmp_path: Path) -> None:
    create_certificates(tmp_path, "server")
    create_certificates(tmp_path, "anna")
    (tmp_path / "anna.key_secret").chmod(0o600)
    curve = Curve.from_files(tmp_path / "server.key", tmp_path / "anna.key_secret")
    assert len({curve.server_key, curve.public_key, curve.secret_key}) == 3
    with pytest.raises(BridgeError, match="no secret key"):
        Curve.from_files(tmp_path / "server.key", tmp_path / "anna.key")
    with pytest.raises(BridgeError, match="cannot be read"):
        Curve.from_files(tmp_path / "none.key", tmp_path / "anna.key_secret")


def silent() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def test_something_else_at_the_port() -> None:
    def answer() -> None:
        connection, _ = server.accept()
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.close()

    with silent() as server:
        threading.Thread(target=answer, daemon=True).start()
        with Client(f"tcp://127.0.0.1:{server.getsockname()[1]}") as client, pytest.raises(UnreachableError):
            client.open(timeout_s=0.5)


NAMELESS = "tcp://no-such-host.invalid:5570"


def closes_in(client: Client) -> float:
    begun = time.monotonic()
    client.close()
    return time.monotonic() - begun


def dialling_closes_in(address: str) -> float:
    """Return how long the end of a client takes that has tried to connect for a moment."""
    client = Client(address, allow_insecure=True)
    time.sleep(0.05)
    return closes_in(client)


def test_closing_takes_no_time_in_any_state(served: ServedFake) -> None:
    """Nobody there, silence before the handshake, swallowed packets, open, in the middle of a line, twice, cut off."""
    with ServedFake() as gone:
        address = gone.address
    with silent() as listener:
        for nobody in (address, f"tcp://127.0.0.1:{listener.getsockname()[1]}", "tcp://192.0.2.1:5570", NAMELESS):
            assert shortest(partial(dialling_closes_in, nobody), 0.2) < 0.2
    speaking: list[Client] = []

    def line_begun() -> Client:
        speaking.append(Client(served.address))
        session = speaking[-1].open()
        session.start(RATE)
        session.push(SOUND)
        return speaking[-1]

    assert shortest(lambda: closes_in(line_begun()), 0.2) < 0.2
    assert shortest(lambda: closes_in(speaking[-1]), 0.2) < 0.2
    cut = [Client(served.address) for _ in range(5)]
    for each in cut:
        each.open()
    served.close()
    assert shortest(lambda: closes_in(cut.pop()), 0.2) < 0.2
    for each in cut:
        each.close()


def test_closing_wakes_whoever_waits(served: ServedFake) -> None:
    client = Client(served.address)
    session = client.open()
    session.start(RATE)
    failed: list[BridgeError] = []

    def wait() -> None:
        try:
            session.wait()
        except BridgeError as error:
            failed.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    client.close()
    thread.join(2)
    assert len(failed) == 1


def test_clients_leave_nothing_behind(served: ServedFake) -> None:
    before = threading.active_count()
    for _ in range(30):
        with Client(served.address) as client:
            client.open()
    wait_for(lambda: threading.active_count() <= before)


def test_many_threads_at_one_session(served: ServedFake) -> None:
    with Client(served.address) as client:
        session = client.open(fps=25)
        session.start(RATE)
        faults: list[BaseException] = []

        def work(ask: bool) -> None:
            try:
                for k in range(200):
                    if ask:
                        session.evaluate(k * 80.0)
                        session.events()
                    else:
                        session.push(SOUND[:80])
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=work, args=(k % 2 == 0,)) for k in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert not faults
        session.end()
        finished = session.wait(5)
        assert finished and finished.sample == 3 * 200 * 80


def test_noise_from_the_server_harms_nothing() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    router = context.socket(zmq.ROUTER)
    router.linger = 0
    port = router.bind_to_random_port("tcp://127.0.0.1")
    rng = np.random.default_rng(0)
    fake = FakeServer()
    with Client(f"tcp://127.0.0.1:{port}") as client:
        opened: list[bool] = []
        thread = threading.Thread(target=lambda: opened.append(client.open(timeout_s=10).is_open))
        thread.start()
        while not opened:
            if router.poll(10):
                route, *parts = router.recv_multipart()
                for _ in range(100):
                    router.send_multipart([route, rng.bytes(int(rng.integers(0, 50))), encode(m.Ping(nonce=1)), b""])
                for to, part in fake.hear(route, parts):
                    router.send_multipart([to, part])
        thread.join()
        assert opened == [True]
        wait_for(lambda: client.counters.bad >= 200)
    router.close()
    context.term()


@pytest.mark.parametrize("outputs", [("weights",), ("weights", "texture"), ()])
def test_a_format_asks_for_pictures(served: ServedFake, outputs: tuple[str, ...]) -> None:
    with Client(served.address) as client, client.open(outputs=outputs, texture="rgb", portrait=b"photo"):
        asked = served.fake.only_session().opened
        assert asked.texture == "rgb" and asked.outputs == (*(each for each in outputs if each != "texture"), "texture")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda session: session.start(2**32 - 1), "rate is 4294967295; expected 4000…192000"),
        (lambda session: session.start(0), "rate is 0"),
        (lambda session: session.start(16_000, channels=9), "channels is 9; expected 1…8"),
        (lambda session: session.start(16_000, first_sample=2**53 + 1), "first_sample is 9007199254740993"),
        (lambda session: session.start(16_000, first_sample=-1), "first_sample"),
        (lambda session: session.set(Controls(mouth_strength=1.0), at_sample=2**63), "at_sample"),
        (lambda session: session.set(Controls(mouth_strength=1.0), fade_s=math.nan), "a fade of nan s"),
        (lambda session: session.interrupt(fade_s=11.0), "a fade of 11.0 s; expected 0 to 10"),
    ],
)
def test_a_number_at_the_edge_of_its_type_is_refused_at_the_call(
    served: ServedFake, call: Callable[[ClientSession], None], says: str
) -> None:
    with Client(served.address) as client, client.open() as session:
        session.idle()
        with pytest.raises(BridgeError, match=says):
            call(session)
        for position in (math.inf, -1e308, 2.0**60):
            session.evaluate(position)
        assert session.is_open


@pytest.mark.parametrize("lies", [{"playout_ms": 60_001}, {"playout_ms": -1}, {"lease_ms": 0}, {"lease_ms": 2**32}])
def test_a_session_with_numbers_outside_their_ranges_is_not_asked_for(served: ServedFake, lies: dict[str, int]) -> None:
    with Client(served.address) as client, pytest.raises(BridgeError, match="_ms"):
        client.open(**lies)  # type: ignore[arg-type]  # each is a number of milliseconds
