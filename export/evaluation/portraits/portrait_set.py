"""Measures of a folder of portraits that act: framing, lids, blinks, gaze, emotions, closures, contour, identity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from export.evaluation.portraits.acting import BLINK, GAZE_DEG, GAZES, NEUTRAL, OPEN, Actor
from export.evaluation.portraits.contour import contour_steps, plain_portrait
from export.evaluation.portraits.films import follow
from export.evaluation.portraits.frame_bend import frame_bend
from export.evaluation.portraits.mesh_measures import STEADY, lid_gap, lip_gap, lips, mouth_inside
from export.evaluation.portraits.picture_measures import (
    LEAST_INSIDE,
    Inside,
    chroma,
    inside_of_mouth,
    lid_colour,
    stripes,
)
from space_runtime.animation.pipeline import open_rig
from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import MediaError
from space_runtime.geometry import estimate_pose, landmarks_from_mesh, remove_pose
from space_runtime.head.fit import fit_model
from space_runtime.head.model import load_model
from space_runtime.inference.bundle import Bundle
from space_runtime.media.image_file import read_picture
from space_runtime.portrait.choice import choose_face
from space_runtime.portrait.framing import SIDE, square_around
from space_runtime.portrait.portrait import Portrait, portrait_from_pixels
from space_runtime.portrait.tracking import FaceTracker
from space_runtime.rig.identity import gaze_of
from space_runtime.rig.rig import RigState
from space_runtime.rig.shapes import SHAPE

ENDINGS: Final = (".jpg", ".jpeg", ".png", ".webp")
READS_CLOSED: Final = 0.04
"""Lip gap of a mouth that reads closed."""
TRACKED_GAZE: Final = 0.63
"""Share of a true gaze that tracking reads: the mean of four drawn heads whose eyes turn by 20° to either side."""
SMILES: Final = (NEUTRAL, "happy", "sad", "angry")
"""Moments whose smile is told."""
SMILE: Final = ("mouthSmile_L", "mouthSmile_R")
SMILE_ROWS: Final = [SHAPE["mouthSmileLeft"], SHAPE["mouthSmileRight"]]
SHALLOW: Final = ("yaw -15", "yaw +15")
REVEALED: Final = {"yaw -25": (447, 366, 401, 454, 323, 361), "yaw +25": (227, 137, 177, 234, 93, 132)}
"""Turns, and points of the cheek's rim that each brings to view."""
SEEN: Final = (NEUTRAL, OPEN, "happy", "sad", "angry", "surprised", BLINK, *GAZES, *SHALLOW, *REVEALED)


@dataclass(frozen=True, slots=True)
class Framing:
    """Of a photo: padded: share of the square that lies outside it. enlarged: pixels of the portrait a pixel of it.

    turned_deg: the larger of yaw and pitch. noted: whether the user was told something.
    """

    padded: float
    enlarged: float
    turned_deg: float
    noted: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A portrait that acted.

    lid: Lab distance of the shut lid to the skin below the eye. blink: lid gap of the blink over neutral's. gaze: share
    of the 20° that the eyes are seen to go. smiles: weight 0…1 read at each of `SMILES`. from_rest: that of happy
    by who knows the face at rest, see `smile_from_rest`. closures: phones p, b and m at
    which lips were seen to meet, and all. steps: of the contour at ±15°, pixels. identity: how far steady points lie
    from the photo's at neutral and at ±15°, in distances of the eyes. chroma: of the open mouth over that of the lips,
    NaN without. inside: of the open mouth. bend: of spectacles, surprised and in a blink, pixels; NaN without. stripes:
    of the cheeks' rims at ±25°, the worse one, see `stripes`.
    """

    name: str
    framing: Framing
    lid: float
    blink: float
    gaze: float
    smiles: dict[str, float]
    from_rest: float
    closures: tuple[int, int]
    steps: float
    identity: tuple[float, float]
    chroma: float
    inside: Inside | None
    bend: tuple[float, float]
    stripes: float

    @property
    def closed(self) -> float:
        """Share of the closures that were seen."""
        return self.closures[0] / max(1, self.closures[1])


def photos_in(folder: Path) -> list[Path]:
    """Return the pictures of a folder in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)


def opened(folder: Path, tracker: FaceTracker, every: int = 1) -> Iterator[tuple[str, Framing, Portrait]]:
    """Yield the name, the framing and the portrait of every so manieth photo that is taken."""
    for path in photos_in(folder)[::every]:
        try:
            rgb = read_picture(path)
            portrait = portrait_from_pixels(rgb, tracker, path.name)
        except MediaError:
            continue
        yield path.stem, framing(rgb, portrait, tracker, path.name), portrait


