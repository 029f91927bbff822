"""Synthetic speech with known phone times from flite, festival and espeak-ng (programs that make data, not shipped).

Each function returns an `Utterance` with the engine's own phone symbols; `export.data.phones` maps them to one set.
The programs come from the system's packages (Debian: flite, festival, espeak-ng and the festvox voices).
"""

from __future__ import annotations

import ctypes
import multiprocessing
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr

from space_runtime.geometry import Floats
from space_runtime.timebase import SAMPLE_RATE

PHONE_EVENT: Final = 7
RATE_PARAMETER, PITCH_PARAMETER, RANGE_PARAMETER = 1, 3, 4
ESPEAK_LABEL_DELAY_S: Final = 0.030
"""espeak-ng announces boundaries inside words this much too late (measured against energy, see the README)."""
ESPEAK_PAUSES: Final = frozenset({"", "_", "_:", "(en)"})

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
    """One synthetic speaker. rate: words per minute; pitch and pitch_range: 0…99 (espeak-ng alone has these three)."""

    engine: str
    name: str
    language: str
    encoding: str = "utf8"
    rate: int = 170
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


def _flite(voice: Voice, text: str, scratch: Path) -> Utterance:
    sound = scratch / "flite.wav"
    command = ["flite", "-voice", voice.name, "-t", text, "-o", str(sound), "-psdur"]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    names, ends = zip(*(token.rsplit(":", 1) for token in printed.split()), strict=True)
    return Utterance(read_pcm(sound), _from_ends(names, [float(end) for end in ends]), "arpabet")


def _festival(voice: Voice, text: str, scratch: Path) -> Utterance:
    sound, segments, script = scratch / "festival.wav", scratch / "festival.segs", scratch / "festival.scm"
    sound.unlink(missing_ok=True)
    plain = text.replace('"', " ").replace("\\", " ")
    lines = f'(voice_{voice.name})\n(set! u (SynthText "{plain}"))\n(utt.save.wave u "{sound}" \'riff)\n'
    script.write_bytes(f'{lines}(utt.save.segs u "{segments}")\n'.encode(voice.encoding, "ignore"))
    subprocess.run(["festival", "-b", str(script)], capture_output=True, timeout=60, check=True)
    rows = [line.split() for line in segments.read_text(errors="replace").split("#\n", 1)[1].splitlines()]
    rows = [row for row in rows if len(row) >= 3]
    phones = _from_ends([row[2] for row in rows], [float(row[0]) for row in rows])
    return Utterance(read_pcm(sound), phones, "arpabet" if voice.language == "en" else f"festival-{voice.language}")


def _from_ends(names: list[str] | tuple[str, ...], ends: list[float]) -> tuple[Segment, ...]:
    return tuple(zip(names, [0.0, *ends[:-1]], ends, strict=True))


def _espeak(voice: Voice, text: str, scratch: Path) -> Utterance:
    """Speak in a fresh process: within one process the sound depends on what was said before."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    worker = context.Process(target=_espeak_worker, args=(voice, text, there))
    worker.start()
    there.close()
    try:
        pcm, rate, events = here.recv()
    except EOFError:
        raise RuntimeError(f"espeak-ng failed with voice {voice.name!r}") from None
    finally:
        worker.join()
    sound = soxr.resample(pcm.astype(np.float32) / 32768, rate, SAMPLE_RATE).astype(np.float32)
    return Utterance(sound, _espeak_segments(events, len(pcm), rate), "ipa")


def _espeak_segments(events: list[tuple[str, int]], n_samples: int, rate: int) -> tuple[Segment, ...]:
    starts = [sample / rate for _, sample in events]
    for i in range(1, len(starts)):
        inside_word = events[i - 1][0] not in ESPEAK_PAUSES and events[i][0] not in ESPEAK_PAUSES
        if inside_word:
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


def _espeak_worker(voice: Voice, text: str, answer: object) -> None:
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
    line = text.encode() + b"\0"
    library.espeak_Synth(line, len(line), 0, 0, 0, 1, None, None)
    library.espeak_Synchronize()
    answer.send((np.concatenate(sounds), rate, events))  # type: ignore[attr-defined]
