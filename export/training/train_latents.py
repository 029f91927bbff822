"""Trains Landmarks2Latents on tracked speaking faces put onto many identities, and writes its ONNX file.

    python -m export.training.train_latents --tracks <npz with meshes of portraits> --minutes 15 --out <checkpoint
    folder>

A recorded motion is the displacement of all 160 keypoints from the speaker's own rest. It is scaled to another face
(mouth, jaw and eye openings), added to that face's rest or to the rest with its smile taken back, and shown at a frame
rate between 24 and 60. The landmarks among the result are the input, all keypoints the target.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from export.data.motion.keypoint_motion import (
    INNER_LIPS,
    LIDS,
    LIP_POINTS,
    Clip,
    Identity,
    batch_of,
    read_clips,
    read_identities,
)
from export.models.latents import Landmarks2Latents, LatentsConfig, OneStep
from export.onnx.to_onnx import TRACED_BATCH, Signature, export_onnx
from space_runtime.animation.stages import features as speech
from space_runtime.arrays import Floats
from space_runtime.emotion import N_EMOTIONS
from space_runtime.geometry import N_LANDMARKS
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.rendering.warp.keypoints import KEYPOINT_OF, N_KEYPOINTS, landmarks_from_keypoints

BATCH: Final = 24
LEARNING_RATE: Final = 1e-3
HELD_OUT: Final = 20
"""Every so many-th clip is kept for validation."""


def loss_of(predicted: Tensor, target: Tensor, weight: Tensor, gaps: list[tuple[list[int], list[int]]]) -> Tensor:
    """Return L1 of positions, of their change, and of the lips' and lids' openings."""
    error = predicted - target
    position = (error.abs() * weight).mean()
    change = ((error[:, 1:] - error[:, :-1]).abs() * weight).mean()
    opening = sum(((error[:, :, up] - error[:, :, low]).abs().mean() for up, low in gaps), torch.zeros(()))
    return position + 2 * change + 0.5 * opening


def gap_indices() -> list[tuple[list[int], list[int]]]:
    """Return keypoint indices of upper and lower points of the lips and of each eye."""
    return [([KEYPOINT_OF[u] for u, _ in pairs], [KEYPOINT_OF[d] for _, d in pairs]) for pairs in (INNER_LIPS, *LIDS)]


def point_weights() -> Tensor:
    """Return (160, 1) weights: lips and eyes count more."""
    weight = torch.ones(N_KEYPOINTS, 1)
    for point in (*LIP_POINTS, *(p for pairs in LIDS for pair in pairs for p in pair)):
        weight[KEYPOINT_OF[point]] = 4
    return weight / weight.mean()


def selection() -> Tensor:
    """Return (78, 160): landmarks from keypoints."""
    unit = np.zeros((N_KEYPOINTS, N_KEYPOINTS, 3), np.float32)
    unit[np.arange(N_KEYPOINTS), np.arange(N_KEYPOINTS), 0] = 1
    return torch.from_numpy(landmarks_from_keypoints(unit)[..., 0].T.copy())


def build(spread: Floats, config: LatentsConfig) -> Landmarks2Latents:
    """Return an untrained network."""
    return Landmarks2Latents(config, torch.from_numpy(spread), selection())


def signature(config: LatentsConfig) -> Signature:
    """Return the exported form's tensors, filled with noise."""
    b, noise = TRACED_BATCH, torch.Generator().manual_seed(0)
    shapes = {
        "landmarks": (b, N_LANDMARKS, 3),
        "features": (b, config.n_features),
        "portrait_keypoints": (b, N_KEYPOINTS, 3),
        "emotion": (b, N_EMOTIONS),
        "state_in": (b, config.hidden),
    }
    inputs = {name: 0.3 * torch.randn(shape, generator=noise) for name, shape in shapes.items()}
    return Signature(inputs, ("keypoints", "state_out"))


def main() -> None:
    """Train and export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("SPACE_DATA", "../shared/data")))
    parser.add_argument("--tracks", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    clips, speaker = read_clips(options.data / "talking_heads")
    identities = read_identities(options.tracks)
    config = LatentsConfig(n_features=speech.N_FEATURES)
    network = build(np.load(EMBEDDED / "warp.npz")["keypoints_from_landmarks"], config)
    train(network, clips, speaker, identities, options.minutes, options.out, options.seed)
    network.load_state_dict(load_file(options.out / "latents.safetensors"))
    export_onnx(OneStep(network), signature(config), EMBEDDED / "landmarks2latents.onnx")


def train(
    network: Landmarks2Latents,
    clips: list[Clip],
    speaker: Floats,
    identities: list[Identity],
    minutes: float,
    out: Path,
    seed: int,
) -> None:
    """Train for so many minutes; the checkpoint is the last state."""
    fitting = [c for i, c in enumerate(clips) if i % HELD_OUT]
    held_out = [c for i, c in enumerate(clips) if i % HELD_OUT == 0]
    rng = np.random.default_rng(seed)
    check = batch_of(held_out, speaker, identities, np.random.default_rng(1), 64)
    weight, gaps = point_weights(), gap_indices()
    optimiser = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=1e-4)
    start, step = time.monotonic(), 0
    while (done := (time.monotonic() - start) / 60 / minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * (0.5 + 0.5 * np.cos(np.pi * done)) + 1e-5
        batch = batch_of(fitting, speaker, identities, rng, BATCH)
        loss = loss_of(run(network, batch), batch["target"], weight, gaps)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        if step % 200 == 0:
            report(network, check, weight, gaps, step, float(loss.detach()))
            save_file(network.state_dict(), out / "latents.safetensors")
            (out / "latents.json").write_text(json.dumps({"seed": seed, "step": step, **asdict(network.config)}))
        step += 1
    report(network, check, weight, gaps, step, float(loss.detach()))
    save_file(network.state_dict(), out / "latents.safetensors")


def run(network: Landmarks2Latents, batch: dict[str, Tensor]) -> Tensor:
    """Return the (B, T, 160, 3) keypoints of a batch from a fresh state."""
    state = torch.zeros(len(batch["target"]), network.config.hidden)
    keypoints, _ = network(batch["landmarks"], batch["features"], batch["keypoints"], batch["emotion"], state)
    return torch.as_tensor(keypoints)


@torch.no_grad()
def report(
    network: Landmarks2Latents,
    check: dict[str, Tensor],
    weight: Tensor,
    gaps: list[tuple[list[int], list[int]]],
    step: int,
    loss: float,
) -> None:
    """Say how the held-out sentences fare, against the fixed spread alone."""
    target = check["target"]
    moved = check["landmarks"] - (network.select @ check["keypoints"])[:, None]
    plain = check["keypoints"][:, None] + network.spread @ moved
    ours, theirs = (float(loss_of(p, target, weight, gaps)) for p in (run(network, check), plain))
    print(f"step {step} loss {loss:.5f} held out {ours:.5f} (spread alone {theirs:.5f})", flush=True)


if __name__ == "__main__":
    main()
