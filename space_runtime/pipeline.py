"""From one hop of sound to the frames that it completes: the stages in order, pure, with all state in one value."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from space_runtime.bundle import Bundle
from space_runtime.geometry import NEUTRAL_POSE, Floats, HeadPose, apply_pose
from space_runtime.ort import Network
from space_runtime.portrait import Portrait
from space_runtime.rig import Rig, RigIdentity, RigState
from space_runtime.stages import controls as control_stage
from space_runtime.stages import features as feature_stage
from space_runtime.stages import frames as frame_stage
from space_runtime.stages import landmarks as landmark_stage
from space_runtime.stages import latents as latent_stage
from space_runtime.stages import pose as pose_stage
from space_runtime.timebase import HOP, frame_sample, is_reached
from space_runtime.values import Controls, Frame


@dataclass(frozen=True, slots=True, eq=False)
class PictureParts:
    """What pictures need beside curves: the networks, and what was prepared once from the photo."""

    latents: Network
    generator: frame_stage.Generator
    appearance: frame_stage.Appearance
    keypoints: Floats
    """(160, 3) the portrait's own generator keypoints."""


@dataclass(frozen=True, slots=True, eq=False)
class Pipeline:
    """Everything that stays the same during a stream: networks, rig, identity, controls, frame rate."""

    speech2landmarks: Network
    look_ahead: int
    rig: Rig
    identity: RigIdentity
    portrait_pose: HeadPose
    controls: Controls
    fps: Fraction
    pictures: PictureParts | None


