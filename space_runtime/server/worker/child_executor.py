"""Background work in child processes: what a client's bytes buy can be killed, and clients take turns."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from engine_bridge.protocol.messages import ErrorCode
from space_runtime.errors import SpaceError
from space_runtime.file_reader.child import ChildEnded
from space_runtime.file_reader.requests import (
    Failed,
    FileKind,
    NotOpen,
    ReadPicture,
    Refused,
    Request,
    SoundPart,
    TrackedPicture,
)
from space_runtime.portrait.landmark_file import PlacedLandmarks
from space_runtime.portrait.portrait import Portrait
from space_runtime.server.commands import BuiltCharacter, CloseSession, Command, RefusedCharacter, RefusedSound
from space_runtime.server.worker.background import OWN_FAULT, BuildCharacter, DecodeSound, Task, sound_key
from space_runtime.server.worker.character_cache import CharacterCache
from space_runtime.server.worker.lane import Lane, Slot

log = logging.getLogger(__name__)

READY_S: Final = 5.0

_BAD: Final = {FileKind.SOUND: ErrorCode.BAD_SOUND, FileKind.PICTURE: ErrorCode.BAD_PICTURE}


class UnreadableFile(Exception):
    """A file could not be read. refused: what its client is told."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.text)
        self.refused = refused


class ChildExecutor:
    """A `BackgroundExecutor` with a lane for each kind of file, so that sounds do not wait for pictures.

    post: takes results. work_s: seconds for which one file may be read, a sound's parts in all.
    """

    def __init__(self, post: Callable[[Command], None], characters: CharacterCache, work_s: float) -> None:
        self._post = post
        self._characters = characters
        self._work_s = work_s
        self._lanes = {kind: Lane(kind, characters.folder, work_s, self._perform) for kind in FileKind}

    def start(self, with_pictures: bool) -> None:
        """Have a child ready for the first sound, and for the first picture."""
        for kind in FileKind if with_pictures else [FileKind.SOUND]:
            self._lanes[kind].start()

    def wait_until_ready(self) -> None:
        """Return when the first sound would not wait for its child, or after some seconds."""
        self._lanes[FileKind.SOUND].wait_until_ready(READY_S)

    def n_waiting(self, owner: bytes) -> int:
        """Return an owner's tasks that are not done yet."""
        return sum(lane.n_waiting(owner) for lane in self._lanes.values())

    def submit(self, task: Task) -> None:
        """Do a task when its turn comes."""
        self._lanes[task.kind].submit(task)

    def forget(self, session: int, stream: int | None) -> None:
        """Do nothing more for a stream, or for the character of a session (None)."""
        kind = FileKind.PICTURE if stream is None else FileKind.SOUND
        key = sound_key(session, stream or 0)
        self._lanes[kind].forget(lambda task: task.is_for(session, stream), key)

    def stop(self) -> None:
        """Kill what runs and take nothing more."""
        for lane in self._lanes.values():
            lane.stop()

    def _perform(self, slot: Slot, task: Task) -> None:
        try:
            self._post(self._decoded(slot, task) if isinstance(task, DecodeSound) else self._built(slot, task))
        except Exception:
            log.exception("a background task of session %d failed", task.session)
            self._post(_given_up(task))

    # Sounds

    def _decoded(self, slot: Slot, task: DecodeSound) -> Command:
        begin = time.monotonic()
        try:
            part = self._part(slot, task)
        except UnreadableFile as unreadable:
            return task.refused(unreadable.refused)
        if task.first + part.samples.size < part.n_samples:
            slot.open_sounds.add(task.key)
        else:
            slot.open_sounds.discard(task.key)
        for note in () if task.first else part.notes:
            log.warning("a sound of session %d: %s", task.session, note)
        return task.decoded(part, time.monotonic() - begin)

    def _part(self, slot: Slot, task: DecodeSound) -> SoundPart:
        answer = self._answer(slot, task, task.request(task.key not in slot.open_sounds), task.work_s)
        if isinstance(answer, NotOpen):
            answer = self._answer(slot, task, task.request(), task.work_s)
        if isinstance(answer, SoundPart):
            return answer
        raise TypeError(f"a {type(answer).__name__} for a part of a sound")

    # Characters

    def _built(self, slot: Slot, task: BuildCharacter) -> Command:
        def read(data: bytes, name: str, landmarks: PlacedLandmarks | None) -> Portrait:
            request = ReadPicture(data, name, self._characters.force, landmarks)
            answer = self._answer(slot, task, request, self._work_s)
            if isinstance(answer, TrackedPicture):
                return answer.portrait
            raise TypeError(f"a {type(answer).__name__} for a picture")

        try:
            return BuiltCharacter(task.session, self._characters.prepare(task.spec, read))
        except SpaceError as error:
            return RefusedCharacter(task.session, ErrorCode.BAD_PICTURE, str(error))
        except UnreadableFile as unreadable:
            refused = unreadable.refused
            return RefusedCharacter(task.session, ErrorCode(refused.code), refused.text)

    # Asking

    def _answer(self, slot: Slot, task: Task, request: Request, limit_s: float) -> object:
        """Return a child's answer. Raises `UnreadableFile` when that is none, or a refusal."""
        try:
            answer = slot.ask(request, limit_s)
        except OSError as error:
            text = f"the server cannot start a process to read files now ({error.strerror}); send it again later"
            raise UnreadableFile(Refused(ErrorCode.BUSY, text)) from None
        except ChildEnded as ended:
            raise UnreadableFile(self._killed(task, ended)) from None
        if isinstance(answer, Failed):
            log.error("reading a file of session %d failed:\n%s", task.session, answer.text)
            answer = Refused(ErrorCode.INTERNAL, OWN_FAULT)
        if isinstance(answer, Refused):
            raise UnreadableFile(answer)
        return answer

    def _killed(self, task: Task, ended: ChildEnded) -> Refused:
        if not ended.in_time:
            text = f"reading the {task.kind} took longer than {self._work_s:g} s; save it smaller or in another format"
            return Refused(ErrorCode.TOO_LARGE, text)
        log.warning("the process that read a %s of session %d has ended", task.kind, task.session)
        text = f"reading the {task.kind} failed or took too much memory; save it in another format, or smaller"
        return Refused(_BAD[task.kind], text)


def _given_up(task: Task) -> Command:
    """Return the result of a task that failed for a reason of our own: the stream fails, or the session cannot open."""
    if isinstance(task, DecodeSound):
        return RefusedSound(task.session, task.stream, ErrorCode.INTERNAL, OWN_FAULT)
    return CloseSession(task.session, ErrorCode.INTERNAL)
