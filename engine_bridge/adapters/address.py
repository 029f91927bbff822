"""Addresses of sinks, as ``--to`` takes them: taken apart and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from engine_bridge.adapters.sink import SinkError

LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Address:
    """SCHEME://HOST:PORT/PATH?OPTIONS. port: None if not given. path: its one segment, empty if not given."""

    url: str
    scheme: str
    host: str
    port: int | None
    path: str
    options: tuple[tuple[str, str], ...]

    def check_options(self, *known: str) -> None:
        """Raise `SinkError` when there is an option that is not among the known ones."""
        for key, _ in self.options:
            if key not in known:
                options = f"it knows {', '.join(known)}" if known else "it has none"
                raise SinkError(f"{self.url!r} has the unknown option {key!r} of {self.scheme}; {options}")

    def check_no_path(self) -> None:
        """Raise `SinkError` when there is a path."""
        if self.path:
            raise SinkError(f"{self.url!r} ends with a path, which {self.scheme} has no use for; leave it out")

    def options_of(self, *names: str) -> tuple[str, ...]:
        """Return the values of all options of these names."""
        return tuple(value for key, value in self.options if key in names)

    def option(self, name: str, default: str) -> str:
        """Return the value of an option."""
        return dict(self.options).get(name, default)


def parse(url: str) -> Address:
    """Return the parts of a sink's address; a missing host is this machine. Raises `SinkError`."""
    parts = _split(url)
    if parts.username is not None or parts.fragment:
        raise SinkError(f"{url!r} has a user name or a fragment; a sink's address has neither")
    path = unquote(parts.path.removeprefix("/"))
    if "/" in path or not (path.isprintable() and url.isprintable()):
        raise SinkError(f"{url!r} has a path of several parts or with unprintable characters; write one plain name")
    options = parse_qsl(parts.query, keep_blank_values=True)
    return Address(url, parts.scheme, parts.hostname or LOOPBACK, parts.port, path, tuple(options))


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # reading it is what checks it
    except ValueError as error:
        raise SinkError(f"{url!r} is no address ({error}); write SCHEME://HOST:PORT") from None
    return parts
