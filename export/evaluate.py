"""What an exported Speech2Landmarks is worth: lip sync on unseen people, closures, silence, noise, loudness."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from export.data.corpora import aligned_talks
from export.data.motion import Talk, read_talks
from export.data.phones import BILABIAL, classes_of
from export.listen import listen
from export.metrics import SIGNALS, Match, match, mean_over_speakers, mouth_signals, remove_drift
from space_runtime.geometry import Floats
from space_runtime.ort import Network
from space_runtime.timebase import SAMPLE_RATE

REST_SHARE = 0.15
"""A speaker's face at rest is the median of this share of his frames: those with the lips closest."""
GOALS = {"gap": 0.70, "width": 0.40, "jaw": 0.62}
AT_REST = 0.02
"""A face is at rest while no landmark lies farther than this from its place (eye distances)."""
ONSET_STEPS = 25
"""A sound that begins suddenly may be speech for this long."""
CLOSED_GAP = 0.015
"""How far above its rest the lip gap may lie where lips count as closed (the film's lie within 0.01 of it)."""


@dataclass(frozen=True, slots=True, eq=False)
class Ear:
    """A network to be judged. look_ahead: in samples. neutral: (78, 3) the face that all checks without a film use."""

    network: Network
    look_ahead: int
    neutral: Floats


def evaluate(ear: Ear, data: Path, cache: Path, console: Console) -> dict[str, Match]:
    """Print all tables and return the lip-sync scores by signal."""
    talks = read_talks(data, "grid_others")
    scores = lip_sync(ear, talks)
    rows = {"Speech2Landmarks": scores, "loudness (square root of RMS)": loudness_scores(talks)}
    console.print(_score_table(rows))
    table = Table("check", "result", title="Behaviour")
    for name, value in behaviour(ear, data, cache, talks).items():
        table.add_row(name, value)
    console.print(table)
    return scores


def lip_sync(ear: Ear, talks: list[Talk]) -> dict[str, Match]:
    """Return the score per signal over filmed talks; every speaker is driven on his own resting face."""
    rests = resting_faces(talks)
    rows: dict[str, list[tuple[str, int, Match]]] = {name: [] for name in SIGNALS}
    for talk in talks:
        track = listen(ear.network, ear.look_ahead, talk.pcm, rests[talk.speaker])
        predicted = mouth_signals(track.at(np.arange(len(talk.landmarks)) / talk.fps))
        real = mouth_signals(talk.landmarks)
        for name in SIGNALS:
            a, b = remove_drift(predicted[name], talk.fps), remove_drift(real[name], talk.fps)
            rows[name].append((talk.speaker, len(talk.landmarks), match(a, b, talk.fps)))
    return {name: mean_over_speakers(found) for name, found in rows.items()}


def loudness_scores(talks: list[Talk]) -> dict[str, Match]:
    """Return the scores of the simplest system: the square root of the RMS as every signal."""
    rows: dict[str, list[tuple[str, int, Match]]] = {name: [] for name in SIGNALS}
    for talk in talks:
        loudness = _loudness(talk.pcm, len(talk.landmarks), talk.fps)
        for name, real in mouth_signals(talk.landmarks).items():
            found = match(remove_drift(loudness, talk.fps), remove_drift(real, talk.fps), talk.fps)
            rows[name].append((talk.speaker, len(talk.landmarks), found))
    return {name: mean_over_speakers(found) for name, found in rows.items()}


def resting_faces(talks: list[Talk]) -> dict[str, Floats]:
    """Return each speaker's (78, 3) face at rest."""
    faces = {}
    for speaker in sorted({talk.speaker for talk in talks}):
        frames = np.concatenate([talk.landmarks for talk in talks if talk.speaker == speaker])
        gap = mouth_signals(frames)["gap"]
        faces[speaker] = np.median(frames[gap <= np.quantile(gap, REST_SHARE)], 0).astype(np.float32)
    return faces


def behaviour(ear: Ear, data: Path, cache: Path, talks: list[Talk]) -> dict[str, str]:
    """Return the checks that correlation does not see, as text."""
    checks = {**noise_checks(ear), **gain_checks(ear, talks)}
    if (cache / "aligned_grid_others.jsonl").exists():
        checks |= closure_checks(ear, data, cache)
    return checks


