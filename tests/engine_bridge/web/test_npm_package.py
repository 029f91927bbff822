"""The npm package holds what it should, under the project's version and licence."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from space_runtime.version import VERSION
from tests.docs.pages import ROOT
from tests.support.node import needs_node, needs_npm, run_node
from tests.tools.node_js import npm_words

PACKAGE = ROOT / "engine_bridge" / "web"


def manifest() -> dict[str, object]:
    found: dict[str, object] = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))
    return found


def test_version_and_licence_are_the_projects() -> None:
    assert (manifest()["version"], manifest()["license"]) == (VERSION, "Apache-2.0")
    assert (PACKAGE / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_it_depends_on_nothing_and_needs_no_build() -> None:
    assert not {"dependencies", "peerDependencies", "scripts", "bin"} & manifest().keys()


def test_every_module_is_below_300_lines() -> None:
    assert [path.name for path in PACKAGE.rglob("*.js") if len(path.read_text("utf-8").splitlines()) > 300] == []


@needs_npm
def test_it_holds_the_modules_and_the_example_alone(tmp_path: Path) -> None:
    words = npm_words()
    assert words
    command = [*words, "pack", "--dry-run", "--json", "--ignore-scripts", "--cache", str(tmp_path)]
    done = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, check=True, timeout=60)
    (packed,) = json.loads(done.stdout) if done.stdout.startswith("[") else json.loads(done.stdout).values()
    held = {file["path"] for file in packed["files"]}
    modules = {path.name for path in (*PACKAGE.glob("*.js"), *PACKAGE.glob("*.d.ts"))}
    example = {f"example/{path.name}" for path in PACKAGE.glob("example/*") if path.suffix in (".html", ".js")}
    assert held == {"package.json", "README.md", "LICENSE", *modules, *example}
    assert packed["size"] < 100_000


@needs_node
def test_the_declared_types_are_those_of_the_modules() -> None:
    told = run_node(Path(__file__).parent / "declared_names.mjs")
    assert isinstance(told, dict)
    text = (PACKAGE / "index.d.ts").read_text(encoding="utf-8")
    declared = re.findall(r"^export (?:const|function|class) (\w+)", text, re.MULTILINE)
    assert sorted(declared) == sorted(told["names"])
    for name, body in re.findall(r"^export class (\w+)[^{\n]*\{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        members = set(re.findall(r"^  (?:readonly |get )?(\w+)[(:]", body, re.MULTILINE))
        assert members <= set(told["members"][name]), name
