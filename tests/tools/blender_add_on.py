"""Installs the add-on in Blender's Python and imports clips: ``python blender_add_on.py ADD_ON RIG N FILE…``.

Prints as JSON, of each file: the weights of the shape keys and the directions of head and eyes at N
frames of 30 a second, the sound strips and the last frame, or the error. A ``.blender.py`` is run, not imported.
"""

import json
import sys

import bpy  # type: ignore[import-not-found]
from mathutils import Quaternion, Vector  # type: ignore[import-not-found]


def fresh(rig: str) -> object:
    """Import a rig into an empty scene and return its mesh, selected."""
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.context.scene.render.fps = 30
    bpy.ops.import_scene.gltf(filepath=rig)
    mesh = next(thing for thing in bpy.data.objects if thing.type == "MESH")
    bpy.ops.object.select_all(action="DESELECT")
    mesh.select_set(True)
    bpy.context.view_layer.objects.active = mesh
    return mesh


def rotation(name: str) -> list[list[float]]:
    """The directions of a node: the images of its model's left, up and front, each from where it was at rest."""
    thing = bpy.data.objects[name]
    now = thing.matrix_world.to_quaternion() @ RESTS[name].inverted()  # type: ignore[attr-defined]
    return [list(now @ Vector(axis)) for axis in ((1, 0, 0), (0, 0, 1), (0, -1, 0))]


RESTS: dict[str, object] = {}


def shown(mesh: object, n: int) -> dict[str, object]:
    """Return what is seen at n frames."""
    weights, heads, eyes = [], [], []
    for frame in range(1, n + 1):
        bpy.context.scene.frame_set(frame)
        weights.append([block.value for block in mesh.data.shape_keys.key_blocks[1:]])  # type: ignore[attr-defined]
        heads.append(rotation("Head"))
        eyes.append(rotation("LeftEye"))
    return {"weights": weights, "heads": heads, "eyes": eyes}


def taken(rig: str, file: str, n: int) -> dict[str, object]:
    """Import a file on a rig and return what came of it."""
    mesh = fresh(rig)
    for name in ("Head", "LeftEye"):
        RESTS[name] = bpy.data.objects[name].matrix_world.to_quaternion()
    done = {"FINISHED"}
    try:
        if file.endswith(".blender.py"):
            with open(file, encoding="utf-8") as text:
                exec(compile(text.read(), file, "exec"), {"__name__": "__main__"})
        else:
            done = bpy.ops.import_anim.space_clip(filepath=file)
            if file.endswith(".npz"):  # a second time, from a head that is turned
                bpy.context.scene.frame_set(20)
                bpy.ops.import_anim.space_clip(filepath=file, sound=False)
    except RuntimeError as error:
        return {"error": str(error)}
    editor = bpy.context.scene.sequence_editor
    strips = getattr(editor, "strips", None) or getattr(editor, "sequences", None) or ()
    sounds = [[strip.name, strip.frame_final_start] for strip in strips]
    end = bpy.context.scene.frame_end
    return {**shown(mesh, n), "done": list(done), "sounds": sounds, "end": end}


def on_bones(file: str, n: int) -> dict[str, object]:
    """Import a file on a skeleton with the axes of FBX files, turned about in the scene; return what its bones show."""
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.context.scene.render.fps = 30
    turned = Quaternion((0, 0, 1), 0.7)
    skeleton = bpy.data.objects.new("Armature", bpy.data.armatures.new("Armature"))
    bpy.context.scene.collection.objects.link(skeleton)
    skeleton.rotation_mode = "QUATERNION"
    skeleton.rotation_quaternion = turned @ Quaternion((1, 0, 0), 1.5707963)
    skeleton.scale = (0.01, 0.01, 0.01)
    bpy.context.view_layer.objects.active = skeleton
    bpy.ops.object.mode_set(mode="EDIT")
    bones: dict[str, object] = {}
    for name, parent, tail in (("Head", "", (0.3, 1, 0.2)), ("CC_Base_L_Eye", "Head", (0.1, 0.2, 1))):
        bone = bones[name] = skeleton.data.edit_bones.new(name)
        bone.tail, bone.roll, bone.parent = tail, 0.5, bones[parent] if parent else None
    bpy.ops.object.mode_set(mode="OBJECT")
    mesh = bpy.data.objects.new("Face", bpy.data.meshes.new("Face"))
    bpy.context.scene.collection.objects.link(mesh)
    mesh.data.from_pydata([(0, 0, 0)], [], [])
    mesh.shape_key_add(name="Basis")
    mesh.shape_key_add(name="jawOpen")
    mesh.parent = skeleton
    mesh.select_set(True)
    skeleton.select_set(False)
    bpy.ops.import_anim.space_clip(filepath=file, sound=False)
    bpy.context.scene.frame_set(20)
    bpy.ops.import_anim.space_clip(filepath=file, sound=False)
    heads: list[object] = []
    eyes: list[object] = []
    for frame in range(1, n + 1):
        bpy.context.scene.frame_set(frame)
        for name, told in (("Head", heads), ("CC_Base_L_Eye", eyes)):
            world = skeleton.matrix_world.to_quaternion()
            now = skeleton.pose.bones[name].matrix.to_quaternion()
            rest = skeleton.data.bones[name].matrix_local.to_quaternion()
            seen = turned.inverted() @ (world @ now) @ (world @ rest).inverted() @ turned
            told.append([list(seen @ Vector(axis)) for axis in ((1, 0, 0), (0, 0, 1), (0, -1, 0))])
    return {"heads": heads, "eyes": eyes}


def main(add_on: str, rig: str, n: int, files: list[str]) -> None:
    """Print what Blender shows."""
    bpy.ops.preferences.addon_install(filepath=add_on, overwrite=True)
    bpy.ops.preferences.addon_enable(module="io_space_clip")
    print("\n" + json.dumps({file: taken(rig, file, n) for file in files} | {"bones": on_bones(files[0], n)}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
