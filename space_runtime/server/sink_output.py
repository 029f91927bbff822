"""Frames beside the clients: what sessions do, shown on the sinks of `engine_bridge.adapters` in step with playback."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine_bridge.adapters.playout import Part, Playout
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Floats, Output, Reason
from space_runtime.server.frame_encoder import Columns
from space_runtime.server.session import SessionState


class SinkOutput:
    """Shows the frames of a worker's sessions when their clients play the sound that belongs to them.

    Lines of pace `clip`, whose time of playback nobody knows, are due never and are not shown.
    """

    def __init__(self, playout: Playout) -> None:
        self._playout = playout
        self._parts: dict[int, tuple[int, Part]] = {}  # by session: its stream, and how that is called

    def frames(self, seats: Mapping[int, SessionState], rows: list[int], columns: Columns, due: list[float]) -> None:
        """Show F frames. rows: ledger rows. due: when the frames' media times are played; infinity: never."""
        weights, head, eyes = (columns.parts[part] for part in (Output.WEIGHTS, Output.HEAD, Output.EYES))
        for place, row in enumerate(rows):
            if due[place] < math.inf:
                seat = seats[row]
                frame = _frame(columns, place, weights[place], head[place], eyes[place])
                self._playout.frame(due[place], self._part(seat, frame.stream), frame, _rate(seat))

    def texture(self, seat: SessionState, texture: m.Texture, due: float) -> None:
        """Show a picture."""
        if due < math.inf:
            self._playout.texture(due, self._part(seat, texture.stream), texture)

    def finished(self, seat: SessionState, reason: str, due: float) -> None:
        """Let a face rest: at the end of its line, or at once if the line was cut off."""
        if seat.session not in self._parts:
            return
        _, part = self._parts[seat.session]
        if reason in (Reason.END, Reason.INTERRUPTED):
            self._playout.rest(due, part)
        else:
            self._playout.cut(part)

    def closed(self, seat: SessionState) -> None:
        """Forget a session."""
        _, part = self._parts.pop(seat.session, (0, None))
        if part:
            self._playout.cut(part)

    def _part(self, seat: SessionState, stream: int) -> Part:
        """Return what a stream is shown as; what still waits of the one before is not shown any more."""
        before, part = self._parts.get(seat.session, (-1, None))
        if part and before == stream:
            return part
        if part:
            self._playout.cut(part)
        self._parts[seat.session] = stream, self._playout.enter(seat.name)
        return self._parts[seat.session][1]


def _rate(seat: SessionState) -> float:
    return float(seat.stream.rate) if seat.stream else 1.0


def _frame(columns: Columns, place: int, weights: Floats, head: Floats, eyes: Floats) -> m.Frame:
    return m.Frame(
        session=int(columns.session[place]),
        stream=int(columns.stream[place]),
        seq=int(columns.seq[place]),
        index=int(columns.index[place]),
        sample=float(columns.sample[place]),
        speech=float(columns.speech[place]),
        weights=weights,
        head=head,
        eyes=eyes,
    )
