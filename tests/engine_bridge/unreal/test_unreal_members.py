"""MEMBERS.md lists what the Unreal plugin and the editor script use of Unreal: all of it, and nothing else."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Final

import pytest

from tests.engine_bridge.unreal.unreal_program import HEADERS, ROOT, sources

TEXT: Final = (ROOT / "MEMBERS.md").read_text("utf-8")
PLUGIN, SCRIPT = TEXT.split("\n## ")[1:]
NAME: Final = re.compile(r"\b(?:[A-Z]\w*|b[A-Z]\w*|u?int(?:8|32))\b")
DECLARED: Final = re.compile(
    r"(?:^|[\s(,<])(?:const\s+)?(?!return\b|new\b|else\b|class\b|struct\b)[\w:]+(?:<[^;()]*?>)?\s*[&*]*\s*(?:const\s+)?[&*]*"
    r"\s[&*]*(?P<name>[A-Z]\w*|b[A-Z]\w*)\s*(?=[=;,(){:\[])"
)
"""A local, parameter, member or function of ours: a type stands before it."""
OF_THE_CLIENT: Final = {
    *("ClientOptions", "EventKind", "LiveLinkFace", "LiveLinkValues", "Pace", "Playback", "SessionOptions"),
    *("Floats", "FloatsOrNone"),
    *("Status", "StreamOptions", "UnrealRotation", "Controls", "Session", "Client", "Clip", "Event", "Pose", "State"),
}
"""Names of engine_bridge/cpp, which begin with a capital letter as well."""
OF_THE_PLUGIN: Final = re.compile(r"Space|^FTarget$|^SPACERUNTIME_API$")


def listed(section: str) -> set[str]:
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def bare(text: str) -> str:
    """C++ without comments, texts and includes."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
    return re.sub(r'"[^"\n]*"|#include[^\n]*', "", text)


def used() -> set[str]:
    """Every name with a capital letter in the plugin that neither it nor the client declares."""
    texts = [bare(path.read_text("utf-8")) for path in sources()]
    ours = {match["name"] for text in texts for match in DECLARED.finditer(without_overrides(text))}
    names = {name for text in texts for name in NAME.findall(text)}
    return {name for name in names - ours - OF_THE_CLIENT if not OF_THE_PLUGIN.search(name)}


def without_overrides(text: str) -> str:
    """Unreal's own functions, which we override, and its macros are not ours."""
    text = re.sub(r"virtual[^;{]*override", "", text)
    text = re.sub(r"\b\w+::(?=\w+\()", "", text)
    return re.sub(r"\b(?:UCLASS|UPROPERTY|UFUNCTION|TEXT)\s*\(", "(", text)


def test_every_name_of_unreals_is_listed() -> None:
    assert sorted(used() - listed(PLUGIN)) == []


def test_every_listed_name_is_used() -> None:
    whole = "\n".join(bare(path.read_text("utf-8")) for path in sources())
    assert sorted(name for name in listed(PLUGIN) if not re.search(rf"\b{name}\b", whole)) == []


def test_the_editor_script_uses_what_is_listed() -> None:
    tree = ast.parse((ROOT / "import_clip.py").read_text("utf-8"))
    of_unreal: set[str] = set()
    methods: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            of_module = isinstance(node.value, ast.Name) and node.value.id == "unreal"
            (of_unreal if of_module else methods).add(node.attr)
    pythons = {"append", "lower", "strip", "fullmatch", "compile", "reader", "stem", "index", "items"}
    assert sorted((of_unreal | methods) - pythons - listed(SCRIPT)) == []
    assert sorted(listed(SCRIPT) - of_unreal - methods) == []


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.name)
def test_a_source_says_that_it_was_not_compiled_and_includes_what_the_stand_in_has(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("// Not compiled in Unreal by its authors;")
    assert len(text.splitlines()) <= 300
    known = {f"{name}.h" for names in HEADERS.values() for name in names.split()}
    for name in re.findall(r'#include "([^"]+)"', text):
        own = name.startswith("space/") or name.endswith(".generated.h") or "Space" in name
        assert own or name in known, name


def test_a_class_includes_its_generated_header_last() -> None:
    for path in sources():
        includes = re.findall(r'#include "([^"]+)"', path.read_text("utf-8"))
        generated = [name for name in includes if name.endswith(".generated.h")]
        assert generated in ([], [includes[-1]])
        assert bool(generated) == ("GENERATED_BODY" in path.read_text("utf-8")), path


def test_the_build_files_name_the_modules_of_the_plugin() -> None:
    plugin = json.loads((ROOT / "SpaceRuntime" / "SpaceRuntime.uplugin").read_text("utf-8"))
    for module in plugin["Modules"]:
        build = ROOT / "SpaceRuntime" / "Source" / module["Name"] / f"{module['Name']}.Build.cs"
        assert f"public class {module['Name']} : ModuleRules" in build.read_text("utf-8")
