"""The tongue in clips: a column for scripts, and a shape of rigs that have one beside ARKit's 52."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from engine_bridge.formats.clip import TONGUE_UP, Channel, Clip
from engine_bridge.formats.flat_json import read_json
from engine_bridge.formats.keys import Tolerance
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.rig_file import read_rig
from engine_bridge.formats.table import FORMATS, ClipFormat
from engine_bridge.formats.usda import read_usda
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.support.clips import file_of, random_clip
from tests.support.rigs import rig_glb

EXACT = Tolerance(0.0, 0.0)


def options(folder: Path, *more: str) -> FormatOptions:
    """Options with a rig that has ARKit's shapes and others."""
    path = folder / "rig.glb"
    path.write_bytes(rig_glb([*ARKIT_NAMES, *more]))
    return FormatOptions(rig=read_rig(path), tolerance=EXACT)


def written(clip: Clip, kind: ClipFormat, chosen: FormatOptions) -> bytes:
    return file_of(FORMATS[kind].write, clip, chosen)


def test_scripts_find_the_tongue_as_a_column() -> None:
    clip = random_clip(7)
    read = read_json(written(clip, ClipFormat.JSON, FormatOptions()))
    assert read.tongue is not None and clip.tongue is not None and np.allclose(read.tongue, clip.tongue, atol=1e-6)
    with np.load(io.BytesIO(written(clip, ClipFormat.NPZ, FormatOptions()))) as arrays:
        assert np.array_equal(arrays["tongue"], clip.tongue)


@pytest.mark.parametrize("name", ["tongueUp", "TongueUp", "face.tongueup"])
def test_a_rig_with_such_a_shape_is_driven_and_one_without_misses_nothing(tmp_path: Path, name: str) -> None:
    chosen = options(tmp_path, name)
    assert chosen.rig is not None and chosen.rig.has_tongue_up
    assert "rig.glb: 52 of 52 shapes and tongueUp drive FaceMesh;" in chosen.rig.report()
    without = options(tmp_path)
    assert without.rig is not None and not without.rig.has_tongue_up and TONGUE_UP not in without.rig.report()


def test_its_curve_is_the_tongue_s_tip(tmp_path: Path) -> None:
    clip = random_clip(5)
    curves = {curve.name: curve for curve in read_usda(written(clip, ClipFormat.USD, options(tmp_path, "TongueUp")))}
    assert clip.tongue is not None and np.allclose(curves["TongueUp"].values, clip.tongue[:, 0], atol=1e-6)
    assert clip.blendshapes is not None
    for place, name in enumerate(ARKIT_NAMES):
        assert np.allclose(curves[name].values, clip.blendshapes[:, place], atol=1e-6)


@pytest.mark.parametrize("kind", [kind for kind, row in FORMATS.items() if "rig" in row.options])
def test_formats_of_rigs_carry_the_tongue_where_the_rig_has_it(tmp_path: Path, kind: ClipFormat) -> None:
    row, clip = FORMATS[kind], random_clip(5)
    assert clip.tongue is not None
    still = random_clip(5)
    assert still.tongue is not None
    still.tongue[:, 0] = 0
    lacks = options(tmp_path)
    assert Channel.TONGUE not in row.carried(lacks) and Channel.TONGUE not in row.carried(FormatOptions())
    assert written(clip, kind, lacks) == written(still, kind, lacks)
    has = options(tmp_path, "tongueUp")
    assert Channel.TONGUE in row.carried(has)
    moving, resting = (written(each, kind, has) for each in (clip, still))
    assert moving != resting and moving == written(random_clip(5), kind, has)
