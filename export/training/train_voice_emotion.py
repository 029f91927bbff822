"""Trains the guess of an emotion from the voice and judges it on speakers and corpora it has not heard.

A multinomial logistic regression with a quadratic penalty over the 90 measures, and a ridge regression for arousal: ten
actors are too few for anything larger. No corpus here has ratings of arousal; the targets are the places of the labels
on the circumplex (Russell, "A circumplex model of affect", Journal of Personality and Social Psychology 39, 1980): the
sine of anger at 99°, of joy as actors play it at 45° (excitement) and of sadness at 207.5°; neutral is 0.

Confidences are made honest by a temperature (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017) that is
fitted on what speakers scored who were left out. In every one of ten folds one actor and about a tenth of the read
corpora are left out, each corpus as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from export.data.speech.emotional_speech import ACTED, ELSEWHERE, EMOTIONS, Measurements, measured_speech
from space_runtime.arrays import Doubles, Longs, Mask
from space_runtime.emotion import Emotion
from space_runtime.media.atomic_files import written_whole
from space_runtime.voice.emotion import SURE, standardised
from space_runtime.voice.features import MEASURES

LABELS: Final = (Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SAD, Emotion.ANGRY)
AROUSAL: Final = np.array([0.0, *np.sin(np.radians([45.0, 207.5, 99.0]))])
"""Of the labels, −1…1."""
PENALTY: Final = 0.01
"""On half the squared weights; of 0.001, 0.003, 0.01, 0.03, 0.1 the best by the folds, by little."""
ACTED_NEUTRAL, READ_NEUTRAL = 0.25, 0.25
"""Shares of the training's weight; the other labels have equal parts of the rest."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """mean, scale: (D,). weights: (K, D), bias: (K,). arousal: (D + 1,). See `voice_emotion.VoiceModel`."""

    mean: Doubles
    scale: Doubles
    weights: Doubles
    bias: Doubles
    arousal: Doubles

    def logits(self, values: Doubles) -> Doubles:
        """Return (N, K)."""
        return standardised(values, self.mean, self.scale) @ self.weights.T + self.bias

    def arousals(self, values: Doubles) -> Doubles:
        """Return (N,) −1…1."""
        estimate = standardised(values, self.mean, self.scale) @ self.arousal[:-1] + self.arousal[-1]
        bounded: Doubles = np.clip(estimate, -1, 1)
        return bounded


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """The predictions for N pieces by models that were not trained on them. logits: (N, K). arousal: (N,)."""

    logits: Doubles
    arousal: Doubles


