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
from space_runtime.inference.bundle import Bundle
from space_runtime.inference.network import Network
from space_runtime.portrait.portrait import Portrait
from space_runtime.rendering.generator import Driving, turns
from space_runtime.rendering.warp import latents
from space_runtime.rendering.warp.eyes import Eye, draw_eye, prepare_eye, shut_lids
from space_runtime.rendering.warp.keypoints import KEYPOINTS, N_KEYPOINTS
from space_runtime.rendering.warp.mesh import FaceMesh, build_mesh, move
from space_runtime.rendering.warp.mouth import Mouth, draw_mouth, prepare_mouth
from space_runtime.rendering.warp.palette import photo_palette
from space_runtime.rendering.warp.scene import Scene, backward_map, draw_scene, prepare_scene

KEYPOINT_NAMES: Final = tuple(f"mediapipe_{point}" for point in KEYPOINTS)


@dataclass(frozen=True, slots=True, eq=False)
class WarpAppearance:
    """Everything that the embedded generator prepares from a portrait.

    photo: (512, 512, 3). keypoints: (160, 3) at rest, normalised, as Landmarks2Latents wants them.
    """

    photo: Pixels
    keypoints: Floats
    mesh: FaceMesh
    scene: Scene
    eyes: tuple[Eye, ...]
    mouth: Mouth


@dataclass(frozen=True, slots=True, eq=False)
class WarpGenerator:
    """The embedded generator, a `Generator[WarpAppearance, Floats]`.

    triangles: (T, 3) and mesh_from_keypoints: (478, 160), of ``warp.npz``. latents: Landmarks2Latents. decoder: of the
    mouth's inside.
    """

    triangles: NDArray[np.int32]
    mesh_from_keypoints: Floats
    latents: Network
    decoder: Network

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
        mesh = build_mesh(portrait.mesh, self.triangles, self.mesh_from_keypoints)
        palette = photo_palette(photo, mesh.source)
        return WarpAppearance(
            photo=photo,
            keypoints=latents.resting_keypoints(portrait.mesh),
            mesh=mesh,
            scene=prepare_scene(photo, portrait.matte),
            eyes=(prepare_eye(photo, mesh, 0, palette), prepare_eye(photo, mesh, 1, palette)),
            mouth=prepare_mouth(photo, mesh, self.decoder, palette),
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
            )
            for stream, state in zip(streams, new, strict=True):
                after[stream] = state
        return after, keypoints

    def render(self, appearance: WarpAppearance, keypoints: Floats) -> Pixels:
        """Return (F, 512, 512, 3); the portrait's own keypoints give the photo."""
        return np.stack([_picture(appearance, points) for points in keypoints])


def _picture(appearance: WarpAppearance, keypoints: Floats) -> Pixels:
    mesh = appearance.mesh
    moved = shut_lids(mesh, appearance.eyes, move(mesh, keypoints))
    back = backward_map(appearance.scene, mesh, moved)
    picture = draw_scene(appearance.scene, back)
    for which, eye in enumerate(appearance.eyes):
        draw_eye(picture, back, mesh, moved, eye, which)
    draw_mouth(picture, appearance.photo, mesh, moved, appearance.mouth)
    return picture


def load_warp_generator(bundle: Bundle) -> WarpGenerator:
    """Return the embedded generator of a bundle. Raises `BundleError` when one of its files is missing.

    ``warp.npz`` also holds ``keypoints_from_landmarks``, which only the training of Landmarks2Latents reads.
    """
    arrays = bundle.arrays("warp")
    return WarpGenerator(
        triangles=arrays["triangles"].astype(np.int32),
        mesh_from_keypoints=arrays["mesh_from_keypoints"].astype(np.float32),
        latents=bundle.network("landmarks2latents"),
        decoder=bundle.network("mouth_decoder"),
    )
