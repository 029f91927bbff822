"""The pictures of a head: painted photos, whose colours are known, end on the right places of the atlas."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from space_runtime.arrays import Floats, Pixels
from space_runtime.head.atlas import mirrored, skin_atlas
from space_runtime.head.fitted_head import EYE_TILE, TEETH_TILE, FittedHead, HeadTexture
from space_runtime.head.hair_grid import N_COLUMNS, N_ROWS, hair_grid
from space_runtime.head.hair_mask import CHEEKS
from space_runtime.head.iris import SCLERA, Iris, eye_picture, iris_of
from space_runtime.head.light import balanced, evenly_lit
from space_runtime.head.model import SKIN, FaceModel, Part, load_model, triangles
from space_runtime.head.picture_fields import blurred, sample
from space_runtime.head.portrait_head import PortraitHead
from space_runtime.head.raster import rasterise
from space_runtime.head.texture import texture_head
from space_runtime.portrait.mesh_points import EYES, IRISES
from space_runtime.portrait.portrait import Portrait

SKIN_COLOUR = (205, 150, 125)
HAIR_COLOUR = (45, 30, 25)
GROUND = (60, 90, 190)
SCALE = 13.0


@cache
def head_in_front() -> FittedHead:
    """The model's mean head, seen from the front."""
    model = load_model()
    eyes = [model.neutral[model.parts[part]].mean(0) for part in (Part.LEFT_EYE, Part.RIGHT_EYE)]
    return FittedHead(
        rest=model.neutral,
        posed=model.neutral,
        scale=SCALE,
        rotation=np.eye(3, dtype=np.float32),
        translation=np.array([256, -250, 0], np.float32),
        residual=np.zeros_like(model.neutral),
        identity=np.zeros(50, np.float32),
        expression=np.zeros(len(model.expressions), np.float32),
        eye_centres=np.array(eyes, np.float32),
        eye_radius=1.6,
    )


def tracked(model: FaceModel, head: FittedHead) -> Floats:
    """The (478, 3) mesh of a head, irises in the middle of the eyes."""
    skin = head.camera(model.tracker.on(head.posed))
    rings = []
    for (upper, lower), _ in zip(EYES, IRISES, strict=True):
        middle = skin[list(upper + lower)].mean(0)
        radius = 0.6 * head.scale
        rings += [middle + radius * np.array(way) for way in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, -1, 0)]]
    return np.concatenate([skin, np.array(rings, np.float32)]).astype(np.float32)


def painted(hair: bool) -> tuple[Pixels, Floats]:
    """A photo of one colour of skin, with a cap of hair or without; and its matte."""
    model, head = load_model(), head_in_front()
    corners = triangles(model.faces[model.faces_of(*SKIN)])
    covered = rasterise(head.project(head.posed), corners, (512, 512), head.camera(head.posed)[:, 2]).covered
    photo = np.empty((512, 512, 3), np.uint8)
    photo[:] = GROUND
    if hair:
        cap = np.zeros((512, 512), np.uint8)
        cv2.ellipse(cap, (256, 180), (125, 135), 0, 180, 360, 1, -1)
        photo[cap > 0] = HAIR_COLOUR
        rows = np.arange(512)[:, None]
        photo[covered & (rows > 145)] = SKIN_COLOUR
        covered |= cap > 0
    else:
        photo[covered] = SKIN_COLOUR
    return photo, blurred(covered.astype(np.float32), 1.0)


@cache
def texture(hair: bool) -> HeadTexture:
    photo, matte = painted(hair)
    head = head_in_front()
    return texture_head(photo, tracked(load_model(), head), matte, head, load_model())


def at_vertices(model: FaceModel, skin: Pixels, chosen: np.ndarray) -> Floats:
    return sample(skin.astype(np.float32), skin_atlas().vertex_pixels[: model.n_skin][chosen[: model.n_skin]])


