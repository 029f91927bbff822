"""Pictures of the head of a portrait under known weights, pose and gaze: a pinhole camera, textures, plain light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats, Pixels
from space_runtime.geometry import rotation_matrix
from space_runtime.head.meshes import Mesh, eye_mesh, lash_mesh, skin_mesh, vertex_normals
from space_runtime.head.model import load_model
from space_runtime.head.npc_glb import HEAD
from space_runtime.head.picture_fields import sample
from space_runtime.head.portrait_head import head_of
from space_runtime.head.raster import rasterise
from space_runtime.head.rest import SIDES
from space_runtime.head.shapes import arkit_shapes
from space_runtime.portrait.portrait import Portrait

LIGHTS: Final = ((np.array([0.45, 0.5, 0.75]), 0.62), (np.array([-0.8, 0.1, 0.45]), 0.22))
AMBIENT: Final = 0.36
GREY: Final = (172, 177, 183)


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole that looks along -z at the middle between the eyes of a head at rest.

    size: rows and columns. distance_cm: to that middle. focal: pixels. yaw_rad: by which it stands to the head's left.
    """

    size: tuple[int, int]
    distance_cm: float
    focal: float
    yaw_rad: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A face at one moment. weights: (52,). rotation_rad: (3,) yaw, pitch, roll about the neck. shift_cm: (3,).

    eyes_rad: (2, 2) yaw, pitch of the left and the right eye.
    """

    weights: Floats
    rotation_rad: Floats
    shift_cm: Floats
    eyes_rad: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A mesh with its picture. shapes: (52, n, 3), None for what no shape moves. eye: which one it is, −1 for none.

    centre: (3,) of the eye, cm.
    """

    mesh: Mesh
    picture: Floats
    shapes: Floats | None = None
    eye: int = -1
    centre: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DrawnHead:
    """The meshes of a head, what lets light through last. middle: (3,) between the eyes, cm."""

    layers: tuple[Layer, ...]
    middle: Doubles

    @classmethod
    def of_portrait(cls, portrait: Portrait) -> DrawnHead:
        """Return the head of a portrait."""
        model, head = load_model(), head_of(portrait)
        fitted, texture = head.fitted, head.texture
        shapes = arkit_shapes(model, fitted)
        skin, lashes = skin_mesh(model, fitted), lash_mesh(model, fitted)
        atlas = texture.skin.astype(np.float32)
        layers = [Layer(skin, atlas, shapes[:, skin.source])]
        for eye, ((_, ball, _), centre) in enumerate(zip(SIDES, fitted.eye_centres, strict=True)):
            layers.append(Layer(eye_mesh(model, fitted, ball, centre), atlas, None, eye, centre))
        if (hair := texture.hair) is not None:
            nothing = np.zeros(len(hair.vertices), np.int64)
            mesh = Mesh(hair.vertices, hair.normals, hair.uv, hair.triangles, nothing)
            layers.append(Layer(mesh, hair.rgba.astype(np.float32)))
        layers.append(Layer(lashes, texture.lashes.astype(np.float32), shapes[:, lashes.source]))
        return cls(tuple(layers), fitted.eye_centres.mean(0).astype(np.float64))

    def draw(self, shown: Shown, camera: Camera, background: Pixels | None = None) -> Pixels:
        """Return the (rows, columns, 3) picture of a moment."""
        turn = rotation_matrix(shown.rotation_rad)
        aside = rotation_matrix(np.array([-camera.yaw_rad, 0, 0], np.float32))
        plain = np.full((*camera.size, 3), GREY, np.float32)
        picture = plain if background is None else background.astype(np.float32)
        nearest = np.full(camera.size, -np.inf, np.float32)
        for layer in self.layers:
            points = _moved(layer, shown)
            points = ((points - HEAD) @ turn.T + HEAD - self.middle + shown.shift_cm) @ aside.T
            for towards in (-1, 1):  # what is turned away first: it shows through what lets light through
                _compose(picture, nearest, layer, points.astype(np.float32), camera, towards)
        return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _moved(layer: Layer, shown: Shown) -> Doubles:
    """Return (n, 3) places of a layer's vertices under weights and gaze."""
    points = layer.mesh.positions.astype(np.float64)
    if layer.shapes is not None:
        points = points + np.tensordot(shown.weights, layer.shapes, 1)
    if layer.centre is not None:
        yaw, pitch = shown.eyes_rad[layer.eye]
        points = points @ rotation_matrix(np.array([yaw, pitch, 0], np.float32)).T + layer.centre
    return points


def _compose(picture: Floats, nearest: Floats, layer: Layer, points: Floats, camera: Camera, towards: int) -> None:
    """Draw the triangles of a layer that look to the viewer, 1, or away, −1, over what lies behind them.

    points: (n, 3) in the camera's axes.
    """
    corners = layer.mesh.triangles
    normals = vertex_normals(points, corners)
    depth = 1 / (camera.distance_cm - points[:, 2])
    flat = points[:, :2] * depth[:, None] * camera.focal * [1, -1] + np.array(camera.size[::-1]) / 2
    a, b, c = (flat[corners[:, k]] for k in range(3))
    area = (c - a)[:, 0] * (b - a)[:, 1] - (c - a)[:, 1] * (b - a)[:, 0]
    corners = corners[area * towards > 0]
    drawn = rasterise(flat.astype(np.float32), corners, camera.size, depth.astype(np.float32))
    shown = drawn.covered & (drawn.depth > nearest)
    at, weights = corners[drawn.triangle[shown]], drawn.weights[shown][..., None]
    uv = (layer.mesh.uv[at] * weights).sum(1) * np.array(layer.picture.shape[1::-1]) - 0.5
    colour = sample(layer.picture, uv.astype(np.float32))
    facing = (normals[at] * weights).sum(1)
    facing *= np.where(facing[:, 2:] < 0, -1, 1)
    light = AMBIENT + sum(power * np.clip(facing @ way / np.linalg.norm(way), 0, None) for way, power in LIGHTS)
    alpha = colour[:, 3:] / 255 if colour.shape[1] == 4 else np.ones((len(colour), 1))
    lit = np.clip(colour[:, :3] * np.asarray(light)[:, None], 0, 255)
    picture[shown] += alpha * (lit - picture[shown])
    solid = np.flatnonzero(shown.ravel())[alpha[:, 0] > 0.5]
    nearest.reshape(-1)[solid] = drawn.depth.reshape(-1)[solid]
