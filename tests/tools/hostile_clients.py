"""The cost of hostile servers to the clients of every language, measured: answers, memory, closing.

``python -m tests.tools.hostile_clients [--seconds 2] [--language python|cpp|csharp] [NAME …]`` prints a line for each
behaviour of `tests.support.hostile_behaviours`; run it on a quiet machine. Exits with 1 where a client did not play
again afterwards, answered with weights outside 0 … 1, or in 99 of 100 times took more than a millisecond.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from engine_bridge.client.client import Client, ClientSession
from engine_bridge.protocol.errors import BridgeError
from tests.support.hostile_behaviours import BEHAVIOURS
from tests.support.hostile_server import Served, hostile
from tests.support.real_server import child_environment
from tests.support.waiting import eventually

LIMIT_MS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Times of answers in milliseconds; memory grown in MB; whether weights stayed within 0 … 1."""

    p50: float
    p99: float
    most: float
    grown_mb: float
    is_sound: bool


class Subject(Protocol):
    """A client of some language with a session."""

    def attacked(self, seconds: float) -> Measured:
        """Ask for faces for so long."""
        ...

    def plays(self) -> bool:
        """Return whether a new session gets frames."""
        ...

    def close(self) -> None:
        """End the client."""
        ...


def resident_mb(pid: int | str = "self") -> float:
    """Return the memory of a process, 0 where that is not told."""
    path = Path(f"/proc/{pid}/statm")
    return int(path.read_text().split()[1]) * 4_096 / 1e6 if path.exists() else 0.0


class PythonClient:
    """The Python client in this process."""

    def __init__(self, address: str) -> None:
        self._client = Client(address)
        self._session: ClientSession | None = None

    def attacked(self, seconds: float) -> Measured:
        before = resident_mb()
        try:
            self._session = self._client.open(outputs=("weights", "texture"), texture="rgb", timeout_s=1.0)
        except BridgeError:
            return Measured(0, 0, 0, resident_mb() - before, True)
        self._session.idle()
        took, is_sound = self._answers(seconds)
        p50, p99 = np.percentile(took, [50, 99])
        return Measured(float(p50), float(p99), max(took), resident_mb() - before, is_sound)

    def _answers(self, seconds: float) -> tuple[list[float], bool]:
        assert self._session
        took: list[float] = []
        is_sound, begun = True, time.perf_counter()
        while (now := time.perf_counter()) < begun + seconds:
            pose = self._session.evaluate(16_000 * (now - begun), 1 / 60)
            took.append(1e3 * (time.perf_counter() - now))
            is_sound &= bool(((pose.blendshapes >= 0) & (pose.blendshapes <= 1)).all())
            self._session.texture()
            time.sleep(0.002)
        return took, is_sound

    def plays(self) -> bool:
        try:
            with self._client.open(timeout_s=2.0) as session:
                session.idle()
                return eventually(lambda: session.counters.frames > 0, 1.0)
        except BridgeError:
            return False

    def close(self) -> None:
        self._client.close()


class CppClient:
    """The C++ client's test program, optimised and without sanitizers."""

    def __init__(self, address: str) -> None:
        from tests.engine_bridge.cpp import cpp_program as cpp

        sources = [cpp.joined("space"), cpp.joined("tests"), *(cpp.ROOT / "tests").glob("*.c")]
        program = cpp.folder() / "hostile"
        if not program.exists():
            cpp.link(program, cpp.compiled(sources, ("-O2",)), ("-O2",))
        pipe = subprocess.PIPE
        self._one = cpp.Driven(subprocess.Popen([program, "client"], stdin=pipe, stdout=pipe, text=True))
        self._one.table("client", endpoint=address)
        self._n_sessions = 0

    def attacked(self, seconds: float) -> Measured:
        self._open(texture="rgb")
        eventually(lambda: self._one.table("counts")["connected"], 1.0)
        before = resident_mb(self._one.process.pid)
        found = self._one.table("probe", seconds=seconds)
        p50, p99, most = (float(str(found[key])) for key in ("p50", "p99", "most"))
        return Measured(p50, p99, most, resident_mb(self._one.process.pid) - before, bool(found["sound"]))

    def _open(self, **options: object) -> int:
        self._one.ask("open", **options)
        self._one.ask("idle", session=self._n_sessions)
        self._n_sessions += 1
        return self._n_sessions - 1

    def plays(self) -> bool:
        number = self._open()
        return eventually(lambda: self._one.table("counts", session=number)["taken"], 3.0)

    def close(self) -> None:
        self._one.ask("dispose")
        assert self._one.process.stdin
        self._one.process.stdin.close()
        self._one.process.wait(5)


