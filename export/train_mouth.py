"""Trains the mouth decoder on pictures of mouths, and writes its ONNX file.

    python -m export.train_mouth --portraits <npz> --video-tracks <npz> --minutes 20 --out <folder>

Two kinds of pictures: the first forty filmed sentences of one speaker (how a mouth looks while it speaks) and portraits
that show teeth (how teeth differ from person to person). Every person has a learned code; the file that ships holds one
of them. Only pixels inside the lips' opening teach.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from export.half import store_in_half
from export.models.mouth_decoder import MouthConfig, MouthDecoder, OnePerson
from export.to_onnx import TRACED_BATCH, Signature, export_onnx
from space_runtime.generator.backward import picture_points
from space_runtime.generator.interior import (
    CHIN,
    INNER_LIPS,
    N_COLOURS,
    N_GEOMETRY,
    PATCH_HEIGHT,
    PATCH_ORIGIN,
    PATCH_UNIT,
    PATCH_WIDTH,
    face_colours,
    lip_geometry,
    mouth_anchor,
    patch_from_picture,
)
from space_runtime.generator.mesh import UPPER_LIP
from space_runtime.geometry import Floats, landmarks_from_mesh, normalise, remove_pose
from space_runtime.values import Pixels

MODELS: Final = Path(__file__).parents[1] / "space_runtime" / "models"
N_TRAINING_CLIPS: Final = 40
BATCH: Final = 16
LEARNING_RATE: Final = 2e-3
LEAST_GAP: Final = 0.02
"""Frames whose lips are closer, in normalised units, teach nothing."""


LIP_EDGE: Final = 7
"""Height in patch pixels of what may still be lip where the tracker sees the inside: half above, half below."""
UNSEEN: Final = (0.17, 0.06, 0.06)
"""Colour of what lies behind the lips in every picture."""
TONGUE: Final = (0.50, 0.23, 0.23)
"""Colour of the tongue's middle in a mouth more open than any picture shows."""
N_WIDE: Final = 4
"""How many of a batch are such mouths: nobody photographed them, the darkness and the tongue are drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Mouths:
    """n pictures of mouths. patches: (n, 64, 96, 3); masks: (n, 64, 96) inside of the lips; person: (n,)."""

    patches: Pixels
    masks: Pixels
    geometry: Floats
    colours: Floats
    person: NDArray[np.int64]


Row = tuple[Pixels, Pixels, Floats, Floats]


def mouth_row(picture: Pixels, mesh: Floats, anchor: Floats, chin: Floats, colours: Floats) -> Row | None:
    """Return (patch, mask, geometry, colours) of a tracked picture, or None when its mouth is closed."""
    _, pose = normalise(landmarks_from_mesh(mesh))
    face = remove_pose(mesh, pose)
    if face[13, 1] - face[14, 1] < LEAST_GAP:
        return None
    forward = patch_from_picture(anchor, pose)
    patch = cv2.warpAffine(picture, forward, (PATCH_WIDTH, PATCH_HEIGHT), flags=cv2.INTER_CUBIC)
    lips = picture_points(mesh[list(INNER_LIPS)]) @ forward[:, :2].T + forward[:, 2]
    mask = np.zeros((PATCH_HEIGHT, PATCH_WIDTH), np.uint8)
    cv2.fillPoly(mask, [np.rint(lips * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    mask = cv2.erode(mask, np.ones((LIP_EDGE, 3), np.uint8)).astype(np.uint8)
    return patch.astype(np.uint8), mask, lip_geometry(face, anchor, chin), colours


def portrait_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield (person, row) for every portrait that shows its teeth."""
    archive = np.load(path)
    for person, (picture, mesh) in enumerate(zip(archive["images"], archive["meshes"], strict=True)):
        _, pose = normalise(landmarks_from_mesh(mesh))
        if np.abs(pose.rotation_rad[:2]).max() > 0.35:
            continue
        face = remove_pose(mesh, pose)
        row = mouth_row(picture, mesh, mouth_anchor(face), face[CHIN, :2], face_colours(picture, mesh))
        if row:
            yield person + 1, row


def video_rows(folder: Path, tracks: Path) -> Iterator[tuple[int, Row]]:
    """Yield (0, row) for every frame with parted lips of the training sentences."""
    meshes = np.load(tracks)
    for name in sorted(meshes.files)[:N_TRAINING_CLIPS]:
        faces = np.stack([remove_pose(m, normalise(landmarks_from_mesh(m))[1]) for m in meshes[name]])
        gap = faces[:, 13, 1] - faces[:, 14, 1]
        rest = faces[gap <= np.quantile(gap, 0.15)].mean(0)
        with av.open(str(folder / f"{name}.mp4")) as container:
            pictures = [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for f in container.decode(video=0)]
        colours = np.mean([face_colours(p, m) for p, m in zip(pictures, meshes[name], strict=True)], 0)
        for picture, mesh in zip(pictures, meshes[name], strict=True):
            row = mouth_row(picture, mesh, mouth_anchor(rest), rest[CHIN, :2], colours.astype(np.float32))
            if row:
                yield 0, row


def collect(rows: Iterator[tuple[int, Row]]) -> Mouths:
    """Return the rows, stacked."""
    people, values = zip(*rows, strict=True)
    patches, masks, geometry, colours = (np.stack(column) for column in zip(*values, strict=True))
    return Mouths(patches, masks, geometry, colours, np.array(people))


