"""The Python client where the system has run out of descriptors, or knows no names: a sentence, and another attempt."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine_bridge.client.client import Client
from engine_bridge.protocol.errors import BridgeError, UnreachableError
from tests.support.fake_server import ServedFake
from tests.support.real_server import child_environment

PROGRAM = """
import os, resource, sys, time
from engine_bridge.client.client import Client
from engine_bridge.protocol.errors import BridgeError

hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
client = Client(sys.argv[1])
with client.open(timeout_s=30) as session:
    print("open", flush=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 1, hard))
    sys.stdin.readline()
    while session.is_open:
        time.sleep(0.01)
    time.sleep(1.0)  # attempts at a connection that cannot be made
    try:
        client.open(timeout_s=0.5)
    except BridgeError as error:
        print(error, flush=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    while not session.is_open:
        time.sleep(0.01)
    print("open again", flush=True)
client.close()
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux")
def test_a_client_outlives_a_lack_of_descriptors() -> None:
    pipe = subprocess.PIPE
    with ServedFake() as served:
        words = [sys.executable, "-c", PROGRAM, served.address]
        with subprocess.Popen(
            words, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=child_environment()
        ) as program:
            assert program.stdin and program.stdout and program.stderr
            assert program.stdout.readline() == "open\n"
            served.cut()
            program.stdin.write("\n")
            program.stdin.flush()
            assert "no descriptors left" in program.stdout.readline()
            assert program.stdout.readline() == "open again\n"
            assert program.wait(20) == 0 and not program.stderr.read()


def test_a_client_that_cannot_be_made_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(socket, "socketpair", fail)
    with pytest.raises(BridgeError, match="does not lend"):
        Client()


def test_a_name_that_nobody_knows_is_a_server_that_does_not_answer() -> None:
    with Client("tcp://no-such-host.invalid:5570", allow_insecure=True) as client:
        with pytest.raises(UnreachableError, match=r"no-such-host\.invalid"):
            client.open(timeout_s=0.3)
        begun = time.perf_counter()
    assert time.perf_counter() - begun < 0.5
