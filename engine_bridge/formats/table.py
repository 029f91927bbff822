"""The table of clip formats: one row each, which `bake`, its help and the documentation are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Final

from engine_bridge.formats.clip import ALL_CHANNELS, FACE_CHANNELS, Channel, Clip
from engine_bridge.formats.flat_json import write_json
from engine_bridge.formats.live_link_csv import write_csv
from engine_bridge.formats.npz import write_npz
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.unity_anim import write_anim

Writer = Callable[[Clip, FormatOptions, IO[bytes]], None]


class ClipFormat(StrEnum):
    """The formats of a clip, by the names that ``--formats`` takes."""

    NPZ = "npz"
    JSON = "json"
    ANIM = "anim"
    CSV = "csv"


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

    def told(self, options: FormatOptions) -> str:
        """Return its layout and the options that change its bytes in words: other words, other bytes."""
        told = [f"layout {self.layout}"] if self.layout > 1 else []
        return ", ".join([*told, *(f"{name} {_shown(getattr(options, name))}" for name in self.options)])


_WEIGHTS: Final = frozenset((Channel.WEIGHTS,))
_RIG: Final = "rig"
_KEYS: Final = "tolerance"

FORMATS: Final[dict[ClipFormat, FormatRow]] = {
    ClipFormat.NPZ: FormatRow(".npz", "Python: every column", ALL_CHANNELS, write_npz),
    ClipFormat.JSON: FormatRow(
        ".json", "any engine: flat lists, Unity's JsonUtility", ALL_CHANNELS, write_json, layout=2
    ),
    ClipFormat.ANIM: FormatRow(
        ".anim", "Unity: an AnimationClip", _WEIGHTS, write_anim, ("weight_scale", "renderer_path", _RIG, _KEYS)
    ),
    ClipFormat.CSV: FormatRow(".csv", "Unreal, Blender: as Live Link Face records it", FACE_CHANNELS, write_csv),
}
"""Every format, in the order of the help."""


def _shown(value: object) -> str:
    return str(getattr(value, "sha256", value))