def fit(values: Doubles, labels: Longs, share: Doubles) -> Fitted:
    """Return the model of (N, D) measures with labels; ``share`` is the (N,) weight of each piece, sum 1."""
    mean = share @ values
    scale = np.sqrt(share @ np.square(values - mean)) + 1e-9
    x = standardised(values, mean, scale)
    n_labels, n_measures = len(LABELS), x.shape[1]

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        weights, bias = flat[:-n_labels].reshape(n_labels, n_measures), flat[-n_labels:]
        logs = _log_softmax(x @ weights.T + bias)
        wrong = np.exp(logs)
        wrong[np.arange(len(x)), labels] -= 1
        wrong *= share[:, None]
        value = -share @ logs[np.arange(len(x)), labels] + PENALTY / 2 * np.square(weights).sum()
        return float(value), np.concatenate([(wrong.T @ x + PENALTY * weights).ravel(), wrong.sum(axis=0)])

    found = minimize(loss, np.zeros(n_labels * (n_measures + 1)), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    flat: Doubles = found.x
    return Fitted(mean, scale, flat[:-n_labels].reshape(n_labels, -1), flat[-n_labels:], _ridge(x, labels, share))


def _ridge(x: Doubles, labels: Longs, share: Doubles) -> Doubles:
    with_one = np.hstack([x, np.ones((len(x), 1))])
    penalty = PENALTY * np.eye(x.shape[1] + 1)
    penalty[-1, -1] = 0
    weighted = with_one * share[:, None]
    found: Doubles = np.linalg.solve(weighted.T @ with_one + penalty, weighted.T @ AROUSAL[labels])
    return found


def shares(speech: Measurements, labels: Longs, used: Mask) -> Doubles:
    """Return the (N,) weight of each piece: labels as said above; a read corpus by the root of its size."""
    acted = speech.sources == ACTED
    share = np.zeros(len(labels))
    for k in range(len(LABELS)):
        part = used & acted & (labels == k)
        whole = ACTED_NEUTRAL if k == 0 else (1 - ACTED_NEUTRAL - READ_NEUTRAL) / (len(LABELS) - 1)
        share[part] = whole / part.sum()
    read = used & ~acted
    for source in np.unique(speech.sources[read]):
        part = read & (speech.sources == source)
        share[part] = 1 / np.sqrt(part.sum())
    if read.any():
        share[read] *= READ_NEUTRAL / share[read].sum()
    total: Doubles = share / share.sum()
    return total


def cross_validate(speech: Measurements, labels: Longs, trainable: Mask) -> HeldOut:
    """Return what is said of each piece by a model that has heard neither its speaker nor its corpus."""
    logits, arousal = np.zeros((len(labels), len(LABELS))), np.zeros(len(labels))
    fold_of = folds(speech, trainable)
    for fold in np.unique(fold_of[trainable]):
        used, held = trainable & (fold_of != fold), trainable & (fold_of == fold)
        model = fit(speech.values[used], labels[used], shares(speech, labels, used)[used])
        logits[held], arousal[held] = model.logits(speech.values[held]), model.arousals(speech.values[held])
    return HeldOut(logits, arousal)


def folds(speech: Measurements, trainable: Mask) -> Longs:
    """Return the (N,) fold in which each piece is left out: one per actor; read corpora are dealt out to them."""
    acted = speech.sources == ACTED
    actors = np.unique(speech.speakers[acted])
    corpora = np.unique(speech.sources[trainable & ~acted])
    by_actor = {name: k for k, name in enumerate(actors)}
    by_corpus = {name: k % len(actors) for k, name in enumerate(corpora)}
    pairs = zip(speech.speakers, speech.sources, strict=True)
    return np.array([by_actor.get(speaker, by_corpus.get(source, -1)) for speaker, source in pairs])


def temperature_of(logits: Doubles, labels: Longs) -> float:
    """Return the factor by which logits are divided so that their probabilities are most likely."""

    def surprise(log_factor: float) -> float:
        return float(-_log_softmax(logits / np.exp(log_factor))[np.arange(len(labels)), labels].mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-2, 3), method="bounded").x))


