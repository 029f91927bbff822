"""Guesses the emotion of a voice: arousal, a label and how far to trust it. It suggests; nothing follows it unasked.

A linear model over the measures of `voice.features` (`python -m export train-voice-emotion`): ten German actors for
what anger, joy and sadness sound like, everyday reading in four languages for what they do not. Take a guess on another
language, a child or an untrained speaker with care; below `SURE` it is called "unsure".

Laws: pure; the loudness of the recording changes nothing but rounding; silence and noise without a voice give no label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

import numpy as np

from space_runtime.arrays import Doubles, Floats
from space_runtime.emotion import N_EMOTIONS, Emotion
from space_runtime.errors import BundleError, MediaError
from space_runtime.inference.bundle import Bundle
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.voice.features import MEASURES, measure

ENTRY: Final = "voice_emotion"
"""The model's name in the bundle."""
LEAST_S: Final = 0.5
"""Shorter sounds say nothing about an emotion."""
LEAST_VOICED_S: Final = 0.3
"""Seconds with a pitch that a guess needs."""
SURE: Final = 0.6
"""A label below this confidence is called unsure."""
WIDEST: Final = 3.0
"""Measures count no more than this many standard deviations from the mean, so that one of them cannot decide alone."""


@dataclass(frozen=True, slots=True, eq=False)
class VoiceEmotion:
    """A guess about a piece of speech.

    arousal: −1 (tired) … 1 (agitated), 0 for everyday speech. label: the most probable emotion, None where there was
    too little voice. confidence: its probability, 0 without a label. probabilities: (8,) in the order of `Emotion`,
    sum 1 (0 without a label); what the model does not know is 0: it knows neutral, happy, sad and angry.
    """

    arousal: float
    label: Emotion | None
    confidence: float
    probabilities: Floats

    @property
    def sure(self) -> bool:
        """True when the label is worth a suggestion."""
        return self.confidence >= SURE


