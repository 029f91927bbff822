"""Archives of arrays: what states a huge size takes no memory, whoever reads it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from space_runtime.animation.direction import read_head_track
from space_runtime.animation.motion_source import RecordedMotion
from space_runtime.capture.recordings import open_take
from space_runtime.capture.take import read_take
from space_runtime.errors import SpaceError


def write_huge(path: Path, names: tuple[str, ...], kind: str, shape: tuple[int, ...]) -> None:
    """Write an archive whose arrays state a kind and a shape, and hold 64 KiB of zeros."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array_header_2_0(member, {"descr": kind, "fortran_order": False, "shape": shape})
                member.write(bytes(1 << 16))


@pytest.mark.parametrize(
    ("reads", "names"),
    [
        (read_take, ("space_take", "samples")),
        (open_take, ("fps", "blendshapes")),
        (open_take, ("source",)),
        (RecordedMotion.of_clip, ("landmarks", "fps")),
        (read_head_track, ("time", "yaw", "pitch", "roll")),
    ],
)
@pytest.mark.parametrize(
    ("kind", "shape"),
    [("|V65536", (10_000_000, 52)), ("<U16384", (10_000_000,)), ("<f4", (300_000_000,)), ("<f8", (10**18, 6))],
)
def test_a_huge_stated_size_is_one_sentence(
    tmp_path: Path, reads: Callable[[Path], object], names: tuple[str, ...], kind: str, shape: tuple[int, ...]
) -> None:
    write_huge(tmp_path / "huge.npz", names, kind, shape)
    with pytest.raises(SpaceError, match=r"all arrays together more than \d+ MB") as caught:
        reads(tmp_path / "huge.npz")
    assert "\n" not in str(caught.value)
