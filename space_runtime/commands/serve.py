"""``space-runtime serve``: the live server; ``space-runtime keygen``: keys for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from engine_bridge.protocol.arkit import DEFAULT_ADDRESS
from space_runtime.commands.serving import Choices, serve
from space_runtime.commands.shared_options import BundleFolder, Debug, DeviceName, Force, RefinerFolder
from space_runtime.errors import UsageError
from space_runtime.inference.device import AUTO
from space_runtime.server.keys import make_keys
from space_runtime.server.observability.log_output import LogFormat, LogLevel
from space_runtime.server.observability.status_address import DEFAULT_PORT

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
    force: Force = False,
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
    bundle: BundleFolder = None,
    refiner: RefinerFolder = None,
    device: DeviceName = AUTO,
    ready_line: Annotated[
        bool, typer.Option("--ready-line", help="When ready, print one line of JSON: endpoint, pid, version.")
    ] = False,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", help="End when standard input ends: with the program that holds it.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Serve live sessions over ZeroMQ until Ctrl-C or SIGTERM. The protocol: engine_bridge/PROTOCOL.md."""
    serve(
        Choices(
            bind=bind,
            key=key,
            clients=clients,
            insecure=insecure,
            sessions=sessions,
            sessions_per_client=sessions_per_client,
            limits=limits,
            portraits=portraits,
            force=force,
            sounds=sounds,
            lease_s=lease,
            to=tuple(to or ()),
            http=http,
            log_format=log_format,
            log_level=LogLevel.DEBUG if debug else log_level,
            bundle=bundle,
            refiner=refiner,
            device=device,
            ready_line=ready_line,
            with_parent=with_parent,
        )
    )


def keygen_command(
    name: Annotated[str, typer.Argument(help="Whose keys: names the files.")] = "server",
    folder: Annotated[Path, typer.Option(help="Where to write them.")] = Path("keys"),
    debug: Debug = False,
) -> None:
    """Make a pair of CURVE keys: NAME.key may be known to all, NAME.key_secret to its owner alone."""
    if not _PLAIN_NAME.fullmatch(name) or _DEVICE_NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no plain name of letters, digits, '_', '-' and '.'; write for example anna")
    for path in make_keys(folder, name):
        print(path)
