"""Training batches: sequences cut and joined from the corpora, augmented, with all targets on the step clock."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
from numpy.typing import NDArray

from export.data.augment import SILENCE_LOG, augment, features_of
from export.data.corpora import Corpus
from export.data.excerpts import excerpt, sound_features
from export.data.motion.identities import FaceModel
from export.data.phonetics import Phonetics
from export.data.speech.phones import BILABIAL, CLASSES, SILENCE, SPOKEN, UNKNOWN, somebody_speaks
from export.data.style import ARTICULATION, articulations, code_of, people_of
from export.recipes.recipe import MOVING, BatchPlan
from space_runtime.animation.stages.features import FRAME_HOP
from space_runtime.arrays import Floats, Longs, Mask
from space_runtime.emotion import N_EMOTIONS
from space_runtime.style import N_CODE

Rng = np.random.Generator
LEAD_FRAMES, FILMED_LEAD_FRAMES, TRAIL_FRAMES = 10, 35, 12
"""The face is awake this many 10 ms frames before speech, before filmed speech (its breath is heard) and after it."""
BREATH_WEIGHT, ONSET_WEIGHT = 6.0, 2.0
"""Weights of being awake before filmed and before other speech: most faint noise is no breath, yet who draws one opens
the mouth. Of those who were not filmed nothing is heard then but their first sounds, which may be those of music."""
OWN_VOICE = 0.5
"""So often a filmed sentence is certainly heard as it was recorded; else in that voice or in one put over it."""
SHORT_PAUSE, LONG_PAUSE = 80, 300
"""Longest pauses between utterances in 10 ms frames, of some and of a few."""
TEACHER_TRUST = 0.5
"""Weight of the teacher's motion against the film's, but for lines whose effort is to be heard."""
TONGUE_UP, TONGUE_OUT = tuple(CLASSES.index(name) for name in ("t", "n", "l")), (CLASSES.index("th"),)
EDGE_FRAMES = 1
"""Just before and after p, b, m nobody knows to the frame whether the lips touch: no loss there. Their own first and
last frames count, or nothing would be left of a short one."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B sequences of T steps: first the filmed ones, then those that a teacher labelled, M of both, then other sounds.

    features (B,T,F). before (B,T0,F): what was heard right before, zeros but for other sounds. classes (B,T) int64,
    `UNKNOWN` where there is none. closure, speech (B,T): targets 0…1, NaN where unknown. care (B,T): weight of the
    target of speech. tongue (B,T,2): targets of its tip up and out, NaN where unknown. motion (M,T,K).
    neutral (M,78,3). emotion (B,8). style (M,T,4). trust (M,): how much a sequence's motion counts.
    """

    features: Floats
    before: Floats
    classes: Longs
    closure: Floats
    speech: Floats
    care: Floats
    tongue: Floats
    motion: Floats
    neutral: Floats
    emotion: Floats
    style: Floats
    trust: Floats


def part_of(batch: Batch, number: int, n_parts: int) -> Batch:
    """Return every ``n_parts``-th sequence of a batch, from ``number`` on: the moving ones stay in front."""
    rows = slice(number, None, n_parts)
    return Batch(**{field.name: getattr(batch, field.name)[rows] for field in fields(Batch)})


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    mel: Floats
    labels: NDArray[np.uint8]
    motion: Floats
    style: Floats
    effort: Floats


def batches(
    corpora: dict[str, Corpus],
    model: FaceModel,
    rest: Floats,
    phonetics: Phonetics,
    plan: BatchPlan,
    seed: int,
    first: int = 0,
) -> Iterator[Batch]:
    """Yield endless batches; batch i depends on (seed, i) alone, so a resumed training sees what it would have seen.

    The next batch is made on another thread while the last one is in use.
    """
    styled = {name: styles_of(corpus, phonetics) for name, corpus in corpora.items() if corpus.has_motion}
    make = partial(_batch, corpora, styled, model, rest, phonetics, plan)
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(make, np.random.default_rng((seed, first)))
        while True:
            first += 1
            ready = coming.result()
            coming = maker.submit(make, np.random.default_rng((seed, first)))
            yield ready


def styles_of(corpus: Corpus, phonetics: Phonetics) -> Floats:
    """Return (n, 4) styles of a corpus's utterances, articulation told where somebody was filmed."""
    filmed = len(corpus.groups) > 0
    told = articulations(corpus, phonetics) if filmed else np.zeros(len(corpus.offsets) - 1, np.float32)
    return np.stack([code_of(int(person), float(own)) for person, own in zip(people_of(corpus), told, strict=True)])


