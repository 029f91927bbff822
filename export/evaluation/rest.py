"""Block *rest*: lips that lie still where nobody speaks. The return to rest after speech, and no flapping in sounds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from export.data.noise.sounds import CHOIR, EVALUATION_SEED, make_sounds, read_index
from export.data.speech.voices import read_pcm
from export.evaluation import silero
from export.evaluation.baselines import Unavailable
from export.evaluation.evaluated_model import EvaluatedModel, Sources, opening, usual_range
from export.evaluation.results import Found, Measure
from export.evaluation.spoken import Spoken, read_synthetic, silence
from space_runtime.arrays import Floats
from space_runtime.errors import UsageError
from space_runtime.inference.network import Network
from space_runtime.timebase import SAMPLE_RATE

AT_REST: Final = 0.05
"""Lips within this share of a speaker's range over rest are at rest."""
SOON_S: Final = 0.15
AFTER_S: Final = 1.2
"""Silence behind every utterance."""
ROOM_SNR_DB: Final = 20.0
MADE_S: Final = 10
SOUNDS: Final = "sounds_eval"
SOUND_MINUTES: Final = (10, 40, 3, 5)
"""Of music, of noises, of breathing beside that of the noises, of music in which voices sing."""
T = TypeVar("T")


def measure(model: EvaluatedModel, sources: Sources) -> Found:
    """Return how soon lips rest after speech, how far they move in sounds, and what a speech detector says to these."""
    spoken = read_synthetic(sources.cache)
    if not spoken:
        return Found({}, {"rest": "no program for text-to-speech is installed; see export/README.md"})
    clean = [np.concatenate([utterance.pcm, silence(AFTER_S)]) for utterance in spoken]
    noisy = [with_room(pcm, ROOM_SNR_DB, seed) for seed, pcm in enumerate(clean)]
    usual = usual_range([opening(track.landmarks, model.neutral) for track in model.tracks(clean)])
    values = _after(model, spoken, clean, "after_speech", usual) | _after(model, spoken, noisy, "in_room_noise", usual)
    sounds, missing = made_sounds(), {}
    try:
        sounds |= evaluation_sounds(sources.cache / SOUNDS)
    except UsageError as why:
        missing["music, noises, breath"] = str(why)
    values |= flapping(model, sounds, usual)
    try:
        values |= _silero(silero.load_silero(sources.cache), sounds)
    except Unavailable as why:
        missing["silero"] = str(why)
    return Found(values, missing)


def settling_s(times_s: Floats, gap: Floats, end_s: float, limit: float) -> float:
    """Return how long after ``end_s`` the (T,) gap still leaves ±limit for the last time, 0 if it does not."""
    late = times_s[(np.abs(gap) > limit) & (times_s > end_s)]
    return float(late[-1] - end_s) if len(late) else 0.0


def flapping(model: EvaluatedModel, sounds: dict[str, list[Floats]], usual: float) -> dict[Measure, float]:
    """Return per kind of sound the largest and the RMS lip gap, the share of time off rest and of time called speech.

    Gaps are shares of the usual range of speech. ``worst_sound`` has the worst of each number but those of
    a choir, which is told and not judged: it is voices.
    """
    values: dict[Measure, float] = {}
    outputs = model.tracks([sound for parts in sounds.values() for sound in parts])
    for kind, tracks in _by_kind(sounds, outputs).items():
        gap = np.concatenate([opening(track.landmarks, model.neutral) for track in tracks]) / usual
        speech = np.concatenate([track.speech for track in tracks])
        found = {
            "max_gap": np.abs(gap).max(),
            "rms_gap": np.sqrt(np.mean(gap**2)),
            "moving": np.mean(np.abs(gap) > AT_REST),
            "called_speech": np.mean(speech > 0.5),
        }
        values |= {(kind, name): float(value) for name, value in found.items()}
    names = ("max_gap", "rms_gap", "moving", "called_speech")
    return values | {("worst_sound", name): _worst(values, sounds, name) for name in names}


def _worst(values: dict[Measure, float], kinds: Iterable[str], name: str) -> float:
    """Return the largest of the numbers of a name over all kinds of sounds but choirs."""
    return max(values[kind, name] for kind in kinds if kind != CHOIR)


