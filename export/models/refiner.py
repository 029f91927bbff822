"""Refiner: the drawn mouth and the photo's mouth become the change that makes the drawn one look filmed.

A small U-Net (Ronneberger et al. 2015, MICCAI) at half of the square's resolution: pixels are folded into channels
first and unfolded last, which costs a quarter of the arithmetic. Paths from fine to fine are added, not stacked.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

SIDE = 128
"""Pixels on a side of the square; the runtime's is the same (tested)."""
LEAK = 0.1
"""Slope of the activations below zero. With none, whole layers fell silent in the first updates and learnt no more."""


@dataclass(frozen=True, slots=True)
class RefinerConfig:
    """widths: channels at a half, a quarter and an eighth of the resolution."""

    widths: tuple[int, int, int] = (32, 48, 64)


class Refiner(nn.Module):
    """See the module. B: batch; pictures are (B, 3, 128, 128) RGB in 0…1."""

    def __init__(self, config: RefinerConfig | None = None) -> None:
        super().__init__()
        fine, middle, coarse = (config or RefinerConfig()).widths
        self.fold = nn.PixelUnshuffle(2)
        self.enter = nn.Sequential(_conv(2 * 3 * 4, fine), _conv(fine, fine))
        self.down = nn.Sequential(_conv(fine, middle, 2), _conv(middle, middle))
        self.deep = nn.Sequential(_conv(middle, coarse, 2), _conv(coarse, coarse), _conv(coarse, coarse))
        self.from_deep = nn.Conv2d(coarse, middle, 1)
        self.up = nn.Sequential(_conv(middle, middle), _conv(middle, middle))
        self.from_up = nn.Conv2d(middle, fine, 1)
        self.leave = nn.Sequential(_conv(fine, fine), _conv(fine, fine))
        self.change = nn.Conv2d(fine, 3 * 4, 3, padding=1)
        self.unfold = nn.PixelShuffle(2)
        nn.init.zeros_(self.change.weight)
        nn.init.zeros_(torch.as_tensor(self.change.bias))

    def forward(self, drawn: Tensor, photo: Tensor) -> Tensor:
        """Return the (B, 3, 128, 128) change of the drawn mouths, −1…1; an untrained network changes nothing."""
        fine = self.enter(self.fold(torch.cat([drawn, photo], 1) - 0.5))
        middle = self.down(fine)
        middle = self.up(middle + _twice(self.from_deep(self.deep(middle))))
        fine = self.leave(fine + _twice(self.from_up(middle)))
        return torch.as_tensor(self.unfold(self.change(fine)))


def _conv(n_in: int, n_out: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution that keeps the spread of what goes through it (He et al. 2015, ICCV), and its activation."""
    convolution = nn.Conv2d(n_in, n_out, 3, stride, 1)
    nn.init.kaiming_normal_(convolution.weight, LEAK)
    nn.init.zeros_(torch.as_tensor(convolution.bias))
    return nn.Sequential(convolution, nn.LeakyReLU(LEAK))


def _twice(coarse: Tensor) -> Tensor:
    """Return a map at twice the resolution."""
    return nn.functional.interpolate(coarse, scale_factor=2.0, mode="nearest")
