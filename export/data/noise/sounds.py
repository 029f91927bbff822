"""A corpus of sounds that are not speech: music, noises and breathing, at which no mouth may move, and choirs.

Made from nothing but a seed, into 16-bit 16 kHz FLAC files of 20 to 40 s and an ``index.jsonl``. ::

    python -m export.data.noise.sounds .cache/sounds --seed 1 --music 60 --noise 60
    python -m export.data.noise.sounds .cache/sounds_eval --seed 999 --music 2 --noise 10 --breathing 2 --choir 1
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import numpy as np
import soundfile
import typer

from export.data.noise import music, synth_events, synth_noise
from export.data.noise.score import ARRANGEMENTS, CHOIRS
from export.data.noise.synth_primitives import Noise, Rng, band_noise, decibels, log_uniform, room, samples, wander
from export.data.store import N_PROCESSES
from space_runtime.arrays import Floats
from space_runtime.errors import SpaceError
from space_runtime.media.atomic_files import prepare_folder, written_whole
from space_runtime.timebase import SAMPLE_RATE

TRAINING_SEED: Final = 1
EVALUATION_SEED: Final = 999
"""Never to be trained on."""
MUSIC: Final = "music"
CHOIR: Final = "choir"
"""Music in which voices sing; for evaluation alone, for a mouth may open at it."""
PLAYED: Final = {MUSIC: ARRANGEMENTS, CHOIR: CHOIRS}
"""Kinds that are rendered from scores → the arrangements of their pieces."""
BREATHING: Final = "breath"
NOISES: Final[dict[str, Noise]] = {
    BREATHING: synth_events.breath,
    "wind": synth_noise.wind,
    "knocks": synth_events.knocks,
    "engine": synth_noise.engine,
    "rustle": synth_events.rustle,
    "keyboard": synth_events.keyboard,
    "fan": synth_noise.fan,
    "bangs": synth_events.bangs,
    "birds": synth_events.birds,
    "rain": synth_noise.rain,
    "footsteps": synth_events.footsteps,
    "siren": synth_noise.siren,
    "creak": synth_events.creak,
    "mains_hum": synth_noise.mains_hum,
    "beeps": synth_events.beeps,
    "clicks": synth_events.clicks,
    "rumble": synth_noise.rumble,
    "applause": synth_noise.applause,
}
"""Kind → how it is made."""
ORDER: Final = tuple(kind for i, kind in enumerate(NOISES) for kind in ((BREATHING, kind) if i % 6 == 3 else (kind,)))
"""The kinds of a corpus's noises in turn; breathing comes four times as often, for people who speak also breathe."""
KINDS: Final = (MUSIC, *NOISES, CHOIR)
HEARD: Final = {MUSIC: 20.0, "mains_hum": 6.0, "beeps": 4.0, "siren": 4.0, "creak": 4.0, "engine": 2.0}
"""How often training hears a kind against the others: what has a pitch is most like a voice."""
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "instruments": (MUSIC,),
    "noise": ORDER,
    "breathing": (BREATHING,),
    CHOIR: (CHOIR,),
}
SHORTEST_S, LONGEST_S = 20.0, 40.0
FAINTEST: Final = 0.03
"""Least share of the peak that the pauses must leave, 0…1."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One row of the index. file: name in the folder; group: a key of `GROUPS`; seconds: its length."""

    file: str
    group: str
    kind: str
    seed: int
    seconds: float
    licence: str


def make_sounds(
    folder: Path,
    seed: int,
    minutes_music: float,
    minutes_noise: float,
    minutes_breathing: float = 0.0,
    minutes_choir: float = 0.0,
) -> Path:
    """Make what is missing of the corpus of ``seed`` in ``folder`` and return the path of its index.

    Files are whole or absent, and each depends on seed, group and position alone: a broken run goes on where it
    stopped, a longer corpus begins like a shorter one. Raises `UsageError` when music is wanted and fluidsynth or its
    sound font is missing, `OutputError` when the folder cannot be written.
    """
    if minutes_music > 0 or minutes_choir > 0:
        music.find_sound_font()
    prepare_folder(folder)
    minutes = (minutes_music, minutes_noise, minutes_breathing, minutes_choir)
    rows = [row for group, wanted in zip(GROUPS, minutes, strict=True) for row in _planned(group, seed, wanted)]
    missing = [(position, row) for position, row in rows if not (folder / row.file).exists()]
    if missing:
        with ProcessPoolExecutor(N_PROCESSES) as pool:
            list(pool.map(partial(_make_file, folder), *zip(*missing, strict=True)))
    index = folder / "index.jsonl"
    with written_whole(index) as unfinished:
        unfinished.write_text("".join(json.dumps(asdict(row)) + "\n" for _, row in rows), encoding="utf-8")
    return index


