"""Finds out what works on this machine: libraries, models, speed, ports, folders. Each check is one function."""

from __future__ import annotations

import os
import platform
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final
from urllib.parse import urlparse

import numpy as np
import zmq

from engine_bridge.protocol.arkit import DEFAULT_ADDRESS
from engine_bridge.protocol.errors import UnreachableError, WireError
from engine_bridge.protocol.messages import VERSION as PROTOCOL
from engine_bridge.protocol.messages import Hello, Welcome
from engine_bridge.protocol.wire import decode, encode
from space_runtime.errors import BundleError, SpaceError, UsageError, counted
from space_runtime.inference import network
from space_runtime.inference.bundle import load_bundle
from space_runtime.inference.device import AUTO, CPU, GPU_BUILD, USUAL_BUILD
from space_runtime.server.observability.status_address import DEFAULT_PORT, HOST
from space_runtime.server.observability.status_client import fetch_snapshot
from space_runtime.server.warm_up import capacity
from space_runtime.version import VERSION

SAFE_LIBZMQ: Final = (4, 3, 2)
"""Older ones overflow a buffer before they know who speaks (CVE-2019-13132)."""
ONE_BUILD: Final = f"pip uninstall {USUAL_BUILD} {GPU_BUILD}, then install one of the two"
EVERYWHERE: Final = ("*", "0.0.0.0")
GREET_MS: Final = 1_000


class Verdict(StrEnum):
    """The verdict of a check."""

    OK = "ok"
    NOTE = "note"
    """It works; something should be known."""
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """The finding of a check. advice: what to do, empty where nothing is to be done."""

    name: str
    verdict: Verdict
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """The setup to check. address, http_port: of the server to be; port 0: none. out: folder of baked clips.
    device: of the networks."""

    address: str = DEFAULT_ADDRESS
    http_port: int = DEFAULT_PORT
    bundle: Path | None = None
    out: Path = Path("out")
    device: str = AUTO


def examine(setup: Setup) -> Iterator[Finding]:
    """Check everything, one finding after the other; none ends the others."""
    for name, check in CHECKS.items():
        try:
            yield check(name, setup)
        except SpaceError as error:
            yield Finding(name, Verdict.FAIL, str(error))
        except Exception as error:  # whatever a broken library raises is what was to be found out
            yield Finding(name, Verdict.FAIL, f"{type(error).__name__}: {error}", "reinstall space-runtime")


