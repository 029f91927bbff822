"""Recorded face motion put onto many faces, as Landmarks2Latents learns from it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
import torch
from torch import Tensor

from space_runtime.animation.stages import features as speech
from space_runtime.arrays import Doubles, Floats
from space_runtime.emotion import N_EMOTIONS
from space_runtime.geometry import from_mediapipe, landmarks_from_mesh, normalise, remove_pose
from space_runtime.rendering.warp.keypoints import KEYPOINT_OF, keypoints_from_mesh, landmarks_from_keypoints
from space_runtime.rig.shapes import UPPER_LID_SHARE
from space_runtime.timebase import HOP, SAMPLE_RATE

N_STEPS: Final = 48
BLINKING: Final = 0.4
"""Share of the sequences that blink: filmed ones do so rarely."""
# fmt: off
INNER_LIPS: Final = ((191, 95), (80, 88), (81, 178), (82, 87), (13, 14), (312, 317), (311, 402), (310, 318), (415, 324))
LIDS: Final = (((246, 7), (161, 163), (160, 144), (159, 145), (158, 153), (157, 154), (173, 155)),
               ((466, 249), (388, 390), (387, 373), (386, 374), (385, 380), (384, 381), (398, 382)))
# fmt: on
LIP_POINTS: Final = (
    0,
    13,
    14,
    17,
    37,
    39,
    40,
    61,
    78,
    80,
    81,
    82,
    84,
    87,
    88,
    91,
    95,
    146,
    178,
    181,
    185,
    191,
    267,
    269,
    270,
    291,
    308,
    310,
    311,
    312,
    314,
    317,
    318,
    321,
    324,
    375,
    402,
    405,
    409,
    415,
)


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One sentence. motion: (n, 160, 3) displacement from the speaker's rest, normalised; features: (m, F) per hop."""

    motion: Floats
    features: Floats
    fps: float


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """One face. rest: (160, 3) normalised keypoints; unsmile: (160, 3) motion that closes its lips; sizes: (4,)."""

    rest: Floats
    unsmile: Floats
    sizes: Floats


def read_clips(folder: Path) -> tuple[list[Clip], Floats]:
    """Return the clips of the one tracked man and his (4,) sizes."""
    archive = np.load(folder / "grid_s1.npz")
    points = from_mediapipe((archive["delta"].astype(np.int32).cumsum(0) * archive["scale"]).astype(np.float32))
    sound, rate = soundfile.read(folder / "grid_s1.opus", dtype="float32")
    sound = soxr.resample(sound, rate, SAMPLE_RATE)
    clips, rests = [], []
    for entry in json.loads((folder / "grid_s1.json").read_text()):
        frames = points[entry["first_frame"] : entry["first_frame"] + entry["n_frames"]]
        still = np.stack([remove_pose(f, normalise(landmarks_from_keypoints(f))[1]) for f in frames])
        rest = _rest(still)
        heard = sound[entry["first_sample"] : entry["first_sample"] + entry["n_samples"]]
        clips.append(Clip(_steadied(still - rest), _features(heard), entry["fps"]))
        rests.append(rest)
    return clips, sizes(np.mean(rests, 0))


def _rest(still: Floats) -> Floats:
    """Return the mean of the clip's frames with the most closed lips among those with open eyes."""
    lips = _gaps(still, INNER_LIPS).mean(1)
    lids = np.concatenate([_gaps(still, pairs) for pairs in LIDS], 1).mean(1)
    good = lids >= np.quantile(lids, 0.3)
    chosen = good & (lips <= np.quantile(lips[good], 0.25))
    return np.asarray(still[chosen].mean(0), np.float32)


def _steadied(motion: Floats) -> Floats:
    """Return motion with the tracker's jitter damped by a short filter (1 4 1)/6."""
    padded = np.concatenate([motion[:1], motion, motion[-1:]])
    return np.asarray((padded[:-2] + 4 * padded[1:-1] + padded[2:]) / 6, np.float32)


