"""Laws of a head's offset on the wire: live equals baked, it stays until it is said anew, and no head turns too far."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.field_table import OFFSET_LIMIT_RAD
from engine_bridge.protocol.messages import ErrorCode
from space_runtime.animation.session import Session
from space_runtime.head_arguments import OFFSET_LIMITS_DEG
from space_runtime.server.validation import controls_of
from space_runtime.values import Controls
from tests.support.inline_server import InlineServer
from tests.support.session_frames import distance, session_frames
from tests.support.sounds import from_s16, s16, speechlike

PCM = s16(speechlike(0.7)[:, 0])
SOUND = from_s16(PCM)
TURNED = np.array([0.4, -0.2, 0.1], np.float32)
NONE = np.zeros(0, np.float32)


def test_the_protocol_has_the_widest_limit_of_the_runtime() -> None:
    assert math.isclose(math.degrees(OFFSET_LIMIT_RAD), max(OFFSET_LIMITS_DEG.values()))


def test_an_offset_that_comes_and_goes_is_live_as_baked_bit_for_bit() -> None:
    client = InlineServer().client()
    session = client.open()
    client.say(
        m.Start(session=session, stream=1, rate=16_000, format="s16", seed=9, head_offset=TURNED),
        m.Set(session=session, stream=1, at_sample=8_000, fade_ms=100, head_offset=NONE),
    )
    client.push_chunks(session, 1, PCM, 320, 2)
    client.say(m.End(session=session, stream=1, n_samples=len(SOUND)))
    first = Controls(seed=9, head_offset=TURNED)
    reference = Session(controls=first)
    reference.set_controls(replace(first, head_offset=np.zeros(3, np.float32)), 8_000, 1_600)
    baked = session_frames(SOUND, reference)
    assert distance(client.frames(), baked) == 0
    plain = session_frames(SOUND, Session(controls=Controls(seed=9)))
    np.testing.assert_allclose(baked[5].head_rotation_rad - plain[5].head_rotation_rad, TURNED, atol=1e-5)


@pytest.mark.parametrize(
    ("offset", "said"),
    [
        ([0.5, 0, 0], "the yaw of head_offset in degrees is 28.6479, outside -25…25"),
        ([0, 0.3, 0], "the pitch of head_offset in degrees is 17.1887, outside -15…15"),
        ([0, 0, -0.4], "the roll of head_offset in degrees is -22.9183, outside -20…20"),
    ],
)
def test_a_head_that_would_turn_too_far_is_refused(offset: list[float], said: str) -> None:
    client = InlineServer().client()
    session = client.open()
    given = np.array(offset, np.float32)
    client.say(m.Start(session=session, stream=1, rate=16_000, format="s16", head_offset=given))
    refused = client.last(m.Error)
    assert refused.code == ErrorCode.BAD_VALUE and said in refused.message


def test_an_offset_stays_until_it_is_said_anew() -> None:
    first = controls_of(m.Idle(session=1, stream=1, head_offset=TURNED), Controls())
    later = controls_of(m.Set(session=1, stream=1, at_sample=0, mouth=0.5), first)
    assert np.array_equal(later.head_offset, TURNED)
    assert not controls_of(m.Set(session=1, stream=1, at_sample=0, head_offset=NONE), later).head_offset.any()
