"""The blocks of docs/unreal.md that no command line runs: copying the plugin, and its use from C++."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.engine_bridge.cpp import cpp_program
from tests.engine_bridge.unreal import unreal_program

PROJECT: Final = Path(__file__).parents[3]
GUIDE: Final = (PROJECT / "docs" / "unreal.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    indent, text = found[0]
    return re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)


@pytest.mark.skipif(not shutil.which("sh"), reason="needs sh")
def test_a_copied_plugin_finds_the_client_that_lies_in_it(tmp_path: Path) -> None:
    cpp_program.need_compiler()
    environment = {**os.environ, "PROJECT": str(tmp_path)}
    subprocess.run(["sh", "-e", "-c", block("sh")], cwd=PROJECT, env=environment, check=True)
    module = tmp_path / "Plugins" / "SpaceRuntime" / "Source" / "SpaceRuntime"
    assert (tmp_path / "Plugins" / "SpaceRuntime" / "SpaceRuntime.uplugin").is_file()
    folders = [module / "Public", module / "Private", unreal_program.include_folder()]
    flags = ["-std=c++20", "-fsyntax-only", "-w", *(f"-I{folder}" for folder in folders)]
    cpp_program.run(["g++", *flags, module / "Private" / "SpaceSpeakerComponent.cpp"])
    cpp_program.run(["g++", *flags, module / "Private" / "space" / "clip.cpp"])


def test_the_guides_code_compiles(tmp_path: Path) -> None:
    cpp_program.need_compiler()
    source = tmp_path / "greet.cpp"
    source.write_text(block("cpp"), "utf-8")
    folders = [unreal_program.include_folder(), *unreal_program.SOURCE.glob("*/Public")]
    flags = ["-std=c++20", "-fsyntax-only", *unreal_program.WARNINGS, *(f"-I{folder}" for folder in folders)]
    cpp_program.run(["g++", *flags, source])
