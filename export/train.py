"""Training of Speech2Landmarks: one linear loop, resumable, every number of it in the recipe."""

from __future__ import annotations

import math
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from export.checkpoint import Checkpoint, Facts, load_checkpoint, save_checkpoint
from export.data.batches import Batch, BatchPlan, batches
from export.data.corpora import Corpus, data_hash, read_corpus
from export.data.identities import load_face_model
from export.data.motion_space import MotionSpace, face_constants, load_motion_space
from export.data.phones import N_CLASSES
from export.data.prepare import DEV_CLIPS, DEV_SYNTHETIC
from export.data.teacher import attach
from export.losses import LossWeights, class_loss, motion_losses, switch_loss, target_landmarks
from export.models.landmarks import SPEECH_GATE, LandmarksConfig, Speech2Landmarks, gate
from space_runtime.stages.features import N_FEATURES

CORPORA = ("filmed", "synthetic", "recorded")
KEPT_BACK = {"filmed": DEV_CLIPS, "synthetic": DEV_SYNTHETIC}
"""Utterances at the end of a corpus that are never trained on."""
CLOSURE_WEIGHT = 4.0
"""A missed closure is seen at once, a lip that nearly closes hardly."""
WARM_STEPS = 10
"""First steps of a sequence without loss: their targets lie before the sound that the network has heard."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe file, parsed. text: as it was read, for the checkpoint."""

    seed: int
    n_updates: int
    learning_rate: float
    last_learning_rate: float
    warm_up: int
    weight_decay: float
    average_decay: float
    log_every: int
    save_every: int
    network: dict[str, int]
    batch: BatchPlan
    losses: LossWeights
    text: str


def read_recipe(path: Path) -> Recipe:
    """Return the recipe in a TOML file. Raises `TypeError` on unknown or missing names."""
    text = path.read_text(encoding="utf-8")
    table = tomllib.loads(text)
    table["batch"], table["losses"] = BatchPlan(**table["batch"]), LossWeights(**table["losses"])
    return Recipe(**table, text=text)


def build(recipe: Recipe, constants: dict[str, Tensor]) -> Speech2Landmarks:
    """Return a fresh network with the measured constants of its face."""
    torch.manual_seed(recipe.seed)
    n_motion = len(constants["basis"])
    network = Speech2Landmarks(LandmarksConfig(N_FEATURES, N_CLASSES, n_motion, **recipe.network))
    for name, value in constants.items():
        network.face.get_buffer(name).copy_(value)
    return network


