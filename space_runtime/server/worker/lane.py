"""A lane of background work: tasks that wait for their turn, threads that do them, a child process for each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from space_runtime.file_reader.child import Child, ChildEnded
from space_runtime.file_reader.requests import DropSound, FileKind, Request
from space_runtime.server.worker.background import Task
from space_runtime.server.worker.fair_queue import FairQueue

CHILDREN: Final = {FileKind.SOUND: 3, FileKind.PICTURE: 2}
"""Child processes of each kind at most. There is one until a file takes long."""
HOLD_S: Final = 0.25
"""Seconds for which a task waits for a child that is busy before another one is started, or takes over its sound."""
IDLE_S: Final = 60.0
"""Seconds without work after which a child ends, but for one that stays (`Lane.start`)."""
CANCEL_S: Final = 0.5
"""Seconds that a task whose stream or session is gone may still take: after that its child is killed."""
STOP_S: Final = 1.0
"""Longest wait for threads at the end."""
DROP_S: Final = 5.0
"""Longest time in which a child closes a sound."""


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A task in the queue. since: when it came."""

    task: Task
    since: float


class Slot:
    """A thread and its child. open_sounds: those that the child keeps open. is_cancelled: nobody waits for the task."""

    def __init__(self, kind: FileKind, folder: Path, work_s: float) -> None:
        self.task: Task | None = None
        self.started_at = 0.0
        self.is_cancelled = False
        self.open_sounds: set[int] = set()
        self.to_drop: list[int] = []
        self.child: Child | None = None
        self._new_child = partial(Child, kind, folder, work_s)
        self._starting = threading.Lock()
        self._stopped = False

    def ask(self, request: Request, limit_s: float) -> object:
        """Return the answer of the child, which is started if there is none. Raises OSError and `ChildEnded`.

        A child that ends after it has answered others may not have ended for this request: that is asked once more.
        """
        child = self.started()
        had_answered = child.has_answered
        try:
            return child.ask(request, limit_s)
        except ChildEnded as ended:
            if not (ended.in_time and had_answered) or self.is_cancelled:
                raise
        return self.started().ask(request, limit_s)

    def started(self) -> Child:
        """Return the child, a new one if the last one has ended. Raises OSError, and `ChildEnded` after `stop`."""
        with self._starting:
            if self._stopped:
                raise ChildEnded(in_time=True)
            if self.child is None or not self.child.alive:
                self._close()
                self.child = self._new_child()
            return self.child

    def is_held_up(self, now: float) -> bool:
        """Return whether the task at hand takes long."""
        return self.task is not None and now - self.started_at > HOLD_S

    def stop(self) -> None:
        """End the child, whatever it does, and start none any more."""
        with self._starting:
            self._stopped = True
            if self.child:
                self.child.kill()

    def close(self) -> None:
        """Give the child back."""
        with self._starting:
            self._close()

    def _close(self) -> None:
        self.open_sounds, self.to_drop = set(), []
        if self.child:
            self.child.close()
            self.child = None


