"""Frames encoded together are the bytes that the wire's own encoder writes one by one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.field_table import OUTPUTS
from engine_bridge.protocol.messages import Output
from engine_bridge.protocol.output_fields import OutputCounts
from engine_bridge.protocol.wire import encode
from space_runtime.animation.batch_state import Frames
from space_runtime.arrays import Floats
from space_runtime.server.flow_control import FlowControl
from space_runtime.server.frame_encoder import COLUMNS, FrameEncoder
from space_runtime.server.validation import OFFERED

SIZES = {Output.WEIGHTS: 52, Output.HEAD: 6, Output.EYES: 4, Output.LANDMARKS: 234, Output.KEYPOINTS: 21}
SETS = [frozenset(some) for n in range(len(SIZES) + 1) for some in combinations(SIZES, n)]


def frames_of(parts: dict[Output, Floats], speech: Floats) -> Frames:
    """The third frames of as many rows, with these values on the wire."""
    n = len(speech)
    return Frames(
        row=np.arange(n),
        frame_index=np.full(n, 3),
        media_sample=np.zeros(n),
        landmarks=parts[Output.LANDMARKS].reshape(n, 78, 3),
        blendshapes=parts[Output.WEIGHTS],
        head=parts[Output.HEAD],
        eye_rotation_rad=parts[Output.EYES].reshape(n, 2, 2),
        speech=speech,
        unposed_landmarks=np.zeros((n, 78, 3), np.float32),
        shown_gaze_rad=np.zeros((n, 2, 2), np.float32),
        saccade_offset_rad=np.zeros((n, 2), np.float32),
        lids=np.zeros((n, 2)),
        features=np.zeros((n, 96), np.float32),
        keypoints=parts[Output.KEYPOINTS].reshape(n, -1, 3),
        tongue=np.zeros((n, 2), np.float32),
    )


def test_every_output_of_a_frame_has_a_source_and_is_offered() -> None:
    """A row of the table without a line in `COLUMNS` is not offered; today there is none."""
    assert {output.value for output in COLUMNS} == {row.key for row in OUTPUTS if row.in_frame}
    assert set(Output) == OFFERED


@pytest.mark.parametrize("outputs", SETS, ids=lambda some: "+".join(sorted(some)) or "none")
def test_many_at_once_equal_one_by_one(outputs: frozenset[Output]) -> None:
    rng, n = np.random.default_rng(len(outputs)), 17
    numbers = {name: rng.integers(0, 2**32, n) for name in ("session", "stream", "seq", "index")}
    flow = FlowControl.of(n)
    flow.session[:], flow.stream[:], flow.first_index[:] = numbers["session"], numbers["stream"], numbers["index"] - 3
    flow.samples[:], flow.per_frames[:] = rng.integers(1, 200_000, n), rng.integers(1, 300, n)
    sample = numbers["index"] * flow.samples / flow.per_frames
    speech = rng.random(n).astype(np.float32)
    parts = {output: rng.standard_normal((n, size)).astype(np.float32) for output, size in SIZES.items()}
    encoder = FrameEncoder(outputs, OutputCounts(keypoints=7))
    encoded = encoder.encode(frames_of(parts, speech), numbers["seq"], flow)
    for k, data in enumerate(encoded):
        session, stream, seq, index = (int(numbers[name][k]) for name in ("session", "stream", "seq", "index"))
        alone = m.Frame(
            session=session,
            stream=stream,
            seq=seq,
            index=index,
            sample=float(sample[k]),
            speech=float(speech[k]),
            **{output.value: parts[output][k] for output in outputs},
        )
        assert data == encode(alone)
        assert len(data) == encoder.n_bytes
