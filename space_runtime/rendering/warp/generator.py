"""The embedded generator: it moves the photo on a mesh, draws eyeballs under the lids and the inside of the mouth
under the lips. One CPU core is enough.

Its keypoints are points of MediaPipe's mesh in the portrait's pixels, project axes; its pictures are as large as the
portrait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Floats, Pixels
from space_runtime.geometry import picture_points
from space_runtime.inference.bundle import Bundle
from space_runtime.inference.network import Network
from space_runtime.portrait.fitted_mesh import RELIEF
from space_runtime.portrait.portrait import Portrait
from space_runtime.rendering.generator import Driving, turns
from space_runtime.rendering.warp import latents
from space_runtime.rendering.warp.cutout import Cutout, cut_out, prepare_cutout
from space_runtime.rendering.warp.eyes import Eye, draw_eyes, prepare_eye, shut_lids
from space_runtime.rendering.warp.folds import FoldModel, Folds, draw_folds, load_folds, prepare_folds
from space_runtime.rendering.warp.keypoints import KEYPOINTS, N_KEYPOINTS
from space_runtime.rendering.warp.lip_line import Refit, closing, refitted, tucked
from space_runtime.rendering.warp.mesh import FaceMesh, build_mesh, move
from space_runtime.rendering.warp.mouth import Mouth, draw_mouth, prepare_mouth
from space_runtime.rendering.warp.own_teeth import classes
from space_runtime.rendering.warp.palette import photo_palette
from space_runtime.rendering.warp.redrawn import Redrawn, around_still, redrawn
from space_runtime.rendering.warp.scene import Backward, Scene, backward_map, draw_scene, prepare_scene
from space_runtime.rendering.warp.worn import Worn, put_on, take_off

N_MESH: Final = 478
OUTLINE: Final = 2.0
"""Pixels by which the contour of a drawn face lies inside of its inked outline."""
KEYPOINT_NAMES: Final = tuple(f"mediapipe_{point}" for point in KEYPOINTS)


@dataclass(frozen=True, slots=True, eq=False)
class WarpAppearance:
    """Everything that the embedded generator prepares from a portrait.

    photo: (s, s, 3). keypoints: (160, 3) at rest, normalised, as Landmarks2Latents wants them. folds: None where
    the bundle has none, and for a drawing. drawn: how the keypoints move a drawing, None for a photo. eyes: none behind
    dark glass. lips: how their line was put to the photo's teeth, None where none show. worn: spectacles, None without.
    cutout: None where the background is shown.
    """

    photo: Pixels
    keypoints: Floats
    drawn: Redrawn | None
    mesh: FaceMesh
    scene: Scene
    folds: Folds | None
    eyes: tuple[Eye, ...]
    lips: Refit | None
    mouth: Mouth
    worn: Worn | None
    cutout: Cutout | None


@dataclass(frozen=True, slots=True, eq=False)
class WarpGenerator:
    """The embedded generator, a `Generator[WarpAppearance, Floats]`.

    triangles: (T, 3) and mesh_from_keypoints: (478, 160), of ``warp.npz``. latents: Landmarks2Latents. folds: None
    where the bundle has none.
    """

    triangles: NDArray[np.int32]
    mesh_from_keypoints: Floats
    latents: Network
    folds: FoldModel | None = None

    @property
    def keypoint_names(self) -> tuple[str, ...]:
        """The 160 keypoints, each by the number of its MediaPipe point."""
        return KEYPOINT_NAMES

    def picture_size(self, appearance: WarpAppearance) -> tuple[int, int]:
        """Return (height, width) of the photo."""
        height, width = appearance.photo.shape[:2]
        return height, width

    def prepare(self, portrait: Portrait) -> WarpAppearance:
        """Return the portrait's keypoints, mesh, layers, eyes and mouth."""
        photo = portrait.image
        is_drawn = portrait.stand_in is not None
        relief, inset = (RELIEF, OUTLINE * portrait.fine) if is_drawn else (1.0, 0.0)
        mesh = build_mesh(portrait.mesh, self.triangles, self.mesh_from_keypoints, relief, inset)
        points = picture_points(portrait.mesh)
        palette = photo_palette(photo, mesh.source)
        teeth = None if is_drawn else classes(photo, mesh.source)
        mesh, lips = (mesh, None) if teeth is None else refitted(mesh, teeth)
        drawn = None if portrait.stand_in is None else redrawn(portrait.stand_in, mesh.normalised[:N_MESH])
        mesh = around_still(mesh, drawn) if drawn else mesh
        bare, worn = (photo, None) if is_drawn else take_off(photo, mesh)
        seen = () if worn and worn.dark else (0, 1)
        scene = prepare_scene(bare, portrait.matte, mesh, portrait.fine, is_drawn)
        return WarpAppearance(
            photo=photo,
            keypoints=drawn.acted if drawn else latents.resting_keypoints(portrait.mesh),
            drawn=drawn,
            mesh=mesh,
            scene=scene,
            folds=prepare_folds(self.folds, bare, points, self.triangles) if self.folds and not drawn else None,
            eyes=tuple(prepare_eye(bare, mesh, eye, palette, is_drawn) for eye in seen),
            lips=lips,
            mouth=prepare_mouth(photo, mesh, palette, teeth, is_drawn),
            worn=worn,
            cutout=prepare_cutout(bare, scene.layers, portrait.fine) if portrait.transparent else None,
        )

    def initial_state(self, appearance: WarpAppearance) -> Floats:
        """Return the (hidden,) state of Landmarks2Latents before the first frame."""
        return latents.initial_state(self.latents)

    def keypoints(
        self, appearances: Sequence[WarpAppearance], states: Sequence[Floats], driving: Driving
    ) -> tuple[list[Floats], Floats]:
        """Return the states and (F, 160, 3) keypoints in pixels; see `Generator.keypoints`."""
        after = list(states)
        keypoints = np.empty((len(driving.stream), N_KEYPOINTS, 3), np.float32)
        for frames in turns(driving.stream):
            streams = driving.stream[frames].tolist()
            new, keypoints[frames] = latents.step(
                self.latents,
                np.stack([after[stream] for stream in streams]),
                driving.landmarks[frames],
                driving.features[frames],
                np.stack([appearances[stream].keypoints for stream in streams]),
                driving.emotion[frames],
                [appearances[stream].drawn for stream in streams],
            )
            for stream, state in zip(streams, new, strict=True):
                after[stream] = state
        return after, keypoints

    def render(self, appearance: WarpAppearance, keypoints: Floats) -> Pixels:
        """Return (F, s, s, 3), or 4 without the background; the portrait's own keypoints give the photo."""
        n_channels = 4 if appearance.cutout else 3
        pictures = np.empty((len(keypoints), *appearance.photo.shape[:2], n_channels), np.uint8)
        for picture, points in zip(pictures, keypoints, strict=True):
            _draw(picture, appearance, points)
        return pictures


