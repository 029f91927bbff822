"""Golden animation: numbers that the shipped bundle makes of the bundled line, fixed so that no change passes unseen.

``python tests/tools/golden_animation.py`` writes them to ``tests/golden_data/animation.json``; do so only when the
animation
was changed on purpose (new weights, other features, other motion), and say so in the changelog. A test compares what
lies there with what is made today. Laws of the kind "live = baked" are blind to an error on both sides; these are not.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import soundfile

from space_runtime.animation.pipeline import open_rig
from space_runtime.animation.stages import features, landmarks
from space_runtime.animation.stages.pose import compose
from space_runtime.arrays import Floats
from space_runtime.baking.bake import bake
from space_runtime.emotion import Emotion, emotion_vector
from space_runtime.geometry import HeadPose, apply_pose
from space_runtime.inference.bundle import Bundle, load_bundle
from space_runtime.rig.identity import turn_eyes
from space_runtime.rig.rig import RigIdentity
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls
from tests.support.sounds import bundled_line

FILE: Final = Path(__file__).parents[1] / "golden_data" / "animation.json"
DECIMALS: Final = 5
"""Of the numbers in the file; the tolerance of the test is a hundred times coarser."""

CLIP_S: Final = 4
"""Seconds of the line that are baked: from its beginning, with a pause and several stressed syllables."""
EVERY: Final = 6
"""Golden frames of the clip: every 6th, five a second."""
CONTROLS: Final = Controls(emotion=emotion_vector({Emotion.HAPPY: 0.5, Emotion.SURPRISED: 0.25}), seed=5)
PORTRAIT_POSE: Final = HeadPose(np.array([0.1, -0.05, 0.02], np.float32), np.array([256, -240, 0], np.float32), 120.0)
"""The pose of a photo's face, for `posed`: 120 pixels between the outer corners of the eyes."""
PHOTO_GAZE_RAD: Final = np.array([[0.10, -0.05], [0.12, -0.04]], np.float32)
NOSE_TIP, CHIN = 30, 8


@cache
def _bundle() -> Bundle:
    return load_bundle()


def _identity() -> RigIdentity:
    return open_rig(_bundle()).neutral_identity()


@cache
def heard() -> Floats:
    """Return (50, 96) features of the line's second second, heard after silence; one row per hop of 20 ms."""
    rows: Floats = features.step(features.initial_state(), bundled_line()[None, SAMPLE_RATE : 2 * SAMPLE_RATE])[1][0]
    return rows


def spoken() -> Floats:
    """Return (50, 78, 3) normalised landmarks that Speech2Landmarks says to `heard`, on the neutral face, happily."""
    network = _bundle().network("speech2landmarks")
    state, faces = landmarks.initial_state(network), []
    neutral, emotion = _identity().neutral, emotion_vector({Emotion.HAPPY: 0.5})
    for row in heard():
        state, answer = landmarks.step_hop(network, state, row[None], neutral[None], emotion[None])
        faces.append(answer.landmarks[0])
    return np.stack(faces)


@cache
def clip() -> dict[str, Floats]:
    """Return the arrays of a baked clip (see `space_runtime.baking.clip`): the line's first seconds, 30 frames a
    second."""
    with TemporaryDirectory() as name:
        sound = Path(name) / "line.wav"
        soundfile.write(sound, bundled_line()[: CLIP_S * SAMPLE_RATE], SAMPLE_RATE, subtype="PCM_16")
        (path,) = bake(sound, Path(name) / "baked", bundle=_bundle(), controls=CONTROLS, tail_s=0)
        with np.load(path) as arrays:
            return {key: arrays[key] for key in arrays.files}


def _posed() -> Floats:
    """(T, 2, 3) tip of the nose and chin of the clip in a photo's pixels: head and neck moved as in a picture."""
    motions = zip(clip()["head_rotation_rad"], clip()["head_translation"], strict=True)
    poses = [compose(PORTRAIT_POSE, HeadPose(turn, shift, 1.0)) for turn, shift in motions]
    faces = zip(clip()["landmarks"], poses, strict=True)
    return np.stack([apply_pose(face[[NOSE_TIP, CHIN]], pose) for face, pose in faces])


def _photo_gaze() -> Floats:
    """(2, 2) yaw, pitch, radians, that the rig reads from a photo whose irises are moved by a fixed way, beside those
    that the neutral face has: (0.014, −0.007) and (0.016, −0.006) outer-eye-corner distances to the left and down."""
    photo = _identity().neutral.copy()
    photo[73:78] += np.array([0.014, -0.007, 0], np.float32)
    photo[68:73] += np.array([0.016, -0.006, 0], np.float32)
    return open_rig(_bundle()).adapt(photo).photo_gaze_rad


def _glance() -> Floats:
    """(10, 3) iris points of the neutral face, normalised, at `PHOTO_GAZE_RAD`."""
    identity = _identity()
    return turn_eyes(identity, identity.neutral, PHOTO_GAZE_RAD)[68:]


VALUES: Final[dict[str, Callable[[], Floats]]] = {
    "features": lambda: heard()[4::5],
    "spoken": lambda: spoken()[9::10],
    "blendshapes": lambda: clip()["blendshapes"][::EVERY],
    "head_rotation_rad": lambda: clip()["head_rotation_rad"][::EVERY],
    "head_translation": lambda: clip()["head_translation"][::EVERY],
    "eye_rotation_rad": lambda: clip()["eye_rotation_rad"][::EVERY],
    "landmarks": lambda: clip()["landmarks"][::30],
    "posed": lambda: _posed()[::EVERY],
    "photo_gaze_rad": _photo_gaze,
    "glance": _glance,
}
"""Names to what makes them: features (10, 96); spoken (5, 78, 3); of the clip blendshapes (20, 52) 0…1, head
(20, 3) radians and (20, 3) outer-eye-corner distances, eyes (20, 2, 2) radians, landmarks (4, 78, 3) normalised, posed
(20, 2, 3) pixels; photo_gaze_rad (2, 2); glance (10, 3)."""


def read() -> dict[str, Floats]:
    """Return the golden values by their names."""
    document = json.loads(FILE.read_text(encoding="utf-8"))
    return {name: np.array(entry["values"], np.float32).reshape(entry["shape"]) for name, entry in document.items()}


def write(path: Path) -> None:
    """Write every golden value, one row of numbers per frame."""
    parts = []
    for name, make in VALUES.items():
        values = make()
        rows = [json.dumps([round(float(x), DECIMALS) for x in row]) for row in values.reshape(len(values), -1)]
        lines = ",\n  ".join(rows)
        parts.append(f' "{name}": {{"shape": {list(values.shape)}, "values": [\n  {lines}\n ]}}')
    path.parent.mkdir(exist_ok=True)
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
