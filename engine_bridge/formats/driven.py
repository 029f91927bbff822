"""The curves of a clip under the names of the rig that they drive."""

from __future__ import annotations

from collections.abc import Iterator

from engine_bridge.formats.clip import Clip
from engine_bridge.formats.keys import Curve, curves_of
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.rig_map import Match
from engine_bridge.protocol.arkit import ARKIT_NAMES


def matches_of(options: FormatOptions) -> tuple[Match, ...]:
    """Return ARKit's names with those of the rig, in ARKit's order; without a rig each with itself."""
    if options.rig is None:
        return tuple(Match(name, name) for name in ARKIT_NAMES)
    return options.rig.face.map.matches


def driven_shapes(options: FormatOptions) -> tuple[str, ...]:
    """Return the names of the shapes that are driven, in ARKit's order."""
    return tuple(match.target for match in matches_of(options))


def driven_curves(clip: Clip, options: FormatOptions) -> Iterator[Curve]:
    """Yield the curves of a clip under the names of `driven_shapes`, in their order."""
    targets = {match.name: match.target for match in matches_of(options)}
    for curve in curves_of(clip, options.tolerance):
        if curve.name in targets:
            yield Curve(targets[curve.name], curve.times_s, curve.values)
