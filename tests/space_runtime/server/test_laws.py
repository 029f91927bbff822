"""Laws of live streams: what comes out is what a bake gives, however the sound came in."""

from __future__ import annotations

import io
from dataclasses import fields, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import SampleFormat
from space_runtime.animation.session import Session
from space_runtime.arrays import Floats
from space_runtime.baking.bake import bake
from space_runtime.emotion import Emotion, emotion_vector
from space_runtime.media.audio_file import open_sound
from space_runtime.rig.shapes import SHAPE
from space_runtime.server.validation import SoundFormat, controls_of
from space_runtime.server.worker.audio_buffer import AudioBuffer
from space_runtime.timebase import HOP, SAMPLE_RATE, n_frames
from space_runtime.values import Controls, HeadMode
from tests.support.inline_server import InlineServer
from tests.support.session_frames import BUNDLE, curves, distance, session_frames
from tests.support.sounds import at_16k, from_s16, s16, speechlike
from tests.support.wire_client import PLENTY, WireClient

PCM = s16(speechlike(0.7)[:, 0])
SOUND = from_s16(PCM)


def line(
    server: InlineServer,
    pcm: bytes,
    chunk: int = 320,
    rate: int = 16_000,
    kind: str = "s16",
    channels: int = 1,
    **opened: object,
) -> WireClient:
    """A whole line, pushed at once in chunks."""
    client = server.client()
    session = client.open(**opened)
    width = (2 if kind == "s16" else 4) * channels
    client.say(m.Start(session=session, stream=1, rate=rate, format=kind, channels=channels))
    client.push_chunks(session, 1, pcm, chunk, width)
    client.say(m.End(session=session, stream=1, n_samples=len(pcm) // width))
    server.wait(len(pcm) / width / rate, 0.05)
    return client


@pytest.mark.parametrize("kind", ["s16", "f32"])
@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (16_000, 1), (22_050, 1), (44_100, 2), (48_000, 2)])
def test_live_equals_baked_bit_for_bit(tmp_path: Path, kind: str, rate: int, channels: int) -> None:
    sound = speechlike(0.5, rate, channels)
    pcm = s16(sound) if kind == "s16" else sound.astype("<f4").tobytes()
    stored = np.frombuffer(pcm, "<i2" if kind == "s16" else "<f4").reshape(-1, channels)
    soundfile.write(tmp_path / "line.wav", stored, rate, subtype="PCM_16" if kind == "s16" else "FLOAT")
    client = line(InlineServer(), pcm, rate // 50, rate, kind, channels)
    baked = session_frames(np.concatenate(list(open_sound(tmp_path / "line.wav").speech_blocks())))
    assert distance(client.frames(), baked) == 0
    assert [frame.sample for frame in client.frames()] == [k * rate / 30 for k in range(len(baked))]
    assert client.last(m.Finished).frames == len(baked) and client.heard[-1] is client.last(m.Finished)


def test_a_file_baked_on_disk_is_the_same_line(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "line.wav", np.frombuffer(PCM, "<i2"), 16_000)
    (path,) = bake(
        tmp_path / "line.wav", tmp_path, bundle=BUNDLE, controls=Controls(seed=0), fps=Fraction(30_000, 1_001)
    )
    frames = line(InlineServer(), PCM, fps=(30_000, 1_001)).frames()
    with np.load(path) as clip:
        live = np.array([frame.weights for frame in frames])
        assert np.array_equal(clip["blendshapes"][: len(live)], live)
        assert 0 <= clip["times_s"][len(live)] - len(PCM) / 32_000 < 1_001 / 30_000  # then its release, a client's live
        assert not clip["blendshapes"][-1, [SHAPE["jawOpen"], SHAPE["mouthClose"]]].any()


def test_sessions_in_batches_equal_sessions_alone() -> None:
    server, rng = InlineServer(), Random(1)
    lines = [
        (s16(speechlike(rng.uniform(0.4, 0.7), rate, 1, seed)[:, 0]), rate, fps)
        for seed, (rate, fps) in enumerate([(16_000, 30), (48_000, 60), (22_050, 24), (16_000, 240), (8_000, 1)])
    ]
    clients = [server.client() for _ in lines]
    for client, (_, rate, fps) in zip(clients, lines, strict=True):
        session = client.open(fps=(fps, 1))
        client.say(m.Start(session=session, stream=1, rate=rate, format="s16"))
    for tenth in range(10):
        for client, (pcm, rate, _) in zip(clients, lines, strict=True):
            first = tenth * rate // 10
            chunk = pcm[2 * first : 2 * (first + rate // 10)]
            if chunk:
                session = client.last(m.Opened).session
                client.send_all(m.Audio(session=session, stream=1, first_sample=first, pcm=chunk))
        server.wait(0.1)
    for client, (pcm, rate, fps) in zip(clients, lines, strict=True):
        client.say(m.End(session=client.last(m.Opened).session, stream=1, n_samples=len(pcm) // 2))
        baked = session_frames(at_16k(from_s16(pcm)[:, None], rate), fps=Fraction(fps))
        assert [f.index for f in client.frames()] == [f.frame_index for f in baked]
        assert distance(client.frames(), baked) <= 1e-6
        assert client.last(m.Finished).reason == "end"


Chunk = tuple[int, int]


@st.composite
def chunkings(draw: st.DrawFn) -> list[Chunk]:
    """Chunks that together cover 2,000 samples: cut, repeated, overlapping, in any order."""
    cuts = sorted({0, 2_000, *draw(st.lists(st.integers(0, 2_000), max_size=12))})
    chunks = list(pairwise(cuts))
    more = st.tuples(st.integers(0, 2_000), st.integers(0, 2_000)).map(lambda pair: (min(pair), max(pair)))
    return draw(st.permutations(chunks + draw(st.lists(more, max_size=6))))


def hops_of(buffer: AudioBuffer) -> Floats:
    buffer.finish(2_000, 0.0)
    hops = [buffer.pop()[0] for _ in range(-(-buffer.buffered // HOP))]
    return np.concatenate(hops)


@given(chunkings(), st.sampled_from([16_000, 22_050, 48_000]), st.sampled_from([1, 2, 6]), st.booleans())
def test_chunks_cut_repeated_overlapping_and_out_of_order_change_nothing(
    chunks: list[Chunk], rate: int, channels: int, cancels: bool
) -> None:
    sound = SoundFormat(rate, SampleFormat.S16, channels)
    signs = np.resize([1, -1], channels) if cancels else 1
    pcm, width = s16(speechlike(2_000 / rate, rate, channels) * signs), 2 * channels
    whole, cut = AudioBuffer(sound), AudioBuffer(sound)
    whole.add(0, pcm, 0.0)
    for first, end in chunks:
        cut.add(first, pcm[first * width : end * width], 0.0)
    assert not cut.has_gap and cut.n_concealed == 0
    assert np.array_equal(hops_of(cut), hops_of(whole))


def test_channels_that_cancel_each_other_are_heard() -> None:
    voice = speechlike(1.0, 16_000)
    sound = AudioBuffer(SoundFormat(16_000, SampleFormat.S16, 2))
    sound.add(0, s16(np.concatenate([voice, -voice], axis=1)), 0.0)
    assert np.corrcoef(hops_of(sound), voice[:, 0])[0, 1] > 0.98


def test_a_line_in_disorder_is_the_same_line() -> None:
    server, rng = InlineServer(), Random(3)
    client = server.client()
    session = client.open()
    client.say(m.Start(session=session, stream=1, rate=16_000, format="s16"))
    starts = [*range(0, len(SOUND), 700), *range(0, len(SOUND), 3_000)]
    rng.shuffle(starts)
    for first in starts:
        pcm = PCM[2 * first : 2 * first + 2 * 1_000]
        client.say(m.Audio(session=session, stream=1, first_sample=first, pcm=pcm))
    client.say(m.End(session=session, stream=1, n_samples=len(SOUND)))
    server.wait(1.0)
    assert distance(client.frames(), session_frames(SOUND)) == 0
    assert not client.take(m.Error) and client.last(m.Finished).dropped == 0


def test_a_missing_chunk_becomes_silence_when_its_time_comes_and_not_before() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open(playout_ms=400)
    client.say(m.Start(session=session, stream=1, rate=16_000, format="s16"))
    began = server.now
    for first in range(0, len(SOUND), 800):
        if first != 4_000:
            client.say(m.Audio(session=session, stream=1, first_sample=first, pcm=PCM[2 * first : 2 * first + 1_600]))
        server.wait(0.05)
    client.say(m.End(session=session, stream=1, n_samples=len(SOUND)))
    server.wait(1.0)
    lacking = SOUND.copy()
    lacking[4_000:4_800] = 0
    assert distance(client.frames(), session_frames(lacking)) == 0
    concealed = [at for at, frame in zip(client.when(m.Frame), client.frames(), strict=True) if frame.sample > 4_000]
    needed = began + 0.4 + 4_000 / SAMPLE_RATE - BUNDLE.look_ahead() / SAMPLE_RATE
    assert needed - 0.05 <= concealed[0] <= needed + 0.1
    assert client.last(m.Finished).dropped == 0


def test_a_missing_chunk_that_comes_in_time_is_heard() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open(playout_ms=500)
    client.say(m.Start(session=session, stream=1, rate=16_000, format="s16"))
    for first in [0, 800, 2_400, 3_200, 1_600, *range(4_000, len(SOUND), 800)]:
        client.say(m.Audio(session=session, stream=1, first_sample=first, pcm=PCM[2 * first : 2 * first + 1_600]))
        server.wait(0.05)
    client.say(m.End(session=session, stream=1, n_samples=len(SOUND)))
    assert distance(client.frames(), session_frames(SOUND)) == 0
    assert not client.take(m.Underrun)


def test_an_end_beyond_the_sound_adds_silence() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open()
    client.say(m.Start(session=session, stream=1, rate=16_000, format="s16"))
    client.push_chunks(session, 1, PCM, 320, 2)
    client.say(m.End(session=session, stream=1, n_samples=len(SOUND) + 4_000))
    assert distance(client.frames(), session_frames(np.concatenate([SOUND, np.zeros(4_000, np.float32)]))) == 0


def test_an_end_before_the_sound_ends_where_the_sound_has_got_to() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open()
    client.say(m.Start(session=session, stream=1, rate=16_000, format="s16"))
    client.push_chunks(session, 1, PCM, 320, 2)
    client.say(m.End(session=session, stream=1, n_samples=100))
    assert distance(client.frames(), session_frames(SOUND)) == 0
    assert client.last(m.Finished).frames == n_frames(len(SOUND), Fraction(30))


@pytest.mark.parametrize(("rate", "first"), [(16_000, 7_000), (44_100, 12_345), (16_000, 0), (16_000, 8_000)])
def test_a_line_taken_up_in_its_middle_lies_on_the_grid_of_the_whole(rate: int, first: int) -> None:
    server = InlineServer()
    client = server.client()
    session = client.open()
    sound = speechlike(0.8, rate)
    pcm = s16(sound[:, 0])
    client.say(m.Start(session=session, stream=5, rate=rate, format="s16", first_sample=first))
    client.say(m.Audio(session=session, stream=5, first_sample=first, pcm=pcm[2 * first :]))
    client.say(m.End(session=session, stream=5, n_samples=len(sound)))
    server.wait(1.0, 0.05)
    frames = client.frames()
    index = -(-first * 30 // rate)
    assert client.last(m.Started).sample == frames[0].sample == pytest.approx(index * rate / 30)
    n_whole = -(-len(sound) * 30 // rate)
    assert [frame.index for frame in frames] == list(range(index, n_whole))
    assert [frame.sample for frame in frames] == pytest.approx([k * rate / 30 for k in range(index, n_whole)])
    begin = round(Fraction(index * rate, 30))
    alone = session_frames(at_16k(from_s16(pcm)[begin:, None], rate))
    assert max(np.abs(curves(a) - curves(b)).max() for a, b in zip(frames, alone, strict=True)) == 0


GLAD = Emotion.HAPPY
JOY = emotion_vector({GLAD: 1.0})


def test_controls_set_ahead_equal_a_session_with_the_same_track() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open()
    client.say(
        m.Start(session=session, stream=1, rate=16_000, format="s16", seed=9, mouth=0.5, brows=1.75, saccades=0.0),
        m.Set(session=session, stream=1, at_sample=3_200, fade_ms=100, emotion={GLAD: 1.0}),
        m.Set(session=session, stream=1, at_sample=8_000, fade_ms=0, mouth=1.5, head="idle", brows=0.0, saccades=2.0),
    )
    client.push_chunks(session, 1, PCM, 320, 2)
    client.say(m.End(session=session, stream=1, n_samples=len(SOUND)))
    first = Controls(seed=9, mouth_strength=0.5, brow_strength=1.75, saccade_strength=0.0)
    second = replace(first, emotion=JOY)
    third = replace(second, mouth_strength=1.5, head_mode=HeadMode.IDLE, brow_strength=0.0, saccade_strength=2.0)
    reference = Session(BUNDLE, controls=first)
    reference.set_controls(second, 3_200, 1_600)
    reference.set_controls(third, 8_000)
    assert distance(client.frames(), session_frames(SOUND, reference)) == 0


def test_every_strength_of_the_runtime_can_be_said_at_any_time() -> None:
    wanted = {field.name: 1.25 for field in fields(Controls) if field.name.endswith("_strength")}
    said = dict.fromkeys(("mouth", "expression", "head_strength", "brows", "saccades"), 1.25)
    for message in (
        m.Start(session=1, stream=1, rate=16_000, format="s16", **said),  # type: ignore[arg-type]
        m.Speak(session=1, stream=1, asset="a.wav", **said),  # type: ignore[arg-type]
        m.Idle(session=1, stream=1, **said),  # type: ignore[arg-type]
        m.Set(session=1, stream=1, at_sample=0, **said),  # type: ignore[arg-type]
    ):
        asked = controls_of(message, Controls())
        assert {name: getattr(asked, name) for name in wanted} == wanted


def test_changes_at_one_time_add_up() -> None:
    """Fields that the later one leaves out stay as the earlier one said, though both are for the same sample."""
    server = InlineServer()
    client = server.client()
    session = client.open()
    client.say(
        m.Start(session=session, stream=1, rate=16_000, format="s16"),
        m.Set(session=session, stream=1, at_sample=4_000, fade_ms=0, mouth=0.25),
        m.Set(session=session, stream=1, at_sample=4_000, fade_ms=0, head="keep"),
    )
    client.push_chunks(session, 1, PCM, 320, 2)
    client.say(m.End(session=session, stream=1, n_samples=len(SOUND)))
    reference = Session(BUNDLE)
    reference.set_controls(Controls(mouth_strength=0.25, head_mode=HeadMode.KEEP), 4_000)
    assert distance(client.frames(), session_frames(SOUND, reference)) == 0


def test_controls_set_at_a_time_of_the_past_count_from_the_next_frame() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open()
    client.say(m.Start(session=session, stream=1, rate=16_000, format="s16"))
    client.push_chunks(session, 1, PCM[: 2 * 6_400], 320, 2)
    n_before = len(client.frames())
    client.say(m.Set(session=session, stream=1, at_sample=0, fade_ms=0, mouth=0.0))
    client.say(m.Audio(session=session, stream=1, first_sample=6_400, pcm=PCM[2 * 6_400 :]))
    client.say(m.End(session=session, stream=1, n_samples=len(SOUND)))
    reference = Session(BUNDLE)
    frames = reference.push(SOUND[:6_400])
    assert len(frames) == n_before
    reference.set_controls(Controls(mouth_strength=0.0))
    assert distance(client.frames(), [*frames, *reference.push(SOUND[6_400:]), *reference.finish()]) == 0


def test_an_interrupt_blends_to_rest_within_its_fade_and_finishes() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open()
    client.say(m.Start(session=session, stream=1, rate=16_000, format="s16", blinks=0.0, head="keep"))
    client.push_chunks(session, 1, PCM[: 2 * 8_000], 320, 2, pace_s=0.02)
    n_made = len(client.frames())
    client.say(m.Interrupt(session=session, stream=1, at_sample=1_000, fade_ms=200))
    finished = client.last(m.Finished)
    frames = client.frames()
    assert finished.reason == "interrupted" and client.heard[-1] is finished
    assert finished.sample <= frames[n_made].sample + 0.2 * 16_000 + 3 * 16_000 / 30
    last = frames[-1].weights
    assert last is not None and last.max() < 0.02 and frames[-1].speech == 0
    assert len(frames) - n_made >= 6


def wav(seconds: float, rate: int = 44_100) -> tuple[bytes, Floats]:
    """A WAV file's bytes and its sound at 16 kHz."""
    sound = speechlike(seconds, rate)
    buffer = io.BytesIO()
    soundfile.write(buffer, sound, rate, format="WAV", subtype="FLOAT")
    return buffer.getvalue(), at_16k(sound, rate)


@pytest.mark.parametrize("pace", ["live", "clip", None])
def test_a_spoken_file_equals_a_bake(pace: str | None) -> None:
    server = InlineServer()
    client = server.client()
    session = client.open()
    data, sound = wav(0.8)
    client.say(m.Speak(session=session, stream=1, sound=data, pace=pace))
    if pace == "clip":
        assert client.take(m.Finished)
    server.wait(1.0)
    assert distance(client.frames(), session_frames(sound)) == 0
    assert client.frames()[3].sample == 3 * 44_100 / 30
    assert client.heard[-1] is client.last(m.Finished)
    assert client.last(m.Finished).reason == "end"


def test_a_spoken_file_can_be_steered_in_its_own_samples_before_it_is_read() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open()
    data, sound = wav(0.8)
    server.executor.held = True
    client.say(
        m.Speak(session=session, stream=1, sound=data, pace="clip"),
        m.Set(session=session, stream=1, at_sample=22_050, fade_ms=0, mouth=0.0),
    )
    server.executor.held = False
    server.run()
    server.run()
    reference = Session(BUNDLE)
    reference.set_controls(Controls(mouth_strength=0.0), 8_000)
    assert distance(client.frames(), session_frames(sound, reference)) == 0


def test_idle_is_a_face_that_lives_at_the_pace_of_the_clock() -> None:
    server = InlineServer()
    client = server.client()
    session = client.open(until=PLENTY)
    began = server.now
    client.say(m.Idle(session=session, stream=1, seed=3, head="idle"))
    server.wait(1.0)
    frames, times = client.frames(), client.when(m.Frame)
    assert len(frames) == pytest.approx(30, abs=2)
    for at, frame in zip(times, frames, strict=True):
        assert -0.001 <= at - began - frame.sample / SAMPLE_RATE <= 0.031
    moved = np.ptp([frame.head for frame in frames if frame.head is not None], axis=0)
    assert moved[:3].max() > 0.001
    client.say(m.Interrupt(session=session, stream=1, at_sample=0, fade_ms=100))
    server.wait(0.5)
    assert client.last(m.Finished).reason == "interrupted"


@settings(max_examples=6)
@given(st.lists(st.sampled_from(["start", "idle", "speak"]), min_size=2, max_size=4))
def test_a_stream_that_is_replaced_finishes_before_the_next_one_starts(kinds: list[str]) -> None:
    server = InlineServer()
    client = server.client()
    session = client.open()
    data, _ = wav(0.2)
    for number, kind in enumerate(kinds):
        if kind == "start":
            client.say(m.Start(session=session, stream=number, rate=16_000, format="s16"))
            client.push_chunks(session, number, PCM[:8_000], 1_000, 2)
        elif kind == "idle":
            client.say(m.Idle(session=session, stream=number))
        else:
            client.say(m.Speak(session=session, stream=number, sound=data))
        server.wait(0.06)
    client.say(m.Close(session=session))
    about = [message for message in client.heard if isinstance(message, m.Started | m.Frame | m.Finished)]
    assert [message.stream for message in about] == sorted(message.stream for message in about)
    assert [done.stream for done in client.take(m.Finished)] == list(range(len(kinds)))
    assert [frame.seq for frame in client.frames()] == list(range(len(client.frames())))
    assert isinstance(client.heard[-1], m.Closed)
