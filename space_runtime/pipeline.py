"""From hops of sound to the frames that they complete, for many streams at a time: the stages in order, pure.

What changes comes in and goes out as values (`Streams` from hop to hop, `RigState` from frame to frame); what does not
is in `Character`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.bundle import Bundle
from space_runtime.control_rows import ControlRows
from space_runtime.geometry import N_LANDMARKS, NEUTRAL_POSE, Floats, HeadPose
from space_runtime.ort import Network
from space_runtime.portrait import Portrait
from space_runtime.rig import N_SHAPES, Rig, RigIdentity, RigState
from space_runtime.rows import Index, put, take
from space_runtime.stages import controls as control_stage
from space_runtime.stages import features as feature_stage
from space_runtime.stages import frames as frame_stage
from space_runtime.stages import landmarks as landmark_stage
from space_runtime.stages import latents as latent_stage
from space_runtime.stages import pose as pose_stage
from space_runtime.timebase import HOP, SAMPLE_RATE

Doubles = NDArray[np.float64]
Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PictureParts:
    """What pictures need beside curves: the networks, and what was prepared once from the photo."""

    latents: Network
    generator: frame_stage.Generator
    appearance: frame_stage.Appearance
    keypoints: Floats
    """(160, 3) the portrait's own generator keypoints."""


@dataclass(frozen=True, slots=True, eq=False)
class Character:
    """What a stream's face is made of. Many streams may share one; streams of one identity are worked out together.

    portrait_pose: of the photo, see `pose.compose`. fps: frames per second. pictures: None for curves alone.
    """

    speech2landmarks: Network
    look_ahead: int
    rig: Rig
    identity: RigIdentity
    portrait_pose: HeadPose
    fps: Fraction
    pictures: PictureParts | None


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """What B streams carry from hop to hop.

    n_steps: (B,) hops consumed. memory: (B, S) of the network. landmarks (B, 78, 3), speech (B,): its last answers.
    """

    n_steps: Longs
    hearing: feature_stage.FeatureState
    memory: Floats
    landmarks: Floats
    speech: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What B streams heard and said in T hops: features (B, T, 96) of each hop, landmarks (B, 1 + T, 78, 3) and speech
    (B, 1 + T) before the first and after each. n_steps: (B,) hops before the first."""

    n_steps: Longs
    features: Floats
    landmarks: Floats
    speech: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """F frames that are complete. position: (F,) of the stream among the B. turn: (F,) first, second, … of the stream's
    frames among these. frame_index, media_sample: (F,)."""

    position: Index
    turn: Index
    frame_index: Longs
    media_sample: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """An identity, and which of F frames are its."""

    identity: RigIdentity
    frames: Index


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """Faces of F frames: landmarks (F, 78, 3) with gaze and blinks, weights (F, 52), eyes (F, 2, 2), and the heads."""

    landmarks: Floats
    weights: Floats
    eyes: Floats
    head: pose_stage.Motions


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """F frames of many streams, by stream and then by time. Arrays are float32 and contiguous unless said otherwise.

    row: (F,) whose. frame_index: (F,) int64. media_sample: (F,) float64, samples at 16 kHz.
    landmarks: (F, 78, 3) normalised. blendshapes: (F, 52). head_rotation_rad, head_translation: (F, 3), see `Frame`.
    eye_rotation_rad: (F, 2, 2) yaw, pitch of left and right eye. speech: (F,) how much of this moment is speech, 0…1.
    spoken: (F, 78, 3) landmarks with strengths and rest, before gaze and blinks. features: (F, 96) of the media time.
    """

    row: Index
    frame_index: Longs
    media_sample: Doubles
    landmarks: Floats
    blendshapes: Floats
    head_rotation_rad: Floats
    head_translation: Floats
    eye_rotation_rad: Floats
    speech: Floats
    spoken: Floats
    features: Floats


def build(bundle: Bundle, portrait: Portrait | None, fps: Fraction, pictures: bool) -> Character:
    """Return a character. Pictures need a portrait; without one the neutral identity speaks, the same for everybody."""
    rig = open_rig(bundle)
    identity = rig.adapt(portrait.normalised) if portrait else _neutral_identity(bundle)
    return Character(
        speech2landmarks=bundle.network("speech2landmarks"),
        look_ahead=bundle.look_ahead(),
        rig=rig,
        identity=identity,
        portrait_pose=pose_stage.chain(portrait.pose, identity.rest_in_photo) if portrait else NEUTRAL_POSE,
        fps=fps,
        pictures=_picture_parts(bundle, portrait) if portrait and pictures else None,
    )


@lru_cache(maxsize=4)
def open_rig(bundle: Bundle) -> Rig:
    """Return the bundle's rig, read once."""
    return Rig.from_arrays(bundle.arrays("rig"))


@lru_cache(maxsize=4)
def _neutral_identity(bundle: Bundle) -> RigIdentity:
    return open_rig(bundle).neutral_identity()


def _picture_parts(bundle: Bundle, portrait: Portrait) -> PictureParts:
    generator = frame_stage.load_generator(bundle)
    return PictureParts(
        latents=bundle.network("landmarks2latents"),
        generator=generator,
        appearance=generator.prepare(portrait),
        keypoints=latent_stage.portrait_keypoints(portrait.mesh),
    )


