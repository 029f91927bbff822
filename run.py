"""``python run.py demo`` shows the product, ``python run.py test`` runs every test; each makes its own ``.venv`` first.

Needs Python 3.11 or newer and nothing else; works without root on Linux, macOS and Windows. Whatever follows ``test``
goes to pytest, whatever follows ``demo`` to the demo (a folder for its results, ``demo_out`` by default).
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

TRAINER = "torch==2.13.0"
"""Asked for alone and first, so that nothing that depends on it chooses another build."""

SIZES = {"demo": "1 GB", "test": "2 GB, more where PyTorch brings its GPU libraries"}
"""About how much disk the environment of a job takes."""

PACKAGES = {"demo": [[".[demo]"]], "test": [[TRAINER], [".[demo,test,dev,export,csharp]"]]}


def main() -> None:
    job = sys.argv[1] if len(sys.argv) > 1 else ""
    if sys.version_info < (3, 11):
        sys.exit(f"run.py: this is Python {sys.version.split()[0]}; install Python 3.11 or newer and use that")
    if job not in PACKAGES:
        sys.exit(f"run.py: say what to do: python run.py {' | '.join(PACKAGES)}")
    install(job)
    sys.exit(demo(sys.argv[2:]) if job == "demo" else test(sys.argv[2:]))


def demo(arguments: list[str]) -> int:
    """Bake the bundled line with NASA's portrait; say where the results are."""
    folder = Path(arguments[0] if arguments else "demo_out").resolve()
    code = python("-m", "space_runtime.demo", str(folder))
    if code == 0:
        print(f"\nThe talking portrait: {folder / 'line.mp4'}; for a web page, without sound: {folder / 'line.webp'}")
        print(f"Its frames at a glance: {folder / 'line_frames.png'}, its curves: {folder / 'line_curves.png'}")
        print(f"The clip for a rig: {folder / 'line.npz'} and {folder / 'line.json'}")
    return code


def test(arguments: list[str]) -> int:
    """Run the test suite."""
    return python("-m", "pytest", *arguments)


def install(job: str) -> None:
    """Make the environment and install what the job needs, unless the same has been done before."""
    stamp = ENVIRONMENT / f"installed-{job}"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + repr(PACKAGES[job]).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted and environment_works():
        return
    make_environment()
    print(f"run.py: installing into {ENVIRONMENT}, about {SIZES[job]}; this happens once", flush=True)
    for packages in PACKAGES[job]:
        editable = ["-e"] if packages[0].startswith(".") else []
        if python("-m", "pip", "install", "--disable-pip-version-check", *editable, *packages):
            sys.exit(f"run.py: {packages[0]} could not be installed; the lines above say why")
    stamp.write_text(wanted)


def environment_works() -> bool:
    """Return whether ``.venv`` has a Python that starts; an upgrade of the system may have left a dead link."""
    try:
        return subprocess.run([str(PYTHON), "-c", "import pip"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_environment() -> None:
    """Make ``.venv`` if there is none that works."""
    if environment_works():
        return
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=False)
    if made.returncode:
        sys.exit("run.py: Python's venv is missing here; install it (on Debian and Ubuntu: apt install python3-venv)")


def python(*arguments: str) -> int:
    """Run the environment's Python in the project's folder; return the exit code."""
    try:
        return subprocess.run([str(PYTHON), *arguments], cwd=ROOT, check=False).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    main()
