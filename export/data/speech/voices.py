"""Synthetic speech with known phone times from flite, festival and espeak-ng (programs that make data, not shipped).

Each function returns an `Utterance` with the engine's own phone symbols; `export.data.speech.phones` maps them to
one set.
The programs come from the system's packages (Debian: flite, festival, espeak-ng and the festvox voices).
"""

from __future__ import annotations

import ctypes
import multiprocessing
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr

from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE

PHONE_EVENT: Final = 7
RATE_PARAMETER, PITCH_PARAMETER, RANGE_PARAMETER = 1, 3, 4
ESPEAK_LABEL_DELAY_S: Final = 0.030
"""espeak-ng announces boundaries inside words this much too late (measured against energy, see the README)."""
LANGUAGE_MARKER: Final = re.compile(r"\([a-z]{2,}[a-z0-9-]*\)?")
"""Name of the language that espeak-ng goes on in, as in "(cmn)"; a long one is cut off after eight bytes."""

RATE: Final = 170
"""Words per minute at which flite and festival speak as they come."""

Segment = tuple[str, float, float]
"""Phone symbol, start and end in seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """Speech with phone times. pcm: (n,) float32 at 16 kHz. symbols: which symbol set the phones use."""

    pcm: Floats
    phones: tuple[Segment, ...]
    symbols: str


@dataclass(frozen=True, slots=True)
class Voice:
    """One synthetic speaker. rate: words per minute. pitch, pitch_range: 0…99, for espeak-ng."""

    engine: str
    name: str
    language: str
    encoding: str = "utf8"
    rate: int = RATE
    pitch: int = 50
    pitch_range: int = 50


def synthesise(voice: Voice, text: str, scratch: Path) -> Utterance:
    """Return ``text`` spoken by ``voice``. Raises `RuntimeError` or `OSError` when the engine fails on the text."""
    return {"flite": _flite, "festival": _festival, "espeak": _espeak}[voice.engine](voice, text, scratch)


def read_pcm(path: Path) -> Floats:
    """Return a sound file as (n,) mono float32 at 16 kHz."""
    pcm, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = pcm.mean(1)
    resampled = mono if rate == SAMPLE_RATE else soxr.resample(mono, rate, SAMPLE_RATE)
    return np.asarray(resampled, np.float32)


def synthesise_many(voice: Voice, texts: list[str], scratch: Path) -> Iterator[Utterance]:
    """Yield the texts spoken by one voice; those on which its engine fails are left out.

    festival and espeak-ng speak them in one fresh process, because they take longer to start than to speak. What
    espeak-ng says depends on what it said before: the same texts in the same order repeat.
    """
    if voice.engine != "flite":
        yield from {"festival": _festival_many, "espeak": _espeak_many}[voice.engine](voice, texts, scratch)
        return
    for text in texts:
        try:
            yield synthesise(voice, text, scratch)
        except (OSError, ValueError, subprocess.SubprocessError):
            continue


def _flite(voice: Voice, text: str, scratch: Path) -> Utterance:
    sound = scratch / "flite.wav"
    stretch = f"duration_stretch={RATE / voice.rate:.3f}"
    command = ["flite", "-voice", voice.name, "--setf", stretch, "-t", text, "-o", str(sound), "-psdur"]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    names, ends = zip(*(token.rsplit(":", 1) for token in printed.split()), strict=True)
    return Utterance(read_pcm(sound), _from_ends(names, [float(end) for end in ends]), "arpabet")


def _festival(voice: Voice, text: str, scratch: Path) -> Utterance:
    for spoken in _festival_many(voice, [text], scratch):
        return spoken
    raise RuntimeError(f"festival failed with voice {voice.name!r}")


def _festival_many(voice: Voice, texts: list[str], scratch: Path) -> Iterator[Utterance]:
    """Yield what festival can speak; where it gives up, the next process goes on after that text."""
    first = 0
    while first < len(texts):
        n_spoken = _festival_run(voice, texts[first:], scratch)
        for number in range(n_spoken):
            yield _festival_result(voice, scratch, number)
        first += n_spoken + 1 if n_spoken < len(texts) - first else n_spoken


def _festival_run(voice: Voice, texts: list[str], scratch: Path) -> int:
    """Speak texts into ``scratch``; return how many from the first were done before festival gave up."""
    for old in scratch.glob("festival-*"):
        old.unlink()
    lines = [f"(voice_{voice.name})", f"(Parameter.set 'Duration_Stretch {RATE / voice.rate:.3f})"]
    for number, text in enumerate(texts):
        plain = text.replace('"', " ").replace("\\", " ")
        stem = scratch / f"festival-{number}"
        lines.append(f'(set! u (SynthText "{plain}"))')
        lines.append(f'(utt.save.wave u "{stem}.wav" \'riff)')
        lines.append(f'(utt.save.segs u "{stem}.segs")')
    script = scratch / "festival.scm"
    script.write_bytes("\n".join(lines).encode(voice.encoding, "ignore"))
    subprocess.run(["festival", "-b", str(script)], capture_output=True, timeout=600, check=False)
    done = (number for number in range(len(texts)) if not (scratch / f"festival-{number}.segs").exists())
    return next(done, len(texts))


def _festival_result(voice: Voice, scratch: Path, number: int) -> Utterance:
    listed = (scratch / f"festival-{number}.segs").read_text(errors="replace").split("#\n", 1)[1]
    rows = [row for row in (line.split() for line in listed.splitlines()) if len(row) >= 3]
    phones = _from_ends([row[2] for row in rows], [float(row[0]) for row in rows])
    symbols = "arpabet" if voice.language == "en" else f"festival-{voice.language}"
    return Utterance(read_pcm(scratch / f"festival-{number}.wav"), phones, symbols)


def _from_ends(names: list[str] | tuple[str, ...], ends: list[float]) -> tuple[Segment, ...]:
    return tuple(zip(names, [0.0, *ends[:-1]], ends, strict=True))


def _espeak(voice: Voice, text: str, scratch: Path) -> Utterance:
    for spoken in _espeak_many(voice, [text], scratch):
        return spoken
    raise RuntimeError(f"espeak-ng failed with voice {voice.name!r}")


def _espeak_many(voice: Voice, texts: list[str], scratch: Path) -> Iterator[Utterance]:
    """Speak in a fresh process: within one process the sound depends on what was said before."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    worker = context.Process(target=_espeak_worker, args=(voice, texts, there))
    worker.start()
    there.close()
    try:
        while (spoken := here.recv()) is not None:
            pcm, rate, events = spoken
            sound = soxr.resample(pcm.astype(np.float32) / 32768, rate, SAMPLE_RATE).astype(np.float32)
            yield Utterance(sound, _espeak_segments(events, len(pcm), rate), "ipa")
    except EOFError:
        return
    finally:
        here.close()
        worker.join()


