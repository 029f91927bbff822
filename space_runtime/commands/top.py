"""``space-runtime top``: the sessions of a running server, live."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Annotated, Final

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from space_runtime.commands.shared_options import Debug
from space_runtime.errors import one_line
from space_runtime.server.answers import State
from space_runtime.server.observability.snapshot import SessionSnapshot, Snapshot, Totals
from space_runtime.server.observability.status_client import DEFAULT_URL, fetch_snapshot

PERIOD_S: Final = 1.0
COLUMNS: Final = (
    ("session", "right"),
    ("client", "left"),
    ("face", "left"),
    ("outputs", "left"),
    ("fps", "right"),
    ("stream", "right"),
    ("state", "left"),
    ("media s", "right"),
    ("sent", "right"),
    ("dropped", "right"),
    ("buffered s", "right"),
    ("credit", "right"),
    ("silent s", "right"),
)
ORDER: Final = {state: place for place, state in enumerate((State.SPEAKING, State.FINISHING, State.OPENING))}
WIDE: Final = 160
"""Columns of what is not a terminal."""


def top_command(
    http: Annotated[str, typer.Option(help="The server's status page, or its port.")] = DEFAULT_URL,
    once: Annotated[bool, typer.Option("--once", help="Print all sessions once and end.")] = False,
    debug: Debug = False,
) -> None:
    """Show the sessions of a running server, once a second until Ctrl-C."""
    console = Console()
    snapshot = fetch_snapshot(http)
    if once:
        wide = console if console.is_terminal else Console(width=WIDE)
        wide.print(picture(snapshot, None))
        return
    with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:
        while True:
            live.update(picture(snapshot, room(console)), refresh=True)
            time.sleep(PERIOD_S)
            snapshot = fetch_snapshot(http)


def room(console: Console) -> int | None:
    """The number of sessions that fit on the screen beside the totals; None for all."""
    return max(1, console.height - 12) if console.is_terminal else None


def picture(snapshot: Snapshot, most: int | None) -> Group:
    """Return totals, workers and the sessions, those that speak first; at most so many."""
    ordered = sorted(snapshot.sessions, key=lambda session: (ORDER.get(session.state, len(ORDER)), session.number))
    shown = ordered[:most]
    table = Table(box=None, padding=(0, 1), header_style="bold")
    for name, side in COLUMNS:
        table.add_column(name, justify="right" if side == "right" else "left", no_wrap=True)
    for session in shown:
        table.add_row(*(Text(cell) for cell in cells(session)))
    rest = len(ordered) - len(shown)
    return Group(*map(Text, headings(snapshot.totals)), Text(""), table, Text(f"… and {rest} more" if rest else ""))


def headings(totals: Totals) -> list[str]:
    """Return the lines above the table."""
    opening = f"closed for new sessions: {totals.closed_for}" if totals.closed_for else "open for new sessions"
    lines = [
        f"up {timedelta(seconds=int(totals.uptime_s))} · {'healthy' if totals.healthy else 'NOT HEALTHY'} · {opening}",
        f"sessions {totals.sessions}/{totals.max_sessions} · streams {totals.streams} · "
        f"connections {totals.connections} · opened {totals.opened} · resumed {totals.resumed} · "
        f"expired {totals.expired}",
        f"frames sent {totals.frames_sent} · dropped {totals.frames_dropped} · hops {totals.hops} · "
        f"batches {totals.batches} (mean {totals.mean_batch:.1f}) · textures {totals.textures_drawn} · "
        f"skipped {totals.textures_skipped}",
        f"refused {totals.refused} · bad messages {totals.bad_messages} · too fast {totals.too_fast} · "
        f"slow sends {totals.slow_sends} · waiting commands {totals.waiting}",
    ]
    for number, worker in enumerate(totals.workers):
        lines.append(
            f"worker {number}: busy {worker.busy_share:4.0%} · lag {worker.lag_s * 1e3:.1f} ms, "
            f"worst {worker.worst_lag_s * 1e3:.1f} ms · streams {worker.streams}"
            + ("" if worker.alive or totals.closed_for == "starting" else " · DEAD")
        )
    return lines


def cells(session: SessionSnapshot) -> list[str]:
    """Return a session's row. Names come from clients: what could steer a terminal is escaped."""
    return [
        str(session.number),
        one_line(session.client)[:24] + ("" if session.connected else " (lost)"),
        one_line(session.character)[:24],
        ",".join(session.outputs),
        f"{session.fps:g}",
        str(session.stream) if session.stream >= 0 else "–",
        session.state.value,
        f"{session.media_s:.1f}",
        str(session.frames_sent),
        str(session.frames_dropped),
        f"{session.buffered_s:.2f}",
        "plenty" if session.credit >= PLENTY else str(session.credit),
        f"{session.silent_s:.1f}",
    ]


PLENTY: Final = 1_000_000
