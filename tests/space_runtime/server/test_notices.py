"""Notices: what is chosen, damaged or not heard of a stream's sound reaches its client, in a sentence."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest
import soundfile

from engine_bridge.protocol import messages as m
from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE
from tests.support.inline_server import InlineServer
from tests.support.sounds import s16, speechlike
from tests.support.wire_client import WireClient

VOICE: Final = speechlike(2.0)[:, 0]
CANCELLED: Final = np.stack([VOICE, -VOICE], axis=1)
Way = Callable[[Floats], WireClient]
HUM: Final = np.asarray(0.3 * np.sin(2 * np.pi * 50 * np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE), np.float32)


def sound_file(samples: Floats) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLE_RATE, format="WAV")
    return buffer.getvalue()


def spoken(samples: Floats) -> WireClient:
    """The client of a stream whose sound was a file."""
    server = InlineServer()
    client = server.client()
    session = client.open(until=10_000)
    client.say(m.Speak(session=session, stream=1, sound=sound_file(samples), pace="clip"))
    server.wait(1.0)
    return client


def pushed(samples: Floats) -> WireClient:
    """The client of a stream whose sound was pushed."""
    server = InlineServer()
    client = server.client()
    session = client.open(until=10_000)
    channels = samples.shape[1] if samples.ndim > 1 else 1
    client.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16", channels=channels, pace="clip"))
    client.push_chunks(session, 1, s16(samples.reshape(-1)), 320, 2 * channels)
    client.say(m.End(session=session, stream=1, n_samples=len(samples)))
    server.wait(1.0)
    return client


def notices(client: WireClient) -> list[str]:
    assert client.last(m.Finished).reason == m.Reason.END
    return [notice.message for notice in client.take(m.Notice)]


@pytest.mark.parametrize("way", [spoken, pushed])
def test_a_choice_of_channels_is_told(way: Way) -> None:
    (sentence,) = notices(way(CANCELLED))
    assert "cancel each other" in sentence and "\n" not in sentence


@pytest.mark.parametrize("way", [spoken, pushed])
def test_sound_without_speech_is_told_before_the_end(way: Way) -> None:
    client = way(HUM)
    (sentence,) = notices(client)
    assert "no speech" in sentence
    kinds = [type(message) for message in client.heard]
    assert kinds.index(m.Notice) < kinds.index(m.Finished)


@pytest.mark.parametrize("way", [spoken, pushed])
@pytest.mark.parametrize("samples", [VOICE, np.zeros(SAMPLE_RATE, np.float32), np.repeat(VOICE[:, None], 2, axis=1)])
def test_ordinary_sound_and_silence_are_not(way: Way, samples: Floats) -> None:
    assert not notices(way(samples))


def test_an_idle_face_and_an_interrupted_line_are_not() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open(until=10_000)
    client.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16"))
    client.push_chunks(session, 1, s16(HUM), 320, 2)
    client.say(m.Interrupt(session=session, stream=1, at_sample=8_000, fade_ms=100))
    client.say(m.Idle(session=session, stream=2))
    server.wait(1.0)
    assert not client.take(m.Notice)
