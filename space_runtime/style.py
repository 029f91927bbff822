"""Styles of speaking: the named ones, and mixtures of them as callers give them and as the network takes them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from space_runtime.arrays import Floats
from space_runtime.named_amounts import NamedAmounts, unchanging


class Style(StrEnum):
    """The named styles, in the order of the weights of a mixture."""

    ARTICULATE = "articulate"
    """Every sound is given its full shape."""
    MUMBLE = "mumble"
    """The mouth moves as little as it can."""
    READER_MAN = "reader_man"
    """A man who reads sentences aloud."""
    READER_WOMAN = "reader_woman"
    """A woman who reads sentences aloud."""
    ORATOR = "orator"
    """A man who holds a speech."""


N_STYLES: Final = len(Style)
N_CODE: Final = 4
"""Numbers of a style's code: effort, then one for each person that the network has learned from."""

_THIRD: Final = 1 / 3
CODES: Final[Mapping[Style, tuple[float, float, float, float]]] = {
    Style.ARTICULATE: (1.0, 0.0, 0.0, 0.0),
    Style.MUMBLE: (-1.0, 0.0, 0.0, 0.0),
    Style.READER_MAN: (0.0, 2 * _THIRD, -_THIRD, -_THIRD),
    Style.READER_WOMAN: (0.0, -_THIRD, 2 * _THIRD, -_THIRD),
    Style.ORATOR: (0.0, -_THIRD, -_THIRD, 2 * _THIRD),
}
"""The code of each style at weight 1; all zeros are the mean of all people, as the network speaks without a style."""

MEAN_CODE: Final = unchanging(N_CODE)

StyleMix = Mapping[Style, float] | Mapping[str, float]
"""Weights 0…1 by name; names left out are 0."""

StyleLike = StyleMix | ArrayLike
"""A style as callers may give it: weights by name, or all five in the order of `Style`."""

STYLE_HELP: Final = f"Of {', '.join(Style)}: a mix with weights 0…1 (articulate=0.6,orator=0.3); without any the mean."


def style_vector(mix: StyleMix) -> Floats:
    """Return the (5,) weights 0…1 of a mixture, in the order of `Style`.

    Raises `UsageError` on a name that is none and on a weight outside 0…1.
    """
    return _AMOUNTS.vector(mix)


def style_of(given: StyleLike | None) -> Floats:
    """Return the (5,) weights of a style as callers give it, None for none. Raises `UsageError`."""
    return _AMOUNTS.given(given)


def named_weights(style: Floats) -> dict[str, float]:
    """Return (5,) weights as the protocol has them, by name without zeros."""
    return {str(name): value for name, value in zip(Style, style.tolist(), strict=True) if value}


def style_code(style: Floats) -> Floats:
    """Return the (4,) code of (5,) weights: the sum of the codes, each value within −1…1."""
    code: Floats = np.add.reduce(style[:, None] * _CODES, axis=0)
    return code


_AMOUNTS: Final = NamedAmounts(Style, "style", "weight", '{"articulate": 0.6}', tuple(Style))
_CODES: Final = np.array([CODES[style] for style in Style], np.float32)