def check_python(name: str, setup: Setup) -> Finding:
    """Return Python's version and the machine's kind."""
    return Finding(name, Verdict.OK, f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def check_runtime(name: str, setup: Setup) -> Finding:
    """Return this program's version."""
    return Finding(name, Verdict.OK, f"{VERSION}, protocol {PROTOCOL}")


def check_numpy(name: str, setup: Setup) -> Finding:
    """Return NumPy's version."""
    return Finding(name, Verdict.OK, str(np.__version__))


def check_onnxruntime(name: str, setup: Setup) -> Finding:
    """Return ONNX Runtime's version, its providers, and the one that is used."""
    available = network.available_providers()
    text = f"{network.VERSION} with {', '.join(available)}"
    if CPU.provider not in available:
        return Finding(name, Verdict.FAIL, text, f"reinstall onnxruntime: it lacks {CPU.provider}")
    device = network.open_device(setup.device)
    sums = "by the slower way, as this processor needs it" if network.needs_precision() else "at full speed"
    text = f"{text}; networks run on {device.name}, exact eight-bit sums {sums}"
    if is_distributed(USUAL_BUILD) and is_distributed(GPU_BUILD):
        return Finding(name, Verdict.NOTE, f"{text}; two builds lie in one folder", ONE_BUILD)
    return Finding(name, Verdict.OK, text)


def is_distributed(package: str) -> bool:
    """Return whether a package of this name is installed."""
    return next(iter(distributions(name=package)), None) is not None


def check_zeromq(name: str, setup: Setup) -> Finding:
    """Return the versions of pyzmq and libzmq, and whether it can encrypt."""
    found = zmq.zmq_version_info()
    text = f"pyzmq {zmq.__version__}, libzmq {'.'.join(map(str, found))}"
    if found < SAFE_LIBZMQ:
        return Finding(name, Verdict.FAIL, f"{text}, which strangers can overflow (CVE-2019-13132)", "update pyzmq")
    if not zmq.has("curve"):
        return Finding(name, Verdict.NOTE, f"{text}, without CURVE", "serve other machines only with another pyzmq")
    return Finding(name, Verdict.OK, f"{text}, CURVE available")


def check_bundle(name: str, setup: Setup) -> Finding:
    """Return the model bundle's name; every hash is compared and the speech network loaded."""
    bundle = load_bundle(setup.bundle, setup.device)
    bundle.network("speech2landmarks")
    manifest = bundle.manifest
    return Finding(
        name,
        Verdict.OK,
        f"{manifest.name} {manifest.version}, {counted(len(manifest.entries), 'file')}, hashes as stated",
    )


def check_speed(name: str, setup: Setup) -> Finding:
    """Return how many sessions `serve` takes on this machine by its own measure, from about a second of work."""
    try:
        bundle = load_bundle(setup.bundle, setup.device)
    except (BundleError, UsageError):
        return Finding(name, Verdict.NOTE, "not measured, because the networks do not load")
    sessions = counted(capacity(bundle), "session")
    text = f"serve takes {sessions} at 30 frames/s, all speaking at once (curves alone, on one core)"
    text += f"; cores: {n_cores()}"
    return Finding(name, Verdict.OK, text)


def n_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def check_loopback(name: str, setup: Setup) -> Finding:
    """Return whether this machine reaches itself."""
    try:
        with socket.create_server((HOST, 0)) as listener:
            listener.settimeout(2.0)
            with socket.create_connection(listener.getsockname(), timeout=2.0), listener.accept()[0]:
                return Finding(name, Verdict.OK, f"{HOST} can be reached")
    except OSError as error:
        return Finding(name, Verdict.FAIL, f"{HOST} cannot be reached ({error})", "allow it in the firewall")


def check_port(name: str, setup: Setup) -> Finding:
    """Return whether the server's port is free, or who has it."""
    url = urlparse(setup.address)
    host, port = url.hostname or HOST, url.port or 0
    if is_free(host, port):
        return Finding(name, Verdict.OK, f"{setup.address} is free")
    welcome = greet(f"tcp://{HOST}:{port}" if host in EVERYWHERE else setup.address)
    if welcome:
        return Finding(name, Verdict.NOTE, f"{welcome.server} with {welcome.bundle} serves on {setup.address} already")
    text = f"{setup.address} is taken by another program, or by a SPACE server that lets in only keys"
    return Finding(name, Verdict.FAIL, text, "stop it, or choose another one with --bind")


def check_http_port(name: str, setup: Setup) -> Finding:
    """Return whether the status page's port is free, or who has it."""
    if not setup.http_port or is_free(HOST, setup.http_port):
        return Finding(name, Verdict.OK, f"{HOST}:{setup.http_port} is free" if setup.http_port else "not wanted")
    try:
        totals = fetch_snapshot(str(setup.http_port)).totals
    except UnreachableError:
        text = f"{HOST}:{setup.http_port} is taken by another program"
        return Finding(name, Verdict.FAIL, text, "choose another port with --http, or 0 for none")
    text = f"a SPACE server with {counted(totals.sessions, 'session')} has its status page on {HOST}:{setup.http_port}"
    return Finding(name, Verdict.NOTE, text)


def is_free(host: str, port: int) -> bool:
    """Return whether somebody could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if sys.platform == "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("" if host in EVERYWHERE else host, port))
        except OSError:
            return False
    return True


def greet(address: str) -> Welcome | None:
    """Return how the server at an address introduces itself, None when none does."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.linger = 0
        dealer.connect(address)
        dealer.send(encode(Hello(versions=(PROTOCOL,), client=f"space-runtime doctor {VERSION}")))
        if not dealer.poll(GREET_MS):
            return None
        try:
            answer = decode(dealer.recv_multipart()[0])
        except WireError:
            return None
    return answer if isinstance(answer, Welcome) else None


def check_microphone(name: str, setup: Setup) -> Finding:
    """Return whether sound can be recorded; nothing is."""
    if find_spec("sounddevice") is None:
        return Finding(
            name,
            Verdict.NOTE,
            "sounddevice is not installed",
            "pip install sounddevice (the extra 'audio') to speak live",
        )
    try:
        device = import_module("sounddevice").query_devices(kind="input")
    except Exception as error:  # its own errors, and those of PortAudio, which it loads
        return Finding(name, Verdict.NOTE, f"no microphone ({error})", "plug one in; on Linux install libportaudio2")
    return Finding(name, Verdict.OK, f"{device['name']}")


def check_out(name: str, setup: Setup) -> Finding:
    """Return whether results can be written; the folder is not made."""
    folder = setup.out.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with TemporaryFile(dir=folder):
            return Finding(name, Verdict.OK, f"{setup.out} can be written")
    except OSError as error:
        text = f"{setup.out} cannot be written ({error.strerror})"
        return Finding(name, Verdict.FAIL, text, "choose another folder with --out")


CHECKS: Final[dict[str, Callable[[str, Setup], Finding]]] = {
    "python": check_python,
    "space-runtime": check_runtime,
    "numpy": check_numpy,
    "onnxruntime": check_onnxruntime,
    "zeromq": check_zeromq,
    "bundle": check_bundle,
    "speed": check_speed,
    "loopback": check_loopback,
    "port": check_port,
    "status page": check_http_port,
    "microphone": check_microphone,
    "out folder": check_out,
}
