"""The arrays that pass through the pipeline: streams from hop to hop, outputs per hop, motion and frames.

Two forms follow the hops. `Motion` is what a source gives at the media times of frames, before controls; `Frames` is
what leaves: files and the wire take its columns as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.animation.control_batch import ControlBatch
from space_runtime.animation.hop_controls import HopControlBatch
from space_runtime.animation.stages.features import N_FEATURES, FeatureState
from space_runtime.animation.stages.liveliness import LivelinessState
from space_runtime.arrays import Doubles, Floats, Index, Longs
from space_runtime.rig.rig import RigIdentity, RigState
from space_runtime.soa import some
from space_runtime.timebase import HOP


@dataclass(frozen=True, slots=True, eq=False)
class HeadState:
    """The state of B heads from hop to hop: memory (B, S) of the implementation, outputs (B, V) of the last hop."""

    memory: Doubles
    outputs: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """The state of B streams from hop to hop.

    n_steps: (B,) hops consumed. memory: (B, S) of the network. landmarks (B, 78, 3), speech (B,): its last outputs.
    tongue: (B, 2) of the last hop, see `stages.tongue`.
    """

    n_steps: Longs
    hearing: FeatureState
    memory: Floats
    landmarks: Floats
    speech: Floats
    life: LivelinessState
    head: HeadState
    tongue: Floats


@dataclass(frozen=True, slots=True, eq=False)
class HopOutput:
    """Outputs of B streams for T hops: features (B, T, 96) of each hop; landmarks (B, 1 + T, 78, 3), speech (B, 1 + T),
    life (B, 1 + T, 12), head (B, 1 + T, V) and tongue (B, 1 + T, 2) before the first and after each. n_steps: (B,) hops
    before the first."""

    n_steps: Longs
    features: Floats
    landmarks: Floats
    speech: Floats
    life: Doubles
    head: Doubles
    tongue: Floats


@dataclass(frozen=True, slots=True, eq=False)
class FrameSchedule:
    """F frames that are complete. position: (F,) of the stream among the B. turn: (F,) first, second, … of the stream's
    frames among these. frame_index, media_sample: (F,)."""

    position: Index
    turn: Index
    frame_index: Longs
    media_sample: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class IdentityGroup:
    """One identity among the streams of a batch. frames: which of F frames show it."""

    identity: RigIdentity
    frames: Index


def places_by_key(keys: Longs) -> list[Index]:
    """Return, for each value among (n,) keys, where it stands, in order."""
    if (keys == keys[0]).all():
        return [np.arange(len(keys))]
    order = np.argsort(keys, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Motion that a source gives at the media times of F frames, before controls.

    landmarks: (F, 78, 3) normalised, with the gaze and the lids that the source knows. speech: (F,) 0…1.
    head: (F, 6) yaw, pitch, roll (radians) and x, y, z (normalised units) relative to the rest.
    eyes_rad: (F, 2, 2) yaw, pitch in the head of the left and right eye, as the landmarks show them; NaN where the
        landmarks look straight ahead and the eyes keep contact with the viewer.
    saccade_offset_rad: (F, 2) yaw, pitch by which eyes that keep contact leave it. lids: (F, 2) how far those of the
        left and right eye are to be shut beyond what the landmarks show, 0…1, float64.
    weights, known: (F, 52) weights that the source knows, and how far they count against those that the landmarks show,
        0…1: landmarks do not tell all shapes apart.
    tongue: (F, 2) up and out, 0…1, see `stages.tongue`.
    """

    landmarks: Floats
    speech: Floats
    head: Floats
    eyes_rad: Floats
    saccade_offset_rad: Floats
    lids: Doubles
    weights: Floats
    known: Floats
    tongue: Floats


