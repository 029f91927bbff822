"""The curves of a clip under the names of the rig that they drive, and its rotations under their paths."""

from __future__ import annotations

from collections.abc import Iterator

from engine_bridge.formats.clip import Clip, ClipError
from engine_bridge.formats.joints import Joint, rotations_of
from engine_bridge.formats.keys import Curve, Turn, curves_of, turn_of
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.rig_map import Match
from engine_bridge.protocol.arkit import ARKIT_NAMES


def matches_of(options: FormatOptions) -> tuple[Match, ...]:
    """Return ARKit's names with those of the rig, in ARKit's order, then `TONGUE_UP` where the rig has such a shape;
    without a rig each of ARKit's with itself."""
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


def driven_turns(clip: Clip, options: FormatOptions) -> Iterator[Turn]:
    """Yield the rotations of head and eyes, from their parents, under the paths of the options.

    Without a rig in glTF the nodes are taken to rest unturned, below nodes that do.
    """
    joints = {joint.bone: joint for joint in options.rig.joints} if options.rig else {}
    turned, paths = rotations_of(clip), options.bone_paths
    for bone in (bone for bone in turned if bone in paths):
        rotations = joints.get(bone, Joint(bone, 0)).local(turned[bone])
        yield turn_of(paths[bone], clip.times_s, rotations, options.tolerance)


def refuse_nothing(clip: Clip, options: FormatOptions) -> None:
    """Raise `ClipError` when a clip has nothing that goes by name or path."""
    if clip.blendshapes is None and not rotations_of(clip).keys() & options.bone_paths.keys():
        raise ClipError("nothing is left to write: keep the weights, or name bones with --head-path and --eye-paths")
