"""The C# client in Python's tests: finds the tool chain (`install_dotnet`), compiles, loads into .NET Core.

.NET lives as long as its process and takes signals over, so it never enters the process of the other tests:
``test_csharp.py`` starts one process for all files ``dotnet_*.py`` and reports each of their tests as one of its own.
"""

from __future__ import annotations

import atexit
import ctypes
import hashlib
import importlib.util
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

from tests.tools import install_dotnet
from tests.tools.install_dotnet import OPENSSL, SDK
from tests.tools.node_js import TOOLS

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "engine_bridge" / "csharp" / "com.spaceruntime.face"
CORE = PACKAGE / "Runtime" / "Core"
PROBE = ROOT / "engine_bridge" / "csharp" / "tests"
STUB = Path(__file__).parent / "unity_stub"
"""A stand-in for UnityEngine."""
STUBS_OF_PACKAGES: Final = {
    "UnityEngine.UI": "unity_stub_ui",
    "Unity.Timeline": "unity_stub_timeline",
    "Unity.Timeline.Editor": "unity_stub_timeline_editor",
    "UnityEngine.TestRunner": "unity_stub_tests",
}
"""Folders of the stand-ins for assemblies of packages; that of the test runner has NUnit too."""
SAMPLES = PACKAGE / "Samples~"
SCENES = Path(__file__).parent / "unity_scenes"
"""Scenes and frames that tests of the Unity components run in .NET."""


class CompileError(Exception):
    """A compilation that failed; the text is the compiler's."""


def missing() -> str | None:
    """Return what the C# tests lack here, as the reason of a skip; None if they can run."""
    if not install_dotnet.installed():
        return "needs the C# tool chain: python -m tests.tools.install_dotnet"
    if importlib.util.find_spec("pythonnet") is None:
        return "needs pythonnet (extra 'csharp')"
    return None


def compile_core() -> Path:
    """Return ``Space.Core.dll``: warnings are errors, and so is a public name without documentation."""
    folder = _compile("Space.Core", sorted(CORE.rglob("*.cs")), [], ["-warnaserror+", "-doc:{folder}/Space.Core.xml"])
    return folder / "Space.Core.dll"


def compile_with_core(name: str, sources: Sequence[Path], program: bool = False) -> Path:
    """Return an assembly that uses the core, which lies beside it. A program gets what ``dotnet`` wants to start it."""
    core = compile_core()
    folder = _compile(name, sources, [core], ["-warnaserror+", "-target:exe"] if program else ["-warnaserror+"])
    beside = folder / core.name
    if not beside.exists():
        beside.write_bytes(core.read_bytes())
    if program:
        (folder / f"{name}.runtimeconfig.json").write_text(_CONFIG)
    return folder / f"{name}.dll"


def compile_unity_stub() -> Path:
    """Return ``UnityEngine.dll``, the stand-in of the tests."""
    return _compile("UnityEngine", sorted(STUB.glob("*.cs")), [], ["-warnaserror+"]) / "UnityEngine.dll"


def compile_package_stub(name: str) -> Path:
    """Return the stand-in of an assembly of another package, one of `STUBS_OF_PACKAGES`."""
    sources = sorted((Path(__file__).parent / STUBS_OF_PACKAGES[name]).glob("*.cs"))
    others = [compile_package_stub("Unity.Timeline")] if name == "Unity.Timeline.Editor" else []
    return _compile(name, sources, [compile_unity_stub(), *others], ["-warnaserror+"]) / f"{name}.dll"


def compile_test_stub() -> Path:
    """Return ``UnityEngine.TestRunner.dll``, the stand-in of the package's own tests."""
    return compile_package_stub("UnityEngine.TestRunner")


def compile_definition(name: str, defines: Sequence[str] = ()) -> Path:
    """Return the assembly of ``name.asmdef``: its folder's sources with its references alone, and the stand-in.

    Warnings are errors, and so is a public name without documentation, but for names of tests.
    """
    (path,) = PACKAGE.rglob(f"{name}.asmdef")
    definition = json.loads(path.read_text(encoding="utf-8"))
    references = [compile_definition(each, defines) for each in definition["references"] if each.startswith("Space.")]
    if not definition["noEngineReferences"]:
        references.append(compile_unity_stub())
    references += [compile_package_stub(each) for each in definition["references"] if each in STUBS_OF_PACKAGES]
    documented = [] if "UNITY_INCLUDE_TESTS" in definition["defineConstraints"] else [f"-doc:{{folder}}/{name}.xml"]
    options = ["-warnaserror+", *documented, *(f"-define:{each}" for each in defines)]
    if name == "Space.Core":
        return compile_core()
    return _compile(name, sorted(path.parent.rglob("*.cs")), references, options) / f"{name}.dll"