@dataclass(slots=True, eq=False)
class BatchState:
    """The state of N rows.

    next_frame: (N,) index of the first frame not yet made. fps: (N, 2) numerator and denominator. neutral: (N, 78, 3).
    identity: (N,) equal numbers for equal identities. history: (N, K, 96) features, that of hop n at n modulo K.
    """

    streams: Streams
    rig: RigState
    next_frame: Longs
    fps: Longs
    neutral: Floats
    identity: Longs
    history: Floats
    hop_controls: HopControlBatch
    controls: ControlBatch


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """F frames of many streams, by stream and then by time. Arrays are float32 and contiguous unless said otherwise.

    row: (F,) of the batch. frame_index: (F,) int64. media_sample: (F,) float64, samples at 16 kHz.
    landmarks: (F, 78, 3) normalised. blendshapes: (F, 52). head: (F, 6) rotation and translation, see `Frame`.
    eye_rotation_rad: (F, 2, 2) yaw, pitch of left and right eye. speech: (F,) how much of this moment is speech, 0…1.
    unposed_landmarks: (F, 78, 3) with strengths and rest, before gaze and blinks. shown_gaze_rad: (F, 2, 2) the gaze
        that these show already, 0 in speech. saccade_offset_rad: (F, 2) yaw, pitch by which the eyes leave what they
        look at. lids: (F, 2) how far blinks shut those of the left and right eye, float64. features: (F, 96) of the
        media time.
    keypoints: (F, K, 3) of the picture generator, in its own space; NaN in rows without; K is 0 where no row has them.
    tongue: (F, 2) up and out, 0…1, see `stages.tongue`; ``tongueOut`` follows the second.
    """

    row: Index
    frame_index: Longs
    media_sample: Doubles
    landmarks: Floats
    blendshapes: Floats
    head: Floats
    eye_rotation_rad: Floats
    speech: Floats
    unposed_landmarks: Floats
    shown_gaze_rad: Floats
    saccade_offset_rad: Floats
    lids: Doubles
    features: Floats
    keypoints: Floats
    tongue: Floats

    @property
    def head_rotation_rad(self) -> Floats:
        """(F, 3) yaw, pitch, roll; a view."""
        return self.head[:, :3]

    @property
    def head_translation(self) -> Floats:
        """(F, 3) x, y, z; a view."""
        return self.head[:, 3:]


def blank_frames(n_frames: int) -> Frames:
    """Return frames whose numbers are all 0."""

    def zeros(*shape: int) -> Floats:
        return np.zeros((n_frames, *shape), np.float32)

    return Frames(
        row=np.zeros(n_frames, np.intp),
        frame_index=np.zeros(n_frames, np.int64),
        media_sample=np.zeros(n_frames),
        landmarks=zeros(78, 3),
        blendshapes=zeros(52),
        head=zeros(6),
        eye_rotation_rad=zeros(2, 2),
        speech=zeros(),
        unposed_landmarks=zeros(78, 3),
        shown_gaze_rad=zeros(2, 2),
        saccade_offset_rad=zeros(2),
        lids=np.zeros((n_frames, 2)),
        features=zeros(N_FEATURES),
        keypoints=zeros(0, 3),
        tongue=zeros(2),
    )


NO_FRAMES: Final = blank_frames(0)
"""None at all."""


def features_at(history: Floats, rows: Index, outputs: HopOutput, schedule: FrameSchedule) -> Floats:
    """Return (F, 96) features of the hops that the frames' media times lie in: of now, or of the last hops.

    history: (N, K, 96) of `BatchState`. rows: (F,) of the frames.
    """
    hop = schedule.media_sample.astype(np.int64) // HOP
    features: Floats = history[rows, hop % history.shape[1]]
    place = hop - outputs.n_steps[schedule.position]
    now = place >= 0
    if some(now):
        features[now] = outputs.features[schedule.position[now], place[now]]
    return features


def remember(history: Floats, rows: Index, outputs: HopOutput) -> None:
    """Write the features of these hops into the history of (B,) rows."""
    n_kept, n_hops = history.shape[1], outputs.features.shape[1]
    for hop in range(max(0, n_hops - n_kept), n_hops):
        history[rows, (outputs.n_steps + hop) % n_kept] = outputs.features[:, hop]
