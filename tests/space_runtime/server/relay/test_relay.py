"""`space-runtime relay`: plain ZeroMQ on this machine, CURVE to the server, every connection apart, nothing read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import zmq

from engine_bridge.adapters.playout import Part
from engine_bridge.client import Client
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.errors import UnreachableError
from engine_bridge.protocol.messages import ErrorCode
from engine_bridge.protocol.wire import decode, encode
from space_runtime.server.keys import Keys, load_keys, load_pair, load_public, make_keys
from space_runtime.server.relay import relay as relay_module
from space_runtime.server.relay.relay import Relay, RelayObserver
from space_runtime.server.relay.sink_output import RelaySinkOutput
from space_runtime.server.relay.upstream import Upstream
from space_runtime.server.transport.zmtp import MAX_PARTS
from tests.support.command_line import Call
from tests.support.echo_server import Echo
from tests.support.ports import free_port
from tests.support.real_server import serving
from tests.support.sounds import mono_speech, speech_pcm
from tests.support.udp_receiver import UdpReceiver
from tests.support.waiting import PATIENCE_S, wait_for
from tests.support.wire_client import connect_client


@contextmanager
def relaying(upstream: str | Upstream, observer: RelayObserver | None = None) -> Iterator[Relay]:
    """A relay in a thread; it must end without an error."""
    where = upstream if isinstance(upstream, Upstream) else Upstream(upstream)
    relay, failures = Relay("tcp://127.0.0.1:*", where, observer), list[BaseException]()

    def run() -> None:
        try:
            relay.run()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield relay
    finally:
        relay.stop()
        thread.join(PATIENCE_S)
    assert not failures and not thread.is_alive()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys: server; clients/anna, whom the server knows; and stranger, whom it does not."""
    folder = tmp_path_factory.mktemp("keys")
    make_keys(folder, "server")
    make_keys(folder / "clients", "anna")
    make_keys(folder / "others", "stranger")
    return folder


@pytest.fixture
def keys(folder: Path) -> Keys:
    return load_keys(folder / "server.key_secret", folder / "clients")


def upstream(address: str, folder: Path, who: str = "clients/anna") -> Upstream:
    return Upstream(address, load_public(folder / "server.key"), *load_pair(folder / f"{who}.key_secret"))


@contextmanager
def dealer(address: str) -> Iterator[zmq.Socket[bytes]]:
    context = zmq.Context()
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.rcvtimeo = round(PATIENCE_S * 1e3)
    socket.connect(address)
    yield socket
    socket.close()
    context.term()


# A line through it


def test_keypoints_pass_through_a_relay(photo: Path) -> None:
    with (
        serving() as server,
        relaying(server.address) as relay,
        Client(relay.address) as client,
        client.open(outputs=("keypoints",), portrait=photo.read_bytes(), timeout_s=PATIENCE_S) as session,
    ):
        session.start(16_000, "s16", pace="clip")
        session.push(np.zeros(8_000, np.int16))
        session.end()
        frames = list(session.frames(timeout_s=PATIENCE_S))
        assert client.welcome is not None and client.welcome.keypoints == 160
        assert {frame.keypoints.shape for frame in frames if frame.keypoints is not None} == {(480,)}
        assert len(frames) == 15


def test_an_engine_speaks_through_a_relay_to_a_server_that_demands_keys(tmp_path: Path, call: Call) -> None:
    for who, where in (("server", "."), ("anna", "clients")):
        assert call("keygen", who, "--folder", tmp_path / where).code == 0
    known = load_keys(tmp_path / "server.key_secret", tmp_path / "clients")
    with serving(keys=known) as server, relaying(upstream(server.address, tmp_path)) as relay:
        with Client(relay.address) as client, client.open(playout_ms=200) as session:
            assert client.welcome is not None
            session.start(16_000, pace="clip")
            session.push(mono_speech(1.0))
            session.end()
            frames = list(session.frames(PATIENCE_S))
        assert [frame.index for frame in frames] == list(range(30))
        assert max(frame.weights.max() for frame in frames if frame.weights is not None) > 0.05
        wait_for(lambda: not server.gateway.sessions)


