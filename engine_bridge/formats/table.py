"""The table of clip formats: one row each, which `bake`, its help and the documentation are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Final

from engine_bridge.formats.blender_script import write_blender
from engine_bridge.formats.clip import ALL_CHANNELS, FACE_CHANNELS, Channel, Clip
from engine_bridge.formats.flat_json import write_json
from engine_bridge.formats.gltf import write_gltf
from engine_bridge.formats.godot_tres import write_tres
from engine_bridge.formats.live_link_csv import write_csv
from engine_bridge.formats.npz import write_npz
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.rig_map import Bone
from engine_bridge.formats.spaceclip import write_spaceclip
from engine_bridge.formats.unity_anim import write_anim
from engine_bridge.formats.usda import write_usda
from engine_bridge.formats.vmc_recording import write_vmc

Writer = Callable[[Clip, FormatOptions, IO[bytes]], None]


class ClipFormat(StrEnum):
    """The formats of a clip, by the names that ``--formats`` takes."""

    NPZ = "npz"
    JSON = "json"
    ANIM = "anim"
    CSV = "csv"
    GLB = "glb"
    SPACECLIP = "spaceclip"
    TRES = "tres"
    USD = "usd"
    VMC = "vmc"
    BLENDER = "blender"


@dataclass(frozen=True, slots=True)
class FormatRow:
    """A format. ending: of its files. text: whom it is for. channels: the parts of a clip that it can carry.

    write: its writer. options: the fields of `FormatOptions` that change its bytes. layout: counts its layouts.
    """

    ending: str
    text: str
    channels: frozenset[Channel]
    write: Writer
    options: tuple[str, ...] = ()
    layout: int = 1

    def carried(self, options: FormatOptions) -> frozenset[Channel]:
        """Return the channels that it carries with these options: what goes by path, only where one is named, and the
        tongue, only where the rig has a shape for its tip."""
        by_path = frozenset((Channel.HEAD, Channel.EYES)) if "head_path" in self.options else frozenset()
        named = {Channel.HEAD if bone is Bone.HEAD else Channel.EYES for bone in options.bone_paths}
        tongue = _RIG in self.options and options.rig is not None and options.rig.has_tongue_up
        carried = self.channels - by_path | self.channels & named
        return carried | {Channel.TONGUE} if tongue else carried

    def told(self, options: FormatOptions) -> str:
        """Return its layout and the options that change its bytes in words: other words, other bytes."""
        told = [f"layout {self.layout}"] if self.layout > 1 else []
        return ", ".join([*told, *(f"{name} {_shown(getattr(options, name))}" for name in self.options)])


_RIG: Final = "rig"
_KEYS: Final = "tolerance"
_PATHS: Final = ("renderer_path", "head_path", "eye_paths")

FORMATS: Final[dict[ClipFormat, FormatRow]] = {
    ClipFormat.NPZ: FormatRow(".npz", "Python: every column", ALL_CHANNELS, write_npz, layout=2),
    ClipFormat.JSON: FormatRow(
        ".json", "any engine: flat lists, Unity's JsonUtility", ALL_CHANNELS, write_json, layout=3
    ),
    ClipFormat.ANIM: FormatRow(
        ".anim", "Unity: an AnimationClip", FACE_CHANNELS, write_anim, ("weight_scale", *_PATHS, _RIG, _KEYS)
    ),
    ClipFormat.CSV: FormatRow(".csv", "Unreal, Blender: as Live Link Face records it", FACE_CHANNELS, write_csv),
    ClipFormat.GLB: FormatRow(".glb", "glTF: your rig with the animation", FACE_CHANNELS, write_gltf, (_RIG,)),
    ClipFormat.SPACECLIP: FormatRow(".spaceclip", "players of ours", FACE_CHANNELS, write_spaceclip),
    ClipFormat.TRES: FormatRow(".tres", "Godot 4: an Animation", FACE_CHANNELS, write_tres, (*_PATHS, _RIG, _KEYS)),
    ClipFormat.USD: FormatRow(".usda", "USD: a SkelAnimation", FACE_CHANNELS, write_usda, (_RIG,)),
    ClipFormat.VMC: FormatRow(".vmc", "VTuber programs: a recording of VMC packets", FACE_CHANNELS, write_vmc),
    ClipFormat.BLENDER: FormatRow(
        ".blender.py", "Blender: a script that makes an action", FACE_CHANNELS, write_blender, (_RIG, _KEYS), layout=2
    ),
}
"""Every format, in the order of the help."""


def _shown(value: object) -> str:
    return str(getattr(value, "sha256", value))