def test_one_colour_of_skin_covers_the_whole_bald_head(model: FaceModel) -> None:
    made = texture(False)
    x, y, z = model.neutral.T
    face = np.zeros(len(x), bool)
    face[: model.parts[Part.FACE].stop] = True
    assert made.hair is None
    front = at_vertices(model, made.skin, face & (z > 8) & (y > -5) & (y < 8))
    np.testing.assert_allclose(np.median(front, axis=0), SKIN_COLOUR, atol=4)
    behind = at_vertices(model, made.skin, face & (z < -4) & (y > 0))
    np.testing.assert_allclose(np.median(behind, axis=0), SKIN_COLOUR, atol=25)


def test_a_mark_on_the_photo_lies_on_the_vertices_that_it_covers(model: FaceModel) -> None:
    head = head_in_front()
    photo, matte = painted(False)
    nose = int(model.neutral[: model.n_skin, 2].argmax())
    column, row = np.rint(head.project(head.posed[nose])).astype(int)
    cv2.circle(photo, (int(column), int(row)), 9, (230, 40, 40), -1)
    skin = texture_head(photo, tracked(model, head), matte, head, model).skin
    found = sample(skin.astype(np.float32), skin_atlas().vertex_pixels[nose : nose + 1])[0]
    assert found[0] > 190 and found[1] < 100
    cheek = int(model.tracker.vertices[CHEEKS[0], 0])
    other = sample(skin.astype(np.float32), skin_atlas().vertex_pixels[cheek : cheek + 1])[0]
    np.testing.assert_allclose(other, SKIN_COLOUR, atol=12)


def test_hair_is_a_shell_that_fades_out_and_tints_the_scalp(model: FaceModel) -> None:
    made = texture(True)
    assert made.hair is not None
    alpha = made.hair.rgba[..., 3].astype(int)
    assert alpha.min() == 0 and alpha.max() == 255
    assert 0.005 < np.mean((alpha > 10) & (alpha < 245)) < 0.2
    opaque = made.hair.rgba[alpha > 250][:, :3]
    np.testing.assert_allclose(np.median(opaque, axis=0), HAIR_COLOUR, atol=12)
    y = model.neutral[: model.n_skin, 1]
    crown = at_vertices(model, made.skin, (y > 12.5) & (np.arange(len(y)) < model.parts[Part.FACE].stop))
    assert np.median(crown.mean(1)) < 90
    forehead = model.tracker.vertices[9, 0]
    found = sample(made.skin.astype(np.float32), skin_atlas().vertex_pixels[forehead][None])[0]
    np.testing.assert_allclose(found, SKIN_COLOUR, atol=12)


def test_the_shell_lies_outside_the_head_and_its_triangles_look_outwards(model: FaceModel) -> None:
    shell = texture(True).hair
    assert shell is not None
    grid = hair_grid(head_in_front(), model, with_ears=False)
    place, radius = grid.places(shell.vertices)
    assert np.all(radius > sample(grid.base, place) - 0.05)
    assert np.all((shell.uv >= 0) & (shell.uv <= 1)) and shell.triangles.max() == len(shell.vertices) - 1
    a, b, c = (shell.vertices[shell.triangles[:, corner]] for corner in range(3))
    outward = (np.cross(b - a, c - a) * (a - [0, a[:, 1].mean(), 0])).sum(1)
    assert np.mean(outward > 0) > 0.97
    np.testing.assert_allclose(np.linalg.norm(shell.normals, axis=1), 1, atol=1e-3)


def test_the_grid_gives_the_places_of_its_own_points_back(model: FaceModel) -> None:
    grid = hair_grid(head_in_front(), model, with_ears=True)
    place, radius = grid.places(grid.points(grid.base)[2:-1, 1:-1].reshape(-1, 3))
    rows, columns = np.mgrid[2 : N_ROWS - 1, 1 : N_COLUMNS - 1]
    np.testing.assert_allclose(place, np.stack([columns, rows], -1).reshape(-1, 2), atol=0.02)
    np.testing.assert_allclose(radius, grid.base[2:-1, 1:-1].ravel(), atol=0.01)