def test_several_clients_stay_apart(keys: Keys, folder: Path) -> None:
    with (
        serving(keys=keys) as server,
        relaying(upstream(server.address, folder)) as relay,
        connect_client(relay.address) as anna,
        connect_client(relay.address) as bert,
    ):
        hers, his = anna.open(), bert.open()
        assert hers != his and anna.tokens[hers] != bert.tokens[his]
        assert len(server.gateway.connections) == len(relay.peers) == 2
        bert.say(m.Close(session=hers))
        assert bert.wait(m.Error).code == ErrorCode.UNKNOWN_SESSION
        assert anna.speak(hers, 1, speech_pcm(0.5)).frames == 15
        assert not bert.frames()
        bert.say(m.Resume(request=2, token=anna.tokens[hers]))  # whoever has the token may
        assert bert.wait(m.Resumed).session == hers


def test_a_client_that_vanishes_is_forgotten_and_the_others_go_on(keys: Keys, folder: Path) -> None:
    with (
        serving(keys=keys) as server,
        relaying(upstream(server.address, folder)) as relay,
        connect_client(relay.address) as other,
    ):
        session = other.open()
        with connect_client(relay.address) as gone:
            gone.start(gone.open(), pace="live")
            gone.push(2, 1, speech_pcm(8.0))
            gone.wait(m.Frame)
        wait_for(lambda: len(relay.peers) == 1)
        assert other.speak(session, 1, speech_pcm(0.5)).frames == 15


def test_a_chosen_routing_id_is_not_relayed() -> None:
    with Echo() as echo, relaying(echo.address) as relay, dealer(relay.address) as plain:
        with zmq.Context() as context, context.socket(zmq.DEALER) as named:
            named.linger = 0
            named.setsockopt(zmq.ROUTING_ID, b"bob")
            named.connect(relay.address)
            named.send(b"hello")
            assert not named.poll(300)
        plain.send(b"hello")
        assert plain.recv() == b"hello" and len(relay.peers) == 1


def test_a_client_that_says_nothing_any_more_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "SILENCE_S", 0.2)
    with Echo() as echo, relaying(echo.address) as relay, dealer(relay.address) as quiet:
        quiet.send(b"hello")
        assert quiet.recv() == b"hello"
        wait_for(lambda: not relay.peers)
        quiet.send(b"again")
        assert quiet.recv() == b"again"


