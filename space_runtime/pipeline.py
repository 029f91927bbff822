"""From one hop of sound to the frames that it completes: the stages in order, pure, with all state in one value."""

from __future__ import annotations

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
from space_runtime.timebase import HOP, frame_sample
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
    previous, newest: (78, 3) landmarks of the last two steps; history: feature vectors of the last steps, newest last.
    """

    n_steps: int
    next_frame: int
    features: feature_stage.FeatureState
    speech: Floats
    rig: RigState
    latents: Floats | None
    previous: Floats
    newest: Floats
    history: tuple[Floats, ...]


def build(bundle: Bundle, portrait: Portrait | None, controls: Controls, fps: Fraction, pictures: bool) -> Pipeline:
    """Return the pipeline of one character. Pictures need a portrait; without one a neutral identity speaks."""
    rig = Rig.from_arrays(bundle.arrays("rig"))
    identity = rig.adapt(portrait.normalised) if portrait else rig.neutral_identity()
    return Pipeline(
        speech2landmarks=bundle.network("speech2landmarks"),
        look_ahead=bundle.setting("speech2landmarks", "look_ahead_samples"),
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
        previous=neutral,
        newest=neutral,
        history=(),
    )


def step(pipeline: Pipeline, state: StreamState, samples: Floats) -> tuple[StreamState, list[Frame]]:
    """Consume one hop of (HOP,) samples; return the new state and the frames whose look-ahead is now complete."""
    state = _listen(pipeline, state, samples)
    frames: list[Frame] = []
    while frame_sample(state.next_frame, pipeline.fps) <= state.n_steps * HOP - pipeline.look_ahead:
        state, frame = _make_frame(pipeline, state)
        frames.append(frame)
    return state, frames


def _listen(pipeline: Pipeline, state: StreamState, samples: Floats) -> StreamState:
    features_state, features = feature_stage.step(state.features, samples)
    speech, spoken = landmark_stage.step(
        pipeline.speech2landmarks, state.speech, features, pipeline.identity.neutral, pipeline.controls.emotion
    )
    kept = pipeline.look_ahead // HOP + 2
    return replace(
        state,
        n_steps=state.n_steps + 1,
        features=features_state,
        speech=speech,
        previous=state.newest,
        newest=spoken.landmarks,
        history=(*state.history, features)[-kept:],
    )


def _make_frame(pipeline: Pipeline, state: StreamState) -> tuple[StreamState, Frame]:
    index = state.next_frame
    media_sample = frame_sample(index, pipeline.fps)
    spoken = _landmarks_at(pipeline, state, media_sample)
    landmarks = control_stage.apply(pipeline.controls, pipeline.identity, media_sample, spoken)
    rig_state, weights, eyes = pipeline.rig.solve(pipeline.identity, state.rig, landmarks)
    motion = pose_stage.head_motion(pipeline.controls, index, media_sample)
    frame = Frame(index, media_sample, landmarks, weights, motion.rotation_rad, motion.translation, eyes)
    state = replace(state, next_frame=index + 1, rig=rig_state)
    if pipeline.pictures is None or state.latents is None:
        return state, frame
    posed = apply_pose(landmarks, pose_stage.compose(pipeline.portrait_pose, motion))
    features = _features_at(state, media_sample)
    return _render(pipeline.pictures, pipeline.controls.emotion, state, state.latents, frame, posed, features)


def _landmarks_at(pipeline: Pipeline, state: StreamState, media_sample: Fraction) -> Floats:
    """Linear interpolation between the two newest steps."""
    newest_sample = state.n_steps * HOP - pipeline.look_ahead
    towards_previous = np.float32((newest_sample - media_sample) / HOP)
    return state.newest + (state.previous - state.newest) * towards_previous


def _features_at(state: StreamState, media_sample: Fraction) -> Floats:
    """The features of the hop that the media time lies in."""
    age = state.n_steps - 1 - media_sample // HOP
    return state.history[max(0, len(state.history) - 1 - int(age))]


def _render(
    pictures: PictureParts,
    emotion: Floats,
    state: StreamState,
    latents: Floats,
    frame: Frame,
    posed: Floats,
    features: Floats,
) -> tuple[StreamState, Frame]:
    latents, keypoints = latent_stage.step(pictures.latents, latents, posed, features, pictures.keypoints, emotion)
    rgb = pictures.generator.render(pictures.appearance, keypoints)
    return replace(state, latents=latents), replace(frame, rgb=rgb)
