"""From motion to frames, for many streams at a time, pure; and the characters that frames show.

What changes comes in and goes out as a value, `RigState`; what does not is in `Character`. The motion comes from
`speech` or from another `MotionSource`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from space_runtime.animation.batch_state import Frames, FrameSchedule, IdentityGroup, Motion
from space_runtime.animation.control_batch import ControlBatch
from space_runtime.animation.gaze_space import FACING, camera_view
from space_runtime.animation.stages import controls as control_stage
from space_runtime.animation.stages import pose as pose_stage
from space_runtime.animation.stages import tongue as tongue_stage
from space_runtime.arguments import instance, switch
from space_runtime.arrays import Floats, Index, Pixels
from space_runtime.geometry import NEUTRAL_POSE, HeadPose
from space_runtime.inference.bundle import Bundle, bundle_or_embedded
from space_runtime.portrait.framing import WholePhoto
from space_runtime.portrait.portrait import Portrait
from space_runtime.rendering.embedded import open_generator
from space_runtime.rendering.generator import Appearance, OpaqueGenerator
from space_runtime.rig.rig import N_SHAPES, Rig, RigIdentity, RigState
from space_runtime.soa import put, take
from space_runtime.timebase import FrameRate, checked_fps


@dataclass(frozen=True, slots=True, eq=False)
class PictureParts:
    """A generator, and everything that it prepared once from the photo.

    whole: the photo around its pictures, None for these alone.
    """

    generator: OpaqueGenerator
    appearance: Appearance
    whole: WholePhoto | None = None

    def render(self, keypoints: Floats) -> Pixels:
        """Return the (h, w, 3) picture, or (h, w, 4) of a transparent portrait, driven by (K, 3) keypoints."""
        picture: Pixels = self.generator.render(self.appearance, keypoints[None])[0]
        return picture if self.whole is None else self.whole.with_square(picture)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the pictures."""
        if self.whole is None:
            return self.generator.picture_size(self.appearance)
        height, width = self.whole.rgb.shape[:2]
        return height, width


@dataclass(frozen=True, slots=True, eq=False)
class Character:
    """A stream's face. Many streams may share one; streams of one identity are worked out together.

    look_ahead: samples by which outputs lag. portrait_pose: of the photo, see `pose.compose`. view: (3,) see
    `camera_view`. fps: frames per second. pictures: None for curves alone.
    """

    look_ahead: int
    identity: RigIdentity
    portrait_pose: HeadPose
    view: Floats
    fps: Fraction
    pictures: PictureParts | None


def build_character(
    bundle: Bundle | None = None, portrait: Portrait | None = None, fps: FrameRate = 30, pictures: bool = False
) -> Character:
    """Return a character. Pictures need a portrait; without one the neutral identity speaks, the same for everybody.

    bundle: None for the embedded one. fps: see `exact_fps`. Raises `UsageError` for arguments of other kinds.
    """
    bundle, rate, pictures = bundle_or_embedded(bundle), checked_fps(fps), switch("pictures", pictures)
    if portrait is not None:
        instance("the portrait", portrait, Portrait, "which open_portrait() opens")
    rig = open_rig(bundle)
    identity = rig.adapt(portrait.normalised) if portrait else _neutral_identity(bundle)
    pose = pose_stage.chain(portrait.pose, identity.rest_in_photo) if portrait else NEUTRAL_POSE
    return Character(
        look_ahead=bundle.look_ahead(),
        identity=identity,
        portrait_pose=pose,
        view=camera_view(pose, identity.photo_gaze_rad) if portrait else FACING,
        fps=rate,
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
    return PictureParts(generator, generator.prepare(portrait), portrait.whole)


@dataclass(frozen=True, slots=True, eq=False)
class FrameOwners:
    """To what F frames belong. row: (F,) of the batch. groups: identities. neutral: (B, 78, 3). features: (F, 96)."""

    row: Index
    groups: Sequence[IdentityGroup]
    neutral: Floats
    features: Floats


def animate(
    rig: Rig, owners: FrameOwners, state: RigState, controls: ControlBatch, schedule: FrameSchedule, motion: Motion
) -> tuple[RigState, Frames]:
    """Return the rig's new state and the frames of a motion under controls.

    state: of the streams that have frames. controls: F rows.
    """
    groups = owners.groups
    unposed = control_stage.strengthen(controls, owners.neutral, schedule.position, motion.landmarks)
    head = pose_stage.head_motion(controls, motion.head, schedule.media_sample)
    lids = motion.lids * controls.lid_factor[:, None]
    ahead, shown, offset = control_stage.own_gaze(motion.eyes_rad, motion.saccade_offset_rad, head)
    if len(groups) == 1:
        landmarks = control_stage.move_eyes(controls, groups[0].identity, unposed, ahead, lids, head, shown)
    else:
        landmarks = np.empty_like(unposed)
        for group in groups:
            own = group.frames
            landmarks[own] = control_stage.move_eyes(
                take(controls, own), group.identity, unposed[own], ahead[own], lids[own], head[own], shown[own]
            )
    state, weights, eyes = _solve(rig, groups, state, schedule, landmarks)
    tongue = tongue_stage.shown_tongue(controls, owners.neutral, schedule.position, unposed, motion.tongue)
    weights[:, tongue_stage.SHAPE_ROW] = tongue_stage.SHAPE_AT_FULL * tongue[:, tongue_stage.OUT]
    weights = control_stage.known_weights(controls, motion.weights, motion.known, weights)
    return state, Frames(
        row=owners.row,
        frame_index=schedule.frame_index,
        media_sample=schedule.media_sample,
        landmarks=landmarks,
        blendshapes=weights,
        head=head,
        eye_rotation_rad=eyes,
        speech=motion.speech * controls.rest_factor,
        unposed_landmarks=unposed,
        shown_gaze_rad=shown,
        saccade_offset_rad=offset,
        lids=lids,
        features=owners.features,
        keypoints=np.zeros((len(owners.row), 0, 3), np.float32),
        tongue=tongue_stage.driven_tongue(tongue, motion.known, weights),
    )


def _solve(
    rig: Rig, groups: Sequence[IdentityGroup], state: RigState, schedule: FrameSchedule, landmarks: Floats
) -> tuple[RigState, Floats, Floats]:
    """The rig's new state, weights and eyes: those of one identity together, each stream from frame to frame."""
    last_turn = int(schedule.turn.max())
    if len(state.warm) == 1:
        return rig.follow(groups[0].identity, state, landmarks)
    if len(groups) == 1 and not last_turn:
        return rig.solve(groups[0].identity, state, landmarks)
    state = take(state, np.arange(len(state.warm)))
    stream = np.cumsum(schedule.turn == 0) - 1
    weights, eyes = np.empty((len(landmarks), N_SHAPES), np.float32), np.empty((len(landmarks), 2, 2), np.float32)
    for turn in range(last_turn + 1):
        for group in groups:
            now = group.frames[schedule.turn[group.frames] == turn]
            if now.size:
                before = take(state, stream[now])
                after, weights[now], eyes[now] = rig.solve(group.identity, before, landmarks[now])
                put(state, stream[now], after)
    return state, weights, eyes
