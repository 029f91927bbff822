"""What passes through the pipeline, as arrays: streams from hop to hop, answers, and frames on their way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.animation.stages.features import N_FEATURES, FeatureState
from space_runtime.animation.stages.liveliness import LivelinessState
from space_runtime.animation.stages.pose import Motions
from space_runtime.arrays import Doubles, Floats, Index, Longs


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """What B streams carry from hop to hop.

    n_steps: (B,) hops consumed. memory: (B, S) of the network. landmarks (B, 78, 3), speech (B,): its last answers.
    """

    n_steps: Longs
    hearing: FeatureState
    memory: Floats
    landmarks: Floats
    speech: Floats
    life: LivelinessState


@dataclass(frozen=True, slots=True, eq=False)
class NetworkOutput:
    """What B streams heard and said in T hops: features (B, T, 96) of each hop, landmarks (B, 1 + T, 78, 3), speech
    (B, 1 + T) and life (B, 1 + T, 8) before the first and after each. n_steps: (B,) hops before the first."""

    n_steps: Longs
    features: Floats
    landmarks: Floats
    speech: Floats
    life: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Interpolated:
    """What the answers say at the media times of F frames: landmarks (F, 78, 3), speech (F,), brows (F,) and nod (F,)
    between two answers; early (F, 2) and glances (F, 4) of the newer one, see `stages.controls`."""

    landmarks: Floats
    speech: Floats
    brows: Floats
    nod: Floats
    early: Doubles
    glances: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class FrameSchedule:
    """F frames that are complete. position: (F,) of the stream among the B. turn: (F,) first, second, … of the stream's
    frames among these. frame_index, media_sample: (F,)."""

    position: Index
    turn: Index
    frame_index: Longs
    media_sample: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """Faces of F frames: landmarks (F, 78, 3) with gaze and blinks, weights (F, 52), eyes (F, 2, 2), and the heads;
    wander_rad and lids as in `Frames`."""

    landmarks: Floats
    weights: Floats
    eyes: Floats
    head: Motions
    saccade_offset_rad: Floats
    lids: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """F frames of many streams, by stream and then by time. Arrays are float32 and contiguous unless said otherwise.

    row: (F,) whose. frame_index: (F,) int64. media_sample: (F,) float64, samples at 16 kHz.
    landmarks: (F, 78, 3) normalised. blendshapes: (F, 52). head_rotation_rad, head_translation: (F, 3), see `Frame`.
    eye_rotation_rad: (F, 2, 2) yaw, pitch of left and right eye. speech: (F,) how much of this moment is speech, 0…1.
    spoken: (F, 78, 3) landmarks with strengths and rest, before gaze and blinks. wander_rad: (F, 2) yaw, pitch by which
    the eyes leave what they look at. lids: (F,) how far blinks shut them, float64. features: (F, 96) of the media time.
    """

    row: Index
    frame_index: Longs
    media_sample: Doubles
    landmarks: Floats
    blendshapes: Floats
    head_rotation_rad: Floats
    head_translation: Floats
    eye_rotation_rad: Floats
    speech: Floats
    unposed_landmarks: Floats
    saccade_offset_rad: Floats
    lids: Doubles
    features: Floats


def _no_frames() -> Frames:
    nothing, numbers = np.zeros(0, np.float32), np.zeros(0, np.int64)
    faces, turns = np.zeros((0, 78, 3), np.float32), np.zeros((0, 3), np.float32)
    return Frames(
        row=numbers.astype(np.intp),
        frame_index=numbers,
        media_sample=np.zeros(0),
        landmarks=faces,
        blendshapes=np.zeros((0, 52), np.float32),
        head_rotation_rad=turns,
        head_translation=turns,
        eye_rotation_rad=np.zeros((0, 2, 2), np.float32),
        speech=nothing,
        unposed_landmarks=faces,
        saccade_offset_rad=np.zeros((0, 2), np.float32),
        lids=np.zeros(0),
        features=np.zeros((0, N_FEATURES), np.float32),
    )


NO_FRAMES: Final = _no_frames()
"""None at all."""
