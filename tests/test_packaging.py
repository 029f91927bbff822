"""The wheel holds exactly what it should, the layers hold, nothing that a test asserts stands in two places."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest

from space_runtime.assets import LINE, LINE_PHONES
from space_runtime.inference.bundle import EMBEDDED, load_bundle
from space_runtime.media.audio_file import open_sound
from space_runtime.version import VERSION

ROOT = Path(__file__).parent.parent
PACKAGES = ("space_runtime", "engine_bridge")
OF_THE_NPM_PACKAGE = {"example", "index.d.ts", "package.json", "README.md", "LICENSE"}
OF_THE_REPOSITORY = {"__pycache__", "cpp", "csharp", "godot", "unreal", "pyproject.toml", *OF_THE_NPM_PACKAGE}
"""Files that no Python program needs: engines take these sources from the repository."""
OF_THE_RUNTIME = ("portrait", "video", "plot", "server", "audio", "heic", "demo")
"""The extras that the runtime itself can use."""
IN_BLENDER = ROOT / "engine_bridge" / "blender"
"""Scripts that Blender's Python runs, not ours."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from this checkout."""
    from hatchling.builders.wheel import WheelBuilder

    (path,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    return zipfile.ZipFile(path)


def test_the_wheel_holds_exactly_the_two_packages(wheel: zipfile.ZipFile) -> None:
    assert {name.split("/")[0] for name in wheel.namelist()} == {*PACKAGES, f"space_runtime-{VERSION}.dist-info"}
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()]
    paths = [path.relative_to(ROOT) for path in files]
    expected = {path.as_posix() for path in paths if not OF_THE_REPOSITORY & set(path.parts)}
    assert expected == {name for name in wheel.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_the_whole_bundle_and_the_demo_line(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert "space_runtime/models/manifest.json" in names
    for entry in load_bundle().manifest.entries:
        assert f"space_runtime/models/{entry.file}" in names
    assert {
        "space_runtime/assets/line.flac",
        "space_runtime/assets/portrait.png",
        "space_runtime/assets/LICENCE.txt",
        "space_runtime/py.typed",
    } <= names


def test_the_wheel_bakes_a_line_on_its_own(wheel: zipfile.ZipFile, tmp_path: Path, line: Path) -> None:
    wheel.extractall(tmp_path / "site")
    script = "import space_runtime; print(space_runtime.__file__); from space_runtime.cli import main; main()"
    words = ["bake", str(line), "--formats", "npz,json", "--out", str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    command = [sys.executable, "-c", script, *words]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "site"))
    assert (tmp_path / "out" / "line.npz").exists()


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    info = f"space_runtime-{VERSION}.dist-info"
    metadata = wheel.read(f"{info}/METADATA").decode()
    assert f"Name: space-runtime\nVersion: {VERSION}\n" in metadata
    assert "License-Expression: Apache-2.0" in metadata
    assert "space-runtime = space_runtime.__main__:main" in wheel.read(f"{info}/entry_points.txt").decode()
    needed = [text for text in metadata.splitlines() if text.startswith("Requires-Dist") and "extra ==" not in text]
    assert needed and not [text for text in needed if re.search("torch|onnxruntime-gpu", text)]


def test_the_runtime_imports_nothing_of_the_trainer_or_of_the_extras() -> None:
    script = "import sys, space_runtime.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    modules = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "onnx", "onnxscript", "scipy", "export"} & set(modules)
    optional = {"av", "cv2", "matplotlib", "PIL", "pillow_heif", "prometheus_client", "websockets", "skimage"}
    assert not optional & set(modules)


def test_the_runtime_leaves_no_trace_at_home_and_sends_none(tmp_path: Path) -> None:
    script = "from space_runtime import load_bundle; load_bundle().network('face_mesh')"
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    environment = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"} | home
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=True)
    assert list(tmp_path.rglob("*.db")) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_import_is_a_declared_dependency(package: str) -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    requirements = [*PROJECT["project"]["dependencies"], *(one for name in OF_THE_RUNTIME for one in extras[name])]
    declared = {re.split(r"[>=<;\[ ]", text)[0].lower() for text in requirements}
    imports = {"cv2": "opencv-python-headless", "zmq": "pyzmq", "nacl": "pynacl"}
    imports |= {
        "prometheus_client": "prometheus-client",
        "PIL": "pillow",
        "pillow_heif": "pillow-heif",
    }
    own = {*PACKAGES, *sys.stdlib_module_names, "typing_extensions"}  # the last for type checkers alone
    for path in scripts(package):
        for name in imported(path) - own:
            assert imports.get(name, name) in declared, f"{path} imports {name}"


def scripts(package: str) -> list[Path]:
    paths = [path.relative_to(ROOT) for path in (ROOT / package).rglob("*.py")]
    return [
        ROOT / path
        for path in paths
        if not OF_THE_REPOSITORY & set(path.parts) and IN_BLENDER not in (ROOT / path).parents
    ]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_only_the_command_line_prints(package: str) -> None:
    for path in scripts(package):
        relative = path.relative_to(ROOT / package)
        if relative.parts[0] in ("cli.py", "__main__.py", "commands"):
            continue
        calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
        assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"], f"{path} prints"


def test_the_layers_hold() -> None:
    pytest.importorskip("importlinter", reason="needs import-linter (extra 'dev')")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    checked = subprocess.run([*command, "--no-cache"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_the_bundle_stays_under_25_mb() -> None:
    assert sum(path.stat().st_size for path in EMBEDDED.iterdir()) < 25_000_000


def test_third_party_names_every_dependency_and_every_weight() -> None:
    text = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    extras = PROJECT["project"]["optional-dependencies"].values()
    for requirement in [*PROJECT["project"]["dependencies"], *(one for extra in extras for one in extra)]:
        assert re.split(r"[>=<;\[ ]", requirement)[0] in text
    for entry in load_bundle().manifest.entries:
        assert entry.file in text


def test_the_bundled_line_and_its_phones_belong_together() -> None:
    sound, phones = open_sound(LINE), json.loads(LINE_PHONES.read_text(encoding="utf-8"))
    assert sound.n_samples is not None
    times = [(row["start_s"], row["end_s"]) for row in phones["phones"]]
    assert times[0][0] == 0
    assert all(start < end for start, end in times)
    assert all(before[1] == after[0] for before, after in pairwise(times))
    assert abs(times[-1][1] - sound.n_samples / sound.rate) < 0.02
    assert {"p", "b", "m", "f", "v", "ow", "uw", "aa"} <= {row["phone"] for row in phones["phones"]}
