"""Law: whatever numbers a client sends in whatever field, nothing raises and nobody else misses a frame."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode
from tests.support.inline_server import InlineServer
from tests.support.sounds import silence
from tests.support.wire_client import CHUNK, PLENTY

N_CHUNKS: Final = 14
"""Of the innocent line."""
HUGE: Final = 3.4e38
"""Nearly the largest float32."""

Strategy = st.SearchStrategy[object]


def maybe(strategy: Strategy) -> Strategy:
    return st.none() | strategy


u32: Strategy = st.sampled_from([0, 1, 2, 2**15, 2**31 - 1, 2**31, 2**32 - 1]) | st.integers(0, 2**32 - 1)
u64: Strategy = st.sampled_from(
    [0, 0, 1, 319, 1_000, 2**31, 2**32, 2**40, 2**42, 2**53 + 1, 2**60, 2**62, 2**62 + 1, 2**63 - 1]
)
f32 = st.sampled_from([0.0, -0.0, 0.5, 1.0, 2.0, 1e-45, 1e4, -1e4, 1e30, HUGE, -HUGE])
"""Numbers not finite, and whole ones from 2^63 on, make no messages: `wire` refuses them, see its own tests."""
factor: Strategy = st.none() | st.sampled_from([0.0, 1e-45, 0.3, 1.0]) | f32
fade: Strategy = st.sampled_from([None, 0, 1, 5_000, 10_000]) | u32
paces: Strategy = st.sampled_from([None, "live", "clip"])

STREAM: Final[dict[str, Strategy]] = {"session": st.just(2), "stream": st.just(1) | u32}
"""The hostile client's; mostly the stream that it has."""
CONTROLS: Final[dict[str, Strategy]] = {
    "emotion": maybe(st.dictionaries(st.sampled_from(["happy", "sad", "x"]), f32, max_size=2)),
    "style": maybe(st.dictionaries(st.sampled_from(["mumble", "orator", "x"]), f32, max_size=2)),
    "mouth": factor,
    "expression": factor,
    "brows": factor,
    "saccades": factor,
    "head_strength": factor,
    "head_tempo": factor,
    "blinks": maybe(st.sampled_from([0.0, 1e-45, 1e-30, 1e-6, 120.0]) | f32),
    "gaze": maybe(st.tuples(st.sampled_from([0.0, 0.6108, -0.6108, HUGE]), st.sampled_from([0.0, -HUGE]))),
    "look_at": maybe(st.tuples(f32, f32, f32) | st.lists(f32, max_size=4).map(tuple)),
    "head": st.sampled_from([None, "keep", "idle", "listen", "given"]),
    "look_space": st.sampled_from([None, "face", "character", "camera", "world"]),
    "follow": factor,
    "eye_contact": factor,
    "blink": maybe(st.tuples(f32, f32)),
    "head_offset": maybe(st.tuples(f32, f32, f32)),
}
TAME: Final[dict[str, Strategy]] = {
    "blinks": st.sampled_from([None, 0.0, 1e-45, 1e-30, 120.0]),
    "look_at": maybe(st.tuples(f32, f32, f32)),
    "gaze": maybe(st.sampled_from([(0.61, -0.61), (-0.61, 0.61)])),
    "look_space": st.sampled_from([None, "face", "character", "camera"]),
    "blink": maybe(st.sampled_from([(0.0, 0.0), (1.0, 60.0), (1e-45, 1e-30)])),
    "head_offset": maybe(st.sampled_from([(0.4, -0.2, 0.3), (1e-45, 0.0, -1e-30)])),
}
"""Controls of which most are taken."""
PCM: Final[Strategy] = st.just(bytes(1_280)) | st.lists(f32, max_size=8).map(
    lambda values: struct.pack(f"<{len(values)}f", *values)
)

beginnings = st.one_of(
    st.builds(m.Idle, session=st.just(2), stream=st.just(1), **TAME, seed=maybe(u64)),
    st.builds(
        m.Start,
        session=st.just(2),
        stream=st.just(1),
        **TAME,
        seed=maybe(u64),
        rate=st.sampled_from([4_000, 16_000, 44_100, 192_000]),
        format=st.sampled_from(["s16", "f32"]),
        channels=st.sampled_from([None, 1, 2, 8]),
        first_sample=maybe(u64),
        pace=paces,
    ),
)
motion = st.builds(
    lambda numbers, extreme: np.concatenate([np.float32(numbers), np.full(62, extreme, np.float32)]),
    st.tuples(st.sampled_from([0.0, 1.0, 1e7, HUGE]), st.sampled_from([0.0, 1.0])),
    st.sampled_from([0.0, 1.0, -1.0, 1e-45, HUGE, -HUGE]),
)
anything = st.one_of(
    st.builds(m.Set, **STREAM, **TAME, at_sample=u64, fade_ms=fade),
    st.builds(m.Set, **STREAM, **CONTROLS, at_sample=u64, fade_ms=fade),
    st.builds(m.Audio, **STREAM, first_sample=u64, pcm=PCM),
    st.builds(m.Motion, **STREAM, at_sample=u64, rows=motion),
    st.builds(m.End, **STREAM, n_samples=u64),
    st.builds(m.Interrupt, **STREAM, at_sample=u64, fade_ms=fade.filter(lambda ms: ms is not None)),
    st.builds(m.Credit, session=st.just(2), until=u32),
    st.builds(m.Speak, **STREAM, **CONTROLS, seed=maybe(u64), sound=st.binary(max_size=8), pace=paces),
    st.builds(m.Idle, **STREAM, **CONTROLS, seed=maybe(u64)),
    st.builds(m.Start, **STREAM, rate=u32, format=st.just("f32"), channels=maybe(u32), first_sample=u64),
    st.builds(m.Ping, nonce=u64),
    st.builds(m.Open, request=u32, outputs=st.just(("head",)), fps=st.tuples(u32, u32), playout_ms=u32, until=u32),
)
openings = st.builds(
    m.Open,
    request=u32,
    outputs=st.sampled_from([("weights", "head"), ("head", "eyes", "landmarks")]),
    fps=st.sampled_from([(30, 1), (240, 1), (1, 1), (30_000, 1_001), (239_999_999, 1_000_000), (2**32 - 1, 2**32 - 1)]),
    playout_ms=st.sampled_from([0, 100, 10_000]),
    until=st.just(PLENTY) | u32,
)


