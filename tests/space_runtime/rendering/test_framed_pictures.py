"""Laws of pictures in every framing: the background stays, scales agree, what is cut out is the person alone."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from space_runtime import Session, load_bundle
from space_runtime.arrays import Floats, Mask, Pixels
from space_runtime.portrait.framing import FACE, Framing, Square
from space_runtime.portrait.portrait import Portrait, portrait_from_pixels
from space_runtime.values import Controls
from tests.support import pictures
from tests.support.sounds import speechlike

BUNDLE = load_bundle()
AT_FACE_SCALE = 1105 / 512
"""By how much the astronaut is enlarged so that the square around her face has 512 pixels."""
MOVING = Controls(seed=3, head_strength=2.0, head_offset=[0.15, -0.05, 0.1])


@cache
def portrait(framing: Framing = FACE, scale: float = AT_FACE_SCALE) -> Portrait:
    photo = pictures.scaled(pictures.astronaut(), scale)
    return portrait_from_pixels(photo, pictures.tracker(), "astronaut.png", framing=framing)


@cache
def shown(framing: Framing = FACE, scale: float = AT_FACE_SCALE) -> Pixels:
    """The last picture of half a second of speech."""
    session = Session(BUNDLE, portrait(framing, scale), MOVING, 10, pictures=True)
    frames = session.push_batches(speechlike(0.6)[:, 0])
    *_, picture = session.pictures(frames[-1])
    return picture


def cut(picture: Pixels, square: Square) -> Pixels:
    return picture[square.top : square.top + square.side, square.left : square.left + square.side]


def test_a_whole_picture_shows_the_face_as_the_square_does() -> None:
    whole = portrait(Framing("full")).whole
    assert whole is not None and whole.face.side == 512 and min(whole.face[:2]) >= 0
    face, full = shown().astype(int), cut(shown(Framing("full")), whole.face).astype(int)
    inner = np.abs(full - face)[40:-40, 40:-40]
    assert inner.mean() < 0.3 and np.quantile(inner, 0.99) <= 3
    assert np.abs(full - portrait().image).mean() > 3, "nothing moves"


def test_what_does_not_move_keeps_its_bytes() -> None:
    whole = portrait(Framing("full")).whole
    assert whole is not None
    changed: Mask = (shown(Framing("full")) != whole.rgb).any(2)
    rows, columns = np.nonzero(changed)
    left, top, side = whole.square
    assert left < columns.min() and columns.max() < left + side - 1, "motion ends inside the square: there is no seam"
    assert rows.max() < top + side - 1
    background = portrait(Framing("full", transparent=True)).matte[: changed.shape[0], : changed.shape[1]] < 1e-3
    far = background & ~_near(changed | ~background)
    assert far.mean() > 0.1 and not changed[far].any()


def _near(mask: Mask) -> Mask:
    """What lies within 24 pixels of a mask."""
    import cv2

    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((49, 49), np.uint8)) > 0)


def test_a_larger_picture_is_the_same_picture() -> None:
    large = pictures.scaled(shown(Framing(size=1024)), 0.5).astype(int)
    assert shown(Framing(size=1024)).shape == (1024, 1024, 3)
    difference = np.abs(large - shown())
    assert difference.mean() < 1.5 and np.quantile(difference, 0.99) < 16


def test_a_cut_out_person_is_the_picture_where_opaque_and_nothing_elsewhere() -> None:
    opaque, cutout = shown(), shown(Framing(transparent=True))
    assert cutout.shape == (512, 512, 4)
    whole, none = cutout[..., 3] == 255, cutout[..., 3] == 0
    assert np.array_equal(cutout[..., :3][whole], opaque[whole])
    assert whole.mean() > 0.3 and none.mean() > 0.3 and (whole | none).mean() > 0.9


def test_the_opacity_is_the_matte_and_moves_with_the_head() -> None:
    resting = opacity(Controls(head_mode="keep", blinks_per_minute=0))
    matte = portrait(Framing(transparent=True)).matte
    assert np.corrcoef(resting.ravel(), matte.ravel())[0, 1] > 0.97
    assert np.abs(resting - matte).mean() < 0.04
    turned = opacity(Controls(head_mode="keep", blinks_per_minute=0, head_offset=[0, 0, 0.25]))
    hair = slice(40, 120)
    middle = [float((o[hair] * np.arange(512)).sum() / o[hair].sum()) for o in (resting, turned)]
    assert middle[1] < middle[0] - 10, "a head that tilts counter-clockwise takes its outline to the left"


def opacity(controls: Controls) -> Floats:
    session = Session(BUNDLE, portrait(Framing(transparent=True)), controls, 10, pictures=True)
    frames = session.push_batches(np.zeros(6_400, np.float32))
    *_, picture = session.pictures(frames[-1])
    return np.asarray(picture[..., 3] / np.float32(255), np.float32)


def test_no_colour_of_the_background_is_left_around_the_hair() -> None:
    """The astronaut before green: whoever is laid over black or white shows no more green than at home."""
    green = np.array([40, 220, 40], np.float32)
    home = portrait(Framing(transparent=True))
    cover = (home.matte[..., None] > 0.5).astype(np.float32)
    image = np.rint(home.image * cover + green * (1 - cover)).astype(np.uint8)
    keyed = portrait_from_pixels(image, pictures.tracker(), "green", True, Framing(transparent=True))
    session = Session(BUNDLE, keyed, Controls(head_mode="keep"), 10, pictures=True)
    *_, picture = session.pictures(session.push_batches(np.zeros(6_400, np.float32))[-1])
    rgb, alpha = picture[..., :3].astype(np.float32), picture[..., 3:] / np.float32(255)
    edge = (alpha[..., 0] > 0.05) & (alpha[..., 0] < 0.95)
    greener = (alpha * (rgb[..., 1:2] - rgb[..., [0, 2]].max(2, keepdims=True)))[edge]
    assert edge.sum() > 500 and greener.mean() < 12
    assert (green[1] - green[0]) * 0.3 > 12, "a mixture by the opacity alone would show far more"


def test_whole_and_transparent_go_together() -> None:
    framing = Framing("full", transparent=True)
    picture = shown(framing, 1.0)
    assert picture.shape == (512, 512, 4)
    assert picture[..., 3].min() == 0 and picture[..., 3].max() == 255


@pytest.mark.parametrize("framing", [FACE, Framing("full"), Framing(transparent=True)], ids=("face", "full", "cut out"))
def test_pictures_repeat_to_the_byte(framing: Framing) -> None:
    again = Session(BUNDLE, portrait(framing), MOVING, 10, pictures=True)
    *_, picture = again.pictures(again.push_batches(speechlike(0.6)[:, 0])[-1])
    assert np.array_equal(picture, shown(framing))
