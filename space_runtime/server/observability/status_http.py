"""Serves the pages of `status_pages` over HTTP on this machine, with the standard library's WSGI server.

No connection lasts: whoever stays silent, or sends a drop at a time, is cut off.
"""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from io import BufferedIOBase, BytesIO
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from space_runtime.errors import UsageError
from space_runtime.server.observability.status import StatusCollector
from space_runtime.server.observability.status_address import DEFAULT_PORT, HOST
from space_runtime.server.observability.status_pages import HEADERS, PLAIN, SERVER, application

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

log = logging.getLogger(__name__)

MAX_HEAD: Final = 8_192
"""Bytes of a request."""
HEAD_S: Final = 3.0
"""Within which a request has to come, and to take its answer."""
POLL_S: Final = 0.1
"""Seconds that a stop may wait for the listener, and between two searches for connections that are over their time."""
MAX_CONNECTIONS: Final = 32
"""Of more, the oldest is cut off."""


class StatusServer:
    """Answers on 127.0.0.1 about the server that ``watch`` looks at, until `stop`. Use as a context manager.

    port: 0 for any that is free. host: the address to listen on. Raises `UsageError` when it is taken.
    """

    def __init__(
        self, watch: StatusCollector, port: int = DEFAULT_PORT, head_s: float = HEAD_S, host: str = HOST
    ) -> None:
        try:
            self._listener = _Listener(application(watch, host), (host, port), head_s)
        except OSError as error:
            raise UsageError(
                f"port {port} of {host} for /healthz and /metrics cannot be used ({error.strerror}); choose another "
                "one with --http PORT, or --http 0 for none"
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


class _Listener(ThreadingMixIn, WSGIServer):
    """A thread per connection; few connections, for a short time."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = sys.platform != "win32"  # there it would let two programs share a port
    request_queue_size = 128

    def __init__(self, answer: WSGIApplication, address: tuple[str, int], head_s: float) -> None:
        self.head_s = head_s
        self._since: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)
        self.set_app(answer)

    def process_request(self, request: object, client_address: object) -> None:
        """Take a connection, in the place of the oldest if there are too many."""
        assert isinstance(request, socket.socket)
        with self._lock:
            while len(self._since) >= MAX_CONNECTIONS:
                _cut(self._pop_oldest())
            self._since[request] = time.monotonic()
        super().process_request(request, client_address)

    def close_request(self, request: object) -> None:
        """Forget a connection."""
        assert isinstance(request, socket.socket)
        with self._lock:
            self._since.pop(request, None)
        super().close_request(request)

    def service_actions(self) -> None:
        """End the connections that are over their time."""
        self.cut_off(time.monotonic() - self.head_s)

    def cut_off(self, before: float = float("inf")) -> None:
        """End every connection that began before a time, whatever it is about."""
        with self._lock:
            while self._since and next(iter(self._since.values())) < before:
                _cut(self._pop_oldest())

    def handle_error(self, request: object, client_address: object) -> None:
        """Log a failure of ours; clients that left or fell silent are none."""
        error = sys.exception()
        if not isinstance(error, OSError):
            log.error("an HTTP request failed", exc_info=error)

    def _pop_oldest(self) -> socket.socket:
        oldest = next(iter(self._since))
        del self._since[oldest]
        return oldest


class _Handler(WSGIRequestHandler):
    """One request, one answer, closed. The library parses the request's head after it has come within bounds."""

    server: _Listener
    command = requestline = ""
    default_request_version = request_version = "HTTP/1.0"
    error_message_format = "%(message)s\n"
    error_content_type = PLAIN

    def handle(self) -> None:
        """Answer."""
        self.connection.settimeout(self.server.head_s)  # of one wait; the listener bounds the whole
        head = _read_head(self.rfile)
        self.rfile = BytesIO(head)
        if len(head) > MAX_HEAD:
            self.send_error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        else:
            super().handle()
        with suppress(OSError):  # takes what else the client sends, so that it gets to read the answer
            self.connection.shutdown(socket.SHUT_WR)
            while self.connection.recv(65_536):
                pass

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with a status and its name; what the client sent is not repeated."""
        super().send_error(code)

    def end_headers(self) -> None:
        """Add what every answer has."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def version_string(self) -> str:
        """Return what answers."""
        return SERVER

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""


def _read_head(stream: BufferedIOBase) -> bytes:
    """Return a request up to its empty line, or a little more than `MAX_HEAD` of it. Raises `OSError`."""
    head, line = b"", b"first"
    while line.strip(b"\r\n") and len(head) <= MAX_HEAD:
        line = stream.readline(MAX_HEAD + 1 - len(head))
        if not line:
            raise ConnectionResetError
        head += line
    return head


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
