"""Builds the rig's arrays: how the 78 landmarks of a face move with the 52 ARKit shapes and with identity.

    python -m export.rig.build_rig                     # writes space_runtime/models/rig.npz
    python -m export.rig.build_rig --report            # prints the tables of docs/rig.md, writes nothing

From ICT-FaceKit (Li et al. 2020, "Learning Formation of Physically-Based Face Attributes", CVPR; MIT) come the mean
face, the identity modes and the expression shapes, read off at its 68 landmark vertices. A tracker places its points at
slightly other places than ICT's vertices; the difference on a filmed face at rest (`tracker`) is stored beside
them, so that the runtime can meet both kinds of faces. The iris points come from tracked portraits.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import cv2
import numpy as np

from engine_bridge.protocol.arkit import ARKIT_NAMES
from export.rig.face_model import FaceModel, lid_centres, read_face_model
from export.rig.report import report
from space_runtime.arrays import Floats
from space_runtime.errors import UsageError
from space_runtime.geometry import (
    LEFT_IRIS,
    MEDIAPIPE_68,
    RIGHT_IRIS,
    RIGID,
    from_mediapipe,
    landmarks_from_mesh,
    normalise,
)
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.inference.network import load_network
from space_runtime.portrait.tracking import FaceTracker
from space_runtime.rig.rig import Rig
from space_runtime.rig.shapes import EYE_POINTS, LIP_PAIRS, MIRROR_78


def data_folder() -> Path:
    """Return the folder of the training data: ``SPACE_DATA`` or ``../shared/data``."""
    return Path(os.environ.get("SPACE_DATA", "../shared/data"))


def rig_shapes(model: FaceModel) -> Floats:
    """Return ICT-FaceKit's (52, 78, 3) shapes made fit for a rig: sides alike, lids alone, lips that meet."""
    return _meeting_lips(model.mean, _lids_alone(_sides_alike(model.shapes)))


def _sides_alike(shapes: Floats) -> Floats:
    """Average every shape with the mirror image of its twin: ICT-FaceKit's mouthShrugUpper leans to one side."""
    twins = [ARKIT_NAMES.index(_twin(name)) for name in ARKIT_NAMES]
    mirrored = shapes[twins][:, list(MIRROR_78)] * np.array([-1, 1, 1], np.float32)
    return ((shapes + mirrored) / 2).astype(np.float32)


def _twin(name: str) -> str:
    return name.replace("Left", "Right") if "Left" in name else name.replace("Right", "Left")


def _meeting_lips(mean: Floats, shapes: Floats) -> Floats:
    """Scale mouthClose so that the lips just meet at ``jawOpen = mouthClose = 1``, which is what ARKit's name means.

    ICT's own shape drives the lips past one another there.
    """
    upper, lower = (mean[[pair[side] for pair in LIP_PAIRS], 1] for side in (0, 1))
    opens, closes = (_lip_gap(shapes[ARKIT_NAMES.index(name)]) for name in ("jawOpen", "mouthClose"))
    shapes = shapes.copy()
    shapes[ARKIT_NAMES.index("mouthClose")] *= (opens + (upper - lower).mean()) / -closes
    return shapes


def _lids_alone(shapes: Floats) -> Floats:
    """Confine the eye shapes to the lids between the corners.

    ICT-FaceKit's also move the corners by about a millimetre. Corners are what a face is normalised by, so that a blink
    would appear to nudge the whole face.
    """
    lids = [point for points in EYE_POINTS for point in range(points.start, points.stop) if point not in RIGID]
    confined = shapes.copy()
    for row, name in enumerate(ARKIT_NAMES):
        if name.startswith("eye"):
            confined[row] = 0
            confined[row, lids] = shapes[row, lids]
    return confined


def _lip_gap(shape: Floats) -> float:
    return float(np.mean([shape[upper, 1] - shape[lower, 1] for upper, lower in LIP_PAIRS]))


def normalised_motion(mean: Floats, raw: Floats) -> Floats:
    """Return (n, 78, 3): what remains of each displacement of ``mean`` when the displaced face is normalised."""
    rest = normalise(mean)[0]
    return np.stack([normalise((mean + motion).astype(np.float32))[0] - rest for motion in raw])


