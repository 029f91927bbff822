"""A teacher: phones in context → mouth motion, learnt from the filmed speaker, for all speech with known phones.

One man was filmed, hundreds of voices are labelled. The teacher hears no sound, so what it says about a sentence does
not depend on the voice: it carries the filmed motion over to every speaker and language, in the words of nobody's film.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from export.data.corpora import Corpus, read_corpus
from export.data.phones import CLASSES, N_CLASSES, SILENCE, UNKNOWN
from export.data.prepare import DEV_CLIPS
from space_runtime.geometry import Floats

STRIDE: Final = 2
"""The teacher works on every second 10 ms frame."""
N_UPDATES, BATCH, LENGTH = 1500, 24, 150
STAND_IN: Final = {CLASSES.index("y"): CLASSES.index("u")}
"""Classes that the film lacks → the nearest one that it has: front rounded vowels are rounded above all."""


class Teacher(nn.Module):
    """Dilated convolutions over ±0.4 s of phone classes (B,T) → motion weights (B,T,K)."""

    def __init__(self, n_motion: int, width: int = 80) -> None:
        super().__init__()
        self.entrance = nn.Conv1d(N_CLASSES, width, 1)
        self.blocks = nn.ModuleList(
            nn.Conv1d(width, width, 7, padding=3 * dilation, dilation=dilation) for dilation in (1, 2, 4)
        )
        self.exit = nn.Conv1d(width, n_motion, 1)

    def forward(self, classes: Tensor) -> Tensor:
        x = self.entrance(nn.functional.one_hot(classes, N_CLASSES).float().transpose(1, 2))
        for block in self.blocks:
            x = x + nn.functional.silu(block(x))
        motion: Tensor = self.exit(x).transpose(1, 2)
        return motion


def teach(cache: Path, seed: int = 3) -> dict[str, float]:
    """Train the teacher, write ``taught_<corpus>.npz`` with the motion of every frame, return r on kept sentences."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    filmed = read_corpus(cache / "filmed.npz")
    teacher = Teacher(filmed.motion.shape[1])
    optimiser = torch.optim.Adam(teacher.parameters(), 2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, N_UPDATES)
    for _ in range(N_UPDATES):
        classes, motion = _sample(filmed, rng)
        loss = (teacher(classes) - motion).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    gain, scores = _calibrate(teacher, filmed)
    for name in ("synthetic", "recorded"):
        np.savez(cache / f"taught_{name}.npz", motion=_label(teacher, gain, read_corpus(cache / f"{name}.npz")))
    return scores


def attach(corpus: Corpus, cache: Path) -> Corpus:
    """Return the corpus with the teacher's motion."""
    with np.load(cache / f"taught_{corpus.name}.npz") as archive:
        return Corpus(corpus.name, corpus.mel, corpus.labels, corpus.offsets, archive["motion"])


def _sample(filmed: Corpus, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return a batch of filmed sentences at random rates and with labels up to 10 ms off."""
    classes, motion = [], []
    for _ in range(BATCH):
        row = int(rng.integers(len(filmed.offsets) - 1 - DEV_CLIPS))
        first, last = filmed.offsets[row], filmed.offsets[row + 1]
        rate = float(np.exp(rng.uniform(-0.2, 0.2)))
        place = np.clip(first + np.arange(LENGTH) * STRIDE * rate + rng.integers(-20, 60), first, last - 1)
        place = place.astype(int)
        jittered = np.clip(place + int(rng.integers(-1, 2)), first, last - 1)
        classes.append(_known(filmed.labels[jittered]))
        motion.append(filmed.motion[place])
    return torch.from_numpy(np.stack(classes)), torch.from_numpy(np.stack(motion))


def _calibrate(teacher: Teacher, filmed: Corpus) -> tuple[Tensor, dict[str, float]]:
    """Return the (K,) gains that give the answer the film's spread, and r of the first weights on kept sentences."""
    first = filmed.offsets[-1 - DEV_CLIPS]
    real = torch.from_numpy(filmed.motion[first::STRIDE])
    with torch.no_grad():
        predicted = teacher(torch.from_numpy(_known(filmed.labels[first::STRIDE]))[None])[0]
    r = [float(torch.corrcoef(torch.stack([predicted[:, k], real[:, k]]))[0, 1]) for k in range(real.shape[1])]
    gain = (real.std(0) / predicted.std(0)).clamp(1.0, 1.35)
    return gain, {f"motion {k}": value for k, value in enumerate(r[:6])}


def _label(teacher: Teacher, gain: Tensor, corpus: Corpus) -> NDArray[np.float16]:
    motion = np.zeros((len(corpus.labels), len(gain)), np.float16)
    for first, last in zip(corpus.offsets[:-1], corpus.offsets[1:], strict=True):
        labels = _known(corpus.labels[first:last:STRIDE])
        with torch.no_grad():
            answer = (teacher(torch.from_numpy(labels)[None])[0] * gain).numpy()
        motion[first:last] = _at_every_frame(answer, last - first)
    return motion


def _at_every_frame(answer: Floats, n_frames: int) -> Floats:
    place = np.minimum(np.arange(n_frames) / STRIDE, len(answer) - 1)
    low = np.minimum(place.astype(int), max(len(answer) - 2, 0))
    share = (place - low)[:, None]
    return np.asarray(answer[low] * (1 - share) + answer[np.minimum(low + 1, len(answer) - 1)] * share, np.float32)


def _known(labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    classes = np.where(labels == UNKNOWN, SILENCE, labels).astype(np.int64)
    for missing, stand_in in STAND_IN.items():
        classes[classes == missing] = stand_in
    return classes
