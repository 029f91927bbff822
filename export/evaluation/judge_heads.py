"""``python -m export judge-heads``: generated heads beside a filmed one, on seconds that taught their style nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from export.data.motion.filmed_head import FilmedHead
from export.data.motion.head_events import Turns, chin_rise, turns
from export.data.motion.head_films import read_head_films
from export.data.motion.head_measures import BARS, HeadMeasures, Voice, likeness, measure, spectrum_distance
from export.data.motion.head_simulation import repeated, simulate
from space_runtime.animation.head_style import HeadStyle
from space_runtime.arrays import Doubles
from space_runtime.inference.bundle import load_bundle
from space_runtime.values import HeadMode

SEEDS: Final = range(1, 9)
ELSEWHERE_S: Final = 14.0
"""By how much a track is shifted against the sound to be that of another sound."""
MINUTES: Final = 10


class Judge:
    """Measures on one film from a second on. style: of the generated heads."""

    def __init__(self, head: FilmedHead, style: HeadStyle, from_s: float) -> None:
        self.head, self._style = head, style
        self._fps, self._n = head.film.fps, len(head.film.angles_rad)
        self._judged = slice(int(from_s * self._fps), self._n)
        self.film = self.measured(head.film.angles_rad)

    def measured(self, angles_rad: Doubles) -> HeadMeasures:
        """Return the measures of a (T, 3) track on the judged frames."""
        voice = Voice(self.head.voice.loudness_db[self._judged], self.head.voice.speech[self._judged])
        return measure(angles_rad[self._judged], voice, self._fps)

    def tracks(self, mode: HeadMode = HeadMode.SPEECH) -> Doubles:
        """Return (seeds, T, 3) generated tracks of the whole film."""
        return simulate(self._style, self.head.inputs, SEEDS, self._fps, self._n, mode)

    def numbers(self) -> Iterator[float]:
        """Yield the number of each of `BARS`."""
        tracks = self.tracks()
        ours = [self.measured(track) for track in tracks]
        shift = int(ELSEWHERE_S * self._fps)
        elsewhere = [self.measured(np.roll(track, shift, axis=0)) for track in tracks]
        yield _mean([spectrum_distance(each, self.film) for each in ours])
        yield _mean([each.coupling for each in ours])
        yield _mean([each.coupling for each in elsewhere])
        yield _mean([each.ratio for each in ours])
        yield _mean([each.kurtosis for each in ours])
        yield _mean([each.acceleration for each in ours]) / self.film.acceleration
        yield from likeness(tracks, self._fps).tolist()
        yield from self._long()

    def _long(self) -> Iterator[float]:
        """In degrees: how far the mean of a minute lies off, and the largest angle."""
        n_frames = int(MINUTES * 60 * self._fps)
        times = n_frames // self._n + 2
        degrees = np.degrees(simulate(self._style, repeated(self.head.inputs, times), [5], self._fps, n_frames)[0])
        yield float(np.abs([part.mean(0) for part in np.array_split(degrees, MINUTES)]).max())
        yield float(np.abs(degrees).max())


def _events(judge: Judge) -> Table:
    """Events of the whole film, which are rare: beside each the mean of the generated heads."""
    head, tracks = judge.head, judge.tracks()
    table = Table("event, all of the film", "film", "generated")
    for k, name in ((0, "yaw"), (1, "pitch"), (2, "roll")):
        film, ours = turns(head.film.angles_rad[:, k], head.film.fps), [turns(t[:, k], head.film.fps) for t in tracks]
        rows = [_told(film), [_mean(column) for column in zip(*map(_told, ours), strict=True)]]
        for measure_name, *pair in zip(TOLD, *rows, strict=True):
            table.add_row(f"{name}: {measure_name}", *(f"{number:.2f}" for number in pair))
    film_rise, ours_rise = chin_rise(head.film.angles_rad, head), [chin_rise(track, head) for track in tracks]
    for place, name in enumerate(("chin 0.1 s after prominent syllables, degrees", "95 % of random ones below")):
        table.add_row(name, f"{film_rise[place]:.2f}", f"{_mean([rise[place] for rise in ours_rise]):.2f}")
    return table


TOLD: Final = (
    "part held",
    "hold s, median",
    "hold s, 90 %",
    "turns a minute",
    "turn degrees, median",
    "turn degrees, 90 %",
)


def _told(of: Turns) -> list[float]:
    return [of.held, *of.hold_s, of.per_minute, *of.degrees]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def main(
    data: Annotated[Path, typer.Option(help="The folder with talking heads.")] = Path("../shared/data"),
    film: Annotated[str, typer.Option(help="Name of the film there; its first clip is judged.")] = "address",
    from_s: Annotated[float, typer.Option(help="Judge from this second on.")] = 31.5,
) -> None:
    """Print the acceptance table of generated heads."""
    bundle = load_bundle()
    judge = Judge(FilmedHead.of(bundle, read_head_films(data, film)[0]), HeadStyle.of_bundle(bundle), from_s)
    table = Table("measure", "accepted", "generated", "")
    for bar, number in zip(BARS, judge.numbers(), strict=True):
        kept = bar.lowest <= number <= bar.highest
        table.add_row(bar.name, f"{bar.lowest:g}…{bar.highest:g}", f"{number:.2f}", "ok" if kept else "short")
    console = Console(width=110)
    console.print(table)
    idle = [judge.measured(track) for track in judge.tracks(HeadMode.IDLE)]
    console.print(_events(judge))
    film_row = f"film: r {judge.film.coupling:.2f}, ratio {judge.film.ratio:.2f}, kurtosis {judge.film.kurtosis:.1f}"
    console.print(f"{film_row}; idle sway: distance {_mean([spectrum_distance(i, judge.film) for i in idle]):.1f} dB")


if __name__ == "__main__":
    typer.run(main)
