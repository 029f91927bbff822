"""Laws of the rig: weights become landmarks and come back."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_bridge.protocol.arkit import ARKIT_NAMES
from export.rig.face_model import FaceModel
from export.rig.report import Mix, acted, independent, make_face, mild, round_trip_errors, seen_rows
from space_runtime.arrays import Floats
from space_runtime.errors import BundleError
from space_runtime.geometry import apply_pose, normalise
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.rig.identity import RigIdentity, turn_eyes
from space_runtime.rig.rig import Rig, RigState, look_weights
from space_runtime.rig.shapes import LID_PAIRS, LIP_PAIRS, LOOK_ROWS, MIRROR_78, OPPOSITES, SHAPE, SIDEWAYS, SOLVED_ROWS
from space_runtime.rig.solver import PENALTY, RELAXATION

with np.load(EMBEDDED / "rig.npz") as archive:
    ARRAYS = dict(archive)
RIG = Rig.from_arrays(ARRAYS)
ICT = FaceModel(RIG.mean, RIG.identities, RIG.shapes)
TRACKED = FaceModel(RIG.neutral, RIG.identities, RIG.shapes)
PEOPLE = [RIG.neutral_identity()]
for _seed in range(3):
    _person = np.random.default_rng(_seed).normal(size=50).astype(np.float32)
    PEOPLE.append(RIG.adapt(make_face(TRACKED, _person, np.zeros(52, np.float32))))

SEEDS = st.integers(0, 2**32 - 1)
ANGLES = st.floats(-0.6, 0.6)
AHEAD = np.zeros((2, 2), np.float32)
MIRRORED_NAMES = [
    name.replace("Left", "Right") if "Left" in name else name.replace("Right", "Left") for name in ARKIT_NAMES
]


def weights_of(**values: float) -> Floats:
    """Weights by name; a name without its side means both sides."""
    weights = np.zeros(52, np.float32)
    for name, value in values.items():
        rows = [row for row, full in enumerate(ARKIT_NAMES) if full in (name, f"{name}Left", f"{name}Right")]
        assert rows, name
        weights[rows] = value
    return weights


def solved(identity: RigIdentity, landmarks: Floats) -> Floats:
    return RIG.solve(identity, RigState.cold(), landmarks)[1]


def round_trip(identity: RigIdentity, weights: Floats) -> Floats:
    return solved(identity, RIG.face(identity, weights, AHEAD))


def mirrored(landmarks: Floats) -> Floats:
    return np.ascontiguousarray(landmarks[list(MIRROR_78)] * np.array([-1, 1, 1], np.float32))


N_FACES = 24
errors_of = cache(round_trip_errors)  # what is asked of acted faces twice is worked out once


@pytest.mark.parametrize("model", [ICT, TRACKED], ids=["source model", "as tracked"])
@pytest.mark.parametrize("mix", [acted, independent(0.25)], ids=["acted", "independent"])
def test_known_weights_come_back(model: FaceModel, mix: Mix) -> None:
    errors = errors_of(RIG, model, mix, N_FACES)
    assert errors[seen_rows(RIG)].mean() <= 0.06
    assert errors[list(SOLVED_ROWS)].mean() <= 0.06


def test_known_weights_come_back_through_noise() -> None:
    assert errors_of(RIG, TRACKED, acted, N_FACES, noise=0.003)[seen_rows(RIG)].mean() <= 0.06


def test_known_weights_come_back_when_the_photo_shows_an_expression() -> None:
    assert errors_of(RIG, TRACKED, acted, N_FACES, photo=mild)[seen_rows(RIG)].mean() <= 0.06


def test_the_solve_beats_a_rig_that_knows_nothing() -> None:
    rng = np.random.default_rng(0)
    nothing = np.mean([acted(rng)[seen_rows(RIG)] for _ in range(N_FACES)])
    assert errors_of(RIG, TRACKED, acted, N_FACES)[seen_rows(RIG)].mean() < nothing / 2


@given(SEEDS, st.floats(0, 0.3))
@settings(max_examples=40)
def test_weights_stay_in_bounds_for_any_landmarks(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    landmarks = PEOPLE[1].neutral + rng.normal(0, size, (78, 3)).astype(np.float32)
    state = RigState.cold()
    for _ in range(2):
        state, weights, eyes = RIG.solve(PEOPLE[1], state, landmarks)
        assert weights.min() >= 0 and weights.max() <= 1
        assert weights[SHAPE["mouthClose"]] <= weights[SHAPE["jawOpen"]] + 1e-6
        assert weights[SHAPE["tongueOut"]] == 0
        assert np.isfinite(eyes).all()


@pytest.mark.parametrize("identity", PEOPLE)
def test_the_neutral_face_has_no_weights(identity: RigIdentity) -> None:
    assert solved(identity, identity.neutral).max() < 0.01


@given(SEEDS)
@settings(max_examples=20)
def test_mirrored_landmarks_give_mirrored_weights(seed: int) -> None:
    identity = RIG.neutral_identity()
    face = RIG.face(identity, acted(np.random.default_rng(seed)), AHEAD)
    weights, twin = solved(identity, face), solved(identity, mirrored(face))
    swapped = weights[[ARKIT_NAMES.index(name) for name in MIRRORED_NAMES]]
    assert np.allclose(twin, swapped, atol=0.005)


def test_opposite_shapes_do_not_fight() -> None:
    faces = [round_trip(PEOPLE[2], acted(np.random.default_rng(seed))) for seed in range(60)]
    shared = np.array([[min(w[SHAPE[one]], w[SHAPE[other]]) for one, other in OPPOSITES] for w in faces])
    assert shared.mean() < 0.005
    assert (shared > 0.1).mean() < 0.02


@pytest.mark.parametrize("name", [ARKIT_NAMES[row] for row in SOLVED_ROWS if ARKIT_NAMES[row] != "mouthClose"])
def test_one_shape_alone_is_named(name: str) -> None:
    weights = round_trip(PEOPLE[1], weights_of(**{name: 0.8}))
    assert ARKIT_NAMES[int(weights.argmax())] == name
    assert SHAPE[name] not in seen_rows(RIG) or abs(weights[SHAPE[name]] - 0.8) < 0.12


@given(st.floats(0.2, 1.0))
@settings(max_examples=10)
def test_shut_lips_over_an_open_jaw_are_a_pair(opening: float) -> None:
    identity = PEOPLE[1]
    face = RIG.face(identity, weights_of(jawOpen=opening, mouthClose=opening), AHEAD)
    gaps = [face[upper, 1] - face[lower, 1] for upper, lower in LIP_PAIRS]
    assert np.abs(gaps).max() < 0.06 * opening
    weights = solved(identity, face)
    assert weights[SHAPE["jawOpen"]] == pytest.approx(opening, abs=0.08)
    assert weights[SHAPE["mouthClose"]] == pytest.approx(weights[SHAPE["jawOpen"]], abs=0.08)


@pytest.mark.parametrize("identity", PEOPLE)
@given(jaw=st.floats(0.1, 0.6), shift=st.floats(-0.06, 0.02))
@settings(max_examples=10)
def test_lips_that_meet_in_landmarks_meet_in_weights(identity: RigIdentity, jaw: float, shift: float) -> None:
    """Wherever they meet: to shut over an open jaw an upper lip comes down, which no shape does."""
    face = RIG.face(identity, weights_of(jawOpen=jaw, mouthClose=jaw), AHEAD)
    for upper, lower in LIP_PAIRS:
        face[[upper, lower], 1] = face[[upper, lower], 1].mean()
    face[48:68, 1] += shift
    weights = solved(identity, face)
    shown = RIG.face(identity, weights, AHEAD)
    assert np.mean([shown[upper, 1] - shown[lower, 1] for upper, lower in LIP_PAIRS]) < 0.01
    assert weights[SHAPE["jawOpen"]] - weights[SHAPE["mouthClose"]] < 0.05
    for one, other in SIDEWAYS:
        assert min(weights[SHAPE[one]], weights[SHAPE[other]]) < 0.02


def test_a_turning_face_is_followed_without_lag_or_jumps() -> None:
    identity, rng = PEOPLE[1], np.random.default_rng(4)
    ends = acted(rng), acted(rng)
    state = RigState.cold()
    track = []
    for phase in np.linspace(0, 1, 30):
        blend = np.float32(phase * phase * (3 - 2 * phase))
        wanted = ends[0] * (1 - blend) + ends[1] * blend
        landmarks = RIG.face(identity, wanted, AHEAD)
        state, weights, _ = RIG.solve(identity, state, landmarks)
        assert np.abs(weights - solved(identity, landmarks))[seen_rows(RIG)].mean() < 0.02
        track.append(weights)
    largest_step = np.abs(np.diff([ends[0], ends[1]], axis=0)).max() * 1.6 / 30
    assert np.abs(np.diff(track, axis=0)).max() < 3 * largest_step


@pytest.mark.parametrize("cuts", [[30], [1, 29], [7, 1, 13, 9]])
def test_how_a_track_is_cut_does_not_change_a_bit(cuts: list[int]) -> None:
    identity, rng = PEOPLE[1], np.random.default_rng(4)
    ends = acted(rng), acted(rng)
    shares = [np.float32(0.5 - 0.5 * np.cos(n / 3)) for n in range(30)]
    track = np.stack([RIG.face(identity, ends[0] * (1 - k) + ends[1] * k, AHEAD) for k in shares])
    one_by_one, state = [], RigState.cold(1)
    for face in track:
        state, weights, _ = RIG.solve(identity, state, face[None])
        one_by_one.append(weights[0])
    together, other = [], RigState.cold(1)
    for end, n in zip(np.cumsum(cuts), cuts, strict=True):
        other, weights, _ = RIG.follow(identity, other, track[end - n : end])
        together.append(weights)
    assert np.array_equal(np.concatenate(together), one_by_one)
    assert np.array_equal(state.unknowns, other.unknowns) and np.array_equal(state.split, other.split)
    company = RIG.solve(identity, RigState.cold(2), track[[0, 0]])[0]
    for face, weights in zip(track[1:], one_by_one[1:], strict=True):
        company, pair, _ = RIG.solve(identity, company, np.stack([face, face]))
        assert np.abs(pair[0] - weights).max() <= 1e-6


def test_a_still_face_settles_and_solving_is_repeatable() -> None:
    identity = PEOPLE[1]
    landmarks = RIG.face(identity, acted(np.random.default_rng(2)), AHEAD)
    runs = []
    for _ in range(2):
        state = RigState.cold()
        for _ in range(20):
            state, weights, _ = RIG.solve(identity, state, landmarks)
        runs.append(weights)
    assert np.array_equal(runs[0], runs[1])
    assert np.allclose(RIG.solve(identity, state, landmarks)[1], runs[0], atol=1e-3)


@given(ANGLES, ANGLES, ANGLES, ANGLES)
@settings(max_examples=40)
def test_gaze_in_is_gaze_out(left_yaw: float, left_pitch: float, right_yaw: float, right_pitch: float) -> None:
    gaze = np.array([[left_yaw, left_pitch], [right_yaw, right_pitch]], np.float32)
    for identity in PEOPLE:
        face = RIG.face(identity, _looking(gaze), gaze)
        _, weights, eyes = RIG.solve(identity, RigState.cold(), face)
        assert np.allclose(eyes, gaze, atol=2e-3)
        assert np.allclose(weights, _looking(gaze), atol=0.03)


def _looking(gaze: Floats) -> Floats:
    weights = np.zeros(52, np.float32)
    weights[list(LOOK_ROWS)] = look_weights(gaze)
    return weights


def test_left_and_right_of_the_gaze_are_the_subjects_own() -> None:
    to_the_left = _looking(np.array([[0.3, 0], [0.3, 0]], np.float32))
    active = {ARKIT_NAMES[row] for row in np.flatnonzero(to_the_left)}
    assert active == {"eyeLookOutLeft", "eyeLookInRight"}
    down = _looking(np.array([[0, 0.3], [0, 0.3]], np.float32))
    assert {ARKIT_NAMES[row] for row in np.flatnonzero(down)} == {"eyeLookDownLeft", "eyeLookDownRight"}


@pytest.mark.parametrize("identity", PEOPLE)
def test_a_full_blink_shuts_the_lids_and_is_read_as_one(identity: RigIdentity) -> None:
    face = RIG.face(identity, weights_of(eyeBlink=1), AHEAD)
    for upper, lower in (pair for pairs in LID_PAIRS for pair in pairs):
        assert np.allclose(face[upper], face[lower], atol=1e-5)
    weights = solved(identity, face)
    assert min(weights[SHAPE["eyeBlinkLeft"]], weights[SHAPE["eyeBlinkRight"]]) >= 0.95


@given(SEEDS)
@settings(max_examples=25)
def test_an_identity_rests(seed: int) -> None:
    """Whatever the photo shows, the neutral face has its lips shut, its eyes open and looks ahead."""
    rng = np.random.default_rng(seed)
    person = rng.normal(size=50).astype(np.float32)
    photo = make_face(TRACKED, person, acted(rng))
    neutral = RIG.adapt(photo).neutral
    for upper, lower in LIP_PAIRS:
        assert np.allclose(neutral[upper], neutral[lower], atol=1e-5)
    for upper, lower in (pair for pairs in LID_PAIRS for pair in pairs):
        assert neutral[upper, 1] - neutral[lower, 1] > 0.3 * (RIG.neutral[upper, 1] - RIG.neutral[lower, 1])
    assert np.allclose(normalise(neutral)[0], neutral, atol=2e-3)


@given(SEEDS)
@settings(max_examples=15)
def test_a_resting_face_is_its_own_neutral(seed: int) -> None:
    person = np.random.default_rng(seed).normal(size=50).astype(np.float32)
    photo = make_face(TRACKED, person, np.zeros(52, np.float32))
    identity = RIG.adapt(photo)
    assert identity.photo_weights.max() < 0.25
    assert np.abs(identity.neutral - photo).mean() < 0.005


def test_a_glance_in_the_photo_is_taken_out_and_told() -> None:
    person = np.random.default_rng(1).normal(size=50).astype(np.float32)
    plain = RIG.adapt(make_face(TRACKED, person, np.zeros(52, np.float32)))
    gaze = np.array([[0.4, 0.0], [0.4, 0.0]], np.float32)
    glancing = RIG.adapt(turn_eyes(plain, plain.neutral, gaze))
    assert np.allclose(glancing.photo_gaze_rad, gaze, atol=0.12)
    shift = np.abs(glancing.neutral[[68, 73]] - plain.neutral[[68, 73]])[:, 0].max()
    assert shift < 0.25 * abs(turn_eyes(plain, plain.neutral, gaze) - plain.neutral)[[68, 73], 0].max()


def test_the_neutral_face_stands_where_the_photo_has_its_eyes() -> None:
    """A smile lifts the nose and so shifts the normalised face; the eyes shall not jump when it is gone."""
    person = np.random.default_rng(3).normal(size=50).astype(np.float32)
    smiling = make_face(TRACKED, person, weights_of(mouthSmile=0.9, noseSneer=0.3, jawOpen=0.2))
    identity = RIG.adapt(smiling)
    corners = [36, 39, 42, 45]
    kept, plain = apply_pose(identity.neutral, identity.rest_in_photo), identity.neutral
    jumps = [np.abs(face[corners] - smiling[corners]).mean() for face in (kept, plain)]
    assert jumps[0] < 0.0005 < 0.002 < jumps[1]
    resting = PEOPLE[0].rest_in_photo
    assert np.abs(resting.rotation_rad).max() < 1e-4 and resting.scale == pytest.approx(1, abs=1e-4)


def test_a_smile_in_the_photo_is_named_and_taken_off() -> None:
    person = np.random.default_rng(3).normal(size=50).astype(np.float32)
    smile = weights_of(mouthSmile=0.8, jawOpen=0.15)
    resting, smiling = (make_face(TRACKED, person, weights) for weights in (np.zeros_like(smile), smile))
    identity = RIG.adapt(smiling)
    assert {ARKIT_NAMES[row] for row in np.argsort(-identity.photo_weights)[:2]} == {
        "mouthSmileLeft",
        "mouthSmileRight",
    }
    before, after = (np.abs(face - resting)[48:68].mean() for face in (smiling, identity.neutral))
    assert after < before / 2


@pytest.mark.parametrize("identity", PEOPLE)
def test_the_solve_stays_convex(identity: RigIdentity) -> None:
    problem = identity.plan.problem
    scaled = np.linalg.inv(problem.pull * problem.scale / RELAXATION) - PENALTY * np.eye(len(problem.scale))
    assert np.linalg.eigvalsh((scaled + scaled.T) / 2)[0] > 1e-3


@pytest.mark.parametrize("name", sorted(ARRAYS))
def test_a_damaged_rig_is_refused(name: str) -> None:
    for damaged in ({**ARRAYS, name: ARRAYS[name][..., :2]}, {**ARRAYS, name: ARRAYS[name] * np.nan}):
        with pytest.raises(BundleError, match=name):
            Rig.from_arrays(damaged)
    with pytest.raises(BundleError, match=name):
        Rig.from_arrays({key: value for key, value in ARRAYS.items() if key != name})
