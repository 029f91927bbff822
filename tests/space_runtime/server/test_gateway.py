"""The gateway: greetings, admission, ownership, resumption, rates, muting, and names of files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgpack
import numpy as np
import pytest
import soundfile

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode
from engine_bridge.protocol.wire import encode
from space_runtime.server.limits import Folders, Limits, Refusal
from space_runtime.timebase import SAMPLE_RATE
from tests.support.inline_server import InlineServer
from tests.support.quick_batch import quick
from tests.support.sounds import speechlike
from tests.support.wire_client import PLENTY, WireClient

SECOND = bytes(2 * SAMPLE_RATE)


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with quick():
        yield


def start(session: int, stream: int = 1, **fields: object) -> m.Start:
    return m.Start(session=session, stream=stream, rate=SAMPLE_RATE, format="s16", **fields)  # type: ignore[arg-type]


def push(session: int, first: int = 0, pcm: bytes = SECOND, stream: int = 1) -> m.Audio:
    return m.Audio(session=session, stream=stream, first_sample=first, pcm=pcm)


def refused(client: WireClient, *messages: m.Message) -> m.Error:
    """Say something; return the one error that it gives."""
    n_before = len(client.heard)
    client.say(*messages)
    (error,) = client.heard[n_before:]
    assert isinstance(error, m.Error), error
    assert 10 < len(error.message) <= 1_000 and "\n" not in error.message
    return error


# Greetings


@pytest.mark.parametrize(
    "message",
    [
        push(1),
        m.Ping(nonce=1),
        start(1),
        m.Resume(request=1, token=bytes(16)),
        m.Open(request=1, outputs=("weights",), fps=(30, 1), playout_ms=0, until=0),
        m.Close(session=1),
        m.Credit(session=1, until=1),
    ],
    ids=lambda message: type(message).__name__,
)
def test_nothing_is_done_for_a_stranger(message: m.Message) -> None:
    server = InlineServer()
    assert refused(server.client(greet=False), message).code == ErrorCode.NOT_GREETED
    assert not server.gateway.sessions


@pytest.mark.parametrize("versions", [(), (2,), (0, 2, 3)])
def test_another_version_is_refused_and_the_connection_is_of_no_use(versions: tuple[int, ...]) -> None:
    server = InlineServer()
    client = server.client(greet=False)
    assert refused(client, m.Hello(versions=versions, client="old")).code == ErrorCode.UNSUPPORTED_VERSION
    assert refused(client, m.Ping(nonce=1)).code == ErrorCode.NOT_GREETED
    client.say(m.Hello(versions=(7, 1), client="new"))
    welcome = client.last(m.Welcome)
    assert welcome.version == 1 and welcome.limits["sessions"] == 1_000 and len(welcome.weights) == 52


def test_an_unknown_type_and_the_servers_own_messages_are_answered() -> None:
    server = InlineServer()
    client = server.client()
    client.send(msgpack.packb({"type": "sing", "song": 1}))
    server.run()
    assert client.last(m.Error).code == ErrorCode.UNKNOWN_TYPE
    assert refused(client, m.Bye(reason="no")).code == ErrorCode.UNKNOWN_TYPE
    client.send(msgpack.packb({"type": "ping", "nonce": 5, "later": {"a": [1]}}))
    server.run()
    assert client.last(m.Pong).nonce == 5


def test_thirty_two_bad_messages_mute_a_connection_for_a_minute_and_nobody_else() -> None:
    server = InlineServer()
    bad, good = server.client(), server.client()
    session = bad.open(lease_ms=15_000)
    for _ in range(40):
        bad.send(b"\xc1garbage")
    server.run()
    assert len(bad.take(m.Error)) == 32 and {error.code for error in bad.take(m.Error)} == {ErrorCode.BAD_MESSAGE}
    bad.say(m.Ping(nonce=1))
    good.say(m.Ping(nonce=1))
    assert not bad.take(m.Pong) and good.take(m.Pong)
    server.wait(61.0, 0.25)
    assert session not in server.gateway.sessions
    bad.say(m.Hello(versions=(1,), client="good again"), m.Ping(nonce=2))
    assert bad.last(m.Pong).nonce == 2


def test_a_message_of_too_many_parts_or_bytes_is_refused() -> None:
    server = InlineServer(Limits(message_bytes=100_000))
    client, stranger = server.client(), server.client(greet=False)
    ping = encode(m.Ping(nonce=1))
    client.send(*[ping] * 64)
    server.run()
    assert len(client.take(m.Pong)) == 64
    client.send(*[ping] * 65)
    client.send(bytes(100_001))
    stranger.send(bytes(65_537))
    server.run()
    assert [error.code for error in client.take(m.Error)] == [ErrorCode.BAD_MESSAGE, ErrorCode.TOO_LARGE]
    assert stranger.last(m.Error).code == ErrorCode.TOO_LARGE
    assert len(client.take(m.Pong)) == 64


def test_more_messages_than_the_rate_are_not_handled_and_each_connection_learns_it() -> None:
    server = InlineServer(Limits(messages_per_s=50))
    fast, other = server.client(), server.client()
    for client in (fast, other):
        client.say(*[m.Ping(nonce=n) for n in range(300)])
        assert len(client.take(m.Pong)) <= 100
        assert [error.code for error in client.take(m.Error)] == [ErrorCode.TOO_FAST]
    server.wait(1.0)
    n_before = len(fast.take(m.Pong))
    fast.say(*[m.Ping(nonce=n) for n in range(45)])
    assert len(fast.take(m.Pong)) == n_before + 45


def test_an_open_that_comes_too_fast_is_answered_too() -> None:
    server = InlineServer(Limits(messages_per_s=10))
    client = server.client()
    for second in range(3):
        client.say(*[m.Ping(nonce=n) for n in range(40)])
        assert len(client.take(m.Error)) == second + 1
        server.wait(1.0, 0.1)


# Admission


def test_the_session_too_many_is_refused_and_the_others_are_complete() -> None:
    server = InlineServer(Limits(sessions=20, sessions_per_client=20))
    client = server.client()
    sessions = [client.open() for _ in range(20)]
    client.say(*[start(session) for session in sessions])
    for tenth in range(10):
        client.say(*[push(session, tenth * 1_600, SECOND[:3_200]) for session in sessions])
        error = refused_open(server.client())
        assert error.code == ErrorCode.TOO_MANY_SESSIONS and error.request == 9
        server.wait(0.1)
    client.say(*[m.End(session=session, stream=1, n_samples=SAMPLE_RATE) for session in sessions])
    for session in sessions:
        assert [frame.seq for frame in client.frames(session=session)] == list(range(30))
    client.say(m.Close(session=sessions[0]))
    assert client.open() == 21


def test_a_connection_has_a_share_of_the_sessions_and_others_can_always_open_one() -> None:
    server = InlineServer(Limits(sessions=20))
    first, second = server.client(), server.client()
    assert opened(first) == 10 and opened(second) == 5
    for _ in range(5):
        assert opened(server.client()) == 1
    assert opened(server.client()) == 0
    first.say(m.Close(session=1))
    assert opened(first) == 0 and opened(server.client()) == 1
    error = refused_open(second)
    assert error.code == ErrorCode.TOO_MANY_SESSIONS


def test_a_key_has_one_share_on_all_its_connections() -> None:
    server = InlineServer(Limits(sessions=20))
    connections = [server.client(greet=False) for _ in range(4)]
    for client in connections:
        server.gateway.receive(client.route, [encode(m.Hello(versions=(1,), client="x"))], server.now, b"key")
    assert [opened(client) for client in connections] == [10, 0, 0, 0]
    stranger = server.client()
    assert opened(stranger) == 5


def test_a_session_without_a_connection_gives_its_place_to_whoever_needs_it() -> None:
    server = InlineServer(Limits(sessions=2, sessions_per_client=2))
    first, second = server.client(), server.client()
    tokens = [first.tokens[first.open()] for _ in range(2)]
    assert opened(second, 1) == 0
    server.lose(first)
    assert opened(second, 1) == 1 and len(server.gateway.sessions) == 2
    assert set(server.worker.sessions.by_number) == set(server.gateway.sessions)
    second.say(m.Resume(request=1, token=tokens[0]))
    assert second.last(m.Error).code == ErrorCode.BAD_TOKEN
    second.say(m.Resume(request=2, token=tokens[1]))
    assert second.take(m.Resumed)


def opened(client: WireClient, n: int = 30) -> int:
    """Return how many sessions a client gets that asks for so many."""
    before = len(client.take(m.Opened))
    for _ in range(n):
        client.say(m.Open(request=1, outputs=("weights",), fps=(30, 1), playout_ms=100, until=1))
    return len(client.take(m.Opened)) - before


def refused_open(client: WireClient, **fields: object) -> m.Error:
    wanted: dict[str, object] = {"outputs": ("weights",), "fps": (30, 1), "playout_ms": 100, "until": 1}
    return refused(client, m.Open(request=9, **{**wanted, **fields}))  # type: ignore[arg-type]


def test_a_server_that_is_behind_takes_nobody_more() -> None:
    server = InlineServer()
    server.port.load = 0.2
    error = refused_open(server.client())
    assert error.code == ErrorCode.BUSY and "200 ms" in error.message
    server.port.load = 0.0
    server.client().open()


@pytest.mark.parametrize(("pace", "chunk_s"), [("clip", 5.0), ("live", 0.4)])
def test_work_that_nobody_waits_for_does_not_make_a_server_busy(pace: str, chunk_s: float) -> None:
    server, worst = InlineServer(), 0.0
    client = server.client()
    session = client.open()
    client.say(start(session, pace=pace))
    server.step_cost_s = 0.002
    n = int(chunk_s * SAMPLE_RATE)
    for chunk in range(5):
        client.send_all(push(session, chunk * n, bytes(2 * n)))
        began = server.now
        for _ in range(n // 320 + 1):
            server.run(1)
            worst = max(worst, server.worker.lag_s)
        server.now = max(server.now, began + chunk_s)
    assert server.worker.n_hops >= 95 and worst < 0.01


def test_a_worker_that_cannot_keep_up_says_so() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open()
    client.say(start(session))
    server.port.stalled = True
    for chunk in range(50):
        server.wait(0.02)
        client.send_all(push(session, chunk * 320, SECOND[:640]))
    server.port.stalled = False
    server.run(1)
    assert server.worker.lag_s > 0.9


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"outputs": ()}, "outputs"),
        ({"outputs": ("hair",)}, "hair"),
        ({"fps": (30,)}, "fps"),
        ({"fps": (30, 0)}, "fps"),
        ({"fps": (0, 1)}, "rate"),
        ({"fps": (241, 1)}, "rate"),
        ({"fps": (4_294_967_295, 4_294_967_294)}, "rate"),
        ({"playout_ms": 10_001}, "playout_ms"),
        ({"lease_ms": 999}, "lease_ms"),
        ({"lease_ms": 15_001}, "lease_ms"),
        ({"outputs": ("texture",)}, "face"),
        ({"outputs": ("weights", "keypoints")}, "keypoints needs a face"),
        ({"texture": "bmp"}, "bmp"),
        ({"portrait": b"x", "character": "y"}, "both"),
    ],
)
def test_an_open_outside_the_limits_is_refused_in_a_sentence(fields: dict[str, object], word: str) -> None:
    server = InlineServer()
    error = refused_open(server.client(), **fields)
    assert error.code == ErrorCode.BAD_VALUE and error.request == 9 and word in error.message
    assert not server.gateway.sessions


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (m.Start(session=1, stream=1, rate=3_999, format="s16"), ErrorCode.BAD_VALUE),
        (m.Start(session=1, stream=1, rate=192_001, format="s16"), ErrorCode.BAD_VALUE),
        (m.Start(session=1, stream=1, rate=16_000, format="u8"), ErrorCode.BAD_VALUE),
        (m.Start(session=1, stream=1, rate=16_000, format="s16", channels=9), ErrorCode.BAD_VALUE),
        (m.Start(session=1, stream=1, rate=16_000, format="s16", channels=0), ErrorCode.BAD_VALUE),
        (m.Start(session=1, stream=1, rate=16_000, format="s16", pace="slow"), ErrorCode.BAD_VALUE),
        (m.Start(session=1, stream=1, rate=4_000, format="s16", first_sample=2**63 - 1), ErrorCode.BAD_VALUE),
        (m.Start(session=1, stream=1, rate=16_000, format="s16", emotion={"glee": 1.0}), ErrorCode.BAD_VALUE),
        (m.Start(session=1, stream=1, rate=16_000, format="s16", emotion={"happy": 2.0}), ErrorCode.BAD_VALUE),
        (m.Start(session=1, stream=1, rate=16_000, format="s16", mouth=2.5), ErrorCode.BAD_VALUE),
        (m.Start(session=1, stream=1, rate=16_000, format="s16", blinks=-1.0), ErrorCode.BAD_VALUE),
        (m.Start(session=1, stream=1, rate=16_000, format="s16", head="spin"), ErrorCode.BAD_VALUE),
        (m.Speak(session=1, stream=1), ErrorCode.BAD_VALUE),
        (m.Speak(session=1, stream=1, sound=b"x", asset="y"), ErrorCode.BAD_VALUE),
        (m.Speak(session=1, stream=1, asset="y"), ErrorCode.NO_ASSET),
        (m.Audio(session=1, stream=1, first_sample=0, pcm=b""), ErrorCode.UNKNOWN_STREAM),
        (m.End(session=1, stream=1, n_samples=0), ErrorCode.UNKNOWN_STREAM),
        (m.Interrupt(session=1, stream=1, at_sample=0, fade_ms=0), ErrorCode.UNKNOWN_STREAM),
        (m.Set(session=1, stream=1, at_sample=0), ErrorCode.UNKNOWN_STREAM),
        (m.Motion(session=1, stream=1, at_sample=0, rows=np.zeros(64, np.float32)), ErrorCode.UNKNOWN_STREAM),
    ],
)
def test_what_does_not_fit_is_refused_and_the_session_goes_on(message: m.Message, code: ErrorCode) -> None:
    server = InlineServer()
    client = server.client()
    assert client.open() == 1
    error = refused(client, message)
    assert (error.code, error.session, error.stream) == (code, 1, 1)
    client.say(start(1, 2), push(1, stream=2), m.End(session=1, stream=2, n_samples=SAMPLE_RATE))
    server.wait(1.0)
    assert len(client.frames(2)) == 30


@pytest.mark.parametrize(
    ("message", "code", "ends"),
    [
        (push(1, 0, b"abc"), ErrorCode.BAD_VALUE, False),
        (push(1, 31 * SAMPLE_RATE), ErrorCode.TOO_MUCH_SOUND, False),
        (push(1, 2**63 - 1), ErrorCode.TOO_MUCH_SOUND, False),
        (m.End(session=1, stream=1, n_samples=2**62), ErrorCode.TOO_MUCH_SOUND, False),
        (start(1, 1), ErrorCode.BAD_VALUE, False),
        (m.Interrupt(session=1, stream=1, at_sample=0, fade_ms=10_001), ErrorCode.BAD_VALUE, False),
        (m.Set(session=1, stream=1, at_sample=0, mouth=9.0), ErrorCode.BAD_VALUE, False),
    ],
)
def test_what_does_not_fit_a_stream_is_refused_and_the_stream_goes_on(
    message: m.Message, code: ErrorCode, ends: bool
) -> None:
    server = InlineServer()
    client = server.client()
    client.open()
    client.say(start(1))
    assert refused(client, message).code == code
    client.say(push(1), m.End(session=1, stream=1, n_samples=SAMPLE_RATE))
    server.wait(1.0)
    assert len(client.frames()) == 30 and client.last(m.Finished).reason == "end"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 65.0])
def test_samples_that_are_no_sound_end_the_stream(value: float) -> None:
    server = InlineServer()
    client = server.client()
    client.open()
    client.say(m.Start(session=1, stream=1, rate=SAMPLE_RATE, format="f32"))
    client.say(push(1, 0, np.array([0.0, value], "<f4").tobytes()))
    error, finished = client.heard[-2:]
    assert isinstance(error, m.Error) and error.code == ErrorCode.BAD_SOUND
    assert isinstance(finished, m.Finished) and finished.reason == "failed"


def test_sound_may_lie_ahead_as_far_as_the_limit_says_whatever_its_format() -> None:
    for kind, width in (("s16", 2), ("f32", 4)):
        client = InlineServer().client()
        client.open()
        client.say(m.Start(session=1, stream=1, rate=SAMPLE_RATE, format=kind))
        client.say(push(1, 0, bytes(width * 9 * SAMPLE_RATE)))
        assert not client.take(m.Error)


def test_an_interrupt_far_ahead_does_not_animate_what_never_came() -> None:
    server = InlineServer()
    client = server.client()
    client.open()
    client.say(start(1), push(1), m.Interrupt(session=1, stream=1, at_sample=2**62, fade_ms=100))
    server.wait(1.5)
    assert client.last(m.Finished).reason == "interrupted" and server.worker.n_hops < 100


def test_changes_ahead_are_bounded() -> None:
    server = InlineServer()
    client = server.client()
    client.open()
    client.say(start(1))
    for n in range(200):
        client.say(m.Set(session=1, stream=1, at_sample=1_000 * n, mouth=1.0))
        server.wait(0.01)
    stream = server.state_of(1).stream
    assert stream and len(stream.track.changes) <= 64
    assert {error.code for error in client.take(m.Error)} == {ErrorCode.TOO_FAST}


def test_changes_for_a_file_that_is_not_read_yet_are_bounded() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open()
    server.executor.held = True
    client.say(m.Speak(session=session, stream=1, sound=b"RIFF"))
    for n in range(70):
        client.say(m.Set(session=session, stream=1, at_sample=1_000 * n, mouth=1.0))
    assert [error.code for error in client.take(m.Error)] == [ErrorCode.TOO_FAST] * 6


def test_chunks_that_wait_for_an_earlier_one_are_bounded() -> None:
    server = InlineServer()
    client = server.client()
    client.open(playout_ms=10_000)
    client.say(start(1), push(1))
    for n in range(40):
        client.say(push(1, SAMPLE_RATE + 1 + n, bytes(2 * 8 * SAMPLE_RATE)))
    stream = server.state_of(1).stream
    assert stream and stream.audio and 0 < stream.audio.n_early_bytes <= 2 << 20
    assert {error.code for error in client.take(m.Error)} == {ErrorCode.TOO_MUCH_SOUND}


# Ownership


def test_nobody_else_can_touch_a_session_and_the_answer_is_that_for_none() -> None:
    server = InlineServer()
    owner, thief = server.client(), server.client()
    session = owner.open()
    owner.say(start(session))
    answers = {}
    for number in (session, 77):
        said: list[m.Message] = [
            start(number, 2),
            push(number),
            m.Speak(session=number, stream=2, sound=b"x"),
            m.Idle(session=number, stream=2),
            m.Set(session=number, stream=1, at_sample=0),
            m.Motion(session=number, stream=1, at_sample=0, rows=np.zeros(64, np.float32)),
            m.End(session=number, stream=1, n_samples=0),
            m.Interrupt(session=number, stream=1, at_sample=0, fade_ms=0),
            m.Credit(session=number, until=0),
            m.Close(session=number),
        ]
        answers[number] = [refused(thief, message) for message in said]
    for mine, none in zip(answers[session], answers[77], strict=True):
        assert mine.code == none.code == ErrorCode.UNKNOWN_SESSION and mine.stream == none.stream
        assert mine.message.replace(str(session), "") == none.message.replace("77", "")
    owner.say(push(session), m.End(session=session, stream=1, n_samples=SAMPLE_RATE))
    server.wait(1.0)
    assert len(owner.frames()) == 30 and not thief.frames()


@pytest.mark.parametrize("broken", [True, False])
def test_a_session_moves_with_its_token_and_only_with_it(broken: bool) -> None:
    server = InlineServer()
    old = server.client()
    session = old.open()
    old.say(start(session), push(session, 0, SECOND[:16_000]))
    n_before = len(old.frames())
    if broken:
        server.lose(old)
        server.wait(2.0)
    new = server.client()
    token = old.tokens[session]
    for wrong in (bytes(16), token[:-1], token + b"\0", b"", token[:-1] + bytes([token[-1] ^ 1])):
        assert refused(new, m.Resume(request=3, token=wrong)).code == ErrorCode.BAD_TOKEN
    new.say(m.Resume(request=4, token=token))
    resumed = new.last(m.Resumed)
    assert (resumed.request, resumed.session, resumed.stream, resumed.next_sample) == (4, session, 1, 8_000)
    assert resumed.seq >= n_before
    new.say(push(session, 8_000, SECOND[16_000:]), m.End(session=session, stream=1, n_samples=SAMPLE_RATE))
    server.wait(1.0)
    assert new.last(m.Finished).reason == "end"
    assert not broken or new.frames()[-1].index == 29
    if not broken:
        assert refused(old, push(session)).code == ErrorCode.UNKNOWN_SESSION
        assert [*old.frames(), *new.frames()][-1].index == 29


def test_a_lost_connections_sessions_wait_for_their_lease() -> None:
    server = InlineServer()
    client = server.client()
    session, token = client.open(lease_ms=3_000), client.tokens[1]
    server.lose(client)
    server.wait(2.7, 0.1)
    assert session in server.gateway.sessions
    server.wait(1.0, 0.1)
    assert not server.gateway.sessions and not len(server.worker.sessions)
    assert refused(server.client(), m.Resume(request=1, token=token)).code == ErrorCode.BAD_TOKEN


def test_a_session_that_is_shut_while_its_face_is_built_leaves_nothing(photo: Path) -> None:
    server = InlineServer(folders=Folders(portraits=photo.parent))
    client = server.client()
    server.executor.held = True
    client.say(
        m.Open(
            request=1, outputs=("weights",), fps=(30, 1), playout_ms=0, until=1, character=photo.name, lease_ms=1_000
        )
    )
    server.wait(2.0, 0.1)
    server.executor.held = False
    server.run()
    server.run()
    assert client.last(m.Closed).reason == "lease_expired"
    assert not server.gateway.sessions and not len(server.worker.sessions) and not client.take(m.Opened)


def test_connections_that_come_and_go_do_not_lock_others_out() -> None:
    server = InlineServer(Limits(connections=64))
    owner = server.client()
    session = owner.open()
    for _ in range(500):
        server.client()
    assert len(server.gateway.connections) <= 64
    owner.say(start(session), push(session), m.End(session=session, stream=1, n_samples=SAMPLE_RATE))
    server.wait(1.0)
    assert len(owner.frames()) == 30


def test_silent_connections_are_forgotten() -> None:
    server = InlineServer()
    for _ in range(50):
        server.client()
    server.wait(61.0, 0.5)
    assert not server.gateway.connections


def test_a_stop_tells_everybody_in_order() -> None:
    server = InlineServer()
    client, other = server.client(), server.client()
    session = client.open(until=PLENTY)
    client.say(start(session), push(session))
    server.gateway.stop()
    server.run()
    server.gateway.send_bye()
    server.run()
    finished, closed, bye = client.heard[-3:]
    assert isinstance(finished, m.Finished) and isinstance(closed, m.Closed) and isinstance(bye, m.Bye)
    assert closed.reason == "stopping" and isinstance(other.heard[-1], m.Bye)
    assert refused_open(client).code == ErrorCode.STOPPING


# Files


BAD_NAMES = [
    "", ".", "..", "../secret.wav", "a/../../secret.wav", "/etc/passwd", "//etc/passwd", "sub//line.wav", "./line.wav",
    "sub/./line.wav", "line.wav/", "line.wav\0", "line.wav\0.png", "C:\\line.wav", "C:line.wav", "..\\secret.wav",
    "\\\\host\\share\\a.wav", "line.wav:stream", "nul", "CON", "con.wav", "aux", "COM1", "~/line.wav", "$HOME/line.wav",
    "link.wav", "loop", "folder", "pipe", "deviced/zero", "x" * 300, "é" * 200, "line.wav\n", "*", "line?wav",
]  # fmt: skip


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a line, a line in a folder, and ways out of it."""
    root = tmp_path_factory.mktemp("assets")
    folder = root / "sounds"
    (folder / "sub").mkdir(parents=True)
    soundfile.write(root / "secret.wav", speechlike(0.3), SAMPLE_RATE)
    for path in (folder / "line.wav", folder / "sub" / "line.wav"):
        soundfile.write(path, speechlike(0.3), SAMPLE_RATE)
    (folder / "folder").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe")
        (folder / "link.wav").symlink_to(root / "secret.wav")
        (folder / "loop").symlink_to(folder / "loop")
        (folder / "deviced").symlink_to("/dev")
        (folder / "inside.wav").symlink_to(folder / "sub" / "line.wav")
    return folder


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_leads_elsewhere_is_no_name(assets: Path, name: str) -> None:
    folders = Folders(portraits=assets, sounds=assets)
    for find in (folders.portrait, folders.sound):
        with pytest.raises(Refusal) as refusal:
            find(name)
        assert refusal.value.code == ErrorCode.NO_ASSET
        assert str(assets) not in str(refusal.value) and "\n" not in str(refusal.value)


