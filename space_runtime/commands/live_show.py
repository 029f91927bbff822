"""The places where ``live`` shows a face: the page, other programs, the terminal."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from engine_bridge.adapters import WEB_SOCKET_PORT, Sink, SinkError, is_web_socket, open_player, open_sink
from engine_bridge.client.jitter import Pose
from space_runtime.errors import counted
from space_runtime.live.player import PlaybackResult
from space_runtime.rig.shapes import SHAPE

if TYPE_CHECKING:
    from engine_bridge.adapters.web_player import WebPlayer

METER: Final = 32
"""Characters of the jaw's bar."""


def opened_sinks(
    stack: ExitStack, urls: list[str], has_portrait: bool, name: str, insecure: bool
) -> tuple[WebPlayer | None, dict[str, Sink]]:
    """Return the player of the page, if there is one, and the other sinks by address."""
    pages = [url for url in urls if is_web_socket(url)]
    page = _page(pages, name, insecure) if pages or has_portrait or not urls else None
    if page:
        stack.callback(page.close)
    others = {url: open_sink(url, insecure) for url in urls if url not in pages[:1]}
    for sink in others.values():
        stack.callback(sink.close)
    return page, others


def _page(urls: list[str], name: str, insecure: bool) -> WebPlayer:
    """Return the player at the first of the addresses; without any at the usual port of this machine, or a free one."""
    if urls:
        return open_player(urls[0], name, insecure)
    try:
        return open_player(f"ws://127.0.0.1:{WEB_SOCKET_PORT}", name)
    except SinkError:
        return open_player("ws://127.0.0.1:0", name)


def draw_meter(seconds: float, pose: Pose) -> None:
    """Draw the opening of the jaw on a terminal, and nothing elsewhere."""
    if sys.stderr.isatty():
        bar = "#" * round(METER * float(pose.blendshapes[SHAPE["jawOpen"]]))
        print(f"\r{seconds:8.2f} s  jaw {bar:<{METER}}", end="", file=sys.stderr, flush=True)


def report(played: PlaybackResult, others: dict[str, Sink], page: WebPlayer | None) -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)
    frames = counted(played.frames, "frame")
    print(f"{played.seconds:.2f} s spoken, {frames}, {played.resting} of them without a face to show")
    if page:
        others = {page.page: page, **others}
    for url, sink in others.items():
        lost = f", {sink.counts.unsent} not sent ({sink.counts.reason})" if sink.counts.unsent else ""
        print(f"{url}: {sink.counts.sent} sent{lost or _why_none(sink, sink is page)}")


def _why_none(sink: Sink, is_page: bool) -> str:
    """Return why nothing was sent, if so."""
    if sink.counts.sent:
        return ""
    return "; nobody opened it in a browser" if is_page else "; nothing was spoken, or nobody was connected"