def test_a_line_survives_the_death_of_the_server_behind_the_relay(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    with relaying(address) as relay, Client(relay.address) as client:
        with serving(address=address) as server:
            session = client.open(playout_ms=200, timeout_s=PATIENCE_S)
            session.idle()
            wait_for(lambda: session.counters.frames > 3)
            monkeypatch.setattr(server.gateway, "stop", lambda: None)  # it dies without a word
            monkeypatch.setattr(server.gateway, "send_bye", lambda: None)
        wait_for(lambda: not session.is_open)
        n_before = session.counters.frames
        with serving(address=address):
            wait_for(lambda: session.counters.frames > n_before + 3)
            assert session.counters.taken_up >= 1
            session.close()


@pytest.mark.parametrize("who", ["others/stranger", None])
def test_without_the_right_key_nothing_passes_and_the_client_learns_why(
    keys: Keys, folder: Path, who: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "UNANSWERED_S", 0.2)
    with serving(keys=keys) as server:
        way = upstream(server.address, folder, who) if who else Upstream(server.address)
        why = pytest.raises(UnreachableError, match=r"the relay gets no answer from tcp.*key")
        with relaying(way) as relay, Client(relay.address) as client, why:
            client.open(timeout_s=1.5)
        assert not server.gateway.connections and not server.gateway.counters.received


# Whatever passes


def test_everything_passes_unread_both_ways() -> None:
    rng = np.random.default_rng(0)
    messages = [[b""], [b"garbage"], [rng.bytes(1 << 20)], [rng.bytes(n) for n in range(MAX_PARTS)], [b"\xff" * 40] * 3]
    with Echo() as echo, relaying(echo.address) as relay, dealer(relay.address) as client:
        for parts in messages:
            client.send_multipart(parts)
            assert client.recv_multipart() == parts
        assert echo.heard == messages and relay.n_dropped == 0


def test_pictures_of_a_megabyte_pass() -> None:
    pixels = np.random.default_rng(1).bytes(512 * 512 * 4)
    observer = RelaySinkOutput(_NoPlayout())  # type: ignore[arg-type]
    with Echo() as echo, relaying(echo.address, observer) as relay, dealer(relay.address) as client:
        for index in range(20):
            picture = m.Texture(
                session=1, stream=1, index=index, sample=0.0, format="rgb", width=512, height=512, pixels=pixels
            )
            client.send(encode(picture))
            found = decode(client.recv())
            assert isinstance(found, m.Texture) and (found.index, found.pixels) == (index, pixels)


def test_a_message_of_too_many_parts_does_not_pass() -> None:
    with Echo() as echo, relaying(echo.address) as relay, dealer(relay.address) as client:
        client.send_multipart([b"x"] * (MAX_PARTS + 1))
        client.send(b"next")
        assert client.recv() == b"next"
        assert echo.heard == [[b"next"]] and relay.n_dropped == 1


def test_garbage_harms_only_who_sends_it(keys: Keys, folder: Path) -> None:
    observer = RelaySinkOutput(_NoPlayout())  # type: ignore[arg-type]
    with (
        serving(keys=keys) as server,
        relaying(upstream(server.address, folder), observer) as relay,
        connect_client(relay.address) as good,
        connect_client(relay.address) as bad,
    ):
        session = good.open()
        rng = np.random.default_rng(2)
        for _ in range(40):
            bad.send(rng.bytes(30), b"\x81\xa4type\xa4open" + rng.bytes(40), b"\x81\xa4type\xa5audio")
        assert bad.wait(m.Error).code == ErrorCode.BAD_MESSAGE
        assert good.speak(session, 1, speech_pcm(0.5)).frames == 15


def test_a_connection_too_many_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "MAX_PEERS", 2)
    with (
        Echo() as echo,
        relaying(echo.address) as relay,
        dealer(relay.address) as first,
        dealer(relay.address) as second,
    ):
        for socket in (first, second):
            socket.send(b"hello")
            assert socket.recv() == b"hello"
        with Client(relay.address) as client, pytest.raises(UnreachableError, match="serves 2 connections already"):
            client.open(timeout_s=0.5)
        assert len(relay.peers) == 2 and len(echo.heard) == 2
        first.send(b"still here")
        assert first.recv() == b"still here"


# What is refused


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tcp://127.0.0.1:9", "--bind", "tcp://0.0.0.0:5599"), "bind 127.0.0.1"),
        (("tcp://10.0.0.5:5570",), "--insecure"),
        (("tcp://10.0.0.5:0", "--insecure"), "port 0"),
        (("nonsense",), "no address"),
        (("tcp://*:5570", "--insecure"), "cannot be a server's address"),
        (("tcp://10.0.0.5:5570", "--key", "anna.key_secret"), "belong together"),
        (("tcp://10.0.0.5:5570", "--key", "no.key_secret", "--server-key", "no.key"), "no key file"),
    ],
)
def test_what_cannot_be_is_one_sentence(call: Call, words: tuple[str, ...], said: str) -> None:
    bind = () if "--bind" in words else ("--bind", f"tcp://127.0.0.1:{free_port()}")
    done = call("relay", *words, *bind)
    assert done.code == 2 and said in done.complaint


def test_a_port_that_is_taken_is_one_sentence(call: Call) -> None:
    with Echo() as echo:
        done = call("relay", "tcp://127.0.0.1:9", "--bind", echo.address)
    assert done.code == 2 and "choose another --bind" in done.complaint


