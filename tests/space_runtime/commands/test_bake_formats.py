"""`bake` in the formats of engines: all at once, onto a rig, again only when an option of a format changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine_bridge.formats.flat_json import read_json
from engine_bridge.formats.live_link_csv import read_csv
from engine_bridge.formats.spaceclip import read_spaceclip
from engine_bridge.formats.table import FORMATS
from engine_bridge.formats.unity_anim_reader import read_anim
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.support.command_line import Call
from tests.support.files import contents
from tests.support.rigs import rig_glb
from tests.support.sounds import speechlike


@pytest.fixture
def rig(tmp_path: Path) -> Path:
    (tmp_path / "npc.glb").write_bytes(rig_glb([name for name in ARKIT_NAMES if name != "tongueOut"]))
    return tmp_path / "npc.glb"


@pytest.fixture
def hm(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "hm.wav", speechlike(0.3), 16_000)
    return tmp_path / "hm.wav"


def test_every_format_says_the_same_of_a_line(hm: Path, rig: Path, tmp_path: Path, call: Call) -> None:
    out = tmp_path / "out"
    done = call("bake", hm, "--formats", ",".join(FORMATS), "--rig", rig, "--key-tolerance-ms", 0, "--out", out)
    assert done.code == 0, done.err
    assert "npc.glb: 51 of 52 shapes drive FaceMesh; head: Head; left eye: LeftEye; right eye: RightEye; " in done.err
    assert "without a target: tongueOut" in done.err
    assert sorted(contents(out)) == sorted(f"hm{row.ending}" for row in FORMATS.values())
    with np.load(out / "hm.npz") as told:
        weights, times = told["blendshapes"], told["times_s"]
        head = told["head_rotation_rad"]
    for clip in (
        read_json((out / "hm.json").read_bytes()),
        read_csv((out / "hm.csv").read_bytes()),
        read_spaceclip((out / "hm.spaceclip").read_bytes()),
    ):
        assert clip.blendshapes is not None and clip.head_rotation_rad is not None
        assert np.allclose(clip.blendshapes, weights, atol=1e-5)
        assert np.allclose(clip.head_rotation_rad, head, atol=1e-5)
    for curve in read_anim((out / "hm.anim").read_bytes()).curves:
        place = ARKIT_NAMES.index(curve.curve.name)
        assert np.abs(curve.curve.at(times) - weights[:, place]).max() < 0.0021


def test_only_what_an_option_changes_is_baked_again(hm: Path, tmp_path: Path, call: Call) -> None:
    words = ("bake", hm, "--formats", "anim,csv", "--out", tmp_path / "out", "--report", tmp_path / "report.csv")
    assert call(*words).code == 0
    before = contents(tmp_path / "out")
    done = call(*words, "--weight-scale", 1, "--renderer-path", "Body/Face")
    assert done.code == 0
    after = contents(tmp_path / "out")
    assert before["hm.csv"] == after["hm.csv"]
    assert b"path: Body/Face" in after["hm.anim"]
    assert "other options" in (tmp_path / "report.csv").read_text(encoding="utf-8-sig")
    assert "unchanged" in call(*words, "--weight-scale", 1, "--renderer-path", "Body/Face", "--dry-run").out


def test_a_table_names_rigs_of_its_own(hm: Path, rig: Path, tmp_path: Path, call: Call) -> None:
    (tmp_path / "lines.csv").write_text(
        "sound,out,formats,rig,weight_scale,renderer_path\nhm.wav,a,glb,npc.glb,,\nhm.wav,b,anim,,1,Head/Face\n"
    )
    assert call("bake", "--manifest", tmp_path / "lines.csv", "--out", tmp_path / "out").code == 0
    assert set(contents(tmp_path / "out")) == {"a.glb", "b.anim"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--formats", "glb"), "name its .glb file with --rig"),
        (("--formats", "anim", "--channels", "head"), "anim carries weights, which the channels leave out"),
        (("--formats", "anim", "--weight-scale", "50"), "--weight-scale is 50; expected 100, or 1"),
        (("--formats", "anim", "--rig", "none.glb"), "the rig none.glb cannot be read"),
        (("--formats", "anim", "--key-tolerance", "2"), "--key-tolerance"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    words: tuple[str, ...], sentence: str, hm: Path, tmp_path: Path, call: Call
) -> None:
    done = call("bake", hm, *words, "--out", tmp_path / "out")
    assert done.code in (1, 2)
    assert sentence in done.complaint
    assert not (tmp_path / "out").exists()


def test_a_result_never_overwrites_the_rig(hm: Path, rig: Path, tmp_path: Path, call: Call) -> None:
    rig.rename(tmp_path / "hm.glb")
    done = call("bake", hm, "--formats", "glb", "--rig", tmp_path / "hm.glb", "--out", tmp_path)
    assert done.code == 2
    assert "hm.glb" in done.complaint
