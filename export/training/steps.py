"""The steps of Speech2Landmarks' life as plain functions: from checkpoint to bundle file."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor

from export.data.motion.films import Talk, read_talks
from export.data.motion.motion_space import load_motion_space
from export.data.motion.people import PEOPLE, kept_back
from export.data.noise.sounds import read_index
from export.data.speech.voices import read_pcm
from export.evaluation.lip_sync import lip_sync_scores
from export.evaluation.metrics import Match
from export.models.landmarks import Speech2Landmarks
from export.onnx.graph_rewrite import rewrite_graph
from export.onnx.quantise import quantise, spoken_feeds
from export.onnx.to_onnx import TRACED_BATCH, Signature, export_onnx
from export.recipes.recipe import Recipe, parse_recipe
from export.training.checkpoint import Facts, load_checkpoint
from export.training.train import build, constants_of
from space_runtime.animation.stages.features import WINDOW, log_mel
from space_runtime.arrays import Floats
from space_runtime.emotion import N_EMOTIONS
from space_runtime.errors import UsageError
from space_runtime.geometry import N_LANDMARKS
from space_runtime.inference.network import load_network
from space_runtime.media.atomic_files import written_whole
from space_runtime.rig.shapes import MIRROR_78
from space_runtime.style import N_CODE
from space_runtime.timebase import SAMPLE_RATE

FAST_KIND = "gru"
"""The memory whose graph takes many steps in a run; the others are there to be compared."""
OUTPUTS = ("landmarks", "speech", "closure", "tongue", "state_out")
LARGEST_GAIN = 3.0
WANTED_SPREAD = (2.4, 1.04)
"""Across and along the face, on kept sentences of the filmed speaker. GRID's sentences hardly use the mouth's width and
strangers are heard less surely: by this much, who speaks freely is moved about as wide as he moves."""
NOT_TRAINED_ON = ("expressions", "openings")
"""Constants of the face by which no weight is learned: emotions are added to what is said and to what was filmed."""
SETTLING_STEPS = 1000
CALIBRATION_STRIDE = {"filmed": 120, "recorded": 500, "sounds": 20}
"""One in so many of the recordings of each kind is heard to find the scales of the eight-bit products."""
CALIBRATION_S = 6
CALIBRATION_SNR_DB = 5.0


def signature(network: Speech2Landmarks) -> Signature:
    """Return the tensors of one step with example values."""
    generator = torch.Generator().manual_seed(0)

    def example(*shape: int) -> Tensor:
        return torch.randn(TRACED_BATCH, *shape, generator=generator)

    inputs = {
        "features": example(network.config.n_features),
        "neutral": example(N_LANDMARKS, 3),
        "emotion": example(N_EMOTIONS).abs(),
        "style": example(N_CODE),
        "state_in": example(network.n_state),
    }
    return Signature(inputs, OUTPUTS)


def load_trained(run: Path, cache: Path) -> tuple[Speech2Landmarks, Recipe]:
    """Return the averaged network of a training run, with today's emotions, and its recipe."""
    checkpoint = load_checkpoint(run)
    recipe = parse_recipe(checkpoint.facts.recipe, "the checkpoint's recipe")
    constants = constants_of(load_motion_space(cache / "motion_space.npz"))
    network = build(recipe, constants)
    network.load_state_dict(checkpoint.average | {f"face.{name}": constants[name] for name in NOT_TRAINED_ON})
    return network, recipe


@dataclass(frozen=True, slots=True)
class Exported:
    """parity: largest difference between torch and the full-precision graph. rounding: what eight-bit weights change in
    the landmarks, in outer-eye-corner distances. look_ahead: in samples, as the network was trained."""

    parity: float
    rounding: float
    look_ahead: int


