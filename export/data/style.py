"""Style: how a person moves the mouth, as four numbers that the network is told beside the sound.

The first is articulation, −1 (mumbled) to +1 (with effort for every phone); then one for each filmed person, their
mean taken off, so that all zeros are the mean of all people. What the numbers do is learned.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from export.data.corpora import Corpus
from export.data.motion.people import PEOPLE
from export.data.phonetics import Phonetics
from export.data.speech.phones import is_speech
from space_runtime.arrays import Floats
from space_runtime.style import N_CODE

N_PEOPLE: Final = len(PEOPLE)
MEAN: Final = N_PEOPLE
"""Number of the style that is no person's."""
SEED: Final = 23
ARTICULATION: Final = 0.35
"""Full articulation moves the mouth e^0.35 = 1.4 times as far, a full mumble 0.7 times."""
LEAST_SPEECH: Final = 60
"""Frames of speech from which on an utterance's articulation can be told."""

assert N_CODE == 1 + N_PEOPLE


def code_of(person: int, articulation: float = 0.0) -> Floats:
    """Return the (4,) code of a filmed person, or of `MEAN`."""
    code = np.zeros(N_CODE, np.float32)
    code[0] = articulation
    if person != MEAN:
        code[1:] = np.eye(N_PEOPLE, dtype=np.float32)[person] - 1 / N_PEOPLE
    return code


def assigned(n_utterances: int) -> NDArray[np.int64]:
    """Return (n,) whose style the teacher speaks for each utterance of a corpus that was not filmed: half of them the
    mean's, half a person's."""
    drawn = np.random.default_rng((SEED, n_utterances)).integers(0, 2 * N_PEOPLE, n_utterances)
    return np.minimum(drawn, MEAN)


def articulations(filmed: Corpus, phonetics: Phonetics) -> Floats:
    """Return (n,) articulation −1…1 of filmed utterances: how far the lips go for what their phones let expect.

    Against the median of each person; 0 where the phones are not known.
    """
    ratios = np.array([_ratio(filmed, row, phonetics) for row in range(len(filmed.offsets) - 1)])
    found = np.zeros(len(ratios), np.float32)
    for person in range(filmed.n_groups):
        mine = np.array(filmed.utterances_of(person))
        told = mine[np.isfinite(ratios[mine])]
        if len(told):
            found[told] = np.clip((ratios[told] - np.median(ratios[told])) / ARTICULATION, -1, 1)
    return found


def _ratio(filmed: Corpus, row: int, phonetics: Phonetics) -> float:
    """Return the logarithm of shown over expected spread of lip gap and jaw, NaN where it cannot be told."""
    part = slice(int(filmed.offsets[row]), int(filmed.offsets[row + 1]))
    spoken = is_speech(filmed.labels[part])
    if spoken.sum() < LEAST_SPEECH:
        return float("nan")
    shown, expected = phonetics.signals(filmed.motion[part], filmed.labels[part])
    return float(np.mean([_log_spread(shown[spoken, axis], expected[spoken, axis]) for axis in (0, 2)]))


def _log_spread(shown: Floats, expected: Floats) -> float:
    return float(np.log(np.std(shown) + 1e-6) - np.log(np.std(expected) + 1e-6))


def people_of(corpus: Corpus) -> Iterable[int]:
    """Return whose style every utterance of a corpus has: who was filmed, or whom the teacher spoke for."""
    return corpus.groups if len(corpus.groups) else assigned(len(corpus.offsets) - 1)
