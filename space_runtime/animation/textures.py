"""Pictures of frames that the pipeline has made: on another thread, and later than the curves, if one likes."""

from __future__ import annotations

from space_runtime.animation.batch_state import Frames
from space_runtime.animation.control_batch import controls_at
from space_runtime.animation.pipeline import Character, PictureParts
from space_runtime.animation.stages import controls as control_stage
from space_runtime.animation.stages import latents as latent_stage
from space_runtime.animation.stages import pose as pose_stage
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import UsageError
from space_runtime.geometry import HeadPose, apply_pose


def draw(
    character: Character, track: ControlTrack, latents: Floats, frames: Frames, place: int
) -> tuple[Floats, Pixels]:
    """Return (new state of the latents, (512, 512, 3) picture) of one frame among F, `Frames` of any stream of the
    character. The state before the first picture is `initial_latents`. Raises `UsageError` without `PictureParts`."""
    parts = _parts(character)
    here = slice(place, place + 1)
    sample = frames.media_sample[here]
    controls = controls_at(track, float(sample[0]))
    rotation, translation = frames.head_rotation_rad[here], frames.head_translation[here]
    # A rig's rest looks straight ahead, a photo's rest looks where the photo looks: at the viewer, mostly.
    ahead = control_stage.eye_contact(character.identity.photo_gaze_rad, rotation, frames.saccade_offset_rad[here])
    shown = frames.shown_gaze_rad[here]
    face = control_stage.move_eyes(
        controls, character.identity, frames.unposed_landmarks[here], ahead, frames.lids[here], shown
    )
    pose = pose_stage.compose(character.portrait_pose, HeadPose(rotation[0], translation[0], 1.0))
    latents, keypoints = latent_stage.step(
        parts.latents,
        latents,
        apply_pose(face[0], pose),
        frames.features[place],
        parts.keypoints,
        track.emotion_at(float(sample[0])),
    )
    return latents, parts.generator.render(parts.appearance, keypoints)


def initial_latents(character: Character) -> Floats:
    """Return the latents' state of a stream that has shown nothing. Raises `UsageError` without `PictureParts`."""
    return latent_stage.initial_state(_parts(character).latents)


def _parts(character: Character) -> PictureParts:
    if character.pictures is None:
        raise UsageError("this character was built for curves alone; build it with a portrait and pictures")
    return character.pictures
