"""The options of clip formats: what an engine or a rig wants otherwise than the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine_bridge.formats.keys import TOLERANCE, Tolerance
from engine_bridge.formats.rig_file import Rig

WEIGHT_SCALE: Final = 100.0
WEIGHT_SCALES: Final = (1.0, WEIGHT_SCALE)
"""The full weight of a blend shape: 1 in meshes that glTFast made, 100 in those from FBX files and of UniVRM."""


@dataclass(frozen=True, slots=True)
class FormatOptions:
    """The options of a bake that concern its formats.

    weight_scale: one of `WEIGHT_SCALES`, in ``.anim``. renderer_path: the mesh below the object that plays the
    animation, ``Body/Face``; empty: that object itself; ``Face,Teeth`` drives several. rig: the file whose blend shapes
    are driven, None for ARKit's names. tolerance: how far a curve of fewer keys may be off.
    """

    weight_scale: float = WEIGHT_SCALE
    renderer_path: str = ""
    rig: Rig | None = None
    tolerance: Tolerance = TOLERANCE

    @property
    def renderer_paths(self) -> tuple[str, ...]:
        """The paths of the meshes that are driven, at least one, each once."""
        return tuple(dict.fromkeys(path.strip().strip("/") for path in self.renderer_path.split(",")))
