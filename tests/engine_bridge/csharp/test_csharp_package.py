"""The Unity package as Unity's package manager wants it, and the program of ``docs/csharp.md``."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from space_runtime.version import VERSION
from tests.engine_bridge.csharp import dotnet
from tests.support.sounds import speechlike
from tests.tools import dotnet_metas as metas

ROOT = Path(__file__).parents[3]
CORE = metas.PACKAGE / "Runtime" / "Core"
SOURCES = sorted(metas.PACKAGE.rglob("*.cs"))
DOCS = (ROOT / "docs" / "csharp.md").read_text(encoding="utf-8")


def guid_in(meta: Path) -> str:
    found = re.search(r"^guid: (.*)$", meta.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, meta
    return found[1]


def test_every_file_has_its_meta_and_every_meta_its_file() -> None:
    assert [path for path in metas.assets() if not metas.meta_of(path).exists()] == []
    assert metas.stray() == []


def test_guids_are_unique_and_look_like_some() -> None:
    guids = [guid_in(path) for path in metas.PACKAGE.rglob("*.meta")]
    assert len(set(guids)) == len(guids)
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in guids)


def test_metas_name_the_importer_of_their_kind() -> None:
    for path in metas.assets():
        found = metas.meta_of(path).read_text(encoding="utf-8")
        assert found.partition("guid")[0] == "fileFormatVersion: 2\n"
        assert found.split("\n", 2)[2] == metas.text(path).split("\n", 2)[2], path


def test_guids_in_assembly_definitions_are_those_of_others() -> None:
    definitions = {guid_in(metas.meta_of(path)) for path in metas.PACKAGE.rglob("*.asmdef")}
    for path in metas.PACKAGE.rglob("*.asmdef"):
        for reference in json.loads(path.read_text())["references"]:
            assert not reference.startswith("GUID:") or reference[5:] in definitions


def test_the_manifest_fits_the_wheel() -> None:
    manifest = json.loads((metas.PACKAGE / "package.json").read_text(encoding="utf-8"))
    assert manifest["name"] == metas.PACKAGE.name
    assert manifest["version"] == VERSION
    assert manifest["unity"] == "2021.3"
    assert f'-unity {VERSION}"' in (CORE / "Session" / "ClientOptions.cs").read_text(encoding="utf-8")
    assert not any("git" in value or "file:" in value for value in manifest["dependencies"].values())
    for sample in manifest.get("samples", []):
        assert (metas.PACKAGE / sample["path"]).is_dir()


def test_the_core_knows_no_engine() -> None:
    assert json.loads((CORE / "Space.Core.asmdef").read_text())["noEngineReferences"] is True
    for path in CORE.rglob("*.cs"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\bUnity(Engine|Editor)\b", text), path
        assert not re.search(r"\bunsafe\b|\bdynamic\b|System\.Reflection|Thread\.Abort|Expression\.Compile", text), path


def test_files_and_lines_stay_short() -> None:
    for path in SOURCES:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 300, path
        assert max(map(len, lines)) <= 130, path


def test_no_namespace_hides_one_of_unity() -> None:
    """A namespace ``Space`` would hide ``UnityEngine.Space`` in every script of the project that takes the package."""
    for path in SOURCES:
        assert re.findall(r"^namespace (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE) == ["SpaceRuntime"], path


def test_the_core_compiles_without_a_warning_and_everything_public_is_documented() -> None:
    if reason := dotnet.missing():
        pytest.skip(reason)
    assert dotnet.compile_core().exists()


DEFINITIONS = {path.stem: json.loads(path.read_text()) for path in sorted(metas.PACKAGE.rglob("*.asmdef"))}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_each_assembly_compiles_with_its_own_references_alone(name: str) -> None:
    if reason := dotnet.missing():
        pytest.skip(reason)
    definition = DEFINITIONS[name]
    assert definition["name"] == name
    assert definition["rootNamespace"] == "SpaceRuntime"
    editor = ("UNITY_EDITOR",)
    for defines in (editor,) if definition["includePlatforms"] == ["Editor"] else ((), ("UNITY_WEBGL",), editor):
        assert dotnet.compile_definition(name, (*defines, *definition["defineConstraints"])).exists()


PACKAGES = {
    "UnityEngine.UI": "com.unity.ugui",
    "Unity.Timeline": "com.unity.timeline",
    "Unity.Timeline.Editor": "com.unity.timeline",
}
"""The packages of assemblies that a project may lack."""
TEST_RUNNER = ("UnityEngine.TestRunner", "UnityEditor.TestRunner")


def test_an_optional_assembly_is_left_out_without_its_package() -> None:
    for name, definition in DEFINITIONS.items():
        foreign = [
            each for each in definition["references"] if not each.startswith("Space.") and each not in TEST_RUNNER
        ]
        defined = [each["define"] for each in definition["versionDefines"]]
        tests = ["UNITY_INCLUDE_TESTS"] if name.endswith(".Tests") else []
        assert definition["defineConstraints"] == [*tests, *defined], name
        assert {PACKAGES[each] for each in foreign} == {each["name"] for each in definition["versionDefines"]}, name


@pytest.mark.parametrize("sample", sorted(dotnet.SAMPLES.iterdir()), ids=lambda path: path.name)
def test_a_sample_compiles_and_is_in_the_manifest(sample: Path) -> None:
    manifest = json.loads((metas.PACKAGE / "package.json").read_text(encoding="utf-8"))
    assert f"Samples~/{sample.name}" in {each["path"] for each in manifest["samples"]}
    if reason := dotnet.missing():
        pytest.skip(reason)
    assert dotnet.compile_game(f"Sample.{sample.name}", sorted(sample.rglob("*.cs"))).exists()


FOUND_BY_FILE = (
    "MonoBehaviour|ScriptableObject|SpacePoseSource|ScriptedImporter|EditorWindow"
    "|TrackAsset|PlayableAsset|PlayableBehaviour"
)
"""Bases of classes that Unity finds by the name of their file."""


def test_a_component_has_a_file_of_its_name() -> None:
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        for name in re.findall(rf"class (\w+)\s*:\s*(?:{FOUND_BY_FILE})\b", text):
            assert path.stem == name


def test_no_component_uses_members_that_some_unity_version_lacks_or_refuses() -> None:
    """Members from 2021.3 to 6000.7 that are obsolete, late or dangerous; the full table is checked by hand."""
    names = "FindObjects?OfType|FindAnyObjectByType|GetInstanceID|SetLocalPositionAndRotation|destroyCancellationToken"
    refused = rf"\b({names})\b"
    for path in SOURCES:
        assert not re.search(refused, path.read_text(encoding="utf-8")), path


def test_the_scripts_of_the_guide_compile(tmp_path: Path) -> None:
    if reason := dotnet.missing():
        pytest.skip(reason)
    text = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("unity.md", "ship.md"))
    blocks = re.findall(r"^```csharp\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    methods = [f"void Block{n}()\n{{\n{block}}}\n" for n, block in enumerate(blocks)]
    source = tmp_path / "Game.cs"
    source.write_text(GAME.replace("BLOCKS", "\n".join(methods)), encoding="utf-8")
    assert dotnet.compile_game("Game", [source]).exists()


GAME = """
using SpaceRuntime;
using UnityEngine;

