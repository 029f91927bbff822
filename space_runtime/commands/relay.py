"""``space-runtime relay``: from engines on this machine to a server elsewhere."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from engine_bridge.adapters.playout import open_playout
from engine_bridge.protocol import descriptors
from engine_bridge.protocol.arkit import DEFAULT_ADDRESS
from space_runtime.commands.shared_options import Debug
from space_runtime.commands.stopping import outlive_hang_ups, stop_on_signals
from space_runtime.errors import UsageError
from space_runtime.server import log_events
from space_runtime.server.keys import is_loopback, load_pair, load_public
from space_runtime.server.observability.log_output import LogFormat, LogLevel, logging_to
from space_runtime.server.relay.relay import DESCRIPTORS, Relay
from space_runtime.server.relay.sink_output import RelaySinkOutput
from space_runtime.server.relay.upstream import Upstream


def relay_command(
    server: Annotated[str, typer.Argument(help="The server's address, for example tcp://10.0.0.5:5570.")],
    server_key: Annotated[Path | None, typer.Option(help="The server's public key file (server.key).")] = None,
    key: Annotated[Path | None, typer.Option(help="This machine's secret key file (NAME.key_secret).")] = None,
    bind: Annotated[str, typer.Option(help="Address on this machine to listen on.")] = DEFAULT_ADDRESS,
    to: Annotated[list[str] | None, typer.Option(help="Also show all sessions there: llf://, vmc:// or ws://.")] = None,
    log_format: Annotated[LogFormat, typer.Option(help="How log lines are written.")] = LogFormat.TEXT,
    log_level: Annotated[LogLevel, typer.Option(help="The least that is logged.")] = LogLevel.INFO,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Other machines without encryption: server, --to.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Relay local connections to a server on another machine: plain ZeroMQ here, CURVE on the way."""
    upstream = _upstream(server, server_key, key, insecure)
    if not is_loopback(bind):
        raise UsageError(f"{bind} can be reached from other machines, and a relay lets everybody in; bind 127.0.0.1")
    with ExitStack() as stack:
        stack.enter_context(logging_to(sys.stderr, log_format, LogLevel.DEBUG if debug else log_level))
        playout = open_playout(to or (), insecure)
        if playout:
            stack.callback(playout.close)
        descriptors.raise_limit(DESCRIPTORS)
        relay = Relay(bind, upstream, RelaySinkOutput(playout) if playout else None)
        stop_on_signals(relay.stop)
        outlive_hang_ups()
        log_events.write(log_events.relaying(relay.address, server))
        for page in playout.pages if playout else ():
            log_events.write(log_events.viewer(page))
        relay.run()
        log_events.write(log_events.relay_stopped(relay.n_dropped))


def _upstream(server: str, server_key: Path | None, key: Path | None, insecure: bool) -> Upstream:
    nearby = is_loopback(server)
    if server.endswith(":0"):
        raise UsageError(f"{server} has port 0, which no server listens on; name its port, usually 5570")
    if (server_key is None) != (key is None):
        raise UsageError("--server-key and --key belong together: who the server is, and who this is; give both")
    if server_key and key:
        public, secret = load_pair(key)
        return Upstream(server, load_public(server_key), public, secret)
    if not nearby and not insecure:
        raise UsageError(
            f"{server} is on another machine; give --server-key and --key (space-runtime keygen), or say --insecure"
        )
    return Upstream(server)
