"""The nodes of a rig that a clip turns, and their rotations as the rig has them.

Angles of a clip are about the axes of the model, which looks to +z with y up. A bone may rest in any rotation, below
bones that do too; what its engine wants is the rotation from its parent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine_bridge.formats.axes import Quaternions, eyes_of, head_of, inverse, product
from engine_bridge.formats.clip import Clip
from engine_bridge.formats.rig_map import Bone, bones_of

Quaternion = tuple[float, float, float, float]
NONE: Final[Quaternion] = (0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Joint:
    """A node that a clip turns. node: its place among the nodes. rest: its rotation at rest, x y z w.

    above: the rotation of everything above it, at rest, in the axes of the model.
    """

    bone: Bone
    node: int
    rest: Quaternion = NONE
    above: Quaternion = NONE

    def local(self, rotations: Quaternions) -> Quaternions:
        """Return (T, 4) rotations from its parent for (T, 4) about the axes of the model."""
        above = np.array(self.above)
        turned = product(product(product(inverse(above), rotations), above), np.array(self.rest))
        turned /= np.linalg.norm(turned, axis=-1, keepdims=True)
        return turned


def rotations_of(clip: Clip) -> dict[Bone, Quaternions]:
    """Return (T, 4) rotations about the axes of the model, of what the clip turns."""
    head, eyes = head_of(clip), eyes_of(clip)
    turned = {} if head is None else {Bone.HEAD: head}
    return turned if eyes is None else {**turned, Bone.LEFT_EYE: eyes[0], Bone.RIGHT_EYE: eyes[1]}


def joints_of(nodes: Sequence[Mapping[str, object]]) -> tuple[Joint, ...]:
    """Return head and eyes among the nodes of a glTF document; none whose place is told as a matrix."""
    bones = bones_of([str(node.get("name", "")) for node in nodes])
    return tuple(
        Joint(bone, place, _rotation(nodes[place]), _above(nodes, place))
        for bone, place in bones.items()
        if "matrix" not in nodes[place]
    )


def _above(nodes: Sequence[Mapping[str, object]], place: int) -> Quaternion:
    parents: dict[int, int] = {}
    for k, node in enumerate(nodes):
        children = node.get("children")
        parents |= {child: k for child in children if isinstance(child, int)} if isinstance(children, list) else {}
    rotation, seen = np.array(NONE), {place}
    at = parents.get(place)
    while at is not None and at not in seen:
        rotation = product(np.array(_rotation(nodes[at])), rotation)
        seen.add(at)
        at = parents.get(at)
    return _quaternion(rotation)


def _rotation(node: Mapping[str, object]) -> Quaternion:
    told = node.get("rotation")
    if isinstance(told, list) and len(told) == 4:
        length = math.hypot(*told)
        if 0 < length < math.inf:
            return _quaternion(np.array(told, np.float64) / length)
    return NONE


def _quaternion(values: Quaternions) -> Quaternion:
    x, y, z, w = values.tolist()
    return x, y, z, w