def batch_of(mouths: Mouths, rng: np.random.Generator, n: int) -> dict[str, Tensor]:
    """Return n pictures, filmed ones and portraits, each brightened or darkened a little, the first few opened wide."""
    filmed = np.flatnonzero(mouths.person == 0)
    still = np.flatnonzero(mouths.person != 0)
    n_filmed = (n - N_WIDE) // 2
    chosen = np.concatenate([rng.choice(filmed, n_filmed + N_WIDE), rng.choice(still, n - N_WIDE - n_filmed)])
    gain = rng.uniform(0.8, 1.2, (n, 1)).astype(np.float32)
    patches = mouths.patches[chosen].astype(np.float32) / 255 * gain[:, None, None]
    masks, geometry = mouths.masks[chosen].astype(np.float32) / 255, mouths.geometry[chosen].copy()
    person = mouths.person[chosen]
    for k in range(N_WIDE):
        geometry[k] = opened(geometry[k], rng.uniform(1.2, 3.0))
        patches[k], masks[k] = drawn_throat(geometry[k])
        person[k] = rng.choice(mouths.person[still])
    return {
        "patch": torch.from_numpy(patches).permute(0, 3, 1, 2),
        "mask": torch.from_numpy(masks)[:, None],
        "geometry": torch.from_numpy(geometry),
        "colours": torch.from_numpy(mouths.colours[chosen] * gain),
        "person": torch.from_numpy(person),
    }


def opened(geometry: Floats, times: float) -> Floats:
    """Return the decoder input of a mouth whose lower lip and jaw are lowered so many times as far."""
    lips = geometry[:-2].reshape(-1, 2).copy()
    upper = lips[: len(UPPER_LIP), 1]
    below = np.interp(lips[len(UPPER_LIP) :, 0], lips[: len(UPPER_LIP), 0], upper) - lips[len(UPPER_LIP) :, 1]
    lips[len(UPPER_LIP) :, 1] -= (times - 1) * below
    jaw = geometry[-2:] - np.array([0, (times - 1) * below.max() * 0.8], np.float32)
    return np.concatenate([lips.ravel(), jaw]).astype(np.float32)


def drawn_throat(geometry: Floats) -> tuple[Floats, Floats]:
    """Return the lower part of a wide open mouth, (64, 96, 3) and its mask (64, 96): dark with a tongue."""
    scale, origin = np.array([PATCH_UNIT, -PATCH_UNIT], np.float32), np.array(PATCH_ORIGIN, np.float32)
    lips = geometry[:-2].reshape(-1, 2) * scale + origin
    top, bottom = lips[: len(UPPER_LIP), 1].max(), lips[:, 1].max()
    width = np.ptp(lips[:, 0])
    y, x = np.mgrid[:PATCH_HEIGHT, :PATCH_WIDTH].astype(np.float32)
    away = ((x - lips[:, 0].mean()) / (0.36 * width)) ** 2 + ((y - bottom) / (0.42 * (bottom - top) + 1)) ** 2
    tongue = np.clip(1.3 - away, 0, 1)[..., None]
    colours = np.array(UNSEEN) + (np.array(TONGUE) - np.array(UNSEEN)) * tongue
    mask = np.zeros((PATCH_HEIGHT, PATCH_WIDTH), np.uint8)
    cv2.fillPoly(mask, [np.rint(lips).astype(np.int32)], 255)
    return colours.astype(np.float32), np.where(y > top + 0.35 * (bottom - top), mask / 255, 0).astype(np.float32)


def loss_of(decoder: MouthDecoder, codes: nn.Embedding, batch: dict[str, Tensor]) -> Tensor:
    """Return masked L1 of colours and of their gradients (sharpness); what is never seen is dark; codes are small."""
    code = codes(batch["person"])
    code = code + 0.05 * torch.randn_like(code)
    with torch.autocast("cpu", torch.bfloat16):
        layers = decoder(batch["geometry"], batch["colours"], code)
    picture, upper, lower = (layer.float() for layer in layers)
    mask, target = batch["mask"], batch["patch"]
    error = (picture - target) * mask
    share = mask.mean().clamp(min=1e-3)
    across = (error[..., 1:] - error[..., :-1]).abs().mean() + (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
    hidden = (mask == 0).float()
    unseen = ((picture - torch.tensor(UNSEEN).reshape(1, 3, 1, 1)).abs() * hidden).mean() + (upper * hidden).mean()
    overlap = (upper * lower).mean()
    loss = error.abs().mean() / share + across / share + 0.05 * unseen + 0.02 * overlap + 1e-3 * code.square().mean()
    return torch.as_tensor(loss)


def train(decoder: MouthDecoder, codes: nn.Embedding, mouths: Mouths, minutes: float, out: Path, seed: int) -> None:
    """Train for so many minutes; the checkpoint is the last state."""
    rng, colours = np.random.default_rng(seed), colours_by_person(mouths, codes.num_embeddings)
    optimiser = torch.optim.AdamW(
        [{"params": decoder.parameters(), "rate": 1.0}, {"params": codes.parameters(), "rate": 4.0}], LEARNING_RATE,
        weight_decay=1e-5,
    )
    start, step = time.monotonic(), 0
    while (done := (time.monotonic() - start) / 60 / minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = group["rate"] * (LEARNING_RATE * (0.5 + 0.5 * np.cos(np.pi * done)) + 2e-5)
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
    inputs = {name: 0.3 * torch.randn(TRACED_BATCH, n, generator=noise).abs()
              for name, n in (("geometry", N_GEOMETRY), ("colours", N_COLOURS), ("teeth", 1))}
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
        train(decoder, codes, mouths, options.minutes, options.out, options.seed)
    trained, all_codes, colours = load_checkpoint(options.out)
    person = options.person
    export_onnx(OnePerson(trained, all_codes[person], colours[person]), signature(), MODELS / "mouth_decoder.onnx")
    store_in_half(MODELS / "mouth_decoder.onnx")


if __name__ == "__main__":
    main()