def closure_checks(ear: Ear, data: Path, cache: Path) -> dict[str, str]:
    """Closures and the return to rest on unseen real speakers, phone times from forced alignment."""
    closed, closed_in_film, open_vowels, ends, false_closures = [], [], [], [], []
    talks = aligned_talks(data, cache, "grid_others")
    rests = resting_faces([talk for talk, _ in talks])
    for talk, phones in talks:
        track = listen(ear.network, ear.look_ahead, talk.pcm, ear.neutral)
        gap, filmed = lip_gap(track.landmarks, ear.neutral), lip_gap(talk.landmarks, rests[talk.speaker])
        times, film_times = track.times_s, np.arange(len(filmed), dtype=np.float32) / np.float32(talk.fps)
        for name, start, end in phones:
            kind = classes_of(name, "arpabet") or ()
            if set(kind) & set(BILABIAL):
                closed.append(_least(gap, times, start - 0.02, end + 0.02) < CLOSED_GAP)
                closed_in_film.append(_least(filmed, film_times, start - 0.04, end + 0.04) < CLOSED_GAP)
            elif name in {"AY", "EY", "EH", "AA", "AE"}:
                open_vowels.append(_greatest(gap, times, start, end) > 2 * CLOSED_GAP)
        bilabial = [(b, e) for name, b, e in phones if set(classes_of(name, "arpabet") or ()) & set(BILABIAL)]
        near = np.any([(times > b - 0.06) & (times < e + 0.06) for b, e in bilabial] or [times < 0], 0)
        false_closures.append(np.mean((track.closure > 0.5) & ~near))
        moved = np.abs(track.landmarks - ear.neutral).max((1, 2))
        awake = times[moved > AT_REST]
        if phones[-1][0] == "pau" and len(awake):
            ends.append(awake[-1] - phones[-1][1])
    middle, late = np.quantile(ends, [0.5, 0.9]) * 1000
    return {
        "lips closed at p, b, m (grid_others)": f"{np.mean(closed):.0%}  (the film: {np.mean(closed_in_film):.0%})",
        "closed without p, b or m within 60 ms": f"{np.mean(false_closures):.1%} of the time",
        "lips open at open vowels (grid_others)": f"{np.mean(open_vowels):.0%}",
        "rest after the last phone (grid_others)": f"median {middle:.0f} ms, 90 % {late:.0f} ms",
    }


def noise_checks(ear: Ear) -> dict[str, str]:
    """How far the mouth moves in sounds that are not speech."""
    rng = np.random.default_rng(0)
    n = 5 * SAMPLE_RATE
    white = rng.standard_normal(n)
    brown = np.cumsum(white)
    brown -= np.convolve(brown, np.ones(400) / 400, "same")
    time = np.arange(n) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * f * time) * (1 + 0.5 * np.sin(2 * np.pi * 1.5 * time)) for f in (220, 277, 330, 440))
    sounds = {
        "digital silence": np.zeros(n),
        "white noise": white,
        "low rumble": brown,
        "swelling noise": white * (1 + np.sin(4 * np.pi * time)),
        "chord": np.asarray(chord),
    }
    checks = {}
    for name, sound in sounds.items():
        moves = []
        for rms_db in (-60, -40, -20):
            scaled = sound / (np.sqrt(np.mean(sound**2)) + 1e-9) * 10 ** (rms_db / 20)
            track = listen(ear.network, ear.look_ahead, scaled.astype(np.float32), ear.neutral)
            gap = np.abs(lip_gap(track.landmarks, ear.neutral))
            moves.append(f"{gap.max():.3f} (later {gap[ONSET_STEPS:].max():.3f})")
        checks[f"largest lip gap in {name} at −60, −40, −20 dBFS"] = ", ".join(moves)
    return checks


def gain_checks(ear: Ear, talks: list[Talk]) -> dict[str, str]:
    """What a recording at −40 dBFS (RMS) does differently from one at −12 dBFS."""
    errors, correlations = [], []
    for talk in talks[::6]:
        gaps = []
        for rms_db in (-40, -12):
            scaled = talk.pcm / np.sqrt(np.mean(talk.pcm**2)) * np.float32(10 ** (rms_db / 20))
            gaps.append(mouth_signals(listen(ear.network, ear.look_ahead, scaled, ear.neutral).landmarks)["gap"])
        errors.append(np.abs(gaps[0] - gaps[1]).mean())
        correlations.append(float(np.asarray(np.corrcoef(np.stack(gaps)))[0, 1]))
    found = f"r {np.mean(correlations):.4f}, mean difference {np.mean(errors):.4f}"
    return {"lip gap at −40 against −12 dBFS RMS": found}


def lip_gap(landmarks: Floats, rest: Floats) -> Floats:
    """Return the (T,) lip gap of (T, 78, 3) landmarks above that of the (78, 3) face at rest."""
    return mouth_signals(landmarks)["gap"] - mouth_signals(rest[None])["gap"]


def _score_table(rows: dict[str, dict[str, Match]]) -> Table:
    table = Table("system", *SIGNALS, "lag ms", "spread", title="Lip sync, unseen speakers (grid_others, r)")
    for name, scores in rows.items():
        lags = " ".join(f"{scores[signal].lag_s * 1000:+.0f}" for signal in SIGNALS)
        spreads = " ".join(f"{scores[signal].spread:.2f}" for signal in SIGNALS)
        table.add_row(name, *(f"{scores[signal].r:.3f}" for signal in SIGNALS), lags, spreads)
    table.add_row("goal", *(f"≥ {GOALS[signal]:.2f}" for signal in SIGNALS), "−40…+40", "0.7…1.3")
    return table


def _loudness(pcm: Floats, n_frames: int, fps: float) -> Floats:
    half = round(SAMPLE_RATE / fps / 2)
    padded = np.pad(pcm, half)
    centres = np.round(np.arange(n_frames) * SAMPLE_RATE / fps).astype(int)
    power = [float(np.mean(padded[c : c + 2 * half] ** 2)) if c < len(pcm) else 0.0 for c in centres]
    return np.sqrt(np.sqrt(np.array(power, np.float32)))


def _least(signal: Floats, times: Floats, start: float, end: float) -> float:
    inside = signal[(times >= start) & (times <= end)]
    return float(inside.min()) if len(inside) else float("nan")


def _greatest(signal: Floats, times: Floats, start: float, end: float) -> float:
    inside = signal[(times >= start) & (times <= end)]
    return float(inside.max()) if len(inside) else float("nan")