def resting_face(data: Path) -> Floats:
    """Return (68, 3): the normalised face at rest of the filmed speaker of the training data: lips shut, eyes open.

    The portraits are of no use here: most of them smile.
    """
    folder = data / "talking_heads"
    points = _tracked_points(folder / "grid_s1.npz")
    clips = json.loads((folder / "grid_s1.json").read_text())[:200]
    rows = np.concatenate([np.arange(c["first_frame"], c["first_frame"] + c["n_frames"], 3) for c in clips])
    return _at_rest(np.stack([normalise(points[row])[0] for row in rows]))


def _tracked_points(path: Path) -> Floats:
    with np.load(path) as track:
        landmarks = (track["delta"].astype(np.int32).cumsum(0) * track["scale"]).astype(np.float32)
        columns = [list(track["indices"]).index(point) for point in MEDIAPIPE_68]
    return from_mediapipe(landmarks[:, columns])


def _at_rest(faces: Floats) -> Floats:
    lips = np.mean([np.linalg.norm(faces[:, a] - faces[:, b], axis=-1) for a, b in LIP_PAIRS], 0)
    eyes = np.mean([faces[:, a, 1] - faces[:, b, 1] for a, b in ((37, 41), (38, 40), (43, 47), (44, 46))], 0)
    chosen = (lips <= np.quantile(lips, 0.2)) & (eyes >= np.quantile(eyes, 0.3))
    rest: Floats = faces[chosen if chosen.any() else lips <= np.quantile(lips, 0.2)].mean(0)
    return rest


def tracked_portraits(data: Path) -> Floats:
    """Return (n, 78, 3): the normalised landmarks of every portrait in which a face is found."""
    names = ("face_detector", "face_mesh", "person_matte")
    detector, mesh, matte = (load_network(name, EMBEDDED / f"{name}.onnx") for name in names)
    tracker = FaceTracker(detector, mesh, matte)
    found = []
    for path in sorted((data / "portraits").glob("*.jpg")):
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        face = None if picture is None else tracker.track(np.ascontiguousarray(picture[..., ::-1]))
        if face is not None:
            found.append(normalise(landmarks_from_mesh(face.mesh))[0])
    if not found:
        raise UsageError(f"{data / 'portraits'} has no picture with a face; name the folder of the training data")
    return np.stack(found)


def iris_points(portraits: Floats) -> Floats:
    """Return (10, 3): iris points relative to the mean of each eye's lids, symmetric, looking straight ahead.

    The median of the tracked portraits, most of which look into the camera.
    """
    found = [points[RIGHT_IRIS.start : LEFT_IRIS.stop] - lid_centres(points) for points in portraits]
    return _symmetric(np.concatenate([np.zeros((68, 3), np.float32), np.median(found, 0)]))[68:].astype(np.float32)


def _symmetric(points: Floats) -> Floats:
    """Return (78, 3) points averaged with their mirror image."""
    mirrored = points[list(MIRROR_78)] * np.array([-1, 1, 1], np.float32)
    return ((points + mirrored) / 2).astype(np.float32)


def tracker_difference(model: FaceModel, data: Path) -> Floats:
    """Return (78, 3): where the tracker puts its points minus where ICT has them, on a mean face at rest, lips shut."""
    tracked = resting_face(data)
    iris = model.mean[68:] - lid_centres(model.mean)
    face = _symmetric(np.concatenate([tracked, iris + lid_centres(tracked)]).astype(np.float32))
    for upper, lower in LIP_PAIRS:
        face[[upper, lower]] = (face[upper] + face[lower]) / 2
    return normalise(face)[0] - model.mean


def build(data: Path) -> dict[str, Floats]:
    """Return the arrays of rig.npz: mean (78, 3), tracker (78, 3), identities (50, 78, 3), shapes (52, 78, 3)."""
    model = read_face_model(data, iris_points(tracked_portraits(data)))
    return {
        "mean": model.mean,
        "tracker": tracker_difference(model, data),
        "identities": normalised_motion(model.mean, model.identities),
        "shapes": normalised_motion(model.mean, rig_shapes(model)),
    }


def main() -> None:
    """Write rig.npz, or print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--out", type=Path, default=EMBEDDED / "rig.npz")
    parser.add_argument("--report", action="store_true", help="print what the landmarks can see, write nothing")
    options = parser.parse_args()
    if options.report:
        with np.load(options.out) as arrays:
            print(report(Rig.from_arrays(dict(arrays)), options.data))
        return
    arrays = {name: np.round(values, 6).astype(np.float32) for name, values in build(options.data).items()}
    np.savez_compressed(options.out, allow_pickle=False, **arrays)
    print(f"{options.out}: {options.out.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