def evaluation_sounds(folder: Path) -> dict[str, list[Floats]]:
    """Return sounds that training never hears, by kind; made into ``folder`` if it has none, in minutes.

    Raises `UsageError` when they cannot be made.
    """
    # A folder that an older version made has no choir, but voices among its music.
    if not (folder / "index.jsonl").exists() or CHOIR not in {row.kind for row in read_index(folder)}:
        make_sounds(folder, EVALUATION_SEED, *SOUND_MINUTES)
    return read_sounds(folder)


def read_sounds(folder: Path) -> dict[str, list[Floats]]:
    """Return the sounds of a folder that `export.data.noise.sounds` made, by kind."""
    sounds: dict[str, list[Floats]] = {}
    for row in read_index(folder):
        sounds.setdefault(row.kind, []).append(read_pcm(folder / row.file))
    return sounds


def made_sounds() -> dict[str, list[Floats]]:
    """Return silence and steady noises at −60, −40 and −20 dBFS, which need no files."""
    rng = np.random.default_rng(0)
    white = rng.standard_normal(MADE_S * SAMPLE_RATE)
    brown = np.cumsum(white)
    brown -= np.convolve(brown, np.ones(400) / 400, "same")
    time = np.arange(len(white)) / SAMPLE_RATE
    sounds = {"white_noise": white, "brown_noise": brown, "swelling_noise": white * (1 + np.sin(4 * np.pi * time))}
    levels = (-60, -40, -20)
    made = {kind: [at_level(sound, level) for level in levels] for kind, sound in sounds.items()}
    return {"digital_silence": [silence(MADE_S)], **made}


def at_level(sound: np.ndarray[tuple[int, ...], np.dtype[np.floating]], rms_db: float) -> Floats:
    """Return a sound scaled to an RMS in dBFS."""
    rms = float(np.sqrt(np.mean(np.square(sound)))) + 1e-12
    return np.asarray(sound * (10 ** (rms_db / 20) / rms), np.float32)


def with_room(pcm: Floats, snr_db: float, seed: int) -> Floats:
    """Return speech in steady room noise, 6 dB less per octave above 500 Hz, ``snr_db`` below the RMS of the speech."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(len(pcm)))
    hz = np.fft.rfftfreq(len(pcm), 1 / SAMPLE_RATE)
    noise = np.fft.irfft(spectrum / np.maximum(1, hz / 500), len(pcm))
    loud = pcm[np.abs(pcm) > 1e-3]
    rms_db = 10 * np.log10(np.mean(loud**2) + 1e-12)
    return pcm + at_level(noise, float(rms_db) - snr_db)


def _after(
    model: EvaluatedModel, spoken: list[Spoken], sounds: list[Floats], row: str, usual: float
) -> dict[Measure, float]:
    tracks = model.tracks(sounds)
    settled, left = [], []
    for utterance, track in zip(spoken, tracks, strict=True):
        gap = opening(track.landmarks, model.neutral)
        settled.append(settling_s(track.times_s, gap, utterance.end_s, AT_REST * usual))
        left.append(np.abs(gap[track.times_s > utterance.end_s + 0.5]).max() / usual)
    return {
        (row, "rests_in_150_ms"): float(np.mean(np.array(settled) <= SOON_S)),
        (row, "median_ms"): float(np.median(settled)) * 1000,
        (row, "p90_ms"): float(np.quantile(settled, 0.9)) * 1000,
        (row, "p90_gap_later"): float(np.quantile(left, 0.9)),
    }


def _silero(network: Network, sounds: dict[str, list[Floats]]) -> dict[Measure, float]:
    probabilities = silero.speech_probabilities(network, [sound for parts in sounds.values() for sound in parts])
    values = {
        (kind, "silero_speech"): float(np.mean(np.concatenate(rows) > 0.5))
        for kind, rows in _by_kind(sounds, probabilities).items()
    }
    return values | {("worst_sound", "silero_speech"): _worst(values, sounds, "silero_speech")}


def _by_kind(sounds: dict[str, list[Floats]], answers: list[T]) -> dict[str, list[T]]:
    """Give the answers to all sounds of one batch back to their kinds."""
    rest = iter(answers)
    return {kind: [next(rest) for _ in parts] for kind, parts in sounds.items()}
