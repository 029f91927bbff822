"""Laws of emotion keyed over time: how keys are written, what lies between them, and that baked equals live."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine_bridge.client.controls import Controls as ClientControls
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime import Controls, Emotion, Session, UsageError, bake, emotion_vector
from space_runtime.animation.direction import Direction, LookKey, parse_blinks
from space_runtime.animation.emotion_track import (
    LONGEST_FADE_MS,
    MAX_AT_S,
    MAX_KEYS,
    EmotionKey,
    EmotionTrack,
    parse_emotion_track,
    read_emotion_track,
)
from space_runtime.animation.key_file import MAX_FILE_BYTES
from space_runtime.arrays import Floats
from space_runtime.live.control_schedule import WINDOW_MS, ControlSchedule, begun, labels_of
from space_runtime.media.audio_file import open_sound
from space_runtime.option_parsing import parse_emotion
from space_runtime.server.worker.stream_handlers import MAX_CHANGES
from tests.support.command_line import Call
from tests.support.inline_server import InlineServer
from tests.support.session_frames import BUNDLE, curves, distance, session_frames
from tests.support.sounds import at_16k, from_s16, s16, speechlike

HAPPY, SAD = list(Emotion).index(Emotion.HAPPY), list(Emotion).index(Emotion.SAD)
BAKING = Path(__file__).parents[3] / "docs" / "baking.md"
KEYED = "sad=0.8@0s,angry=0.1@0s,happy=1@300ms,surprised=0.4@0.45,happy=0.5@0.45"

intensities = st.integers(0, 100).map(lambda percent: percent / 100)
mixtures = st.dictionaries(st.sampled_from(Emotion), intensities, min_size=1, max_size=3)


@st.composite
def entries(draw: st.DrawFn, fades: bool = True) -> list[dict[str, object]]:
    """Keys as JSON has them."""
    times = sorted(draw(st.sets(st.integers(0, 40_000), min_size=1, max_size=6)))
    made: list[dict[str, object]] = [{"at": at / 1_000, "emotion": draw(mixtures)} for at in times]
    for entry in made if fades else ():
        if draw(st.booleans()):
            entry["fade"] = draw(st.integers(0, 12_000)) / 1_000
    return made


def from_json(folder: Path, content: object) -> EmotionTrack:
    path = folder / "track.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return parse_emotion_track(str(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tracks")


def emotion_at(track: EmotionTrack, at_ms: float) -> Floats:
    return track.over(Controls()).emotion_at(16 * at_ms)


def sampled(track: EmotionTrack, first_ms: int, end_ms: int, n: int = 40) -> Floats:
    """(n, 8) emotions between two times, both included."""
    followed = track.over(Controls())
    return np.array([followed.emotion_at(16 * at_ms) for at_ms in np.linspace(first_ms, end_ms, n)])


# What lies between keys


@given(entries())
def test_a_key_holds_exactly_at_its_time_whatever_its_fade(folder: Path, content: list[dict[str, object]]) -> None:
    track = from_json(folder, content)
    followed = track.over(Controls(seed=3))
    for key in track.keys:
        assert np.array_equal(followed.emotion_at(16 * key.at_ms), key.emotion)
        assert np.array_equal(followed.at(16 * key.at_ms).emotion, key.emotion)
        assert followed.at(16 * key.at_ms).seed == 3


@given(entries())
def test_before_the_first_and_after_the_last_key_they_hold(folder: Path, content: list[dict[str, object]]) -> None:
    track = from_json(folder, content)
    assert (sampled(track, 0, track.keys[0].at_ms) == track.keys[0].emotion).all()
    assert (sampled(track, track.keys[-1].at_ms, 10**7) == track.keys[-1].emotion).all()


@given(entries())
def test_between_two_keys_every_label_moves_one_way_and_never_beyond_either(
    folder: Path, content: list[dict[str, object]]
) -> None:
    track = from_json(folder, content)
    for before, after in pairwise(track.keys):
        steps = np.diff(sampled(track, before.at_ms, after.at_ms), axis=0)
        assert (np.sign(steps) * np.sign(after.emotion - before.emotion) >= 0).all()
        assert (np.abs(steps).sum(axis=0) <= np.abs(after.emotion - before.emotion) + 1e-6).all()


def test_without_a_fade_the_way_is_a_straight_line() -> None:
    track = parse_emotion_track("happy=0.2@0.5s,happy=0.9@1.5s,sad=0.4@1.5s")
    assert np.allclose(sampled(track, 500, 1_500, 11)[:, HAPPY], np.linspace(0.2, 0.9, 11), atol=1e-6)
    assert np.allclose(sampled(track, 500, 1_500, 11)[:, SAD], np.linspace(0, 0.4, 11), atol=1e-6)


def test_a_fade_lets_the_key_before_hold_and_none_is_a_jump(folder: Path) -> None:
    def smile(fade: float, at_ms: float) -> float:
        track = from_json(folder, [{"at": 0, "emotion": {}}, {"at": 2, "emotion": {"happy": 1}, "fade": fade}])
        return float(emotion_at(track, at_ms)[HAPPY])

    assert [smile(0.5, at) for at in (0, 1_500, 1_750, 2_000, 2_001)] == [0, 0, 0.5, 1, 1]
    assert [smile(0, at) for at in (0, 1_999, 2_000)] == [0, 0, 1]
    assert [smile(9, at) for at in (0, 1_000, 2_000)] == [0, 0.5, 1]


def test_a_jump_before_a_straight_line_is_not_forgotten(folder: Path) -> None:
    content = [
        {"at": 0, "emotion": {"sad": 1}},
        {"at": 1, "emotion": {"happy": 0.6}, "fade": 0},
        {"at": 2, "emotion": {}},
    ]
    track = from_json(folder, content)
    assert emotion_at(track, 999)[SAD] == 1
    assert emotion_at(track, 1_500)[HAPPY] == pytest.approx(0.3) and emotion_at(track, 1_500)[SAD] == 0


def test_a_long_way_goes_in_pieces_that_a_message_carries_along_one_line() -> None:
    track = parse_emotion_track("happy=0.1@3s,happy=0.8@38.5s")
    fades = list(track.crossfades())
    assert max(fade.fade_ms for fade in fades) <= LONGEST_FADE_MS and sum(fade.fade_ms for fade in fades) == 35_500
    assert all(fade.begin_ms + fade.fade_ms == later.begin_ms for fade, later in pairwise(fades))
    assert np.allclose(sampled(track, 3_000, 38_500, 72)[:, HAPPY], np.linspace(0.1, 0.8, 72), atol=1e-6)


# How keys are written


@given(entries(fades=False))
def test_text_and_json_say_the_same(folder: Path, content: list[dict[str, object]]) -> None:
    parts = [f"{label}={x}@{entry['at']}s" for entry in content for label, x in entry["emotion"].items()]  # type: ignore[attr-defined]
    told, written = parse_emotion_track(",".join(parts)), from_json(folder, content)
    assert [key.at_ms for key in told.keys] == [key.at_ms for key in written.keys]
    assert all(np.array_equal(a.emotion, b.emotion) for a, b in zip(told.keys, written.keys, strict=True))


@pytest.mark.parametrize("time", ["1.5s", "1500ms", "1.5", " 1.50 s", "1500.ms", "01.5s"])
def test_a_time_can_be_written_in_three_ways(time: str) -> None:
    track = parse_emotion_track(f"Happy = 0.2 @ 0 , sad=.1@0s, happy=0.9@{time}")
    assert [key.at_ms for key in track.keys] == [0, 1_500]
    assert labels_of(track.first) == pytest.approx({"happy": 0.2, "sad": 0.1})


@pytest.mark.parametrize("text", ["", "happy=0.7,surprised=0.2", "sad"])
def test_without_times_it_is_one_mixture_that_holds(text: str) -> None:
    track = parse_emotion_track(text).over(Controls())
    assert not track.changes and np.array_equal(track.first.emotion, parse_emotion(text))


def test_a_file_may_begin_with_the_mark_that_editors_leave(folder: Path) -> None:
    path = folder / "Marked.JSON"
    path.write_bytes(b'\xef\xbb\xbf[{"at": 0, "emotion": {"HAPPY": 1}}]')
    assert labels_of(parse_emotion_track(f" {path} ").first) == {"happy": 1.0}


def test_the_track_in_the_documentation_is_one(folder: Path) -> None:
    (shown,) = re.findall(r"^```json\n(.*?)^```", BAKING.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    track = from_json(folder, json.loads(shown))
    assert [key.at_ms for key in track.keys] == [0, 1_500] and emotion_at(track, 1_000)[HAPPY] == np.float32(0.2)


WRONG_TEXTS = {
    "glad=1@0s": "unknown emotion 'glad'",
    "happy=2@0s": "outside 0…1",
    "happy=-0.1@0s": "outside 0…1",
    "happy=nan@0s": "no number after '='",
    "happy=x@0s": "no number after '='",
    "happy=1@-1s": "has the time '-1s'",
    "happy=1@nan": "has the time 'nan'",
    "happy=1@1e3s": "has the time '1e3s'",
    "happy=1@1min": "has the time '1min'",
    "happy=1@": "has no time",
    "happy=1@0s@1s": "has the time '0s@1s'",
    "happy=1@0s,sad=1": "'sad=1' has no time",
    "happy=1@1s,sad=1@0.5s": "0.5 s comes after one at 1 s",
    "happy=1@0s,sad=1@1s,angry=1@0s": "in the order of their times",
    "happy=1@0s,happy=0.5@0.0001s": "named twice",
    f"happy=1@{MAX_AT_S + 1}s": "outside 0…86400 s",
    "@1s": "unknown emotion ''",
    ",".join(f"happy=1@{n}ms" for n in range(MAX_KEYS + 1)): "10,001 keys",
    "no/such/track.json": "no such file",
    "a\0b.json": "track",
    "x" * 5_000 + ".json": "track",
}


@pytest.mark.parametrize(("text", "said"), WRONG_TEXTS.items(), ids=range(len(WRONG_TEXTS)))
def test_a_text_that_makes_no_sense_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_emotion_track(text)
    assert said in str(refused.value) and "\n" not in str(refused.value) and len(str(refused.value)) < 600


KEY = b'{"at": 0, "emotion": {"happy": 1}}'
WRONG_FILES = {
    b"": "not JSON",
    b"[": "not JSON",
    b"\xff\xfe": "not JSON",
    b"[" * 100_000: "not JSON",
    b"1" * 5_000: "not JSON",
    b"{}": "a list of keys",
    b"[]": "a list of keys",
    b"null": "a list of keys",
    b"[1]": "key 1 is no object",
    b'[{"at": 0}]': "key 1 is no object",
    b'[{"at": 0, "emotion": {}, "hold": 1}]': "key 1 is no object",
    b'[{"at": 0, "emotion": "happy"}]': "the emotion of key 1",
    b'[{"at": 0, "emotion": {"glad": 1}}]': "key 1: unknown emotion 'glad'",
    b'[{"at": 0, "emotion": {"happy": "1"}}]': "'happy' is no number",
    b'[{"at": 0, "emotion": {"happy": true}}]': "'happy' is no number",
    b'[{"at": 0, "emotion": {"happy": 1.01}}]': "the intensity of happy",
    b'[{"at": 0, "emotion": {"happy": NaN}}]': "the intensity of happy",
    b'[{"at": 0, "emotion": {"happy": 1, "happy": 0}}]': "named twice",
    b'[{"at": 0, "emotion": {"happy": 1, "Happy": 0}}]': "named twice",
    b'[{"at": -1, "emotion": {}}]': "'at' of key 1 lies outside",
    b'[{"at": NaN, "emotion": {}}]': "'at' of key 1 lies outside",
    b'[{"at": 1e999, "emotion": {}}]': "'at' of key 1 lies outside",
    b'[{"at": 1' + b"0" * 400 + b', "emotion": {}}]': "'at' of key 1 lies outside",
    b'[{"at": null, "emotion": {}}]': "'at' of key 1 is no number",
    b'[{"at": 0, "emotion": {}, "fade": -0.1}]': "'fade' of key 1 lies outside",
    b'[{"at": 0, "emotion": {}, "fade": "1s"}]': "'fade' of key 1 is no number",
    b"[" + KEY + b"," + KEY + b"]": "0 s comes after one at 0 s",
    b"[" + b",".join([KEY] * (MAX_KEYS + 1)) + b"]": "10,001 keys",
    b" " * (MAX_FILE_BYTES + 1): "more than 8 MiB",
}


@pytest.mark.parametrize(("content", "said"), WRONG_FILES.items(), ids=range(len(WRONG_FILES)))
def test_a_file_that_makes_no_sense_is_one_sentence_that_names_it(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "track.json").write_bytes(content)
    with pytest.raises(UsageError) as refused:
        read_emotion_track(tmp_path / "track.json")
    assert said in str(refused.value) and "track.json" in str(refused.value)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 600


def test_a_folder_is_no_track(tmp_path: Path) -> None:
    (tmp_path / "track.json").mkdir()
    with pytest.raises(UsageError, match="no such file"):
        read_emotion_track(tmp_path / "track.json")


PIECES = ["happy", "sad", "=", "@", ",", "0", "1", ".", "5", "s", "ms", "-", " ", "e", "nan", "x", "\n", "٣", ".json"]


@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=24).map("".join)))
@settings(max_examples=400)
def test_any_text_is_a_track_or_a_usage_error(text: str) -> None:
    try:
        track = parse_emotion_track(text)
    except UsageError as error:
        assert "\n" not in str(error)
    else:
        track.over(Controls())


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["happy", "at", ""]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["at", "emotion", "fade", "sad"]), inner)
    ),
    max_leaves=12,
)


@given(
    st.one_of(st.binary(max_size=60), JSONS.map(lambda value: json.dumps(value).encode()), entries().map(json.dumps))
)
@settings(max_examples=200)
def test_any_file_is_a_track_or_a_usage_error(folder: Path, content: bytes | str) -> None:
    (folder / "any.json").write_bytes(content.encode() if isinstance(content, str) else content)
    try:
        track = read_emotion_track(folder / "any.json")
    except UsageError as error:
        assert "\n" not in str(error)
    else:
        track.over(Controls())


# Faces


def test_bake_equals_a_session_that_follows_the_same_track_and_one_that_is_steered(tmp_path: Path, line: Path) -> None:
    followed = parse_emotion_track(KEYED).over(Controls(seed=5))
    (path,) = bake(line, tmp_path, bundle=BUNDLE, controls=followed, tail_s=0)
    sound = np.concatenate(list(open_sound(line).speech_blocks()))
    with np.load(path) as clip:
        baked = clip["landmarks"]
        told = json.loads(str(clip["metadata"]))["settings"]
    steered = Session(BUNDLE, controls=followed.first)
    for change in followed.changes:
        steered.set_controls(change.controls, change.at_sample, change.fade)
    for session in (Session(BUNDLE, controls=followed), steered):
        assert np.array_equal(baked, np.array([frame.landmarks for frame in session_frames(sound, session)]))
    assert told["emotion"] == {"sad": 0.8, "angry": 0.1}
    assert told["changes"][1] == {"at_sample": 4_800, "fade": 2_400, "emotion": {"happy": 0.5, "surprised": 0.4}}


@pytest.mark.parametrize("n_pieces", [1, 7, 61])
def test_how_the_sound_is_cut_changes_nothing_and_reset_begins_anew(n_pieces: int) -> None:
    sound = speechlike(0.7)[:, 0]
    session = Session(BUNDLE, controls=parse_emotion_track(KEYED).over(Controls()), fps=Fraction(60))
    first = [curves(frame) for frame in session_frames(sound, session)]
    session.reset()
    pieces = np.array_split(sound, n_pieces)
    again = [frame for piece in pieces for frame in session.push(piece)] + session.finish()
    assert np.array_equal(first, [curves(frame) for frame in again])


def test_the_face_goes_from_sad_to_happy() -> None:
    smile = ARKIT_NAMES.index("mouthSmileLeft")
    frames = session_frames(
        np.tile(speechlike(1.0)[:, 0], 3),
        Session(BUNDLE, controls=parse_emotion_track("sad@0.5s,happy@2.2s").over(Controls())),
    )
    smiles = np.array([frame.blendshapes[smile] for frame in frames])
    assert smiles[5:15].max() < 0.1 and smiles[-15:].mean() > 0.3


def live(
    pcm: bytes, rate: int, direction: Direction, piece_s: float = 0.1, space: str = "face"
) -> tuple[InlineServer, list[m.Frame]]:
    """Return a server and its frames of a line that is pushed as a `Player` pushes it."""
    server = InlineServer()
    client, schedule, n = server.client(), ControlSchedule(direction, rate), max(1, int(rate * piece_s))
    session = client.open()
    first_controls = begun(ClientControls(seed=5, look_space=space), direction)
    client.say(m.Start(session=session, stream=1, rate=rate, format="s16", **first_controls.for_start()))
    for first in range(0, len(pcm) // 2, n):
        piece = pcm[2 * first : 2 * (first + n)]
        for change in schedule.take(first + len(piece) // 2):
            at, fade_ms = change.at_sample, round(1_000 * change.fade_s)
            client.say(m.Set(session=session, stream=1, at_sample=at, fade_ms=fade_ms, **change.controls.for_set()))
        client.say(m.Audio(session=session, stream=1, first_sample=first, pcm=piece))
        server.wait(piece_s if first > 2 * rate else 0.0, 0.05)
    client.say(m.End(session=session, stream=1, n_samples=len(pcm) // 2))
    server.wait(3.0, 0.05)
    assert not client.take(m.Error)
    return server, client.frames()


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_live_equals_baked_bit_for_bit_whatever_the_rate(rate: int) -> None:
    pcm = s16(speechlike(0.7, rate)[:, 0])
    _, frames = live(pcm, rate, Direction(parse_emotion_track(KEYED)))
    followed = parse_emotion_track(KEYED).over(Controls(seed=5))
    baked = session_frames(at_16k(from_s16(pcm)[:, None], rate), Session(BUNDLE, controls=followed))
    assert distance(frames, baked) == 0


@pytest.mark.parametrize("space", ["face", "character", "camera"])
def test_looks_and_blinks_live_equal_baked_bit_for_bit(space: str) -> None:
    pcm = s16(np.tile(speechlike(1.0)[:, 0], 4))
    points = [(0, (1, 0, 5)), (333, (8, 1, 4)), (401, (-8, 1, 4)), (900, None), (2_000, (0.2, -1, 2)), (2_050, None)]
    looks = tuple(LookKey(at, None if point is None else np.array(point, np.float32)) for at, point in points)
    direction = Direction(parse_emotion_track(KEYED), looks, parse_blinks("0.45,0.7:0.6,1:1:0.8,2.05"))
    _, frames = live(pcm, 16_000, direction, space=space)
    followed = direction.over(Controls(seed=5, look_space=space))
    assert distance(frames, session_frames(from_s16(pcm), Session(BUNDLE, controls=followed))) == 0


def test_live_takes_more_keys_than_a_server_keeps_and_still_equals_baked() -> None:
    text = ",".join(f"happy={n % 2}@{n * 0.06:.2f}s" for n in range(2 * MAX_CHANGES))
    pcm = s16(np.tile(speechlike(1.0)[:, 0], 8))
    _, frames = live(pcm, 16_000, Direction(parse_emotion_track(text)))
    followed = parse_emotion_track(text).over(Controls(seed=5))
    assert distance(frames, session_frames(from_s16(pcm), Session(BUNDLE, controls=followed))) == 0


@given(st.lists(st.integers(1, 400), min_size=1, max_size=300), st.sampled_from([8_000, 44_100]))
@example([7] * 300, 44_100)
@example([1_000, *[1] * 100, 3_000, 1], 8_000)
def test_cues_come_in_order_before_their_sound_and_never_too_many(gaps: list[int], rate: int) -> None:
    times = np.cumsum(gaps).tolist()
    keys = tuple(EmotionKey(at, emotion_vector({Emotion.HAPPY: n / len(gaps)})) for n, at in enumerate(times))
    schedule = ControlSchedule(Direction(EmotionTrack(keys)), rate)
    taken = [
        (end, change) for end in range(0, rate * times[-1] // 1_000 + rate, rate // 10) for change in schedule.take(end)
    ]
    starts = [change.at_sample for _, change in taken]
    assert all(end - rate // 10 <= change.at_sample < end for end, change in taken) and starts == sorted(set(starts))
    window = WINDOW_MS * rate // 1_000
    assert all(sum(start <= other < start + window for other in starts) < MAX_CHANGES for start in starts)
    if len(keys) > 1:
        assert taken[-1][1].controls.emotion == labels_of(keys[-1].emotion)


# Commands


def test_the_command_bakes_a_file_and_a_text_alike(tmp_path: Path, call: Call) -> None:
    soundfile.write(tmp_path / "line.wav", speechlike(0.5), 16_000)
    track = tmp_path / "track.json"
    track.write_text('[{"at": 0, "emotion": {"happy": 0.2}}, {"at": 0.4, "emotion": {"happy": 0.9}}]')
    faces = []
    for n, emotion in enumerate((str(track), "happy=0.2@0s,happy=0.9@400ms", "happy=0.2")):
        words = ("--emotion", emotion, "--formats", "npz", "--out", tmp_path / str(n))
        assert call("bake", tmp_path / "line.wav", *words).code == 0
        with np.load(tmp_path / str(n) / "line.npz") as clip:
            faces.append(clip["landmarks"])
    assert np.array_equal(faces[0], faces[1]) and not np.array_equal(faces[0], faces[2])


@pytest.mark.parametrize("command", ["bake", "live"])
@pytest.mark.parametrize("emotion", ["happy=1@0s,sad=1@0s,glad=1@1s", "happy=1@2s,sad=1@1s", "missing.json"])
def test_a_wrong_track_is_one_sentence_before_any_work(tmp_path: Path, call: Call, command: str, emotion: str) -> None:
    done = call(command, tmp_path / "line.wav", "--emotion", emotion)
    assert done.code == 2 and done.complaint and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("happy=0.9,sad=0.9,angry=0.9", "the emotions at 0 s add up to 2.70"),
        ("happy=0.2@0s,happy=0.7@1.5s,sad=0.7@1.5s", "the emotions at 1.5 s add up to 1.40"),
        ("happy=0.7,surprised=0.3", ""),
        ("happy=1@0s,sad=1@2s", ""),
        ("", ""),
    ],
)
def test_a_mixture_of_more_than_one_emotion_is_told(text: str, told: str, caplog: pytest.LogCaptureFixture) -> None:
    parse_emotion_track(text)
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == ([told] if told else [])
