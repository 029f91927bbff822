"""Random General-MIDI pieces that nobody wrote, as MIDI files.

A piece has a tempo, a scale, a chord progression and an arrangement of parts; each part plays one role with a random
program, register, density and dynamics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import mido
import numpy as np

from export.data.noise.synth_primitives import Rng, log_uniform

TICKS: Final = 480
"""MIDI ticks a beat."""
DRUM_CHANNEL: Final = 9

SCALES: Final = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "harmonic": (0, 2, 3, 5, 7, 8, 11),
}
PROGRESSIONS: Final = (
    (0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 0), (5, 3, 0, 4), (0, 6, 5, 4), (1, 4, 0, 0), (0, 2, 3, 4),
    (0, 0, 3, 3, 4, 3, 0, 4),
)  # fmt: skip
"""Steps of the scale on which the chords stand, one a bar."""

KEYS = tuple(range(0, 16))
ORGANS, GUITARS, BASSES = tuple(range(16, 24)), tuple(range(24, 32)), tuple(range(32, 40))
STRINGS, VOICES = (40, 41, 42, 44, 45, 46, 48, 49, 50, 51), (52, 53, 54, 85, 91)
BRASS, REEDS, PIPES = tuple(range(56, 64)), tuple(range(64, 72)), tuple(range(72, 80))
LEADS, PADS, OTHERS = (*range(80, 85), 86, 87), (*range(88, 91), *range(92, 96)), tuple(range(104, 112))
SOLOS = KEYS + GUITARS + STRINGS + BRASS + REEDS + PIPES + LEADS + OTHERS

Layout = tuple[tuple[str, tuple[int, ...]], ...]
ARRANGEMENTS: Final[tuple[Layout, ...]] = (
    (("melody", SOLOS),),
    (("chords", KEYS + GUITARS + ORGANS + STRINGS),),
    (("melody", SOLOS), ("chords", KEYS + GUITARS)),
    (("pad", PADS + STRINGS), ("arpeggio", KEYS + LEADS)),
    (("drums", ()),),
    (("drums", ()), ("bass", BASSES)),
    (("drums", ()), ("bass", BASSES), ("chords", GUITARS + KEYS), ("melody", SOLOS)),
    (("drums", ()), ("bass", BASSES), ("chords", GUITARS), ("pad", ORGANS), ("melody", LEADS + GUITARS)),
    (("melody", STRINGS + PIPES), ("arpeggio", STRINGS + KEYS), ("pad", STRINGS + BRASS), ("bass", STRINGS)),
    (("drums", ()), ("bass", (38, 39)), ("arpeggio", LEADS), ("pad", PADS), ("melody", LEADS)),
    (("drums", ()), ("bass", BASSES), ("chords", KEYS), ("melody", BRASS + REEDS)),
)  # fmt: skip
"""From one instrument to a full band; each part with the programs it may have (the drums have none). No part sings: a
sound font's choir is voices, at which a mouth may open."""
CHOIRS: Final[tuple[Layout, ...]] = (
    (("melody", VOICES),),
    (("chords", VOICES),),
    (("melody", VOICES), ("pad", VOICES), ("bass", VOICES + STRINGS)),
    (("pad", VOICES), ("arpeggio", KEYS + LEADS)),
)
"""Arrangements in which sampled voices sing."""


CHORD_RHYTHMS: Final = ((1.0, 0.0, 0.9), (0.5, 0.0, 0.4), (1.0, 0.5, 0.3), (8.0, 0.0, 3.0))
"""Beats between strokes, beat of the first in a bar, length of each."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The key, tempo and form that all parts share. key: MIDI note of the scale's root.

    Bars are ``beats`` beats long; swing 0…0.33 beat.
    """

    tempo_bpm: float
    key: int
    scale: tuple[int, ...]
    chords: tuple[int, ...]
    beats: int
    n_bars: int
    swing: float

    def note(self, step: int, octave: int = 0) -> int:
        """Return the MIDI note of a step of the scale, folded into 24…100."""
        note = self.key + 12 * (octave + step // 7) + self.scale[step % 7]
        return note + 12 * max(0, -(-(24 - note) // 12)) - 12 * max(0, -(-(note - 100) // 12))


@dataclass(frozen=True, slots=True)
class Note:
    """start and length in beats since the piece began; velocity 1…127."""

    start: float
    length: float
    pitch: int
    velocity: int


def compose(seconds: float, rng: Rng, arrangements: tuple[Layout, ...] = ARRANGEMENTS) -> mido.MidiFile:
    """Return a random piece of at least ``seconds`` in one of the arrangements."""
    piece = _piece(seconds, rng)
    score = mido.MidiFile(ticks_per_beat=TICKS)
    head = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(piece.tempo_bpm))])
    score.tracks.append(head)
    channel = 0
    for role, programs in arrangements[rng.integers(len(arrangements))]:
        own = DRUM_CHANNEL if role == "drums" else channel
        program = int(rng.choice(programs)) if programs else int(rng.choice((0, 0, 8, 16, 24, 25, 32, 40)))
        score.tracks.append(_track(own, program, _with_breaks(ROLES[role](piece, rng), piece, rng), piece, rng))
        channel += role != "drums"
    return score


