"""Reads a ``.glb`` and runs a ``.blender.py`` in Blender's Python: ``python blender_reader.py GLB RIG SCRIPT N``.

Prints as JSON the weights of the shape keys at N frames of 30 a second, of each.
"""

import json
import sys

import bpy  # type: ignore[import-not-found]


def fresh(path: str) -> object:
    """Import a file into an empty scene and return its mesh, active."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 30
    bpy.ops.import_scene.gltf(filepath=path)
    mesh = next(thing for thing in bpy.data.objects if thing.type == "MESH")
    bpy.context.view_layer.objects.active = mesh
    return mesh


def weights(mesh: object, first: int, n: int) -> list[list[float]]:
    """Return the weights of all keys but the basis at n frames."""
    found = []
    for frame in range(first, first + n):
        bpy.context.scene.frame_set(frame)
        found.append([block.value for block in mesh.data.shape_keys.key_blocks[1:]])  # type: ignore[attr-defined]
    return found


def main(glb: str, rig: str, script: str, n: int) -> None:
    """Print what Blender reads."""
    imported = weights(fresh(glb), 0, n)
    mesh = fresh(rig)
    with open(script, encoding="utf-8") as file:
        exec(compile(file.read(), script, "exec"), {})
    print("\n" + json.dumps({"glb": imported, "script": weights(mesh, 1, n)}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
