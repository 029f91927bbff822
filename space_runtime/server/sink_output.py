"""Frames beside the clients: shown on the sinks of `engine_bridge.adapters` in step with playback."""

from __future__ import annotations

import math
from fractions import Fraction

from engine_bridge.adapters.playout import Part, Playout
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Output, Reason
from space_runtime.animation.batch_state import Frames
from space_runtime.arrays import Doubles, Longs
from space_runtime.server.flow_control import FlowControl
from space_runtime.server.frame_encoder import COLUMNS

SHOWN = (Output.WEIGHTS, Output.HEAD, Output.EYES)


class SinkOutput:
    """Shows the frames of a worker's sessions when their clients play the sound that belongs to them.

    Streams of pace `clip`, whose time of playback nobody knows, are due never and are not shown.
    """

    def __init__(self, playout: Playout) -> None:
        self._playout = playout
        self._names: dict[int, str] = {}
        self._fps: dict[int, Fraction] = {}
        self._parts: dict[int, tuple[int, Part]] = {}  # by session: its stream, and how that is called

    def opened(self, session: int, name: str, fps: Fraction) -> None:
        """Take a session. name: of its character, empty if it has none. fps: frames per second."""
        self._names[session], self._fps[session] = name, fps

    def frames(self, frames: Frames, seq: Longs, flow: FlowControl, due: Doubles) -> None:
        """Show F frames. due: (F,) when their media times are played; infinity: never."""
        columns = {output.value: COLUMNS[output](frames) for output in SHOWN}
        for place, when in enumerate(due.tolist()):
            if when < math.inf:
                row = int(frames.row[place])
                index = int(flow.first_index[row] + frames.frame_index[place])
                frame = m.Frame(
                    session=int(flow.session[row]),
                    stream=int(flow.stream[row]),
                    seq=int(seq[place]),
                    index=index,
                    sample=float(index * flow.samples[row] / flow.per_frames[row]),
                    speech=float(frames.speech[place]),
                    **{name: column[place] for name, column in columns.items()},
                )
                rate = float(flow.rate(row, self._fps[frame.session]))
                self._playout.frame(when, self._part(frame.session, frame.stream), frame, rate)

    def texture(self, texture: m.Texture, due: float) -> None:
        """Show a picture."""
        if due < math.inf:
            self._playout.texture(due, self._part(texture.session, texture.stream), texture)

    def finished(self, finished: m.Finished, due: float) -> None:
        """Let a face rest: at the end of its stream, or at once if the stream was cut off."""
        if finished.session not in self._parts:
            return
        _, part = self._parts[finished.session]
        if finished.reason in (Reason.END, Reason.INTERRUPTED):
            self._playout.rest(due, part)
        else:
            self._playout.cut(part)

    def closed(self, session: int) -> None:
        """Forget a session."""
        self._names.pop(session, None)
        self._fps.pop(session, None)
        _, part = self._parts.pop(session, (0, None))
        if part:
            self._playout.cut(part)

    def _part(self, session: int, stream: int) -> Part:
        """Return what a stream is shown as; what still waits of the one before is not shown any more."""
        before, part = self._parts.get(session, (-1, None))
        if part and before == stream:
            return part
        if part:
            self._playout.cut(part)
        self._parts[session] = stream, self._playout.enter(self._names[session])
        return self._parts[session][1]
