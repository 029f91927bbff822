"""Draws a baked line spoken by the head of NASA's portrait, by plain shading: motion and closures, no renderer needed.

space-runtime bake space_runtime/assets/line.flac --fps 12 --formats json --emotion happy=0.4 --out spoken
python docs/film_head.py spoken/line.json docs/head.webp
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from engine_bridge.formats.clip import Clip
from engine_bridge.formats.flat_json import read_json
from space_runtime.arrays import Floats, Pixels
from space_runtime.assets import PORTRAIT
from space_runtime.geometry import rotation_matrix
from space_runtime.head.meshes import Mesh, eye_mesh, lash_mesh, skin_mesh, vertex_normals
from space_runtime.head.model import FaceModel, load_model
from space_runtime.head.npc_glb import HEAD
from space_runtime.head.picture_fields import sample
from space_runtime.head.portrait_head import PortraitHead, head_of
from space_runtime.head.raster import rasterise
from space_runtime.head.rest import SIDES
from space_runtime.head.shapes import arkit_shapes
from space_runtime.portrait.portrait import open_portrait

SIZE = (672, 560)
"""Rows and columns that are drawn; half as many are shown."""
DISTANCE_CM, MIDDLE_CM, ZOOM = 75.0, np.array([0.0, 0.5, 0.0]), 20.0
YAW = 0.25
LIGHTS = ((np.array([0.45, 0.5, 0.75]), 0.62), (np.array([-0.8, 0.1, 0.45]), 0.22))
AMBIENT = 0.36
GREY = (172, 177, 183)


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A mesh with its picture. shapes: (52, n, 3), None for what no shape moves. eye: which one it is, −1 for none.

    centre: (3,) of the eye, cm.
    """

    mesh: Mesh
    picture: Pixels
    shapes: Floats | None = None
    eye: int = -1
    centre: Floats | None = None


def layers_of(model: FaceModel, head: PortraitHead) -> list[Layer]:
    """Return the meshes of a head, what lets light through last."""
    fitted, texture = head.fitted, head.texture
    shapes = arkit_shapes(model, fitted)
    skin, lashes, atlas = skin_mesh(model, fitted), lash_mesh(model, fitted), texture.skin
    layers = [Layer(skin, atlas, shapes[:, skin.source])]
    for eye, ((_, ball, _), centre) in enumerate(zip(SIDES, fitted.eye_centres, strict=True)):
        layers.append(Layer(eye_mesh(model, fitted, ball, centre), atlas, None, eye, centre))
    if (hair := texture.hair) is not None:
        nothing = np.zeros(len(hair.vertices), np.int64)
        layers.append(Layer(Mesh(hair.vertices, hair.normals, hair.uv, hair.triangles, nothing), hair.rgba))
    return [*layers, Layer(lashes, texture.lashes, shapes[:, lashes.source])]


def draw(layers: list[Layer], clip: Clip, number: int) -> Pixels:
    """Return the picture of a frame."""
    assert clip.blendshapes is not None and clip.head_rotation_rad is not None and clip.eye_rotation_rad is not None
    head = rotation_matrix(clip.head_rotation_rad[number].astype(np.float32))
    camera = rotation_matrix(np.array([-YAW, 0.0, 0.0], np.float32))
    picture = np.full((*SIZE, 3), GREY, np.float32)
    nearest = np.full(SIZE, -np.inf, np.float32)
    for layer in layers:
        points = layer.mesh.positions.astype(np.float64)
        if layer.shapes is not None:
            points = points + np.tensordot(clip.blendshapes[number], layer.shapes, 1)
        if layer.centre is not None:
            yaw, pitch = clip.eye_rotation_rad[number, layer.eye]
            points = points @ rotation_matrix(np.array([yaw, pitch, 0], np.float32)).T + layer.centre
        points = ((points - HEAD) @ head.T + HEAD - MIDDLE_CM) @ camera.T
        for towards in (-1, 1):  # what is turned away first: it shows through what lets light through
            _compose(picture, nearest, layer, points.astype(np.float32), towards)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _compose(picture: Floats, nearest: Floats, layer: Layer, points: Floats, towards: int) -> None:
    """Draw the triangles of a layer that look to the viewer, 1, or away, −1, over what lies behind them.

    points: (n, 3) in the camera's axes.
    """
    corners = layer.mesh.triangles
    normals = vertex_normals(points, corners)
    depth = 1 / (DISTANCE_CM - points[:, 2])
    flat = points[:, :2] * depth[:, None] * DISTANCE_CM * ZOOM * [1, -1] + np.array(SIZE[::-1]) / 2
    a, b, c = (flat[corners[:, k]] for k in range(3))
    area = (c - a)[:, 0] * (b - a)[:, 1] - (c - a)[:, 1] * (b - a)[:, 0]
    corners = corners[area * towards > 0]
    drawn = rasterise(flat.astype(np.float32), corners, SIZE, depth)
    shown = drawn.covered & (drawn.depth > nearest)
    at, weights = corners[drawn.triangle[shown]], drawn.weights[shown][..., None]
    uv = (layer.mesh.uv[at] * weights).sum(1) * np.array(layer.picture.shape[1::-1]) - 0.5
    colour = sample(layer.picture.astype(np.float32), uv.astype(np.float32))
    facing = (normals[at] * weights).sum(1)
    facing *= np.where(facing[:, 2:] < 0, -1, 1)
    light = AMBIENT + sum(power * np.clip(facing @ way / np.linalg.norm(way), 0, None) for way, power in LIGHTS)
    alpha = colour[:, 3:] / 255 if colour.shape[1] == 4 else np.ones((len(colour), 1))
    lit = np.clip(colour[:, :3] * np.asarray(light)[:, None], 0, 255)
    picture[shown] += alpha * (lit - picture[shown])
    solid = np.flatnonzero(shown.ravel())[alpha[:, 0] > 0.5]
    nearest.reshape(-1)[solid] = drawn.depth.reshape(-1)[solid]


def main(line: Path, out: Path) -> None:
    """Write the moving picture of a line."""
    clip = read_json(line.read_bytes(), line.name)
    model = load_model()
    layers = layers_of(model, head_of(open_portrait(PORTRAIT)))
    frames = [Image.fromarray(draw(layers, clip, number)).reduce(2) for number in range(clip.n_frames)]
    duration = round(1000 / float(clip.fps))
    frames[0].save(out, save_all=True, append_images=frames[1:], duration=duration, loop=0, quality=70, method=4)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
