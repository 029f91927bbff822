"""Pictures of mouths, filmed, photographed and drawn, as the mouth decoder learns from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
import torch
from torch import Tensor

from space_runtime.arrays import Floats, Longs, Pixels
from space_runtime.geometry import landmarks_from_mesh, normalise, remove_pose
from space_runtime.rendering.warp.backward import picture_points
from space_runtime.rendering.warp.interior import (
    CHIN,
    INNER_LIPS,
    PATCH_HEIGHT,
    PATCH_ORIGIN,
    PATCH_UNIT,
    PATCH_WIDTH,
    face_colours,
    lip_geometry,
    mouth_anchor,
    patch_from_picture,
)
from space_runtime.rendering.warp.mesh import UPPER_LIP

N_TRAINING_CLIPS: Final = 40
LEAST_GAP: Final = 0.02
"""Frames whose lips are closer, in normalised units, teach nothing."""
LIP_EDGE: Final = 7
"""Height in patch pixels of what may still be lip where the tracker sees the inside: half above, half below."""
UNSEEN: Final = (0.17, 0.06, 0.06)
"""Colour of what lies behind the lips in every picture."""
TONGUE: Final = (0.50, 0.23, 0.23)
"""Colour of the tongue's middle in a mouth more open than any picture shows."""
N_WIDE: Final = 4
"""Number of drawn mouths in a batch: nobody photographed them, the darkness and the tongue are drawn."""
N_TOOTHLESS: Final = 4
"""Number of mouths of a batch that show what lies behind the teeth, for portraits that have their own."""


@dataclass(frozen=True, slots=True, eq=False)
class Mouths:
    """n pictures of mouths. patches: (n, 64, 96, 3); masks: (n, 64, 96) inside of the lips; person: (n,)."""

    patches: Pixels
    masks: Pixels
    geometry: Floats
    colours: Floats
    person: Longs


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
    n_drawn = N_WIDE + N_TOOTHLESS
    n_filmed = (n - n_drawn) // 2
    drawn = [rng.choice(filmed, N_WIDE), rng.choice(still, N_TOOTHLESS)]
    chosen = np.concatenate([*drawn, rng.choice(filmed, n_filmed), rng.choice(still, n - n_drawn - n_filmed)])
    gain = rng.uniform(0.8, 1.2, (n, 1)).astype(np.float32)
    patches = mouths.patches[chosen].astype(np.float32) / 255 * gain[:, None, None]
    masks, geometry = mouths.masks[chosen].astype(np.float32) / 255, mouths.geometry[chosen].copy()
    person = mouths.person[chosen]
    teeth = np.ones((n, 1), np.float32)
    for k in range(n_drawn):
        geometry[k] = opened(geometry[k], rng.uniform(1.2 if k < N_WIDE else 0.2, 3.0))
        teeth[k] = k < N_WIDE
        patches[k], masks[k] = drawn_throat(geometry[k], 0.35 * float(teeth[k, 0]))
        person[k] = rng.choice(mouths.person[still])
    return {
        "patch": torch.from_numpy(patches).permute(0, 3, 1, 2),
        "mask": torch.from_numpy(masks)[:, None],
        "geometry": torch.from_numpy(geometry),
        "colours": torch.from_numpy(mouths.colours[chosen] * gain),
        "person": torch.from_numpy(person),
        "teeth": torch.from_numpy(teeth),
    }


def opened(geometry: Floats, times: float) -> Floats:
    """Return the decoder input of a mouth whose lower lip and jaw are lowered so many times as far."""
    lips = geometry[:-2].reshape(-1, 2).copy()
    upper = lips[: len(UPPER_LIP), 1]
    below = np.interp(lips[len(UPPER_LIP) :, 0], lips[: len(UPPER_LIP), 0], upper) - lips[len(UPPER_LIP) :, 1]
    lips[len(UPPER_LIP) :, 1] -= (times - 1) * below
    jaw = geometry[-2:] - np.array([0, (times - 1) * below.max() * 0.8], np.float32)
    return np.concatenate([lips.ravel(), jaw]).astype(np.float32)


def drawn_throat(geometry: Floats, spared: float) -> tuple[Floats, Floats]:
    """Return an open mouth without teeth, (64, 96, 3), dark with a tongue, and its mask (64, 96).

    spared: share of the height from the top that the mask leaves out, for the teeth.
    """
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
    below = y > top + spared * (bottom - top) if spared else np.ones_like(y, bool)
    return colours.astype(np.float32), np.where(below, mask / 255, 0).astype(np.float32)