def _batch(
    corpora: dict[str, Corpus],
    styled: dict[str, Floats],
    model: FaceModel,
    rest: Floats,
    phonetics: Phonetics,
    plan: BatchPlan,
    rng: Rng,
) -> Batch:
    names = [name for name in MOVING for _ in range(plan.n_of(name))]
    look_ahead = plan.look_ahead_samples // FRAME_HOP
    n_frames = 2 * plan.n_steps + max(look_ahead, 1)
    cuts = [_cut(corpora[name], styled[name], n_frames, rng) for name in names]
    natural = np.array([name == "effort" for name in names])
    # Step n has heard frames up to look_ahead + 2n + 1, the end of which is time 10 ms · (look_ahead + 2n + 2);
    # its target lies the look-ahead before that.
    heard, seen = slice(look_ahead, look_ahead + 2 * plan.n_steps), slice(2, 2 * plan.n_steps + 2, 2)
    features = _speech_features(np.stack([cut.mel[heard] for cut in cuts]), natural, corpora["sounds"], rng)
    before, others = sound_features(corpora["sounds"], plan.n_sounds, plan.n_steps, rng)
    spoken = np.stack([cut.labels for cut in cuts])
    labels = np.concatenate([spoken, np.full((plan.n_sounds, n_frames), SILENCE, np.uint8)])
    classes = np.where(labels == SPOKEN, UNKNOWN, labels)[:, seen].astype(np.int64)
    lead = np.where(np.arange(plan.n_rows) < plan.n_filmed, FILMED_LEAD_FRAMES, LEAD_FRAMES)
    closure, tongue = closure_target(labels)[:, seen], tongue_target(labels)[:, seen]
    speech, care = (part[:, seen] for part in _speech_and_care(labels, lead))
    style = np.stack([cut.style for cut in cuts])
    motion = phonetics.mixed_into(np.stack([cut.motion for cut in cuts]), spoken)
    motion = (motion * np.stack([cut.effort for cut in cuts])[..., None])[:, seen]
    neutral = np.stack([_random_neutral(model, rest, rng) for _ in names])
    emotion = np.stack([_random_emotion(rng) for _ in range(plan.n_rows)])
    _forget(style[: plan.n_filmed], rng)
    _articulate(style[plan.n_filmed :], motion[plan.n_filmed :], rng)
    trusted = (np.arange(plan.n_moving) < plan.n_filmed) | natural
    trust = np.where(trusted, 1.0, TEACHER_TRUST).astype(np.float32)
    targets = (classes, closure, speech, care, tongue, motion)
    before = np.concatenate([np.zeros((plan.n_moving, *before.shape[1:]), np.float32), before])
    features = np.concatenate([features, others])
    return Batch(features, before, *targets, neutral, emotion, style[:, seen], trust)


def _speech_features(mel: Floats, natural: Mask, sounds: Corpus, rng: Rng) -> Floats:
    """Return (M, T, F) features of augmented speech (M, 2·T, 48), of some beside other sounds."""
    others = np.stack([excerpt(sounds, mel.shape[1], rng) for _ in mel])
    return features_of(augment(mel, np.zeros(len(mel), bool), natural, others, rng), rng)


def _forget(style: Floats, rng: Rng) -> None:
    """Do not tell, in place, the articulation and person of half of the (n, T, 4) filmed styles each: the network must
    know the mean of all, too."""
    for part in (slice(0, 1), slice(1, None)):
        style[rng.random(len(style)) < 0.5, :, part] = 0


def _articulate(style: Floats, motion: Floats, rng: Rng) -> None:
    """Give, in place, half of the sequences that a teacher speaks for another articulation."""
    amount = np.where(rng.random(len(style)) < 0.5, rng.uniform(-1, 1, len(style)), 0.0).astype(np.float32)
    style[..., 0] = amount[:, None]
    motion *= np.exp(ARTICULATION * amount)[:, None, None]


def closure_target(labels: NDArray[np.uint8]) -> Floats:
    """Return (…, N) 1 where the lips touch for p, b or m, 0 elsewhere, NaN beside it and where nothing is known."""
    return _touching(labels, BILABIAL)


def _touching(labels: NDArray[np.uint8], classes: tuple[int, ...]) -> Floats:
    """Return (…, N) 1 at some classes, 0 elsewhere, NaN beside them and where nothing is known."""
    there = np.isin(labels, classes)
    target = there.astype(np.float32)
    for shift in (-EDGE_FRAMES, EDGE_FRAMES):
        target[np.roll(there, shift, -1) & ~there] = np.nan
    target[labels >= SPOKEN] = np.nan
    return target


def tongue_target(labels: NDArray[np.uint8]) -> Floats:
    """Return (…, N, 2) 1 where the tongue's tip is up (l, t, d, n), and out (th), 0 elsewhere, NaN where unknown."""
    return np.stack([_touching(labels, classes) for classes in (TONGUE_UP, TONGUE_OUT)], -1)


