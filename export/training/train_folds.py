"""Learns the folds of a smile from portraits: how the lightness of a face changes with the smile, place by place.

Every portrait's mesh is brought onto one layout, mirrored as well; light is taken off as what is left after a wide blur
of the logarithm. Robust least squares of each place against the smile that the rig tells of the photo gives the ratio
of a full smile. Lips, nostrils and eyes, whose shape and shadow change instead of the skin, are left out. ::

    python -m export train-folds --portraits <photos>
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.arrays import Doubles, Floats
from space_runtime.geometry import picture_points, remove_pose
from space_runtime.inference.bundle import EMBEDDED, load_bundle
from space_runtime.media.atomic_files import written_whole
from space_runtime.portrait.portrait import Portrait, open_portrait, open_tracker
from space_runtime.rendering.warp.backward import Box
from space_runtime.rendering.warp.folds import CORNERS, SKIN, STEP, FoldModel, layout_places
from space_runtime.rig.rig import Rig

SIDE: Final = 192
"""Rows of the layout; it is half as wide."""
WIDTH: Final = 2.3
"""Normalised units that the layout's side spans."""
MIDDLE: Final = -0.38
"""Height of the layout's middle, normalised."""
TURNED_RAD: Final = 0.26
"""Yaw or pitch beyond which a portrait is left out."""
LIGHT: Final = 19.0
"""Sigma of the blur that tells light from skin, samples of the layout."""
ROBUST: Final = 0.1
"""Deviation of a logarithm from which a portrait counts less: shine, beards, spectacles."""
ROUNDS: Final = 4
SHARPER: Final = 1.8
"""By how much the ratio is deepened: folds lie a little elsewhere in every face, and their mean is too shallow."""
RANGE: Final = (-0.40, 0.14)
"""The deepest shade and the brightest light of a full smile that are believed, logarithms."""
# fmt: off
LIPS: Final = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
EYES: Final = ((33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380))
NOSE: Final = (6, 48, 278, 64, 294, 2, 98, 327, 4)
# fmt: on
"""Mesh points around the parts that are left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Portraits on the layout, each mirrored as well. logs: (2N, 192, 192); smiles: (2N,) 0…1."""

    logs: Floats
    smiles: Doubles


def main(
    portraits: Annotated[Path, typer.Option(help="A folder of photos.")] = Path("../shared/data/portraits"),
    to: Annotated[Path, typer.Option(help="The file to write.")] = EMBEDDED / "smile_folds.npz",
) -> None:
    """Learn the folds and write them: a minute of one core."""
    cv2.setNumThreads(1)
    bundle = load_bundle()
    tracker, rig = open_tracker(bundle), Rig.from_arrays(dict(bundle.arrays("rig")))
    triangles = bundle.arrays("warp")["triangles"].astype(np.int32)
    opened = [open_portrait(photo, tracker) for photo in sorted(portraits.glob("*.jpg"))]
    frontal = [face for face in opened if np.abs(face.pose.rotation_rad[:2]).max() < TURNED_RAD]
    told = np.array([smile_of(rig, face) for face in frontal])
    save(learn(frontal, told, triangles), to)
    typer.echo(f"{len(frontal)} portraits, mean smile {told.mean():.2f}")


def smile_of(rig: Rig, face: Portrait) -> float:
    """Return the smile that is told of a photo, mean of both sides."""
    weights = rig.adapt(face.normalised).photo_weights
    return float(np.mean([weights[ARKIT_NAMES.index(f"mouthSmile{side}")] for side in ("Left", "Right")]))


