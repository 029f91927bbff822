"""Keypoints and pictures of frames that the pipeline has made: on another thread, and later than the curves, if one
likes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from space_runtime.animation.batch_state import Frames
from space_runtime.animation.control_batch import controls_at
from space_runtime.animation.gaze_space import toward_camera, true_gaze
from space_runtime.animation.pipeline import Character, PictureParts
from space_runtime.animation.stages import controls as control_stage
from space_runtime.animation.stages import pose as pose_stage
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats, Index, Pixels
from space_runtime.errors import UsageError
from space_runtime.geometry import HeadPose, apply_pose
from space_runtime.rendering.generator import Driving, State


def draw(character: Character, track: ControlTrack, latents: State, frames: Frames, place: int) -> tuple[State, Pixels]:
    """Return (new state of the latents, (h, w, 3) picture) of one frame among F, `Frames` of any stream of the
    character. The state before the first picture is `initial_latents`. Raises `UsageError` without `PictureParts`."""
    parts = _parts(character)
    (latents,), keypoints = parts.generator.keypoints(
        [parts.appearance], [latents], _driving(character, track, frames, place)
    )
    return latents, parts.render(keypoints[0])


def render(character: Character, keypoints: Floats) -> Pixels:
    """Return the (h, w, 3) picture, (h, w, 4) of a transparent portrait, of a character driven by (K, 3) keypoints.

    Raises `UsageError` without `PictureParts`.
    """
    return _parts(character).render(keypoints)


def drive(
    characters: Sequence[Character],
    tracks: Sequence[ControlTrack],
    latents: Sequence[State],
    frames: Frames,
    stream: Index,
) -> tuple[list[State], Floats]:
    """Return (B new states of the latents, (F, K, 3) keypoints) of F frames of B streams, without drawing.

    characters, tracks, latents: of the B streams; their characters share one generator. stream: (F,) which of the B
    each frame belongs to. Raises `UsageError` without `PictureParts`.
    """
    parts = [_parts(character) for character in characters]
    driving = [_driving(characters[which], tracks[which], frames, place) for place, which in enumerate(stream.tolist())]
    if not driving:
        return list(latents), np.zeros((0, len(parts[0].generator.keypoint_names) if parts else 0, 3), np.float32)
    together = Driving(
        stream,
        np.concatenate([one.landmarks for one in driving]),
        np.concatenate([one.features for one in driving]),
        np.concatenate([one.emotion for one in driving]),
    )
    return parts[0].generator.keypoints([part.appearance for part in parts], latents, together)


def initial_latents(character: Character) -> State:
    """Return the latents' state of a stream that has shown nothing. Raises `UsageError` without `PictureParts`."""
    parts = _parts(character)
    return parts.generator.initial_state(parts.appearance)


def picture_size(character: Character) -> tuple[int, int]:
    """Return (height, width) of a character's pictures in pixels. Raises `UsageError` without `PictureParts`."""
    return _parts(character).size


def _driving(character: Character, track: ControlTrack, frames: Frames, place: int) -> Driving:
    """Return what drives the generator in one frame of a stream."""
    here = slice(place, place + 1)
    sample = float(frames.media_sample[place])
    controls = controls_at(track, sample, character.view)
    head = frames.head[here] - np.pad(controls.turn - drawn_turn(controls.turn), ((0, 0), (0, 4)))
    rotation, translation = head[:, :3], head[:, 3:]
    # A rig's rest looks straight ahead, a photo's rest looks where the photo looks: at the viewer, mostly.
    rest = _rest_gaze(character, track.at(sample).eye_contact)
    ahead = control_stage.eye_contact(rest, rotation, frames.saccade_offset_rad[here])
    face = control_stage.move_eyes(
        controls,
        character.identity,
        frames.unposed_landmarks[here],
        ahead,
        frames.lids[here],
        head,
        frames.shown_gaze_rad[here],
    )
    pose = pose_stage.compose(character.portrait_pose, HeadPose(rotation[0], translation[0], 1.0))
    return Driving(
        stream=np.zeros(1, np.intp),
        landmarks=apply_pose(face[0], pose)[None],
        features=frames.features[here],
        emotion=track.emotion_at(sample)[None],
    )


def drawn_turn(turn: Floats) -> Floats:
    """Return (…, 2) yaw, pitch of a head that looks at something, as far as a picture can show them.

    A photo has no other side. The eyes make up for the rest.
    """
    limited: Floats = _DRAWN_RAD * np.tanh(turn / _DRAWN_RAD)
    return limited


_DRAWN_RAD: Final[Floats] = np.radians(np.array([18.0, 12.0], np.float32))


def _rest_gaze(character: Character, contact: float) -> Floats:
    """(2, 2) yaw, pitch of the eyes of a portrait at rest: those of its photo, or with ``contact`` into the camera."""
    photo = character.identity.photo_gaze_rad
    if not contact:
        return photo
    missing = np.array(toward_camera(character.view)) - true_gaze(photo)
    corrected: Floats = photo + (contact * missing).astype(np.float32)
    return corrected


def _parts(character: Character) -> PictureParts:
    if character.pictures is None:
        raise UsageError("this character was built for curves alone; build it with a portrait and pictures")
    return character.pictures
