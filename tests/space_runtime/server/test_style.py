"""Styles of speaking on the wire: live equals baked, and what a server cannot do it refuses in a sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.field_table import STYLES
from engine_bridge.protocol.messages import ErrorCode
from space_runtime.animation.session import Session
from space_runtime.server.validation import controls_of
from space_runtime.style import Style, style_vector
from space_runtime.values import Controls
from tests.support.inline_server import InlineServer
from tests.support.session_frames import distance, session_frames
from tests.support.sounds import from_s16, s16, speechlike
from tests.support.styled_bundle import plain_bundle, styled_bundle

PCM = s16(speechlike(0.7)[:, 0])
SOUND = from_s16(PCM)


def test_the_protocol_names_the_styles_of_the_runtime() -> None:
    assert tuple(Style) == STYLES


def test_styles_that_change_in_mid_line_are_live_as_baked_bit_for_bit() -> None:
    pytest.importorskip("onnx", reason="needs onnx (extra 'export')")
    server = InlineServer(bundle=styled_bundle())
    client = server.client()
    session = client.open()
    client.say(
        m.Start(session=session, stream=1, rate=16_000, format="s16", seed=9, style={"mumble": 1.0}),
        m.Set(session=session, stream=1, at_sample=3_200, fade_ms=100, style={"articulate": 0.75, "orator": 0.5}),
        m.Set(session=session, stream=1, at_sample=8_000, fade_ms=0, style={}),
    )
    client.push_chunks(session, 1, PCM, 320, 2)
    client.say(m.End(session=session, stream=1, n_samples=len(SOUND)))
    first = Controls(seed=9, style={"mumble": 1.0})
    reference = Session(styled_bundle(), controls=first)
    reference.set_controls(replace(first, style=style_vector({"orator": 0.5, "articulate": 0.75})), 3_200, 1_600)
    reference.set_controls(replace(first, style=style_vector({})), 8_000)
    baked = session_frames(SOUND, reference)
    assert distance(client.frames(), baked) == 0
    plain = session_frames(SOUND, Session(styled_bundle(), controls=Controls(seed=9)))
    assert not np.array_equal(baked[5].landmarks, plain[5].landmarks)


@pytest.mark.parametrize("when", ["start", "set"])
def test_a_server_whose_bundle_has_no_styles_refuses_one(when: str) -> None:
    pytest.importorskip("onnx", reason="needs onnx (extra 'export')")
    server = InlineServer(bundle=plain_bundle())
    client = server.client()
    session = client.open()
    style = {"mumble": 0.5}
    client.say(m.Start(session=session, stream=1, rate=16_000, format="s16", style=style if when == "start" else {}))
    if when == "set":
        client.say(m.Set(session=session, stream=1, at_sample=3_200, style=style))
    refused = client.last(m.Error)
    assert refused.code == ErrorCode.BAD_VALUE and "knows no styles" in refused.message


@pytest.mark.parametrize(("mix", "said"), [({"shout": 1.0}, "unknown style 'shout'"), ({"mumble": 1.5}, "outside 0…1")])
def test_what_is_no_style_is_refused(mix: dict[str, float], said: str) -> None:
    with pytest.raises(Exception, match=said) as caught:
        controls_of(m.Idle(session=1, stream=1, style=mix), Controls())
    assert type(caught.value).__name__ == "Refusal"


def test_a_style_stays_until_it_is_said_anew() -> None:
    first = controls_of(m.Idle(session=1, stream=1, style={"orator": 0.5}), Controls())
    later = controls_of(m.Set(session=1, stream=1, at_sample=0, mouth=0.5), first)
    assert np.array_equal(later.style, style_vector({"orator": 0.5}))
    assert not controls_of(m.Set(session=1, stream=1, at_sample=0, style={}), later).style.any()
