"""The style of generated heads, measured on films: band by band until generated heads move as much as the filmed ones.

``python -m export poses`` writes ``head_style.npz``. A band's deviation cannot be copied from a film: the
postures, the beats and the filter's own leak from speech into pauses are in it as well. So the amplitudes are scaled
until the same filter finds the same deviations in generated heads, on the sound of the same film.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer

from export.data.motion.filmed_head import FilmedHead
from export.data.motion.head_events import chin_rise, runs
from export.data.motion.head_films import read_head_films
from export.data.motion.head_simulation import simulate
from export.data.motion.recorded_heads import read_recorded_heads
from space_runtime.animation.head_style import N_BANDS, SHAPES, HeadStyle
from space_runtime.arrays import Doubles
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import EMBEDDED, load_bundle
from space_runtime.media.atomic_files import written_whole
from space_runtime.timebase import SAMPLE_RATE

FILE_NAME: Final = "head_style.npz"
LEAST_S: Final = 20.0
KEPT_BACK_FROM_S: Final = 31.5
"""What comes later in the address judges what was learnt (`judge-heads`)."""
ROUNDS: Final = 6
SEEDS: Final = range(101, 109)
STILLER: Final = 0.4
"""In pauses a band has this part of its deviation in speech at most."""
TRUST: Final = 0.7
"""Exponent of a round's correction in pauses, which are few and short."""
LONG_PAUSE_S, PHRASE_S = 0.6, 0.4
MOST_BOW: Final = math.radians(1.0)
"""By which a chin sinks in pauses at most: the speaker at hand looks down at his notes, 5° and more."""
BEAT, MOST_BEAT = math.radians(1.2), math.radians(5.0)
"""By which it goes up on a fully stressed syllable where a film does not tell; and at most, up or down."""


def fit(heads: Sequence[FilmedHead]) -> HeadStyle:
    """Return the style of some films, each of the same weight."""
    wanted = _rms([head.amplitudes(head.film.angles_rad) for head in heads])
    sd, keep = _postures(heads)
    flat = np.full((3, N_BANDS), math.radians(0.5))
    style = HeadStyle(flat, flat / 2, sd, keep, bow=_bow(heads), beat=_beat(heads))
    for _ in range(ROUNDS):
        shown = _rms([head.amplitudes(track) for head in heads for track in _generated(style, head)])
        speech = style.speech * wanted[0] / shown[0]
        pause = np.minimum(style.pause * (wanted[1] / shown[1]) ** TRUST, STILLER * speech)
        style = replace(style, speech=speech, pause=pause)
    return replace(style, bow=min(style.bow, MOST_BOW))


def _beat(heads: Sequence[FilmedHead]) -> float:
    """Return what it takes for chins to rise as far as on film 0.1 s after the most prominent syllables."""
    none = np.zeros((3, N_BANDS))
    alone = HeadStyle(none, none, np.zeros(3), np.zeros(3), bow=0.0, beat=BEAT)
    rises, chances = zip(*(chin_rise(head.film.angles_rad, head) for head in heads), strict=True)
    if abs(np.mean(rises)) < np.mean(chances):
        return BEAT
    made = np.mean([chin_rise(_generated(alone, head)[0], head)[0] for head in heads])
    return float(np.clip(BEAT * np.mean(rises) / max(made, 1e-3), -MOST_BEAT, MOST_BEAT))


def save(style: HeadStyle, path: Path) -> None:
    """Write a style as the bundle keeps it."""
    with written_whole(path) as target, target.open("wb") as file:
        np.savez(
            file,
            allow_pickle=False,
            **{name: np.asarray(getattr(style, name), np.float32) for name in SHAPES},
        )


def _generated(style: HeadStyle, head: FilmedHead) -> Doubles:
    return simulate(style, head.inputs, SEEDS, head.film.fps, len(head.film.angles_rad))


def _rms(pairs: Sequence[tuple[Doubles, Doubles]]) -> tuple[Doubles, Doubles]:
    speech, pause = (np.sqrt(np.mean(np.square(part), axis=0)) for part in zip(*pairs, strict=True))
    return speech, pause


def _postures(heads: Sequence[FilmedHead]) -> tuple[Doubles, Doubles]:
    """(3,) standard deviations of the mean angles of phrases, and (3,) correlations of one with the next."""
    means = [_phrase_means(head) for head in heads]
    every, pairs = np.concatenate(means), np.concatenate([np.stack([m[:-1], m[1:]]) for m in means], 1)
    keep = [np.corrcoef(pairs[0, :, k], pairs[1, :, k])[0, 1] for k in range(3)]
    return every.std(0), np.clip(keep, -0.6, 0.6)


def _phrase_means(head: FilmedHead) -> Doubles:
    angles = head.film.angles_rad[head.frames]
    phrases = [run for run in runs(head.voice.speech[head.frames]) if len(run) >= PHRASE_S * head.film.fps]
    means = np.array([angles[run].mean(0) for run in phrases], np.float64)
    from_mean: Doubles = means - means.mean(0)
    return from_mean


def _bow(heads: Sequence[FilmedHead]) -> float:
    """Return by how much the chin lies lower in long pauses than in speech; 0 for one that does not."""
    drops = []
    for head in heads:
        pitch, talking = head.film.angles_rad[head.frames, 1], head.voice.speech[head.frames]
        pauses = [run for run in runs(~talking) if len(run) >= LONG_PAUSE_S * head.film.fps]
        drops += [pitch[run].mean() - pitch[talking].mean() for run in pauses]
    return max(0.0, float(np.mean(drops))) if drops else 0.0


def main(
    data: Annotated[Path, typer.Option(help="The folder with talking heads.")] = Path("../shared/data"),
    film: Annotated[list[str] | None, typer.Option(help="Name of a film there; may be given several times.")] = None,
    films: Annotated[
        Path | None,
        typer.Option(help="A folder of own footage instead: videos, or takes (npz, csv) with sounds beside them."),
    ] = None,
    until_s: Annotated[
        float | None,
        typer.Option(help="Learn from what lies before this second of each clip: 31.5, of own footage all."),
    ] = None,
    to: Annotated[Path, typer.Option(help="Where the style goes.")] = EMBEDDED / FILE_NAME,
) -> None:
    """Measure the style of heads on films and write it for the bundle."""
    bundle = load_bundle()
    if films is None:
        clips = [clip for name in film or ["address"] for clip in read_head_films(data, name)]
        until_s = KEPT_BACK_FROM_S if until_s is None else until_s
    else:
        clips = read_recorded_heads(films)
    long_enough = [clip for clip in clips if len(clip.pcm) >= LEAST_S * SAMPLE_RATE]
    if not long_enough:
        raise UsageError(f"no clip lasts {LEAST_S:g} s; films of at least that are needed to measure postures")
    ends = [None if until_s is None else int(until_s * clip.fps) for clip in long_enough]
    heads = [FilmedHead.of(bundle, clip, slice(0, end)) for clip, end in zip(long_enough, ends, strict=True)]
    save(fit(heads), to)
    part = "all" if until_s is None else f"the first {until_s:g} s"
    typer.echo(f"{to}: measured on {len(long_enough)} clips, {part} of each")


if __name__ == "__main__":
    typer.run(main)