def train(recipe: Recipe, data: Path, cache: Path, folder: Path) -> None:
    """Train from the last checkpoint in ``folder``, or from the start, to the recipe's end."""
    corpora = {name: read_corpus(cache / f"{name}.npz") for name in CORPORA}
    if recipe.batch.is_taught:
        corpora |= {name: attach(corpora[name], cache) for name in CORPORA if name != "filmed"}
    space, model = load_motion_space(cache / "motion_space.npz"), load_face_model(data)
    network = build(recipe, constants_of(space, data))
    optimiser = torch.optim.AdamW(network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    average = {name: value.clone() for name, value in network.state_dict().items()}
    first = _resume(folder, network, optimiser, average)
    facts = Facts(first, recipe.seed, recipe.text, data_hash([cache / f"{name}.npz" for name in CORPORA]), _commit())
    corpora |= {name: without_last(corpora[name], n_rows) for name, n_rows in KEPT_BACK.items()}
    means: dict[str, float] = {}
    for step, batch in enumerate(batches(corpora, model, space.rest, recipe.batch, recipe.seed, first), first):
        if step == recipe.n_updates:
            break
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(recipe, step)
        terms = losses(network, batch)
        total = sum((getattr(recipe.losses, name) * term for name, term in terms.items()), torch.zeros(()))
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        _update_average(average, network, min(recipe.average_decay, (step + 1) / (step + 10)))
        means = {name: 0.98 * means.get(name, term.item()) + 0.02 * term.item() for name, term in terms.items()}
        if (step + 1) % recipe.log_every == 0:
            print(step + 1, " ".join(f"{name} {value:.3f}" for name, value in means.items()), flush=True)
        if (step + 1) % recipe.save_every == 0 or step + 1 == recipe.n_updates:
            done = Facts(step + 1, facts.seed, facts.recipe, facts.data, facts.commit)
            weights = {name: value for name, value in network.state_dict().items()}
            save_checkpoint(Checkpoint(done, weights, average, _moments(network, optimiser)), folder)


def losses(network: Speech2Landmarks, batch: Batch) -> dict[str, Tensor]:
    """Return all terms of a batch by the names of `LossWeights`."""
    emotion, neutral, motion = (torch.from_numpy(part) for part in (batch.emotion, batch.neutral, batch.motion))
    features = torch.from_numpy(batch.features)
    hidden, _ = network.sequence(features, emotion, torch.zeros(len(features), network.n_state))
    speech, closure = network.switches(hidden)[:, WARM_STEPS:].unbind(-1)
    n = len(motion)
    decoded = network.decode(hidden[:n], neutral[:, None], emotion[:n, None])
    awake = gate(decoded.speech, SPEECH_GATE).detach()
    wanted = target_landmarks(network.face, motion, awake, neutral, emotion[:n])
    trust = torch.from_numpy(batch.trust)
    return {
        **motion_losses(decoded.landmarks[:, WARM_STEPS:], wanted[:, WARM_STEPS:], trust),
        "classes": class_loss(network.classes(hidden)[:, WARM_STEPS:], torch.from_numpy(batch.classes[:, WARM_STEPS:])),
        "closure": switch_loss(closure, torch.from_numpy(batch.closure)[:, WARM_STEPS:], CLOSURE_WEIGHT),
        "speech": switch_loss(speech, torch.from_numpy(batch.speech)[:, WARM_STEPS:]),
    }


def learning_rate(recipe: Recipe, step: int) -> float:
    """Return the rate at an update: linear warm-up, then half a cosine."""
    if step < recipe.warm_up:
        return recipe.learning_rate * (step + 1) / recipe.warm_up
    share = (step - recipe.warm_up) / max(1, recipe.n_updates - recipe.warm_up)
    height = (1 + math.cos(math.pi * min(1.0, share))) / 2
    return recipe.last_learning_rate + (recipe.learning_rate - recipe.last_learning_rate) * height


def constants_of(space: MotionSpace, data: Path) -> dict[str, Tensor]:
    """Return the constants of `Face` as tensors."""
    return {name: torch.from_numpy(value) for name, value in face_constants(space, load_face_model(data)).items()}


def without_last(corpus: Corpus, n_rows: int) -> Corpus:
    """Return the corpus without its last utterances, which are kept for calibration."""
    return Corpus(corpus.name, corpus.mel, corpus.labels, corpus.offsets[: len(corpus.offsets) - n_rows], corpus.motion)


def _resume(
    folder: Path, network: Speech2Landmarks, optimiser: torch.optim.Optimizer, average: dict[str, Tensor]
) -> int:
    if not (folder / "facts.json").exists():
        return 0
    checkpoint = load_checkpoint(folder)
    network.load_state_dict(checkpoint.weights)
    average.update(checkpoint.average)
    for name, parameter in network.named_parameters():
        optimiser.state[parameter] = {
            "step": torch.tensor(float(checkpoint.facts.step)),
            "exp_avg": checkpoint.moments[f"{name}.first"],
            "exp_avg_sq": checkpoint.moments[f"{name}.second"],
        }
    return checkpoint.facts.step


def _moments(network: Speech2Landmarks, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    moments = {}
    for name, parameter in network.named_parameters():
        moments[f"{name}.first"] = optimiser.state[parameter]["exp_avg"]
        moments[f"{name}.second"] = optimiser.state[parameter]["exp_avg_sq"]
    return moments


def _update_average(average: dict[str, Tensor], network: Speech2Landmarks, decay: float) -> None:
    with torch.no_grad():
        for name, value in network.state_dict().items():
            average[name].lerp_(value, 1 - decay)


def _commit() -> str:
    answer = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return answer.stdout.strip()
