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

from space_runtime.rendering.warp.interior import N_COLOURS, N_GEOMETRY, PATCH_HEIGHT, PATCH_UNIT, PATCH_WIDTH

BRIGHTEST_TONGUE = (0.55, 0.32, 0.32)
"""No tongue and no cheek is brighter than this: what is brighter must be a tooth, and teeth are rigid."""


OUT_OF_SIGHT = 30.0
"""The offset that, subtracted from a cover before its sigmoid, leaves nothing of it."""


@dataclass(frozen=True, slots=True)
class MouthConfig:
    """Sizes. n_code: numbers that tell one person's teeth from another's."""

    n_code: int = 16
    width: int = 128
    channels: tuple[int, ...] = (48, 40, 28, 20, 14)


class PatchDecoder(nn.Module):
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
        self.upper = PatchDecoder(person, config.width, config.channels, 4)
        self.lower = PatchDecoder(person, config.width, config.channels, 4)
        self.dark = PatchDecoder(person + N_GEOMETRY, config.width, soft, 3)
        self.shade = PatchDecoder(N_GEOMETRY, config.width, soft, 1)

    def forward(self, geometry: Tensor, colours: Tensor, code: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the picture (B, 3, H, W), 0…1, and the covers (B, 1, H, W) of upper and lower teeth.

        geometry: (B, 42). colours: (B, 6). code: (B, n_code).
        """
        person = torch.cat([colours, code], 1)
        return self.combine(geometry, person, self.upper(person), self.lower(person))

    def combine(self, geometry: Tensor, person: Tensor, upper: Tensor, lower: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return `forward` from colours and code in one (B, 6 + n_code) and both teeth layers (B, 4, H, W)."""
        depth = torch.sigmoid(self.dark(torch.cat([person, geometry * 3], 1)) - 1)
        picture = _enlarged(depth * torch.tensor(BRIGHTEST_TONGUE).reshape(1, 3, 1, 1))
        lower = moved(lower, geometry[:, -2:])
        covers = [torch.sigmoid(layer[:, 3:]) for layer in (lower, upper)]
        for layer, cover in zip((lower, upper), covers, strict=True):
            picture = picture + (torch.sigmoid(layer[:, :3]) - picture) * cover
        shade = _enlarged(torch.sigmoid(self.shade(geometry * 3) + 2))
        return picture * shade, covers[1], covers[0]


def hidden(upper: Tensor, teeth: Tensor) -> Tensor:
    """Return the layer (B, 4, H, W) of which only a part (B, 1), 0…1, is to be seen."""
    return upper - (1 - teeth)[..., None, None] * torch.tensor([0.0, 0.0, 0.0, OUT_OF_SIGHT]).reshape(1, 4, 1, 1)


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
    """The exported form: code, colours and painted teeth of the person with the default teeth are constants.

    Colours that the code was not learned with make the layers rough, so another face's colours only set the light.
    """

    def __init__(self, decoder: MouthDecoder, code: Tensor, colours: Tensor) -> None:
        super().__init__()
        self.decoder = decoder
        person = torch.cat([colours, code])[None]
        with torch.no_grad():
            upper, lower = decoder.upper(person), decoder.lower(person)
        self.person = nn.Parameter(person, requires_grad=False)
        self.upper_teeth = nn.Parameter(upper, requires_grad=False)
        self.lower_teeth = nn.Parameter(lower, requires_grad=False)

    def forward(self, geometry: Tensor, colours: Tensor, teeth: Tensor) -> Tensor:
        """Return (B, H, W, 3) colours 0…1.

        geometry: (B, 42). colours: (B, 6). teeth: (B, 1) how much of the upper teeth is there, 0…1.
        """
        n = geometry.shape[0]
        upper = hidden(self.upper_teeth.expand(n, -1, -1, -1), teeth)
        lower = self.lower_teeth.expand(n, -1, -1, -1)
        picture = self.decoder.combine(geometry, self.person.expand(n, -1), upper, lower)[0]
        light = colours[:, :3].mean(1, keepdim=True) / self.person[:, :3].mean()
        light = light.clamp(0.4, 1.3) ** 0.6
        return torch.as_tensor((picture * light[..., None, None]).permute(0, 2, 3, 1))
