"""The measures of portraits as laws: what a perfect picture scores, what is seen in pictures drawn for the purpose."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the extra 'export'")

from export.evaluation.portraits import cost, film_tables, portrait_tables
from export.evaluation.portraits.acting import CLOSING, NEUTRAL, Actor, closing_times, controls_of
from export.evaluation.portraits.blocks import BLOCKS, chosen_blocks
from export.evaluation.portraits.contour import DARK, LIGHT, contour_steps, plain_portrait
from export.evaluation.portraits.films import Film, Moving, as_film
from export.evaluation.portraits.frame_bend import frame_bend
from export.evaluation.portraits.mesh_measures import boxes, inner_lips, lid_gap, lip_gap, mouth_inside, mouth_width
from export.evaluation.portraits.picture_measures import (
    chroma,
    flicker,
    fold_detail,
    grey,
    inside_of_mouth,
    lid_colour,
    likenesses,
    ssim_map,
    stripes,
)
from export.evaluation.portraits.plain_warp import plain_warp
from export.evaluation.portraits.portrait_set import SHALLOW, Framing, Judged, framing
from export.evaluation.portraits.reenactment import DIRECT, STILL, Acted, Compared, reenact
from export.evaluation.portraits.report import TITLES, bars, grids, shown
from export.evaluation.portraits.sheet import HEAD, portraits_in, sheet, write_sheet
from export.evaluation.results import Results
from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import OutputError, UsageError
from space_runtime.inference.bundle import load_bundle
from space_runtime.media.image_file import read_picture
from space_runtime.portrait.framing import SIDE
from space_runtime.portrait.landmark_file import landmarks_json
from space_runtime.portrait.portrait import open_tracker, portrait_from_pixels
from space_runtime.rendering.warp.generator import load_warp_generator
from tests.support import pictures
from tests.support.covered_faces import drawn, glasses
from tests.support.drawn_faces import anime
from tests.support.face_videos import nasa

SIZE = (SIDE, SIDE)


def disc(step: int = 0, radius: float = 150.0) -> Pixels:
    """A light disc before a dark ground; with a step its edge is made of squares of so many pixels."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(float)
    if step:
        x, y = (axis // step * step + step / 2 for axis in (x, y))
    share = np.clip(radius + 0.5 - np.hypot(x - 256, y - 256), 0, 1)
    return np.repeat((DARK + (LIGHT - DARK) * share)[..., None], 3, 2).round().astype(np.uint8)


def opened_mouth(gap: float) -> Floats:
    """NASA's mesh with its lips apart by a share of the distance of the eyes."""
    mesh = nasa().mesh.copy()
    apart = gap * np.linalg.norm(mesh[33, :2] - mesh[263, :2])
    for upper, lower in ((191, 95), (80, 88), (81, 178), (82, 87), (13, 14), (312, 317), (311, 402), (310, 318)):
        mesh[lower, 1] = mesh[upper, 1] - apart
    mesh[324, 1] = mesh[415, 1] - apart
    return mesh


# Pictures


def test_ssim_is_that_of_scikit_image() -> None:
    metrics = pytest.importorskip("skimage.metrics", reason="needs scikit-image")
    first = grey(nasa().image)
    second = np.asarray(cv2.GaussianBlur(first, (0, 0), 1.2), np.uint8)
    options = {"data_range": 255, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    expected = metrics.structural_similarity(first, second, full=True, **options)[1]
    assert np.allclose(ssim_map(first, second), expected, atol=1e-6)


def test_equal_pictures_are_alike_and_what_lies_elsewhere_does_not_count() -> None:
    photo, regions = nasa().image, boxes(nasa().mesh, SIZE)
    changed = photo.copy()
    changed[:40] = 255 - changed[:40]
    for found in likenesses(photo, changed, regions).values():
        assert found.ssim == pytest.approx(1) and found.psnr_db > 70
    noisy = np.clip(photo + np.random.default_rng(1).normal(0, 10, photo.shape), 0, 255).astype(np.uint8)
    for found in likenesses(photo, noisy, regions).values():
        assert found.psnr_db == pytest.approx(10 * np.log10(255**2 / 100), abs=0.5)


def test_regions_lie_in_the_picture_and_in_the_face() -> None:
    regions = boxes(nasa().mesh, SIZE)
    face = regions["face"]
    for left, top, right, bottom in regions.values():
        assert face[0] <= left < right <= face[2] and face[1] <= top < bottom <= face[3]
    moved = boxes(nasa().mesh + np.array([2000, 0, 0], np.float32), SIZE)
    assert all(right <= SIDE for _, _, right, _ in moved.values())


@pytest.mark.parametrize("gap", [0.0, 0.05, 0.2])
def test_the_gap_of_lips_is_measured_in_distances_of_the_eyes(gap: float) -> None:
    assert lip_gap(opened_mouth(gap)) == pytest.approx(gap, abs=1e-4)
    assert lip_gap(opened_mouth(gap) * 2) == pytest.approx(gap, abs=1e-4)


def test_a_series_of_meshes_is_measured_as_each_of_them() -> None:
    meshes = np.stack([opened_mouth(gap) for gap in (0.0, 0.1)])
    for measure in (lip_gap, lid_gap, mouth_width):
        assert np.allclose(measure(meshes), [measure(mesh) for mesh in meshes])


@pytest.mark.parametrize(("share", "dark", "teeth"), [(0.1, 1, 0), (0.9, 0, 1), (0.5, 0, 0)])
def test_the_inside_of_a_mouth_is_told_by_its_light(share: float, dark: float, teeth: float) -> None:
    mesh = opened_mouth(0.25)
    picture = np.full((*SIZE, 3), 160, np.uint8)
    picture[cv2.dilate(mouth_inside(mesh, SIZE).astype(np.uint8), np.ones((5, 5))) > 0] = round(160 * share)
    inside = inside_of_mouth(picture, mesh)
    assert inside and (inside.dark, inside.teeth) == (dark, teeth)
    assert inside.luminance == pytest.approx(share, abs=0.01)


def test_a_soft_rim_is_less_steep_and_a_shut_mouth_has_no_inside() -> None:
    mesh = opened_mouth(0.25)
    hard = np.full((*SIZE, 3), 160, np.uint8)
    cv2.fillPoly(hard, [np.rint(inner_lips(mesh)).astype(np.int32)], (20, 20, 20))
    soft = np.asarray(cv2.GaussianBlur(hard, (0, 0), 3), np.uint8)
    found = inside_of_mouth(hard, mesh), inside_of_mouth(soft, mesh)
    assert found[0] and found[1] and found[1].rim < 0.7 * found[0].rim
    assert inside_of_mouth(hard, opened_mouth(0.0)) is None


def test_blur_takes_the_detail_of_folds_away_and_grey_has_no_chroma() -> None:
    photo, mesh = nasa().image, nasa().mesh
    blurred = np.asarray(cv2.GaussianBlur(photo, (0, 0), 6), np.uint8)
    assert fold_detail(blurred, mesh) < 0.5 * fold_detail(photo, mesh)
    everywhere = np.ones(SIZE, bool)
    assert chroma(np.repeat(grey(photo)[..., None], 3, 2), everywhere) < 0.1 < chroma(photo, everywhere)


def test_lids_of_the_colour_of_the_skin_below_are_near_to_it() -> None:
    photo, mesh = nasa().image, nasa().mesh
    plain = np.full_like(photo, (200, 160, 140))
    same = lid_colour(plain, plain, mesh)
    assert same.to_skin == pytest.approx(0, abs=0.1) and same.lightness == pytest.approx(0, abs=0.1)
    darker = lid_colour(plain, np.full_like(photo, (100, 80, 70)), mesh)
    assert darker.to_skin > 20 and darker.lightness < -20


def test_a_still_film_does_not_flicker_and_every_second_picture_lighter_does() -> None:
    photo, mesh = nasa().image, nasa().mesh
    assert set(flicker([photo] * 4, mesh).values()) == {0.0}
    lighter = np.clip(photo.astype(int) + 4, 0, 255).astype(np.uint8)
    assert flicker([photo, lighter] * 3, mesh)["face"] == pytest.approx(8, abs=0.5)


@pytest.mark.parametrize("step", [2, 4])
def test_a_stepped_contour_is_told_from_a_smooth_one(step: int) -> None:
    assert contour_steps(disc()) < 0.5
    assert contour_steps(disc(step)) == pytest.approx(step, rel=0.35)


@pytest.mark.parametrize("turn", SHALLOW)
def test_the_contour_of_a_turned_plain_face_is_as_smooth_as_at_rest(turn: str) -> None:
    """To a quarter of a pixel: 0.90 and 1.08 at ±15°, 0.87 at rest."""
    drawn = Actor.of(plain_portrait(nasa()), load_bundle()).moments((NEUTRAL, turn))
    assert contour_steps(drawn[turn]) < contour_steps(drawn[NEUTRAL]) + 0.25


def test_a_picture_without_a_shape_has_no_contour() -> None:
    assert np.isnan(contour_steps(np.full((*SIZE, 3), DARK, np.uint8)))


def test_a_plain_warp_of_nothing_is_the_photo_and_a_shift_goes_along() -> None:
    photo, mesh = nasa().image, nasa().mesh
    assert np.array_equal(plain_warp(photo, mesh, mesh), photo)
    moved = plain_warp(photo, mesh, mesh + np.array([6, 0, 0], np.float32))
    left, top, right, bottom = boxes(mesh, SIZE)["mouth"]
    there = moved[top:bottom, left + 6 : right + 6].astype(int)
    assert np.abs(there - photo[top:bottom, left:right]).mean() < 1


# Films


@pytest.fixture(scope="module")
def film() -> Film:
    """NASA's portrait, then the same a little turned in its plane."""
    turned = [cv2.getRotationMatrix2D((256, 256), angle, 1.0) for angle in (0, 0, 2, 4)]
    drawn = [cv2.warpAffine(nasa().image, way, SIZE, borderMode=cv2.BORDER_REPLICATE) for way in turned]
    pictures = tuple(np.asarray(picture, np.uint8) for picture in drawn)
    return as_film(Moving("nasa", pictures, Fraction(25), np.zeros(0, np.float32)), open_tracker())


def test_a_film_is_cut_to_one_square_and_followed(film: Film) -> None:
    assert len(film.pictures) == len(film.meshes) == len(film.heard) == 4
    assert np.abs(film.meshes[0] - film.portrait.mesh)[:468, :2].mean() < 1.0
    assert film.turns_deg[-1, 2] - film.turns_deg[0, 2] == pytest.approx(4, abs=1)


def test_what_drives_is_steady_unless_pictures_are_poses() -> None:
    rng = np.random.default_rng(0)
    shaken = [cv2.getRotationMatrix2D((256, 256), float(angle), 1.0) for angle in rng.normal(0, 0.3, 9)]
    drawn = [cv2.warpAffine(nasa().image, way, SIZE, borderMode=cv2.BORDER_REPLICATE) for way in shaken]
    pictures = tuple(np.asarray(picture, np.uint8) for picture in drawn)
    moving, posed = (
        as_film(Moving("nasa", pictures, Fraction(fps), np.zeros(0, np.float32)), open_tracker()) for fps in (25, 1)
    )
    rough, steady = (np.abs(np.diff(meshes, 2, axis=0)).mean() for meshes in (moving.meshes, moving.steady))
    assert steady < 0.7 * rough
    assert np.allclose(posed.steady, posed.meshes, atol=1e-3)


def test_what_drives_itself_is_as_the_photo_and_beats_a_still(film: Film) -> None:
    acted = reenact(film, load_warp_generator(load_bundle()), open_tracker(), step=1)
    by_way = {way: [each for each in acted.compared if each.way == way] for way in film_tables.WAYS}
    assert {len(rows) for rows in by_way.values()} == {3}
    assert by_way[STILL][0].likeness["face"].ssim == pytest.approx(1)
    assert by_way[DIRECT][0].likeness["face"].ssim > 0.9
    assert by_way[DIRECT][-1].likeness["face"].ssim > by_way[STILL][-1].likeness["face"].ssim + 0.05
    assert {read.way for read in acted.read} == {"direct", "latents"}
    assert all(read.errors["all"] < 0.02 and read.flicker["background"] < 0.1 for read in acted.read)


def compared(acted: Acted, **changes: object) -> Compared:
    return replace(acted.compared[0], **changes)  # type: ignore[arg-type]


def test_pictures_stand_in_the_bins_of_their_turns_and_gaps(film: Film) -> None:
    acted = reenact(film, load_warp_generator(load_bundle()), open_tracker(), step=3)
    rows = tuple(replace(each, turn_deg=12.0, gap=0.2) for each in acted.compared)
    found = film_tables.turns([replace(acted, compared=rows)]).values
    assert found["10…15°", "n_pictures"] == 1 and ("3…6°", "n_pictures") not in found
    assert np.isnan(found["3…6°", "direct_face_ssim"])
    assert film_tables.gaps([replace(acted, compared=rows)]).values["0.15…0.5", "n_pictures"] == 1


# Portraits


def test_skin_that_is_drawn_out_reads_as_striped() -> None:
    grain = np.random.default_rng(1).integers(0, 255, (64, 64, 1)).astype(np.uint8)
    column = np.repeat(grain[:, 32:33], 64, 1)
    mesh = np.array([[30, -30, 0], [34, -34, 0]], np.float32)
    soft = [np.asarray(cv2.blur(np.repeat(one, 3, 2), (3, 3)), np.uint8) for one in (grain, column)]
    even, drawn_out = (stripes(picture, mesh, (0, 1)) for picture in soft)
    assert 0.5 < even < 2
    assert drawn_out > 10


def judged(**changes: object) -> Judged:
    smiles = {"neutral": 0.0, "happy": 0.6, "sad": 0.0, "angry": 0.0}
    frame = Framing(0.0, 1.0, 0.0, False)
    plain = Judged(
        "one", frame, 5.0, 0.1, 1.0, smiles, 0.7, (10, 10), 0.5, (0.01, 0.01), 0.5, None, (float("nan"),) * 2, 1.0
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_shares_of_portraits_count_those_that_are_good() -> None:
    values = portrait_tables.actions([judged(), judged(lid=30.0), judged(lid=25.0), judged()]).values
    assert values["lid colour, Lab distance", "share_good"] == 0.5
    assert values["lid colour, Lab distance", "mean"] == pytest.approx(16.25)
    assert values["closures at p, b, m", "mean"] == 1 and ("dark share, open", "mean") not in values


def test_a_smile_that_is_not_asked_for_is_no_good_and_happy_ones_shall_be_alike() -> None:
    smiling = {"neutral": 0.4, "happy": 0.2, "sad": 0.3, "angry": 0.0}
    values = portrait_tables.actions([judged(), judged(), judged(), judged(smiles=smiling)]).values
    assert values["smile read at sad", "share_good"] == values["smile read at happy", "share_good"] == 0.75
    assert values["smile read at angry", "share_good"] == 1


def test_smiles_from_rest_shall_be_alike() -> None:
    smiles = (0.5, 0.7, 0.7, 0.8)
    values = portrait_tables.actions([judged(from_rest=smile) for smile in smiles]).values
    assert values["smile from rest at happy", "share_good"] == 0.75


def test_framing_counts_padding_and_enlargement() -> None:
    frames = [Framing(0.0, 1.0, 2.0, False), Framing(0.1, 1.5, 20.0, True)]
    values = portrait_tables.framings([judged(framing=frame) for frame in frames]).values
    assert values["padded > 5%", "portraits"] == values["padded and enlarged", "portraits"] == 0.5
    assert values["padded > 15%", "portraits"] == 0


def test_a_photo_that_is_cut_tightly_is_padded() -> None:
    photo, tracker = nasa().image, open_tracker()
    assert framing(photo, nasa(), tracker, "whole").padded < 0.2
    left, top, right, bottom = boxes(nasa().mesh, SIZE)["face"]
    tight = np.ascontiguousarray(photo[top - 10 : bottom + 10, left - 10 : right + 10])
    found = framing(tight, nasa(), tracker, "tight")
    assert found.padded > 0.2 and found.enlarged > 1


def test_phones_that_close_the_lips_are_those_of_the_line() -> None:
    times = closing_times()
    assert len(times) >= 8 and all(start < end for start, end in times)
    assert all(before[1] < after[0] for before, after in pairwise(times))
    assert {"p", "b", "m"} == CLOSING


def test_moments_ask_the_runtime_for_what_they_show() -> None:
    assert controls_of("happy", 0).emotion.max() == 1 and controls_of("neutral", 0).emotion.max() == 0
    assert controls_of("blink", 8000).blink_samples == (8000,)
    yaw = controls_of("yaw +15", 0).head_track
    assert yaw is not None and np.degrees(yaw[0, 0]) == pytest.approx(15)
    gaze = controls_of("gaze right", 0).gaze_rad
    assert gaze is not None and np.degrees(gaze[0]) == pytest.approx(-20)


# Report and sheet


def test_every_bar_belongs_to_a_table_and_a_number_beside_the_version_before_shows_both() -> None:
    assert {bar.block for bar in bars()} <= set(TITLES)
    now = Results("warp.npz", "0", 0, {"cost": {"render": {"processor_ms": 5.0}}})
    before = replace(now, blocks={"cost": {"render": {"processor_ms": 9.5}}})
    reached, cost = grids(now, before)
    assert ("cost: render, processor ms", "5", "9.500", "≤ 5.5", "ok") in reached.rows
    assert ("cost: prepare, processor ms", "–", "–", "≤ 400", "fails") in reached.rows
    assert cost.rows == (("render", "5 (9.500)"),)
    assert shown(None) == "–" and shown(0.12345) == "0.123" and shown(123.4) == "123"


def test_an_unknown_block_is_refused_with_the_names_of_all() -> None:
    assert chosen_blocks(()) == tuple(BLOCKS) and chosen_blocks(("cost",)) == ("cost",)
    with pytest.raises(UsageError, match="films, turned, portraits, cost"):
        chosen_blocks(("colour",))


def test_a_sheet_has_a_row_for_each_portrait_and_a_column_for_each_moment(tmp_path: Path) -> None:
    pictures = {"neutral": nasa().image, "open": nasa().image}
    drawn = sheet([("one", pictures), ("two", pictures)], 96)
    assert drawn.shape == (3 * HEAD + 2 * 96, 2 * 96, 3)
    for name in ("sheet.webp", "sheet.png"):
        write_sheet(drawn, tmp_path / name)
        assert read_picture(tmp_path / name).shape == drawn.shape
    with pytest.raises(OutputError, match=r"\.webp, \.png or \.jpg"):
        write_sheet(drawn, tmp_path / "sheet.xyz")


def test_a_sheet_takes_drawings_by_their_landmarks_and_says_what_it_leaves_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    face = anime()
    for name in ("drawn", "unknown"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), face.picture[..., ::-1])
    (tmp_path / "drawn.landmarks.json").write_text(landmarks_json(face.landmarks), encoding="utf-8")
    [(name, portrait)] = portraits_in(tmp_path, pictures.tracker())
    assert name == "drawn" and portrait.stand_in is not None
    assert "unknown.png" in capsys.readouterr().err


# Spectacles


def test_a_turn_bends_no_spectacles_and_a_brow_that_lifts_them_does() -> None:
    portrait = portrait_from_pixels(drawn(glasses), pictures.tracker(), "glasses.png")
    turn = cv2.getRotationMatrix2D((256, 200), 2.0, 1.01)
    turned = cv2.warpAffine(portrait.image, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    columns, rows = np.meshgrid(np.arange(SIDE, dtype=np.float32), np.arange(SIDE, dtype=np.float32))
    lift = 6 * np.exp(-((rows + float(portrait.mesh[468, 1]) + 22) ** 2) / 2 / 12**2)
    bent = cv2.remap(portrait.image, columns, (rows + lift).astype(np.float32), cv2.INTER_LINEAR)
    bends = [frame_bend(portrait.image, np.asarray(shown, np.uint8), portrait.mesh) for shown in (turned, bent)]
    assert bends[0] < 0.4 and bends[1] > 1.5
    assert np.isnan(frame_bend(nasa().image, nasa().image, nasa().mesh))


def test_the_memory_of_a_process_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that does nothing needs little, however much its parent holds."""
    monkeypatch.setattr(cost, "DRAWING", "")
    held = np.ones(300 << 20, np.uint8)
    assert cost.memory_mib() < 100 < held.nbytes >> 20
