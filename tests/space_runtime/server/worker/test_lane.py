"""Laws of a lane: clients take turns, a file that takes long holds up nobody else, what nobody waits for is ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import ClassVar

import pytest

from space_runtime.file_reader.child import ChildEnded
from space_runtime.file_reader.requests import DropSound, FileKind
from space_runtime.server.worker import lane as lanes
from space_runtime.server.worker.background import DecodeSound, Task
from space_runtime.server.worker.lane import CHILDREN, Lane, Slot
from tests.support.waiting import PATIENCE_S, wait_for


class StandIn:
    """A child that does what the test says. asked: what it was asked; let_go: answers once; killed: it is dead."""

    has_answered = False
    all_of_them: ClassVar[list[StandIn]] = []

    def __init__(self, *_: object) -> None:
        self.asked: list[object] = []
        self.killed = threading.Event()
        self._answers: Queue[bool] = Queue()
        self.all_of_them.append(self)

    @property
    def alive(self) -> bool:
        return not self.killed.is_set()

    def wait_until_ready(self) -> None:
        """Be ready."""

    def ask(self, request: object, limit_s: float) -> object:
        self.asked.append(request)
        if not isinstance(request, DropSound) and not self._answers.get(timeout=PATIENCE_S):
            raise ChildEnded(in_time=True)
        return "answer"

    def let_go(self) -> None:
        self._answers.put(True)

    def hurry(self, limit_s: float) -> None:
        self.kill()

    def calm(self) -> None:
        """Take nothing back."""

    def kill(self) -> None:
        self.killed.set()
        self._answers.put(False)

    def close(self) -> None:
        self.kill()


@pytest.fixture(autouse=True)
def _children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StandIn, "all_of_them", [])
    monkeypatch.setattr(lanes, "Child", StandIn)
    monkeypatch.setattr(lanes, "HOLD_S", 0.01)


class Work:
    """A lane of sounds. done: the tasks that were done, in order; open_after: those whose sounds stay open."""

    def __init__(self) -> None:
        self.done: list[tuple[Task, Slot]] = []
        self.open_after: set[int] = set()
        self.lane = Lane(FileKind.SOUND, Path(), 9.0, self._perform)

    def _perform(self, slot: Slot, task: Task) -> None:
        assert isinstance(task, DecodeSound)
        try:
            slot.ask(task.request(), 1.0)
        except ChildEnded:
            return
        if task.key in self.open_after:
            slot.open_sounds.add(task.key)
        self.done.append((task, slot))

    def submit(self, owner: bytes, session: int, first: int = 0) -> DecodeSound:
        task = DecodeSound(session, 1, owner, b"", first, 9, 9.0, 9.0)
        self.lane.submit(task)
        return task

    def sessions(self) -> list[int]:
        return [task.session for task, _ in self.done]


@pytest.fixture
def work() -> Iterator[Work]:
    made = Work()
    yield made
    made.lane.stop()


def n_asked() -> int:
    return sum(len(child.asked) for child in StandIn.all_of_them)


def test_a_file_that_takes_long_does_not_hold_up_another_client(work: Work) -> None:
    work.submit(b"slow", 1)
    wait_for(lambda: n_asked() == 1, "the first request")
    work.submit(b"quick", 2)
    wait_for(lambda: n_asked() == 2, "a second child")
    StandIn.all_of_them[1].let_go()
    wait_for(lambda: work.sessions() == [2], "the other's file")


def test_one_client_has_one_child_however_many_files_it_sends(work: Work) -> None:
    for session in range(1, 9):
        work.submit(b"greedy", session)
    wait_for(lambda: n_asked() == 1, "its first file")
    work.submit(b"modest", 99)
    wait_for(lambda: n_asked() == 2, "the other's")
    assert work.lane.n_waiting(b"greedy") == 8 and work.lane.n_waiting(b"modest") == 1
    for child in StandIn.all_of_them:
        child.let_go()
    wait_for(lambda: set(work.sessions()) == {1, 99}, "one of each")


def test_there_are_never_more_children_than_allowed(work: Work) -> None:
    for session in range(1, 9):
        work.submit(bytes([session]), session)
    wait_for(lambda: n_asked() == CHILDREN[FileKind.SOUND], "all children at work")
    for _ in range(8):
        for child in StandIn.all_of_them:
            child.let_go()
    wait_for(lambda: len(work.done) == 8, "everything")
    assert len(StandIn.all_of_them) == CHILDREN[FileKind.SOUND]


def test_what_nobody_waits_for_is_ended_and_the_next_has_a_new_child(work: Work) -> None:
    gone = work.submit(b"anna", 1)
    wait_for(lambda: n_asked() == 1, "its request")
    waiting = work.submit(b"anna", 2)
    for task in (waiting, gone):
        work.lane.forget(lambda one, task=task: one is task, task.key)  # type: ignore[misc]
    wait_for(lambda: work.lane.n_waiting(b"anna") == 0, "an end")
    assert StandIn.all_of_them[0].killed.is_set() and not work.done
    work.submit(b"anna", 3)
    wait_for(lambda: len(StandIn.all_of_them) == 2, "a new child")
    StandIn.all_of_them[1].let_go()
    wait_for(lambda: work.sessions() == [3], "the next one")


def test_a_sound_is_read_on_where_it_is_open_and_closed_when_its_stream_is_over(work: Work) -> None:
    task = work.submit(b"anna", 1)
    work.open_after.add(task.key)
    wait_for(lambda: n_asked() == 1, "its request")
    StandIn.all_of_them[0].let_go()
    wait_for(lambda: work.sessions() == [1], "its first part")
    work.submit(b"anna", 1, 9)
    wait_for(lambda: n_asked() == 2, "the next part")
    StandIn.all_of_them[0].let_go()
    wait_for(lambda: work.sessions() == [1, 1], "its next part")
    work.lane.forget(lambda _: False, task.key)
    wait_for(lambda: StandIn.all_of_them[0].asked[-1:] == [DropSound(task.key)], "its end")
    assert len(StandIn.all_of_them) == 1


def test_a_sound_whose_child_is_held_up_by_another_file_goes_on_in_another_child(work: Work) -> None:
    task = work.submit(b"anna", 1)
    work.open_after.add(task.key)
    wait_for(lambda: n_asked() == 1, "its request")
    StandIn.all_of_them[0].let_go()
    wait_for(lambda: work.sessions() == [1], "its first part")
    work.submit(b"slow", 2)
    wait_for(lambda: n_asked() == 2, "the slow one")
    work.submit(b"anna", 1, 9)
    wait_for(lambda: len(StandIn.all_of_them) == 2 and n_asked() == 3, "another child")


def test_the_end_waits_for_no_file(work: Work) -> None:
    for session in range(1, 9):
        work.submit(bytes([session]), session)
    wait_for(lambda: n_asked() == CHILDREN[FileKind.SOUND], "all children at work")
    work.lane.stop()
    assert all(child.killed.is_set() for child in StandIn.all_of_them) and not work.done
    assert not work.lane._threads
