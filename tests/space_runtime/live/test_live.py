"""`space-runtime live`: whatever the source, the face is in step with it, and at rest in the end."""

from __future__ import annotations

import io
import json
import logging
import math
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from engine_bridge.adapters.live_link_face import NAMES
from engine_bridge.client import Client
from engine_bridge.client.controls import Controls
from engine_bridge.client.jitter import Pose
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.client_ranges import CLIENT_RANGES
from engine_bridge.protocol.errors import BridgeError
from engine_bridge.protocol.messages import SampleFormat
from space_runtime.animation.direction import Direction
from space_runtime.animation.emotion_track import parse_emotion_track
from space_runtime.arrays import Floats
from space_runtime.baking.bake import bake
from space_runtime.commands.live import default_seed
from space_runtime.errors import MediaError
from space_runtime.live.playback_clock import PlaybackClock
from space_runtime.live.player import Player
from space_runtime.live.sources import QUEUED_BLOCKS, Microphone, PcmSource, Samples, file_source, text_source
from space_runtime.media.audio_file import MAX_LIVE_RATE
from space_runtime.server.server import Server
from tests.support.command_line import Call
from tests.support.fake_server import ServedFake
from tests.support.files import refuse_to_open
from tests.support.ports import free_port
from tests.support.real_server import serving
from tests.support.sounds import mono_speech, speechlike
from tests.support.udp_receiver import JAW, Seen, UdpReceiver
from tests.support.waiting import PATIENCE_S, wait_for

ROOT = Path(__file__).parents[3]
CALM = Direction(parse_emotion_track(""))
PLAYOUT_MS = 1_500
"""Enough for the slowest machine: what is late is not as it is baked."""

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="only on Windows signals are other ones")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Commands that run in this process leave its signals as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def receiver() -> Iterator[UdpReceiver]:
    with UdpReceiver() as watching:
        yield watching


def jaws(call: Call, path: Path, folder: Path, *options: str, shape: str = "jawOpen") -> Callable[[float], float]:
    """The baked curve of the jaw, or of another shape, by time."""
    assert call("bake", path, "--out", folder, "--formats", "npz", *options).code == 0
    with np.load(folder / f"{path.stem}.npz") as clip:
        times, values = clip["times_s"], clip["blendshapes"][:, ARKIT_NAMES.index(shape)]
    return lambda seconds: float(np.interp(seconds, times, values))


def check_in_step(seen: list[Seen], jaw: Callable[[float], float], seconds: float) -> None:
    """Check that packets show the baked value of their time, and that the last one is neutral."""
    assert seen[-1].is_neutral
    assert [each.seconds for each in seen] == sorted(each.seconds for each in seen)
    inside = [each for each in seen if 0.15 < each.seconds < seconds - 0.1]  # before it the face comes out of rest
    assert len(inside) > 10
    assert max(abs(each.values[JAW] - jaw(each.seconds)) for each in inside) < 2e-3
    assert max(each.values[JAW] for each in inside) > 0.05


def words_for(server: Server, receiver: UdpReceiver, playout_ms: int = PLAYOUT_MS) -> tuple[str, ...]:
    return ("--server", server.address, "--playout", str(playout_ms), "--to", receiver.url("Hero"))


