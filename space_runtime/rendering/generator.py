"""The generator seam: pictures of a face from one portrait and the frames that drive it.

A generator owns its keypoint space, the network that leads into it and the size of its pictures. Outside, appearances
and states are opaque: they are handed back to the generator that they came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NewType, Protocol, TypeAlias, TypeVar, cast

import numpy as np

from space_runtime.arrays import Floats, Index, Pixels
from space_runtime.portrait.portrait import Portrait

A = TypeVar("A")
S = TypeVar("S")

Appearance = NewType("Appearance", object)
"""Everything that a generator computed once from a portrait; only that generator can look into it."""
State = NewType("State", object)
"""A stream's memory from frame to frame; only the generator that returned it can look into it."""


@dataclass(frozen=True, slots=True, eq=False)
class Driving:
    """The frames that drive B streams, F in all; those of one stream stand in order of time.

    stream: (F,) of the B, 0…B−1. landmarks: (F, 78, 3) posed, in the portrait's pixels, project axes.
    features: (F, 96) of the speech at the frame's media time. emotion: (F, 8) intensities 0…1.
    """

    stream: Index
    landmarks: Floats
    features: Floats
    emotion: Floats


class Generator(Protocol[A, S]):
    """Pictures from portraits and driving frames. All methods are pure: equal arguments give equal results.

    A: appearance, computed once per portrait. S: state of one stream.
    """

    @property
    def keypoint_names(self) -> tuple[str, ...]:
        """The K keypoints, in their order."""
        ...

    def picture_size(self, appearance: A) -> tuple[int, int]:
        """Return (height, width) of the pictures in pixels. Whatever it is, they show the portrait's square."""
        ...

    def prepare(self, portrait: Portrait) -> A:
        """Return everything that is computed once per portrait."""
        ...

    def initial_state(self, appearance: A) -> S:
        """Return the state of a stream that has shown nothing."""
        ...

    def keypoints(self, appearances: Sequence[A], states: Sequence[S], driving: Driving) -> tuple[list[S], Floats]:
        """Return (B new states, (F, K, 3) keypoints in the generator's own space), without rendering.

        appearances, states: of the B streams. How frames are divided among calls changes no keypoint by more than 1e-4
        of the face's width, and nothing at all where every call drives one stream by one frame.
        """
        ...

    def render(self, appearance: A, keypoints: Floats) -> Pixels:
        """Return the (F, height, width, 3) RGB pictures of one portrait driven by (F, K, 3) keypoints.

        Of a transparent portrait (F, height, width, 4): red, green, blue, not multiplied by the opacity, and that.
        """
        ...


OpaqueGenerator: TypeAlias = Generator[Appearance, State]


def opaque(generator: Generator[A, S]) -> OpaqueGenerator:
    """Return the same generator with its types hidden: no type can say that what it gives comes back to it alone."""
    return cast(OpaqueGenerator, generator)


def turns(stream: Index) -> Iterator[Index]:
    """Yield the places of every stream's first frame, then of every second one, …: what may be stepped together."""
    order = np.argsort(stream, kind="stable")
    ordered = stream[order]
    turn = np.empty(len(stream), np.intp)
    turn[order] = np.arange(len(stream)) - np.searchsorted(ordered, ordered)
    for n in range(int(turn.max(initial=-1)) + 1):
        yield np.flatnonzero(turn == n)