def beside_an_innocent_line(opening: m.Open, said: Sequence[m.ClientMessage]) -> list[m.Message]:
    """Let somebody talk while another client says all that, a message every 20 ms; return what the latter heard."""
    server = InlineServer()
    innocent, hostile = server.client(), server.client()
    session = innocent.open(playout_ms=200)
    innocent.start(session)
    hostile.say(opening)
    for n in range(N_CHUNKS):
        innocent.push(session, 1, silence(CHUNK), n * CHUNK)
        hostile.send_all(*said[n : n + 1])
        server.wait(0.02)
    innocent.end(session, 1, N_CHUNKS * CHUNK)
    done = innocent.last(m.Finished)
    assert (done.frames, done.dropped) == (-(-N_CHUNKS * CHUNK * 30 // 16_000), 0)
    assert not innocent.take(m.Error) and not innocent.take(m.Closed)
    assert ErrorCode.INTERNAL not in {closed.reason for closed in hostile.take(m.Closed)}
    return hostile.heard


@settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@given(openings, beginnings, st.lists(anything, max_size=N_CHUNKS - 1))
def test_extreme_values_harm_nobody(opening: m.Open, first: m.ClientMessage, said: list[m.ClientMessage]) -> None:
    beside_an_innocent_line(opening, [first, *said])


OPEN = m.Open(request=1, outputs=("weights", "head"), fps=(30, 1), playout_ms=100, until=PLENTY)
IDLE = m.Idle(session=2, stream=1)
SLOW = m.Start(session=2, stream=1, rate=4_000, format="s16")


@pytest.mark.parametrize("at_sample", [2**60, 2**62, 2**63 - 1])
@pytest.mark.parametrize("begun", [IDLE, SLOW])
def test_a_change_after_all_time_never_comes(begun: m.Idle | m.Start, at_sample: int) -> None:
    """A sample at 4 kHz is four inside: the product used to leave the range of tracks."""
    steps = (begun, m.Set(session=2, stream=1, at_sample=at_sample, mouth=0.5, fade_ms=10_000))
    heard = beside_an_innocent_line(OPEN, [*steps, m.Interrupt(session=2, stream=1, at_sample=at_sample, fade_ms=10)])
    assert not [message for message in heard if isinstance(message, m.Error)]


@pytest.mark.parametrize("far", [1.1e4, 1e30, HUGE])
@pytest.mark.parametrize("name", ["look_at", "gaze"])
def test_what_eyes_cannot_look_at_is_refused(name: str, far: float) -> None:
    values = [(far, -far, far)[: 3 if name == "look_at" else 2], (-far, far, -far)[: 3 if name == "look_at" else 2]]
    first = replace(IDLE, **{name: values[0]})  # type: ignore[arg-type]  # floats, as the field wants
    then = m.Set(session=2, stream=1, at_sample=0, fade_ms=5_000)
    heard = beside_an_innocent_line(
        OPEN,
        [first, replace(IDLE, stream=1), replace(then, **{name: values[1]})],  # type: ignore[arg-type]
    )
    assert [message.code for message in heard if isinstance(message, m.Error)] == [ErrorCode.BAD_VALUE] * 2


@pytest.mark.parametrize(("fps", "first_sample"), [((239_999_999, 1_000_000), 2**40), ((1, 1), 2**44)])
def test_a_beginning_that_64_bits_cannot_place_is_refused(fps: tuple[int, int], first_sample: int) -> None:
    begun = m.Start(session=2, stream=1, rate=192_000, format="s16", first_sample=first_sample)
    heard = beside_an_innocent_line(replace(OPEN, fps=fps), [begun])
    told = [message for message in heard if isinstance(message, m.Started | m.Frame)]
    codes = [message.code for message in heard if isinstance(message, m.Error)]
    assert codes == ([ErrorCode.BAD_VALUE] if fps[1] > 1 else []) and not told
