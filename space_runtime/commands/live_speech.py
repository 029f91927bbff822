"""The line that ``live`` speaks, from its options: a file, a microphone, standard input, a text."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final

from engine_bridge.protocol.messages import SampleFormat
from space_runtime.arguments import in_range
from space_runtime.errors import UsageError
from space_runtime.live.sources import Microphone, PcmSource, file_source, text_source
from space_runtime.live.speech import Speech

MAX_TITLE: Final = 80
"""Characters of a text by which pages call it."""


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """The options that name a source of sound; one of the first four is given."""

    line: Path | None
    mic: bool
    stdin: bool
    say: str | None
    mic_device: str | None
    rate: int
    format: str
    tts_command: str

    def speech(self) -> Speech:
        """Return the line to speak. Raises `UsageError` unless one source is named, `MediaError` for a bad one."""
        given = (("LINE", self.line), ("--mic", self.mic), ("--stdin", self.stdin), ("--say", self.say))
        chosen = [name for name, value in given if value]
        if len(chosen) != 1:
            raise UsageError(f"name one source: LINE, --mic, --stdin or --say ({', '.join(chosen) or 'none'} given)")
        if self.line:
            file = file_source(self.line)
            return Speech(self.line.name, lambda: file)
        if self.mic:
            microphone = Microphone(self.mic_device)
            return Speech("the microphone", lambda: microphone, is_live=True, is_audible=False)
        if self.say:
            text = text_source(self.say, self.tts_command)
            return Speech(self.say[:MAX_TITLE], lambda: text)
        pipe = _standard_input(self.rate, self.format)
        return Speech("standard input", lambda: pipe, is_live=True, can_be_repeated=False)


def _standard_input(rate: int, format: str) -> PcmSource:
    if format not in set(SampleFormat):
        raise UsageError(f"--format is {format!r}; expected one of {', '.join(SampleFormat)}")
    if sys.stdin is None:
        raise UsageError("--stdin, and standard input is closed; pipe PCM into it")
    in_range("--rate", rate, 4_000, 192_000)
    pipe = FileIO(sys.stdin.fileno(), closefd=False)  # unbuffered: sound comes at once, and Ctrl-C waits for none
    return PcmSource(pipe, rate, SampleFormat(format))