def _features(sound: Floats) -> Floats:
    rows: Floats = speech.step(speech.initial_state(), sound[None, : len(sound) // HOP * HOP])[1][0]
    return rows


def _gaps(points: Floats, pairs: tuple[tuple[int, int], ...]) -> Floats:
    """Return (…, n) heights between pairs of mesh points of (…, 160, 3) keypoints."""
    upper, lower = ([KEYPOINT_OF[pair[side]] for pair in pairs] for side in (0, 1))
    return np.asarray(points[..., upper, 1] - points[..., lower, 1])


def sizes(rest: Floats) -> Floats:
    """Return (4,): mouth width, nose to chin, opening of the right and the left eye."""
    at = {name: rest[KEYPOINT_OF[point]] for name, point in (("l", 61), ("r", 291), ("nose", 2), ("chin", 152))}
    lids = [float(_gaps(rest, pairs).mean()) for pairs in LIDS]
    return np.array([at["r"][0] - at["l"][0], at["nose"][1] - at["chin"][1], *lids], np.float32)


def read_identities(tracks: Path) -> list[Identity]:
    """Return the portraits' faces; those that smile know how to stop."""
    rests = []
    for mesh in np.load(tracks)["meshes"]:
        _, pose = normalise(landmarks_from_mesh(mesh))
        if np.abs(pose.rotation_rad[:2]).max() < 0.45:
            rests.append(remove_pose(keypoints_from_mesh(mesh), pose))
    faces = np.stack(rests)
    gaps = _gaps(faces, INNER_LIPS).mean(1)
    smile = faces[gaps > 0.06].mean(0) - faces[gaps < 0.02].mean(0)
    smile[[k for p, k in KEYPOINT_OF.items() if p >= 468]] = 0
    opening = _gaps(smile, INNER_LIPS).mean()
    return [Identity(f, -smile * max(0.0, g) / opening, sizes(f)) for f, g in zip(faces, gaps, strict=True)]


def scaled_motion(motion: Floats, speaker: Floats, identity: Identity, gain: float) -> Floats:
    """Return the motion for another face: lips by mouth and jaw size, lids by eye opening (so that shut stays shut)."""
    ratio = identity.sizes / speaker
    result = motion.copy()
    result[..., 0] *= ratio[0] * gain
    result[..., 1] *= ratio[1] * gain
    result[..., 2] *= gain
    for pairs, opening in zip(LIDS, ratio[2:], strict=True):
        lids = [KEYPOINT_OF[p] for pair in pairs for p in pair]
        result[:, lids] = motion[:, lids] * opening
    rims = [k for p, k in KEYPOINT_OF.items() if p >= 468]
    result[:, rims] = motion[:, rims]
    return result


def sample(
    clips: list[Clip], speaker: Floats, identities: list[Identity], rng: np.random.Generator
) -> dict[str, Floats]:
    """Return one training sequence."""
    clip = clips[rng.integers(len(clips))]
    identity = identities[rng.integers(len(identities))]
    fps = rng.uniform(24, 60)
    length = (N_STEPS - 1) / fps
    start = rng.uniform(0, max(0.0, (len(clip.motion) - 1) / clip.fps - length))
    times = start + np.arange(N_STEPS) / fps
    motion = _interpolated(clip.motion, times * clip.fps)
    motion = scaled_motion(motion, speaker, identity, rng.uniform(0.8, 1.4))
    amount = rng.choice([0.0, 1.0, rng.uniform(0, 1.1)], p=[0.2, 0.5, 0.3])
    target = identity.rest + amount * identity.unsmile + motion
    if rng.random() < BLINKING:
        target = blinked(target, np.exp(-(((times - rng.uniform(times[0], times[-1])) / 0.06) ** 4)))
    hops = np.clip((times * SAMPLE_RATE / HOP).astype(int), 0, len(clip.features) - 1)
    landmarks = landmarks_from_keypoints(target.astype(np.float32))
    landmarks += rng.normal(0, 0.0015, landmarks.shape).astype(np.float32)
    mood = rng.uniform(0, 1, N_EMOTIONS) * (rng.random(N_EMOTIONS) < 0.15)
    return {
        "target": target.astype(np.float32),
        "landmarks": landmarks,
        "features": clip.features[hops],
        "keypoints": identity.rest,
        "emotion": mood.astype(np.float32),
    }


def blinked(target: Floats, closure: Doubles) -> Floats:
    """Return (n, 160, 3) keypoints whose lids are shut by (n,) 0…1, along their whole length."""
    shut = target.copy()
    for pairs in LIDS:
        upper, lower = ([KEYPOINT_OF[pair[side]] for pair in pairs] for side in (0, 1))
        gap = (target[:, lower] - target[:, upper]) * closure[:, None, None]
        shut[:, upper] += UPPER_LID_SHARE * gap
        shut[:, lower] -= (1 - UPPER_LID_SHARE) * gap
    return shut


def _interpolated(values: Floats, at: Doubles) -> Floats:
    at = np.clip(at, 0, len(values) - 1.001)
    low = at.astype(int)
    share = (at - low)[:, None, None].astype(np.float32)
    return np.asarray(values[low] * (1 - share) + values[low + 1] * share, np.float32)


def batch_of(
    clips: list[Clip], speaker: Floats, identities: list[Identity], rng: np.random.Generator, n: int
) -> dict[str, Tensor]:
    """Return n training sequences, stacked."""
    rows = [sample(clips, speaker, identities, rng) for _ in range(n)]
    return {key: torch.from_numpy(np.stack([row[key] for row in rows])) for key in rows[0]}
