"""Background work of a worker: sounds are decoded and characters built on a thread beside it. Tasks are plain data."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine_bridge.protocol.messages import ErrorCode
from space_runtime.errors import SpaceError
from space_runtime.server.commands import (
    BuiltCharacter,
    CharacterSpec,
    CloseSession,
    Command,
    Completion,
    DecodedSound,
    RefusedCharacter,
    RefusedSound,
)
from space_runtime.server.limits import Refusal
from space_runtime.server.worker.character_cache import CharacterCache
from space_runtime.server.worker.uploads import read_whole

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class DecodeSound:
    """Decode the sound of a `speak`. source: a file's bytes, or a file. limit_s: the longest sound that is taken."""

    session: int
    stream: int
    source: bytes | memoryview | Path
    limit_s: float


@dataclass(frozen=True, slots=True, eq=False)
class BuildCharacter:
    """Build the character of a session into the worker's cache."""

    session: int
    spec: CharacterSpec


Task = DecodeSound | BuildCharacter


class BackgroundExecutor(Protocol):
    """Does tasks elsewhere and gives their results to the worker as commands."""

    @property
    def n_waiting(self) -> int:
        """Tasks that are not done yet."""
        ...

    def submit(self, task: Task) -> None:
        """Do a task; `CloseSession` is its result if it fails for a reason of our own."""
        ...


def perform(task: Task, characters: CharacterCache) -> Completion:
    """Return the result of a task."""
    return _decode(task) if isinstance(task, DecodeSound) else _build(task, characters)


class ThreadExecutor:
    """Does tasks on a thread of its own and posts their results. n_waiting: tasks that are not done yet."""

    def __init__(self, post: Callable[[Command], None], characters: CharacterCache) -> None:
        self.n_waiting = 0
        self._post = post
        self._characters = characters
        self._counting = threading.Lock()
        self._pool = ThreadPoolExecutor(1, "space-background")

    def submit(self, task: Task) -> None:
        """Do a task on the thread."""
        self._count(1)
        self._pool.submit(self._do, task)

    def stop(self) -> None:
        """Take nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _do(self, task: Task) -> None:
        try:
            self._post(perform(task, self._characters))
        except Exception:
            log.exception("a background task failed; session %d ends", task.session)
            self._post(CloseSession(task.session, ErrorCode.INTERNAL))
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._counting:
            self.n_waiting += change


def _decode(task: DecodeSound) -> Completion:
    try:
        rate, samples = read_whole(task.source, task.limit_s)
    except Refusal as refusal:
        return RefusedSound(task.session, task.stream, refusal.code, str(refusal))
    except SpaceError as error:
        return RefusedSound(task.session, task.stream, ErrorCode.BAD_SOUND, str(error))
    return DecodedSound(task.session, task.stream, rate, samples)


def _build(task: BuildCharacter, characters: CharacterCache) -> Completion:
    try:
        return BuiltCharacter(task.session, characters.prepare(task.spec))
    except SpaceError as error:
        return RefusedCharacter(task.session, ErrorCode.BAD_PICTURE, str(error))