def _piece(seconds: float, rng: Rng) -> Piece:
    tempo, beats = log_uniform(rng, 50, 190), int(rng.choice((4, 4, 4, 3, 6)))
    return Piece(
        tempo_bpm=tempo,
        key=int(rng.integers(48, 60)),
        scale=SCALES[str(rng.choice(list(SCALES)))],
        chords=PROGRESSIONS[rng.integers(len(PROGRESSIONS))],
        beats=beats,
        n_bars=int(seconds * tempo / 60 / beats) + 2,
        swing=float(rng.choice((0, 0, 0.08, 0.17))),
    )


def _track(channel: int, program: int, notes: list[Note], piece: Piece, rng: Rng) -> mido.MidiTrack:
    """Return notes as MIDI messages, with loudness (controller 11) and vibrato (1) that change over time."""

    def control(beat: float, number: int, value: float) -> tuple[int, int, mido.Message]:
        message = mido.Message("control_change", channel=channel, control=number, value=int(value))
        return round(beat * TICKS), 1, message

    events = [(0, 0, mido.Message("program_change", channel=channel, program=program))]
    events.append(control(0, 7, rng.uniform(60, 127)))
    loudness, swing = rng.integers(50, 127), rng.integers(0, 60)
    events.append(control(0, 1, rng.uniform(0, 90) if rng.random() < 0.5 else 0))
    for beat in range(0, piece.n_bars * piece.beats, 2):
        events.append(control(beat, 11, np.clip(loudness + swing * rng.standard_normal(), 25, 127)))
    for note in notes:
        start = max(0, round((note.start + rng.normal(0, 0.008)) * TICKS))
        end = start + max(20, round(note.length * TICKS))
        on = {"channel": channel, "note": note.pitch}
        events.append((start, 2, mido.Message("note_on", velocity=note.velocity, **on)))
        events.append((end, 1, mido.Message("note_off", **on)))
    track, now = mido.MidiTrack(), 0
    for at, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=at - now))
        now = at
    return track


