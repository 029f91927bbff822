"""Frames beside the clients: shown on the sinks of `engine_bridge.adapters` in step with playback."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from engine_bridge.adapters.playout import Part, Playout
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Output, Reason
from space_runtime.animation.batch_state import Frames
from space_runtime.arrays import Longs
from space_runtime.server.flow_control import FlowControl
from space_runtime.server.frame_encoder import COLUMNS
from space_runtime.timebase import SAMPLE_RATE

SHOWN: Final = (Output.WEIGHTS, Output.HEAD, Output.EYES)


@dataclass(frozen=True, slots=True, eq=False)
class SinkFrame:
    """A frame for sinks. due: when its media time is played. rate: samples per second in which that is said."""

    due: float
    rate: float
    frame: m.Frame


def sink_frames(frames: Frames, seq: Longs, flow: FlowControl, fps: Sequence[Fraction]) -> list[SinkFrame]:
    """Return those of F frames that are played at a known time. seq: (F,) numbers; fps: of their F sessions."""
    rows = frames.row
    due = flow.started_at[rows] + frames.media_sample / SAMPLE_RATE + flow.late_after_s[rows]
    index = flow.first_index[rows] + frames.frame_index
    sample, columns = flow.media_sample(rows, index), {output.value: COLUMNS[output](frames) for output in SHOWN}
    return [
        SinkFrame(
            due=float(due[place]),
            rate=float(flow.rate(int(rows[place]), fps[place])),
            frame=m.Frame(
                session=int(flow.session[rows[place]]),
                stream=int(flow.stream[rows[place]]),
                seq=int(seq[place]),
                index=int(index[place]),
                sample=float(sample[place]),
                speech=float(frames.speech[place]),
                **{name: column[place] for name, column in columns.items()},
            ),
        )
        for place in np.flatnonzero(np.isfinite(due)).tolist()
    ]


class SinkOutput:
    """Shows the frames of a worker's sessions when their clients play the sound that belongs to them.

    Streams of pace `clip`, whose time of playback nobody knows, are due never and are not shown.
    """

    def __init__(self, playout: Playout) -> None:
        self._playout = playout
        self._names: dict[int, str] = {}
        self._parts: dict[int, tuple[int, Part]] = {}  # by session: its stream, and how that is called

    def opened(self, session: int, name: str) -> None:
        """Take a session. name: of its character, empty if it has none."""
        self._names[session] = name

    def frames(self, shown: Sequence[SinkFrame]) -> None:
        """Show frames."""
        for each in shown:
            part = self._part(each.frame.session, each.frame.stream)
            self._playout.frame(each.due, part, each.frame, each.rate)

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
