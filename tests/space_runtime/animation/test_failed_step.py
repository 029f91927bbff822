"""Law: a step of a batch that fails has not happened. The same hops may be heard again, together or row by row."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Final
from unittest.mock import patch

import numpy as np
import pytest

from space_runtime.animation import batch as batch_module
from space_runtime.animation import pipeline
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.batch_state import Frames
from space_runtime.animation.keypoint_rows import KeypointRows
from space_runtime.animation.pipeline import build_character
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats
from space_runtime.timebase import HOP
from space_runtime.values import Controls
from tests.support.session_frames import BUNDLE

N_STEPS: Final = 150
FPS: Final = Fraction(120)
"""Several frames a hop, some of them on either side of a saccade."""

PLACES: Final = [
    (batch_module, "run_hops"),
    (batch_module, "completed_frames"),
    (batch_module, "controls_at"),
    (batch_module, "fixations_at"),
    (batch_module, "hop_controls_at"),
    (batch_module, "speech_motion"),
    (pipeline, "animate"),
    (KeypointRows, "driven"),
]
"""The places that a step calls: each does its work and fails then."""


class Trouble(Exception):
    """The failure that the tests raise inside a step."""


def batch_of(n_rows: int) -> tuple[StreamBatch, list[int]]:
    batch = StreamBatch(BUNDLE)
    character = build_character(BUNDLE, None, FPS, False)
    rows = [batch.add(character, Controls(seed=seed)) for seed in range(n_rows)]
    for row in rows:
        track = ControlTrack.of(Controls(seed=row))
        for n in range(3):
            track = track.changed(n * 1_500 + 100, Controls(seed=row, emotion={"happy": n / 3}), 700)
        batch.set_track(row, track)
    return batch, rows


def failing(real: Callable[..., object], tell: list[str]) -> Callable[..., object]:
    def failing_once(*values: object) -> object:
        answer = real(*values)
        if not tell:
            tell.append("raised")
            raise Trouble
        return answer

    return failing_once


def sound(n_rows: int) -> Floats:
    noise = np.random.default_rng(4).standard_normal((n_rows, N_STEPS * HOP)).astype(np.float32)
    return 0.1 * noise


def same(made: Frames, expected: Frames) -> bool:
    columns = (
        "row",
        "frame_index",
        "landmarks",
        "blendshapes",
        "head",
        "eye_rotation_rad",
        "speech",
        "lids",
        "features",
    )
    return all(np.array_equal(getattr(made, name), getattr(expected, name)) for name in columns)


@pytest.mark.parametrize("n_rows", [1, 3])
@pytest.mark.parametrize(("where", "name"), PLACES, ids=[name for _, name in PLACES])
def test_a_failed_step_has_not_happened(where: object, name: str, n_rows: int) -> None:
    (plain, rows), (troubled, _) = batch_of(n_rows), batch_of(n_rows)
    heard, n_failed = sound(n_rows), 0
    for step in range(N_STEPS):
        hops = heard[:, step * HOP : (step + 1) * HOP]
        with patch.object(where, name, failing(getattr(where, name), [])):
            try:
                troubled.step(rows, hops)
            except Trouble:
                n_failed += 1
            else:  # it was not called at this step
                plain.step(rows, hops)
                continue
        assert same(troubled.step(rows, hops), plain.step(rows, hops)), f"step {step}"
    assert n_failed
