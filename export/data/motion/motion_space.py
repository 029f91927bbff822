"""The space of mouth motion: principal directions of a filmed speaker, his rest face, and the constants of `Face`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from export.data.motion.films import TRACK_HZ, Talk
from export.data.motion.identities import FaceModel
from export.data.speech.voices import Segment
from space_runtime.arrays import Floats
from space_runtime.emotion import Emotion
from space_runtime.geometry import MIRROR_68, N_LANDMARKS

N_MOTION: Final = 20
LIPS, CHEEK_FREE = slice(48, 68), (*range(17, 48), *range(68, 78))
"""CHEEK_FREE: brows, nose, eyes, irises: whatever moves there is not speech."""
LEAD_IN_S, BREATH_S, LEAD_OUT_S = 0.10, 0.35, 0.12
"""The mouth may move this long before the first phone and after the last; it opens earlier, for a breath, but its width
says nothing then."""
RAMP_S: Final = 0.12
MOUTH_WEIGHT: Final = 3.0

EXPRESSION_SHAPES: Final[dict[Emotion, dict[str, float]]] = {
    Emotion.HAPPY: {"cheekSquint": 0.7, "cheekRaiser": 0.5, "mouthSmile": 0.75, "eyeSquint": 0.25},
    Emotion.SAD: {"browInnerUp": 0.9, "browDown": 0.3, "mouthFrown": 0.75, "eyeBlink": 0.1},
    Emotion.ANGRY: {"browDown": 1.0, "eyeWide": 0.3, "eyeSquint": 0.5, "mouthPress": 0.6, "noseSneer": 0.2},
    Emotion.FEARFUL: {
        "browInnerUp": 1.0,
        "browOuterUp": 0.4,
        "browDown": 0.3,
        "eyeWide": 0.9,
        "eyeSquint": 0.1,
        "mouthStretch": 0.7,
        "jawOpen": 0.10,
    },
    Emotion.DISGUSTED: {
        "noseSneer": 0.8,
        "mouthFrown": 0.5,
        "mouthLowerDown": 0.2,
        "mouthUpperUp": 0.2,
        "browDown": 0.4,
    },
    Emotion.SURPRISED: {"browInnerUp": 1.0, "browOuterUp": 1.0, "eyeWide": 0.9, "jawOpen": 0.22},
    Emotion.CONTEMPT: {"mouthSmile_L": 0.45, "mouthDimple_L": 0.6, "cheekSquint_L": 0.3},
}
"""Emotion → ICT-FaceKit shapes at full intensity, after EMFACS (happy AU 6+12, sad 1+4+15, angry 4+5+7+23, fearful
1+2+4+5+7+20+26, disgusted 9+15+16, surprised 1+2+5+26, contempt one-sided 12+14). No side means both."""
UPPER_INNER, LOWER_INNER = [61, 62, 63], [67, 66, 65]


@dataclass(frozen=True, slots=True, eq=False)
class MotionSpace:
    """basis: (K, 234) directions, one unit = one standard deviation. rest: (78, 3) the first person's resting face.

    scales: (n, 3) factors that bring each filmed person's motion to that face.
    """

    basis: Floats
    rest: Floats
    scales: Floats

    def weights(self, moved: Floats) -> Floats:
        """Return the (T, K) weights that best explain (T, 78, 3) offsets from rest, lips counting most."""
        flat = weigh(speech_part(moved)).reshape(len(moved), -1)
        directions = weigh(self.basis.reshape(-1, N_LANDMARKS, 3)).reshape(len(self.basis), -1)
        solved, *_ = np.linalg.lstsq(directions.T, flat.T, rcond=None)
        return np.asarray(solved.T, np.float32)


def fit_motion_space(moved: Sequence[Floats], rest: Floats, scales: Floats, n_motion: int = N_MOTION) -> MotionSpace:
    """Return the principal directions of several people's motion, all people equal, no side preferred.

    moved: (T, 78, 3) offsets per person, their drift taken off; their mirrored copies are added. rest: (78, 3).
    scales: (n, 3), how each was brought to that face's size.
    """
    spread = np.mean([_covariance(speech_part(np.concatenate([each, mirror(each)]))) for each in moved], 0)
    values, vectors = np.linalg.eigh(spread)
    order = np.argsort(values)[::-1][:n_motion]
    directions = (vectors[:, order] * np.sqrt(values[order])).T.reshape(-1, N_LANDMARKS, 3)
    return MotionSpace((directions / _weights()[:, None]).reshape(n_motion, -1).astype(np.float32), rest, scales)


def _covariance(moved: Floats) -> NDArray[np.float64]:
    flat = weigh(moved).reshape(len(moved), -1).astype(np.float64)
    return np.asarray(flat.T @ flat / len(flat))


def rest_of(talk: Talk, phones: list[Segment], rest: Floats | None) -> Floats:
    """Return (78, 3) the face of a talk at rest: the median of its silent end, or ``rest`` if that is open."""
    first = int((phones[-1][1] + 0.4) * talk.fps) if phones[-1][0] == "pau" else len(talk.landmarks)
    end = talk.landmarks[first:]
    if len(end) < 6:
        return talk.landmarks.mean(0) if rest is None else rest
    face = np.median(end, 0).astype(np.float32)
    is_open = float(face[62, 1] - face[66, 1]) > 0.03
    return rest if is_open and rest is not None else face


def speech_envelope(phones: list[Segment], n_frames: int, lead_in_s: float = LEAD_IN_S) -> Floats:
    """Return (n_frames,) 0…1 on the 10 ms grid: 1 while there is speech, ramps before and after, 0 in silence."""
    spoken = [(start, end) for name, start, end in phones if name != "pau"]
    time = np.arange(n_frames) / TRACK_HZ
    first, last = spoken[0][0] - lead_in_s, spoken[-1][1] + LEAD_OUT_S
    return np.clip(np.minimum(time - first, last - time) / RAMP_S + 1, 0, 1).astype(np.float32)


def mirror(moved: Floats) -> Floats:
    """Return (…, 78, 3) offsets of the mirrored face (irises are left where they are: nothing uses them)."""
    order = [*MIRROR_68, *range(68, 78)]
    return np.asarray(moved[..., order, :] * np.array([-1, 1, 1], np.float32))


def speech_part(moved: Floats) -> Floats:
    """Return (…, 78, 3) offsets with everything that speech does not drive set to zero."""
    kept = moved.copy()
    kept[..., list(CHEEK_FREE), :] = 0
    return kept


def weigh(moved: Floats) -> Floats:
    """Return offsets scaled by how much each landmark counts."""
    return moved * _weights()[:, None]


def face_constants(space: MotionSpace, model: FaceModel) -> dict[str, Floats]:
    """Return the buffers of `export.models.landmarks.Face`."""
    reference = face_size(space.rest)
    own, _ = model.identity(np.zeros(len(model.identities), np.float32))
    ratio = np.array([face_size(own)[0] / reference[0], *[face_size(own)[1] / reference[1]] * 2], np.float32)
    shapes = {name: moved / ratio for name, moved in model.displacements().items()}
    return {
        "basis": space.basis,
        "expressions": _expressions(shapes, opening=False),
        "openings": _expressions(shapes, opening=True),
        "reference_size": reference,
        "closers": closers(),
    }


def closers(upper_share: float = 0.3) -> Floats:
    """Return (3, 78): how each landmark follows the gap of the inner pairs 61-67, 62-66, 63-65 (upper lip > 0)."""
    follow = np.zeros((3, N_LANDMARKS), np.float32)
    upper = ({61: 1, 50: 1, 49: 0.5}, {62: 1, 51: 1}, {63: 1, 52: 1, 53: 0.5})
    lower = ({67: 1, 58: 1, 59: 0.5}, {66: 1, 57: 1}, {65: 1, 56: 1, 55: 0.5})
    for pair in range(3):
        for point, share in upper[pair].items():
            follow[pair, point] = upper_share * share
        for point, share in lower[pair].items():
            follow[pair, point] = (upper_share - 1) * share
    return follow


def _expressions(shapes: dict[str, Floats], opening: bool) -> Floats:
    """Return (8, 234) displacements: what opens the lips (jaw and change of the inner gaps), or all the rest."""
    rows = []
    for emotion in Emotion:
        jaw, others = np.zeros((2, N_LANDMARKS, 3), np.float32)
        for name, weight in EXPRESSION_SHAPES.get(emotion, {}).items():
            part = weight * sum(moved for full, moved in shapes.items() if _is(full, name))
            jaw, others = (jaw + part, others) if name == "jawOpen" else (jaw, others + part)
        lifted = np.zeros((N_LANDMARKS, 3), np.float32)
        lifted[:, 1] = (others[UPPER_INNER, 1] - others[LOWER_INNER, 1]) @ closers()
        rows.append((jaw + lifted if opening else others - lifted).ravel())
    return np.stack(rows)


def _is(full: str, name: str) -> bool:
    return full in {name, f"{name}_L", f"{name}_R"}


def face_size(face: Floats) -> Floats:
    """Return (2,) the width of a mouth and the height of the lower face of (78, 3) landmarks."""
    return np.asarray(np.linalg.norm([face[54] - face[48], face[33] - face[8]], axis=1), np.float32)


def _weights() -> Floats:
    weights = np.ones(N_LANDMARKS, np.float32)
    weights[LIPS] = MOUTH_WEIGHT
    return weights


def save_motion_space(space: MotionSpace, path: Path) -> None:
    """Write the space as npz."""
    np.savez(path, basis=space.basis, rest=space.rest, scales=space.scales)


def load_motion_space(path: Path) -> MotionSpace:
    """Return a space that `save_motion_space` wrote."""
    with np.load(path) as archive:
        return MotionSpace(archive["basis"], archive["rest"], archive["scales"])
