"""`space-runtime doctor`: all well on a healthy machine; each thing that is not is named, with what to do."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from space_runtime.diagnostics import doctor
from space_runtime.diagnostics.doctor import CHECKS, Finding, Setup, Verdict, examine
from space_runtime.inference import network
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.server.observability.status import StatusCollector
from space_runtime.server.observability.status_http import StatusServer
from tests.support.command_line import Call
from tests.support.ports import free_port
from tests.support.real_server import serving
from tests.support.wire_client import connect_client


@pytest.fixture
def taken_port() -> Iterator[int]:
    """The port of a program that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def found(name: str, setup: Setup) -> Finding:
    return CHECKS[name](name, setup)


def test_a_healthy_machine_passes(call: Call, tmp_path: Path) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    out = tmp_path / "not" / "there" / "yet"
    done = call("doctor", "--bind", address, "--http", str(free_port()), "--out", out)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines[:-1] if line.split()[1] != "microphone"] == ["ok"] * (len(CHECKS) - 1)
    assert all(f"  {name}  " in done.out or f"  {name} " in done.out for name in CHECKS)
    for text in ("CURVE", "libzmq", "CPUExecutionProvider", "sessions at 30 frames/s", f"{address} is free"):
        assert text in done.out
    assert not out.exists()


def test_a_broken_setup_fails_and_says_what_to_do(call: Call, tmp_path: Path, taken_port: int) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(EMBEDDED, bundle)
    damaged = bundle / "rig.npz"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    (tmp_path / "file").touch()
    words = ["--bind", f"tcp://127.0.0.1:{taken_port}", "--http", str(taken_port), "--out", tmp_path / "file" / "out"]
    done = call("doctor", *words, "--bundle", bundle, "--json")
    assert done.code == 1
    answer = json.loads(done.out)
    assert answer["ok"] is False
    findings = {finding["name"]: finding for finding in answer["findings"]}
    failed = {name for name, finding in findings.items() if finding["verdict"] == "FAIL"}
    assert failed == {"bundle", "port", "status page", "out folder"}
    assert "rig.npz" in findings["bundle"]["text"]
    assert findings["speed"]["verdict"] == "note"
    for name, option in (("port", "--bind"), ("status page", "--http"), ("out folder", "--out")):
        assert option in findings[name]["advice"]


def test_a_running_server_is_recognised(tmp_path: Path) -> None:
    with (
        serving() as server,
        StatusServer(StatusCollector(server), 0) as page,
        connect_client(server.address) as client,
    ):
        client.open()
        setup = Setup(server.address, page.port)
        port, status = found("port", setup), found("status page", setup)
    assert port.verdict is Verdict.NOTE
    assert "space-runtime" in port.text and "serves on" in port.text
    assert status.verdict is Verdict.NOTE
    assert "with 1 session has" in status.text


def test_an_address_for_everybody_is_looked_at_too(taken_port: int) -> None:
    assert found("port", Setup(f"tcp://*:{free_port()}")).verdict is Verdict.OK
    assert found("port", Setup(f"tcp://*:{taken_port}")).verdict is Verdict.FAIL


def test_no_status_page_needs_no_port() -> None:
    assert found("status page", Setup(http_port=0)).verdict is Verdict.OK


def test_an_old_libzmq_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zmq, "zmq_version_info", lambda: (4, 3, 1))
    finding = found("zeromq", Setup())
    assert finding.verdict is Verdict.FAIL
    assert "CVE-2019-13132" in finding.text
    monkeypatch.setattr(zmq, "zmq_version_info", lambda: (4, 3, 2))
    monkeypatch.setattr(zmq, "has", lambda what: False)
    assert found("zeromq", Setup()).verdict is Verdict.NOTE


def test_an_onnxruntime_without_its_provider_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "available_providers", lambda: ("OtherExecutionProvider",))
    finding = found("onnxruntime", Setup())
    assert finding.verdict is Verdict.FAIL
    assert "CPUExecutionProvider" in finding.advice


def test_two_builds_of_onnxruntime_are_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "is_distributed", lambda package: True)
    finding = found("onnxruntime", Setup())
    assert finding.verdict is Verdict.NOTE
    assert finding.advice.startswith("pip uninstall onnxruntime onnxruntime-gpu")


def test_a_missing_microphone_library_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> object:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    assert found("microphone", Setup()).verdict is Verdict.NOTE
    monkeypatch.setattr(doctor, "find_spec", lambda name: object())
    monkeypatch.setattr(doctor, "import_module", broken)
    finding = found("microphone", Setup())
    assert finding.verdict is Verdict.NOTE
    assert "PortAudio" in finding.text


def test_a_check_that_breaks_is_a_finding_and_ends_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(name: str, setup: Setup) -> Finding:
        raise RuntimeError("odd")

    monkeypatch.setitem(CHECKS, "numpy", broken)
    monkeypatch.setitem(CHECKS, "speed", doctor.check_python)
    findings = list(examine(Setup(f"tcp://127.0.0.1:{free_port()}", 0, None, tmp_path)))
    assert [finding.name for finding in findings] == list(CHECKS)
    broke = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    assert [finding.text for finding in broke] == ["RuntimeError: odd"]


@pytest.mark.parametrize("words", [("--bind", "nowhere"), ("--http", "70000")])
def test_a_wrong_call_is_no_finding(call: Call, words: tuple[str, str]) -> None:
    done = call("doctor", *words)
    assert done.code == 2
    assert words[1] in done.complaint