def _draw(picture: Pixels, appearance: WarpAppearance, keypoints: Floats) -> None:
    """Draw a frame into (s, s, 3), or 4 without the background."""
    if appearance.cutout is None:
        _draw_before_background(picture, appearance, keypoints)
        return
    whole = np.empty((*picture.shape[:2], 3), np.uint8)
    backward = _draw_before_background(whole, appearance, keypoints)
    picture[:] = cut_out(whole, appearance.cutout, backward)


def _draw_before_background(picture: Pixels, appearance: WarpAppearance, keypoints: Floats) -> Backward:
    """Draw a frame into (s, s, 3); return where its colours come from."""
    mesh = appearance.mesh
    moved = move(mesh, keypoints)
    moved = shut_lids(mesh, appearance.eyes, moved) if appearance.eyes else moved
    if appearance.lips:
        moved = closing(moved, appearance.lips)
        mesh = tucked(mesh, moved, appearance.lips)
    backward = backward_map(appearance.scene, mesh, moved)
    draw_scene(picture, appearance.scene, backward)
    if appearance.folds:
        points = picture_points(moved.vertices[:N_MESH])
        draw_folds(picture, appearance.folds, backward.parts, points, moved.expression)
    if appearance.eyes:
        draw_eyes(picture, mesh, moved, appearance.eyes)
    if appearance.worn:
        put_on(picture, appearance.worn, mesh, moved)
    draw_mouth(picture, appearance.photo, mesh, moved, appearance.mouth)
    return backward


def load_warp_generator(bundle: Bundle) -> WarpGenerator:
    """Return the embedded generator of a bundle. Raises `BundleError` when one of its files is missing.

    ``warp.npz`` also holds ``keypoints_from_landmarks``, which only the training of Landmarks2Latents reads.
    """
    arrays = bundle.arrays("warp")
    return WarpGenerator(
        triangles=arrays["triangles"].astype(np.int32),
        mesh_from_keypoints=arrays["mesh_from_keypoints"].astype(np.float32),
        latents=bundle.network("landmarks2latents"),
        folds=load_folds(bundle),
    )