def make_sound(kind: str, seconds: float, rng: Rng) -> Floats:
    """Return one sound: a key of `PLAYED` or of `NOISES`, often in a room, its level changing; peak −20 to −1 dBFS."""
    n = samples(seconds)
    sound = _varied(_plain(kind, seconds, rng), rng)
    while np.abs(sound).max() < FAINTEST:  # rare events that fell into the pauses
        sound = _varied(_plain(kind, seconds, rng), rng)
    sound /= np.abs(sound).max()
    if rng.random() < 0.6:  # a recording is never digitally silent
        sound += log_uniform(rng, 1e-4, 5e-3) * band_noise(n, 50, log_uniform(rng, 1500, 7500), rng, rng.uniform(-1, 0))
    return np.asarray(sound / np.abs(sound).max() * decibels(rng.uniform(-20, -1)), np.float32)


def read_index(folder: Path) -> list[Sound]:
    """Return the rows of the index of a made corpus."""
    lines = (folder / "index.jsonl").read_text(encoding="utf-8").splitlines()
    return [Sound(**json.loads(line)) for line in lines]


def _make_file(folder: Path, position: int, row: Sound) -> None:
    """Write the sound of one row of the index."""
    pcm = make_sound(row.kind, row.seconds, _rng(row.seed, row.group, position, 1))
    with written_whole(folder / row.file) as unfinished:
        soundfile.write(unfinished, pcm, SAMPLE_RATE, format="FLAC", subtype="PCM_16")


def _planned(group: str, seed: int, minutes: float) -> Iterator[tuple[int, Sound]]:
    """Yield positions and rows until their lengths reach ``minutes``."""
    made, position = 0.0, 0
    kinds = GROUPS[group]
    while made < minutes * 60:
        seconds = round(_rng(seed, group, position, 0).uniform(SHORTEST_S, LONGEST_S), 2)
        kind = kinds[position % len(kinds)]
        licence = music.LICENCE if kind in PLAYED else "synthesised from nothing, CC0-1.0"
        yield position, Sound(f"{group}_{seed}_{position:04d}_{kind}.flac", group, kind, seed, seconds, licence)
        made += seconds
        position += 1


def _rng(seed: int, group: str, position: int, purpose: int) -> Rng:
    return np.random.default_rng([seed, list(GROUPS).index(group), position, purpose])


def _plain(kind: str, seconds: float, rng: Rng) -> Floats:
    if kind not in PLAYED:
        return NOISES[kind](samples(seconds), rng)
    with TemporaryDirectory() as scratch:
        return music.make_music(seconds, rng, Path(scratch), PLAYED[kind])


def _varied(sound: Floats, rng: Rng) -> Floats:
    if rng.random() < 0.4:
        sound = room(sound, rng)
    return np.asarray(sound / (np.abs(sound).max() + 1e-9) * _level_over_time(len(sound), rng), np.float32)


def _level_over_time(n: int, rng: Rng) -> Floats:
    """Return (n,) gains: a slow walk of up to some 10 dB, and in most sounds a few pauses that come fast or slowly."""
    gain = decibels(rng.uniform(0, 5) * wander(n, log_uniform(rng, 0.1, 1), rng))
    if rng.random() < 0.7:
        for _ in range(rng.integers(1, 5)):
            size, ramp = samples(log_uniform(rng, 0.4, 4)), samples(log_uniform(rng, 0.005, 0.8))
            first = int(rng.integers(0, n))
            x = np.arange(n)
            away = np.maximum(first - x, x - first - size)
            gain = np.asarray(gain * np.clip(away / ramp, 0, 1), np.float32)
    return gain


def main(
    folder: Annotated[Path, typer.Argument(help="Where the sounds go; what is there already is kept.")],
    seed: int = TRAINING_SEED,
    music: Annotated[float, typer.Option(help="Minutes of music.")] = 60,
    noise: Annotated[float, typer.Option(help="Minutes of noises.")] = 60,
    breathing: Annotated[float, typer.Option(help="Minutes of breathing beside that of the noises.")] = 0,
    choir: Annotated[float, typer.Option(help="Minutes of music in which voices sing.")] = 0,
) -> None:
    """Make music, noises, breathing and choirs for training and evaluation."""
    try:
        typer.echo(make_sounds(folder, seed, music, noise, breathing, choir))
    except SpaceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from None


if __name__ == "__main__":
    typer.run(main)
