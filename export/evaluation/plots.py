"""Pictures to judge by: real against predicted curves of filmed strangers, closures in languages, lips in sounds.

Curves only, no pictures of people.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from export.data.motion.films import Talk
from export.evaluation import articulation, rest
from export.evaluation.evaluated_model import EvaluatedModel, Sources, opening, usual_range
from export.evaluation.lip_sync import Signals, clip_scores, judging_sets, mean_r, predict
from export.evaluation.metrics import SIGNALS, match, mouth_signals, remove_drift
from export.evaluation.spoken import read_synthetic
from space_runtime.media.atomic_files import written_whole
from space_runtime.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLIPS_OF_LONGEST: Final = 2
N_CLIPS: Final = 6
N_WORST: Final = 3
LANGUAGES: Final = ("en", "it", "cs", "fi", "de", "es")
KINDS: Final = ("music", "breath", "keyboard", "rain", "fan")
SECONDS: Final = 20.0


def draw_all(model: EvaluatedModel, sources: Sources, folder: Path) -> list[Path]:
    """Write all pictures that the data allow into a folder and return them."""
    drawn = []
    for name, draw in {
        "curves": draw_talks,
        "worst": draw_worst,
        "closures": draw_closures,
        "sounds": draw_sounds,
    }.items():
        try:
            draw(model, sources, folder / f"{name}.png")
        except FileNotFoundError:
            continue
        drawn.append(folder / f"{name}.png")
    return drawn


def draw_talks(model: EvaluatedModel, sources: Sources, path: Path) -> None:
    """Draw the three signals of some sentences, film and prediction, drift removed as the score does."""
    talks = _chosen(sources.films())
    _draw_curves(talks, predict(model.network, model.look_ahead, talks), path)


def draw_worst(model: EvaluatedModel, sources: Sources, path: Path) -> None:
    """Draw the same of the clips of all who judge that score worst. They may be third-party films: never commit it."""
    talks = [talk for each in judging_sets(sources)[0].values() for talk in each]
    predicted = predict(model.network, model.look_ahead, talks)
    worst = np.argsort([mean_r(clip_scores(*pair)) for pair in zip(talks, predicted, strict=True)])[:N_WORST]
    _draw_curves([talks[row] for row in worst], [predicted[row] for row in worst], path)


def _draw_curves(talks: list[Talk], predicted: list[Signals], path: Path) -> None:
    with _figure(path, len(talks), len(SIGNALS)) as axes:
        for row, talk, signals in zip(axes, talks, predicted, strict=True):
            for axis, (name, real) in zip(row, mouth_signals(talk.landmarks).items(), strict=True):
                film, ours = (remove_drift(signal, talk.fps) for signal in (real, signals[name]))
                time = np.arange(len(film)) / talk.fps
                axis.plot(time, film, label="film", color="0.4")
                axis.plot(time, ours, label="prediction", color="tab:red")
                axis.set_title(f"{talk.speaker} {talk.clip}: {name}, r {match(ours, film, talk.fps).r:.2f}", fontsize=9)
        axes[0][0].legend(fontsize=8)


def draw_closures(model: EvaluatedModel, sources: Sources, path: Path) -> None:
    """Draw the lip gap of a sentence per language; p, b, m are shaded, green where the lips closed in time."""
    spoken = read_synthetic(sources.cache)
    firsts = [each for name in LANGUAGES for each in [each for each in spoken if each.group == name][:1]]
    if not firsts:
        raise FileNotFoundError
    mouths = articulation.mouths(model, firsts)
    with _figure(path, len(firsts), 1) as axes:
        for (axis,), utterance, mouth in zip(axes, firsts, mouths, strict=True):
            limit = articulation.CLOSED * usual_range([mouth.gap])
            axis.plot(mouth.times_s, mouth.gap, color="tab:red")
            axis.axhline(limit, color="0.6", linewidth=0.8)
            for phone in utterance.closures:
                grace = mouth.grace_s
                least = articulation.lowest(mouth.times_s, mouth.gap, phone.start_s - grace, phone.end_s + grace)
                colour = "tab:green" if least <= limit else "tab:orange"
                axis.axvspan(phone.start_s, phone.end_s, color=colour, alpha=0.35)
            axis.set_title(f"{utterance.group}, {utterance.voice}: lip gap over rest; p, b, m shaded", fontsize=9)


def draw_sounds(model: EvaluatedModel, sources: Sources, path: Path) -> None:
    """Draw the lip gap during sounds that are not speech, on the scale of speech."""
    sounds = rest.read_sounds(sources.cache / rest.SOUNDS)
    kinds = [kind for kind in KINDS if kind in sounds]
    tracks = model.tracks([sounds[kind][0][: round(SECONDS * SAMPLE_RATE)] for kind in kinds])
    spoken = read_synthetic(sources.cache)[:16]
    usual = usual_range([mouth.gap for mouth in articulation.mouths(model, spoken)]) if spoken else 1.0
    with _figure(path, len(kinds), 1) as axes:
        for (axis,), kind, track in zip(axes, kinds, tracks, strict=True):
            axis.plot(track.times_s, opening(track.landmarks, model.neutral) / usual, color="tab:red")
            axis.plot(track.times_s, track.speech, color="tab:blue", linewidth=0.7)
            axis.set_ylim(-0.2, 1.3)
            axis.set_title(f"{kind}: lip gap (range of speech = 1) and, blue, “this is speech”", fontsize=9)


def _chosen(talks: list[Talk]) -> list[Talk]:
    """Two sentences of the stranger who has fifty, then one of others."""
    seen: dict[str, int] = {}
    chosen = []
    for talk in talks:
        seen[talk.speaker] = seen.get(talk.speaker, 0) + 1
        chosen += [talk] if seen[talk.speaker] <= CLIPS_OF_LONGEST else []
    return chosen[:N_CLIPS]


@contextmanager
def _figure(path: Path, n_rows: int, n_columns: int) -> Iterator[list[list[Axes]]]:
    """Give axes in rows and columns; write them as PNG when the block ends."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 2.2 * n_rows), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(n_rows, n_columns, squeeze=False)
    yield axes.tolist()
    for axis in axes.flat:
        axis.grid(alpha=0.3)
        axis.margins(x=0)
    with written_whole(path) as partial:
        figure.savefig(partial, format="png", metadata={"Software": None})