def test_names_under_the_folder_are_found(assets: Path) -> None:
    server = InlineServer(folders=Folders(sounds=assets))
    client = server.client()
    session = client.open()
    names = ["line.wav", "sub/line.wav", *(["inside.wav"] if hasattr(os, "mkfifo") else [])]
    for stream, name in enumerate(names):
        client.say(m.Speak(session=session, stream=stream, asset=name, pace="clip"))
        server.run()
        assert client.last(m.Finished).frames == 9
    assert refused(client, m.Speak(session=session, stream=9, asset="../secret.wav")).code == ErrorCode.NO_ASSET
    assert refused_open(client, character="").code == ErrorCode.NO_ASSET
    assert refused_open(client, character="", outputs=("texture",)).code == ErrorCode.NO_ASSET


def test_files_do_not_pile_up_before_the_executor() -> None:
    server = InlineServer()
    server.executor.held = True
    client = server.client()
    sessions = [client.open() for _ in range(20)]
    for session in sessions:
        for stream in range(3):  # a stream that is replaced takes its file out of the queue
            client.say(m.Speak(session=session, stream=stream, sound=b"no sound"))
    assert len(server.executor.tasks) == 16
    assert client.last(m.Error).code == "busy"
    client.say(m.Open(request=9, outputs=("weights",), fps=(30, 1), playout_ms=0, until=9, portrait=b"no picture"))
    assert (client.last(m.Error).code, client.last(m.Error).request) == ("busy", 9)
    server.executor.held = False
    server.wait(0.1)
    assert not server.executor.tasks and len(server.gateway.sessions) == 20
