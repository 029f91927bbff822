"""Laws of the embedded generator: rest is the photo, what should not move does not, lids and lips really close."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from space_runtime.animation.stages.features import N_FEATURES
from space_runtime.animation.stages.pose import compose
from space_runtime.arrays import Floats, Pixels
from space_runtime.geometry import NEUTRAL_POSE, HeadPose, apply_pose, remove_pose
from space_runtime.inference.network import load_network
from space_runtime.portrait.portrait import Portrait
from space_runtime.rendering.generator import Driving
from space_runtime.rendering.warp import interior, latents
from space_runtime.rendering.warp.backward import Box, picture_points
from space_runtime.rendering.warp.generator import WarpAppearance, WarpGenerator
from space_runtime.rendering.warp.interior import PATCH_HEIGHT, PATCH_WIDTH, Interior
from space_runtime.rendering.warp.keypoints import keypoints_from_mesh
from space_runtime.rendering.warp.mesh import OVAL, RING_FACTORS, move
from space_runtime.values import N_EMOTIONS
from tests.support import pictures
from tests.support.pictures import portrait

WARP = np.load(pictures.MODELS / "warp.npz")
GENERATOR = WarpGenerator(
    WARP["triangles"].astype(np.int32),
    WARP["mesh_from_keypoints"],
    *(load_network(name, pictures.MODELS / f"{name}.onnx") for name in ("landmarks2latents", "mouth_decoder")),
)
LIDS = ((37, 41), (38, 40), (43, 47), (44, 46))
INNER_LIPS = ((61, 67, 50, 58), (62, 66, 51, 57), (63, 65, 52, 56))
MAGENTA, GREEN = (255, 0, 255), (0, 255, 0)


@cache
def appearance() -> WarpAppearance:
    return GENERATOR.prepare(portrait())


def driven(displacement: Floats | None = None, turn_deg: tuple[float, float, float] = (0, 0, 0)) -> Floats:
    """Keypoints for a displacement (78, 3) of the normalised landmarks and a turn of the head."""
    own = remove_pose(keypoints_from_mesh(portrait().mesh), portrait().pose)
    shaped = own if displacement is None else own + WARP["keypoints_from_landmarks"] @ displacement
    motion = HeadPose(np.radians(turn_deg).astype(np.float32), NEUTRAL_POSE.translation, 1.0)
    return apply_pose(shaped.astype(np.float32), compose(portrait().pose, motion))


def rendered(keypoints: Floats) -> Pixels:
    return picture(appearance(), keypoints)


def picture(of: WarpAppearance, keypoints: Floats) -> Pixels:
    drawn: Pixels = GENERATOR.render(of, keypoints[None])[0]
    return drawn


def green_patch(interior: Interior, normalised: Floats) -> Floats:
    """A decoder of one colour that nothing else has."""
    return np.full((PATCH_HEIGHT, PATCH_WIDTH, 3), GREEN, np.float32)


def jaw(amount: float) -> Floats:
    displacement = np.zeros((78, 3), np.float32)
    displacement[[6, 7, 8, 9, 10, 55, 56, 57, 58, 59, 65, 66, 67], 1] = -0.2 * amount
    return displacement


def blink(amount: float) -> Floats:
    face, displacement = portrait().normalised, np.zeros((78, 3), np.float32)
    for upper, lower in LIDS:
        displacement[upper] = amount * (face[lower] - face[upper])
    return displacement


def closed_lips() -> Floats:
    face, displacement = portrait().normalised, np.zeros((78, 3), np.float32)
    for upper, lower, outer_upper, outer_lower in INNER_LIPS:
        displacement[[upper, outer_upper]] = (face[lower] - face[upper]) * 0.5
        displacement[[lower, outer_lower]] = (face[upper] - face[lower]) * 0.5
    return displacement


def gaze(x: float) -> Floats:
    displacement = np.zeros((78, 3), np.float32)
    displacement[68:78, 0] = x
    return displacement


def disc_mask(points: Floats) -> Pixels:
    mask = np.zeros((512, 512), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(picture_points(points)).astype(np.int32)), 255)
    return mask


def painted_irises() -> tuple[Portrait, WarpAppearance]:
    """The portrait with irises of a colour that nothing else has."""
    image = portrait().image.copy()
    for rim in ((469, 470, 471, 472), (474, 475, 476, 477)):
        middle = portrait().mesh[list(rim)].mean(0)
        inner = middle + 0.6 * (portrait().mesh[list(rim)] - middle)
        image[disc_mask(inner) > 0] = MAGENTA
    changed = replace(portrait(), image=image)
    return changed, GENERATOR.prepare(changed)


def share_of(picture: Pixels, colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    """True for pixels that are nearer to a colour than 150."""
    return np.asarray(np.linalg.norm(picture.astype(float) - colour, axis=2) < 150)


def test_rest_is_the_photo() -> None:
    difference = np.abs(rendered(keypoints_from_mesh(portrait().mesh)).astype(int) - portrait().image)
    assert difference.max() <= 8 and difference.mean() < 0.02
    assert difference[disc_mask(portrait().mesh[list(OVAL)]) == 0].max() == 0


@pytest.mark.parametrize("amount", [0.3, 1.0])
def test_a_speaking_mouth_leaves_everything_far_from_the_face_alone(amount: float) -> None:
    middle = portrait().mesh[list(OVAL)].mean(0)
    surroundings = middle + min(f for f in RING_FACTORS if f >= 1.5) * (portrait().mesh[list(OVAL)] - middle)
    far = disc_mask(surroundings) == 0
    assert np.array_equal(rendered(driven(jaw(amount)))[far], portrait().image[far])


@pytest.mark.parametrize("turn", [(15, 0, 0), (-15, 0, 0), (0, 15, 0), (0, -15, 0), (0, 0, 15)])
def test_a_turning_head_leaves_the_background_alone(turn: tuple[float, float, float]) -> None:
    person = cv2.dilate((portrait().matte > 0.01).astype(np.uint8), np.ones((91, 91), np.uint8))
    background = person == 0
    assert background.mean() > 0.05
    change = np.abs(rendered(driven(turn_deg=turn)).astype(int) - portrait().image)
    assert change[background].max() <= 1


def test_equal_keypoints_give_equal_pixels_and_nothing_is_remembered() -> None:
    keypoints = driven(jaw(0.5), (5, 3, 0))
    first = rendered(keypoints)
    rendered(driven(blink(1.0)))
    assert np.array_equal(rendered(keypoints), first)
    assert np.array_equal(picture(GENERATOR.prepare(portrait()), keypoints), first)


def test_a_blink_hides_the_irises() -> None:
    _, painted = painted_irises()
    shares = [share_of(picture(painted, driven(blink(amount))), MAGENTA).sum() for amount in (0, 0.5, 1.0)]
    assert shares[0] > 60
    assert shares[0] > shares[1] > shares[2] == 0


@pytest.mark.parametrize("x", [-0.04, 0.04])
def test_irises_move_with_the_gaze_and_stay_whole(x: float) -> None:
    _, painted = painted_irises()
    ahead, aside = (share_of(picture(painted, driven(gaze(way))), MAGENTA) for way in (0.0, x))
    moved = np.nonzero(aside)[1].mean() - np.nonzero(ahead)[1].mean()
    assert moved == pytest.approx(x * portrait().pose.scale, abs=1.5)
    assert aside.sum() == pytest.approx(ahead.sum(), rel=0.35)


def test_only_parted_lips_show_the_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interior, "decoded_patch", green_patch)
    inside = [share_of(rendered(driven(d)), GREEN).sum() for d in (closed_lips(), jaw(0.4), jaw(1.0))]
    assert inside[0] == 0
    assert inside[2] > inside[1] > 50


def test_the_shipped_decoder_fills_the_mouth_and_leaves_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    shut, decoded = rendered(driven()), rendered(driven(jaw(1.0)))
    monkeypatch.setattr(interior, "decoded_patch", green_patch)
    assert np.array_equal(rendered(driven()), shut)
    plain = rendered(driven(jaw(1.0)))
    changed = (plain != decoded).any(2)
    assert changed.sum() > 200
    assert not changed[disc_mask(portrait().mesh[list(OVAL)]) == 0].any()


def test_decoded_teeth_make_way_for_the_photo_s_own() -> None:
    mesh, decoder = appearance().mesh, GENERATOR.decoder
    parts = interior.prepare_interior(portrait().image, mesh.source, mesh.normalised, decoder, own_teeth=False)
    box = Box(200, 240, 330, 370)
    with_teeth, without = (
        interior.interior_in(box, replace(parts, teeth=teeth), mesh.normalised, mesh.pose) for teeth in (1.0, 0.0)
    )
    assert (with_teeth.min(2) > 110).sum() > 100
    assert (without.min(2) > 110).sum() == 0


def test_a_turn_moves_the_nose_before_the_cheeks_and_never_the_outermost_ring() -> None:
    mesh = appearance().mesh
    shift = np.abs(move(mesh, driven(turn_deg=(10, 0, 0))).vertices - mesh.source)[:, 0]
    n_oval = len(OVAL)
    outermost = 478 + n_oval * (len(RING_FACTORS) - 1)
    assert shift[4] > 2 * max(shift[234], shift[454])
    assert shift[outermost : outermost + n_oval].max() == 0


def benchmark(n: int = 60) -> float:
    """Return and print the milliseconds of one picture; run this file as a program for it."""
    sequence = [driven(jaw(0.5 + 0.5 * np.sin(k / 3)), (3 * np.sin(k / 9), 0, 0)) for k in range(n)]
    rendered(sequence[0])
    start = time.perf_counter()
    for keypoints in sequence:
        rendered(keypoints)
    milliseconds = (time.perf_counter() - start) / n * 1000
    print(f"{milliseconds:.1f} ms a picture")
    return milliseconds


if __name__ == "__main__":
    cv2.setNumThreads(1)
    benchmark()


def test_every_frame_of_a_stream_follows_from_the_one_before_it() -> None:
    """Frames of two streams, mixed, in two calls: each as if the network had been stepped by hand."""
    rng, stream = np.random.default_rng(0), np.array([0, 1, 0, 1, 0, 1, 1])
    landmarks = portrait().landmarks + rng.normal(0, 3, (len(stream), 78, 3)).astype(np.float32)
    features = rng.normal(0, 1, (len(stream), N_FEATURES)).astype(np.float32)
    emotion = np.zeros((len(stream), N_EMOTIONS), np.float32)
    first = GENERATOR.initial_state(appearance())
    states, found = [first, first], []
    for part in (slice(0, 4), slice(4, None)):
        driving = Driving(stream[part], landmarks[part], features[part], emotion[part])
        states, keypoints = GENERATOR.keypoints([appearance()] * 2, states, driving)
        found += list(keypoints)
    by_hand = [first, first]
    for place, which in enumerate(stream.tolist()):
        here = slice(place, place + 1)
        after, wanted = latents.step(
            GENERATOR.latents,
            by_hand[which][None],
            landmarks[here],
            features[here],
            appearance().keypoints[None],
            emotion[here],
        )
        by_hand[which] = after[0]
        np.testing.assert_allclose(found[place], wanted[0], atol=0.02)  # a fiftieth of a pixel
    np.testing.assert_allclose(states, by_hand, atol=1e-3)
    assert not np.allclose(by_hand, first, atol=0.01)