def _log_softmax(logits: Doubles) -> Doubles:
    shifted = logits - logits.max(axis=1, keepdims=True)
    result: Doubles = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def calibration_error(probabilities: Doubles, labels: Longs, n_bins: int = 10) -> float:
    """Return the expected calibration error: the mean gap between confidence and accuracy in ten bins of confidence."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gaps = [abs(float(right[bins == k].mean() - confidence[bins == k].mean())) * (bins == k).mean() for k in set(bins)]
    return float(sum(gaps))


def report(speech: Measurements, labels: Longs, said: HeldOut, model: Fitted) -> str:
    """Return the tables: actors left out, with confusions; corpora left out; other voices; arousal."""
    acted, read = ((speech.variant == 0) & part for part in (speech.sources == ACTED, _is_read(speech)))
    fold_of = folds(speech, acted | read)
    honest = said.logits.copy()
    for fold in np.unique(fold_of[acted]):  # the temperature of a speaker comes from the others
        others = acted & (fold_of != fold)
        honest[fold_of == fold] /= temperature_of(said.logits[others], labels[others])
    probabilities = np.exp(_log_softmax(honest))
    lines = _on_actors(probabilities[acted], labels[acted])
    lines += _on_readers(speech.sources[read], probabilities[read])
    lines += [f"arousal of actors left out: r {np.corrcoef(said.arousal[acted], AROUSAL[labels[acted]])[0, 1]:.2f}"]
    lines += [
        f"  {label.value}: mean {said.arousal[acted & (labels == k)].mean():+.2f}, circumplex {AROUSAL[k]:+.2f}"
        for k, label in enumerate(LABELS)
    ]
    lines += [f"  read corpora left out: mean {said.arousal[read].mean():+.2f}"]
    return "\n".join([*lines, *_elsewhere(speech, model)])


def _on_actors(probabilities: Doubles, labels: Longs) -> list[str]:
    guess = probabilities.argmax(axis=1)
    table = np.zeros((len(LABELS), len(LABELS)), int)
    np.add.at(table, (labels, guess), 1)
    recall = np.diag(table) / table.sum(axis=1)
    sure = probabilities.max(axis=1) >= SURE
    rows = ["  ".join([f"{LABELS[k].value:8}", *(f"{n:4d}" for n in table[k]), f"{recall[k]:.2f}"]) for k in range(4)]
    return [
        f"{len(labels)} lines of actors left out: accuracy {(guess == labels).mean():.3f} "
        f"(most frequent label {np.bincount(labels).max() / len(labels):.3f}), mean recall {recall.mean():.3f} "
        f"(chance {1 / len(LABELS):.2f}), calibration error {calibration_error(probabilities, labels):.3f}",
        f"sure (≥ {SURE:g}) of {sure.mean():.2f} of them, right in {(guess == labels)[sure].mean():.3f} of those",
        "rows played, columns guessed: " + ", ".join(label.value for label in LABELS) + "; recall",
        *rows,
    ]


def _on_readers(sources: NDArray[np.str_], probabilities: Doubles) -> list[str]:
    guess, sure = probabilities.argmax(axis=1), probabilities.max(axis=1) >= SURE
    wrong = (guess != 0) & sure
    lines = [f"{len(guess)} neutral sentences of corpora left out: {(guess == 0).mean():.3f} neutral, "]
    lines[0] += f"{wrong.mean():.3f} surely something else"
    for source in np.unique(sources):
        part = sources == source
        neutral = (guess == 0)[part].mean()
        lines.append(f"  {source}: {part.sum()}, neutral {neutral:.2f}, wrong {wrong[part].mean():.2f}")
    return lines


def _elsewhere(speech: Measurements, model: Fitted) -> list[str]:
    """Lines that no model was trained on, mean over their pieces, by the model that ships."""
    lines = ["other voices, with feeling (mean probabilities of their pieces, arousal):"]
    for file in np.unique(speech.files[np.isin(speech.sources, ELSEWHERE)]):
        part = speech.files == file
        mean = np.exp(_log_softmax(model.logits(speech.values[part]))).mean(axis=0)
        shown = ", ".join(f"{label.value} {p:.2f}" for label, p in zip(LABELS, mean, strict=True))
        arousal = model.arousals(speech.values[part]).mean()
        lines.append(f"  {Path(file).stem} {speech.words[part][0]}: {shown}; {arousal:+.2f}")
    return lines


def _is_read(speech: Measurements) -> Mask:
    read: Mask = ~np.isin(speech.sources, [ACTED, *ELSEWHERE]) & (speech.words == "neutral")
    return read


def main(
    data: Annotated[Path, typer.Option(help="The folder with the speech.")] = Path("../shared/data"),
    cache: Annotated[Path, typer.Option(help="Where the measures are kept.")] = Path(".cache"),
    to: Annotated[Path, typer.Option(help="The file to write.")] = Path("space_runtime/models/voice_emotion.npz"),
) -> None:
    """Train the guess of an emotion from the voice, print how good it is, and write it: two minutes of one core."""
    speech = measured_speech(data, cache)
    order = {label: k for k, label in enumerate(LABELS)}
    labels = np.array([order[EMOTIONS[word]] if word in EMOTIONS else -1 for word in speech.words])
    trainable = (speech.sources == ACTED) | _is_read(speech)
    typer.echo(f"{trainable.sum()} pieces, {len(speech.skipped)} left out (unreadable or hardly any voice)")
    said = cross_validate(speech, labels, trainable)
    model = fit(speech.values[trainable], labels[trainable], shares(speech, labels, trainable)[trainable])
    judged = (speech.sources == ACTED) & (speech.variant == 0)
    temperature = temperature_of(said.logits[judged], labels[judged])
    model = Fitted(model.mean, model.scale, model.weights / temperature, model.bias / temperature, model.arousal)
    typer.echo(report(speech, labels, said, model))
    save(model, to)
    typer.echo(f"{to}: {to.stat().st_size} bytes, temperature {temperature:.2f}")


def save(model: Fitted, to: Path) -> None:
    """Write the model as the runtime reads it."""
    arrays = {name: getattr(model, name).astype(np.float32) for name in Fitted.__slots__}
    labels, measures = np.array([label.value for label in LABELS]), np.array(MEASURES)
    with written_whole(to) as path, path.open("wb") as file:
        np.savez(file, **arrays, labels=labels, measures=measures)


if __name__ == "__main__":
    typer.run(main)