public class Game : MonoBehaviour
{
    public SpaceClipPlayer player;
    public SpaceSpeaker speaker;
    public Transform camera;
    public SpaceFace face;
    public SpaceClip line;
    public SpaceConnection connection;
    public AudioClip lineSound;
    public SpaceFaceTrack track;
    public FacePose pose;
    public float[] samples;
    public int count;

    void NextLine()
    {
    }

    void Connect(string endpoint)
    {
    }

    void Tell(string error)
    {
    }

    BLOCKS
}
"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The real server's address."""
    pytest.importorskip("space_runtime.server.server", reason="needs the server")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
    words = [sys.executable, "-m", "space_runtime", "serve", "--bind", bind, "--http", "0"]
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen(words, stdout=log, stderr=log, cwd=ROOT)
        try:
            yield bind
        finally:
            server.terminate()
            server.wait(20)


def test_the_program_of_the_docs_talks_to_the_server(address: str, tmp_path: Path) -> None:
    if reason := dotnet.missing():
        pytest.skip(reason)
    (code,) = re.findall(r"^```csharp\n(.*?)^```", DOCS, re.MULTILINE | re.DOTALL)
    assert len(code[code.index("static class") :].splitlines()) <= 30
    source, wav = tmp_path / "Talk.cs", tmp_path / "talk.wav"
    source.write_text(code, encoding="utf-8")
    soundfile.write(wav, speechlike(1.5), 16_000, subtype="PCM_16")
    program = dotnet.compile_with_core("Talk", [source], program=True)
    words = [*dotnet.command(program), str(wav), address]
    done = subprocess.run(words, env=dotnet.environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    shown = re.findall(r"^(-?[\d.]+) s: jawOpen ([\d.]+) (\w+)$", done.stdout, re.MULTILINE)
    assert len(shown) == 90
    states = [state for _, _, state in shown]
    assert states[0] == "Waiting"
    assert states.count("Playing") > 60
    jaw = np.array([float(value) for _, value, _ in shown])
    assert 0 <= jaw.min() < jaw.max() <= 1
