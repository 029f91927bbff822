"""Curves, the command line and the client run without any optional package; each missing one is named in a sentence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest

from space_runtime.assets import LINE, PORTRAIT
from space_runtime.commands.demo import RESULTS
from space_runtime.extras import NEEDS, OptionalModule
from space_runtime.version import VERSION
from tests.support.files import contents

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OPTIONAL = ("av", "cv2", "matplotlib", "PIL", "prometheus_client", "websockets", "skimage", "scipy", "sounddevice")
HEAVY = (*OPTIONAL, "onnxruntime", "soundfile", "soxr", "typer", "rich", "threadpoolctl", "space_runtime")
BLOCKER = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker())
"""
RUN = "import sys\nfrom space_runtime.cli import main\nsys.argv = ['space-runtime', *sys.argv[1:]]\nmain()"


def run_without(
    packages: tuple[str, ...], code: str, *words: str, site: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run Python code where the packages cannot be imported; ``site`` is the only folder added to the path."""
    program = [sys.executable, "-c", BLOCKER.format(blocked=packages) + code, *words]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(program, cwd=site, env=environment, capture_output=True, text=True, timeout=120)


def test_curves_are_baked_without_any_extra(tmp_path: Path, line: Path) -> None:
    out = tmp_path / "out"
    done = run_without(OPTIONAL, RUN, "bake", str(line), "--formats", "npz,json", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert set(contents(out)) == {"line.npz", "line.json"}


def demo_without(packages: tuple[str, ...], sound: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the demo where the packages cannot be imported, with another sound that is sooner over."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom space_runtime.commands import demo\ndemo.LINE = Path(sys.argv[1])\n"
    )
    return run_without(packages, code + RUN.replace("sys.argv[1:]", "sys.argv[2:]"), str(sound), "demo", str(folder))


CURVES = {"line.flac", "portrait.png", "line.npz", "line.json"}


@pytest.mark.parametrize(
    ("packages", "more"),
    [
        (OPTIONAL, set[str]()),
        (("av", "matplotlib"), {"line.webp"}),
        (("cv2",), {"line_curves.png"}),
        ((), {"line.mp4", "line.webp", "line_curves.png", "line_frames.png"}),
    ],
)
def test_the_demo_writes_what_the_installation_can(
    packages: tuple[str, ...], more: set[str], tmp_path: Path, line: Path
) -> None:
    done = demo_without(packages, line, tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in (tmp_path / "out").iterdir()} == CURVES | more
    for result in RESULTS:
        path = str(tmp_path / "out" / result.name)
        assert (f"{path}: " in done.stdout) == (result.name in CURVES | more)
        assert (f"not written: {result.name}" in done.stdout) == (result.name not in CURVES | more)
    assert [NEEDS[name] for name in NEEDS if NEEDS[name] in done.stdout] == [
        sentence
        for name, sentence in NEEDS.items()
        if name.partition(".")[0] in packages and any(name in result.needs for result in RESULTS)
    ]


def test_the_samples_alone_are_copied(tmp_path: Path) -> None:
    done = run_without(OPTIONAL, RUN, "demo", str(tmp_path), "--samples")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "line.flac").read_bytes() == LINE.read_bytes()
    assert (tmp_path / "portrait.png").read_bytes() == PORTRAIT.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"line.flac", "portrait.png"}


def test_a_session_is_stepped_without_any_extra() -> None:
    code = """
import numpy as np
from space_runtime import Session, load_bundle
session = Session(load_bundle())
print(len(session.push(np.zeros(16_000, np.float32)) + session.finish()))
"""
    done = run_without(OPTIONAL, code)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 30


def test_a_module_that_is_there_becomes_a_plain_one() -> None:
    module = OptionalModule("fractions")
    assert module.Fraction is Fraction
    assert type(module) is ModuleType
    with pytest.raises(AttributeError, match="fractions"):
        module.nothing  # noqa: B018


DISTRIBUTIONS = {"cv2": "opencv-python-headless", "PIL.Image": "pillow", "prometheus_client": "prometheus-client"}
DISTRIBUTIONS |= {"PyInstaller": "pyinstaller"}


@pytest.mark.parametrize("name", NEEDS)
def test_the_sentence_names_the_extra_that_brings_the_package(name: str) -> None:
    code = "import sys\nfrom space_runtime.extras import OptionalModule\nOptionalModule(sys.argv[1]).anything"
    done = run_without((name.partition(".")[0],), code, name)
    assert done.stderr.strip().endswith(f"UsageError: {NEEDS[name]}")
    (extra,) = re.findall(r"extra '(\w+)'", NEEDS[name])
    brought = PROJECT["project"]["optional-dependencies"][extra]
    distribution = DISTRIBUTIONS.get(name, name)
    assert distribution in {re.split("[>=]", one)[0] for one in brought}
    assert f"pip install {distribution}" in NEEDS[name]


MISSING = {
    "mp4": (["bake", "LINE", "--portrait", "PHOTO", "--formats", "mp4"], ("av",), "pip install av"),
    "portrait": (["bake", "LINE", "--portrait", "PHOTO"], ("cv2",), "pip install opencv-python-headless"),
    "plot": (["bake", "LINE", "--plot"], ("matplotlib",), "pip install matplotlib"),
    "other sounds": (["bake", "PHOTO"], ("av",), "pip install av"),
    "browsers": (["live", "LINE", "--to", "ws://127.0.0.1:0"], ("websockets",), "pip install websockets"),
    "status page": (["serve", "--bind", "tcp://127.0.0.1:PORT", "--http", "HTTP"], ("prometheus_client",), "--http 0"),
}


@pytest.mark.parametrize("case", MISSING)
def test_a_missing_package_is_named_in_one_sentence(
    case: str, tmp_path: Path, line: Path, photo: Path, free_ports: tuple[int, int]
) -> None:
    words, packages, sentence = MISSING[case]
    known = {"LINE": str(line), "PHOTO": str(photo), "HTTP": str(free_ports[0])}
    given = [known.get(word, word).replace("PORT", str(free_ports[1])) for word in words]
    done = run_without(packages, RUN, *given, *(["--out", str(tmp_path / "out")] if words[0] == "bake" else []))
    assert done.returncode in (1, 2)
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("space-runtime: ") <= 1


@pytest.fixture
def free_ports() -> tuple[int, int]:
    """Two ports that nobody listens on now."""
    from socket import create_server

    with create_server(("127.0.0.1", 0)) as one, create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture(scope="module")
def client_wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of the clients alone, built from this checkout."""
    from hatchling.builders.wheel import WheelBuilder

    folder = str(tmp_path_factory.mktemp("wheel"))
    (path,) = WheelBuilder(str(ROOT / "engine_bridge")).build(directory=folder, versions=["standard"])
    return zipfile.ZipFile(path)


def test_the_client_wheel_holds_the_clients_alone(client_wheel: zipfile.ZipFile) -> None:
    names = [name for name in client_wheel.namelist() if ".dist-info/" not in name]
    rooms = {name.split("/")[1] for name in names if name.count("/") > 1}
    assert rooms == {"protocol", "client", "adapters", "web"}
    for room in rooms:
        pattern = "*.js" if room == "web" else "**/*"  # what the viewer page plays through, not the npm package
        files = {path.name for path in (ROOT / "engine_bridge" / room).glob(pattern) if path.is_file()}
        packed = {name.rsplit("/", 1)[1] for name in names if name.startswith(f"engine_bridge/{room}/")}
        assert packed == {name for name in files if not name.endswith(".pyc")}
    metadata = client_wheel.read(f"space_runtime_client-{VERSION}.dist-info/METADATA").decode()
    needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra" not in line]
    assert [line.split(":")[1].split(">")[0].strip() for line in needed] == ["msgpack", "numpy", "pyzmq"]


def test_the_client_runs_alone(client_wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    client_wheel.extractall(tmp_path)
    code = """
import engine_bridge.client.aio, engine_bridge
from engine_bridge.adapters import open_sink
from engine_bridge.client import Client
print(engine_bridge.__file__)
open_sink("vmc://127.0.0.1:39539").close()
Client("tcp://127.0.0.1:1").close()
"""
    done = run_without(HEAVY, code, site=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)
