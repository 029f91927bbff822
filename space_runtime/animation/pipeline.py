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

from space_runtime.animation.batch_state import FrameSchedule, Interpolated, NetworkOutput, Posed, Streams
from space_runtime.animation.control_batch import ControlBatch
from space_runtime.animation.stages import controls as control_stage
from space_runtime.animation.stages import features as feature_stage
from space_runtime.animation.stages import landmarks as landmark_stage
from space_runtime.animation.stages import liveliness as life_stage
from space_runtime.animation.stages import pose as pose_stage
from space_runtime.animation.stages import prosody as prosody_stage
from space_runtime.arrays import Floats, Index, Longs
from space_runtime.geometry import N_LANDMARKS, NEUTRAL_POSE, HeadPose
from space_runtime.inference.bundle import Bundle
from space_runtime.inference.network import Network
from space_runtime.portrait.portrait import Portrait
from space_runtime.rendering.embedded import open_generator
from space_runtime.rendering.generator import Appearance, OpaqueGenerator
from space_runtime.rig.rig import N_SHAPES, Rig, RigIdentity, RigState
from space_runtime.soa import put, some, take
from space_runtime.timebase import HOP, SAMPLE_RATE


@dataclass(frozen=True, slots=True, eq=False)
class PictureParts:
    """A generator, and everything that it prepared once from the photo."""

    generator: OpaqueGenerator
    appearance: Appearance


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
class IdentityGroup:
    """An identity, and which of F frames are its."""

    identity: RigIdentity
    frames: Index


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
    generator = open_generator(bundle)
    return PictureParts(generator, generator.prepare(portrait))


def initial_streams(network: Network, neutral: Floats) -> Streams:
    """Return B streams that have heard nothing. neutral: (B, 78, 3)."""
    n = len(neutral)
    memory = landmark_stage.initial_state(network, n)
    return Streams(
        n_steps=np.zeros(n, np.int64),
        hearing=feature_stage.initial_state(n),
        memory=memory,
        landmarks=neutral.copy(),
        speech=np.zeros(n, np.float32),
        life=life_stage.initial_state(n),
    )


def listen(
    network: Network,
    neutral: Floats,
    streams: Streams,
    emotion: Floats,
    sound: Floats,
    look_ahead: int,
    wishes: life_stage.Wishes,
) -> tuple[Streams, NetworkOutput]:
    """Hear (B, T · 320) samples under (B, T, 8) emotions, as (B, 78, 3) faces; return the new state and the answers.

    look_ahead: samples by which answers lag. wishes: the controls of one of the B at a media sample.
    One kind of work after the other: that keeps its code and weights in the processor's cache.
    """
    hearing, heard, voices = feature_stage.hear(streams.hearing, sound)
    n_hops = heard.shape[1]
    said = np.empty((len(sound), 1 + n_hops, N_LANDMARKS, 3), np.float32)
    speech = np.empty((len(sound), 1 + n_hops), np.float32)
    said[:, 0], speech[:, 0] = streams.landmarks, streams.speech
    memory, answer = landmark_stage.hear(network, streams.memory, heard, neutral, emotion)
    said[:, 1:], speech[:, 1:] = answer.landmarks, answer.speech
    seen = np.empty((len(sound), 1 + n_hops, life_stage.N_SEEN))
    seen[:, 0] = streams.life.seen
    first_sample = (streams.n_steps + 1) * HOP - look_ahead
    life, seen[:, 1:] = life_stage.step(
        streams.life, prosody_stage.prosody(voices), speech[:, 1:], first_sample, wishes
    )
    after = Streams(streams.n_steps + n_hops, hearing, memory, said[:, -1], speech[:, -1], life)
    return after, NetworkOutput(streams.n_steps, heard, said, speech, seen)


