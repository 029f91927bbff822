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
from space_runtime.emotion import N_EMOTIONS
from space_runtime.geometry import NEUTRAL_POSE, HeadPose, apply_pose, picture_points, remove_pose
from space_runtime.inference.network import load_network
from space_runtime.portrait.portrait import Portrait
from space_runtime.rendering.generator import Driving
from space_runtime.rendering.warp import latents, mouth
from space_runtime.rendering.warp.backward import Box, polygon_mask
from space_runtime.rendering.warp.eyes import shut_lids
from space_runtime.rendering.warp.generator import WarpAppearance, WarpGenerator
from space_runtime.rendering.warp.interior import Interior
from space_runtime.rendering.warp.keypoints import keypoints_from_mesh
from space_runtime.rendering.warp.lip_line import BEHIND, LIPS, OVERLAP, closing, tucked
from space_runtime.rendering.warp.mesh import EYES, LOWER_LIP, OVAL, UPPER_LIP, move
from space_runtime.rendering.warp.mesh_triangles import RING_FACTORS, RING_POINTS
from space_runtime.rendering.warp.scene import AROUND
from tests.support import pictures
from tests.support.pictures import portrait

WARP = np.load(pictures.MODELS / "warp.npz")
GENERATOR = WarpGenerator(
    WARP["triangles"].astype(np.int32),
    WARP["mesh_from_keypoints"],
    load_network("landmarks2latents", pictures.MODELS / "landmarks2latents.onnx"),
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


def green_inside(box: Box, interior: Interior, chin: Floats, pose: HeadPose) -> Floats:
    """An inside of the mouth of one colour that nothing else has."""
    return np.full((box.y1 - box.y0, box.x1 - box.x0, 3), GREEN, np.float32)


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
    far = cv2.dilate(disc_mask(surroundings), np.ones((2 * AROUND + 1, 2 * AROUND + 1), np.uint8)) == 0
    assert np.array_equal(rendered(driven(jaw(amount)))[far], portrait().image[far])


@pytest.mark.parametrize("turn", [(15, 0, 0), (-15, 0, 0), (0, 15, 0), (0, -15, 0), (0, 0, 15)])
def test_a_turning_head_leaves_the_background_alone(turn: tuple[float, float, float]) -> None:
    person = cv2.dilate((portrait().matte > 0.01).astype(np.uint8), np.ones((91, 91), np.uint8))
    background = person == 0
    assert background.mean() > 0.05
    change = np.abs(rendered(driven(turn_deg=turn)).astype(int) - portrait().image)
    assert change[background].max() <= 1


@pytest.mark.parametrize("yaw", [10, 15, -10, -15])
def test_the_contour_of_a_turned_face_has_no_steps(yaw: float) -> None:
    """The face is painted white before black; its width on the far side changes smoothly from row to row."""
    oval = polygon_mask(picture_points(portrait().mesh[list(OVAL)]), Box(0, 0, 512, 512))
    face = np.rint(255 * cv2.GaussianBlur(oval, (0, 0), 0.7)).astype(np.uint8)
    painted = replace(portrait(), image=np.repeat(face[..., None], 3, 2))
    turned = picture(GENERATOR.prepare(painted), driven(turn_deg=(yaw, 0, 0)))[..., 1].astype(float)
    brow, mouth = (round(float(-portrait().mesh[point, 1])) for point in (105, 61))
    middle = round(float(portrait().mesh[4, 0]))
    widths = (turned[brow:mouth, middle:] if yaw > 0 else turned[brow:mouth, :middle]).sum(1) / 255
    assert np.abs(np.diff(widths, 2)).max() < 0.35


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


def test_lids_open_by_more_than_half_are_drawn_as_told() -> None:
    moved = move(appearance().mesh, driven(blink(0.35)))
    shown = shut_lids(appearance().mesh, appearance().eyes, moved).vertices
    for upper, lower in EYES:
        was, told, drawn = (
            points[upper[4], 1] - points[lower[4], 1] for points in (appearance().mesh.source, moved.vertices, shown)
        )
        assert 0.55 < told / was < 0.95
        assert drawn == pytest.approx(told, abs=1e-3)


def test_only_parted_lips_show_the_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mouth, "interior_in", green_inside)
    inside = [share_of(rendered(driven(d)), GREEN).sum() for d in (closed_lips(), jaw(0.4), jaw(1.0))]
    assert inside[0] == 0
    assert inside[2] > inside[1] > 50


