"""The sample project as Unity wants it: nothing missing, nothing dangling. ``dotnet_unity_sample.py`` runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.unity_project import guids, read_parts, references
from tests.tools import dotnet_metas as metas

PROJECT = metas.SAMPLE.parent
SCENE = metas.SAMPLE / "Scenes" / "TalkingNpc.unity"
SHADER = metas.SAMPLE / "Npc" / "NpcHead.shader"
FILE_IDS = {".cs": 11500000, ".bytes": 4900000, ".wav": 8300000, ".shader": 4800000, ".mat": 2100000}
BUILT_IN = "0000000000000000e000000000000000"
TEXTS = [*metas.SAMPLE.rglob("*.unity"), *metas.SAMPLE.rglob("*.mat"), *(PROJECT / "ProjectSettings").glob("*.asset")]


def test_every_file_has_its_meta_and_every_meta_its_file() -> None:
    assert [path for path in metas.assets(metas.SAMPLE) if not metas.meta_of(path).exists()] == []
    assert metas.stray(metas.SAMPLE) == []
    for path in metas.assets(metas.SAMPLE):
        assert metas.meta_of(path).read_text(encoding="utf-8") == metas.text(path), path


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_reference_dangles(path: Path) -> None:
    parts, assets = read_parts(path), guids(list(metas.NAMES))
    for anchor, part in parts.items():
        for reference in references(part.fields):
            if "guid" not in reference:
                assert reference["fileID"] == 0 or reference["fileID"] in parts, (anchor, reference)
            elif reference["guid"] != BUILT_IN:
                asset = assets[reference["guid"]]
                assert asset.exists()
                assert reference["fileID"] == FILE_IDS[asset.suffix], asset
                assert reference["type"] == (2 if asset.suffix == ".mat" else 3), asset


def test_objects_and_components_know_each_other() -> None:
    parts = read_parts(SCENE)
    objects = {anchor: part.fields for anchor, part in parts.items() if part.kind == "GameObject"}
    for anchor, fields in objects.items():
        for each in fields["m_Component"]:
            assert parts[each["component"]["fileID"]].fields["m_GameObject"]["fileID"] == anchor
    owned = [part for part in parts.values() if "m_GameObject" in part.fields]
    assert len(owned) == sum(len(fields["m_Component"]) for fields in objects.values())
    for anchor, part in parts.items():
        for child in part.fields.get("m_Children", []):
            assert parts[child["fileID"]].fields["m_Father"]["fileID"] == anchor


def test_the_scene_is_what_a_player_needs() -> None:
    parts = read_parts(SCENE)
    kinds = [part.kind for part in parts.values()]
    for kind in ("Camera", "AudioListener", "Light", "AudioSource", "RenderSettings", "LightmapSettings"):
        assert kinds.count(kind) == 1
    (source,) = (part.fields for part in parts.values() if part.kind == "AudioSource")
    assert source["m_audioClip"]["fileID"] == 0  # the field has another name in Unity 6: our components hold the clip
    assert source["m_PlayOnAwake"] == 0


def test_the_project_takes_the_package_and_nothing_else() -> None:
    manifest = json.loads((PROJECT / "Packages" / "manifest.json").read_text(encoding="utf-8"))
    ((name, place),) = manifest["dependencies"].items()
    assert name == metas.PACKAGE.name
    assert (PROJECT / "Packages" / place.removeprefix("file:")).resolve() == metas.PACKAGE
    version = (PROJECT / "ProjectSettings" / "ProjectVersion.txt").read_text(encoding="utf-8")
    assert re.fullmatch(r"m_EditorVersion: 2021\.3\.\d+f1\n", version)


def test_the_build_has_the_scene() -> None:
    (settings,) = read_parts(PROJECT / "ProjectSettings" / "EditorBuildSettings.asset").values()
    ((path, guid),) = [(each["path"], each["guid"]) for each in settings.fields["m_Scenes"]]
    assert PROJECT / path == SCENE
    assert guids([metas.SAMPLE])[guid] == SCENE


def test_text_files_are_as_unity_writes_them() -> None:
    for path in [*TEXTS, SHADER, *metas.SAMPLE.rglob("*.meta"), *metas.SAMPLE.rglob("*.cs")]:
        data = path.read_bytes()
        assert not data.startswith(b"\xef\xbb\xbf"), path
        assert b"\r" not in data, path
        assert b"\t" not in data, path


def test_materials_set_what_the_shader_has() -> None:
    shader = SHADER.read_text(encoding="utf-8")
    properties = set(re.findall(r"^\s*(?:\[\w+(?:\([\w.]+\))?\] )?(_\w+) \(\"", shader, re.MULTILINE))
    for path in metas.SAMPLE.rglob("*.mat"):
        ((_, material),) = read_parts(path).items()
        saved = material.fields["m_SavedProperties"]
        names = {name for kind in ("m_TexEnvs", "m_Floats", "m_Colors") for each in saved[kind] for name in each}
        assert names == properties, path
    used = set(re.findall(r"(?<!\w)_[A-Z]\w+", shader.partition("SubShader")[2]))
    assert used - {"_MainTex_ST"} <= properties


def test_the_shader_is_for_both_pipelines() -> None:
    shader = SHADER.read_text(encoding="utf-8")
    code = re.sub(r"//[^\n]*", "", shader)
    assert "LightMode" not in code
    assert "RenderPipeline" not in code
    assert shader.count("{") == shader.count("}")
    assert len(re.findall(r"\bPass\b", code)) == 1


def test_the_head_is_small() -> None:
    assert (metas.SAMPLE / "Npc" / "npc.glb.bytes").stat().st_size <= 3_000_000