class Lane:
    """Does tasks of one kind of file. An owner has one task at hand at a time; of several owners each has its turn.

    perform: does a task in a slot. Threads and children come when they are needed, and end when they are not.
    """

    def __init__(self, kind: FileKind, folder: Path, work_s: float, perform: Callable[[Slot, Task], None]) -> None:
        self._kind = kind
        self._new_slot = partial(Slot, kind, folder, work_s)
        self._perform = perform
        self._queue: FairQueue[Waiting] = FairQueue()
        self._slots: list[Slot] = []
        self._threads: dict[Slot, threading.Thread] = {}
        self._changed = threading.Condition()
        self._is_warm = threading.Event()
        self._keeps_one = self._stopped = False

    def start(self) -> None:
        """Start a child that stays, so that the first task does not wait for it."""
        with self._changed:
            self._keeps_one = True
            self._add_slot()

    def wait_until_ready(self, timeout_s: float) -> None:
        """Return when the child that stays can be asked, or the time is over."""
        self._is_warm.wait(timeout_s)

    def submit(self, task: Task) -> None:
        """Let a task be done when its turn comes."""
        with self._changed:
            self._queue.put(task.owner, Waiting(task, time.monotonic()))
            n_free = sum(slot.task is None for slot in self._slots)
            if len(self._queue) > n_free and len(self._slots) < CHILDREN[self._kind]:
                self._add_slot()
            self._changed.notify_all()

    def n_waiting(self, owner: bytes) -> int:
        """Return an owner's tasks that are not done yet."""
        with self._changed:
            return self._queue.count(owner) + (owner in self._owners_at_hand())

    def forget(self, wanted: Callable[[Task], bool], key: int) -> None:
        """Do tasks no more: those that wait leave, one at hand ends soon. key: of the sound that they read."""
        with self._changed:
            self._queue.remove(lambda waiting: wanted(waiting.task))
            for slot in self._slots:
                if slot.task is not None and wanted(slot.task):
                    slot.is_cancelled = True
                    if slot.child:
                        slot.child.hurry(CANCEL_S)
                elif key in slot.open_sounds:
                    self._drop(slot, key)

    def stop(self) -> None:
        """Kill what runs and take nothing more."""
        with self._changed:
            self._stopped = True
            slots, threads = list(self._slots), list(self._threads.values())
            self._changed.notify_all()
        for slot in slots:
            slot.stop()
        end = time.monotonic() + STOP_S
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _add_slot(self) -> None:
        slot = self._new_slot()
        thread = threading.Thread(target=self._run, args=(slot,), name=f"space-{self._kind}", daemon=True)
        self._slots.append(slot)
        self._threads[slot] = thread
        thread.start()

    def _run(self, slot: Slot) -> None:
        try:
            self._warm(slot)
            while (work := self._next(slot)) is not None:
                if isinstance(work, DropSound):
                    with suppress(OSError, ChildEnded):
                        slot.ask(work, DROP_S)
                else:
                    self._perform(slot, work)
                self._warm(slot)
        finally:
            with self._changed:
                self._slots.remove(slot)
                del self._threads[slot]
            slot.close()

    def _warm(self, slot: Slot) -> None:
        """Have the child ready that stays."""
        if self._stays(slot):
            with suppress(OSError, ChildEnded):
                slot.started().wait_until_ready()
            self._is_warm.set()

    def _stays(self, slot: Slot) -> bool:
        return self._keeps_one and slot is self._slots[0]

    def _next(self, slot: Slot) -> Task | DropSound | None:
        """Wait for something to do; None at the end, or when there has been nothing for long."""
        with self._changed:
            self._finish(slot)
            idle_since = time.monotonic()
            while not self._stopped:
                now = time.monotonic()
                if slot.to_drop:
                    return DropSound(slot.to_drop.pop())
                waiting = self._queue.take(partial(self._may_take, slot, now))
                if waiting is not None:
                    slot.task, slot.started_at = waiting.task, now
                    return waiting.task
                if now - idle_since > IDLE_S and not self._stays(slot) and not self._queue:
                    return None
                self._changed.wait(HOLD_S if self._queue else IDLE_S)
        return None

    def _finish(self, slot: Slot) -> None:
        task, slot.task = slot.task, None
        if task is not None and slot.is_cancelled:
            for key in list(slot.open_sounds):
                if task.reads(key):
                    self._drop(slot, key)
        slot.is_cancelled = False
        if slot.child:
            slot.child.calm()
        self._changed.notify_all()

    def _drop(self, slot: Slot, key: int) -> None:
        slot.open_sounds.discard(key)
        slot.to_drop.append(key)
        self._changed.notify_all()

    def _may_take(self, slot: Slot, now: float, waiting: Waiting) -> bool:
        """Return whether a slot is to do a task now: its owner's turn, and no other child is better for it."""
        task, waits_long = waiting.task, now - waiting.since > HOLD_S
        if task.owner in self._owners_at_hand():
            return False
        if any(map(task.reads, slot.open_sounds)):
            return True
        others = [other for other in self._slots if other is not slot]
        if any(any(map(task.reads, other.open_sounds)) and not other.is_held_up(now) for other in others):
            return False
        return slot.child is not None or waits_long or not any(other.child for other in others)

    def _owners_at_hand(self) -> set[bytes]:
        return {slot.task.owner for slot in self._slots if slot.task is not None}
