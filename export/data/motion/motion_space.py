"""The space of mouth motion: principal directions of a filmed speaker, his rest face, and the constants of `Face`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine_bridge.protocol.arkit import ARKIT_NAMES
from export.data.motion.films import TRACK_HZ, Talk
from export.data.speech.voices import Segment
from space_runtime.arrays import Floats
from space_runtime.emotion import Emotion
from space_runtime.geometry import MIRROR_68, N_LANDMARKS
from space_runtime.rig.rig import Rig

N_MOTION: Final = 20
LIPS, CHEEK_FREE = slice(48, 68), (*range(17, 48), *range(68, 78))
"""CHEEK_FREE: brows, nose, eyes, irises: whatever moves there is not speech."""
LEAD_IN_S, BREATH_S, LEAD_OUT_S = 0.10, 0.35, 0.12
"""The mouth may move this long before the first phone and after the last; it opens earlier, for a breath, but its width
says nothing then."""
RAMP_S: Final = 0.12
MOUTH_WEIGHT: Final = 3.0

EXPRESSION_SHAPES: Final[dict[Emotion, dict[str, float]]] = {
    Emotion.HAPPY: {"cheekSquint": 0.7, "mouthSmile": 0.9, "eyeSquint": 0.2},
    Emotion.SAD: {"browInnerUp": 0.9, "browDown": 0.3, "mouthFrown": 0.95, "mouthShrugLower": 0.2, "eyeBlink": 0.1},
    Emotion.ANGRY: {
        "browDown": 1.0,
        "browOuterUp": 0.3,
        "noseSneer": 0.6,
        "eyeSquint": 0.65,
        "eyeBlink": 0.03,
        "mouthPress": 0.5,
        "mouthFrown": 0.95,
        "mouthShrugLower": 0.3,
        "mouthRollLower": 0.25,
    },
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
    Emotion.CONTEMPT: {"mouthSmileLeft": 0.45, "mouthDimpleLeft": 0.6, "cheekSquintLeft": 0.3},
}
"""Emotion → shapes of the rig at full intensity, after EMFACS (happy AU 6+12, sad 1+4+15+17, angry 4+7+17+24, fearful
1+2+4+5+7+20+26, disgusted 9+15+16, surprised 1+2+5+26, contempt one-sided 12+14). No side means both.

Anger has AU 5 in EMFACS' list, too: a raised lid below a lowered brow is seen as startled in a picture whose skin does
not fold. AU 4 pulls the inner ends of the brows down; the shape browDown lowers all of the brow, its inner end least:
the sneer adds there, and browOuterUp takes off the outer end. The frown holds the corners of the mouth, which the
shapes of pressed lips and of the sneer lift to a smile; the raised lower lip shuts what the sneer opens.
"""
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


def face_constants(space: MotionSpace, rig: Rig) -> dict[str, Floats]:
    """Return the buffers of `export.models.landmarks.Face`."""
    reference = face_size(space.rest)
    expressions, openings = emotion_displacements(rig, reference)
    return {
        "basis": space.basis,
        "expressions": expressions,
        "openings": openings,
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


def emotion_displacements(rig: Rig, reference: Floats) -> tuple[Floats, Floats]:
    """Return (8, 234) twice: each full emotion without what opens the lips (jaw, change of the inner gaps), and that.

    reference: (2,) size of the face that they are for, see `face_size`. They are sums of the rig's shapes, so that the
    rig reads from the landmarks the weights that were meant.
    """
    own = face_size(rig.mean)
    shapes = rig.shapes * np.array([reference[0] / own[0], *[reference[1] / own[1]] * 2], np.float32)
    weights = np.stack([emotion_weights(emotion) for emotion in Emotion])
    is_jaw = np.array([name == "jawOpen" for name in ARKIT_NAMES])
    openings = np.tensordot(weights * is_jaw, shapes, 1)
    others = np.tensordot(weights * ~is_jaw, shapes, 1)
    lifted = (others[:, UPPER_INNER, 1] - others[:, LOWER_INNER, 1]) @ closers()
    openings[..., 1] += lifted
    others[..., 1] -= lifted
    return others.reshape(len(weights), -1), openings.reshape(len(weights), -1)


def emotion_weights(emotion: Emotion) -> Floats:
    """Return (52,) the weights of the rig's shapes that make a full emotion."""
    told = EXPRESSION_SHAPES.get(emotion, {})
    return np.array([_of_either_side(told, name) for name in ARKIT_NAMES], np.float32)


def _of_either_side(told: dict[str, float], name: str) -> float:
    return told.get(name, told.get(name.removesuffix("Left").removesuffix("Right"), 0.0))


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
