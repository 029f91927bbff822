"""A new control and a new output are one row each: tried in a copy of the checkout, in all three languages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.engine_bridge.cpp import cpp_program
from tests.engine_bridge.csharp import dotnet
from tests.tools.generate_protocol import ROOT

TABLE: Final = Path("engine_bridge/protocol/field_table.py")
CONTROL: Final = '    ControlRow("test_strength", "test", FieldType.F32, "Strength of the trial", "1", 0, 2),\n'
OUTPUT: Final = '    OutputRow("trial", 5, "five numbers", pose=(PoseField("trial", (5,), "five numbers"),)),\n'

PYTHON: Final = """
import numpy as np
from engine_bridge.client import Controls
from engine_bridge.client.jitter import State
from engine_bridge.client.pose import pose_of
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.wire import decode, encode

change = m.Set(session=1, stream=2, at_sample=3, **Controls(test_strength=0.5).for_set())
frame = m.Frame(session=1, stream=2, seq=3, index=4, sample=5.0, speech=1.0, trial=np.arange(5, dtype=np.float32))
assert decode(encode(change)).test == 0.5
assert pose_of(decode(encode(frame)), State.PLAYING).trial.tolist() == [0, 1, 2, 3, 4]
assert "trial" in list(m.Output)
print(encode(change).hex(), encode(frame).hex())
"""

CPP: Final = """
#include <cstdio>
#include <cstdlib>
#include <string>
#include "space/kept_controls.hpp"
#include "space/wire.hpp"

static space::Buffer bytes_of(const std::string& hex) {
    space::Buffer bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::strtoul(hex.substr(i, 2).c_str(), nullptr, 16)));
    }
    return bytes;
}

int main(int, char** words) {
    for (int i = 1; i < 3; ++i) {
        const space::Buffer given = bytes_of(words[i]);
        space::Message message;
        space::Buffer again;
        if (!space::decode(given, message) || !space::encode(message, again) || again != given) return 1;
        if (const auto* change = std::get_if<space::Set>(&message)) {
            space::KeptControls kept;
            kept.merge(*change);
            if (kept.view().test_strength != 0.5F) return 2;
        }
        if (const auto* frame = std::get_if<space::Frame>(&message)) {
            if (!frame->trial || frame->trial->at(4) != 4.0F) return 3;
        }
    }
    std::puts("the same");
}
"""

CSHARP: Final = """
using System;
using SpaceRuntime.Protocol;

internal static class Trial
{
    private static void Main(string[] words)
    {
        var change = (SetMessage)Wire.Decode(Bytes(words[0]));
        var frame = (FrameMessage)Wire.Decode(Bytes(words[1]));
        var kept = new Controls();
        kept.Merge(change.Controls);
        bool same = Hex(Wire.Encode(change)) == words[0] && Hex(Wire.Encode(frame)) == words[1];
        Console.WriteLine(same && kept.TestStrength == 0.5f && frame.Trial[4] == 4f ? "the same" : "different");
    }

    private static byte[] Bytes(string hex)
    {
        var bytes = new byte[hex.Length / 2];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = Convert.ToByte(hex.Substring(2 * i, 2), 16);
        return bytes;
    }

    private static string Hex(byte[] bytes) => BitConverter.ToString(bytes).Replace("-", "").ToLowerInvariant();
}
"""
COMPILE: Final = """
from pathlib import Path
from tests.engine_bridge.csharp import dotnet
print(dotnet.compile_with_core("Trial", [Path("Trial.cs")], program=True))
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the generator reads and writes, with one row more in both tables."""
    root = tmp_path_factory.mktemp("checkout")
    for folder in ("engine_bridge", "tests/tools", "tests/engine_bridge/csharp"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "vectors"))
    for package in ("tests", "tests/engine_bridge"):
        (root / package / "__init__.py").touch()
    if (ROOT / ".tools").exists():
        (root / ".tools").symlink_to((ROOT / ".tools").resolve())
    text = (root / TABLE).read_text(encoding="utf-8")
    text = text.replace("\n)\n\nOUTPUTS", f"\n{CONTROL})\n\nOUTPUTS", 1)
    (root / TABLE).write_text(f"{text.rstrip().removesuffix(')')}{OUTPUT})\n", encoding="utf-8")
    run(root, "-m", "tests.tools.generate_protocol")
    return root


@pytest.fixture(scope="module")
def messages(checkout: Path) -> list[str]:
    """A `Set` with the new control and a `Frame` with the new output, as Python writes and reads them."""
    return run(checkout, "-c", PYTHON).split()


def run(root: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, *words], cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_specification_lists_the_new_rows(checkout: Path) -> None:
    text = (checkout / "engine_bridge/PROTOCOL.md").read_text(encoding="utf-8")
    assert "| `test` | f32 | 0…2 | 1 | Strength of the trial | `test_strength` |" in text
    assert "| `trial` | floats[5] | five numbers | `trial` |" in text and "`trial`? floats[5]" in text


def test_cpp_has_them(checkout: Path, messages: list[str]) -> None:
    cpp_program.need_compiler()
    folder = checkout / "engine_bridge" / "cpp"
    (checkout / "trial.cpp").write_text(CPP, encoding="utf-8")
    sources = [
        folder / "space" / name for name in ("wire_read.cpp", "wire_write.cpp", "msgpack.cpp", "kept_controls.cpp")
    ]
    program = checkout / "trial"
    words = ["g++", "-std=c++17", "-O0", *cpp_program.WARNINGS, "-I", str(folder), str(checkout / "trial.cpp")]
    cpp_program.run([*words, *map(str, sources), "-o", str(program)])
    assert cpp_program.run([str(program), *messages]).strip() == "the same"
    header = (folder / "space/generated/controls.h").read_text(encoding="utf-8")
    assert "    float test_strength;" in header and "SPACE_SET_TEST_STRENGTH" in header
    assert "NUMBER(test_strength, TEST_STRENGTH)" in header
    words = ["g++", "-std=c++17", "-fsyntax-only", *cpp_program.WARNINGS, "-I", str(folder)]
    cpp_program.run([*words, str(folder / "space" / "c_structs.cpp"), str(folder / "space" / "space.cpp")])


def test_csharp_has_them(checkout: Path, messages: list[str]) -> None:
    if reason := dotnet.missing():
        pytest.skip(reason)
    (checkout / "Trial.cs").write_text(CSHARP, encoding="utf-8")
    program = Path(run(checkout, "-c", COMPILE).strip())
    done = subprocess.run(
        [*dotnet.command(program), *messages], env=dotnet.environment(), capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "the same", done.stderr
