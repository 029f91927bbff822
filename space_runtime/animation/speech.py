"""Speech as the source of motion: hops of sound through the networks, and the motion between hops, pure.

What streams carry from hop to hop comes in and goes out as `Streams`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from space_runtime.animation.batch_state import FrameSchedule, HeadState, HopOutput, IdentityGroup, Motion, Streams
from space_runtime.animation.control_batch import ControlBatch
from space_runtime.animation.head_motion import HeadInputs, HeadMotion
from space_runtime.animation.hop_controls import HopControls
from space_runtime.animation.stages import controls as control_stage
from space_runtime.animation.stages import features as feature_stage
from space_runtime.animation.stages import landmarks as landmark_stage
from space_runtime.animation.stages import liveliness as life_stage
from space_runtime.animation.stages import prosody as prosody_stage
from space_runtime.animation.stages import tongue as tongue_stage
from space_runtime.animation.stages.liveliness import ControlsAt
from space_runtime.animation.stages.reactions import head_reactions
from space_runtime.arrays import Doubles, Floats, Longs
from space_runtime.geometry import N_LANDMARKS
from space_runtime.inference.network import Network
from space_runtime.rig.rig import N_SHAPES
from space_runtime.soa import some, take
from space_runtime.timebase import HOP, SAMPLE_RATE

Real = TypeVar("Real", np.float32, np.float64)
"""A kind of floating-point numbers."""


def initial_streams(network: Network, head: HeadMotion, neutral: Floats) -> Streams:
    """Return B streams that have heard nothing. neutral: (B, 78, 3)."""
    n = len(neutral)
    return Streams(
        n_steps=np.zeros(n, np.int64),
        hearing=feature_stage.initial_state(n),
        memory=landmark_stage.initial_state(network, n),
        landmarks=neutral.copy(),
        speech=np.zeros(n, np.float32),
        life=life_stage.initial_state(n),
        head=HeadState(head.initial_state(n), np.zeros((n, head.n_outputs))),
        tongue=np.zeros((n, tongue_stage.N_TONGUE), np.float32),
    )


@dataclass(frozen=True, slots=True, eq=False)
class HopModels:
    """The models that turn hops of sound into outputs.

    network: Speech2Landmarks. head: of all streams. look_ahead: samples by which outputs lag.
    """

    network: Network
    head: HeadMotion
    look_ahead: int


def run_hops(
    models: HopModels, neutral: Floats, streams: Streams, obeyed: HopControls, sound: Floats, controls_at: ControlsAt
) -> tuple[Streams, HopOutput]:
    """Run (B, T · 320) samples under (B, T) controls through the networks of (B, 78, 3) faces; return the new state and
    the outputs.

    A face that listens is as in silence; its head and lids hear the voice. controls_at: see `ControlsAt`. One kind of
    work after the other: that keeps its code and weights in the processor's cache.
    """
    hearing, features, voices = feature_stage.extract(streams.hearing, sound)
    if some(obeyed.listens):
        features[obeyed.listens] = feature_stage.silence()
    shape = len(sound), 1 + features.shape[1]
    landmarks, speech = np.empty((*shape, N_LANDMARKS, 3), np.float32), np.empty(shape, np.float32)
    landmarks[:, 0], speech[:, 0] = streams.landmarks, streams.speech
    memory, step = landmark_stage.step(models.network, streams.memory, features, neutral, obeyed.emotion, obeyed.style)
    landmarks[:, 1:], speech[:, 1:] = step.landmarks, step.speech
    tongue = np.empty((*shape, tongue_stage.N_TONGUE), np.float32)
    tongue[:, 0] = streams.tongue
    tongue[:, 1:] = tongue_stage.follow(streams.tongue, step.tongue * step.speech[..., None])
    first_sample = (streams.n_steps + 1) * HOP - models.look_ahead
    prosody, life = prosody_stage.prosody(voices), np.empty((*shape, life_stage.N_OUTPUTS))
    life[:, 0] = streams.life.outputs
    talks = (speech[:, 1:] >= life_stage.SPEECH) | obeyed.listens
    lively, life[:, 1:], effort = life_stage.step(
        streams.life, prosody, speech[:, 1:], talks, first_sample, controls_at
    )
    head = np.empty((*shape, models.head.n_outputs))
    head[:, 0] = streams.head.outputs
    inputs = HeadInputs(features, prosody, obeyed, speech[:, 1:], life[:, 1:, 1], effort, first_sample, controls_at)
    head_memory, head[:, 1:] = models.head.step(streams.head.memory, inputs)
    n_steps, ends = streams.n_steps + features.shape[1], HeadState(head_memory, head[:, -1])
    after = Streams(n_steps, hearing, memory, landmarks[:, -1], speech[:, -1], lively, ends, tongue[:, -1])
    return after, HopOutput(streams.n_steps, features, landmarks, speech, life, head, tongue)


def completed_frames(fps: Longs, n_steps: Longs, next_frame: Longs, look_ahead: int) -> FrameSchedule | None:
    """Return the frames whose look-ahead is complete: media time, n / fps, not after that of the newest output.

    fps: (B, 2) numerator and denominator. n_steps, next_frame: (B,).
    """
    numerator, denominator = fps[:, 0], fps[:, 1] * SAMPLE_RATE
    reached = (n_steps * HOP - look_ahead) * numerator
    counts = np.maximum(reached // denominator + 1 - next_frame, 0)
    if not some(counts):
        return None
    position = np.arange(len(counts)).repeat(counts)
    turn = np.arange(len(position)) - (counts.cumsum() - counts).repeat(counts)
    index = next_frame[position] + turn
    return FrameSchedule(position, turn, index, index * denominator[position] / numerator[position])


@dataclass(frozen=True, slots=True, eq=False)
class _Instants:
    """Media times of F frames among B streams' 1 + T outputs: the row of the newer output around each, and the older
    one's share."""

    newer: Longs
    share: Floats

    def newest(self, values: Doubles) -> Doubles:
        """(F, …) of the newer outputs, of (B, 1 + T, …)."""
        return values.reshape(-1, *values.shape[2:]).take(self.newer, 0)

    def linear(self, values: NDArray[Real]) -> NDArray[Real]:
        """(F, …) on the line between the two outputs, as precise as they."""
        rows = values.reshape(-1, *values.shape[2:])
        newer, between = rows.take(self.newer, 0), rows.take(self.newer - 1, 0)
        between -= newer
        between *= self.share.reshape(-1, *(1,) * (rows.ndim - 1))
        between += newer
        return between