NO_VOICE: Final = VoiceEmotion(0.0, None, 0.0, np.zeros(N_EMOTIONS, np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class VoiceModel:
    """The trained numbers for D measures and K labels.

    mean, scale: (D,). weights: (K, D), bias: (K,), temperature included. arousal: (D + 1,), the last is added.
    labels: (K,) places in `Emotion`.
    """

    mean: Doubles
    scale: Doubles
    weights: Doubles
    bias: Doubles
    arousal: Doubles
    labels: tuple[int, ...]

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        """Return the model of a bundle. Raises `BundleError` when it is missing or made for other measures."""
        arrays = bundle.arrays(ENTRY)
        if tuple(arrays["measures"].tolist()) != MEASURES:
            raise BundleError(
                f"{ENTRY!r} of the bundle was trained on other measures; use a bundle made for this version"
            )
        mean, scale, weights, bias, arousal = (
            arrays[name].astype(np.float64) for name in ("mean", "scale", "weights", "bias", "arousal")
        )
        order = list(Emotion)
        labels = tuple(order.index(Emotion(label)) for label in arrays["labels"].tolist())
        return cls(mean, scale, weights, bias, arousal, labels)


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """Some seconds of speech between pauses. first_sample: where it begins, at 16 kHz. pcm: (samples,)."""

    first_sample: int
    pcm: Floats

    @property
    def seconds(self) -> tuple[float, float]:
        """Its begin and end."""
        return self.first_sample / SAMPLE_RATE, (self.first_sample + len(self.pcm)) / SAMPLE_RATE


def suggest(model: VoiceModel, pcm: Floats) -> VoiceEmotion:
    """Return what (samples,) mono sound at 16 kHz sounds like; a label of None where hardly anybody speaks.

    Made for 1…4 s; of longer sound it sees the average, see `phrases`. Raises `MediaError` below half a second.
    """
    if len(pcm) < LEAST_S * SAMPLE_RATE:
        raise MediaError(
            f"the sound lasts {len(pcm) / SAMPLE_RATE:.2f} s, too short to guess an emotion; "
            f"give at least {LEAST_S:g} s of speech"
        )
    measured = measure(pcm, LEAST_VOICED_S)
    if measured.voiced_s < LEAST_VOICED_S:
        return NO_VOICE
    standard = standardised(measured.values, model.mean, model.scale)
    probabilities = _softmax(model.weights @ standard + model.bias)
    best = int(probabilities.argmax())
    spread = np.zeros(N_EMOTIONS, np.float32)
    spread[list(model.labels)] = probabilities
    arousal = float(np.clip(model.arousal[:-1] @ standard + model.arousal[-1], -1.0, 1.0))
    return VoiceEmotion(arousal, tuple(Emotion)[model.labels[best]], float(probabilities[best]), spread)


def standardised(values: Doubles, mean: Doubles, scale: Doubles) -> Doubles:
    """Return measures (…, D) in standard deviations, at most ±3."""
    return np.clip((values - mean) / scale, -WIDEST, WIDEST)


def _softmax(logits: Doubles) -> Doubles:
    powers = np.exp(logits - logits.max())
    probabilities: Doubles = powers / powers.sum()
    return probabilities


FRAME: Final = 160
PAUSE_FRAMES: Final = 25
"""A quarter of a second without speech parts phrases."""
PAUSE_DB: Final = 30.0
"""Decibels below the loud moments of the last half minute from which on there is a pause."""
WINDOW_S: Final = 2.0
"""Phrases longer than one and a half times this are cut into about that much."""
AT_ONCE: Final = 30 * SAMPLE_RATE
"""Sound that is looked at together: a line of twenty hours needs no more memory than half a minute."""


def phrases(blocks: Iterable[Floats]) -> Iterator[Phrase]:
    """Yield the phrases of a sound that comes in (n,) blocks at 16 kHz; how it is cut into blocks changes nothing.

    Pauses part them; long ones are cut into windows of about two seconds. Phrases below half a second are left out.
    """
    waiting: list[Floats] = []
    n_waiting, first = 0, 0
    for block in blocks:
        waiting.append(block)
        n_waiting += len(block)
        while n_waiting >= AT_ONCE:
            sound = np.concatenate(waiting)
            spans = _spans(sound[:AT_ONCE])
            taken = spans[-1][0] if spans and spans[-1][1] == AT_ONCE else AT_ONCE  # perhaps it goes on
            yield from _cut(sound, [span for span in spans if span[1] <= taken], first)
            waiting, n_waiting, first = [sound[taken:]], n_waiting - taken, first + taken
    if n_waiting:
        sound = np.concatenate(waiting)
        yield from _cut(sound, _spans(sound), first)


def _spans(sound: Floats) -> list[tuple[int, int]]:
    """Return the (first, end) samples of speech between pauses, about two seconds each."""
    n_frames = len(sound) // FRAME
    if n_frames == 0:
        return []
    power = np.square(sound[: n_frames * FRAME].astype(np.float64)).reshape(-1, FRAME).mean(axis=1)
    spoken = power > np.quantile(power, 0.95) * 10 ** (-PAUSE_DB / 10)
    frames = np.flatnonzero(spoken)
    if not frames.size:
        return []
    runs = np.split(frames, np.flatnonzero(np.diff(frames) > PAUSE_FRAMES) + 1)
    spans = [(int(run[0]) * FRAME, min(int(run[-1]) * FRAME + FRAME, len(sound))) for run in runs]
    return [window for span in spans for window in _windows(*span)]


def _windows(first: int, end: int) -> list[tuple[int, int]]:
    """Return a span in equal windows of about two seconds."""
    window = WINDOW_S * SAMPLE_RATE
    n = max(1, round((end - first) / window))
    edges = [first + (end - first) * k // n for k in range(n + 1)]
    return list(pairwise(edges))


def _cut(sound: Floats, spans: list[tuple[int, int]], first: int) -> Iterator[Phrase]:
    for begin, end in spans:
        if end - begin >= LEAST_S * SAMPLE_RATE:
            yield Phrase(first + begin, sound[begin:end])
