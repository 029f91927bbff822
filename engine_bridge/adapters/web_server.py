"""A web server of one port: the viewer page for browsers, and WebSocket conversations, on a thread of its own.

Who may come in is decided here (`origin`, `loopback`); what is said is the affair of a function for each sub-protocol.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from engine_bridge.adapters.origin import origin_is_welcome
from engine_bridge.adapters.sink import SinkError
from engine_bridge.adapters.web_files import file_at
from engine_bridge.adapters.web_limits import Guests, thrifty_loop
from engine_bridge.protocol.loopback import host_is_ours

MAX_CLIENTS: Final = 32
_CLOSING_S: Final = 2.0
_OPENING_S: Final = 5.0
_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # strangers' broken requests are no news unless the program wants them

Converse = Callable[[ServerConnection], Awaitable[None]]
"""Serves one client until it leaves; runs on the server's thread."""


class WebServer:
    """Listens on (host, port); port: the one that was had. n_clients: conversations now.

    protocols: the conversation of each sub-protocol; the first that a client offers too is taken. origins: web sites
    whose pages may connect, besides pages of this machine. max_message: bytes that a client may send at once. Raises
    `SinkError` when the port cannot be had.
    """

    def __init__(
        self, host: str, port: int, origins: Sequence[str], protocols: Mapping[Subprotocol, Converse], max_message: int
    ) -> None:
        self.host = host
        self.n_clients = 0
        self.listener = _listen(host, port)
        self.port: int = self.listener.getsockname()[1]
        self._origins, self._protocols, self._max_message = tuple(origins), dict(protocols), max_message
        self._guests = Guests()
        started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="space-websocket", daemon=True)
        self._thread.start()
        try:
            self._loop, self._stop = started.result()
        except OSError as error:  # no descriptors left for its event loop
            self.listener.close()
            raise SinkError(f"ws cannot listen on {host}:{self.port} ({error}); close files or programs") from None

    @property
    def page(self) -> str:
        """The address of the viewer page, for a browser on this machine."""
        host = _WILDCARDS.get(self.host, self.host)
        return f"http://[{host}]:{self.port}/" if ":" in host else f"http://{host}:{self.port}/"

    def call(self, function: Callable[..., None], *arguments: object) -> None:
        """Call a function on the server's thread, soon. Raises `RuntimeError` once closed."""
        self._loop.call_soon_threadsafe(function, *arguments)

    def close(self) -> None:
        """Say goodbye to the clients and free the port."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _run(self, started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]) -> None:
        try:
            with asyncio.Runner(loop_factory=thrifty_loop) as runner:
                runner.run(self._serve(started))
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _serve(self, started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]) -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().set_exception_handler(_complain)
        async with serve(
            self._converse,
            sock=self.listener,
            subprotocols=list(self._protocols),
            compression=None,
            max_size=self._max_message,
            max_queue=4,
            open_timeout=_OPENING_S,
            close_timeout=_CLOSING_S,
            create_connection=self._guests.connection,
            process_request=self._answer,
            server_header=None,
            logger=_log,
        ):
            started.set_result((asyncio.get_running_loop(), stop))
            await stop.wait()

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return the answer to a plain HTTP request or to a page that may not connect; None lets a client in."""
        hosts, origins = request.headers.get_all("Host"), request.headers.get_all("Origin")
        host, origin = (next(iter(values), None) for values in (hosts, origins))
        if len(hosts) > 1 or len(origins) > 1 or not host_is_ours(host, self.host):
            return connection.respond(HTTPStatus.FORBIDDEN, f"{host!r:.80} is no name of this server.\n")
        if not origin_is_welcome(origin, host, self._origins):
            return connection.respond(HTTPStatus.FORBIDDEN, f"Pages of {origin!r:.80} may not connect.\n")
        if "Upgrade" not in request.headers:
            return _file(connection, urlsplit(request.path).path)
        if self.n_clients >= MAX_CLIENTS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, f"{MAX_CLIENTS} clients are connected already.\n")
        return None

    async def _converse(self, connection: ServerConnection) -> None:
        wire: socket.socket = connection.transport.get_extra_info("socket")
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a texture waits 40 ms behind its text
        self._guests.left(connection)
        self.n_clients += 1
        try:
            assert connection.subprotocol  # who offers none of them is refused before
            with suppress(ConnectionClosed):  # however a client leaves, it is no fault of ours
                await self._protocols[connection.subprotocol](connection)
        finally:
            self.n_clients -= 1


def _file(connection: ServerConnection, path: str) -> Response:
    """Return a file of the viewer page, the only files there are."""
    found = file_at(path)
    if found is None:
        return connection.respond(HTTPStatus.NOT_FOUND, "There is only the viewer, at /.\n")
    content, headers = found
    response = connection.respond(HTTPStatus.OK, "")
    for key, value in headers.items():
        if key in response.headers:
            del response.headers[key]
        response.headers[key] = value
    response.body = content
    return response


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, ValueError, OverflowError) as error:
        raise SinkError(f"ws cannot listen on {host}:{port} ({error}); choose another port or address") from None


def _complain(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Write what the event loop complains about as one line: it does so a hundred times when descriptors run out."""
    _log.warning("the web page: %s (%s)", context.get("message"), context.get("exception"))
