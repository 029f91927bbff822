"""Laws of Speech2Landmarks as it is shipped, through the runtime's own stages."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

from space_runtime.animation.stages import features, landmarks
from space_runtime.animation.stages.landmarks import knows_styles
from space_runtime.arrays import Floats
from space_runtime.assets import LINE_PHONES
from space_runtime.emotion import Emotion, emotion_vector
from space_runtime.inference.bundle import load_bundle
from space_runtime.inference.network import Network
from space_runtime.rig.rig import Rig
from space_runtime.rig.shapes import LIP_PAIRS
from space_runtime.timebase import HOP, SAMPLE_RATE
from tests.support.sounds import bundled_line

NO_EMOTION = emotion_vector({})
CORNERS = [48, 54]
INNER_BROWS = [20, 21, 22, 23]


@cache
def network() -> Network:
    return load_bundle().network("speech2landmarks")


@cache
def neutral() -> Floats:
    return Rig.from_arrays(load_bundle().arrays("rig")).neutral_identity().neutral


def speak(pcm: Floats, emotion: Floats = NO_EMOTION) -> Floats:
    """Return (steps, 78, 3): the answer to every hop."""
    heard = features.step(features.initial_state(), pcm[None, : len(pcm) // HOP * HOP])[1][0]
    state, faces = landmarks.initial_state(network()), []
    for row in heard:
        state, answer = landmarks.step_hop(network(), state, row[None], neutral()[None], emotion[None])
        faces.append(answer.landmarks)
    return np.concatenate(faces)


def styles_of(n: int, rng: np.random.Generator) -> dict[str, Floats]:
    """Codes of styles, where the network has that input."""
    return {landmarks.STYLE: rng.uniform(-1, 1, (n, 4)).astype(np.float32)} if knows_styles(network()) else {}


def lip_gap(faces: Floats) -> Floats:
    eyes = np.linalg.norm(faces[:, 36] - faces[:, 45], axis=1)
    gaps = [np.linalg.norm(faces[:, a] - faces[:, b], axis=1) for a, b in LIP_PAIRS]
    return np.asarray(np.mean(gaps, 0) / eyes, np.float32)


def steps_of(start_s: float, end_s: float) -> slice:
    """The steps whose answers belong to a time span."""
    look_ahead = load_bundle().look_ahead()
    first, last = ((second * SAMPLE_RATE + look_ahead) / HOP - 1 for second in (start_s, end_s))
    return slice(int(np.ceil(first)), int(np.floor(last)) + 1)


@pytest.mark.parametrize("seconds", [0.4, 3.0])
def test_digital_silence_leaves_the_face_exactly_at_rest(seconds: float) -> None:
    assert np.abs(speak(np.zeros(int(seconds * SAMPLE_RATE), np.float32)) - neutral()).max() < 1e-6


def test_the_face_rests_150_ms_after_speech() -> None:
    pcm = np.concatenate([bundled_line(), np.zeros(SAMPLE_RATE, np.float32)])
    phones = json.loads(LINE_PHONES.read_text())["phones"]
    end = max(phone["end_s"] for phone in phones if phone["phone"] != "pau")
    after = speak(pcm)[steps_of(end + 0.15, len(bundled_line()) / SAMPLE_RATE + 0.5)]
    assert np.abs(after - neutral()).max() < 0.02


def test_later_sound_never_changes_earlier_faces() -> None:
    cut = 100 * HOP
    changed = bundled_line().copy()
    changed[cut:] = 0
    assert np.array_equal(speak(bundled_line()[: cut + 40 * HOP])[:100], speak(changed[: cut + 40 * HOP])[:100])


def test_two_interleaved_streams_equal_two_separate_ones() -> None:
    parts = bundled_line()[: 40 * HOP], bundled_line()[40 * HOP : 80 * HOP]
    separate = [speak(part) for part in parts]
    heard = [features.initial_state(), features.initial_state()]
    states = [landmarks.initial_state(network())] * 2
    for n in range(40):
        for k in range(2):
            heard[k], row = features.step(heard[k], parts[k][None, n * HOP : (n + 1) * HOP])
            states[k], answer = landmarks.step_hop(network(), states[k], row[:, 0], neutral()[None], NO_EMOTION[None])
            assert np.array_equal(answer.landmarks[0], separate[k][n])


@pytest.mark.parametrize("n", [1, 2, 7, 64, 333])
def test_the_size_of_a_batch_does_not_change_a_bit(n: int) -> None:
    rng = np.random.default_rng(n)
    state = landmarks.initial_state(network(), n)
    moods = rng.random((n, len(Emotion)), np.float32) * (rng.random((n, 1)) < 0.5)
    feeds = {
        "features": rng.standard_normal((n, features.N_FEATURES), np.float32),
        "neutral": neutral() + 0.01 * rng.standard_normal((n, 78, 3), np.float32),
        "emotion": moods.astype(np.float32),
        "state_in": 0.3 * rng.standard_normal(state.shape, np.float32),
    }
    feeds |= styles_of(n, rng)
    together = network().run(feeds)
    for row in rng.integers(0, n, 20):
        alone = network().run({name: value[row : row + 1] for name, value in feeds.items()})
        assert all(np.array_equal(value[0], together[name][row]) for name, value in alone.items())


def test_rows_of_a_batch_do_not_see_one_another() -> None:
    rng = np.random.default_rng(0)
    state = landmarks.initial_state(network())
    feeds = {
        "features": rng.standard_normal((5, features.N_FEATURES), np.float32),
        "neutral": np.repeat(neutral()[None], 5, 0),
        "emotion": rng.random((5, len(Emotion)), np.float32),
        "state_in": rng.standard_normal((5, state.shape[1]), np.float32),
    }
    feeds |= styles_of(5, rng)
    together = network().run(feeds)
    for row in range(5):
        alone = network().run({name: value[row : row + 1] for name, value in feeds.items()})
        for name, value in alone.items():
            np.testing.assert_allclose(value[0].astype(np.float32), together[name][row].astype(np.float32), atol=1e-5)


def test_lips_meet_on_p_b_and_m_and_open_on_open_vowels() -> None:
    gap = lip_gap(speak(np.concatenate([bundled_line(), np.zeros(10 * HOP, np.float32)])))
    rest = lip_gap(neutral()[None])[0]
    spans = [
        (phone["phone"], gap[steps_of(phone["start_s"] - 0.02, phone["end_s"] + 0.02)])
        for phone in json.loads(LINE_PHONES.read_text())["phones"]
    ]
    closures = [span.min() - rest for phone, span in spans if phone in {"p", "b", "m"}]
    vowels = [span.max() - rest for phone, span in spans if phone in {"ay", "ae", "aa", "ey"}]
    assert np.mean(np.array(closures) < 0.02) >= 0.9
    assert np.mean(np.array(vowels) > 0.04) >= 0.8


def test_a_quiet_recording_moves_the_mouth_like_a_loud_one() -> None:
    part = bundled_line()[: 3 * SAMPLE_RATE]
    loud, quiet = (lip_gap(speak(part * np.float32(10 ** (gain_db / 20)))) for gain_db in (0, -30))
    assert np.corrcoef(loud, quiet)[0, 1] > 0.98
    assert np.abs(loud - quiet).mean() < 0.005


@pytest.mark.parametrize("rms_db", [-50, -20])
def test_steady_noise_does_not_flap_the_lips(rms_db: float) -> None:
    hiss = np.random.default_rng(1).standard_normal(2 * SAMPLE_RATE) * 10 ** (rms_db / 20)
    gap = lip_gap(speak(hiss.astype(np.float32)))[25:]
    assert np.ptp(gap) < 0.02


@pytest.mark.parametrize(
    ("emotion", "points", "axis", "sign"),
    [
        (Emotion.HAPPY, CORNERS, 1, 1),
        (Emotion.SAD, CORNERS, 1, -1),
        (Emotion.SAD, INNER_BROWS[1:3], 1, 1),
        (Emotion.ANGRY, INNER_BROWS, 1, -1),
        (Emotion.SURPRISED, INNER_BROWS, 1, 1),
        (Emotion.FEARFUL, INNER_BROWS, 1, 1),
    ],
)
@pytest.mark.parametrize("pcm", ["silence", "speech"])
def test_emotion_acts_monotonically_on_its_action_units(
    emotion: Emotion, points: list[int], axis: int, sign: int, pcm: str
) -> None:
    sound = np.zeros(20 * HOP, np.float32) if pcm == "silence" else bundled_line()[10 * HOP : 60 * HOP]
    heights = [
        speak(sound, emotion_vector({emotion: intensity}))[:, points, axis].mean() * sign
        for intensity in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert (np.diff(heights) > 0).all()


@pytest.mark.parametrize("emotion", list(Emotion))
def test_lips_still_meet_under_every_emotion(emotion: Emotion) -> None:
    gap = lip_gap(
        speak(np.concatenate([bundled_line(), np.zeros(10 * HOP, np.float32)]), emotion_vector({emotion: 0.8}))
    )
    rest = lip_gap(neutral()[None])[0]
    closures = [
        gap[steps_of(phone["start_s"] - 0.02, phone["end_s"] + 0.02)].min() - rest
        for phone in json.loads(LINE_PHONES.read_text())["phones"]
        if phone["phone"] in {"p", "b", "m"}
    ]
    assert np.mean(np.array(closures) < 0.025) >= 0.8
