"""The files of the viewer page, as they are served: bytes, media type, headers. Nothing else can be fetched.

The page's own files lie at the root, the modules that it shares with pages of others (``engine_bridge/web``) below
``/web/``.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",  # browsers refuse modules of any other type
}
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self' ws:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
_INDEX: Final = "viewer.html"


def file_at(path: str) -> tuple[bytes, dict[str, str]] | None:
    """Return the content and the headers of a file of the page; None where there is none. path: of the URL."""
    found = _files().get("/" + _INDEX if path == "/" else path)
    if found is None:
        return None
    kind, content = found
    return content, {"Content-Type": kind, "Content-Length": str(len(content)), **_HEADERS}


@cache
def _files() -> dict[str, tuple[str, bytes]]:
    """Return media type and content by path; a path outside this table names nothing."""
    bridge = files("engine_bridge")
    folders = {"/": bridge.joinpath("adapters", "viewer"), "/web/": bridge.joinpath("web")}
    return {
        f"{path}{entry.name}": (kind, entry.read_bytes())
        for path, folder in folders.items()
        for entry in folder.iterdir()
        if (kind := _TYPES.get("." + entry.name.rpartition(".")[2]))
    }