def export_speech2landmarks(run: Path, data: Path, cache: Path, path: Path) -> Exported:
    """Write the trained network with its motion brought to the film's size and its large matrices in eight bits.

    A network that minimises squared error moves too little where it is unsure. Two factors, across and along the face,
    measured on sentences that were kept back, give its mouth the real spread.

    Raises `UsageError` for a memory that `unroll_steps` cannot take many steps of at once.
    """
    network, recipe = load_trained(run, cache)
    if recipe.network.kind != FAST_KIND:
        raise UsageError(f"{run} remembers by {recipe.network.kind!r}; only {FAST_KIND!r} is exported, train that")
    path.parent.mkdir(parents=True, exist_ok=True)
    settle(network)
    talks = read_talks(data, "grid_s1", cache)
    with tempfile.TemporaryDirectory() as folder:
        full, small = Path(folder) / path.name, Path(folder) / "small.onnx"
        export_onnx(network, signature(network), full)
        kept = kept_back(PEOPLE[0], talks)
        scores = lip_sync_scores(load_network(path.stem, full), recipe.batch.look_ahead_samples, kept)
        network.face.basis.copy_(even_sides(network.face.basis * spread_gain(scores)))
        parity = export_onnx(network, signature(network), full)
        feeds = spoken_feeds(full, calibration_sounds(data, cache, talks), kept[0].landmarks[0])
        rounding = quantise(full, feeds, small)
        rewrite_graph(small, path)
    stamp(path, load_checkpoint(run).facts)
    return Exported(parity, rounding, recipe.batch.look_ahead_samples)


def stamp(path: Path, facts: Facts) -> None:
    """Write into an ONNX file what it was trained with: updates, seed, SHA-256 of the corpora, commit, recipe."""
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {name: str(value) for name, value in asdict(facts).items()})
    with written_whole(path) as partial:
        onnx.save(model, partial)


def calibration_sounds(data: Path, cache: Path, talks: list[Talk]) -> list[Floats]:
    """Return what training hears: the filmed man, many voices, sounds that are no speech, and voices among them."""
    lines = (cache / "aligned_speech.jsonl").read_text(encoding="utf-8").splitlines()[:: CALIBRATION_STRIDE["recorded"]]
    spoken = [talk.pcm for talk in talks[:: CALIBRATION_STRIDE["filmed"]]]
    spoken += [read_pcm(data / "speech" / json.loads(line)["file"]) for line in lines]
    rows = read_index(cache / "sounds")[:: CALIBRATION_STRIDE["sounds"]]
    others = [read_pcm(cache / "sounds" / row.file)[: CALIBRATION_S * SAMPLE_RATE] for row in rows]
    mixed = [_together(voice, other) for voice, other in zip(spoken, others, strict=False)]
    return [*spoken, *others, *mixed]


def _together(voice: Floats, other: Floats) -> Floats:
    """Return a voice above another sound by `CALIBRATION_SNR_DB`."""
    n = min(len(voice), len(other))
    level = np.sqrt(np.mean(voice[:n] ** 2) / (np.mean(other[:n] ** 2) + 1e-12)) * 10 ** (-CALIBRATION_SNR_DB / 20)
    return np.asarray(voice[:n] + level * other[:n], np.float32)


def settle(network: Speech2Landmarks) -> None:
    """Let the network's zero state be that of a stream which has heard nothing but digital silence."""
    silence = torch.from_numpy(log_mel(np.zeros(WINDOW, np.float32)))
    with torch.no_grad():
        hush = silence.expand(1, SETTLING_STEPS, -1)
        _, state = network.sequence(hush, torch.zeros(1, N_EMOTIONS), torch.zeros(1, network.n_state))
        network.resting.copy_(state[0])


def even_sides(basis: Tensor) -> Tensor:
    """Return directions of motion (K, 3·N) averaged with their mirror images: the filmed man leans to one side."""
    motion = basis.reshape(-1, N_LANDMARKS, 3)
    mirrored = motion[:, list(MIRROR_78)] * torch.tensor([-1.0, 1.0, 1.0])
    return ((motion + mirrored) / 2).reshape(basis.shape)


def spread_gain(scores: dict[str, Match]) -> Tensor:
    """Return the (3·N,) factors on motion that bring spreads to `WANTED_SPREAD`: x by width, y and z by gap and jaw."""
    spreads = scores["width"].spread, (scores["gap"].spread + scores["jaw"].spread) / 2
    ratios = (wanted / spread for wanted, spread in zip(WANTED_SPREAD, spreads, strict=True))
    across, along = (min(max(ratio, 1.0), LARGEST_GAIN) for ratio in ratios)
    return torch.tensor([across, along, along]).repeat(N_LANDMARKS)