def test_the_stretched_photo_s_teeth_are_not_seen_around_the_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    assert appearance().mouth.is_open
    monkeypatch.setattr(mouth, "interior_in", green_inside)
    keypoints = driven(jaw(1.0))
    refit = appearance().lips
    assert refit is not None
    lips = picture_points(closing(move(appearance().mesh, keypoints), refit).vertices)
    outline = np.concatenate([lips[list(UPPER_LIP)], lips[list(LOWER_LIP)][::-1]])
    opening = polygon_mask(outline, Box(0, 0, 512, 512)) == 1
    assert opening.sum() > 200
    assert rendered(keypoints)[opening][:, [0, 2]].max() < 40


def test_the_inside_fills_the_mouth_and_leaves_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    shut, open_wide = rendered(driven()), rendered(driven(jaw(1.0)))
    monkeypatch.setattr(mouth, "interior_in", green_inside)
    assert np.array_equal(rendered(driven()), shut)
    plain = rendered(driven(jaw(1.0)))
    changed = (plain != open_wide).any(2)
    assert changed.sum() > 200
    assert not changed[disc_mask(portrait().mesh[list(OVAL)]) == 0].any()


def test_lips_put_to_the_photo_s_teeth_meet_where_tracked_ones_do() -> None:
    mesh, refit = appearance().mesh, appearance().lips
    assert refit is not None and np.abs(refit.offsets).max() > 0.005
    rest = move(mesh, driven())
    np.testing.assert_allclose(closing(rest, refit).normalised, rest.normalised, atol=1e-5)
    meeting, n = rest.normalised.copy(), len(LIPS) // 2
    middle = (meeting[list(LIPS[:n])] + meeting[list(LIPS[n:])]) / 2
    meeting[list(LIPS)] = np.tile(middle, (2, 1)) + refit.offsets
    shut = closing(replace(rest, normalised=meeting), refit)
    over = shut.normalised[list(LIPS[n:])] - shut.normalised[list(LIPS[:n])]
    np.testing.assert_allclose(over, np.tile([0, OVERLAP, 0], (n, 1)), atol=1e-6)
    over_px = shut.vertices[list(LIPS[n:])] - shut.vertices[list(LIPS[:n])]
    np.testing.assert_allclose(np.linalg.norm(over_px, axis=1), OVERLAP * rest.pose.scale, rtol=1e-2)
    meeting[list(LIPS[:n]), 1] += 0.01
    gap = closing(replace(rest, normalised=meeting), refit).normalised[list(LIPS), 1]
    assert -OVERLAP < (gap[:n] - gap[n:]).mean() < 0.005


@pytest.mark.parametrize("lower_lip", [-0.2, 0.2])
def test_moved_lips_take_their_edge_from_beyond_the_photo_s_teeth(lower_lip: float) -> None:
    mesh, refit = appearance().mesh, appearance().lips
    assert refit is not None
    rest = move(mesh, driven())
    assert tucked(mesh, rest, refit) is mesh
    other = rest.normalised.copy()
    other[list(LIPS[len(LIPS) // 2 :]), 1] += lower_lip
    shift = tucked(mesh, replace(rest, normalised=other), refit).source - mesh.source
    assert shift[13, 1] > 0.5 and shift[14, 1] < -0.5
    assert np.abs(np.delete(shift, [*LIPS, *BEHIND], 0)).max() == 0


def test_a_turn_moves_the_nose_before_the_cheeks_and_never_the_outermost_ring() -> None:
    mesh = appearance().mesh
    shift = np.abs(move(mesh, driven(turn_deg=(10, 0, 0))).vertices - mesh.source)[:, 0]
    n_points = len(RING_POINTS)
    outermost = 478 + n_points * (len(RING_FACTORS) - 1)
    assert shift[4] > 2 * max(shift[234], shift[454])
    assert shift[outermost : outermost + n_points].max() == 0


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
            [None],
        )
        by_hand[which] = after[0]
        np.testing.assert_allclose(found[place], wanted[0], atol=0.02)  # a fiftieth of a pixel
    np.testing.assert_allclose(states, by_hand, atol=1e-3)
    assert not np.allclose(by_hand, first, atol=0.01)
