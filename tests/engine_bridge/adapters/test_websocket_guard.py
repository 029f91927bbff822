"""Admission to the WebSocket server, the pages of its port, and its close."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Generator
from contextlib import ExitStack, suppress
from urllib.parse import urljoin

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from engine_bridge.adapters import SinkError, open_sink
from engine_bridge.adapters.origin import origin_is_welcome
from engine_bridge.adapters.websocket import JSON, MAX_CLIENTS, WebSocket
from tests.support.adapter_frames import RATE
from tests.support.waiting import wait_for
from tests.support.web_clients import client, document, talking


@pytest.fixture
def sink() -> Generator[WebSocket, None, None]:
    opened = open_sink("ws://127.0.0.1:0")
    assert isinstance(opened, WebSocket)
    yield opened
    opened.close()


def refused(sink: WebSocket, protocol: str | None = JSON, origin: str | None = None) -> tuple[int, str]:
    """Return the status and text with which a client is turned away."""
    protocols = None if protocol is None else [Subprotocol(protocol)]
    page = None if origin is None else Origin(origin)
    with (
        pytest.raises(InvalidStatus) as status,
        connect(f"ws://127.0.0.1:{sink.port}/", subprotocols=protocols, origin=page),
    ):
        pass
    response = status.value.response
    return response.status_code, bytes(response.body or b"").decode()


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://evil.example:8765", "null", "http://localhost.evil.example", "http://[", ""],
)
def test_pages_of_strangers_may_not_connect(sink: WebSocket, origin: str) -> None:
    code, text = refused(sink, origin=origin)
    assert code == 403 and "may not connect" in text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "localhost.evil.example", ""])
def test_names_that_were_made_to_point_here_are_refused(sink: WebSocket, host: str) -> None:
    for upgrade in (True, False):
        connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=5)
        headers = {"Host": host} | ({"Upgrade": "websocket", "Connection": "Upgrade"} if upgrade else {})
        connection.request("GET", "/", headers=headers)
        assert connection.getresponse().status == 403
        connection.close()


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:5173", "https://[::1]", "SAME"])
def test_pages_of_this_machine_may_connect(sink: WebSocket, origin: str) -> None:
    own = f"http://127.0.0.1:{sink.port}"
    with client(sink, origin=origin.replace("SAME", own)) as connected:
        sink.send("Anna", talking(5), RATE)
        assert document(connected)["index"] == 5


def test_other_sites_may_be_invited() -> None:
    sink = open_sink("ws://127.0.0.1:0?origin=https://game.example&origin=null")
    assert isinstance(sink, WebSocket)
    for origin in ("https://game.example", "null"):
        with client(sink, origin=origin):
            pass
    assert refused(sink, origin="http://game.example")[0] == 403
    sink.close()


def test_our_own_page_is_welcome_under_every_name_of_this_server() -> None:
    assert origin_is_welcome("http://192.168.1.5:8765", "192.168.1.5:8765", ())
    assert not origin_is_welcome("http://192.168.1.5:80", "192.168.1.5:8765", ())
    assert origin_is_welcome(None, "192.168.1.5:8765", ())


@pytest.mark.parametrize("protocol", [None, "space.json.v2"])
def test_a_client_has_to_choose_a_known_sub_protocol(sink: WebSocket, protocol: str | None) -> None:
    code, text = refused(sink, protocol)
    assert code == 400 and "subprotocol" in text


def test_the_number_of_clients_is_limited(sink: WebSocket) -> None:
    with ExitStack() as connected:
        for _ in range(MAX_CLIENTS):
            connected.enter_context(connect(f"ws://127.0.0.1:{sink.port}/", subprotocols=[JSON]))
        wait_for(lambda: sink.n_clients == MAX_CLIENTS)
        code, text = refused(sink)
        assert code == 503 and f"{MAX_CLIENTS} clients" in text
    wait_for(lambda: sink.n_clients == 0)
    with client(sink):
        pass


def fetched(sink: WebSocket, path: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=5)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, response.headers, body


@pytest.mark.parametrize("path", ["/", "/viewer.html", "/?name=Anna"])
def test_the_viewer_is_on_the_same_port(sink: WebSocket, path: str) -> None:
    status, headers, body = fetched(sink, path)
    assert status == 200
    assert headers.get_all("Content-Type") == ["text/html; charset=utf-8"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert b"SPACE viewer" in body
    assert b"http://" not in body and b"https://" not in body, "the page loads nothing from elsewhere"


def test_the_page_has_all_that_it_names_and_nothing_from_elsewhere(sink: WebSocket) -> None:
    seen, ahead = set[str](), ["/viewer.html", "/web/microphone_worklet.js"]
    while ahead:
        path = ahead.pop()
        status, headers, body = fetched(sink, path)
        assert status == 200 and headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
        kind = {"html": "text/html", "js": "text/javascript", "css": "text/css"}[path.rpartition(".")[2]]
        assert headers["Content-Type"] == f"{kind}; charset=utf-8"
        assert b"http://" not in body and b"https://" not in body and b"eval(" not in body
        seen.add(path)
        named = re.findall(r'(?:from "\./|src="|rel="stylesheet" href=")([\w./]+)"', body.decode())
        ahead += [found for name in named if (found := urljoin(path, name)) not in seen]
    assert {"/main.js", "/viewer.css", "/web/playback.js", "/web/jitter.js"} <= seen


@pytest.mark.parametrize(
    "path",
    [
        "/favicon.ico",
        "/../secret",
        "/%2e%2e/secret",
        "//viewer.html",
        "/websocket.py",
        "/viewer/main.js",
        "/web/package.json",
    ],
)
def test_there_is_nothing_else(sink: WebSocket, path: str) -> None:
    assert fetched(sink, path)[0] == 404


@pytest.mark.parametrize(
    "garbage", [b"\0" * 2000, b"GET / HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n", b"x" * 70_000]
)
def test_garbage_harms_nobody(sink: WebSocket, garbage: bytes) -> None:
    with client(sink) as good:
        with socket.create_connection(("127.0.0.1", sink.port), timeout=5) as stranger:
            stranger.sendall(garbage)
            stranger.shutdown(socket.SHUT_WR)
            with suppress(ConnectionResetError):
                while stranger.recv(4096):
                    pass
        sink.send("Anna", talking(1), RATE)
        assert document(good)["index"] == 1


def test_a_port_that_is_taken_is_one_sentence(sink: WebSocket) -> None:
    with pytest.raises(SinkError, match=f"cannot listen on 127.0.0.1:{sink.port}"):
        WebSocket(port=sink.port)


def test_it_listens_on_this_machine_alone_unless_told_otherwise() -> None:
    opened = open_sink("ws://:0")
    assert isinstance(opened, WebSocket)
    assert opened.server.listener.getsockname()[0] == "127.0.0.1"
    opened.close()


def test_closing_says_goodbye_and_frees_the_port() -> None:
    first = WebSocket(port=0)
    with connect(f"ws://127.0.0.1:{first.port}/", subprotocols=[JSON]) as connected:
        wait_for(lambda: first.n_clients == 1)
        first.close()
        with pytest.raises(ConnectionClosed) as closed:
            connected.recv(timeout=5)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1001
    WebSocket(port=first.port).close()
