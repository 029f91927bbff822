"""Whatever a client's file does: its stream fails in a sentence, others go on, the server ends when it is told to."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode
from space_runtime.assets import LINE
from space_runtime.file_reader.child import Child
from space_runtime.file_reader.requests import FileKind
from space_runtime.server.limits import Limits
from space_runtime.server.server import Server
from tests.support.real_server import serving, serving_process
from tests.support.waiting import wait_for
from tests.support.wire_client import WireClient, connect_client

resource = pytest.importorskip("resource", reason="limits are set from outside: only on Linux")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are stopped from outside: only on Linux")

SOUND = LINE.read_bytes()
WORK_MS = 3_000


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(limits=Limits(work_ms=WORK_MS)) as running:
        yield running


def child_of(server: Server, kind: FileKind = FileKind.SOUND) -> Child:
    """The first child of a kind, ready; the others are gone."""
    first, *others = server._executor._lanes[kind]._slots
    for slot in others:
        slot.close()
    child = first.started()
    child.wait_until_ready()
    return child


def wait_for_task(server: Server) -> None:
    slot = server._executor._lanes[FileKind.SOUND]._slots[0]
    wait_for(lambda: slot.task is not None, "a file at hand")


def speak(client: WireClient, session: int, stream: int) -> m.Finished:
    n_before = len(client.take(m.Finished))
    client.say(m.Speak(session=session, stream=stream, sound=SOUND, pace="clip"))
    return client.expect(m.Finished, n_before + 1)


def test_a_file_that_never_ends_is_over_with_its_time_and_others_do_not_wait(server: Server) -> None:
    with connect_client(server.address) as slow, connect_client(server.address) as other:
        mine, his = slow.open(), other.open()
        os.kill(child_of(server).pid, signal.SIGSTOP)
        slow.say(m.Speak(session=mine, stream=1, sound=SOUND))
        wait_for_task(server)
        assert speak(other, his, 1).reason == "end"
        assert slow.expect(m.Finished).reason == "failed"
        error = slow.last(m.Error)
        assert error.code == ErrorCode.TOO_LARGE and "took longer than 3 s" in error.message
        assert speak(slow, mine, 2).reason == "end"


def test_a_child_that_ends_while_it_reads_costs_no_line(server: Server) -> None:
    """It has read others before and may have ended for one of these: a new one reads the file."""
    with connect_client(server.address) as client:
        session, child = client.open(), child_of(server)
        assert speak(client, session, 1).reason == "end"
        os.kill(child.pid, signal.SIGSTOP)
        client.say(m.Speak(session=session, stream=2, sound=SOUND, pace="clip"))
        wait_for_task(server)
        child.kill()
        assert client.expect(m.Finished, 2).reason == "end"


def test_a_file_that_ends_a_new_child_fails_its_stream_alone(server: Server) -> None:
    with connect_client(server.address) as client:
        session, child = client.open(), child_of(server)
        child.has_answered = False
        os.kill(child.pid, signal.SIGSTOP)
        client.say(m.Speak(session=session, stream=1, sound=SOUND))
        wait_for_task(server)
        child.kill()
        assert client.expect(m.Finished).reason == "failed"
        assert client.last(m.Error).code == ErrorCode.BAD_SOUND
        assert speak(client, session, 2).reason == "end"


@pytest.mark.parametrize(("limit", "most"), [("RLIMIT_FSIZE", 100), ("RLIMIT_NOFILE", 4)])
def test_a_child_without_room_fails_the_stream_and_not_the_session(server: Server, limit: str, most: int) -> None:
    with connect_client(server.address) as client:
        session, child = client.open(), child_of(server)
        resource.prlimit(child.pid, getattr(resource, limit), (most, most))
        assert speak(client, session, 1).reason == "failed"
        assert client.last(m.Error).code == ErrorCode.BUSY
        child.kill()
        assert speak(client, session, 2).reason == "end"


def test_a_server_without_descriptors_says_so_and_reads_again_later(server: Server) -> None:
    with connect_client(server.address) as client:
        session, child = client.open(), child_of(server)
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
        try:
            child.kill()
            assert speak(client, session, 1).reason == "failed"
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        assert client.last(m.Error).code == ErrorCode.BUSY
        assert speak(client, session, 2).reason == "end"


def test_closing_a_session_ends_what_its_file_does(server: Server) -> None:
    with connect_client(server.address) as client:
        session, child = client.open(), child_of(server)
        os.kill(child.pid, signal.SIGSTOP)
        client.say(m.Speak(session=session, stream=1, sound=SOUND))
        wait_for_task(server)
        client.say(m.Close(session=session))
        client.expect(m.Closed)
        wait_for(lambda: not child.alive, "the end of its child")


def test_a_face_that_never_ends_is_over_with_its_time(server: Server, photo: Path) -> None:
    with connect_client(server.address) as client:
        assert client.open(portrait=photo.read_bytes())
        os.kill(child_of(server, FileKind.PICTURE).pid, signal.SIGSTOP)
        another = photo.read_bytes() + b"x"
        client.say(m.Open(request=7, outputs=("weights",), fps=(30, 1), playout_ms=0, until=9, portrait=another))
        error = client.expect(m.Error)
        assert (error.request, error.code) == (7, ErrorCode.TOO_LARGE)
        assert client.open(portrait=photo.read_bytes() + b"y")


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] or [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_ends_at_once_and_leaves_no_child_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    log = Path(tempfile.mkdtemp()) / "log"
    with serving_process(log) as (process, address), connect_client(address) as client:
        session = client.open()
        wait_for(lambda: bool(children(process.pid)), "its child")
        (child,) = children(process.pid)
        if how is signal.SIGTERM:
            os.kill(child, signal.SIGSTOP)
        client.say(m.Speak(session=session, stream=1, sound=SOUND))
        began = time.monotonic()
        process.send_signal(how)
        process.wait(30)
        assert time.monotonic() - began < 10
        wait_for(lambda: not Path(f"/proc/{child}").exists(), "the end of its child")
    assert not list(tmp_path.glob("space-*"))
