"""The status of a running server: snapshots, its status page, `top`. Hostile readers harm nobody."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine_bridge.protocol import messages as m
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import load_bundle
from space_runtime.inference.device import NAMES
from space_runtime.server.answers import State
from space_runtime.server.limits import Limits
from space_runtime.server.observability.snapshot import SessionSnapshot
from space_runtime.server.observability.snapshot_json import from_json, to_json
from space_runtime.server.observability.status import StatusCollector
from space_runtime.server.observability.status_client import fetch_snapshot, page_of
from space_runtime.server.observability.status_http import MAX_CONNECTIONS, MAX_HEAD, StatusServer
from space_runtime.server.server import Server, Settings
from tests.support.command_line import Call
from tests.support.ports import free_port
from tests.support.real_server import serving
from tests.support.sounds import speech_pcm
from tests.support.waiting import PATIENCE_S, wait_for
from tests.support.wire_client import connect_client


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def page(server: Server) -> Iterator[StatusServer]:
    with StatusServer(StatusCollector(server), 0) as running:
        yield running


def get(port: int, path: str, **headers: str) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def raw(port: int, request: bytes) -> bytes:
    """Return the answer to bytes, until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    return answer


def numbers(port: int) -> dict[str, float]:
    """Every sample of /metrics without labels by its name; the sum over labels for the others."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(get(port, "/metrics")[1]):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def only(collector: StatusCollector) -> SessionSnapshot:
    (session,) = collector.snapshot().sessions
    return session


# Snapshots


def test_counters_agree_with_what_was_sent(server: Server, page: StatusServer) -> None:
    collector = StatusCollector(server)
    before, told_before = collector.totals(), numbers(page.port)
    with connect_client(server.address, "anna") as anna:
        session = anna.open(until=10_000)
        finished = anna.speak(session, 1, speech_pcm(1.0))
        assert finished.frames == len(anna.frames()) == 30
        anna.send(b"no message")
        assert anna.wait(m.Error).code == "bad_message"
        anna.say(m.Set(session=session, stream=9, at_sample=0))
        assert anna.wait(m.Error).code == "unknown_stream"
        totals, told = collector.totals(), numbers(page.port)
        line = only(collector)
        anna.say(m.Close(session=session))
        anna.wait(m.Closed)
    assert totals.frames_sent - before.frames_sent == 30
    assert totals.frames_dropped == before.frames_dropped
    assert totals.received - before.received == 7
    assert totals.opened - before.opened == 1
    assert totals.bad_messages - before.bad_messages == 1
    assert totals.refused - before.refused == 2
    assert totals.hops - before.hops >= 50
    assert 0 < totals.batches <= totals.hops
    assert totals.mean_batch == totals.hops / totals.batches
    assert (totals.healthy, totals.ready, totals.closed_for) == (True, True, "")
    for name, value in (("frames_sent", 30), ("messages_received", 7), ("refusals", 2), ("worker_hops", 50)):
        assert told[f"space_runtime_{name}_total"] - told_before[f"space_runtime_{name}_total"] >= value
    assert told["space_runtime_sessions"] == 1
    assert told["space_runtime_ready"] == 1
    assert (line.client, line.connected, line.character, line.state) == ("anna", True, "neutral", State.IDLE)
    assert (line.outputs, line.fps, line.stream) == (("head", "weights"), 30.0, 1)
    assert (line.frames_sent, line.frames_dropped, line.credit) == (30, 0, 10_000 - 30)
    wait_for(lambda: collector.totals().sessions == 0)


@pytest.mark.skipif(sys.platform != "linux", reason="only on Windows and macOS the process tells nothing")
def test_metrics_tell_of_the_process(page: StatusServer) -> None:
    told = numbers(page.port)
    assert told["process_resident_memory_bytes"] > 1e6
    assert told["process_cpu_seconds_total"] > 0


def test_a_session_is_followed_through_its_states(server: Server) -> None:
    collector = StatusCollector(server)
    with connect_client(server.address) as client:
        session = client.open(until=5)
        wait_for(lambda: only(collector).state is State.IDLE)
        client.start(session, pace="clip")
        client.push(session, 1, speech_pcm(1.0))
        wait_for(lambda: only(collector).waiting > 0)
        speaking = only(collector)
        assert (speaking.state, speaking.frames_sent, speaking.credit) == (State.SPEAKING, 5, 0)
        assert 0.1 < speaking.media_s <= 1.0
        assert speaking.buffered_s > 0.5  # a clip waits for its reader
        client.say(m.End(session=session, stream=1, n_samples=16_000))
        wait_for(lambda: only(collector).state is State.FINISHING)
        client.say(m.Credit(session=session, until=1_000))
        client.wait(m.Finished)
        wait_for(lambda: only(collector).state is State.IDLE)
        assert only(collector).frames_sent == 30
        assert 0 <= only(collector).silent_s < 10
        client.say(m.Close(session=session))
        client.wait(m.Closed)


def test_a_session_whose_connection_is_lost_is_shown_as_such(server: Server) -> None:
    collector = StatusCollector(server)
    with connect_client(server.address, "gone") as client:
        session = client.open(lease_ms=1_000)
        client.say(m.Idle(session=session, stream=1))
        wait_for(lambda: only(collector).stream == 1 and collector.totals().streams == 1)
    wait_for(lambda: not only(collector).connected)  # its frames find nobody
    assert only(collector).client == ""
    before = collector.totals().expired
    wait_for(lambda: collector.totals().sessions == 0)
    assert collector.totals().expired == before + 1


def test_snapshots_survive_sessions_that_come_and_go(server: Server) -> None:
    collector, done, failures = StatusCollector(server), threading.Event(), []
    taken = 0

    def look() -> None:
        nonlocal taken
        while not done.is_set():
            try:
                json.loads(to_json(collector.snapshot()))
                taken += 1
            except Exception as error:
                failures.append(error)
                return

    looking = threading.Thread(target=look)
    looking.start()
    with connect_client(server.address) as client:
        for stream in range(1, 40):
            session = client.open()
            client.speak(session, stream, speech_pcm(0.1))
            client.say(m.Close(session=session))
            client.wait(m.Closed)
    done.set()
    looking.join()
    assert not failures
    assert taken > 10


def test_a_busy_share_is_that_of_the_last_second(server: Server) -> None:
    now = [server.started_at + 100.0]
    collector = StatusCollector(server, lambda: now[0])
    worker = server.worker
    collector.totals()
    busy = worker.busy_s
    worker.busy_s, now[0] = busy + 0.5, now[0] + 1.0
    assert collector.totals().workers[0].busy_share == pytest.approx(0.5, abs=0.05)
    worker.busy_s, now[0] = worker.busy_s + 2.0, now[0] + 2.0
    assert collector.totals().workers[0].busy_share == pytest.approx(1.0, abs=0.05)


def test_json_repeats_a_snapshot_and_refuses_what_is_none(server: Server) -> None:
    collector = StatusCollector(server)
    with connect_client(server.address, 'a "name" — ünï') as client:
        session = client.open()
        snapshot = collector.snapshot()
        assert from_json(to_json(snapshot)) == snapshot
        client.say(m.Close(session=session))
        client.wait(m.Closed)
    whole = json.loads(to_json(snapshot))
    worse = [
        "",
        "{}",
        "[]",
        "nothing",
        "[" * 100_000,
        json.dumps(whole | {"totals": []}),
        json.dumps(whole | {"sessions": {}}),
        json.dumps(whole | {"sessions": [whole["sessions"][0] | {"state": "mad"}]}),
        json.dumps(whole | {"sessions": [whole["sessions"][0] | {"fps": "30"}]}),
        json.dumps(whole | {"totals": whole["totals"] | {"frames_sent": None}}),
    ]
    for text in worse:
        with pytest.raises(ValueError):
            from_json(text)


# The status page


def test_ready_follows_the_life_of_a_server() -> None:
    server = Server(load_bundle(), Settings("tcp://127.0.0.1:*", replace(Limits(), sessions=1)))
    with StatusServer(StatusCollector(server), 0) as page:
        assert get(page.port, "/readyz")[:2] == (503, "starting\n")
        assert get(page.port, "/healthz")[0] == 200
        server.start()
        assert get(page.port, "/readyz")[:2] == (200, "ready\n")
        with connect_client(server.address) as client:
            session = client.open()
            assert get(page.port, "/readyz")[:2] == (503, "too_many_sessions\n")
            assert get(page.port, "/healthz")[:2] == (200, "ok\n")
            client.say(m.Close(session=session))
            client.wait(m.Closed)
            wait_for(lambda: get(page.port, "/readyz")[0] == 200)
        server.stop()
        assert get(page.port, "/readyz")[:2] == (503, "stopping\n")
        assert get(page.port, "/healthz")[0] == 503


def test_a_busy_server_is_not_ready_but_healthy(server: Server, page: StatusServer) -> None:
    server.worker._note(PATIENCE_S + 1, time.monotonic())
    assert get(page.port, "/readyz")[:2] == (503, "busy\n")
    assert get(page.port, "/healthz")[0] == 200
    server.worker._worst = (0.0, 0.0)
    assert get(page.port, "/readyz")[0] == 200


def test_a_loop_that_does_not_turn_is_not_healthy(server: Server) -> None:
    later = [0.0]
    collector = StatusCollector(server, lambda: time.monotonic() + later[0])
    assert collector.totals().healthy
    later[0] = 5.0
    assert not collector.totals().healthy


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/sessions", "/sessions?x=1", "/nothing"])
def test_nothing_is_kept_by_caches(page: StatusServer, path: str) -> None:
    status, body, headers = get(page.port, path)
    assert status == (404 if path == "/nothing" else 200)
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert int(headers["Content-Length"]) == len(body.encode())
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:99", "127.0.0.1:1", "[::1]:5571"])
def test_this_machine_may_be_called_by_its_names(page: StatusServer, host: str) -> None:
    assert get(page.port, "/healthz", Host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:5571", "", "::1"])
def test_another_name_is_refused(page: StatusServer, host: str) -> None:
    assert get(page.port, "/sessions", Host=host)[0] == 403


HOST = b"Host: localhost\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\n\r\n", 403),
        (b"GET /healthz HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n", 403),
        (b"POST /healthz HTTP/1.1\r\n" + HOST + b"Content-Length: 100000\r\n\r\n" + b"x" * 100_000, 405),
        (b"HEAD /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"DELETE /sessions HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"GET http://evil.example/sessions HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"GET /../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 200_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"y" * 200_000, 431),
        (b"GET /healthz HTTP/1.1\r\n" + b"A: b\r\n" * 1_000 + b"\r\n", 431),
        (b"GET /healthz HTTP/9.1\r\n" + HOST + b"\r\n", 505),
        (b"GET /healthz\r\n\r\n", 403),
        (b"one two three four five\r\n\r\n", 400),
        (b"\x16\x03\x01\x00\xff\x00\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nno header at all\r\n\r\n", 403),
    ],
)
def test_hostile_requests_get_a_status(page: StatusServer, request_: bytes, status: int) -> None:
    answer = raw(page.port, request_)
    assert answer.startswith(f"HTTP/1.0 {status} ".encode())
    assert get(page.port, "/healthz")[0] == 200


def test_the_head_is_bounded(page: StatusServer) -> None:
    room = MAX_HEAD - len(b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: \r\n\r\n")
    head = b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: " + b"y" * room + b"\r\n\r\n"
    assert len(head) == MAX_HEAD
    assert raw(page.port, head).startswith(b"HTTP/1.0 200 ")
    assert raw(page.port, head.replace(b"X: ", b"X: y")).startswith(b"HTTP/1.0 431 ")


def test_silent_connections_block_nobody_and_are_cut_off(server: Server) -> None:
    with ExitStack() as stack:
        page = stack.enter_context(StatusServer(StatusCollector(server), 0, head_s=0.5))
        address = ("127.0.0.1", page.port)
        silent = [
            stack.enter_context(socket.create_connection(address, timeout=10)) for _ in range(MAX_CONNECTIONS + 8)
        ]
        for connection in silent:
            connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert get(page.port, "/healthz")[0] == 200
        assert all(connection.recv(1) == b"" for connection in silent)


def test_of_too_many_connections_the_oldest_is_cut_off(server: Server) -> None:
    with ExitStack() as stack:
        page = stack.enter_context(StatusServer(StatusCollector(server), 0, head_s=60))
        address = ("127.0.0.1", page.port)
        first, *_ = [
            stack.enter_context(socket.create_connection(address, timeout=10)) for _ in range(MAX_CONNECTIONS + 1)
        ]
        assert first.recv(1) == b""
        assert get(page.port, "/healthz")[0] == 200


def test_a_drop_at_a_time_does_not_hold_a_connection(server: Server) -> None:
    page = StatusServer(StatusCollector(server), 0, head_s=0.3)
    with page, socket.create_connection(("127.0.0.1", page.port), timeout=10) as connection:
        begin = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() < begin + 10:
                connection.sendall(b"X")
                time.sleep(0.02)
        assert time.monotonic() < begin + 5


def test_silent_connections_do_not_delay_the_stop(server: Server) -> None:
    page = StatusServer(StatusCollector(server), 0, head_s=60)
    with socket.create_connection(("127.0.0.1", page.port), timeout=10) as connection:
        assert get(page.port, "/healthz")[0] == 200  # the one before has been accepted
        begin = time.monotonic()
        page.stop()
        assert time.monotonic() - begin < 2
        assert connection.recv(1) == b""


def test_a_page_that_fails_is_an_answer_and_a_line_in_the_log(
    server: Server, page: StatusServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(StatusCollector, "snapshot", lambda _: 1 / 0)
    assert get(page.port, "/sessions")[:2] == (500, "the log says why\n")
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    assert get(page.port, "/sessions")[0] == 200


def test_half_a_request_gets_no_answer(page: StatusServer) -> None:
    with socket.create_connection(("127.0.0.1", page.port), timeout=10) as connection:
        connection.sendall(b"GET /sessions HTTP/1.1\r\n" + HOST)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""


def test_it_listens_to_this_machine_alone_and_a_taken_port_is_named(server: Server, page: StatusServer) -> None:
    assert page._listener.server_address[0] == "127.0.0.1"
    with pytest.raises(UsageError, match=f"port {page.port} .*--http"):
        StatusServer(StatusCollector(server), page.port)


# top


def test_top_prints_every_session_once(server: Server, page: StatusServer, call: Call) -> None:
    with connect_client(server.address, "game \x1b[31m[red]\n9") as client:
        session = client.open()
        client.speak(session, 1, speech_pcm(0.5))
        done = call("top", "--once", "--http", f"http://127.0.0.1:{page.port}")
        client.say(m.Close(session=session))
        client.wait(m.Closed)
    assert (done.code, done.err) == (0, "")
    (row,) = [line for line in done.out.splitlines() if line.split()[:1] == [str(session)]]
    for word in ("game \\x1b[31m[red]\\n9", "neutral", "head,weights", "idle", "15"):
        assert word in row
    assert "\x1b" not in done.out
    assert "open for new sessions" in done.out
    assert "worker 0: busy" in done.out


def test_top_says_where_nobody_answers(call: Call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = call("top", "--once", "--http", str(port))
    assert done.code == 1
    assert f"no SPACE server answers at http://127.0.0.1:{port}/sessions" in done.complaint
    assert "space-runtime serve" in done.complaint


@pytest.mark.parametrize("url", ["ftp://x", "http://", "https://localhost", "file:///etc/passwd", "", "http://a:b"])
def test_top_takes_only_addresses_of_pages(url: str) -> None:
    with pytest.raises(UsageError, match="status page"):
        page_of(url)


# The whole program


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows signals are sent in another way")
def test_serve_tells_what_it_does_until_it_is_stopped() -> None:
    port, another_port = free_port(), free_port()
    words = ["serve", "--bind", f"tcp://127.0.0.1:{port}", "--http", str(another_port)]
    program = [sys.executable, "-m", "space_runtime", *words, "--log-format", "json"]
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as serving_:
        try:
            wait_for(lambda: ready(another_port))
            with connect_client(f"tcp://127.0.0.1:{port}", "a client") as client:
                session = client.open()
                client.speak(session, 1, speech_pcm(0.2))
                assert [one.number for one in fetch_snapshot(str(another_port)).sessions] == [session]
            again = subprocess.run(program, capture_output=True, text=True, timeout=60)
            serving_.send_signal(signal.SIGTERM)
            _, err = serving_.communicate(timeout=60)
        finally:
            serving_.kill()
    assert serving_.returncode == 0
    lines = [json.loads(line) for line in err.splitlines()]
    assert lines[0]["device"] in NAMES
    events = [line["event"] for line in lines]
    assert events == ["ready", "session_opened", "stream_started", "stream_finished", "session_closed", "stopped"]
    assert again.returncode == 2
    assert f"tcp://127.0.0.1:{port} cannot be bound" in again.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="only on Windows signals are sent in another way")
def test_serve_names_the_option_when_the_status_page_has_no_place(page: StatusServer) -> None:
    words = ["serve", "--bind", f"tcp://127.0.0.1:{free_port()}", "--http", str(page.port)]
    program = [sys.executable, "-m", "space_runtime", *words]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert f"port {page.port}" in line
    assert "--http" in line


def ready(port: int) -> bool:
    try:
        return get(port, "/readyz")[0] == 200
    except OSError:
        return False
