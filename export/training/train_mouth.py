"""Trains the mouth decoder on pictures of mouths, and writes its ONNX file.

    python -m export.training.train_mouth --portraits <npz> --video-tracks <npz> --minutes 20 --out <folder>

Two kinds of pictures: the first forty filmed sentences of one speaker (how a mouth looks while it speaks) and portraits
that show teeth (how teeth differ from person to person). Every person has a learned code; the file that ships holds one
of them. Only pixels inside the lips' opening teach.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from export.data.motion.mouths import UNSEEN, Mouths, batch_of, collect, portrait_rows, video_rows
from export.models.mouth_decoder import MouthConfig, MouthDecoder, OnePerson, hidden
from export.onnx.fp16 import store_in_half
from export.onnx.to_onnx import TRACED_BATCH, Signature, export_onnx
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.rendering.warp.interior import N_COLOURS, N_GEOMETRY

BATCH: Final = 20
LEARNING_RATE: Final = 2e-3


def loss_of(decoder: MouthDecoder, codes: nn.Embedding, batch: dict[str, Tensor]) -> Tensor:
    """Return masked L1 of colours and of their gradients (sharpness); what is never seen is dark; codes are small."""
    code = codes(batch["person"])
    code = code + 0.05 * torch.randn_like(code)
    with torch.autocast("cpu", torch.bfloat16):
        person = torch.cat([batch["colours"], code], 1)
        upper_teeth = hidden(decoder.upper(person), batch["teeth"])
        layers = decoder.combine(batch["geometry"], person, upper_teeth, decoder.lower(person))
    picture, upper, lower = (layer.float() for layer in layers)
    mask, target = batch["mask"], batch["patch"]
    error = (picture - target) * mask
    share = mask.mean().clamp(min=1e-3)
    across = (error[..., 1:] - error[..., :-1]).abs().mean() + (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
    behind = (mask == 0).float()
    unseen = ((picture - torch.tensor(UNSEEN).reshape(1, 3, 1, 1)).abs() * behind).mean() + (upper * behind).mean()
    overlap = (upper * lower).mean()
    loss = error.abs().mean() / share + across / share + 0.05 * unseen + 0.02 * overlap + 1e-3 * code.square().mean()
    return torch.as_tensor(loss)


def train(
    decoder: MouthDecoder, codes: nn.Embedding, mouths: Mouths, minutes: float, out: Path, seed: int, rate: float
) -> None:
    """Train for so many minutes; the checkpoint is the last state."""
    rng, colours = np.random.default_rng(seed), colours_by_person(mouths, codes.num_embeddings)
    optimiser = torch.optim.AdamW(
        [{"params": decoder.parameters(), "rate": 1.0}, {"params": codes.parameters(), "rate": 4.0}],
        rate,
        weight_decay=1e-5,
    )
    start, step = time.monotonic(), 0
    while (done := (time.monotonic() - start) / 60 / minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = group["rate"] * (rate * (0.5 + 0.5 * np.cos(np.pi * done)) + 2e-5)
        loss = loss_of(decoder, codes, batch_of(mouths, rng, BATCH))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimiser.step()
        if step % 100 == 0:
            print(f"step {step} minute {done * minutes:.1f} loss {float(loss.detach()):.4f}", flush=True)
            checkpoint(decoder, codes, colours, out, step, seed)
        step += 1
    checkpoint(decoder, codes, colours, out, step, seed)


def checkpoint(decoder: MouthDecoder, codes: nn.Embedding, colours: Tensor, out: Path, step: int, seed: int) -> None:
    """Write weights, codes and everybody's colours."""
    weights = {name: value.contiguous() for name, value in decoder.state_dict().items()}
    save_file({**weights, "codes": codes.weight.detach().clone(), "colours": colours}, out / "mouth.safetensors")
    (out / "mouth.json").write_text(json.dumps({"seed": seed, "step": step, **asdict(decoder.config)}))


def colours_by_person(mouths: Mouths, n_people: int) -> Tensor:
    """Return (people, 6) mean colours; grey for people without a picture."""
    colours = torch.full((n_people, N_COLOURS), 0.5)
    for person in np.unique(mouths.person):
        colours[person] = torch.from_numpy(mouths.colours[mouths.person == person].mean(0))
    return colours


def signature() -> Signature:
    """Return the exported form's tensors, filled with noise."""
    noise = torch.Generator().manual_seed(0)
    inputs = {
        name: 0.3 * torch.randn(TRACED_BATCH, n, generator=noise).abs()
        for name, n in (("geometry", N_GEOMETRY), ("colours", N_COLOURS), ("teeth", 1))
    }
    return Signature(inputs, ("patch",))


def load_checkpoint(folder: Path) -> tuple[MouthDecoder, Tensor, Tensor]:
    """Return the decoder, the (people, n_code) codes and the (people, 6) colours of a training run."""
    weights = load_file(folder / "mouth.safetensors")
    codes, colours = weights.pop("codes"), weights.pop("colours")
    decoder = MouthDecoder(MouthConfig())
    decoder.load_state_dict(weights)
    return decoder.eval(), codes, colours


def main() -> None:
    """Train, then export the code of ``--person``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("SPACE_DATA", "../shared/data")))
    parser.add_argument("--portraits", type=Path, required=True)
    parser.add_argument("--video-tracks", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--person", type=int, default=32, help="whose teeth ship: chosen by eye")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=LEARNING_RATE, help="learning rate")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.minutes > 0:
        filmed = video_rows(options.data / "talking_heads" / "video", options.video_tracks)
        mouths = collect(chain(filmed, portrait_rows(options.portraits)))
        decoder = MouthDecoder(MouthConfig())
        for weight in decoder.parameters():
            if weight.ndim == 4:  # twice as fast on a CPU
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)
        codes = nn.Embedding(int(mouths.person.max()) + 1, MouthConfig().n_code)
        nn.init.normal_(codes.weight, std=0.3)
        if options.resume:
            trained, all_codes, _ = load_checkpoint(options.out)
            decoder.load_state_dict(trained.state_dict())
            codes.weight.data.copy_(all_codes)
        train(decoder, codes, mouths, options.minutes, options.out, options.seed, options.rate)
    trained, all_codes, colours = load_checkpoint(options.out)
    person = options.person
    export_onnx(OnePerson(trained, all_codes[person], colours[person]), signature(), EMBEDDED / "mouth_decoder.onnx")
    store_in_half(EMBEDDED / "mouth_decoder.onnx")


if __name__ == "__main__":
    main()
