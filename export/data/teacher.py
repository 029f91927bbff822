"""A teacher: phones in context, loudness and style → mouth motion, learnt from films, for all labelled speech.

Three people were filmed, hundreds of voices are labelled. The teacher knows of the sound only how loud it is, low and
high, against the sentence's own peak, so that what it says does not depend on the voice: it carries the filmed motion
over to every speaker and language, in the words of nobody's film. Loudness matters: with phones alone its jaw followed
strangers' films at r 0.56, with loudness at 0.67. Cries are no speech: see `export.data.calls`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from scipy.ndimage import gaussian_filter1d
from torch import Tensor, nn

from export.data.calls import called, is_cry
from export.data.corpora import Corpus, read_corpus
from export.data.drift import drift_free
from export.data.motion.motion_space import load_motion_space
from export.data.phonetics import Phonetics, phonetics_of
from export.data.speech.phones import CLASSES, N_CLASSES, SILENCE, SPOKEN, is_speech
from export.data.style import MEAN, code_of, people_of
from export.recipes.recipe import PhoneticShares
from space_runtime.arrays import Floats, Longs
from space_runtime.style import N_CODE

VERSION: Final = "5"
"""Counts changes of the code below that change what the teacher says."""
STRIDE: Final = 2
"""The teacher works on every second 10 ms frame."""
N_UPDATES, BATCH, LENGTH = 1500, 24, 150
STAND_IN: Final = {CLASSES.index("y"): CLASSES.index("u")}
"""Classes that the film lacks → the nearest one that it has: front rounded vowels are rounded above all."""
N_LOUDNESS: Final = 3
LOUDNESS_RANGE: Final = 4.0
"""Logarithms of power in a unit of loudness."""
OWN_CODE: Final = 0.7
"""So often a filmed sentence is told as its speaker's; else as anybody's."""
LOW_BANDS, HIGH_BANDS = slice(2, 18), slice(26, 48)
LARGEST_GAIN: Final = 1.35


class Teacher(nn.Module):
    """Dilated convolutions over ±0.4 s of classes (B,T) and loudness (B,T,3), styles (B,4) → motion weights (B,T,K)."""

    def __init__(self, n_motion: int, width: int = 96, dropout: float = 0.1) -> None:
        super().__init__()
        self.entrance = nn.Conv1d(N_CLASSES + N_LOUDNESS, width, 1)
        self.style = nn.Linear(N_CODE, width, bias=False)
        self.blocks = nn.ModuleList(
            nn.Conv1d(width, width, 7, padding=3 * dilation, dilation=dilation) for dilation in (1, 2, 4)
        )
        self.dropout = nn.Dropout(dropout)
        self.exit = nn.Conv1d(width, n_motion, 1)
        self.gain: Tensor
        self.register_buffer("gain", torch.ones(n_motion))

    def forward(self, classes: Tensor, loudness: Tensor, style: Tensor) -> Tensor:
        heard = torch.cat([nn.functional.one_hot(classes, N_CLASSES).float(), loudness], -1)
        x = self.entrance(heard.transpose(1, 2)) + self.style(style)[..., None]
        for block in self.blocks:
            x = x + nn.functional.silu(self.dropout(block(x)))
        motion: Tensor = self.exit(x).transpose(1, 2)
        return motion * self.gain


def teach(cache: Path, path: Path, seed: int = 3) -> dict[str, float]:
    """Train the teacher on ``cache/filmed.npz`` into ``path``; return r of the first weights on the kept sentences."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    filmed = read_corpus(cache / "filmed.npz")
    loud = all_loudness(filmed)
    teacher = Teacher(filmed.motion.shape[1])
    optimiser = torch.optim.Adam(teacher.parameters(), 2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, N_UPDATES)
    for _ in range(N_UPDATES):
        *heard, motion = _sample(filmed, loud, rng)
        loss = drift_free(teacher(*heard) - motion).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    scores = _calibrate(teacher.eval(), read_corpus(cache / "filmed_kept.npz"))
    save_file({name: value.contiguous() for name, value in teacher.state_dict().items()}, path)
    return scores


def label(corpus: Corpus, cache: Path, path: Path) -> None:
    """Write the (N, K) float16 motion that the teacher says of every frame of a corpus, as npy."""
    weights = load_file(cache / "teacher.safetensors")
    teacher = Teacher(len(weights["gain"]))
    teacher.load_state_dict(weights)
    teacher.eval()
    phonetics = expectation(read_corpus(cache / "filmed.npz"), load_motion_space(cache / "motion_space.npz").basis)
    motion = np.zeros((len(corpus.labels), len(weights["gain"])), np.float16)
    for row, person in enumerate(people_of(corpus)):
        part = slice(int(corpus.offsets[row]), int(corpus.offsets[row + 1]))
        labels, loud = corpus.labels[part], loudness(corpus.mel[part])
        said = _said(teacher, labels, loud, int(person))
        if is_cry(labels):
            said = called(said, labels, loud[:, 0] * LOUDNESS_RANGE, phonetics)
        motion[part] = said
    with path.open("wb") as file:
        np.save(file, motion)


