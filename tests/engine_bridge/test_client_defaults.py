"""The clients in Python, C# and C++ have the same defaults, read from their sources."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from engine_bridge.client import core, jitter, replay
from engine_bridge.client.aio import Client as AsyncClient
from engine_bridge.client.client import Client
from engine_bridge.client.session_api import SessionCommands
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.arkit import DEFAULT_ADDRESS
from space_runtime.server.limits import Limits
from space_runtime.server.validation import session_settings

ROOT = Path(__file__).parents[2] / "engine_bridge"
CSHARP = ROOT / "csharp" / "com.spaceruntime.face" / "Runtime" / "Core"
CPP = ROOT / "cpp" / "space"


def default(function: object, name: str) -> object:
    """Return the default of a parameter of a Python function."""
    assert callable(function)
    return inspect.signature(function).parameters[name].default


def found(path: Path, pattern: str) -> str:
    """Return what a pattern's group matches in a source; all matches must be the same."""
    (value,) = set(re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE))
    return str(value)


def csharp(name: str, file: str) -> str:
    """Return the initial value of a field, constant or parameter of the C# client."""
    return found(CSHARP / file, rf"\b(?:int|uint|double|string|Pace) {name} = ([^;,)]+)").strip('"')


def cpp(name: str, file: str) -> str:
    """Return the initial value of a member, constant or parameter of the C++ client."""
    return found(CPP / file, rf"\b{name} = (?!0,)([^;,)]+)").strip('"')


def test_sessions() -> None:
    options, values = "Session/SessionOptions.cs", "client_values.hpp"
    playout = [str(default(kind.open, "playout_ms")) for kind in (Client, AsyncClient)]
    assert {*playout, csharp("PlayoutMs", options), cpp("playout_ms", values)} == {"200"}
    fps = str(default(Client.open, "fps"))
    assert {fps, csharp("FpsNumerator", options), cpp("fps_numerator", values)} == {"30"}
    assert default(Client.open, "lease_ms") is None, "the server's default, which 0 asks for in C# and C++"
    assert (cpp("lease_ms", values), found(CSHARP / options, r"public int LeaseMs(;)")) == ("0", ";")


def test_outputs() -> None:
    wanted = [str(output) for output in default(Client.open, "outputs")]  # type: ignore[attr-defined]
    assert wanted == ["weights", "head", "eyes"]
    outputs = found(CSHARP / "Session/SessionOptions.cs", r"Outputs Outputs = (.*);")
    assert outputs == "Outputs.Blendshapes | Outputs.Head | Outputs.Eyes"
    flags = found(CPP / "client_values.hpp", r"    bool (blendshapes = .*);")
    assert flags == "blendshapes = true, head = true, eyes = true, landmarks = false, keypoints = false"


def test_textures_come_as_the_server_sends_them_by_default() -> None:
    opening = m.Open(request=1, outputs=("texture",), fps=(30, 1), playout_ms=200, until=256, portrait=b"x")
    formats = {csharp("TextureFormat", "Session/SessionOptions.cs"), cpp("texture_format", "client_values.hpp")}
    assert formats == {str(session_settings(opening, Limits()).texture)}
    assert default(Client.open, "texture") is None, "the server's default"


def test_streams() -> None:
    assert default(SessionCommands.start, "channels") == int(cpp("channels", "client_values.hpp"))
    assert csharp("Channels", "Session/SessionOptions.cs") == "1"
    assert str(default(SessionCommands.start, "pace")) == found(
        CPP / "client_values.hpp", r"\bPace pace = Pace::(\w+);"
    )
    assert csharp("Rate", "Session/SessionOptions.cs") == cpp("rate", "client_values.hpp") == "16000"


def test_fades() -> None:
    milliseconds = {round(1000 * float(str(default(SessionCommands.interrupt, "fade_s"))))}
    milliseconds |= {int(found(CPP / "client.hpp", r"fade_ms = (\d+)"))}
    source = (CSHARP / "Session/SpaceSession.Streams.cs").read_text(encoding="utf-8")
    assert milliseconds == {int(value) for value in re.findall(r"fadeMs = (\d+)", source)} == {200}


@pytest.mark.parametrize(
    ("python", "sharp", "plus"),
    [
        (core.PING_S, ("PingMs", "Session/ClientOptions.cs", 1000), ("kPing_s", "client_core.cpp")),
        (core.SILENCE_S, ("SilenceMs", "Session/ClientOptions.cs", 1000), ("silence_s", "client_values.hpp")),
        (replay.KEPT_S, ("KeptSeconds", "Session/SoundHistory.cs", 1), ("kSeconds", "sound_store.hpp")),
        (replay.AHEAD_S, ("AheadSeconds", "Session/SpaceSession.Sending.cs", 1), ("kMostAhead_s", "session_core.cpp")),
        (jitter.HOLD_S, ("HoldSeconds", "Playback/JitterBuffer.cs", 1), ("kHold_s", "jitter_buffer.hpp")),
        (jitter.RELEASE_S, ("ReleaseSeconds", "Playback/JitterBuffer.cs", 1), ("kRelease_s", "jitter_buffer.hpp")),
        (jitter.ENTER_S, ("EnterSeconds", "Playback/JitterBuffer.cs", 1), ("kEnter_s", "jitter_buffer.hpp")),
        (jitter.GAP_S, ("GapSeconds", "Playback/JitterBuffer.cs", 1), ("kGap_s", "jitter_buffer.hpp")),
        (jitter.SLOWEST, ("Slowest", "Playback/PlayerClock.cs", 1), ("kSlowest", "jitter_buffer.hpp")),
        (
            jitter.LONGEST_STEP_S,
            ("LongestStepSeconds", "Playback/PlayerClock.cs", 1),
            ("kLongestStep_s", "jitter_buffer.hpp"),
        ),
        (
            jitter.LONGEST_DT_S,
            ("LongestDtSeconds", "Playback/PlayerClock.cs", 1),
            ("kLongestDt_s", "jitter_buffer.hpp"),
        ),
        (jitter.FURTHEST, ("Furthest", "Playback/PlayerClock.cs", 1), ("kFurthest", "jitter_buffer.hpp")),
        (jitter.CAPACITY, ("Capacity", "Playback/JitterBuffer.cs", 1), ("kCapacity", "jitter_buffer.hpp")),
        (jitter.HISTORY, ("History", "Playback/JitterBuffer.cs", 1), ("kHistory", "jitter_buffer.hpp")),
    ],
    ids=[
        *["ping", "silence", "sound kept", "ahead", "hold", "release", "enter"],
        *["gap", "slowest", "longest step", "longest dt", "furthest", "capacity", "history"],
    ],
)
def test_times(python: float, sharp: tuple[str, str, int], plus: tuple[str, str]) -> None:
    name, file, per_second = sharp
    assert float(csharp(name, file)) / per_second == python
    assert float(found(CPP / plus[1], rf"\b{plus[0]} = ([\d.]+);")) == python


def test_addresses() -> None:
    assert csharp("Address", "Session/ClientOptions.cs") == cpp("endpoint", "client_values.hpp") == DEFAULT_ADDRESS
