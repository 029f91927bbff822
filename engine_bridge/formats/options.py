"""The options of clip formats: what an engine or a rig wants otherwise than the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine_bridge.formats.keys import TOLERANCE, Tolerance
from engine_bridge.formats.rig_file import Rig
from engine_bridge.formats.rig_map import Bone

WEIGHT_SCALE: Final = 100.0
WEIGHT_SCALES: Final = (1.0, WEIGHT_SCALE)
"""The full weight of a blend shape: 1 in meshes that glTFast made, 100 in those from FBX files and of UniVRM."""


@dataclass(frozen=True, slots=True)
class FormatOptions:
    """The options of a bake that concern its formats.

    weight_scale: one of `WEIGHT_SCALES`, in ``.anim``. renderer_path: the mesh below the object that plays the
    animation, ``Body/Face``; empty: that object itself; ``Face,Teeth`` drives several. head_path: of the bone or node
    that is the head, in formats that find it by path; empty: it is not turned. eye_paths: of the left and of the right
    eye, ``Head/LeftEye,Head/RightEye``. rig: the file whose blend shapes are driven, None for ARKit's names. tolerance:
    how far a curve of fewer keys may be off.
    """

    weight_scale: float = WEIGHT_SCALE
    renderer_path: str = ""
    head_path: str = ""
    eye_paths: str = ""
    rig: Rig | None = None
    tolerance: Tolerance = TOLERANCE

    @property
    def renderer_paths(self) -> tuple[str, ...]:
        """The paths of the meshes that are driven, at least one, each once."""
        return tuple(dict.fromkeys(map(_path, self.renderer_path.split(","))))

    @property
    def bone_paths(self) -> Mapping[Bone, str]:
        """The paths of what is turned, by the bone; empty for none."""
        left, _, right = self.eye_paths.partition(",")
        paths = {Bone.HEAD: self.head_path, Bone.LEFT_EYE: left, Bone.RIGHT_EYE: right}
        return {bone: _path(path) for bone, path in paths.items() if _path(path)}


def _path(text: str) -> str:
    return text.strip().strip("/")
