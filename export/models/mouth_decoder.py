"""The inside of the mouth: teeth, tongue and dark as one small picture fixed to the skull.

Four layers, so that what is rigid stays rigid: the dark with the tongue, which the lips' shape decides; the lower
teeth, moved with the jaw; the upper teeth, which the person alone decides; a soft shade that the lips cast on all.

B = batch, H × W = 64 × 96 pixels, 128 of them per normalised unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from space_runtime.generator.interior import N_COLOURS, N_GEOMETRY, PATCH_HEIGHT, PATCH_UNIT, PATCH_WIDTH

BRIGHTEST_TONGUE = (0.55, 0.32, 0.32)
"""No tongue and no cheek is brighter than this: what is brighter must be a tooth, and teeth are rigid."""


@dataclass(frozen=True, slots=True)
class MouthConfig:
    """Sizes. n_code: numbers that tell one person's teeth from another's."""

    n_code: int = 16
    width: int = 128
    channels: tuple[int, ...] = (48, 40, 28, 20, 14)


class Painter(nn.Module):
    """A vector becomes a picture: 4 × 6 cells, doubled once per further entry of ``channels``."""

    def __init__(self, n_in: int, width: int, channels: tuple[int, ...], n_out: int) -> None:
        super().__init__()
        self.first = channels[0]
        self.vector = nn.Sequential(nn.Linear(n_in, width), nn.SiLU(), nn.Linear(width, channels[0] * 24), nn.SiLU())
        blocks: list[nn.Module] = []
        for a, b in pairwise(channels):
            blocks += [nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(a, b, 3, padding=1), nn.SiLU()]
        self.blocks = nn.Sequential(*blocks, nn.Conv2d(channels[-1], n_out, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.blocks(self.vector(x).reshape(-1, self.first, 4, 6)))


class MouthDecoder(nn.Module):
    """See the module. The jaw's motion is the last two numbers of the geometry."""

    def __init__(self, config: MouthConfig) -> None:
        super().__init__()
        self.config = config
        person = N_COLOURS + config.n_code
        soft = config.channels[:3]
        self.upper = Painter(person, config.width, config.channels, 4)
        self.lower = Painter(person, config.width, config.channels, 4)
        self.dark = Painter(person + N_GEOMETRY, config.width, soft, 3)
        self.shade = Painter(N_GEOMETRY, config.width, soft, 1)

    def forward(self, geometry: Tensor, colours: Tensor, code: Tensor) -> Tensor:
        """Return (B, 3, H, W) colours 0…1 for geometry (B, 42), colours (B, 6) and code (B, n_code)."""
        return self.layers(geometry, colours, code)[0]

    def layers(self, geometry: Tensor, colours: Tensor, code: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the picture and the covers (B, 1, H, W) of upper and lower teeth."""
        person = torch.cat([colours, code], 1)
        depth = torch.sigmoid(self.dark(torch.cat([person, geometry * 3], 1)) - 1)
        picture = _enlarged(depth * torch.tensor(BRIGHTEST_TONGUE).reshape(1, 3, 1, 1))
        lower = moved(self.lower(person), geometry[:, -2:])
        upper = self.upper(person)
        covers = [torch.sigmoid(layer[:, 3:]) for layer in (lower, upper)]
        for layer, cover in zip((lower, upper), covers, strict=True):
            picture = picture + (torch.sigmoid(layer[:, :3]) - picture) * cover
        shade = _enlarged(torch.sigmoid(self.shade(geometry * 3) + 2))
        return picture * shade, covers[1], covers[0]


def _enlarged(x: Tensor) -> Tensor:
    return functional.interpolate(x, (PATCH_HEIGHT, PATCH_WIDTH), mode="bilinear", align_corners=False)


def moved(layer: Tensor, jaw: Tensor) -> Tensor:
    """Return the layer (B, C, H, W) shifted by the jaw's motion (B, 2), normalised units, x right and y up."""
    shift = jaw * torch.tensor([-2 * PATCH_UNIT / PATCH_WIDTH, 2 * PATCH_UNIT / PATCH_HEIGHT])
    y = torch.linspace(-1 + 1 / PATCH_HEIGHT, 1 - 1 / PATCH_HEIGHT, PATCH_HEIGHT)
    x = torch.linspace(-1 + 1 / PATCH_WIDTH, 1 - 1 / PATCH_WIDTH, PATCH_WIDTH)
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)[None] + shift[:, None, None]
    return functional.grid_sample(layer, grid, mode="bilinear", padding_mode="border", align_corners=False)


class OnePerson(nn.Module):
    """The exported form: the code of the default teeth is part of the weights."""

    def __init__(self, decoder: MouthDecoder, code: Tensor) -> None:
        super().__init__()
        self.decoder = decoder
        self.register_buffer("code", code.reshape(1, -1))

    def forward(self, geometry: Tensor, colours: Tensor) -> Tensor:
        """Return (B, H, W, 3) colours 0…1."""
        code = torch.as_tensor(self.code).expand(len(geometry), -1)
        return torch.as_tensor(self.decoder(geometry, colours, code)).permute(0, 2, 3, 1)