class CSharpClient:
    """The C# client in this process, which .NET never leaves again."""

    def __init__(self, address: str) -> None:
        from tests.engine_bridge.csharp.dotnet_loaded import Probe, Space

        self._probe, self._space = Probe, Space
        options = Space.ClientOptions()
        options.Address = address
        self._client = Space.SpaceClient(options)

    def attacked(self, seconds: float) -> Measured:
        wanted = self._space.SessionOptions()
        wanted.Outputs = self._space.Outputs.Blendshapes | self._space.Outputs.Texture
        wanted.TextureFormat = "rgb"
        before = resident_mb()
        session = self._client.Open(wanted)
        eventually(lambda: str(session.State) == "Open", 1.0)
        session.Idle(None)
        p50, p99, most, n_wrong = self._probe.EvaluateTimes(session, seconds)
        return Measured(p50, p99, most, resident_mb() - before, not n_wrong)

    def plays(self) -> bool:
        session = self._client.Open(None)
        if not eventually(lambda: str(session.State) == "Open", 2.0):
            return False
        session.Idle(None)
        return eventually(lambda: session.Counters.FramesTaken, 1.0)

    def close(self) -> None:
        self._client.Dispose()


LANGUAGES: Final[dict[str, Callable[[str], Subject]]] = {
    "python": PythonClient,
    "cpp": CppClient,
    "csharp": CSharpClient,
}


def measure(served: Served, language: str, name: str, seconds: float) -> bool:
    """Print what a behaviour costs a client; return whether that is fine."""
    served.become(name)
    with closing(LANGUAGES[language](served.address)) as subject:
        found = subject.attacked(seconds)
        served.become("honest")
        is_final = language == "python" and name == "another version"
        plays = is_final or eventually(subject.plays, 10.0)
    fine = plays and found.is_sound and found.p99 <= LIMIT_MS
    numbers = f"{found.p50:8.3f} {found.p99:8.3f} {found.most:8.2f} {found.grown_mb:8.1f}"
    end = "plays again" if plays else "is dead"
    print(f"{language:8} {name:36} {numbers}  {end}{'' if fine else '  <<<'}", flush=True)
    return fine


@contextmanager
def closing(subject: Subject) -> Iterator[Subject]:
    """Yield a client and end it; say so if that takes long."""
    try:
        yield subject
    finally:
        begun = time.perf_counter()
        subject.close()
        took = time.perf_counter() - begun
        if took > 0.2:
            print(f"closing took {took:.2f} s")


def main() -> int:
    """Measure what is asked for; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--language", choices=LANGUAGES)
    parser.add_argument("names", nargs="*")
    chosen = parser.parse_args()
    if not chosen.language:  # each in a process of its own
        words = [sys.executable, "-m", "tests.tools.hostile_clients", f"--seconds={chosen.seconds}", *chosen.names]
        codes = [subprocess.call([*words, f"--language={name}"], env=child_environment()) for name in LANGUAGES]
        return int(any(codes))
    print(f"{'':45} {'p50 ms':>8} {'p99 ms':>8} {'most ms':>8} {'grown MB':>8}")
    with hostile() as served:
        return int(not all([measure(served, chosen.language, n, chosen.seconds) for n in chosen.names or BEHAVIOURS]))


if __name__ == "__main__":
    sys.exit(main())
