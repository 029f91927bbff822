"""Training of Speech2Landmarks: one linear loop, resumable, every number of it in the recipe."""

from __future__ import annotations

import math
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from export.data.batches import Batch, batches, part_of
from export.data.corpora import Corpus
from export.data.motion.identities import FaceModel, load_face_model
from export.data.motion.motion_space import MotionSpace, face_constants, load_motion_space
from export.data.motion.shipped_rig import shipped_rig
from export.data.phonetics import phonetics_of
from export.data.prepare import data_hash, read_all
from export.data.speech.phones import N_CLASSES
from export.data.store import key_of
from export.models.landmarks import LandmarksConfig, Speech2Landmarks
from export.models.layers import GruLayer
from export.onnx.float_weights import float_network, with_face
from export.recipes.recipe import N_SHARES, LossWeights, Recipe, parse_recipe
from export.training.checkpoint import (
    Checkpoint,
    Facts,
    code_commit,
    load_checkpoint,
    moments_of,
    save_checkpoint,
    take_up_moments,
    update_average,
)
from export.training.hard_negatives import hard_negatives
from export.training.learning_rate import learning_rate
from export.training.losses import (
    class_loss,
    motion_losses,
    motion_weight,
    switch_loss,
    target_landmarks,
    tongue_loss,
)
from space_runtime.animation.stages.features import N_FEATURES
from space_runtime.arrays import Floats
from space_runtime.errors import UsageError

CLOSURE_WEIGHT = 4.0
"""A missed closure is seen at once, a lip that nearly closes hardly."""
WARM_STEPS = 10
"""First steps of a sequence without loss: their targets lie before the sound that the network has heard."""


def build(recipe: Recipe, constants: dict[str, Tensor]) -> Speech2Landmarks:
    """Return a fresh network with the measured constants of its face."""
    torch.manual_seed(recipe.seed)
    n_motion, plan = len(constants["basis"]), recipe.network
    network = Speech2Landmarks(LandmarksConfig(N_FEATURES, N_CLASSES, n_motion, plan.width, plan.n_layers, plan.kind))
    for name, value in constants.items():
        network.face.get_buffer(name).copy_(value)
    return network


def taken_up(recipe: Recipe, constants: dict[str, Tensor], path: Path) -> Speech2Landmarks:
    """Return the network in an exported file, in full precision, with the measured constants of today's face."""
    torch.manual_seed(recipe.seed)
    network = float_network(path, N_CLASSES, recipe.network)
    with_face(network, constants)
    return network


@dataclass(frozen=True, slots=True, eq=False)
class Materials:
    """The data that training reads. rest: (78, 3) the filmed speaker's. constants: of `Face`. hash: of the corpora."""

    corpora: dict[str, Corpus]
    model: FaceModel
    rest: Floats
    constants: dict[str, Tensor]
    hash: str


def read_materials(recipe: Recipe, data: Path, cache: Path) -> Materials:
    """Return what `export.data.prepare` made."""
    space = load_motion_space(cache / "motion_space.npz")
    return Materials(
        read_all(recipe.corpora, cache),
        load_face_model(data),
        space.rest,
        constants_of(space),
        data_hash(recipe.corpora, cache),
    )