def expectation(filmed: Corpus, basis: Floats) -> Phonetics:
    """Return what phonetics expects in the size of the filmed people's mouths, nothing of it mixed in."""
    return phonetics_of(filmed, basis, PhoneticShares())


def _said(teacher: Teacher, labels: NDArray[np.uint8], loud: Floats, person: int) -> Floats:
    heard = (_known(labels[::STRIDE]), loud[::STRIDE], code_of(person))
    with torch.no_grad():
        answer: Tensor = teacher(*(torch.from_numpy(part)[None] for part in heard))
    return _at_every_frame(answer[0].numpy(), len(labels))


def loudness(mel: NDArray[np.float16]) -> Floats:
    """Return (n, 3) loudness of an utterance's (n, 48) log powers against its peaks: low bands, high, low and slow."""
    power = np.exp(mel.astype(np.float32))
    bands = np.stack([power[:, bands].mean(1) for bands in (LOW_BANDS, HIGH_BANDS)], 1)
    levels = np.log(bands + 1e-9)
    below_peak = np.clip((levels - np.quantile(levels, 0.95, axis=0)) / LOUDNESS_RANGE, -3, 0.5)
    slow = gaussian_filter1d(below_peak[:, :1], 8, axis=0)
    return np.concatenate([below_peak, slow], 1).astype(np.float32)


def all_loudness(corpus: Corpus) -> Floats:
    """Return the (N, 3) loudness of all utterances of a corpus."""
    ranges = zip(corpus.offsets[:-1], corpus.offsets[1:], strict=True)
    return np.concatenate([loudness(corpus.mel[first:last]) for first, last in ranges])


def _sample(filmed: Corpus, loud: Floats, rng: np.random.Generator) -> list[Tensor]:
    """Return a batch of filmed sentences at random rates, labels up to 10 ms off, loudness a little off."""
    classes, heard, styles, motion = [], [], [], []
    told = _people_with_phones(filmed)
    for _ in range(BATCH):
        person = int(rng.choice(told))
        row = int(rng.choice(filmed.utterances_of(person)))
        styles.append(code_of(person if rng.random() < OWN_CODE else MEAN))
        first, last = filmed.offsets[row], filmed.offsets[row + 1]
        rate = float(np.exp(rng.uniform(-0.2, 0.2)))
        place = np.clip(first + np.arange(LENGTH) * STRIDE * rate + rng.integers(-20, 60), first, last - 1)
        place = place.astype(int)
        jittered = np.clip(place + int(rng.integers(-1, 2)), first, last - 1)
        classes.append(_known(filmed.labels[jittered]))
        heard.append(loud[jittered] + rng.normal(0, 0.15, (1, N_LOUDNESS)).astype(np.float32))
        motion.append(filmed.motion[place])
    return [torch.from_numpy(np.stack(part)) for part in (classes, heard, styles, motion)]


def _people_with_phones(filmed: Corpus) -> list[int]:
    """Return the people some of whose phones are known."""
    told = []
    for person in range(filmed.n_groups):
        mine = filmed.utterances_of(person)
        first, last = filmed.offsets[mine.start], filmed.offsets[mine.stop]
        told += [person] if is_speech(filmed.labels[first:last]).any() else []
    return told


def _calibrate(teacher: Teacher, kept: Corpus) -> dict[str, float]:
    """Give the teacher's answer the film's spread on kept sentences; return r of its first weights."""
    real = torch.from_numpy(kept.motion[::STRIDE])
    classes, loud = _known(kept.labels[::STRIDE]), all_loudness(kept)[::STRIDE]
    with torch.no_grad():
        predicted = teacher(*(torch.from_numpy(part)[None] for part in (classes, loud, code_of(0))))[0]
    teacher.gain.copy_((real.std(0) / predicted.std(0)).clamp(1.0, LARGEST_GAIN))
    r = [float(torch.corrcoef(torch.stack([predicted[:, k], real[:, k]]))[0, 1]) for k in range(6)]
    return {f"motion {k}": value for k, value in enumerate(r)}


def _at_every_frame(answer: Floats, n_frames: int) -> Floats:
    place = np.minimum(np.arange(n_frames) / STRIDE, len(answer) - 1)
    low = np.minimum(place.astype(int), max(len(answer) - 2, 0))
    share = (place - low)[:, None]
    return np.asarray(answer[low] * (1 - share) + answer[np.minimum(low + 1, len(answer) - 1)] * share, np.float32)


def _known(labels: NDArray[np.uint8]) -> Longs:
    classes = np.where(labels >= SPOKEN, SILENCE, labels).astype(np.int64)
    for missing, stand_in in STAND_IN.items():
        classes[classes == missing] = stand_in
    return classes
