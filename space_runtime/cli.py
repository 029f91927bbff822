"""The command line: the one place that prints. Each command lives in `space_runtime.commands`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Final

import typer
from typer.core import TyperGroup
from typer.main import get_group

from space_runtime.commands.bake import bake_command
from space_runtime.commands.bench import bench_command
from space_runtime.commands.bench_serve import bench_serve_command
from space_runtime.commands.call_words import check_words
from space_runtime.commands.demo import demo_command
from space_runtime.commands.doctor import doctor_command
from space_runtime.commands.dub import dub_command
from space_runtime.commands.help_pages import arrange
from space_runtime.commands.inspect import inspect_command
from space_runtime.commands.landmarks import landmarks_command
from space_runtime.commands.live import live_command
from space_runtime.commands.package import package_command
from space_runtime.commands.portrait import portrait_command
from space_runtime.commands.relay import relay_command
from space_runtime.commands.report import INTERRUPTED, explain, unheard
from space_runtime.commands.serve import keygen_command, serve_command
from space_runtime.commands.still import still_command
from space_runtime.commands.suggest_emotion import suggest_emotion_command
from space_runtime.commands.top import top_command
from space_runtime.commands.track import track_command
from space_runtime.version import VERSION

app = typer.Typer(
    name="space-runtime",
    help="Speech in, facial animation out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "demo": demo_command,
    "bake": bake_command,
    "still": still_command,
    "portrait": portrait_command,
    "landmarks": landmarks_command,
    "dub": dub_command,
    "track": track_command,
    "live": live_command,
    "inspect": inspect_command,
    "suggest-emotion": suggest_emotion_command,
    "serve": serve_command,
    "keygen": keygen_command,
    "relay": relay_command,
    "package": package_command,
    "top": top_command,
    "doctor": doctor_command,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
bench = typer.Typer(invoke_without_command=True)
bench.callback()(bench_command)
bench.command("serve")(bench_serve_command)
app.add_typer(bench, name="bench")


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


def program() -> TyperGroup:
    """Return all commands, their help pages arranged."""
    commands = get_group(app)
    arrange(commands)
    return commands


def main() -> None:
    """Run the command in `sys.argv` and exit: 0 when all went well, 1 when a line failed, 2 for a wrong call."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        with unheard():
            commands = program()
            check_words(commands, sys.argv[1:])
            commands()
    except KeyboardInterrupt:
        print("space-runtime: stopped", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except Exception as error:
        sys.exit(explain(error, debug="--debug" in sys.argv))