@dataclass(frozen=True, slots=True, eq=False)
class StreamState:
    """Everything that changes during a stream. Reset is `initial_state`; a snapshot is a reference to this value.

    n_steps: hops consumed. next_frame: index of the first frame not yet made.
    newest: (78, 3) landmarks of the last step. history: feature vectors of the last steps, newest last.
    """

    n_steps: int
    next_frame: int
    features: feature_stage.FeatureState
    speech: Floats
    rig: RigState
    latents: Floats | None
    newest: Floats
    history: tuple[Floats, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What was heard and said around the newest hops, by absolute count of hops.

    landmarks: (78, 3) after hop ``first_answer``, ``first_answer + 1`` …; features: of hop ``first_heard``, …
    """

    landmarks: list[Floats]
    first_answer: int
    features: list[Floats]
    first_heard: int
    look_ahead: int

    def landmarks_at(self, sample: float) -> Floats:
        """Return (78, 3) at a media time: linear between the two answers around it."""
        place = (sample + self.look_ahead) / HOP
        answer = math.ceil(place)
        newer = self.landmarks[answer - self.first_answer]
        if answer == place:
            return newer
        older = self.landmarks[answer - self.first_answer - 1]
        return newer + (older - newer) * np.float32(answer - place)

    def features_at(self, sample: float) -> Floats:
        """Return the features of the hop that a media time lies in."""
        return self.features[int(sample) // HOP - self.first_heard]


def build(bundle: Bundle, portrait: Portrait | None, controls: Controls, fps: Fraction, pictures: bool) -> Pipeline:
    """Return the pipeline of one character. Pictures need a portrait; without one a neutral identity speaks."""
    rig = Rig.from_arrays(bundle.arrays("rig"))
    identity = rig.adapt(portrait.normalised) if portrait else rig.neutral_identity()
    return Pipeline(
        speech2landmarks=bundle.network("speech2landmarks"),
        look_ahead=bundle.look_ahead(),
        rig=rig,
        identity=identity,
        portrait_pose=pose_stage.chain(portrait.pose, identity.rest_in_photo) if portrait else NEUTRAL_POSE,
        controls=controls,
        fps=fps,
        pictures=_picture_parts(bundle, portrait) if portrait and pictures else None,
    )


def _picture_parts(bundle: Bundle, portrait: Portrait) -> PictureParts:
    generator = frame_stage.load_generator(bundle)
    return PictureParts(
        latents=bundle.network("landmarks2latents"),
        generator=generator,
        appearance=generator.prepare(portrait),
        keypoints=latent_stage.portrait_keypoints(portrait.mesh),
    )


def initial_state(pipeline: Pipeline) -> StreamState:
    """Return the state of a stream that has heard nothing."""
    neutral = pipeline.identity.neutral
    pictures = pipeline.pictures
    return StreamState(
        n_steps=0,
        next_frame=0,
        features=feature_stage.initial_state(),
        speech=landmark_stage.initial_state(pipeline.speech2landmarks),
        rig=pipeline.rig.initial_state(pipeline.identity),
        latents=latent_stage.initial_state(pictures.latents) if pictures else None,
        newest=neutral,
        history=(),
    )


def step(pipeline: Pipeline, state: StreamState, hops: Floats) -> tuple[StreamState, list[Frame]]:
    """Consume (n, HOP) samples; return the new state and the frames whose look-ahead is now complete.

    Every hop goes through the networks alone, so n changes nothing but the order of the work: one kind after the other
    keeps its code and weights in the processor's cache.
    """
    features_state, heard = _hear(state.features, hops)
    speech, spoken = _speak(pipeline, state.speech, heard)
    n_steps, n_kept = state.n_steps + len(hops), pipeline.look_ahead // HOP + 1
    heard = [*state.history, *heard]
    track = Track([state.newest, *spoken], state.n_steps, heard, n_steps - len(heard), pipeline.look_ahead)
    state = replace(
        state,
        n_steps=n_steps,
        features=features_state,
        speech=speech,
        newest=track.landmarks[-1],
        history=tuple(heard[-n_kept:]),
    )
    frames: list[Frame] = []
    while is_reached(state.next_frame, pipeline.fps, n_steps * HOP - pipeline.look_ahead):
        state, frame = _make_frame(pipeline, state, track)
        frames.append(frame)
    return state, frames


def _hear(state: feature_stage.FeatureState, hops: Floats) -> tuple[feature_stage.FeatureState, list[Floats]]:
    heard = []
    for hop in hops:
        state, features = feature_stage.step(state, hop)
        heard.append(features)
    return state, heard


def _speak(pipeline: Pipeline, state: Floats, heard: list[Floats]) -> tuple[Floats, list[Floats]]:
    network, neutral, emotion = pipeline.speech2landmarks, pipeline.identity.neutral, pipeline.controls.emotion
    spoken = []
    for features in heard:
        state, answer = landmark_stage.step(network, state, features, neutral, emotion)
        spoken.append(answer.landmarks)
    return state, spoken


def _make_frame(pipeline: Pipeline, state: StreamState, track: Track) -> tuple[StreamState, Frame]:
    controls, identity, index = pipeline.controls, pipeline.identity, state.next_frame
    media_sample = frame_sample(index, pipeline.fps)
    spoken = track.landmarks_at(float(media_sample))
    motion = pose_stage.head_motion(controls, index, media_sample)
    ahead = control_stage.eye_contact(control_stage.AHEAD, motion.rotation_rad)
    landmarks = control_stage.apply(controls, identity, media_sample, spoken, ahead)
    rig_state, weights, eyes = pipeline.rig.solve(identity, state.rig, landmarks)
    frame = Frame(index, media_sample, landmarks, weights, motion.rotation_rad, motion.translation, eyes)
    state = replace(state, next_frame=index + 1, rig=rig_state)
    if pipeline.pictures is None or state.latents is None:
        return state, frame
    # A rig's rest looks straight ahead, a photo's rest looks where the photo looks: at the viewer, mostly.
    ahead = control_stage.eye_contact(identity.photo_gaze_rad, motion.rotation_rad)
    pictured = control_stage.apply(controls, identity, media_sample, spoken, ahead)
    posed = apply_pose(pictured, pose_stage.compose(pipeline.portrait_pose, motion))
    latents, keypoints = latent_stage.step(
        pipeline.pictures.latents,
        state.latents,
        posed,
        track.features_at(float(media_sample)),
        pipeline.pictures.keypoints,
        controls.emotion,
    )
    rgb = pipeline.pictures.generator.render(pipeline.pictures.appearance, keypoints)
    return replace(state, latents=latents), replace(frame, rgb=rgb)
