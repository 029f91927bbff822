"""Pictures and files: faces by bytes and by name, textures, and what is broken harms nobody."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode
from space_runtime.animation.session import Session
from space_runtime.arrays import Floats, Pixels
from space_runtime.portrait.portrait import open_portrait, open_tracker
from space_runtime.server.limits import Folders, Limits
from space_runtime.server.server import Server, Settings
from space_runtime.server.worker.character_cache import CharacterCache
from space_runtime.server.worker.child_executor import ChildExecutor
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Frame
from tests.support.inline_server import InlineServer
from tests.support.pictures import faceless, png_claiming
from tests.support.session_frames import BUNDLE, distance, session_frames
from tests.support.sounds import from_s16, s16, silence, speechlike
from tests.support.waiting import wait_for
from tests.support.wire_client import WireClient, connect_client

PCM = s16(speechlike(0.4)[:, 0])


@pytest.fixture(scope="module")
def drawn(photo: Path) -> list[Frame]:
    """The frames that a session with pictures makes of the line, 5 a second."""
    portrait = open_portrait(photo, open_tracker(BUNDLE))
    return session_frames(from_s16(PCM), Session(BUNDLE, portrait, fps=Fraction(5), pictures=True))


@pytest.fixture(scope="module")
def server(photo: Path) -> Iterator[Server]:
    with Server(BUNDLE, Settings("tcp://127.0.0.1:*", folders=Folders(portraits=photo.parent))) as running:
        yield running


@pytest.mark.parametrize("by_name", [True, False])
def test_a_portrait_speaks_as_in_a_bake(photo: Path, drawn: list[Frame], by_name: bool) -> None:
    server = InlineServer(folders=Folders(portraits=photo.parent))
    client = server.client()
    face = {"character": photo.name} if by_name else {"portrait": photo.read_bytes()}
    client.say(m.Open(request=1, outputs=CURVES, fps=(5, 1), playout_ms=500, until=100, **face))
    server.run()
    session = client.last(m.Opened).session
    client.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16"))
    client.push_chunks(session, 1, PCM, 320, 2)
    client.say(m.End(session=session, stream=1, n_samples=len(PCM) // 2))
    assert distance(client.frames(), drawn) == 0


CURVES = ("weights", "head", "eyes", "landmarks")


@pytest.mark.parametrize(("kind", "tolerance"), [("rgb", 0.0), ("jpeg", 3.0), ("webp", 3.0)])
def test_textures_are_what_a_session_draws(
    server: Server, photo: Path, drawn: list[Frame], kind: str, tolerance: float
) -> None:
    with connect_client(server.address) as client:
        session = client.open(outputs=("texture",), fps=(5, 1), character=photo.name, texture=kind)
        client.start(session)
        textures: list[m.Texture] = []
        for first in range(0, len(PCM) // 2, 320):  # one picture at a time, so that none is left out
            pcm = PCM[2 * first : 2 * first + 640]
            client.say(m.Audio(session=session, stream=1, first_sample=first, pcm=pcm))
            client.say(m.Ping(nonce=first))
            client.expect(m.Pong, first // 320 + 1)
        frame = client.expect(m.Frame)
        client.expect(m.Texture, 1)
        textures = client.take(m.Texture)
        assert frame.weights is None and textures[0].index == 0
        for texture in textures:
            assert (texture.format, texture.width, texture.height) == (kind, 512, 512)
            wanted = drawn[texture.index].rgb
            assert wanted is not None
            if texture.index == 0:
                assert np.abs(pixels(texture).astype(int) - wanted).mean() <= tolerance
            assert texture.sample == texture.index * 3_200.0
        client.say(m.End(session=session, stream=1, n_samples=len(PCM) // 2))
        client.expect(m.Finished)
        client.say(m.Close(session=session))
    wait_for(lambda: server.textures.is_idle, "an idle renderer")


def pixels(texture: m.Texture) -> Pixels:
    data = np.frombuffer(texture.pixels, np.uint8)
    if texture.format == "rgb":
        return data.reshape(texture.height, texture.width, 3)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1], np.uint8)


def encoded(picture: Pixels, ending: str = ".png") -> bytes:
    return bytes(cv2.imencode(ending, picture)[1].tobytes())


BAD_PICTURES = {
    "nothing": b"",
    "text": b"not a picture " * 99,
    "a cut png": encoded(faceless()["coffee"])[:2_000],
    "a bomb": png_claiming(60_000, 60_000),
    "no face": encoded(faceless()["coffee"], ".jpg"),
    "a playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
}


def neighbour(server: InlineServer) -> tuple[WireClient, int]:
    """Somebody else on the same worker, in mid line."""
    client = server.client()
    session = client.open()
    client.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16"))
    client.push_chunks(session, 1, PCM[:6_400], 320, 2)
    return client, session


def finish(client: WireClient, session: int) -> None:
    """The neighbour's line goes on and is whole."""
    client.say(m.Audio(session=session, stream=1, first_sample=3_200, pcm=PCM[6_400:]))
    client.say(m.End(session=session, stream=1, n_samples=len(PCM) // 2))
    assert distance(client.frames(), session_frames(from_s16(PCM))) == 0


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_a_broken_picture_is_one_sentence_and_harms_nobody(name: str) -> None:
    server = InlineServer()
    client, other = server.client(), neighbour(server)
    client.say(m.Open(request=5, outputs=("weights",), fps=(30, 1), playout_ms=0, until=1, portrait=BAD_PICTURES[name]))
    server.run()
    error = client.last(m.Error)
    assert (error.code, error.request) == (ErrorCode.BAD_PICTURE, 5) and "\n" not in error.message
    assert "/tmp" not in error.message and len(server.gateway.sessions) == len(server.worker.sessions) == 1
    finish(*other)


def wav(samples: Floats, rate: int = SAMPLE_RATE, subtype: str = "FLOAT") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype=subtype)
    return buffer.getvalue()


BAD_SOUNDS = {
    "nothing": b"",
    "text": b"not a sound " * 99,
    "a picture": encoded(faceless()["plain"]),
    "a cut file": wav(speechlike(0.4))[:9_000],
    "NaN": wav(np.array([0.0, np.nan] * 999, np.float32)),
    "too loud": wav(np.array([0.0, 99.0] * 999, np.float32)),
    "no samples": wav(np.zeros(0, np.float32)),
    "a playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "a list of files": b"ffconcat version 1.0\nfile 'secret.wav'\n",
    "a session description": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
}


@pytest.mark.parametrize("name", BAD_SOUNDS)
def test_a_broken_sound_is_one_sentence_ends_the_stream_and_harms_nobody(name: str) -> None:
    server = InlineServer()
    client, other = server.client(), neighbour(server)
    session = client.open()
    client.say(m.Speak(session=session, stream=1, sound=BAD_SOUNDS[name]))
    server.run()
    error, finished = client.heard[-2:]
    assert isinstance(error, m.Error) and isinstance(finished, m.Finished)
    assert (error.code, finished.reason, finished.frames) == (ErrorCode.BAD_SOUND, "failed", 0)
    assert "\n" not in error.message and (error.session, error.stream) == (session, 1)
    client.say(m.Speak(session=session, stream=2, sound=wav(speechlike(0.3)), pace="clip"))
    server.run()
    assert client.last(m.Finished).frames == 9
    finish(*other)


def test_what_a_client_is_told_about_a_file_does_not_tell_where_the_server_keeps_it() -> None:
    server = InlineServer()
    client = server.client()
    client.say(m.Speak(session=client.open(), stream=1, sound=b"not a sound " * 99))
    server.run()
    assert "/" not in client.last(m.Error).message.replace("and/or", "")


def test_a_list_of_files_cannot_reach_what_lies_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    soundfile.write(tmp_path / "secret.wav", speechlike(0.3), SAMPLE_RATE)
    server = InlineServer()
    client = server.client()
    client.say(m.Speak(session=client.open(), stream=1, sound=BAD_SOUNDS["a list of files"]))
    server.run()
    assert client.last(m.Finished).reason == "failed"
    assert [path.name for path in tmp_path.iterdir()] == ["secret.wav"]


@pytest.mark.parametrize("pace", ["live", "clip"])
def test_a_file_beyond_the_limit_is_refused(pace: str) -> None:
    server = InlineServer(Limits(clip_ms=500))
    client = server.client()
    session = client.open()
    client.say(m.Speak(session=session, stream=1, sound=wav(speechlike(0.6)), pace=pace))
    server.run()
    assert client.last(m.Error).code == ErrorCode.TOO_LARGE and client.last(m.Finished).reason == "failed"
    client.say(m.Speak(session=session, stream=2, sound=wav(speechlike(0.5)), pace="clip"))
    server.run()
    assert client.last(m.Finished).frames == 15


def test_a_face_that_fails_for_a_reason_of_our_own_ends_that_session_alone(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    monkeypatch.setattr(CharacterCache, "_build", fail)
    with connect_client(server.address) as client, connect_client(server.address) as other:
        client.say(m.Open(request=1, outputs=("weights",), fps=(30, 1), playout_ms=0, until=1, portrait=b"another"))
        assert client.expect(m.Closed).reason == "internal"
        assert other.speak(other.open(), 1, silence(4_800)).frames == 9


def test_a_sound_that_fails_for_a_reason_of_our_own_ends_its_stream_alone(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    with connect_client(server.address) as client:
        session = client.open()
        with monkeypatch.context() as patched:
            patched.setattr(ChildExecutor, "_part", fail)
            client.say(m.Speak(session=session, stream=1, sound=b"x"))
            assert client.expect(m.Finished).reason == "failed"
        assert client.last(m.Error).code == ErrorCode.INTERNAL
        client.say(m.Speak(session=session, stream=2, sound=wav(speechlike(0.3)), pace="clip"))
        assert client.expect(m.Finished, 2).frames == 9


def fail(*_: object) -> None:
    raise OSError("no space left on device")
