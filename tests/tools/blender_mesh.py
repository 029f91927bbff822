"""Writes what Blender's importer makes of a ``.glb``: ``python blender_mesh.py GLB OUT.npz``.

For each mesh, under its name: ``places`` (V, 3), ``triangles`` (T, 3) and ``shape:NAME`` (V, 3), what each shape key
adds; under ``node:NAME`` the world matrix of each object. Blender's axes: z up, the face to -y.
"""

import sys

import bpy  # type: ignore[import-not-found]
import numpy as np


def places(points: object) -> np.ndarray:
    """Return the coordinates of a collection of points."""
    numbers = np.empty(3 * len(points), np.float32)  # type: ignore[arg-type]
    points.foreach_get("co", numbers)  # type: ignore[attr-defined]
    return numbers.astype(np.float64).reshape(-1, 3)


def main(glb: str, out: str) -> None:
    """Import and write."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=glb, bone_heuristic="BLENDER")
    found = {}
    for thing in bpy.data.objects:
        found[f"node:{thing.name}"] = np.array(thing.matrix_world)
    for mesh in bpy.data.meshes:
        mesh.calc_loop_triangles()
        found[f"{mesh.name}/places"] = places(mesh.vertices)
        found[f"{mesh.name}/triangles"] = np.array([triangle.vertices[:] for triangle in mesh.loop_triangles])
        keys = mesh.shape_keys.key_blocks if mesh.shape_keys else []
        for key in keys[1:]:
            found[f"{mesh.name}/shape:{key.name}"] = places(key.data) - places(keys[0].data)
    np.savez(out, allow_pickle=False, **found)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
