"""Draws the head of NASA's portrait with Blender: a contact sheet.

    space-runtime portrait space_runtime/assets/portrait.png --glb npc.glb
    BLENDER_PYTHON docs/draw_head.py sheet npc.glb FOLDER [SIDE]      # the views, as PNG
    python docs/draw_head.py join FOLDER docs/head.jpg                # the sheet

BLENDER_PYTHON is a Python that has bpy.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

VIEWS = (
    ("rest", -60),
    ("rest", -30),
    ("rest", 0),
    ("rest", 30),
    ("rest", 90),
    ("jaw open", 15),
    ("smile", 0),
    ("blink", 0),
    ("gaze left", 0),
    ("sad", -20),
)
SIDES = ("Left", "Right")
EXPRESSIONS: dict[str, dict[str, float]] = {
    "rest": {},
    "jaw open": {"jawOpen": 0.6},
    "smile": {f"{name}{side}": value for side in SIDES for name, value in (("mouthSmile", 0.8), ("cheekSquint", 0.5))},
    "blink": {f"eyeBlink{side}": 1.0 for side in SIDES},
    "gaze left": {"eyeLookOutLeft": 0.6, "eyeLookInRight": 0.6},
    "sad": {"browInnerUp": 0.7, "mouthShrugLower": 0.3}
    | {f"{name}{side}": value for side in SIDES for name, value in (("mouthFrown", 0.7), ("eyeSquint", 0.25))},
}
GAZE_DEG = 22.0
SAMPLES = 16
"""Rays a pixel."""


def draw_sheet(glb: Path, folder: Path, side: int) -> None:
    """Render every view as ``NN.png``."""
    import bpy  # type: ignore[import-not-found]

    scene = open_scene(glb, side)
    keys = next(
        thing.data.shape_keys.key_blocks for thing in bpy.data.objects if getattr(thing.data, "shape_keys", None)
    )
    eyes = [bpy.data.objects[f"{name}Eye"] for name in SIDES]
    rests = [eye.matrix_basis.copy() for eye in eyes]
    for number, (name, yaw) in enumerate(VIEWS):
        for key in keys[1:]:
            key.value = EXPRESSIONS[name].get(key.name, 0.0)
        for eye, rest in zip(eyes, rests, strict=True):
            turn = rotation(GAZE_DEG if name == "gaze left" else 0.0)
            eye.matrix_basis = rest @ turn
        look_from(scene, yaw)
        scene.render.filepath = str(folder / f"{number:02d}.png")
        bpy.ops.render.render(write_still=True)


def rotation(degrees: float) -> object:
    """Return a turn about Blender's upward axis."""
    import mathutils  # type: ignore[import-not-found]

    return mathutils.Matrix.Rotation(math.radians(degrees), 4, "Z")


def open_scene(glb: Path, side: int) -> object:
    """Import a head into an empty scene with a camera and three lights."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps = 30
    bpy.ops.import_scene.gltf(filepath=str(glb))
    scene.render.engine, scene.cycles.device = "CYCLES", "CPU"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.max_bounces = SAMPLES, True, 3
    scene.cycles.transparent_max_bounces = 12
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.resolution_x, scene.render.resolution_y = side, int(side * 1.2)
    scene.view_settings.view_transform = "Standard"
    scene.world = bpy.data.worlds.new("grey")
    scene.world.use_nodes = True
    background = scene.world.node_tree.nodes["Background"]
    background.inputs[0].default_value, background.inputs[1].default_value = (0.55, 0.58, 0.62, 1), 0.75
    for place, power, size in (((0.5, -0.9, 0.6), 9, 0.4), ((-0.8, -0.5, 0.2), 3, 0.5), ((-0.2, 0.8, 0.6), 5, 0.5)):
        light = bpy.data.objects.new("light", bpy.data.lights.new("light", "AREA"))
        light.data.energy, light.data.size, light.location = power, size, place
        light.rotation_euler = towards(place).to_euler()
        scene.collection.objects.link(light)
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.camera.data.lens = 70
    scene.collection.objects.link(scene.camera)
    return scene


def towards(place: tuple[float, float, float]) -> object:
    """Return the rotation of a thing at ``place`` that looks at the head."""
    import mathutils

    return (mathutils.Vector((0, -0.02, 0.01)) - mathutils.Vector(place)).to_track_quat("-Z", "Y")


def look_from(scene: object, yaw: float) -> None:
    """Put the camera beside the head: 0 in front, positive on its left."""
    angle = math.radians(yaw)
    place = (0.76 * math.sin(angle), -0.76 * math.cos(angle), 0.03)
    camera = scene.camera  # type: ignore[attr-defined]
    camera.location, camera.rotation_euler = place, towards(place).to_euler()  # type: ignore[attr-defined]


def join(folder: Path, sheet: Path) -> None:
    """Put the views side by side, five a row, with their names."""
    from PIL import Image, ImageDraw

    pictures = [Image.open(folder / f"{number:02d}.png").convert("RGB") for number in range(len(VIEWS))]
    width, height = pictures[0].size
    whole = Image.new("RGB", (width * 5, height * 2))
    for number, (picture, (name, yaw)) in enumerate(zip(pictures, VIEWS, strict=True)):
        ImageDraw.Draw(picture).text((8, 6), name if yaw == 0 else f"{name}, {yaw}°", fill=(20, 20, 20))
        whole.paste(picture, (number % 5 * width, number // 5 * height))
    whole.save(sheet, quality=86)


def main(what: str, source: Path, target: Path, side: int = 360) -> None:
    """Do one of the things above."""
    if what == "sheet":
        target.mkdir(parents=True, exist_ok=True)
        draw_sheet(source, target, side)
    else:
        join(source, target)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *map(int, sys.argv[4:]))