def due(fps: Longs, n_steps: Longs, next_frame: Longs, look_ahead: int) -> FrameSchedule | None:
    """Return the frames whose look-ahead is complete: media time, n / fps, not after that of the newest answer.

    fps: (B, 2) numerator and denominator. n_steps, next_frame: (B,).
    """
    numerator, denominator = fps[:, 0], fps[:, 1] * SAMPLE_RATE
    reached = (n_steps * HOP - look_ahead) * numerator
    counts = np.maximum(reached // denominator + 1 - next_frame, 0)
    if not some(counts):
        return None
    position = np.arange(len(counts)).repeat(counts)
    turn = np.arange(len(position)) - (counts.cumsum() - counts).repeat(counts)
    index = next_frame[position] + turn
    return FrameSchedule(position, turn, index, index * denominator[position] / numerator[position])


def between_answers(answers: NetworkOutput, look_ahead: int, frames: FrameSchedule) -> Interpolated:
    """Return what is said at media times: linear between the two answers around each."""
    place = (frames.media_sample + look_ahead) / HOP
    newer = np.ceil(place)
    share = (newer - place).astype(np.float32)
    row, column = frames.position, newer.astype(np.int64) - answers.n_steps[frames.position]
    face, voice, life = answers.landmarks[row, column], answers.speech[row, column], answers.life[row, column]
    older_face, older_voice = answers.landmarks[row, column - 1], answers.speech[row, column - 1]
    lift, older_lift = life[:, : life_stage.N_LIFT], answers.life[row, column - 1][:, : life_stage.N_LIFT]
    older_face -= face
    older_face *= share[:, None, None]
    older_face += face
    lift = (lift + (older_lift - lift) * share[:, None]).astype(np.float32)
    looks = life[:, life_stage.N_LIFT :]
    speech = voice + (older_voice - voice) * share
    return Interpolated(older_face, speech, lift[:, 0], lift[:, 1], looks[:, :2], looks[:, 2:])


def speak(
    people: Sequence[IdentityGroup], controls: ControlBatch, neutral: Floats, frames: FrameSchedule, told: Interpolated
) -> Floats:
    """Return (F, 78, 3) landmarks with lifted brows and the wanted strengths. neutral: (B, 78, 3). controls: F rows."""
    faces = told.landmarks
    if len(people) == 1:
        faces = control_stage.lift(controls, people[0].identity, told.brows, faces)
    elif some(told.brows):
        for person in people:
            own = person.frames
            faces[own] = control_stage.lift(take(controls, own), person.identity, told.brows[own], faces[own])
    return control_stage.strengthen(controls, neutral, frames.position, faces)


def move(
    rig: Rig,
    people: Sequence[IdentityGroup],
    state: RigState,
    controls: ControlBatch,
    frames: FrameSchedule,
    unposed_landmarks: Floats,
    told: Interpolated,
) -> tuple[RigState, Posed]:
    """Return the rig's new state and the faces of F frames.

    people: which of the frames are of which identity. state: of the streams that have frames. controls: F rows.
    spoken: (F, 78, 3) of `speak`.
    """
    motion = pose_stage.head_motion(controls, frames.frame_index, frames.media_sample, told.nod)
    wander = control_stage.wander(controls, frames.media_sample, told.glances)
    lids = control_stage.closure(controls, frames.media_sample, told.early)
    ahead = control_stage.eye_contact(_STRAIGHT, motion.rotation_rad, wander)
    if len(people) == 1:
        landmarks = control_stage.move_eyes(controls, people[0].identity, unposed_landmarks, ahead, lids)
    else:
        landmarks = np.empty_like(unposed_landmarks)
        for person in people:
            own = person.frames
            landmarks[own] = control_stage.move_eyes(
                take(controls, own), person.identity, unposed_landmarks[own], ahead[own], lids[own]
            )
    state, weights, eyes = _solve(rig, people, state, frames, landmarks)
    return state, Posed(landmarks, weights, eyes, motion, wander, lids)


def _solve(
    rig: Rig, people: Sequence[IdentityGroup], state: RigState, frames: FrameSchedule, landmarks: Floats
) -> tuple[RigState, Floats, Floats]:
    """The rig's new state, weights and eyes: those of one identity together, each stream from frame to frame."""
    last_turn = int(frames.turn.max())
    if len(state.warm) == 1:
        return rig.follow(people[0].identity, state, landmarks)
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
