"""A server with the choices of an operator, checked: what ``serve`` runs, and the packaged program."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from engine_bridge.protocol import descriptors
from engine_bridge.protocol.arkit import DEFAULT_ADDRESS
from space_runtime.arguments import in_range
from space_runtime.commands.stopping import outlive_hang_ups, stop_on_signals, stop_with_parent
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import load_bundle
from space_runtime.inference.device import AUTO
from space_runtime.server.keys import Keys, check_bind, load_keys
from space_runtime.server.limits import Folders, Limits
from space_runtime.server.limits_file import read_limits
from space_runtime.server.observability.log_output import LogFormat, LogLevel, logging_to
from space_runtime.server.observability.status_address import DEFAULT_PORT, status_address
from space_runtime.server.server import Server, Settings
from space_runtime.server.warm_up import capacity
from space_runtime.version import VERSION

MAX_SESSIONS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of ``serve``, as they were given; its help says what each is for."""

    bind: str = DEFAULT_ADDRESS
    key: Path | None = None
    clients: Path | None = None
    insecure: bool = False
    sessions: int = 0
    sessions_per_client: int = 0
    limits: Path | None = None
    portraits: Path | None = None
    force: bool = False
    sounds: Path | None = None
    lease_s: float | None = None
    to: tuple[str, ...] = ()
    http: str = str(DEFAULT_PORT)
    log_format: LogFormat = LogFormat.TEXT
    log_level: LogLevel = LogLevel.INFO
    bundle: Path | None = None
    refiner: Path | None = None
    device: str = AUTO
    ready_line: bool = False
    with_parent: bool = False


def serve(choices: Choices) -> None:
    """Serve until a signal, or the end of the parent, asks for the end. Raises `SpaceError` and `BridgeError`."""
    keys = _keys(choices)
    bounds = _limits(choices)
    folders = Folders(_folder(choices.portraits, "--portraits"), _folder(choices.sounds, "--sounds"))
    host, port = status_address(choices.http, choices.insecure)
    if choices.with_parent:
        stop_with_parent()
    with ExitStack() as stack:
        stack.enter_context(logging_to(sys.stderr, choices.log_format, choices.log_level))
        bundle = load_bundle(choices.bundle, choices.device, choices.refiner)
        measures = not bounds.sessions
        bounds = replace(bounds, sessions=capacity(bundle)) if measures else bounds
        descriptors.raise_limit(bounds.connections + descriptors.SPARE)
        settings = Settings(
            choices.bind, bounds, measures, folders, keys, choices.to, choices.insecure, force_portraits=choices.force
        )
        server = Server(bundle, settings)
        stop_on_signals(server.sockets.stop)
        outlive_hang_ups(server.sockets.read_keys_again)
        stack.callback(server.stop)
        if port:
            _open_status(stack, server, host, port)
        server.run(partial(_print_ready, server.address) if choices.ready_line else None)


def _open_status(stack: ExitStack, server: Server, host: str, port: int) -> None:
    from space_runtime.server.observability.status import StatusCollector  # a server of web pages, only where wanted
    from space_runtime.server.observability.status_http import StatusServer

    stack.enter_context(StatusServer(StatusCollector(server), port, host=host))


def _print_ready(address: str) -> None:
    """Print the one line that a program waits for: where sessions are taken now, and by whom."""
    print(json.dumps({"endpoint": address, "pid": os.getpid(), "version": VERSION}), flush=True)


def _keys(choices: Choices) -> Keys | None:
    key, clients = choices.key, choices.clients
    if (key is None) != (clients is None):
        raise UsageError("--key and --clients belong together: who the server is, and who may come in; give both")
    keys = load_keys(key, clients) if key and clients else None
    check_bind(choices.bind, keys, choices.insecure)
    return keys


def _limits(choices: Choices) -> Limits:
    """Return the limits of an operator: options, then the file, then the defaults; 0 sessions are to be measured."""
    limits = Limits(sessions=0)
    if choices.limits is not None:
        limits = read_limits(choices.limits, limits)
    if in_range("--sessions", choices.sessions, 0, MAX_SESSIONS):
        limits = replace(limits, sessions=choices.sessions)
    if in_range("--sessions-per-client", choices.sessions_per_client, 0, MAX_SESSIONS):
        limits = replace(limits, sessions_per_client=choices.sessions_per_client)
    if choices.lease_s is not None:
        limits = replace(limits, lease_ms=round(in_range("--lease", choices.lease_s, 1.0, 3_600.0) * 1e3))
    return limits


def _folder(path: Path | None, option: str) -> Path | None:
    if path is not None and not path.is_dir():
        raise UsageError(f"{option} {path} is no folder; name one that exists")
    return path
