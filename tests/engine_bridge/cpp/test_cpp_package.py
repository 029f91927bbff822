"""The CMake package: lists every source, compiles each on its own, without exceptions and type information, installs,
and is consumed by ``find_package``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from space_runtime.version import VERSION
from tests.engine_bridge.cpp import cpp_program
from tests.engine_bridge.cpp.cpp_program import ROOT, run

LISTS = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")

CONSUMER = """
cmake_minimum_required(VERSION 3.16)
project(consumer LANGUAGES C CXX)
find_package(space_client REQUIRED)
add_executable(consumer main.cpp plain.c)
target_link_libraries(consumer PRIVATE space::client)
"""
MAIN = """
#include <cstdio>
#include "space/client.hpp"
extern "C" int plain();
int main() {
    space::Client client({"tcp://127.0.0.1:1"});
    std::printf("%d %d\\n", client.is_valid() ? 1 : 0, plain());
}
"""
PLAIN = """
#include "space/space.h"
int plain(void) {
    space_session_options options;
    space_session_options_init(&options, sizeof options);
    return (int)options.playout_ms;
}
"""


@pytest.mark.parametrize("folder", ["space", "tests"])
def test_every_source_is_listed(folder: str) -> None:
    listed = re.findall(rf"^ +({folder}/\S+\.c(?:pp)?)\)?$", LISTS, re.MULTILINE)
    sources = (path for path in (ROOT / folder).rglob("*") if path.suffix in {".c", ".cpp"})
    assert listed == sorted(str(path.relative_to(ROOT)) for path in sources)


def test_the_package_has_the_version_of_the_project() -> None:
    assert f"VERSION {VERSION} " in LISTS


def test_an_installed_package_is_found_and_linked(tmp_path: Path) -> None:
    cpp_program.need_compiler()
    if not shutil.which("cmake"):
        pytest.skip("needs cmake")
    build, prefix, consumer = tmp_path / "build", tmp_path / "prefix", tmp_path / "consumer"
    flags = "-DCMAKE_CXX_FLAGS=-O0 -fno-exceptions -fno-rtti"
    options = ["-DSPACE_EXAMPLES=OFF", flags, f"-DCMAKE_INSTALL_PREFIX={prefix}"]
    run(["cmake", "-S", ROOT, "-B", build, *options])
    run(["cmake", "--build", build, "--parallel", "2"])
    run(["cmake", "--install", build])
    consumer.mkdir()
    for name, text in {"CMakeLists.txt": CONSUMER, "main.cpp": MAIN, "plain.c": PLAIN}.items():
        (consumer / name).write_text(text, encoding="utf-8")
    run(["cmake", "-S", consumer, "-B", consumer / "build", f"-DCMAKE_PREFIX_PATH={prefix}"])
    run(["cmake", "--build", consumer / "build"])
    assert run([consumer / "build" / "consumer"]) == "1 200\n"


def test_a_compiler_that_may_drop_checks_for_nan_is_refused(tmp_path: Path) -> None:
    cpp_program.need_compiler()
    command = [
        "g++",
        "-std=c++17",
        "-ffast-math",
        "-I",
        str(ROOT),
        "-fsyntax-only",
        str(ROOT / "space" / "wire_read.cpp"),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0 and "compile with precise floating-point" in done.stderr