def compile_editor_components() -> Path:
    """Return ``Space.Unity.dll`` as the editor would compile it."""
    return compile_definition("Space.Unity", ["UNITY_EDITOR"])


def editor_assemblies() -> list[Path]:
    """Return all assemblies of a project in the editor that has Timeline, each after those that it uses."""
    ours = ("Space.Unity", "Space.Unity.Editor", "Space.Unity.Timeline", "Space.Unity.Timeline.Editor")
    stubs = [
        compile_package_stub(each) for each in ("Unity.Timeline", "Unity.Timeline.Editor", "UnityEngine.TestRunner")
    ]
    return [compile_unity_stub(), *stubs, *(compile_definition(each, ["UNITY_EDITOR"]) for each in ours)]


def compile_game(name: str, sources: Sequence[Path]) -> Path:
    """Return an assembly that uses the components and the stand-in, as a game would."""
    references = [compile_core(), *editor_assemblies()]
    return _compile(name, sources, references, ["-warnaserror+"]) / f"{name}.dll"


def compile_unity_scenes() -> Path:
    """Return ``Space.UnityTests.dll``: scenes over the components and the stand-in."""
    return compile_game("Space.UnityTests", sorted(SCENES.glob("*.cs")))


def command(program: Path) -> list[str]:
    """Return the words that start a compiled program; `environment` belongs to it."""
    return [str(SDK / "dotnet"), str(program)]


def environment() -> dict[str, str]:
    """Return the variables under which ``dotnet`` starts on every Linux."""
    return {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(filter(None, [str(OPENSSL), os.environ.get("LD_LIBRARY_PATH", "")])),
        "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
        "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",
    }


def load(*assemblies: Path) -> None:
    """Start .NET Core in this process and load assemblies; their namespaces can be imported afterwards."""
    config = TOOLS / "runtimeconfig.json"
    config.write_text(_CONFIG)
    pythonnet = import_module("pythonnet")
    pythonnet.load(import_module("clr_loader").get_coreclr(runtime_config=str(config), dotnet_root=str(SDK)))
    atexit.unregister(pythonnet.unload)  # it can take half a minute, and the process ends anyway
    for assembly in assemblies:
        import_module("clr").AddReference(str(assembly))


class ByteArray(Protocol):
    """A ``byte[]`` of .NET."""

    Length: int


def byte_array(data: bytes) -> ByteArray:
    """Return a ``byte[]`` with these bytes; pythonnet's own conversion takes half a microsecond a byte."""
    system = import_module("System")
    array = system.Array.CreateInstance(system.Byte, len(data))
    if data:
        buffer = ctypes.create_string_buffer(data, len(data))
        copy = import_module("System.Runtime.InteropServices").Marshal.Copy
        copy(system.IntPtr(ctypes.addressof(buffer)), array, 0, len(data))
    return cast(ByteArray, array)


def as_bytes(array: ByteArray) -> bytes:
    """Return the bytes of a ``byte[]``."""
    return bytes(memoryview(array)) if array.Length else b""  # type: ignore[arg-type]  # arrays of .NET are buffers


def as_floats(array: object) -> NDArray:  # type: ignore[type-arg]  # float32
    """Return a copy of a ``float[]``."""
    import numpy as np

    return np.frombuffer(memoryview(array), np.float32).copy()  # type: ignore[arg-type]  # arrays of .NET are buffers


_CONFIG = json.dumps(
    {
        "runtimeOptions": {
            "tfm": "netcoreapp3.1",
            "framework": {"name": "Microsoft.NETCore.App", "version": "3.1.0"},
            "configProperties": {"System.Globalization.Invariant": True},
        }
    }
)


def _compile(name: str, sources: Sequence[Path], references: Sequence[Path], options: Sequence[str]) -> Path:
    """Return the folder of a library or program, made anew only where something has changed."""
    digest = hashlib.sha256(repr((name, options)).encode())
    for path in (*sources, *references):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    folder = TOOLS / "build" / digest.hexdigest()[:16]
    if (folder / f"{name}.dll").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    standard = sorted((SDK / "packs/NETStandard.Library.Ref/2.1.0/ref/netstandard2.1").glob("*.dll"))
    with tempfile.TemporaryDirectory(dir=folder) as unfinished:
        words = [
            *command(SDK / "sdk/3.1.102/Roslyn/bincore/csc.dll"),
            *(
                "-nologo",
                "-noconfig",
                "-nostdlib",
                "-langversion:8.0",
                "-target:library",
                "-deterministic",
                "-optimize+",
            ),
            *(option.format(folder=unfinished) for option in options),
            f"-out:{unfinished}/{name}.dll",
            *(f"-r:{path}" for path in (*standard, *references)),
            *map(str, sources),
        ]
        done = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise CompileError(done.stdout + done.stderr)
        Path(unfinished, f"{name}.dll").replace(folder / f"{name}.dll")
    return folder
