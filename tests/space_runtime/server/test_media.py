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
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Frame
from tests.conftest import speechlike
from tests.support.inline_server import BUNDLE, InlineClient, InlineServer, distance, heard_as, played, s16
from tests.support.pictures import faceless, png_claiming
from tests.support.wire_client import WireClient, until

PCM = s16(speechlike(0.4)[:, 0])


@pytest.fixture(scope="module")
def drawn(photo: Path) -> list[Frame]:
    """The frames of a session with pictures for the line: 5 frames a second."""
    portrait = open_portrait(photo, open_tracker(BUNDLE))
    return played(heard_as(PCM), Session(BUNDLE, portrait, fps=Fraction(5), pictures=True))


@pytest.fixture(scope="module")
def server(photo: Path) -> Iterator[Server]:
    with Server(BUNDLE, Settings("tcp://127.0.0.1:*", folders=Folders(portraits=photo.parent))) as running:
        yield running


@pytest.mark.parametrize("by_name", [True, False])
def test_a_portrait_speaks_as_in_a_bake(photo: Path, drawn: list[Frame], by_name: bool) -> None:
    hall = InlineServer(folders=Folders(portraits=photo.parent))
    guest = hall.guest()
    face = {"character": photo.name} if by_name else {"portrait": photo.read_bytes()}
    guest.say(m.Open(request=1, outputs=CURVES, fps=(5, 1), playout_ms=500, until=100, **face))
    hall.run()
    session = guest.last(m.Opened).session
    guest.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16"))
    guest.push(session, 1, PCM, 320, 2)
    guest.say(m.End(session=session, stream=1, n_samples=len(PCM) // 2))
    assert distance(guest.frames(), drawn) == 0


CURVES = ("weights", "head", "eyes", "landmarks")


@pytest.mark.parametrize(("kind", "tolerance"), [("rgb", 0.0), ("jpeg", 3.0), ("webp", 3.0)])
def test_textures_are_what_a_session_draws(
    server: Server, photo: Path, drawn: list[Frame], kind: str, tolerance: float
) -> None:
    with WireClient(server.address) as caller:
        opened = caller.open(outputs=("texture",), fps=(5, 1), character=photo.name, texture=kind)
        caller.start(opened.session)
        textures: list[m.Texture] = []
        for first in range(0, len(PCM) // 2, 320):  # one picture at a time, so that none is left out
            pcm = PCM[2 * first : 2 * first + 640]
            caller.say(m.Audio(session=opened.session, stream=1, first_sample=first, pcm=pcm))
            caller.say(m.Ping(nonce=first))
            caller.expect(m.Pong, first // 320 + 1)
        frame = caller.expect(m.Frame)
        caller.expect(m.Texture, 1)
        textures = caller.take(m.Texture)
        assert frame.weights is None and textures[0].index == 0
        for texture in textures:
            assert (texture.format, texture.width, texture.height) == (kind, 512, 512)
            wanted = drawn[texture.index].rgb
            assert wanted is not None
            if texture.index == 0:
                assert np.abs(pixels(texture).astype(int) - wanted).mean() <= tolerance
            assert texture.sample == texture.index * 3_200.0
        caller.say(m.End(session=opened.session, stream=1, n_samples=len(PCM) // 2))
        caller.expect(m.Finished)
        caller.say(m.Close(session=opened.session))
    until(lambda: server.textures.is_idle, "a tidy renderer")


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


def neighbour(hall: InlineServer) -> tuple[InlineClient, int]:
    """Somebody else on the same worker, in mid line."""
    guest = hall.guest()
    session = guest.open()
    guest.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16"))
    guest.push(session, 1, PCM[:6_400], 320, 2)
    return guest, session


def finish(guest: InlineClient, session: int) -> None:
    """The neighbour's line goes on and is whole."""
    guest.say(m.Audio(session=session, stream=1, first_sample=3_200, pcm=PCM[6_400:]))
    guest.say(m.End(session=session, stream=1, n_samples=len(PCM) // 2))
    assert distance(guest.frames(), played(heard_as(PCM))) == 0


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_a_broken_picture_is_one_sentence_and_harms_nobody(name: str) -> None:
    hall = InlineServer()
    guest, other = hall.guest(), neighbour(hall)
    guest.say(m.Open(request=5, outputs=("weights",), fps=(30, 1), playout_ms=0, until=1, portrait=BAD_PICTURES[name]))
    hall.run()
    error = guest.last(m.Error)
    assert (error.code, error.request) == (ErrorCode.BAD_PICTURE, 5) and "\n" not in error.message
    assert "/tmp" not in error.message and len(hall.gateway.sessions) == len(hall.worker.sessions) == 1
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
    hall = InlineServer()
    guest, other = hall.guest(), neighbour(hall)
    session = guest.open()
    guest.say(m.Speak(session=session, stream=1, sound=BAD_SOUNDS[name]))
    hall.run()
    error, finished = guest.heard[-2:]
    assert isinstance(error, m.Error) and isinstance(finished, m.Finished)
    assert (error.code, finished.reason, finished.frames) == (ErrorCode.BAD_SOUND, "failed", 0)
    assert "\n" not in error.message and (error.session, error.stream) == (session, 1)
    guest.say(m.Speak(session=session, stream=2, sound=wav(speechlike(0.3)), pace="clip"))
    hall.run()
    assert guest.last(m.Finished).frames == 9
    finish(*other)


def test_what_a_client_is_told_about_a_file_does_not_tell_where_the_server_keeps_it() -> None:
    hall = InlineServer()
    guest = hall.guest()
    guest.say(m.Speak(session=guest.open(), stream=1, sound=b"not a sound " * 99))
    hall.run()
    assert "/" not in guest.last(m.Error).message.replace("and/or", "")


def test_a_list_of_files_cannot_reach_what_lies_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    soundfile.write(tmp_path / "secret.wav", speechlike(0.3), SAMPLE_RATE)
    hall = InlineServer()
    guest = hall.guest()
    guest.say(m.Speak(session=guest.open(), stream=1, sound=BAD_SOUNDS["a list of files"]))
    hall.run()
    assert guest.last(m.Finished).reason == "failed"
    assert [path.name for path in tmp_path.iterdir()] == ["secret.wav"]


@pytest.mark.parametrize("pace", ["live", "clip"])
def test_a_file_beyond_the_limit_is_refused(pace: str) -> None:
    hall = InlineServer(Limits(clip_ms=500))
    guest = hall.guest()
    session = guest.open()
    guest.say(m.Speak(session=session, stream=1, sound=wav(speechlike(0.6)), pace=pace))
    hall.run()
    assert guest.last(m.Error).code == ErrorCode.TOO_LARGE and guest.last(m.Finished).reason == "failed"
    guest.say(m.Speak(session=session, stream=2, sound=wav(speechlike(0.5)), pace="clip"))
    hall.run()
    assert guest.last(m.Finished).frames == 15


@pytest.mark.parametrize("what", ["face", "sound"])
def test_a_task_that_fails_ends_that_session_alone(monkeypatch: pytest.MonkeyPatch, server: Server, what: str) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("space_runtime.server.character_cache.decode_picture", fail)
    monkeypatch.setattr("space_runtime.server.background.read_whole", fail)
    with WireClient(server.address) as caller, WireClient(server.address) as other:
        if what == "face":
            caller.say(m.Open(request=1, outputs=("weights",), fps=(30, 1), playout_ms=0, until=1, portrait=b"another"))
        else:
            caller.say(m.Speak(session=caller.open().session, stream=1, sound=b"x"))
        assert caller.expect(m.Closed).reason == "internal"
        assert other.line(other.open().session, 1, 0.3).frames == 9