def initial_streams(network: Network, neutral: Floats) -> Streams:
    """Return B streams that have heard nothing. neutral: (B, 78, 3)."""
    n = len(neutral)
    memory = landmark_stage.initial_state(network, n)
    return Streams(
        np.zeros(n, np.int64), feature_stage.initial_state(n), memory, neutral.copy(), np.zeros(n, np.float32)
    )


def listen(
    network: Network, neutral: Floats, streams: Streams, emotion: Floats, sound: Floats
) -> tuple[Streams, Answers]:
    """Hear (B, T · 320) samples under (B, T, 8) emotions, as (B, 78, 3) faces; return the new state and the answers.

    One kind of work after the other: that keeps its code and weights in the processor's cache.
    """
    hearing, heard = feature_stage.step(streams.hearing, sound)
    memory, n_hops = streams.memory, heard.shape[1]
    said = np.empty((len(sound), 1 + n_hops, N_LANDMARKS, 3), np.float32)
    speech = np.empty((len(sound), 1 + n_hops), np.float32)
    said[:, 0], speech[:, 0] = streams.landmarks, streams.speech
    for hop in range(n_hops):
        memory, answer = landmark_stage.step(network, memory, heard[:, hop], neutral, emotion[:, hop])
        said[:, hop + 1], speech[:, hop + 1] = answer.landmarks, answer.speech
    after = Streams(streams.n_steps + n_hops, hearing, memory, said[:, -1], speech[:, -1])
    return after, Answers(streams.n_steps, heard, said, speech)


def due(fps: Longs, n_steps: Longs, next_frame: Longs, look_ahead: int) -> Due | None:
    """Return the frames whose look-ahead is complete: media time, n / fps, not after that of the newest answer.

    fps: (B, 2) numerator and denominator. n_steps, next_frame: (B,).
    """
    numerator, denominator = fps[:, 0], fps[:, 1] * SAMPLE_RATE
    reached = (n_steps * HOP - look_ahead) * numerator
    if not (next_frame * denominator <= reached).any():
        return None
    counts = np.maximum(reached // denominator + 1 - next_frame, 0)
    position = np.arange(len(counts)).repeat(counts)
    turn = np.arange(len(position)) - (counts.cumsum() - counts).repeat(counts)
    index = next_frame[position] + turn
    return Due(position, turn, index, index * denominator[position] / numerator[position])


def between_answers(answers: Answers, look_ahead: int, frames: Due) -> tuple[Floats, Floats]:
    """Return (F, 78, 3) landmarks and (F,) speech at media times: linear between the two answers around each."""
    place = (frames.media_sample + look_ahead) / HOP
    newer = np.ceil(place)
    share = (newer - place).astype(np.float32)
    row, column = frames.position, newer.astype(np.int64) - answers.n_steps[frames.position]
    face, voice = answers.landmarks[row, column], answers.speech[row, column]
    older_face, older_voice = answers.landmarks[row, column - 1], answers.speech[row, column - 1]
    older_face -= face
    older_face *= share[:, None, None]
    older_face += face
    return older_face, voice + (older_voice - voice) * share


def move(
    rig: Rig, people: Sequence[Person], state: RigState, controls: ControlRows, frames: Due, spoken: Floats
) -> tuple[RigState, Moved]:
    """Return the rig's new state and the faces of F frames.

    people: which of the frames are of which identity. state: of the streams that have frames. controls: F rows.
    spoken: (F, 78, 3) with strengths.
    """
    motion = pose_stage.head_motion(controls, frames.frame_index, frames.media_sample)
    ahead = control_stage.eye_contact(_STRAIGHT, motion.rotation_rad)
    if len(people) == 1:
        landmarks = control_stage.move_eyes(controls, people[0].identity, frames.media_sample, spoken, ahead)
    else:
        landmarks = np.empty_like(spoken)
        for person in people:
            some = person.frames
            landmarks[some] = control_stage.move_eyes(
                take(controls, some), person.identity, frames.media_sample[some], spoken[some], ahead[some]
            )
    state, weights, eyes = _solve(rig, people, state, frames, landmarks)
    return state, Moved(landmarks, weights, eyes, motion)


def _solve(
    rig: Rig, people: Sequence[Person], state: RigState, frames: Due, landmarks: Floats
) -> tuple[RigState, Floats, Floats]:
    """The rig's new state, weights and eyes: those of one identity together, each stream from frame to frame."""
    last_turn = int(frames.turn.max())
    if len(people) == 1 and not last_turn:
        return rig.solve(people[0].identity, state, landmarks)
    state = take(state, np.arange(len(state.warm)))
    stream = np.cumsum(frames.turn == 0) - 1
    weights, eyes = np.empty((len(landmarks), N_SHAPES), np.float32), np.empty((len(landmarks), 2, 2), np.float32)
    for turn in range(last_turn + 1):
        for person in people:
            now = person.frames[frames.turn[person.frames] == turn]
            if now.size:
                before = take(state, stream[now])
                after, weights[now], eyes[now] = rig.solve(person.identity, before, landmarks[now])
                put(state, stream[now], after)
    return state, weights, eyes


_STRAIGHT: Final = np.zeros((2, 2), np.float32)
"""Both eyes straight ahead in the head."""
