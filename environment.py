"""The jobs of ``run.py``, each in an environment, ``.venv``, that it makes first.

Needs Python 3.11 or newer and nothing else; works without root on Linux, macOS and Windows.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
ACTIVATE = r".venv\Scripts\activate" if os.name == "nt" else ". .venv/bin/activate"

USAGE = """\
usage: python run.py demo [FOLDER]        the bundled portrait speaks the bundled line, into FOLDER (demo_out)
       python run.py test [PYTEST …]      the tests of the runtime and its Python clients, in about {small.lasts}
       python run.py test --all [PYTEST …]   every test: also C# and C++, browser, training; about {all.lasts}

Each makes .venv here at its first run, which takes about {demo.size}, {small.size} or {all.size} of disk."""

TRAINER = "torch==2.13.0"
"""Asked for alone and first, so that nothing that depends on it chooses another build."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job. packages: what each call of pip installs. size: of the environment. lasts: minutes on two cores."""

    name: str
    packages: tuple[tuple[str, ...], ...]
    size: str
    lasts: str


DEMO = Job("demo", ((".[demo]",),), "590 MB", "10 s")
SMALL = Job("test", ((".[demo,test]",),), "820 MB", "5 minutes")
ALL = Job(
    "test-all",
    ((TRAINER,), (".[demo,test,dev,export,csharp]",)),
    "2 GB (more where PyTorch brings its GPU libraries)",
    "15 minutes",
)
PARALLEL = ("-n", "auto", "--maxprocesses", "2", "--max-worker-restart", "0")
"""Words for pytest: two processes, as each needs up to 2.5 GB of memory; one that dies ends the run."""


def main() -> None:
    """Do the job that ``sys.argv`` names and exit with its code; 2 for a wrong call."""
    job, *words = sys.argv[1:] or [""]
    jobs: dict[str, Callable[[list[str]], int]] = {"demo": demo, "test": test, "-h": usage, "--help": usage}
    if job not in jobs:
        wrong_call("say what to do" if not job else f"{job} is no job of run.py")
    sys.exit(jobs[job](words))


def usage(words: Sequence[str] = ()) -> int:
    """Print what can be called."""
    print(USAGE.format(demo=DEMO, small=SMALL, all=ALL))
    return 0


def demo(words: list[str]) -> int:
    """Bake the bundled line with NASA's portrait; say what lies where."""
    if {"-h", "--help"} & set(words):
        return usage()
    if len(words) > 1 or any(word.startswith("-") for word in words):
        wrong_call(f"demo takes one folder, not {' '.join(words)}")
    folder = Path(words[0] if words else "demo_out").resolve()
    install(DEMO)
    code = python("-m", "space_runtime", "demo", str(folder))
    if code == 0:
        print(f"\nYour own lines, in {ROOT}:\n  {ACTIVATE}\n  space-runtime bake --help")
    return code


def test(words: list[str]) -> int:
    """Run the tests on several cores: the small run, or with ``--all`` every test; all other words are pytest's."""
    if words[:1] in (["-h"], ["--help"]):
        return usage()
    job = ALL if "--all" in words else SMALL
    install(job)
    left_out = "" if job is ALL else "; it leaves out what `python run.py test --all` has beyond it, listed below"
    print(f"run.py: about {job.lasts} on two cores{left_out}", flush=True)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # without its files, each of 500 processes compiles the project
    chosen = [] if job is ALL else ["--small"]
    return python("-m", "pytest", *PARALLEL, *chosen, *(word for word in words if word != "--all"))


def wrong_call(reason: str) -> None:
    """Say what is wrong and what can be called, and leave."""
    print(f"run.py: {reason}\n", file=sys.stderr)
    usage()
    sys.exit(2)


def install(job: Job) -> None:
    """Make the environment and install what the job needs, unless the same has been done before."""
    stamp = ENVIRONMENT / f"installed-{job.name}"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + repr(job.packages).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted and environment_works():
        return
    make_environment()
    print(f"run.py: installing into {ENVIRONMENT}, about {job.size} of disk; this happens once", flush=True)
    for packages in job.packages:
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
    """Make ``.venv`` if there is none that works. Leaves the program with a sentence where it cannot be made."""
    check_folder()
    if environment_works():
        return
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=False)
    if made.returncode:
        sys.exit(
            f"run.py: Python could not make {ENVIRONMENT}, the lines above say why; where its venv is missing, "
            "install it (on Debian and Ubuntu: apt install python3-venv)"
        )


def check_folder() -> None:
    """Leave the program with a sentence where the environment cannot be written."""
    proof = ENVIRONMENT / ".writable"
    try:
        ENVIRONMENT.mkdir(exist_ok=True)
        proof.touch()
        proof.unlink()
    except OSError as error:
        sys.exit(
            f"run.py: {ENVIRONMENT} cannot be written ({error.strerror}); "
            "copy the project to a folder of yours and call run.py there"
        )


def python(*arguments: str) -> int:
    """Run the environment's Python in the project's folder; return the exit code."""
    try:
        return subprocess.run([str(PYTHON), *arguments], cwd=ROOT, check=False).returncode
    except KeyboardInterrupt:
        return 130