def _instants(outputs: HopOutput, look_ahead: int, schedule: FrameSchedule) -> _Instants:
    place = (schedule.media_sample + look_ahead) / HOP
    newer, stream = np.ceil(place), schedule.position
    column = newer.astype(np.int64) - outputs.n_steps[stream]
    return _Instants(stream * outputs.speech.shape[1] + column, (newer - place).astype(np.float32))


def speech_motion(
    models: HopModels,
    groups: Sequence[IdentityGroup],
    controls: ControlBatch,
    outputs: HopOutput,
    schedule: FrameSchedule,
) -> Motion:
    """Return the motion of F frames by speech, brows lifted. groups: identities of the frames. controls: F rows.

    Linear between the two hops around each media time; glances and early blinks are those of the newer hop.
    """
    instants = _instants(outputs, models.look_ahead, schedule)
    samples, glance = schedule.media_sample, instants.newest(outputs.life)[:, life_stage.N_BROW_NOD :]
    reactions = head_reactions(controls, samples / SAMPLE_RATE, glance[:, 2:6], glance[:, 6:])
    brows = instants.linear(outputs.life[..., 0]).astype(np.float32)
    n_frames = len(samples)
    return Motion(
        landmarks=_lift_brows(groups, controls, brows, instants.linear(outputs.landmarks)),
        speech=instants.linear(outputs.speech),
        head=models.head.at(instants.linear(outputs.head), reactions, controls, samples),
        eyes_rad=np.full((n_frames, 2, 2), np.nan, np.float32),
        saccade_offset_rad=control_stage.saccade_offset(controls, samples, glance[:, 2:6]),
        lids=control_stage.lid_closure(controls, samples, glance[:, :2])[:, None].repeat(2, 1),
        weights=np.zeros((n_frames, N_SHAPES), np.float32),
        known=np.zeros((n_frames, N_SHAPES), np.float32),
        tongue=instants.linear(outputs.tongue),
    )


def _lift_brows(groups: Sequence[IdentityGroup], controls: ControlBatch, brows: Floats, landmarks: Floats) -> Floats:
    if len(groups) == 1:
        return control_stage.lift_brows(controls, groups[0].identity, brows, landmarks)
    for group in groups if some(brows) else ():
        own = group.frames
        landmarks[own] = control_stage.lift_brows(take(controls, own), group.identity, brows[own], landmarks[own])
    return landmarks