def learn(faces: list[Portrait], told: Doubles, triangles: NDArray[np.int32]) -> FoldModel:
    """Return the folds that (N,) told smiles explain in N portraits."""
    shapes = np.array([remove_pose(face.mesh, face.pose) for face in faces], np.float64)
    places = layout(shapes.mean(0))
    logs = np.stack([on_layout(face, places, triangles) for face in faces])
    samples = Samples(np.concatenate([logs, logs[:, :, ::-1]]), np.concatenate([told, told]))
    skin = skin_of(places)
    ratio = np.clip(SHARPER * skin * slope(samples, skin > 0), *RANGE)
    corner, outwards = CORNERS[0]
    rise = [np.polyfit(told, shapes[:, corner, axis], 1)[0] for axis in (0, 1)]
    middle = np.array([SIDE / 2, 0])
    return FoldModel(
        ratio[:, SIDE // 2 :].astype(np.float16).astype(np.float32),
        (places - middle).astype(np.float32),
        np.array([outwards * rise[0], rise[1]], np.float32),
    )


def layout(mean: Doubles) -> Doubles:
    """Return (478, 2) columns and rows of the layout for a (478, 3) mean face, made alike on both sides."""
    flat = mean[:, :2]
    other = np.argmin(np.linalg.norm((flat * (-1, 1))[:, None] - flat[None], axis=2), 1)
    even = (flat + flat[other] * (-1, 1)) / 2
    return np.asarray((even - (0, MIDDLE)) * (SIDE / WIDTH) * (1, -1) + SIDE / 2)


def on_layout(face: Portrait, places: Doubles, triangles: NDArray[np.int32]) -> Floats:
    """Return (192, 192) logarithms of a portrait's lightness, light taken off; 0 beside the face."""
    box = Box(0, 0, STEP * SIDE, STEP * SIDE)
    source = layout_places(picture_points(face.mesh), (STEP * places).astype(np.float32), triangles, box)
    logs = np.log(np.maximum(face.image.mean(2), 8)).astype(np.float32)
    covered = (source[..., 0] > -1).astype(np.float32)
    seen = cv2.remap(logs, source[..., 0], source[..., 1], cv2.INTER_LINEAR) * covered
    light = cv2.GaussianBlur(seen, (0, 0), LIGHT) / np.maximum(cv2.GaussianBlur(covered, (0, 0), LIGHT), 1e-3)
    return np.asarray((seen - light) * covered, np.float32)


def slope(samples: Samples, where: NDArray[np.bool_]) -> Floats:
    """Return (192, 192) robust slopes of the logarithms against the smile at the places that count, else 0."""
    logs, smiles = samples.logs[:, where], samples.smiles[:, None]
    weights = np.ones_like(logs)
    found = np.zeros(logs.shape[1])
    for _ in range(ROUNDS):
        total = weights.sum(0)
        across, up = smiles - (weights * smiles).sum(0) / total, logs - (weights * logs).sum(0) / total
        found = (weights * across * up).sum(0) / (weights * across**2).sum(0)
        weights = 1 / np.maximum(1, np.abs(up - found * across) / ROBUST)
    slopes = np.zeros(where.shape, np.float32)
    slopes[where] = found
    return slopes


def skin_of(places: Doubles) -> Floats:
    """Return (192, 192) 0…1: the skin of the lower face, soft at its edges and around lips, nose and eyes."""
    skin, left_out = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
    _fill(skin, places, SKIN)
    for part in (LIPS, NOSE, *EYES):
        _fill(left_out, places, part)
    near = cv2.dilate(left_out, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
    inside = cv2.erode(skin, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15)))
    return np.asarray(cv2.GaussianBlur(inside, (0, 0), 3.5) * (1 - cv2.GaussianBlur(near, (0, 0), 1.5)), np.float32)


def _fill(mask: Floats, places: Doubles, points: tuple[int, ...]) -> None:
    hull = cv2.convexHull(places[list(points)].astype(np.float32))
    cv2.fillConvexPoly(mask, np.rint(hull).astype(np.int32), 1.0)


def save(model: FoldModel, to: Path) -> None:
    """Write the folds as the runtime reads them."""
    with written_whole(to) as path, path.open("wb") as file:
        np.savez_compressed(
            file, log_ratio=model.log_ratio.astype(np.float16), places=model.places, motion=model.motion
        )


if __name__ == "__main__":
    typer.run(main)
