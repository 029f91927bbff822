"""Keypoints from the server: those of a session offline, whatever the way to the client loses."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache

import cv2
import numpy as np
import pytest

from engine_bridge.client import Client
from engine_bridge.client import Controls as ClientControls
from engine_bridge.protocol import messages as m
from space_runtime.animation.session import Session
from space_runtime.animation.textures import render
from space_runtime.arrays import Floats, Pixels
from space_runtime.portrait.portrait import Portrait, portrait_from_pixels
from space_runtime.rendering.embedded import open_generator
from space_runtime.server.limits import Limits
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls
from tests.support.inline_server import CHARACTERS, InlineServer
from tests.support.pictures import astronaut, tracker
from tests.support.real_server import serving
from tests.support.session_frames import BUNDLE, session_frames
from tests.support.sounds import from_s16, s16, speechlike
from tests.support.wire_client import WireClient, connect_client

PCM = s16(speechlike(1.0)[:, 0])
FPS = Fraction(30)
N = len(open_generator(BUNDLE).keypoint_names)
MIRRORED = np.ascontiguousarray(astronaut()[:, ::-1])
TOGETHER_PX = 0.05
"""Streams that share a batch differ from a stream alone by less than this part of a pixel."""


def picture_file(rgb: Pixels) -> bytes:
    """A picture as PNG."""
    return bytes(cv2.imencode(".png", rgb[..., ::-1])[1].tobytes())


@cache
def portrait_of(mirrored: bool = False) -> Portrait:
    return portrait_from_pixels(MIRRORED if mirrored else astronaut(), tracker(), "a portrait")


@cache
def offline(mirrored: bool = False, seed: int = 0) -> Floats:
    """(F, K, 3): the keypoints that a session without a server gives."""
    session = Session(BUNDLE, portrait_of(mirrored), Controls(seed=seed), FPS, keypoints=True)
    frames = session_frames(from_s16(PCM), session)
    assert all(frame.rgb is None for frame in frames)
    return np.stack([frame.keypoints for frame in frames if frame.keypoints is not None])


def open_face(client: WireClient, rgb: Pixels, *more: str, **fields: object) -> int:
    """Open a session with a portrait that gets keypoints."""
    return client.open(outputs=("keypoints", *more), portrait=picture_file(rgb), **fields)


def received(frames: Sequence[m.Frame]) -> Floats:
    """(F, K, 3): the keypoints of frames."""
    return np.stack([frame.keypoints.reshape(-1, 3) for frame in frames if frame.keypoints is not None])


def test_the_welcome_offers_and_counts_them() -> None:
    welcome = InlineServer().client().last(m.Welcome)
    assert "keypoints" in welcome.outputs and welcome.keypoints == N == 160


@pytest.mark.parametrize("chunk", [320, 1_000, 16_000])
def test_a_stream_gives_what_a_session_gives(chunk: int) -> None:
    server = InlineServer()
    client = server.client()
    session = open_face(client, astronaut())
    client.start(session)
    client.push_chunks(session, 1, PCM, chunk, 2)
    client.end(session, 1, len(PCM) // 2)
    server.wait(2.0)
    assert np.array_equal(received(client.frames()), offline())
    assert client.frames()[0].weights is None


def test_a_new_stream_begins_as_if_new() -> None:
    server = InlineServer()
    client = server.client()
    session = open_face(client, astronaut())
    for stream in (1, 2):
        client.speak(session, stream, PCM)
        assert np.array_equal(received(client.frames(stream)), offline())


def test_streams_together_get_each_its_own() -> None:
    """Two faces and a neighbour without keypoints, stepped in one batch."""
    server = InlineServer()
    client = server.client()
    sessions = [open_face(client, astronaut()), open_face(client, MIRRORED, "weights"), client.open()]
    for session in sessions:
        client.start(session)
    for first in range(0, len(PCM) // 2, 320):
        pcm = PCM[2 * first : 2 * first + 640]
        client.say(*(m.Audio(session=session, stream=1, first_sample=first, pcm=pcm) for session in sessions))
    for session in sessions:
        client.end(session, 1, len(PCM) // 2)
    server.wait(2.0)
    for session, mirrored in zip(sessions, (False, True), strict=False):
        found = received(client.frames(session=session))
        np.testing.assert_allclose(found, offline(mirrored), atol=TOGETHER_PX)
    assert np.abs(offline() - offline(mirrored=True)).max() > 10 * TOGETHER_PX
    assert all(frame.keypoints is None and frame.weights is not None for frame in client.frames(session=sessions[2]))
    assert len(client.frames(session=sessions[2])) == len(offline())


def test_frames_dropped_for_credit_move_the_face_all_the_same() -> None:
    server = InlineServer(Limits(queue_frames=4))
    client = server.client()
    session = open_face(client, astronaut(), until=3)
    client.start(session)
    client.push_chunks(session, 1, PCM, 320, 2, 0.02)
    client.say(m.Credit(session=session, until=1_000))
    client.end(session, 1, len(PCM) // 2)
    server.wait(1.0)
    check_what_came(client)


def test_frames_that_are_late_move_the_face_all_the_same() -> None:
    server = InlineServer()
    client = server.client()
    session = open_face(client, astronaut(), playout_ms=200)
    client.start(session)
    client.push_chunks(session, 1, PCM[:9_600], 320, 2, 0.02)
    server.port.stalled = True
    half = len(PCM) // 4
    for first in range(4_800, half, 320):
        client.say(m.Audio(session=session, stream=1, first_sample=first, pcm=PCM[2 * first : 2 * first + 640]))
        server.wait(0.02)
    server.wait(0.4)
    server.port.stalled = False
    server.run()
    for first in range(half, len(PCM) // 2, 320):
        client.say(m.Audio(session=session, stream=1, first_sample=first, pcm=PCM[2 * first : 2 * first + 640]))
        server.wait(0.02)
    client.end(session, 1, len(PCM) // 2)
    server.wait(1.0)
    check_what_came(client)


def check_what_came(client: WireClient) -> None:
    """Some frames were dropped; the others have the keypoints of a session that has dropped nothing."""
    frames = client.frames()
    assert client.last(m.Finished).dropped > 3 and 3 < len(frames) < len(offline())
    assert np.array_equal(received(frames), offline()[[frame.index for frame in frames]])
    assert frames[-1].index == len(offline()) - 1


def test_textures_show_the_same_keypoints() -> None:
    """A session with both: the renderer is given the keypoints of the frame and only draws."""
    server = InlineServer()
    client = server.client()
    session = open_face(client, astronaut(), "texture", texture="rgb")
    client.speak(session, 1, PCM[:9_600])
    frames, jobs = client.frames(), server.textures.jobs
    assert len(jobs) == len(frames) > 5
    for job, points in zip(jobs, received(frames), strict=True):
        assert job.keypoints is not None and np.array_equal(job.keypoints, points)
    character = CHARACTERS.find(jobs[0].character)
    drawn = Session(BUNDLE, portrait_of(), Controls(), FPS, pictures=True).push(from_s16(PCM[:9_600]))
    assert character is not None and drawn[4].rgb is not None and jobs[4].keypoints is not None
    assert np.array_equal(render(character, jobs[4].keypoints), drawn[4].rgb)


def test_without_a_portrait_they_are_refused() -> None:
    client = InlineServer().client()
    client.say(m.Open(request=9, outputs=("keypoints",), fps=(30, 1), playout_ms=500, until=100))
    assert client.last(m.Error).message == "keypoints needs a face; send a portrait or name a character"


def test_the_python_client_gets_them() -> None:
    """End to end: over a socket, by the client that users have."""
    with (
        serving() as server,
        Client(server.address) as client,
        client.open(outputs=("keypoints",), fps=30, portrait=picture_file(astronaut())) as session,
    ):
        session.start(SAMPLE_RATE, "s16", ClientControls(seed=0), pace="clip")
        session.push(np.frombuffer(PCM, np.int16))
        session.end()
        frames = list(session.frames(timeout_s=60))
        assert client.welcome is not None and client.welcome.keypoints == N
        assert np.array_equal(received(frames), offline())


def test_a_texture_and_its_frame_agree_over_a_socket() -> None:
    with serving() as server, connect_client(server.address) as client:
        session = open_face(client, astronaut(), "texture", texture="rgb", playout_ms=500)
        client.start(session)
        client.push(session, 1, PCM[:9_600])
        texture = client.expect(m.Texture)
        points = offline()[texture.index]
        frame = next(frame for frame in client.frames() if frame.index == texture.index)
        assert np.array_equal(received([frame])[0], points)
        character = server._characters.find(next(iter(server._characters._kept)))
        assert character is not None
        pixels = np.frombuffer(texture.pixels, np.uint8).reshape(512, 512, 3)
        assert np.array_equal(pixels, render(character, points))
