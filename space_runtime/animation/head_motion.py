"""Heads that move by themselves: the seam, and the idle head behind it.

A head is stepped once per hop with a state of its own; its outputs are interpolated linearly between hops like the
landmarks, and turned into a pose at the media time of each frame. What is a pure function of time (the idle sway) is
evaluated there exactly; what has memory (a network, a filter) puts it into the outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from space_runtime.animation.control_batch import ControlBatch
from space_runtime.animation.hop_controls import HopControls
from space_runtime.animation.schedules import ease, sway
from space_runtime.animation.stages.liveliness import ControlsAt, VoiceEffort
from space_runtime.animation.stages.pose import NOD_RAD
from space_runtime.animation.stages.prosody import Prosody
from space_runtime.arrays import Doubles, Floats, Longs
from space_runtime.soa import some
from space_runtime.timebase import HOP, SAMPLE_RATE


@dataclass(frozen=True, slots=True, eq=False)
class HeadInputs:
    """Signals that heads may follow in T hops of B streams.

    features: (B, T, 96), prosody: (B, T) of the hops just heard, the network's look-ahead ahead of media time.
    obeyed: (B, T), speech: (B, T) 0…1, nod: (B, T) 0…1 on stressed syllables: at media time.
    effort: of the hops just heard. first_sample: (B,) media sample of the first hop's output; the next ones follow at
    distances of `HOP`. controls_at: see `ControlsAt`; for rare events, as it costs a search.
    """

    features: Floats
    prosody: Prosody
    obeyed: HopControls
    speech: Floats
    nod: Doubles
    effort: VoiceEffort
    first_sample: Longs
    controls_at: ControlsAt


class HeadMotion(Protocol):
    """An implementation of generated head motion, the same for all streams of a batch.

    Laws: pure; no bit of a row depends on the other rows or on how hops are cut into calls. n_outputs: V, numbers per
    hop, 0 before the first hop.
    """

    @property
    def n_outputs(self) -> int:
        """Return V."""

    def initial_state(self, n_streams: int) -> Doubles:
        """Return the (B, S) state of streams that have heard nothing."""

    def step(self, state: Doubles, inputs: HeadInputs) -> tuple[Doubles, Doubles]:
        """Return (new state (B, S), outputs (B, T, V)) after T more hops of B streams."""

    def at(self, outputs: Doubles, reactions: Doubles, controls: ControlBatch, media_sample: Doubles) -> Floats:
        """Return (F, 6) yaw, pitch, roll (radians) and x, y, z (normalised units) at (F,) media samples.

        outputs: (F, V) interpolated. reactions: (F, 2) of `stages.reactions`. controls: F rows. Strength is applied
        afterwards: the answer is that of 1.
        """


HOP_S: Final = HOP / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class IdleHead:
    """A gentle sway, a pure function of seed and the head's own time, and a nod on stressed syllables, per hop."""

    @property
    def n_outputs(self) -> int:
        """Return 2: the seconds by which the head's own time is ahead of the media's, and the nod."""
        return 2

    def initial_state(self, n_streams: int) -> Doubles:
        """Return (B, 1): the seconds ahead."""
        return np.zeros((n_streams, 1))

    def step(self, state: Doubles, inputs: HeadInputs) -> tuple[Doubles, Doubles]:
        """Return the (B, 1) seconds ahead after the last hop, and (B, T, 2) outputs."""
        gains = HOP_S * (inputs.obeyed.tempo - 1)
        ahead = np.add.accumulate(np.concatenate([state, gains], 1), 1)
        return ahead[:, -1:], np.stack([ahead[:, 1:], inputs.nod], -1)

    def at(self, outputs: Doubles, reactions: Doubles, controls: ControlBatch, media_sample: Doubles) -> Floats:
        """Return (F, 6): the sway at the media times, the nod added to its pitch; it knows no reactions."""
        seconds = media_sample / SAMPLE_RATE
        motion = eased_in(sway(controls.phases, seconds + outputs[:, 0]), seconds, EASE_IN_S)
        motion[:, 1] += NOD_RAD * outputs[:, 1]
        return motion


def eased_in(motion: Floats, seconds: Doubles, within_s: float) -> Floats:
    """Return (F, 6) motion that comes out of rest from media time 0 on; overwrites it."""
    early = seconds < within_s
    if some(early):
        motion[early] *= ease(seconds[early] / within_s)[:, None]
    return motion


EASE_IN_S: Final = 2.5
"""Of the sway: from rest to all of it."""
IDLE_HEAD: Final[HeadMotion] = IdleHead()
