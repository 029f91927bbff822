"""Sinks of a system that has run out of something, or does not reach anybody: counted, said once, and tried again."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine_bridge.adapters import open_sink
from engine_bridge.adapters.sink import SinkError
from engine_bridge.adapters.udp import UdpSink
from tests.support.adapter_frames import frame, weights
from tests.support.real_server import child_environment
from tests.support.udp_receiver import port_of, udp_socket

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of descriptors")


SHOWN = frame(weights(jawOpen=0.5))


class Refusing:
    """A socket whose system refuses to send."""

    def __init__(self, code: int) -> None:
        self._code = code

    def send(self, _: bytes) -> int:
        raise OSError(self._code, os.strerror(self._code))

    def close(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOBUFS, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EAGAIN])
@pytest.mark.parametrize("url", ["llf://127.0.0.1:{}/Hero", "vmc://127.0.0.1:{}"])
def test_a_system_that_does_not_send_is_counted_and_asked_again(url: str, code: int) -> None:
    with udp_socket() as receiver:
        sink = open_sink(url.format(port_of(receiver)))
        assert isinstance(sink, UdpSink)
        working, sink._socket = sink._socket, Refusing(code)  # type: ignore[assignment]  # as much of one as is needed
        sink.send("Hero", SHOWN, 16_000.0)
        assert (sink.counts.sent, sink.counts.unsent) == (0, 1)
        assert os.strerror(code) in sink.counts.reason
        sink._socket = working
        sink.send("Hero", SHOWN, 16_000.0)
        assert sink.counts.sent == 1
        sink.close()
        sink.send("Hero", SHOWN, 16_000.0)
        assert sink.counts.unsent == 2


def no_descriptors(*_: object, **__: object) -> socket.socket:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def no_names(*_: object, **__: object) -> list[object]:
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


@pytest.mark.parametrize(("what", "fails"), [("socket", no_descriptors), ("getaddrinfo", no_names)])
def test_a_sink_that_cannot_be_opened_is_one_sentence(
    what: str, fails: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, what, fails)
    with pytest.raises(SinkError, match=r"127\.0\.0\.1:39539"):
        open_sink("vmc://127.0.0.1")


PAGE = """
import os, resource, socket, sys, time
from engine_bridge.adapters import open_sink
from engine_bridge.adapters.sink import SinkError

def left():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]

def is_full():
    try:
        return not os.listdir("/proc/self/fd")
    except OSError:
        return True

sink = open_sink("ws://127.0.0.1:0")
port = sink.port
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 4, left()))
print(port, flush=True)
sys.stdin.readline()
while not is_full():  # the page takes its visitors when it comes to it
    time.sleep(0.01)
try:
    open_sink("ws://127.0.0.1:0")
    print("it listens", flush=True)
except SinkError as error:
    print(error, flush=True)
sys.stdin.readline()
sink.close()
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux")
def test_a_web_page_outlives_a_lack_of_descriptors() -> None:
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", PAGE]
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=child_environment()) as page:
        assert page.stdin and page.stdout
        port = int(page.stdout.readline())
        many = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        page.stdin.write("\n")
        page.stdin.flush()
        assert "ws cannot listen" in page.stdout.readline()
        for each in many:
            each.close()
        with socket.create_connection(("127.0.0.1", port), timeout=30) as late:
            late.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            assert late.recv(100).startswith(b"HTTP/1.1 200")
        page.stdin.write("\n")
        page.stdin.flush()
        assert page.wait(20) == 0
