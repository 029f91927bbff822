"""Pictures from keypoints: the generator seam and the embedded generator.

A generator prepares a portrait once and then renders pictures from driving keypoints alone. The embedded one moves the
photo on a mesh, draws eyeballs under the lids and the inside of the mouth under the lips; it needs one CPU core.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from space_runtime.arrays import Floats, Pixels
from space_runtime.inference.bundle import Bundle
from space_runtime.inference.network import Network
from space_runtime.portrait.portrait import Portrait
from space_runtime.rendering.warp.eyes import Eye, draw_eye, prepare_eye, shut_lids
from space_runtime.rendering.warp.mesh import FaceMesh, build_mesh, move
from space_runtime.rendering.warp.mouth import Mouth, draw_mouth, prepare_mouth
from space_runtime.rendering.warp.scene import Scene, backward_map, draw_scene, prepare_scene


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """What the embedded generator prepared from a portrait."""

    photo: Pixels
    mesh: FaceMesh
    scene: Scene
    eyes: tuple[Eye, ...]
    mouth: Mouth


class Generator(Protocol):
    """Pictures from a portrait and driving keypoints."""

    def prepare(self, portrait: Portrait) -> Appearance:
        """Return everything that is computed once per portrait."""
        ...

    def render(self, appearance: Appearance, keypoints: Floats) -> Pixels:
        """Return the (512, 512, 3) RGB picture for (160, 3) keypoints in pixels, project axes."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class WarpGenerator:
    """The embedded generator. triangles, mesh_from_keypoints: of ``warp.npz``; decoder: of the mouth's inside."""

    triangles: NDArray[np.int32]
    mesh_from_keypoints: Floats
    decoder: Network | None = None

    def prepare(self, portrait: Portrait) -> Appearance:
        """Return the portrait's mesh, layers, eyes and mouth."""
        mesh = build_mesh(portrait.mesh, self.triangles, self.mesh_from_keypoints)
        photo = portrait.image
        eyes = (prepare_eye(photo, mesh, 0), prepare_eye(photo, mesh, 1))
        return Appearance(
            photo, mesh, prepare_scene(photo, portrait.matte, mesh), eyes, prepare_mouth(photo, mesh, self.decoder)
        )

    def render(self, appearance: Appearance, keypoints: Floats) -> Pixels:
        """Return the picture. Pure: equal keypoints give equal pixels; the portrait's own give the photo."""
        mesh = appearance.mesh
        moved = shut_lids(mesh, appearance.eyes, move(mesh, keypoints))
        back = backward_map(appearance.scene, mesh, moved)
        picture = draw_scene(appearance.scene, back)
        for which, eye in enumerate(appearance.eyes):
            draw_eye(picture, back, mesh, moved, eye, which)
        draw_mouth(picture, appearance.photo, mesh, moved, appearance.mouth)
        return picture


def load_generator(bundle: Bundle) -> WarpGenerator:
    """Return the embedded generator of a bundle. Raises `BundleError` when one of its files is missing."""
    arrays = bundle.arrays("warp")
    return WarpGenerator(
        arrays["triangles"].astype(np.int32),
        arrays["mesh_from_keypoints"].astype(np.float32),
        bundle.network("mouth_decoder") if bundle.has("mouth_decoder") else None,
    )