def run(*words: str, pcm: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run ``space-runtime live`` as a program of its own."""
    program = [sys.executable, "-m", "space_runtime", "live", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(program, input=pcm, capture_output=True, env=environment, timeout=60, check=False)


# Sources


def test_a_file_is_shown_as_it_is_baked(server: Server, receiver: UdpReceiver, call: Call, tmp_path: Path) -> None:
    path = tmp_path / "line.wav"
    soundfile.write(path, speechlike(1.2, 44_100, 2), 44_100)
    jaw = jaws(call, path, tmp_path)
    done = call("live", path, *words_for(server, receiver))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("1.20 s spoken") and " sent" in done.out
    check_in_step(receiver.wait_for_rest("Hero"), jaw, 1.2)
    assert receiver.n_rests("Hero") == 1


def test_an_emotion_keyed_over_time_is_shown_as_it_is_baked(
    server: Server, receiver: UdpReceiver, call: Call, tmp_path: Path
) -> None:
    path, keyed = tmp_path / "line.wav", ("--emotion", "sad=1@0s,happy=1@900ms")
    soundfile.write(path, speechlike(1.3), 16_000)
    smile, place = jaws(call, path, tmp_path, *keyed, shape="mouthSmileLeft"), NAMES.index("MouthSmileLeft")
    done = call("live", path, *keyed, *words_for(server, receiver))
    assert (done.code, done.err) == (0, "")
    inside = [each for each in receiver.wait_for_rest("Hero") if 0.15 < each.seconds < 1.2]
    assert len(inside) > 10 and max(abs(each.values[place] - smile(each.seconds)) for each in inside) < 2e-3
    assert inside[-1].values[place] > inside[0].values[place] + 0.2


def test_looks_and_blinks_are_shown_as_they_are_baked(
    server: Server, receiver: UdpReceiver, call: Call, tmp_path: Path
) -> None:
    path, looks = tmp_path / "line.wav", tmp_path / "looks.csv"
    looks.write_text("time,x,y,z\n0.3,6,0,6\n0.9,,,\n")
    words = ("--look-at", str(looks), "--blink-at", "0.7:0.6", "--blinks", "0", "--emotion", "sad=1@0s,happy=1@1.2s")
    soundfile.write(path, speechlike(1.3), 16_000)
    for shape, place in (("eyeLookOutLeft", "EyeLookOutLeft"), ("eyeBlinkLeft", "EyeBlinkLeft")):
        baked, shown = jaws(call, path, tmp_path, *words, shape=shape), NAMES.index(place)
        done = call("live", path, *words, *words_for(server, receiver))
        assert (done.code, done.err) == (0, "")
        inside = [each for each in receiver.wait_for_rest("Hero") if 0.15 < each.seconds < 1.2]
        assert max(abs(each.values[shown] - baked(each.seconds)) for each in inside) < 2e-3
        assert max(each.values[shown] for each in inside) > 0.3
        receiver.seen.clear()


def test_a_given_head_is_shown_at_its_times(server: Server, receiver: UdpReceiver, call: Call, tmp_path: Path) -> None:
    path, track, place = tmp_path / "line.wav", tmp_path / "head.csv", NAMES.index("HeadYaw")
    track.write_text("time,yaw,pitch,roll\n0,0,0,0\n1,10,0,0\n")
    soundfile.write(path, speechlike(1.3), 16_000)
    done = call("live", path, "--head-track", track, *words_for(server, receiver))
    assert (done.code, done.err) == (0, "")
    inside = [each for each in receiver.wait_for_rest("Hero") if 0.15 < each.seconds < 1.2]
    turned = np.abs([each.values[place] for each in inside])
    assert len(inside) > 10
    np.testing.assert_allclose(turned, [math.radians(10) * min(each.seconds, 1) for each in inside], atol=2e-3)


@pytest.mark.parametrize(
    ("words", "degrees"), [(("--yaw", "25", "--pitch=-15", "--roll", "20"), [25, -15, 20]), ((), None)]
)
def test_a_pose_is_told_to_the_server(
    receiver: UdpReceiver, call: Call, tmp_path: Path, words: tuple[str, ...], degrees: list[float] | None
) -> None:
    path = tmp_path / "line.wav"
    soundfile.write(path, speechlike(0.3), 16_000)
    with ServedFake() as served:
        done = call("live", path, *words, "--server", served.address, "--to", receiver.url("Hero"))
        (start,) = served.fake.of_type(m.Start)
    assert done.code == 0
    if degrees is None:
        assert start.head_offset is None
        return
    assert start.head_offset is not None
    np.testing.assert_allclose(np.degrees(start.head_offset), degrees, atol=1e-4)


@pytest.mark.parametrize("words", [("--yaw", "26"), ("--pitch=-16",), ("--roll", "nan")])
def test_a_pose_beyond_the_limits_is_one_sentence(call: Call, words: tuple[str, ...]) -> None:
    done = call("live", "line.wav", *words)
    assert done.code == 2 and words[0].partition("=")[0] in done.complaint


@pytest.mark.parametrize(("kind", "tail"), [("s16", b"\x01"), ("f32", b"\x01\x02\x03")])
def test_pcm_from_standard_input(
    server: Server, receiver: UdpReceiver, call: Call, tmp_path: Path, kind: str, tail: bytes
) -> None:
    sound = np.round(mono_speech(0.8) * 32_767).astype("<i2")
    soundfile.write(tmp_path / "line.wav", sound, 16_000, subtype="PCM_16")
    pcm = sound.tobytes() if kind == "s16" else (sound.astype("<f4") / np.float32(32_768)).tobytes()
    done = run("--stdin", "--format", kind, *words_for(server, receiver), pcm=pcm + tail)
    assert done.returncode == 0 and done.stdout.startswith(b"0.80 s spoken")
    check_in_step(receiver.wait_for_rest("Hero"), jaws(call, tmp_path / "line.wav", tmp_path), 0.8)


def test_nothing_on_standard_input_is_no_error(server: Server, receiver: UdpReceiver) -> None:
    done = run("--stdin", *words_for(server, receiver, 0), pcm=b"")
    assert done.returncode == 0 and done.stdout.startswith(b"0.00 s spoken, 0 frames")
    assert not receiver.seen


@on_posix
def test_a_closed_standard_input_is_one_sentence() -> None:
    program = f"exec {shlex.quote(sys.executable)} -m space_runtime live --stdin <&-"
    done = subprocess.run(
        program, shell=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"closed" in done.stderr


class Trickle(io.RawIOBase):
    """A stream that gives its bytes in pieces of given sizes."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data, self._sizes = data, sizes

    def read(self, size: int = -1, /) -> bytes:
        n = min(size, self._sizes.pop(0) if self._sizes else size)
        piece, self._data = self._data[:n], self._data[n:]
        return piece


@given(st.sampled_from(SampleFormat), st.binary(max_size=200), st.lists(st.integers(1, 9), max_size=60))
def test_how_the_bytes_come_does_not_change_the_samples(kind: SampleFormat, data: bytes, sizes: list[int]) -> None:
    blocks = list(PcmSource(Trickle(data, sizes), 16_000, kind).blocks())
    width = 2 if kind is SampleFormat.S16 else 4
    assert b"".join(block.tobytes() for block in blocks) == data[: len(data) // width * width]
    assert all(len(block) for block in blocks)


SCRIPT = """
import json, sys, wave
out, told = sys.argv[1], sys.argv[2]
with open(told, "w") as file:
    json.dump({"words": sys.argv[3:], "input": sys.stdin.read()}, file)
with wave.open(out, "wb") as file:
    file.setnchannels(1); file.setsampwidth(2); file.setframerate(22050)
    file.writeframes(bytes(2 * 2205))
"""


@pytest.fixture
def reader(tmp_path: Path) -> Callable[[str, str], dict[str, object]]:
    """Let a program in Python read a text aloud; return what it was told."""
    script, told = tmp_path / "speak it.py", tmp_path / "told.json"
    script.write_text(SCRIPT)

    def read(text: str, rest: str) -> dict[str, object]:
        command = f"{shlex.quote(sys.executable)} {shlex.quote(str(script))} {{out}} {shlex.quote(str(told))} {rest}"
        source = text_source(text, command)
        assert source.rate == 22_050 and sum(map(len, source.blocks())) == 2_205
        found: dict[str, object] = json.loads(told.read_text())
        return found

    return read


@pytest.mark.parametrize(
    "text",
    ["hello", 'he said "no", it\'s\nfine', "$(touch x) `y` ; | & > z", "{out} and {text}", "--help", "-w x", "a\\b"],
)
def test_a_text_reaches_the_program_as_it_is_and_is_never_an_option(
    reader: Callable[[str, str], dict[str, object]], text: str
) -> None:
    assert reader(text, "") == {"words": [], "input": text}
    told = reader(text, "--text {text} '<{text}>'")
    guarded = f" {text}" if text.startswith("-") else text
    assert told == {"words": ["--text", guarded, f"<{guarded}>"], "input": ""}


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("espeak-ng {text}", 2, "has no {out}"),
        ("{out}", 2, "has no {out}"),
        ("", 2, "has no {out}"),
        ("say '{out}", 2, "close its quotes"),
        ("no-such-program {out}", 2, "is not there"),
        ("/ {out}", 1, "could not be read aloud"),
        (f"{shlex.quote(sys.executable)} -c pass {{out}}", 1, "wrote no {out}"),
        (
            f"{shlex.quote(sys.executable)} -c 'raise SystemExit(chr(10) + chr(7) + \"no voice\")' {{out}}",
            1,
            "no voice)",
        ),
        (f'{shlex.quote(sys.executable)} -c \'import sys; open(sys.argv[1], "w").write("no")\' {{out}}', 1, "line.wav"),
    ],
)
def test_a_program_that_cannot_read_aloud_is_one_sentence(call: Call, command: str, code: int, said: str) -> None:
    done = call("live", "--say", "hello", "--tts-command", command)
    assert done.code == code and said in done.complaint


