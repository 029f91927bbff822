"""The command line: the one place that prints. Each command lives in `space_runtime.commands`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from space_runtime.commands.bake import bake_command
from space_runtime.commands.bench import bench_command
from space_runtime.commands.bench_serve import bench_serve_command
from space_runtime.commands.doctor import doctor_command
from space_runtime.commands.inspect import inspect_command
from space_runtime.commands.live import live_command
from space_runtime.commands.once import OnceCommand
from space_runtime.commands.relay import relay_command
from space_runtime.commands.report import INTERRUPTED, explain, unheard
from space_runtime.commands.serve import keygen_command, serve_command
from space_runtime.commands.suggest_emotion import suggest_emotion_command
from space_runtime.commands.top import top_command
from space_runtime.version import VERSION

app = typer.Typer(
    name="space-runtime",
    help="Speech in, facial animation out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("bake", cls=OnceCommand)(bake_command)
app.command("inspect")(inspect_command)
app.command("suggest-emotion")(suggest_emotion_command)
bench = typer.Typer(invoke_without_command=True)
bench.callback()(bench_command)
bench.command("serve")(bench_serve_command)
app.add_typer(bench, name="bench")
app.command("serve")(serve_command)
app.command("keygen")(keygen_command)
app.command("relay")(relay_command)
app.command("live")(live_command)
app.command("top")(top_command)
app.command("doctor")(doctor_command)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"space-runtime {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Speech in, facial animation out."""


def main() -> None:
    """Run the command in `sys.argv` and exit: 0 when all went well, 1 when a line failed, 2 for a wrong call."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        with unheard():
            app()
    except KeyboardInterrupt:
        print("space-runtime: stopped", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except Exception as error:
        sys.exit(explain(error, debug="--debug" in sys.argv))
