"""The child process that reads files: it answers one request after the other until its server is gone."""

from __future__ import annotations

import io
import os
import queue
import signal
import sys
import threading
import traceback
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import soundfile

from engine_bridge.protocol.messages import ErrorCode
from space_runtime.errors import SpaceError
from space_runtime.file_reader.packing import receive, send
from space_runtime.file_reader.pictures import read_portrait
from space_runtime.file_reader.requests import (
    Answer,
    Done,
    DropSound,
    Failed,
    FileKind,
    ReadPicture,
    ReadSound,
    Refused,
    TrackedPicture,
)
from space_runtime.file_reader.restrictions import limit_processor_time, restrict
from space_runtime.file_reader.sounds import SoundFiles, TooLong
from space_runtime.inference.bundle import load_bundle
from space_runtime.inference.device import CPU
from space_runtime.portrait.portrait import open_tracker
from space_runtime.portrait.tracking import FaceTracker
from space_runtime.timebase import SAMPLE_RATE


class FileReader:
    """Answers requests. folder: of the bundle whose networks find faces; they run on the processor."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sounds = SoundFiles()

    @cached_property
    def tracker(self) -> FaceTracker:
        """The tracker of faces, loaded when it is first asked for."""
        return open_tracker(load_bundle(self._folder, CPU.name))

    def answer(self, request: object) -> Answer:
        """Do what is asked; whatever goes wrong is an answer."""
        try:
            return self._answer(request)
        except TooLong as error:
            return Refused(ErrorCode.TOO_LARGE, str(error))
        except MemoryError:
            return Refused(ErrorCode.TOO_LARGE, "the file takes more memory to read than one may; save it smaller")
        except SpaceError as error:
            return Refused(
                ErrorCode.BAD_PICTURE if isinstance(request, ReadPicture) else ErrorCode.BAD_SOUND, str(error)
            )
        except OSError as error:
            return Refused(ErrorCode.BUSY, f"there is no room for the file now ({error.strerror}); send it again later")
        except Exception:
            return Failed(traceback.format_exc())

    def _answer(self, request: object) -> Answer:
        match request:
            case ReadSound():
                return self._sounds.read(request)
            case ReadPicture():
                return TrackedPicture(
                    read_portrait(request.data, request.name, self.tracker, request.force, request.landmarks)
                )
            case DropSound():
                self._sounds.drop(request.key)
        return Done()


def main(kind: str, folder: str, work_s: float) -> None:
    """Answer what comes from standard input on standard output until that ends."""
    requests, answers = _pipes()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's
    reader = FileReader(Path(folder))
    _WARM_UPS[FileKind(kind)](reader)
    inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, inbox), daemon=True).start()
    restrict(kind)
    send(answers, Done())
    while True:
        request = inbox.get()
        limit_processor_time(work_s)
        send(answers, reader.answer(request))


def _warm_up_sounds(reader: FileReader) -> None:
    """Load what reading sounds needs, so that the first one does not pay for first times."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros((4_800, 2), np.float32), 48_000, format="WAV")
    for data in (buffer.getvalue(), b"no sound"):  # which libsndfile refuses, and FFmpeg is asked for
        reader.answer(ReadSound(0, data, "", 0, SAMPLE_RATE, 1.0))


def _warm_up_pictures(reader: FileReader) -> None:
    """Load the networks before memory is limited, and what reading pictures needs."""
    _ = reader.tracker
    reader.answer(ReadPicture(_WHITE_PIXEL, "a pixel", False))


_WARM_UPS: Final = {FileKind.SOUND: _warm_up_sounds, FileKind.PICTURE: _warm_up_pictures}
_WHITE_PIXEL: Final = b"P6 1 1 255\n\xff\xff\xff"


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output for requests and answers; what a library prints goes nowhere."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    return requests, answers


def _listen(requests: BinaryIO, inbox: queue.SimpleQueue[object]) -> None:
    """Hand requests on; when the server is gone, or says what cannot be read, so is this process, whatever it does."""
    try:
        while (request := receive(requests)) is not None:
            inbox.put(request)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
