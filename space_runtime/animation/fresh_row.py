"""The state of a stream that has heard nothing."""

from __future__ import annotations

import numpy as np

from space_runtime.animation.batch_state import BatchState
from space_runtime.animation.control_batch import controls_at
from space_runtime.animation.hop_controls import hop_controls_at
from space_runtime.animation.pipeline import Character
from space_runtime.animation.speech import HopModels, initial_streams
from space_runtime.animation.stages.features import N_FEATURES
from space_runtime.animation.track import ControlTrack
from space_runtime.rig.rig import RigState
from space_runtime.timebase import HOP


def fresh_row(models: HopModels, character: Character, track: ControlTrack) -> BatchState:
    """Return one row of a batch, for a character under a track."""
    neutral = character.identity.neutral[None]
    return BatchState(
        streams=initial_streams(models.network, models.head, neutral),
        rig=RigState.cold(1),
        next_frame=np.zeros(1, np.int64),
        fps=np.array([[character.fps.numerator, character.fps.denominator]], np.int64),
        neutral=neutral,
        identity=np.array([id(character.identity)], np.int64),
        history=np.zeros((1, models.look_ahead // HOP + 2, N_FEATURES), np.float32),
        hop_controls=hop_controls_at(track, float(HOP - models.look_ahead), models.look_ahead),
        controls=controls_at(track, 0.0, character.view),
    )
