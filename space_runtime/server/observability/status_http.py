"""How a server does, over HTTP on this machine: ``/healthz``, ``/readyz``, ``/metrics``, ``/sessions``. GET alone.

Nothing here waits for the server's own threads, and no connection can wait for long: whoever stays silent is cut off.
"""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from socketserver import ThreadingTCPServer
from typing import Final

from space_runtime.errors import UsageError
from space_runtime.extras import require
from space_runtime.server.observability.snapshot_json import to_json
from space_runtime.server.observability.status import StatusCollector
from space_runtime.version import VERSION

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 5571
MAX_HEAD: Final = 8_192
"""Bytes of a request."""
HEAD_S: Final = 3.0
"""Within which a request has to come, and to take its answer."""
DRAIN_S: Final = 0.5
POLL_S: Final = 0.1
"""How long a stop may wait for the listener."""
MAX_CONNECTIONS: Final = 32
"""Of more, the oldest is cut off."""
NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""How this machine may be called; by another name a page of somewhere else may be asking (DNS rebinding)."""

PLAIN: Final = "text/plain; charset=utf-8"
HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Connection": "close",
}

Answer = tuple[HTTPStatus, str, bytes]
"""Status, content type, body."""


class StatusServer:
    """Answers on 127.0.0.1 about the server that ``watch`` looks at, until `stop`. Use as a context manager.

    port: 0 for any that is free. Raises `UsageError` when it is taken.
    """

    def __init__(self, watch: StatusCollector, port: int = DEFAULT_PORT, head_s: float = HEAD_S) -> None:
        try:
            self._listener = _Listener(pages_of(watch), port, head_s)
        except OSError as error:
            raise UsageError(
                f"port {port} for /healthz and /metrics cannot be used ({error.strerror}); choose another one with "
                "--http PORT, or --http 0 for none"
            ) from None
        self.port = int(self._listener.server_address[1])
        serve = self._listener.serve_forever
        self._thread = threading.Thread(target=serve, args=(POLL_S,), name="space-http", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cut everybody off and return."""
        self._listener.shutdown()
        self._listener.server_close()
        self._listener.cut_off()
        self._thread.join()

    def __enter__(self) -> StatusServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def pages_of(watch: StatusCollector) -> dict[str, Callable[[], Answer]]:
    """Return what answers each path."""
    require("prometheus_client")
    from space_runtime.server.observability.metrics import CONTENT_TYPE_LATEST, Metrics

    metrics = Metrics(watch)

    def health() -> Answer:
        healthy = watch.totals().healthy
        return _ok("ok") if healthy else _unavailable("a worker died, or the socket loop does not turn")

    def ready() -> Answer:
        closed_for = watch.totals().closed_for
        return _unavailable(closed_for) if closed_for else _ok("ready")

    return {
        "/": lambda: _ok(f"space-runtime {VERSION}: /healthz /readyz /metrics /sessions"),
        "/healthz": health,
        "/readyz": ready,
        "/metrics": lambda: (HTTPStatus.OK, CONTENT_TYPE_LATEST, metrics.text()),
        "/sessions": lambda: (HTTPStatus.OK, "application/json", to_json(watch.snapshot()).encode()),
    }


def _ok(text: str) -> Answer:
    return HTTPStatus.OK, PLAIN, f"{text}\n".encode()


def _unavailable(text: str) -> Answer:
    return HTTPStatus.SERVICE_UNAVAILABLE, PLAIN, f"{text}\n".encode()


class _Listener(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = sys.platform != "win32"  # there it would let two programs share a port
    request_queue_size = 128

    def __init__(self, pages: dict[str, Callable[[], Answer]], port: int, head_s: float) -> None:
        self.pages = pages
        self.head_s = head_s
        self._connections: dict[socket.socket, None] = {}
        self._lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        with self._lock:
            while len(self._connections) >= MAX_CONNECTIONS:
                _cut(self._pop_oldest())
            self._connections[request] = None
        super().process_request(request, client_address)

    def close_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)
        with self._lock:
            self._connections.pop(request, None)
        super().close_request(request)

    def cut_off(self) -> None:
        """End every connection, whatever it is about."""
        with self._lock:
            while self._connections:
                _cut(self._pop_oldest())

    def handle_error(self, request: object, client_address: object) -> None:
        error = sys.exception()
        if not isinstance(error, OSError):  # those are clients that left or fell silent
            log.error("an HTTP request failed", exc_info=error)

    def _pop_oldest(self) -> socket.socket:
        oldest = next(iter(self._connections))
        del self._connections[oldest]
        return oldest


class _Handler(BaseHTTPRequestHandler):
    """One request, one answer, closed. The request's head is read here, within bounds; the library parses it."""

    server: _Listener
    answered = False

    def handle(self) -> None:
        """Answer."""
        head = _read_head(self.connection, time.monotonic() + self.server.head_s)
        self.connection.settimeout(self.server.head_s)
        if len(head) > MAX_HEAD:
            self.send_error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        self.rfile = BytesIO(head)
        self.raw_requestline = self.rfile.readline()
        if self.parse_request():
            self._send(*self._answer())

    def finish(self) -> None:
        """Take what else the client sends for a moment, so that it gets to read the answer."""
        super().finish()
        if not self.answered:
            return
        end = time.monotonic() + DRAIN_S
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while (left := end - time.monotonic()) > 0:
                self.connection.settimeout(left)
                if not self.connection.recv(65_536):
                    break

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with a status and its name."""
        status = HTTPStatus(code)
        self._send(status, PLAIN, f"{status.phrase}\n".encode())

    def version_string(self) -> str:
        """Return what answers."""
        return f"space-runtime/{VERSION}"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are not logged."""

    def _answer(self) -> Answer:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0].strip().lower().removesuffix(f":{_port(hosts[0])}") not in NAMES:
            return HTTPStatus.FORBIDDEN, PLAIN, b"ask for 127.0.0.1 or localhost\n"
        if self.command != "GET":
            return HTTPStatus.METHOD_NOT_ALLOWED, PLAIN, b"only GET is answered\n"
        page = self.server.pages.get(self.path.partition("?")[0])
        return page() if page else (HTTPStatus.NOT_FOUND, PLAIN, b"try /healthz, /readyz, /metrics or /sessions\n")

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.answered, self.request_version = True, "HTTP/1.0"
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _read_head(connection: socket.socket, end: float) -> bytes:
    """Return a request up to its empty line, or a little more than `MAX_HEAD` of it. Raises `OSError`."""
    head = b""
    while b"\r\n\r\n" not in head and b"\n\n" not in head and len(head) <= MAX_HEAD:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        piece = connection.recv(4_096)
        if not piece:
            raise ConnectionResetError
        head += piece
    return head


def _port(host: str) -> str:
    """The digits after the last colon of a Host header."""
    digits = host.strip().rpartition(":")[2]
    return digits if digits.isascii() and digits.isdigit() else ""


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
