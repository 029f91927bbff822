"""Frames encoded together are the bytes that the wire's own encoder writes one by one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Output
from engine_bridge.protocol.wire import encode
from space_runtime.server.frame_encoder import Columns, FrameEncoder

SIZES = {Output.WEIGHTS: 52, Output.HEAD: 6, Output.EYES: 4, Output.LANDMARKS: 234}
SETS = [frozenset(some) for n in range(len(SIZES) + 1) for some in combinations(SIZES, n)]


@pytest.mark.parametrize("outputs", SETS, ids=lambda some: "+".join(sorted(some)) or "none")
def test_many_at_once_equal_one_by_one(outputs: frozenset[Output]) -> None:
    rng, n = np.random.default_rng(len(outputs)), 17
    numbers = {name: rng.integers(0, 2**32, n) for name in ("session", "stream", "seq", "index")}
    sample, speech = rng.random(n) * 1e9, rng.random(n).astype(np.float32)
    parts = {output: rng.standard_normal((n, size)).astype(np.float32) for output, size in SIZES.items()}
    encoder = FrameEncoder(outputs)
    encoded = encoder.encode(Columns(sample=sample, speech=speech, parts=parts, **numbers))
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