def _with_breaks(notes: list[Note], piece: Piece, rng: Rng) -> list[Note]:
    """Leave some bars out, as players do; never the second bar, so that there is always something."""
    share = rng.choice((0.0, 0.1, 0.3))
    silent = {bar for bar in range(piece.n_bars) if bar != 1 and rng.random() < share}
    return [note for note in notes if int(note.start // piece.beats) not in silent]


def _velocity(rng: Rng, mean: float) -> int:
    return int(np.clip(rng.normal(mean, 12), 12, 127))


def _melody(piece: Piece, rng: Rng) -> list[Note]:
    rhythms = [[0.5, 0.5, 1], [1, 1], [0.25, 0.25, 0.5], [1.5, 0.5], [2], [0.75, 0.25], [1 / 3] * 3, [4]]
    chosen = [rhythms[i] for i in rng.choice(len(rhythms), 3)]
    octave, rests, mean, legato = rng.integers(0, 3), rng.uniform(0, 0.35), rng.uniform(55, 110), rng.uniform(0.4, 1.05)
    notes, now, step = [], 0.0, int(rng.integers(0, 7))
    while now < piece.n_bars * piece.beats:
        for length in chosen[rng.integers(len(chosen))]:
            root = piece.chords[int(now // piece.beats) % len(piece.chords)]
            leap = int(rng.choice((-2, -1, -1, 0, 1, 1, 2)))
            step = root + int(rng.choice((0, 2, 4))) if rng.random() < 0.25 else step + leap
            step = int(np.clip(step, -5, 12))
            if rng.random() > rests:
                late = piece.swing if now % 1 == 0.5 else 0
                notes.append(Note(now + late, length * legato, piece.note(step, int(octave)), _velocity(rng, mean)))
            now += length
    return notes


def _chord_steps(piece: Piece, bar: int, size: int) -> list[int]:
    return [piece.chords[bar % len(piece.chords)] + 2 * k for k in range(size)]


def _chords(piece: Piece, rng: Rng) -> list[Note]:
    every, first, length = CHORD_RHYTHMS[rng.integers(len(CHORD_RHYTHMS))]
    size, strum, mean = int(rng.integers(2, 5)), rng.uniform(0, 0.04), rng.uniform(45, 100)
    return [
        Note(bar * piece.beats + float(beat) + k * strum, length, piece.note(step), _velocity(rng, mean))
        for bar in range(piece.n_bars)
        for beat in np.arange(first, piece.beats, every)
        for k, step in enumerate(_chord_steps(piece, bar, size))
    ]


def _pad(piece: Piece, rng: Rng) -> list[Note]:
    size, octave, mean = int(rng.integers(2, 5)), int(rng.integers(0, 2)), rng.uniform(40, 100)
    return [
        Note(bar * piece.beats, piece.beats * 0.98, piece.note(step, octave), _velocity(rng, mean))
        for bar in range(piece.n_bars)
        for step in _chord_steps(piece, bar, size)
    ]


def _arpeggio(piece: Piece, rng: Rng) -> list[Note]:
    pace, octave, mean = float(rng.choice((0.25, 1 / 3, 0.5, 1))), int(rng.integers(0, 2)), rng.uniform(45, 95)
    order = rng.integers(0, 6, rng.integers(3, 9))
    notes = []
    for i in range(int(piece.n_bars * piece.beats / pace)):
        root = piece.chords[int(i * pace // piece.beats) % len(piece.chords)]
        step = root + 2 * int(order[i % len(order)])
        notes.append(Note(i * pace, pace * 0.9, piece.note(step, octave), _velocity(rng, mean)))
    return notes


def _bass(piece: Piece, rng: Rng) -> list[Note]:
    patterns = ([0], [0, 2], [0, 1, 2, 3], [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5], [0, 1.5, 2], [0, 0.75, 1.5, 2.5])
    pattern = [beat for beat in patterns[rng.integers(len(patterns))] if beat < piece.beats]
    mean, leaps = rng.uniform(65, 115), rng.uniform(0, 0.4)
    notes = []
    for bar in range(piece.n_bars):
        for beat, after in zip(pattern, [*pattern[1:], piece.beats], strict=True):
            step = piece.chords[bar % len(piece.chords)] + (int(rng.choice((2, 4, 7))) if rng.random() < leaps else 0)
            pitch = piece.note(step, -2)
            notes.append(Note(bar * piece.beats + beat, (after - beat) * 0.9, pitch, _velocity(rng, mean)))
    return notes


def _drums(piece: Piece, rng: Rng) -> list[Note]:
    """A pattern of sixteenths per drum, drawn once, with fills and crashes."""
    n = piece.beats * 4
    strong = np.where(np.arange(n) % 8 == 0, 0.9, 0.12), np.where(np.arange(n) % 8 == 4, 0.95, 0.06)
    hat_pace, density = int(rng.choice((1, 2, 2, 4))), rng.uniform(0.6, 1.3)
    drums = {36: strong[0], 38: strong[1], 42: np.where(np.arange(n) % hat_pace == 0, 0.95, 0.0)}
    for extra in rng.choice((37, 39, 46, 50, 54, 56, 60, 63, 70, 75), rng.integers(0, 4), replace=False):
        drums[int(extra)] = np.full(n, 0.15)
    pattern = {drum: rng.random(n) < chance * density for drum, chance in drums.items()}
    mean, notes = rng.uniform(60, 115), []
    for bar in range(piece.n_bars):
        fill = bar % 4 == 3 and rng.random() < 0.5
        for drum, hits in pattern.items():
            for i in np.flatnonzero(hits[: n - 4 * fill]).tolist():
                late = piece.swing if i % 4 == 2 else 0
                notes.append(Note(bar * piece.beats + i / 4 + late, 0.1, drum, _velocity(rng, mean)))
        for i in range(4 * fill):
            drum = int(rng.choice((38, 45, 47, 50)))
            notes.append(Note((bar + 1) * piece.beats - 1 + i / 4, 0.1, drum, _velocity(rng, mean)))
        if bar % 8 == 0:
            notes.append(Note(bar * piece.beats, 1, 49, _velocity(rng, mean)))
    return notes


ROLES: Final[dict[str, Callable[[Piece, Rng], list[Note]]]] = {
    "melody": _melody,
    "chords": _chords,
    "pad": _pad,
    "arpeggio": _arpeggio,
    "bass": _bass,
    "drums": _drums,
}
