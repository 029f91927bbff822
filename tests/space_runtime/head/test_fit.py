"""A fit finds a face that the model made, in any pose; its lips meet at rest, its lids in a blink."""

from __future__ import annotations

import numpy as np
import pytest

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.arrays import Floats
from space_runtime.geometry import rotation_matrix
from space_runtime.head.fit import fit_model
from space_runtime.head.fitted_head import FittedHead
from space_runtime.head.model import N_TRACKED, FaceModel, Part
from space_runtime.head.portrait_head import PortraitHead
from space_runtime.head.rest import fit_head, upper_incisors
from space_runtime.head.shapes import arkit_shapes, tongue_out
from space_runtime.portrait.portrait import Portrait


@pytest.fixture(scope="module")
def shapes(model: FaceModel, made: PortraitHead) -> Floats:
    return arkit_shapes(model, made.fitted)


def seen(model: FaceModel, shape: Floats, yaw: float) -> Floats:
    """The tracker's mesh of a shape: turned, 14 pixels a centimetre, with the tracker's bias."""
    points = model.tracker.on(shape)
    points[:, 2] += model.tracker.depth_bias
    mesh = points @ rotation_matrix(np.array([yaw, 0.1, -0.05], np.float32)).T * 14 + [256, -256, 0]
    return np.concatenate([mesh, np.zeros((10, 3))]).astype(np.float32)


@pytest.mark.parametrize("yaw", [0.0, 0.3])
def test_a_fit_finds_what_the_model_made(model: FaceModel, yaw: float) -> None:
    identity = np.zeros(len(model.identities), np.float32)
    identity[:4] = (1.5, -1.0, 0.8, -0.5)
    shape = model.neutral + np.tensordot(identity, model.identities, 1) + 0.6 * model.expression("jawOpen")
    fit = fit_model(model, seen(model, shape.astype(np.float32), yaw))
    assert fit.error.mean() < 0.05
    assert fit.expression[model.expression_names.index("jawOpen")] == pytest.approx(0.6, abs=0.15)
    wrong = model.tracker.on(np.tensordot(fit.identity - identity, model.identities, 1))
    assert np.abs(wrong - wrong.mean(0)).mean() < 0.15


def test_a_head_lies_on_the_points_of_its_photo_and_rests(model: FaceModel, nasa: Portrait) -> None:
    head = fit_head(model, nasa.mesh)
    left = head.project(model.tracker.on(head.posed)) - nasa.mesh[:N_TRACKED, :2] * [1, -1]
    eyes = np.linalg.norm(nasa.mesh[33, :2] - nasa.mesh[263, :2])
    assert np.linalg.norm(left, axis=1).mean() / eyes < 0.004
    assert not np.allclose(head.rest, head.posed, atol=0.1)  # she smiles


def test_the_lips_of_a_head_meet(model: FaceModel, made: PortraitHead) -> None:
    assert np.abs(gap_mm(model, made.fitted.rest, "upper_lip")).max() < 0.1


def test_the_lids_of_a_head_close(model: FaceModel, made: PortraitHead, shapes: Floats) -> None:
    for side in ("left", "right"):
        open_mm = gap_mm(model, made.fitted.rest, f"{side}_upper_lid").max()
        shut = made.fitted.rest + shapes[ARKIT_NAMES.index(f"eyeBlink{side.capitalize()}")]
        assert open_mm > 5 and gap_mm(model, shut, f"{side}_upper_lid").max() < 0.3


def test_mouth_close_closes_what_jaw_open_opens(model: FaceModel, made: PortraitHead, shapes: Floats) -> None:
    opened = made.fitted.rest + shapes[ARKIT_NAMES.index("jawOpen")]
    assert gap_mm(model, opened, "upper_lip").max() > 15
    assert np.abs(gap_mm(model, opened + shapes[ARKIT_NAMES.index("mouthClose")], "upper_lip")).max() < 0.3


@pytest.mark.parametrize("jaw", [0.3, 0.5, 1.0])
def test_an_open_mouth_shows_the_upper_incisors(
    model: FaceModel, made: PortraitHead, shapes: Floats, jaw: float
) -> None:
    opened = made.fitted.rest + jaw * shapes[ARKIT_NAMES.index("jawOpen")]
    lip = model.curves["upper_lip"]
    edge = opened[lip[np.abs(opened[lip, 0]) < 0.8], 1].mean()
    assert 0.2 < edge - opened[upper_incisors(model), 1].min() < 0.5


def test_teeth_lie_behind_the_lips_at_rest(model: FaceModel, made: PortraitHead) -> None:
    rest = made.fitted.rest
    lip = model.curves["upper_lip"]
    front = rest[lip[np.abs(rest[lip, 0]) < 0.8], 2].min()
    assert rest[model.parts[Part.TEETH], 2].max() < front - 0.1


def test_shut_lids_lie_on_the_eyeball_and_not_in_it(model: FaceModel, made: PortraitHead, shapes: Floats) -> None:
    head = made.fitted
    shut = head.rest + shapes[ARKIT_NAMES.index("eyeBlinkLeft")]
    lid = model.curves["left_upper_lid"][6:-6]
    assert np.linalg.norm(shut[lid] - head.eye_centres[0], axis=1).min() > head.eye_radius


def test_every_shape_moves_something_and_eyeballs_stay(model: FaceModel, made: PortraitHead, shapes: Floats) -> None:
    assert shapes.shape == (52, len(model.neutral), 3) and np.isfinite(shapes).all()
    still = [name for name, shape in zip(ARKIT_NAMES, shapes, strict=True) if np.abs(shape).max() < 0.02]
    assert still == []
    for name, part in model.parts.items():
        assert not name.endswith(" eye") or not shapes[:, part].any()


def gap_mm(model: FaceModel, shape: Floats, upper_name: str) -> Floats:
    """By how much an upper edge lies above its lower one, in the middle half of it."""
    upper, lower = model.curves[upper_name], model.curves[upper_name.replace("upper", "lower")]
    inner, order = upper[len(upper) // 4 : -(len(upper) // 4)], np.argsort(shape[lower, 0])
    at = np.interp(shape[inner, 0], shape[lower, 0][order], shape[lower, 1][order])
    return np.asarray(10 * (shape[inner, 1] - at), np.float32)


def test_eyes_are_alike_and_within_the_head(made: PortraitHead) -> None:
    head: FittedHead = made.fitted
    assert head.eye_centres[0, 0] > 0 > head.eye_centres[1, 0] and 1.2 < head.eye_radius < 2.0


@pytest.mark.parametrize("jaw", [0.12, 0.2, 0.3])
def test_tongue_out_is_a_tip_between_the_teeth_at_0_3(model: FaceModel, jaw: float) -> None:
    opening = model.expression("jawOpen")
    opened = model.neutral + jaw * opening
    tongue = opened[model.tongue] + 0.3 * tongue_out(model.neutral[model.tongue])
    tip = tongue[tongue[:, 2] > tongue[:, 2].max() - 0.25]
    teeth = np.arange(len(opened))[model.parts[Part.TEETH]]
    teeth = teeth[np.abs(opened[teeth, 0]) < 0.6]
    is_lower = np.abs(opening[teeth]).max(1) > 0.05
    upper, lower = opened[teeth[~is_lower]], opened[teeth[is_lower]]
    lip = model.curves["lower_lip"]
    assert lower[:, 1].max() < tip[:, 1].max() < upper[:, 1].min()
    assert lower[:, 2].max() < tip[:, 2].max() < opened[lip[np.abs(opened[lip, 0]) < 0.8], 2].max()