# The command


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows signals are other ones")
def test_the_command_shows_lines_on_sinks_and_ends_cleanly(keys: Keys, folder: Path) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    with serving(keys=keys) as server, UdpReceiver() as receiver:
        words = [server.address, "--server-key", folder / "server.key", "--key", folder / "clients" / "anna.key_secret"]
        program = [sys.executable, "-m", "space_runtime", "relay", *map(str, words), "--bind", address]
        root = Path(__file__).parents[4]
        process = subprocess.Popen(
            [*program, "--to", receiver.url("Hero"), "--to", "ws://127.0.0.1:0"],
            env={**os.environ, "PYTHONPATH": str(root)},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            with Client(address) as client, client.open(playout_ms=100, timeout_s=PATIENCE_S) as session:
                session.idle()
                wait_for(lambda: len(receiver.of("Hero")) > 5)
                process.send_signal(signal.SIGTERM)
                _, said = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
        assert process.returncode == 0 and "relaying" in said and "Traceback" not in said
        assert "viewer page=http://127.0.0.1:" in said
        assert receiver.wait_for_rest("Hero")[-1].is_neutral and receiver.n_rests("Hero") == 1


# What a relay shows


class _NoPlayout:
    """A playout that writes down what it is told: (what, name, due, rate, frame's index)."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def enter(self, character: str) -> Part:
        return Part(character or "Face")

    def frame(self, due: float, part: Part, frame: m.Frame, rate: float) -> None:
        self.told.append(("frame", part.name, due, rate, frame.index))

    def texture(self, due: float, part: Part, texture: m.Texture) -> None:
        self.told.append(("texture", part.name, due, 0.0, texture.index))

    def rest(self, due: float, part: Part) -> None:
        self.told.append(("rest", part.name, due, 0.0, 0))

    def cut(self, part: Part) -> None:
        self.told.append(("cut", part.name, 0.0, 0.0, 0))


ROUTE, OTHER, TOKEN = b"one", b"two", bytes(16)


class Story:
    """The sink output of a relay, and what passes it: a session with 0.2 s of playout delay at 30 frames a second."""

    def __init__(self, character: str | None = None) -> None:
        self.playout = _NoPlayout()
        self.output = RelaySinkOutput(self.playout)  # type: ignore[arg-type]
        self.up(self.opening(character))
        self.down(m.Opened(request=1, session=7, token=TOKEN, look_ahead_s=0.1, lease_ms=1_000))

    def opening(self, character: str | None = None) -> m.Open:
        return m.Open(request=1, outputs=("weights",), fps=(30, 1), playout_ms=200, until=256, character=character)

    def up(self, *messages: m.Message, now: float = 100.0, route: bytes = ROUTE) -> None:
        self.output.up(route, [encode(message) for message in messages], now)

    def down(self, *messages: m.Message, now: float = 100.0, route: bytes = ROUTE) -> None:
        self.output.down(route, [encode(message) for message in messages], now)

    def frame(self, index: int, rate: float, now: float = 105.0, stream: int = 1, route: bytes = ROUTE) -> None:
        zeros = np.zeros(52, np.float32)
        frame = m.Frame(
            session=7, stream=stream, seq=index, index=index, sample=index * rate / 30, speech=0.0, weights=zeros
        )
        self.down(frame, now=now, route=route)

    def finish(self, reason: str = "end", stream: int = 1) -> None:
        self.down(m.Finished(session=7, stream=stream, reason=reason, sample=0.0, frames=0, dropped=0), now=106.0)


def audio(n_samples: int = 160) -> m.Audio:
    return m.Audio(session=7, stream=1, first_sample=0, pcm=bytes(2 * n_samples))


@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_a_frame_that_passes_is_due_when_its_sound_is_played(rate: int) -> None:
    story = Story("people/Anna.png")
    story.up(m.Start(session=7, stream=1, rate=rate, format="s16"), now=101.0)
    story.up(audio(), now=102.0)
    story.up(audio(), now=103.0)
    for index in range(3):
        story.frame(index, rate)
    story.finish()
    name = "people/Anna.png"
    assert story.playout.told == [
        ("frame", name, pytest.approx(102.2 + index / 30), rate, index) for index in range(3)
    ] + [("rest", name, pytest.approx(102.2 + 3 / 30), 0.0, 0)]


def test_a_line_from_its_middle_is_due_from_its_middle() -> None:
    story = Story()
    story.up(m.Start(session=7, stream=1, rate=16_000, format="s16", first_sample=16_001), now=101.0)
    story.up(audio(), now=102.0)
    story.frame(31, 16_000)
    assert story.playout.told == [("frame", "Face", pytest.approx(102.2), 16_000, 31)]


def test_files_and_idle_faces_are_due_from_when_they_were_asked_for() -> None:
    story = Story()
    story.up(m.Speak(session=7, stream=1, asset="a.wav"), now=101.0)
    for index in range(3):
        story.frame(index, 44_100)
    story.up(m.Idle(session=7, stream=2), now=110.0)
    story.frame(0, 16_000, stream=2)
    story.frame(3, 44_100)  # of the line before
    dues, rates = zip(*[told[2:4] for told in story.playout.told if told[0] == "frame"], strict=True)
    assert rates[1:] == pytest.approx((44_100, 44_100, 16_000)) and rates[0]
    assert dues == pytest.approx((101.2, 101.2 + 1 / 30, 101.2 + 2 / 30, 110.2))
    assert [what for what, *_ in story.playout.told] == ["frame"] * 3 + ["cut", "frame"]


def test_clips_that_pass_are_not_shown() -> None:
    story = Story()
    story.up(m.Speak(session=7, stream=1, asset="a.wav", pace="clip"))
    story.frame(0, 16_000)
    story.finish()
    assert not story.playout.told


@pytest.mark.parametrize("reason", ["replaced", "closed", "failed"])
def test_a_line_that_was_cut_off_rests_at_once(reason: str) -> None:
    story = Story()
    story.up(m.Idle(session=7, stream=1))
    story.frame(0, 16_000)
    story.finish(reason)
    assert [what for what, *_ in story.playout.told] == ["frame", "cut"]


def test_a_face_whose_client_is_gone_rests_and_goes_on_after_resume() -> None:
    story = Story()
    story.up(m.Idle(session=7, stream=1))
    story.frame(0, 16_000)
    story.up(m.Hello(versions=(1,), client="x"), m.Resume(request=9, token=TOKEN), route=OTHER)
    story.down(m.Resumed(request=9, session=7, stream=1, next_sample=0, seq=1), route=OTHER)
    story.frame(1, 16_000, route=OTHER)
    story.output.gone(ROUTE)  # the relay hears of it later
    story.frame(2, 16_000, route=OTHER)
    story.output.gone(OTHER)
    assert [what for what, *_ in story.playout.told] == ["frame", "cut", "frame", "frame", "cut"]
    assert [told[2] for told in story.playout.told if told[0] == "frame"] == pytest.approx(
        [100.2 + index / 30 for index in range(3)]
    )


def test_the_tap_forgets_what_is_over() -> None:
    story = Story()
    for session in range(20):
        story.up(story.opening())
        story.down(m.Opened(request=1, session=session, token=bytes([session] * 16), look_ahead_s=0.1, lease_ms=1_000))
        story.down(m.Closed(session=session, reason=""))
    assert not any(peer.asked or peer.sessions for peer in story.output._peers.values()) and not story.output._tokens
    story.output.gone(ROUTE)
    assert not story.output._peers


@pytest.mark.parametrize(("outputs", "is_told"), [(("landmarks",), True), ((), True), (("landmarks", "eyes"), False)])
def test_a_session_of_which_sinks_show_nothing_is_told(
    outputs: tuple[str, ...], is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    output = RelaySinkOutput(_NoPlayout())  # type: ignore[arg-type]
    output.up(ROUTE, [encode(m.Open(request=1, outputs=outputs, fps=(30, 1), playout_ms=200, until=256))], 100.0)
    assert ("ask for weights, head or eyes" in caplog.text) is is_told


def test_what_a_server_dates_far_ahead_takes_no_room_on_sinks() -> None:
    story = Story()
    story.up(m.Idle(session=7, stream=1), now=100.0)
    for index in (3, 2**32 - 1, 2**31, 5):
        story.frame(index, 16_000.0, now=100.0)
    story.finish()
    assert [entry[4] for entry in story.playout.told if entry[0] == "frame"] == [3, 5]
    assert next(entry[2] for entry in story.playout.told if entry[0] == "rest") == pytest.approx(100.4)
