"""``space-runtime serve``: the live server; ``space-runtime keygen``: keys for it."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import typer

from engine_bridge.protocol import descriptors
from engine_bridge.protocol.arkit import DEFAULT_ADDRESS
from space_runtime.arguments import in_range
from space_runtime.commands.device_option import DeviceName
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import load_bundle
from space_runtime.inference.device import AUTO
from space_runtime.server.keys import Keys, check_bind, load_keys, make_keys
from space_runtime.server.limits import Folders, Limits
from space_runtime.server.limits_file import read_limits
from space_runtime.server.observability.log_output import LogFormat, LogLevel, logging_to
from space_runtime.server.observability.status import StatusCollector
from space_runtime.server.observability.status_http import DEFAULT_PORT, StatusServer, status_address
from space_runtime.server.server import Server, Settings
from space_runtime.server.warm_up import capacity

MAX_SESSIONS: Final = 100_000
_PLAIN_NAME: Final = re.compile(r"\w[\w.-]{0,63}")
_DEVICE_NAME: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|(com|lpt)[¹²³])(\..*)?", re.IGNORECASE)
"""Names of devices on Windows, where no file can have one, whatever its ending."""

Bind = Annotated[str, typer.Option(help="Address to listen on; other machines can come in only with --key.")]
Key = Annotated[Path | None, typer.Option(help="The server's secret key file (keygen): only listed clients come in.")]
Clients = Annotated[Path | None, typer.Option(help="Folder with the public keys (*.key) of the clients that may.")]
Folder = Annotated[Path | None, typer.Option(help="Folder whose files clients may name; none by default.")]


def serve_command(
    bind: Bind = DEFAULT_ADDRESS,
    key: Key = None,
    clients: Clients = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Open --bind, --http, --to to all, unencrypted.")
    ] = False,
    sessions: Annotated[
        int,
        typer.Option(help="Sessions at most; one more is refused. 0: as many as this machine carries, measured."),
    ] = 0,
    sessions_per_client: Annotated[
        int, typer.Option(help="Of them, those of one connection, or of one key on all its connections. 0: half.")
    ] = 0,
    limits: Annotated[
        Path | None, typer.Option(help="TOML file of other limits, such as clip_ms = 600000 (docs/live.md).")
    ] = None,
    portraits: Folder = None,
    force: Annotated[bool, typer.Option("--force", help="Take photos that look unusable: covered, cut off …")] = False,
    sounds: Folder = None,
    lease: Annotated[
        float | None, typer.Option(help="Seconds of silence after which a client's sessions end; 15 by default.")
    ] = None,
    to: Annotated[list[str] | None, typer.Option(help="Also show all sessions there: llf://, vmc:// or ws://.")] = None,
    http: Annotated[
        str, typer.Option(help="Port on 127.0.0.1, or HOST:PORT, for /healthz, /readyz, /metrics; 0: none.")
    ] = str(DEFAULT_PORT),
    log_format: Annotated[LogFormat, typer.Option(help="How log lines are written.")] = LogFormat.TEXT,
    log_level: Annotated[LogLevel, typer.Option(help="The least that is logged.")] = LogLevel.INFO,
    bundle: Annotated[Path | None, typer.Option(help="Folder of another model bundle.")] = None,
    device: DeviceName = AUTO,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Serve live sessions over ZeroMQ until Ctrl-C or SIGTERM. The protocol: engine_bridge/PROTOCOL.md."""
    keys = _keys(bind, key, clients, insecure)
    bounds = _limits(limits, sessions, sessions_per_client, lease)
    folders = Folders(_folder(portraits, "--portraits"), _folder(sounds, "--sounds"))
    host, port = status_address(http, insecure)
    with ExitStack() as stack:
        stack.enter_context(logging_to(sys.stderr, log_format, LogLevel.DEBUG if debug else log_level))
        opened = load_bundle(bundle, device)
        measures = not bounds.sessions
        bounds = replace(bounds, sessions=capacity(opened)) if measures else bounds
        descriptors.raise_limit(bounds.connections + descriptors.SPARE)
        server = Server(opened, Settings(bind, bounds, measures, folders, keys, tuple(to or ()), insecure, force))
        stop_on_signals(server.sockets.stop)
        outlive_hang_ups(server.sockets.read_keys_again)
        stack.callback(server.stop)
        if port:
            stack.enter_context(StatusServer(StatusCollector(server), port, host=host))
        server.run()


def keygen_command(
    name: Annotated[str, typer.Argument(help="Whose keys: names the files.")] = "server",
    folder: Annotated[Path, typer.Option(help="Where to write them.")] = Path("keys"),
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Make a pair of CURVE keys: NAME.key may be known to all, NAME.key_secret to its owner alone."""
    if not _PLAIN_NAME.fullmatch(name) or _DEVICE_NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no plain name of letters, digits, '_', '-' and '.'; write for example anna")
    for path in make_keys(folder, name):
        print(path)


def stop_on_signals(ask: Callable[[], None]) -> None:
    """Let SIGTERM, Ctrl-C and, on Windows, Ctrl-Break end a server cleanly. ask: asks it to end."""

    def stop(number: int, frame: FrameType | None) -> None:
        ask()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)


def outlive_hang_ups(read_again: Callable[[], None] = lambda: None) -> None:
    """Let SIGHUP end nothing: it asks for files to be read again."""

    def hang_up(number: int, frame: FrameType | None) -> None:
        read_again()

    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, hang_up)


def _keys(bind: str, key: Path | None, clients: Path | None, insecure: bool) -> Keys | None:
    if (key is None) != (clients is None):
        raise UsageError("--key and --clients belong together: who the server is, and who may come in; give both")
    keys = load_keys(key, clients) if key and clients else None
    check_bind(bind, keys, insecure)
    return keys


def _limits(file: Path | None, sessions: int, per_client: int, lease_s: float | None) -> Limits:
    """Return the limits of an operator: options, then the file, then the defaults; 0 sessions are to be measured."""
    limits = Limits(sessions=0)
    if file is not None:
        limits = read_limits(file, limits)
    if in_range("--sessions", sessions, 0, MAX_SESSIONS):
        limits = replace(limits, sessions=sessions)
    if in_range("--sessions-per-client", per_client, 0, MAX_SESSIONS):
        limits = replace(limits, sessions_per_client=per_client)
    if lease_s is not None:
        limits = replace(limits, lease_ms=round(in_range("--lease", lease_s, 1.0, 3_600.0) * 1e3))
    return limits


def _folder(path: Path | None, option: str) -> Path | None:
    if path is not None and not path.is_dir():
        raise UsageError(f"{option} {path} is no folder; name one that exists")
    return path
