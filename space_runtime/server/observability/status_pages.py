"""The pages of a server's status, as a WSGI application: ``/healthz``, ``/readyz``, ``/metrics``, ``/sessions``.

GET alone. Nothing here waits for the runtime's own threads.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from engine_bridge.protocol.loopback import host_is_ours
from space_runtime.extras import require
from space_runtime.server.observability.snapshot_json import to_json
from space_runtime.server.observability.status import StatusCollector
from space_runtime.version import VERSION

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

PLAIN: Final = "text/plain; charset=utf-8"
SERVER: Final = f"space-runtime/{VERSION}"
HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Answer = tuple[HTTPStatus, str, bytes]
"""Status, content type, body."""


def application(watch: StatusCollector, own: str = "127.0.0.1") -> WSGIApplication:
    """Return what tells of the server that ``watch`` looks at, to whoever asks this machine by its name.

    own: the host that is listened on.
    """
    pages = _pages_of(watch)

    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST")
        if host_is_ours(host, own):
            status, kind, body = _answer(pages, environ["REQUEST_METHOD"], environ["PATH_INFO"])
        else:
            status, kind, body = HTTPStatus.FORBIDDEN, PLAIN, b"ask for 127.0.0.1 or localhost\n"
        allowed = {"Allow": "GET"} if status is HTTPStatus.METHOD_NOT_ALLOWED else {}
        headers = {**HEADERS, **allowed, "Server": SERVER, "Content-Type": kind, "Content-Length": str(len(body))}
        start_response(f"{status} {status.phrase}", list(headers.items()))
        return [body]

    return respond


def _answer(pages: dict[str, Callable[[], Answer]], method: str, path: str) -> Answer:
    if method != "GET":
        return HTTPStatus.METHOD_NOT_ALLOWED, PLAIN, b"only GET is answered\n"
    page = pages.get(path)
    if page is None:
        return HTTPStatus.NOT_FOUND, PLAIN, b"try /healthz, /readyz, /metrics or /sessions\n"
    try:
        return page()
    except Exception:
        log.exception("an HTTP request failed")
        return HTTPStatus.INTERNAL_SERVER_ERROR, PLAIN, b"the log says why\n"


def _pages_of(watch: StatusCollector) -> dict[str, Callable[[], Answer]]:
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