def speech_target(labels: NDArray[np.uint8], lead: Longs) -> Floats:
    """Return (B, N) 1 during and around speech (short pauses included), 0 in silence, NaN where nothing is known.

    lead (B,): how many frames the face is awake before speech.
    """
    speech = somebody_speaks(labels)
    total = np.cumsum(np.concatenate([np.zeros((len(speech), 1), np.int64), speech], 1), 1)
    n = speech.shape[-1]
    first = np.clip(np.arange(n) - TRAIL_FRAMES, 0, n)
    last = np.clip(np.arange(n) + lead[:, None] + 1, 0, n)
    target = (np.take_along_axis(total, last, 1) > total[:, first]).astype(np.float32)
    target[(labels == UNKNOWN) & (target == 0)] = np.nan
    return target


def _speech_and_care(labels: NDArray[np.uint8], lead: Longs) -> tuple[Floats, Floats]:
    """Return `speech_target`, unknown where only a filmed mouth is known to be awake, and (B, N) the weight of each."""
    speech = speech_target(labels, lead)
    # Nobody saw whether a mouth that was not filmed opened for the breath before.
    speech[(speech == 0) & (speech_target(labels, np.full_like(lead, FILMED_LEAD_FRAMES)) == 1)] = np.nan
    before = (speech == 1) & (speech_target(labels, np.zeros_like(lead)) == 0)
    heavy = np.where(lead == FILMED_LEAD_FRAMES, BREATH_WEIGHT, ONSET_WEIGHT)[:, None]
    return speech, np.where(before, heavy, 1.0).astype(np.float32)


def _cut(corpus: Corpus, styles: Floats, n_frames: int, rng: Rng) -> _Cut:
    """Return ``n_frames`` of utterances and pauses at a random speaking rate."""
    rate = float(np.exp(rng.uniform(-0.2, 0.2)))
    cut = _joined(corpus, styles, int(n_frames * rate) + 2, rng)
    place = np.arange(n_frames) * rate
    low = place.astype(int)
    share = (place - low).astype(np.float32)[:, None]

    def blend(values: Floats) -> Floats:
        return np.asarray(values[low] * (1 - share) + values[low + 1] * share, np.float32)

    nearest = np.round(place).astype(int)
    return _Cut(blend(cut.mel), cut.labels[nearest], blend(cut.motion), cut.style[nearest], cut.effort[nearest])


def _pause(rng: Rng) -> int:
    """Return 10 ms frames between two utterances: none, few, or so many that a face must have come to rest."""
    kind = rng.random()
    return 0 if kind < 0.3 else int(rng.integers(0, SHORT_PAUSE if kind < 0.65 else LONG_PAUSE))


def _row(corpus: Corpus, person: int, rng: Rng) -> int:
    """Return any utterance of a person; where there are other voices, mostly in the speaker's own."""
    mine = corpus.utterances_of(person)
    row = int(rng.integers(mine.start, mine.stop))
    return row - row % corpus.n_voices if rng.random() < OWN_VOICE else row


def _joined(corpus: Corpus, styles: Floats, n_frames: int, rng: Rng) -> _Cut:
    """Return utterances and pauses of one person; people are equally frequent, however long their films are."""
    person = int(rng.integers(corpus.n_groups))
    n_motion = corpus.motion.shape[1] if corpus.has_motion else 1
    mel = np.full((n_frames, corpus.mel.shape[1]), SILENCE_LOG, np.float32)
    labels = np.full(n_frames, SILENCE, np.uint8)
    motion = np.zeros((n_frames, n_motion), np.float32)
    style = np.zeros((n_frames, N_CODE), np.float32)
    effort = np.ones(n_frames, np.float32)
    place = int(rng.integers(-150, 60))
    while place < n_frames:
        row = _row(corpus, person, rng)
        first, last = corpus.offsets[row], corpus.offsets[row + 1]
        if place < 0:
            first, place = min(first - place, last - 20), 0
        n = min(last - first, n_frames - place)
        source, target = slice(first, first + n), slice(place, place + n)
        mel[target], labels[target] = corpus.mel[source], corpus.labels[source]
        effort[max(place - LEAD_FRAMES, 0) :] = corpus.effort_of(row)
        if corpus.has_motion:
            motion[target], style[target] = corpus.motion[source], styles[row]
        place += int(n) + _pause(rng)
    return _Cut(mel, labels, motion, style, effort)


def _random_neutral(model: FaceModel, rest: Floats, rng: Rng) -> Floats:
    """Return a random face: ICT-FaceKit's mean or the filmed speaker, changed by random identity modes."""
    weights = (rng.standard_normal(len(model.identities)) * rng.uniform(0.3, 1.2)).astype(np.float32)
    face, _ = model.identity(weights)
    if rng.random() < 0.5:
        return face
    mean, _ = model.identity(np.zeros_like(weights))
    return (rest + face - mean).astype(np.float32)


def _random_emotion(rng: Rng) -> Floats:
    emotion = np.zeros(N_EMOTIONS, np.float32)
    if rng.random() < 0.5:
        emotion[rng.integers(1, N_EMOTIONS)] = rng.uniform(0.2, 1.0)
    if rng.random() < 0.1:
        emotion[rng.integers(1, N_EMOTIONS)] = rng.uniform(0.2, 0.6)
    return emotion