def test_the_same_photo_gives_the_same_pictures(nasa: Portrait, made: PortraitHead, model: FaceModel) -> None:
    again = texture_head(nasa.image, nasa.mesh, nasa.matte, made.fitted, model)
    assert np.array_equal(again.skin, made.texture.skin) and np.array_equal(again.lashes, made.texture.lashes)
    assert again.hair is not None and made.texture.hair is not None
    assert np.array_equal(again.hair.rgba, made.texture.hair.rgba)
    assert np.array_equal(again.hair.vertices, made.texture.hair.vertices)
    assert np.isfinite(again.hair.vertices).all() and np.isfinite(again.hair.normals).all()


def test_a_painted_eye_gives_its_colour_and_its_size(model: FaceModel) -> None:
    head = head_in_front()
    mesh = tracked(model, head)
    photo = np.full((512, 512, 3), 225, np.float32)
    for ring in IRISES:
        centre = (round(float(mesh[ring[0], 0])), round(-float(mesh[ring[0], 1])))
        cv2.circle(photo, centre, round(0.6 * SCALE), (70, 110, 160), -1)
        cv2.circle(photo, centre, 3, (5, 5, 5), -1)
    iris = iris_of(photo, mesh, head)
    np.testing.assert_allclose(iris.colour, (70, 110, 160), atol=12)
    assert iris.radius == pytest.approx(0.6, abs=0.02)


def test_a_closed_eye_gets_a_usual_colour(model: FaceModel) -> None:
    mesh = tracked(model, head_in_front())
    for (upper, lower), _ in zip(EYES, IRISES, strict=True):
        mesh[list(lower), 1] = mesh[list(upper), 1] + 1
    assert np.isfinite(iris_of(np.zeros((512, 512, 3), np.float32), mesh, head_in_front()).colour).all()


def test_an_eyeball_has_a_pupil_an_iris_and_white() -> None:
    picture = eye_picture(Iris(np.array([60, 110, 170], np.float32), 0.6), 1.6, 1.0)
    middle = EYE_TILE.width // 2
    assert picture[middle, middle].max() < 20
    ring = picture[middle, middle + round(0.6 * middle * np.degrees(np.arcsin(0.6 / 1.6)) / 100)]
    assert ring[2] > ring[0] + 30
    np.testing.assert_allclose(picture[middle, middle + 42], SCLERA, atol=20)


def test_light_that_comes_from_one_side_is_taken_off() -> None:
    random = np.random.default_rng(0)
    normals = random.standard_normal((9000, 3)).astype(np.float32)
    normals[:, 2] = np.abs(normals[:, 2]) + 0.3
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    colours = np.array([180, 130, 110], np.float32) * (0.85 + 0.35 * normals[:, :1])
    lit = evenly_lit(colours, normals, np.ones(len(normals), np.float32))
    assert lit.mean(1).std() < 0.45 * colours.mean(1).std()


def test_left_and_right_get_the_same_light_and_their_detail_stays() -> None:
    colour = np.full((1024, 2048, 3), 120, np.float32)
    colour[:, :512] *= 1.5
    colour[500:504, 700:704] = 20
    weight = np.zeros((1024, 2048), np.float32)
    weight[:, :1024] = 1
    even = balanced(colour, weight)
    before, after = (np.abs(part - mirrored(part))[200:400, 100:300].mean() for part in (colour, even))
    assert after < 0.3 * before
    assert even[502, 702].mean() < 40


def test_teeth_are_darker_at_the_back() -> None:
    skin = texture(False).skin
    front, back = (skin[TEETH_TILE.top + row, TEETH_TILE.left + 32].astype(int).sum() for row in (4, 60))
    assert front > 1.8 * back


def test_a_head_far_to_the_side_of_the_photo_is_textured_without_numbers_that_are_none(model: FaceModel) -> None:
    photo, matte = painted(True)
    moved = replace(head_in_front(), translation=np.array([420, -420, 0], np.float32))
    made = texture_head(photo, tracked(model, moved), matte, moved, model)
    assert made.skin.std() > 5