def train(
    recipe: Recipe,
    materials: Materials,
    folder: Path,
    threads: int = 1,
    start: Path | None = None,
    rounded: bool = False,
) -> None:
    """Train from the last checkpoint in ``folder``, or from the start, to the recipe's end.

    start: an exported network whose weights are the first ones, instead of random ones; the sounds that it takes for
    voices are then heard more often. rounded: let the last layer, a GRU, multiply its state in eight bits, as the
    exported network will: half as fast again. The threads change how long it takes, nothing else.

    Raises `UsageError` when the checkpoint was trained on other corpora, or by another seed, network, batch or
    phonetics, when a loss is no number, and when another memory than a GRU is to be rounded.
    """
    network = _first_network(recipe, materials.constants, start, rounded)
    optimiser = torch.optim.AdamW(network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    average = {name: value.clone() for name, value in network.state_dict().items()}
    first = _resume(folder, recipe, materials.hash, network, optimiser, average)
    facts = Facts(first, recipe.seed, recipe.text, materials.hash, code_commit(), key_of([start]) if start else "")
    corpora = materials.corpora if start is None else _with_hard_negatives(recipe, materials, start)
    means: dict[str, float] = {}
    phonetics = phonetics_of(corpora["filmed"], materials.constants["basis"].numpy(), recipe.phonetics)
    seen = batches(corpora, materials.model, materials.rest, phonetics, recipe.batch, recipe.seed, first)
    with ThreadPoolExecutor(threads) as pool:
        for step, batch in enumerate(seen, first):
            if step >= recipe.n_updates:
                break
            terms = _update(network, optimiser, recipe, step, batch, pool)
            update_average(average, network, min(recipe.average_decay, (step + 1) / (step + 10)))
            means = {name: 0.98 * means.get(name, term) + 0.02 * term for name, term in terms.items()}
            if (step + 1) % recipe.log_every == 0:
                print(step + 1, " ".join(f"{name} {value:.3f}" for name, value in means.items()), flush=True)
            if (step + 1) % recipe.save_every == 0 or step + 1 == recipe.n_updates:
                done = replace(facts, step=step + 1)
                save_checkpoint(
                    Checkpoint(done, dict(network.state_dict()), average, moments_of(network, optimiser)), folder
                )


def _first_network(recipe: Recipe, constants: dict[str, Tensor], start: Path | None, rounded: bool) -> Speech2Landmarks:
    """Return the network whose weights are the first ones. Raises `UsageError` for what cannot be rounded."""
    network = build(recipe, constants) if start is None else taken_up(recipe, constants, start)
    last = network.layers[-1]
    if isinstance(last, GruLayer):
        last.rounded = rounded
    elif rounded:
        raise UsageError(f"the recipe's network is of {recipe.network.kind!r}; only a 'gru' can be rounded")
    return network


def _with_hard_negatives(recipe: Recipe, materials: Materials, start: Path) -> dict[str, Corpus]:
    """Return the corpora, in the sounds the moments that the network in ``start`` takes for voices: its own and not the
    trained one's, so that an interrupted training goes on with the same."""
    sounds = materials.corpora["sounds"]
    hard = hard_negatives(taken_up(recipe, materials.constants, start), sounds)
    print(f"{len(hard)} moments of sounds are taken for voices", flush=True)
    return materials.corpora | {"sounds": replace(sounds, hard=hard)}


def _update(
    network: Speech2Landmarks, optimiser: torch.optim.Optimizer, recipe: Recipe, step: int, batch: Batch, pool: Executor
) -> dict[str, float]:
    """Change the network by one batch and return the terms of its loss."""
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(recipe, step)
    terms = descend(network, batch, recipe.losses, pool)
    if not math.isfinite(sum(terms.values())):
        raise UsageError(f"the loss of update {step + 1} is no number; lower learning_rate and train again")
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    return terms


def descend(network: Speech2Landmarks, batch: Batch, weights: LossWeights, pool: Executor) -> dict[str, float]:
    """Set the gradients of the weighted losses of a batch and return its terms by name.

    A batch is worked out in `N_SHARES` interleaved shares and their mean taken, whatever the pool: recurrent layers are
    too narrow to keep two cores busy, two networks are not.
    """
    parameters = list(network.parameters())

    def share(number: int) -> tuple[tuple[Tensor | None, ...], dict[str, float]]:
        terms = losses(network, part_of(batch, number, N_SHARES))
        total = sum((getattr(weights, name) * term for name, term in terms.items()), torch.zeros(()))
        gradients = torch.autograd.grad(total, parameters, allow_unused=True)
        return gradients, {name: term.item() for name, term in terms.items()}

    found = list(pool.map(share, range(N_SHARES)))
    for parameter, *gradients in zip(parameters, *(gradients for gradients, _ in found), strict=True):
        known = [gradient for gradient in gradients if gradient is not None]
        parameter.grad = torch.stack(known).sum(0) / N_SHARES if known else None
    return {name: sum(terms[name] for _, terms in found) / N_SHARES for name in found[0][1]}


def losses(network: Speech2Landmarks, batch: Batch) -> dict[str, Tensor]:
    """Return all terms of a batch by the names of `LossWeights`."""
    emotion, neutral, motion = (torch.from_numpy(part) for part in (batch.emotion, batch.neutral, batch.motion))
    features = torch.from_numpy(batch.features)
    n = len(motion)
    with torch.no_grad():
        before = torch.from_numpy(batch.before[n:])
        _, state = network.sequence(before, emotion[n:], torch.zeros(len(before), network.n_state))
    hidden, _ = network.sequence(features, emotion, torch.cat([torch.zeros(n, network.n_state), state]))
    speech, closure, *tongue = network.switches(hidden)[:, WARM_STEPS:].unbind(-1)
    decoded = network.decode(hidden[:n], neutral[:, None], emotion[:n, None], torch.from_numpy(batch.style))
    wanted = target_landmarks(network.face, motion, decoded.speech.detach(), neutral, emotion[:n])
    classes = torch.from_numpy(batch.classes[:, WARM_STEPS:])
    weight = motion_weight(torch.from_numpy(batch.trust), classes[:n])
    return {
        **motion_losses(decoded.landmarks[:, WARM_STEPS:], wanted[:, WARM_STEPS:], weight),
        "classes": class_loss(network.classes(hidden)[:, WARM_STEPS:], classes),
        "tongue": tongue_loss(torch.stack(tongue, -1), torch.from_numpy(batch.tongue)[:, WARM_STEPS:]),
        "closure": switch_loss(closure, torch.from_numpy(batch.closure)[:, WARM_STEPS:], CLOSURE_WEIGHT),
        "speech": switch_loss(
            speech, torch.from_numpy(batch.speech)[:, WARM_STEPS:], care=torch.from_numpy(batch.care)[:, WARM_STEPS:]
        ),
    }


def constants_of(space: MotionSpace) -> dict[str, Tensor]:
    """Return the constants of `Face` as tensors."""
    return {name: torch.from_numpy(value) for name, value in face_constants(space, shipped_rig()).items()}


def _resume(
    folder: Path,
    recipe: Recipe,
    data: str,
    network: Speech2Landmarks,
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor],
) -> int:
    """Take up the checkpoint in a folder and return its updates, 0 where there is none."""
    if not (folder / "facts.json").exists():
        return 0
    checkpoint = load_checkpoint(folder)
    before = parse_recipe(checkpoint.facts.recipe, f"the recipe in {folder}")
    away = "move it away to train anew"
    if checkpoint.facts.data != data:
        raise UsageError(f"the checkpoint in {folder} was trained on other corpora; {away}")
    for name in ("seed", "network", "batch", "phonetics"):
        if getattr(before, name) != getattr(recipe, name):
            raise UsageError(f"the checkpoint in {folder} was trained with another {name!r} in its recipe; {away}")
    network.load_state_dict(checkpoint.weights)
    average.update(checkpoint.average)
    take_up_moments(network, optimiser, checkpoint)
    return checkpoint.facts.step
