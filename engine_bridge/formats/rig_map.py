"""Names of blend shapes and bones matched onto those of a rig.

Rules, one after the other, no fuzzy ones: the same name; the same letters in any case; ``_L`` and ``_R`` written out;
all this with the text after the last dot alone (``blendShape1.jawOpen``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_SIDE: Final = re.compile(r"_([LR])$", re.IGNORECASE)
_SIDES: Final = {"l": "left", "r": "right"}


@dataclass(frozen=True, slots=True)
class Match:
    """A name of ours and the rig's name that it drives."""

    name: str
    target: str


@dataclass(frozen=True, slots=True)
class RigMap:
    """The outcome of a matching: pairs in our order, our names without a target, targets that nothing drives."""

    matches: tuple[Match, ...]
    missing: tuple[str, ...]
    undriven: tuple[str, ...]

    def target_of(self, name: str) -> str | None:
        """Return the rig's name for one of ours."""
        return next((match.target for match in self.matches if match.name == name), None)


def match_names(names: Sequence[str], targets: Sequence[str], more: Sequence[str] = ()) -> RigMap:
    """Return which of the rig's ``targets`` each name drives; each drives one at most.

    more: names that are matched like the others, but that no rig is said to miss.
    """
    every = (*names, *more)
    found: dict[str, str] = {}
    for rule in _RULES:
        free = {rule(target): target for target in reversed(targets) if target not in found.values()}
        for name in every:
            if name not in found and (target := free.pop(rule(name), None)) is not None:
                found[name] = target
    return RigMap(
        tuple(Match(name, found[name]) for name in every if name in found),
        tuple(name for name in names if name not in found),
        tuple(target for target in targets if target not in found.values()),
    )


class Bone(StrEnum):
    """The nodes that a clip turns."""

    HEAD = "head"
    LEFT_EYE = "left eye"
    RIGHT_EYE = "right eye"


BONE_NAMES: Final[dict[Bone, tuple[str, ...]]] = {
    Bone.HEAD: ("head", "j_bip_c_head", "cc_base_head", "mixamorig:head"),
    Bone.LEFT_EYE: ("lefteye", "eye_l", "eyeleft", "j_adj_l_faceeye", "cc_base_l_eye", "mixamorig:lefteye"),
    Bone.RIGHT_EYE: ("righteye", "eye_r", "eyeright", "j_adj_r_faceeye", "cc_base_r_eye", "mixamorig:righteye"),
}
"""Names in lower case: of ours and of humanoids, VRoid, Reallusion and Mixamo."""


def bones_of(nodes: Sequence[str]) -> dict[Bone, int]:
    """Return the places of head and eyes among the names of nodes, in any case, with or without text before a dot."""
    known = {name.rpartition(".")[2].lower(): place for place, name in reversed(list(enumerate(nodes)))}
    found = ((bone, next((known[name] for name in names if name in known), None)) for bone, names in BONE_NAMES.items())
    return {bone: place for bone, place in found if place is not None}


def _same(text: str) -> str:
    return text


def _lower(text: str) -> str:
    return text.lower()


def _written_out(text: str) -> str:
    return _SIDE.sub(lambda side: _SIDES[side[1].lower()], text.lower())


def _after_dot(text: str) -> str:
    return _written_out(text.rpartition(".")[2])


_RULES: Final[tuple[Callable[[str], str], ...]] = (_same, _lower, _written_out, _after_dot)
