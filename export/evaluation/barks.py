"""Block *barks*: voices that are no sentences, and sentences in voices that no person has.

*opens*: a vowel cut from a recording opens the lips at least half as far as in its sentence; a vowel made of formants a
quarter of the range of speech. *open_time*: the share of a sound's loud time with the lips over 10 % of that range.
*follows*: r of the lip gap with the level in dB. *rests*: the share of sounds after which the lips are at rest within
150 ms. *recall*, *false*: closures at p, b, m and in vowels (`articulation`); *agreement*: r of the lip gap with that
of the sentence before its voice was changed.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from export.data.motion.pauses import loudness_db
from export.data.speech.vowels import FORMANTS, Vowel, cut_vowels, formant_vowel
from export.evaluation.articulation import judge, mouths
from export.evaluation.evaluated_model import EvaluatedModel, Sources, opening, usual_range
from export.evaluation.rest import AT_REST, SOON_S, settling_s
from export.evaluation.results import Found, Measure
from export.evaluation.spoken import Spoken, read_synthetic, silence
from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from export.data.speech.cries import Cry

SEED: Final = 999
AROUND_S: Final = 0.4
HALF, QUARTER, OPEN = 0.5, 0.25, 0.1
LONG_VOWEL_S: Final = 0.2
N_CUT, N_PER_KIND, N_LINES = 75, 16, 12
FALLING: Final = np.linspace(1.1, 0.9, round(0.35 * SAMPLE_RATE), dtype=np.float32)
PITCHES: Final = (100.0, 140.0, 200.0, 280.0)


def measure(model: EvaluatedModel, sources: Sources) -> Found:
    """Return the rows of vowels, of every kind of cry and of every changed voice."""
    try:
        from export.data.speech import changed_voices, cries
    except ImportError:
        return Found({}, {"barks": "pyworld is not installed; export/README.md says how to install it"})
    spoken = read_synthetic(sources.cache)
    if not spoken:
        return Found({}, {"barks": "no program for text-to-speech is installed; see export/README.md"})
    lines = spoken[:: max(len(spoken) // N_LINES, 1)][:N_LINES]
    plain = mouths(model, lines)
    usual = usual_range([mouth.gap for mouth in plain])
    vowels = list(islice(cut_vowels(sources.data, sources.cache, True, LONG_VOWEL_S), N_CUT))
    values = _cut_vowels(model, vowels) | _formant_vowels(model, usual)
    rng = np.random.default_rng(SEED)
    for kind in cries.KINDS:
        chosen = [vowels[row] for row in rng.permutation(len(vowels))[:N_PER_KIND]]
        values |= _cries(model, kind, [cries.cry(kind, vowel, rng) for vowel in chosen], usual)
    for name, change in changed_voices.CHANGES.items():
        other = [Spoken(change(each.pcm), each.phones, each.voice, each.group) for each in lines]
        lips = mouths(model, other)
        found, row = judge(other, lips), f"lines_{name}"
        r = [np.corrcoef(a.gap[: len(b.gap)], b.gap[: len(a.gap)])[0, 1] for a, b in zip(plain, lips, strict=True)]
        values |= {(row, column): found[column] for column in ("recall", "false", "n_closures")}
        values[row, "agreement"] = float(np.mean(np.nan_to_num(r)))
    return Found(values)


def _cut_vowels(model: EvaluatedModel, vowels: list[Vowel]) -> dict[Measure, float]:
    """Judge vowels alone against the same vowels in their sentences."""
    whole = model.tracks([vowel.pcm for vowel in vowels])
    alone = model.tracks([alone_in_silence(vowel.alone) for vowel in vowels])
    passed = []
    for vowel, sentence, track in zip(vowels, whole, alone, strict=True):
        inside = (sentence.times_s >= vowel.start_s) & (sentence.times_s <= vowel.end_s)
        wanted = float(opening(sentence.landmarks, model.neutral)[inside].max())
        passed.append(float(opening(track.landmarks, model.neutral).max()) >= HALF * wanted)
    return {("vowels_cut", "opens"): float(np.mean(passed)), ("vowels_cut", "n_sounds"): float(len(passed))}


def _formant_vowels(model: EvaluatedModel, usual: float) -> dict[Measure, float]:
    """Judge vowels made of formants, men's to children's."""
    sounds = [
        alone_in_silence(formant_vowel(name, hertz * FALLING, stretch))
        for name in FORMANTS
        for hertz, stretch in zip(PITCHES, (1.0, 1.0, 1.15, 1.25), strict=True)
    ]
    gaps = [float(opening(track.landmarks, model.neutral).max()) for track in model.tracks(sounds)]
    row = "vowels_of_formants"
    return {(row, "opens"): float(np.mean(np.array(gaps) >= QUARTER * usual)), (row, "n_sounds"): float(len(gaps))}


def _cries(model: EvaluatedModel, kind: str, cries: list[Cry], usual: float) -> dict[Measure, float]:
    opened, followed, rested = [], [], []
    for cry, track in zip(cries, model.tracks([cry.pcm for cry in cries]), strict=True):
        gap = opening(track.landmarks, model.neutral)
        levels = loudness_db(cry.pcm)
        level = np.interp(track.times_s, (np.arange(len(levels)) + 0.5) / 100, levels)
        loud = level > level.max() - 15
        opened.append(gap[loud] > OPEN * usual)
        heard = level > level.max() - 40
        followed.append(np.corrcoef(gap[heard], level[heard])[0, 1] if gap[heard].std() > 0 else 0.0)
        end = float(track.times_s[heard][-1])
        rested.append(settling_s(track.times_s, gap, end, AT_REST * usual) <= SOON_S)
    return {
        (kind, "open_time"): float(np.mean(np.concatenate(opened))),
        (kind, "follows"): float(np.mean(followed)),
        (kind, "rests"): float(np.mean(rested)),
        (kind, "n_sounds"): float(len(cries)),
    }


def alone_in_silence(pcm: Floats) -> Floats:
    """Return a sound with silence before and after it."""
    return np.concatenate([silence(AROUND_S), pcm, silence(AROUND_S)])
