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
from export.data.motion.head_films import read_head_films
from export.data.motion.head_simulation import simulate
from space_runtime.animation.head_style import N_BANDS, SHAPES, HeadStyle
from space_runtime.arrays import Doubles, Longs, Mask
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import EMBEDDED, load_bundle
from space_runtime.media.atomic_files import written_whole
from space_runtime.timebase import SAMPLE_RATE

FILE_NAME: Final = "head_style.npz"
LEAST_S: Final = 20.0
ROUNDS: Final = 6
SEEDS: Final = range(101, 109)
STILLER: Final = 0.4
"""In pauses a band has this part of its deviation in speech at most."""
TRUST: Final = 0.7
"""Exponent of a round's correction in pauses, which are few and short."""
LONG_PAUSE_S, PHRASE_S = 0.6, 0.4
MOST_BOW, BEAT = math.radians(1.0), math.radians(1.2)
"""Radians that a chin sinks in pauses at most: the speaker at hand looks down at his notes, 5° and more. And those that
it goes up on a stressed syllable: measured as a mean over 27 syllables of his, 1.2° after 0.1 s."""


def fit(heads: Sequence[FilmedHead]) -> HeadStyle:
    """Return the style of some films, each of the same weight."""
    wanted = _rms([head.amplitudes(head.film.angles_rad) for head in heads])
    sd, keep = _postures(heads)
    flat = np.full((3, N_BANDS), math.radians(0.5))
    style = HeadStyle(flat, flat / 2, sd, keep, bow=_bow(heads), beat=BEAT)
    for _ in range(ROUNDS):
        shown = _rms([head.amplitudes(track) for head in heads for track in _generated(style, head)])
        speech = style.speech * wanted[0] / shown[0]
        pause = np.minimum(style.pause * (wanted[1] / shown[1]) ** TRUST, STILLER * speech)
        style = replace(style, speech=speech, pause=pause)
    return replace(style, bow=min(style.bow, MOST_BOW))


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
    phrases = [run for run in _runs(head.voice.speech[head.frames]) if len(run) >= PHRASE_S * head.film.fps]
    means = np.array([angles[run].mean(0) for run in phrases], np.float64)
    from_mean: Doubles = means - means.mean(0)
    return from_mean


def _bow(heads: Sequence[FilmedHead]) -> float:
    """Return by how much the chin lies lower in long pauses than in speech; 0 for one that does not."""
    drops = []
    for head in heads:
        pitch, talking = head.film.angles_rad[head.frames, 1], head.voice.speech[head.frames]
        pauses = [run for run in _runs(~talking) if len(run) >= LONG_PAUSE_S * head.film.fps]
        drops += [pitch[run].mean() - pitch[talking].mean() for run in pauses]
    return max(0.0, float(np.mean(drops))) if drops else 0.0


def _runs(where: Mask) -> list[Longs]:
    """The indices of each stretch of True."""
    places = np.flatnonzero(where)
    return np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(places) else []


def main(
    data: Annotated[Path, typer.Option(help="The folder with talking heads.")] = Path("../shared/data"),
    film: Annotated[list[str] | None, typer.Option(help="Name of a film there; may be given several times.")] = None,
    until_s: Annotated[float, typer.Option(help="Learn from what lies before this second of each clip.")] = 31.5,
    to: Annotated[Path, typer.Option(help="Where the style goes.")] = EMBEDDED / FILE_NAME,
) -> None:
    """Measure the style of heads on films and write it for the bundle."""
    bundle = load_bundle()
    clips = [clip for name in film or ["address"] for clip in read_head_films(data, name)]
    long_enough = [clip for clip in clips if len(clip.pcm) >= LEAST_S * SAMPLE_RATE]
    if not long_enough:
        raise UsageError(f"no clip lasts {LEAST_S:g} s; films of at least that are needed to measure postures")
    style = fit([FilmedHead.of(bundle, clip, slice(0, int(until_s * clip.fps))) for clip in long_enough])
    save(style, to)
    typer.echo(f"{to}: measured on {len(long_enough)} clips, the first {until_s:g} s of each")


if __name__ == "__main__":
    typer.run(main)