def test_a_text_with_a_zero_is_one_sentence(call: Call) -> None:
    done = call("live", "--say", "a\0b", "--tts-command", f"{shlex.quote(sys.executable)} {{out}} {{text}}")
    assert done.code == 1 and "could not be read aloud" in done.complaint


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")
def test_a_text_read_by_espeak_moves_the_face(receiver: UdpReceiver, call: Call) -> None:
    done = call("live", "--say", '-v "Ma ma\nma"', "--to", receiver.url(), "--name", "Änna")
    assert (done.code, done.err) == (0, "") and " 0 of them without a face" in done.out
    seen = receiver.wait_for_rest("Änna")
    assert seen[-1].is_neutral and max(each.values[JAW] for each in seen) > 0.02


# Microphones


def test_a_file_of_a_higher_rate_than_the_protocol_has_is_spoken_at_48_khz(tmp_path: Path) -> None:
    path = tmp_path / "line.wav"
    soundfile.write(path, speechlike(0.5, 384_000), 384_000)
    source = file_source(path)
    assert source.rate == 48_000 and sum(map(len, source.blocks())) == 24_000
    (row,) = (row for row in CLIENT_RANGES if (row.message, row.field) == ("start", "rate"))
    assert row.high == MAX_LIVE_RATE


def test_a_line_that_may_not_be_read_is_one_sentence(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "line.wav"
    soundfile.write(path, speechlike(0.2), 16_000)
    refuse_to_open(monkeypatch, "line.wav")
    done = call("live", path)
    assert done.code == 1 and "line.wav cannot be opened (Permission denied)" in done.complaint


def test_a_microphone_without_the_extra_is_one_sentence(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    done = call("live", "--mic")
    assert done.code == 2 and "pip install sounddevice" in done.complaint


class FakeCard:
    """The part of sounddevice that a microphone needs."""

    class PortAudioError(Exception):
        pass

    def __init__(self) -> None:
        self.hear: Callable[..., None] = lambda *_: None
        self.asked: object = None

    def query_devices(self, device: object, kind: str) -> dict[str, float]:
        if device == "nothing":
            raise ValueError("No input device matching 'nothing'")
        self.asked = device
        return {"default_samplerate": 48_000.0}

    def InputStream(self, callback: Callable[..., None], **_: object) -> io.BytesIO:
        self.hear = callback
        return io.BytesIO()  # something to enter and leave


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> FakeCard:
    fake = FakeCard()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake


def test_a_microphone_gives_what_it_hears_and_counts_what_nobody_took(card: FakeCard) -> None:
    microphone = Microphone("2")
    assert (card.asked, microphone.rate) == (2, 48_000)
    for k in range(QUEUED_BLOCKS + 3):
        card.hear(np.full((960, 1), k, np.float32), 960, None, None)
    assert microphone.n_lost == 3
    blocks = microphone.blocks()
    assert [next(blocks)[0] for _ in range(3)] == [0, 1, 2]


def test_a_microphone_can_be_listened_to_again(card: FakeCard, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[io.BytesIO] = []

    def open_stream(callback: Callable[..., None], **_: object) -> io.BytesIO:
        opened.append(io.BytesIO())
        callback(np.full((960, 1), len(opened), np.float32), 960, None, None)
        return opened[-1]

    monkeypatch.setattr(card, "InputStream", open_stream)
    microphone = Microphone()
    for number in (1, 2):
        blocks = microphone.blocks()
        assert next(blocks)[0] == number
        blocks.close()  # type: ignore[attr-defined]  # a generator
    assert [stream.closed for stream in opened] == [True, True]


def test_an_unknown_microphone_is_one_sentence(card: FakeCard) -> None:
    with pytest.raises(MediaError, match="no microphone 'nothing'"):
        Microphone("nothing")


# Playback


@given(
    st.lists(st.tuples(st.floats(0, 0.5), st.floats(0.01, 0.3)), min_size=1, max_size=30),
    st.floats(0, 0.5),
    st.floats(0, 1),
)
def test_playback_never_runs_back_nor_past_what_has_come(
    story: list[tuple[float, float]], delay_s: float, spare: float
) -> None:
    slack_s = spare * delay_s
    playback, now, last = PlaybackClock(delay_s, slack_s), 100.0, 0.0
    assert playback.position(now) is None
    for pause, seconds in story:
        now += pause
        last = playback.position(now) or last
        heard_before = playback.received_s
        playback.add(seconds, now)
        soon = playback.position(now + delay_s - slack_s)  # the new sound is played then at the soonest
        assert soon is None or soon <= heard_before + 1e-9
        shown = playback.position(now)
        assert shown is not None or not last
        if shown is not None:
            assert last <= shown <= playback.received_s
            last = shown
    playback.over = True
    end = playback.position(now + 100.0)
    assert end is not None and end > playback.received_s >= last


def test_playback_that_waits_begins_when_it_is_released() -> None:
    playback = PlaybackClock(0.2, 0.1, waits=True)
    playback.add(3.0, 100.0)
    assert playback.position(101.0) is None and playback.ahead_s(101.0) == pytest.approx(2.0)
    playback.release(101.0)
    assert playback.position(101.1) is None
    assert playback.position(101.7) == pytest.approx(0.5)
    assert playback.ahead_s(101.7) == pytest.approx(2.3)


def test_a_line_that_is_animated_ahead_waits_for_its_server_and_shows_every_frame(server: Server) -> None:
    sound = mono_speech(1.6)
    source = SimpleNamespace(rate=16_000, blocks=lambda: iter([sound]))
    with Client(server.address) as client, client.open(timeout_s=PATIENCE_S) as session:
        session.idle(Controls(seed=1))
        played = Player(session, (), 60.0, 0.1, "Face", ahead=True).speak(
            source, Controls(seed=0), CALM, lambda *_: None
        )
    assert played.resting == 0 and played.frames > 40


class Paused:
    """Sound that comes at once, but for a pause in its middle until `resume`."""

    rate = 16_000

    def __init__(self, sound: Floats, pause: Callable[[], None]) -> None:
        self._halves, self._pause = np.array_split(sound, 2), pause

    def blocks(self) -> Iterator[Samples]:
        yield self._halves[0]
        self._pause()
        yield self._halves[1]


def speaking(server: Server, source: object, watch: Callable[[float, Pose], None], playout_ms: int = 1_000) -> str:
    with Client(server.address) as client, client.open(playout_ms=playout_ms, timeout_s=PATIENCE_S) as session:
        return repr(Player(session, (), 60.0, playout_ms / 1e3, "Face").speak(source, Controls(seed=0), CALM, watch))  # type: ignore[arg-type]


def test_after_a_pause_of_its_source_the_face_goes_on(server: Server, call: Call, tmp_path: Path) -> None:
    sound = mono_speech(2.0)
    soundfile.write(tmp_path / "line.wav", sound, 16_000, subtype="FLOAT")
    jaw = jaws(call, tmp_path / "line.wav", tmp_path, "--seed", "0")
    poses: list[tuple[float, Pose]] = []

    def pause() -> None:
        wait_for(lambda: len(poses) > 5 and poses[-5][0] == poses[-1][0])  # it waits at the end of what came
        assert poses[-1][0] == pytest.approx(1.0)

    speaking(server, Paused(sound, pause), lambda seconds, pose: poses.append((seconds, pose)))
    later = [(at, float(pose.blendshapes[ARKIT_NAMES.index("jawOpen")])) for at, pose in poses if 1.2 < at < 1.9]
    assert len(later) > 5 and max(abs(value - jaw(at)) for at, value in later) < 2e-3
    assert max(value for _, value in later) > 0.05


@pytest.mark.parametrize("rate", [2_000, 384_000])
def test_a_line_of_a_rate_that_no_server_takes_is_an_error(server: Server, rate: int) -> None:
    source = SimpleNamespace(rate=rate, blocks=lambda: iter([np.zeros(rate, np.float32)] * 1_000))
    with pytest.raises(BridgeError, match="rate"):
        speaking(server, source, lambda *_: None, 0)


def test_sound_without_speech_is_told(server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    hum = 0.3 * np.sin(2 * np.pi * 50 * np.arange(12_800) / 16_000)
    soundfile.write(tmp_path / "hum.wav", hum, 16_000)
    with caplog.at_level(logging.WARNING):
        speaking(server, file_source(tmp_path / "hum.wav"), lambda seconds, pose: None)
    assert [record for record in caplog.records if "no speech is heard" in record.getMessage()]


def test_a_source_that_fails_is_told_and_the_face_rests(
    server: Server, receiver: UdpReceiver, call: Call, tmp_path: Path
) -> None:
    path = tmp_path / "damaged.wav"
    sound = speechlike(3.0)
    sound[-8_000] = math.nan
    soundfile.write(path, sound, 16_000, subtype="FLOAT")
    done = call("live", path, *words_for(server, receiver, 200))
    assert done.code == 1 and "damaged.wav" in done.complaint
    assert not receiver.seen or receiver.seen[-1].is_neutral


# Calls


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "(none given)"),
        (("a.wav", "--mic"), "(LINE, --mic given)"),
        (("--say", "x", "--stdin"), "(--stdin, --say given)"),
        (("--say", ""), "(none given)"),
        (("--stdin", "--format", "mp3"), "s16, f32"),
        (("--stdin", "--rate", "7"), "--rate"),
        (("a.wav", "--playout", "-1"), "--playout"),
        (("a.wav", "--fps", "x"), "frame rate"),
        (("a.wav", "--emotion", "odd=1"), "odd"),
        (("a.wav", "--emotion", "sad=1@1s,happy=1@0s"), "in the order"),
        (("a.wav", "--seed", "-1"), "--seed"),
        (("a.wav", "--look-at", "1,2"), "expected a point"),
        (("a.wav", "--look-space", "moon"), "--look-space"),
        (("a.wav", "--blink-at", "1:x"), "--blink-at"),
        (("a.wav", "--head-follow", "3"), "--head-follow"),
        (("a.wav", "--head-track", "no.csv", "--camera", "0"), "--camera and --head-track"),
        (("a.wav", "--eye-contact", "3"), "--eye-contact"),
    ],
)
def test_a_call_that_makes_no_sense_is_one_sentence(call: Call, words: tuple[str, ...], said: str) -> None:
    done = call("live", *words)
    assert done.code == 2 and said in done.complaint


def test_a_server_that_is_not_there_is_one_sentence(call: Call, line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client.open.__kwdefaults__
    monkeypatch.setitem(Client.open.__kwdefaults__, "timeout_s", 0.5)
    done = call("live", line, "--server", f"tcp://127.0.0.1:{free_port()}")
    assert done.code == 1 and "no SPACE server answered" in done.complaint


@pytest.mark.parametrize(("address", "said"), [("tcp://10.0.0.5:5570", "space-runtime relay"), ("here", "no address")])
def test_a_server_elsewhere_needs_a_relay(call: Call, line: Path, address: str, said: str) -> None:
    done = call("live", line, "--server", address)
    assert done.code == 2 and said in done.complaint


# The end


@on_posix
def test_ctrl_c_ends_it_at_once_though_nothing_comes_any_more(server: Server, receiver: UdpReceiver) -> None:
    program = [sys.executable, "-m", "space_runtime", "live", "--stdin", *words_for(server, receiver, 200)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    try:
        assert process.stdin is not None
        process.stdin.write(np.round(mono_speech(0.4) * 32_767).astype("<i2").tobytes())
        process.stdin.flush()
        wait_for(lambda: len(receiver.of("Hero")) > 10)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)
        assert time.monotonic() - begin < PATIENCE_S / 2
        out, said = process.stdout.read() if process.stdout else b"", process.stderr.read() if process.stderr else b""
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0 and b"s spoken" in out and said == b""
    assert receiver.wait_for_rest("Hero")[-1].is_neutral


def test_lines_and_characters_have_their_own_seeds_unless_one_is_given(tmp_path: Path) -> None:
    lines = [tmp_path / f"{seed}.wav" for seed in range(2)]
    for seed, path in enumerate(lines):
        soundfile.write(path, speechlike(0.4, seed=seed), 16_000)
    of_lines, of_names = (
        [default_seed(line, "Ann") for line in lines],
        [default_seed(None, who) for who in ("Ann", "Bo")],
    )
    seeds = of_lines + of_names
    assert len(set(seeds)) == 4
    (clip,) = bake(lines[0], tmp_path / "out")
    with np.load(clip) as arrays:
        assert json.loads(str(arrays["metadata"]))["settings"]["seed"] == seeds[0]