def framing(rgb: Pixels, portrait: Portrait, tracker: FaceTracker, name: str) -> Framing:
    """Return how a portrait was cut from its photo."""
    chosen = choose_face(rgb, tracker, name, force=True)
    height, width = rgb.shape[:2] if chosen.turns % 2 == 0 else rgb.shape[1::-1]
    left, top, side = square_around(chosen.face.mesh, height, width)
    shown = [max(0, min(start + side, length) - max(start, 0)) for start, length in ((left, width), (top, height))]
    turned = float(np.degrees(np.abs(portrait.pose.rotation_rad[:2]).max()))
    return Framing(1 - shown[0] * shown[1] / side**2, SIDE / side, turned, bool(portrait.note))


def judge(name: str, how: Framing, portrait: Portrait, bundle: Bundle, tracker: FaceTracker) -> Judged:
    """Return what is seen when a portrait acts."""
    actor = Actor.of(portrait, bundle)
    drawn = actor.moments(SEEN)
    meshes = {moment: follow([picture], tracker, portrait.mesh)[0] for moment, picture in drawn.items()}
    plain = Actor.of(plain_portrait(portrait), bundle).moments(SHALLOW)
    closures = [_closes(pictures, portrait.mesh, tracker) for pictures in actor.closings()]
    return Judged(
        name=name,
        framing=how,
        lid=lid_colour(portrait.image, drawn[BLINK], portrait.mesh).to_skin,
        blink=float(lid_gap(meshes[BLINK]) / max(float(lid_gap(meshes[NEUTRAL])), 1e-6)),
        gaze=_gaze_reached(actor, [meshes[gaze] for gaze in GAZES]),
        smiles={moment: smile(meshes[moment]) for moment in SMILES},
        from_rest=smile_from_rest(actor, meshes["happy"]),
        closures=(sum(closures), len(closures)),
        steps=float(np.mean([contour_steps(picture) for picture in plain.values()])),
        identity=_strangeness(portrait.mesh, meshes),
        chroma=_chroma_inside(drawn[OPEN], meshes[OPEN]),
        inside=inside_of_mouth(drawn[OPEN], meshes[OPEN]),
        bend=_bends(drawn, meshes[NEUTRAL]),
        stripes=max(stripes(drawn[turn], meshes[turn], points) for turn, points in REVEALED.items()),
    )


def smile(mesh: Floats) -> float:
    """Return the weight 0…1 of a smile that the face model, fitted to a tracked mesh, finds.

    It knows nobody: what is a face's own shape and what its smile is a guess. Of 22 portraits drawn with one and the
    same smile it read 0.65 … 0.96 in the very meshes that were drawn.
    """
    model = load_model()
    weights = fit_model(model, mesh).expression
    return float(np.mean([weights[model.expression_names.index(name)] for name in SMILE]))


def smile_from_rest(actor: Actor, mesh: Floats) -> float:
    """Return the weight 0…1 of a smile that the rig, which knows the actor's face at rest, finds in a tracked mesh."""
    face = _normalised(landmarks_from_mesh(mesh))
    _, weights, _ = open_rig(actor.bundle).solve(actor.character.identity, RigState.cold(1), face[None])
    return float(weights[0, SMILE_ROWS].mean())


def _closes(pictures: list[Pixels], near: Floats, tracker: FaceTracker) -> bool:
    return bool((lip_gap(follow(pictures, tracker, near)) < READS_CLOSED).any())


def _gaze_reached(actor: Actor, meshes: list[Floats]) -> float:
    """Return the share of the way between two gazes, 20° to either side, that is read in their meshes.

    Tracking reads true eyes short too; see `TRACKED_GAZE`.
    """
    yaws = [gaze_of(actor.character.identity, _normalised(landmarks_from_mesh(mesh)))[:, 0].mean() for mesh in meshes]
    return float(np.degrees(yaws[0] - yaws[1]) / (2 * GAZE_DEG * TRACKED_GAZE))


def _bends(drawn: dict[str, Pixels], mesh: Floats) -> tuple[float, float]:
    surprised, blink = (frame_bend(drawn[NEUTRAL], drawn[moment], mesh) for moment in ("surprised", BLINK))
    return surprised, blink


def _normalised(landmarks: Floats) -> Floats:
    return remove_pose(landmarks, estimate_pose(landmarks))


def _strangeness(photo: Floats, meshes: dict[str, Floats]) -> tuple[float, float]:
    """Return how far steady points of neutral and of turned pictures lie from the photo's, head pose removed."""
    own = _steady(photo)
    apart = {moment: float(np.linalg.norm(_steady(mesh) - own, axis=1).mean()) for moment, mesh in meshes.items()}
    return apart[NEUTRAL], float(np.mean([apart[turn] for turn in SHALLOW]))


def _steady(mesh: Floats) -> Floats:
    return remove_pose(mesh[list(STEADY)], estimate_pose(landmarks_from_mesh(mesh)))[:, :2]


def _chroma_inside(picture: Pixels, mesh: Floats) -> float:
    size = picture.shape[:2]
    inside, around = mouth_inside(mesh, size), lips(mesh, size)
    if inside.sum() < LEAST_INSIDE or not around.any():
        return float("nan")
    return chroma(picture, inside) / max(chroma(picture, around), 1.0)