def is_espeak_pause(symbol: str) -> bool:
    """Return whether a symbol of espeak-ng is no sound: a pause, or the marker of a language."""
    return not symbol.strip("_:|!^ ") or LANGUAGE_MARKER.fullmatch(symbol) is not None


def _espeak_segments(events: list[tuple[str, int]], n_samples: int, rate: int) -> tuple[Segment, ...]:
    starts = [sample / rate for _, sample in events]
    for i in range(1, len(starts)):
        if not is_espeak_pause(events[i - 1][0]) and not is_espeak_pause(events[i][0]):  # inside a word
            starts[i] = max(starts[i - 1] + 0.01, starts[i] - ESPEAK_LABEL_DELAY_S)
    ends = [*starts[1:], n_samples / rate]
    return tuple((name, s, e) for (name, _), s, e in zip(events, starts, ends, strict=True) if e > s)


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    """Layout of espeak_EVENT in the public header speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


def _espeak_worker(voice: Voice, texts: list[str], answer: Connection) -> None:
    library = ctypes.CDLL("libespeak-ng.so.1")
    synchronous, phoneme_events_in_ipa = 2, 3
    rate = library.espeak_Initialize(synchronous, 0, None, phoneme_events_in_ipa)
    sounds: list[np.ndarray[tuple[int], np.dtype[np.int16]]] = []
    events: list[tuple[str, int]] = []

    def collect(wave: object, count: int, event: object) -> int:
        if count > 0 and wave:
            sounds.append(np.ctypeslib.as_array(wave, (count,)).copy())
        row = 0
        while event[row].type:  # type: ignore[index]
            if event[row].type == PHONE_EVENT:  # type: ignore[index]
                events.append((event[row].id.string.decode("utf8", "replace"), event[row].sample))  # type: ignore[index]
            row += 1
        return 0

    prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
    callback = prototype(collect)
    library.espeak_SetSynthCallback(callback)
    library.espeak_SetVoiceByName(voice.name.encode())
    for parameter, value in (
        (RATE_PARAMETER, voice.rate),
        (PITCH_PARAMETER, voice.pitch),
        (RANGE_PARAMETER, voice.pitch_range),
    ):
        library.espeak_SetParameter(parameter, value, 0)
    for text in texts:
        line = text.encode() + b"\0"
        library.espeak_Synth(line, len(line), 0, 0, 0, 1, None, None)
        library.espeak_Synchronize()
        if sounds:
            answer.send((np.concatenate(sounds), rate, list(events)))
        sounds.clear()
        events.clear()
    answer.send(None)
