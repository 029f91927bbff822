"""Landmarks2Latents: posed landmarks become the generator's driving keypoints.

One step per picture. All points are normalised (head pose and scale removed by the stage, put back after). The answer
is a residual: the portrait's own keypoints, plus the landmarks' displacement spread over the face by a fixed smooth
matrix, plus what the network adds where the spread knows too little (lips between the landmarks, lids, the jaw's skin).
The last part fades out with the displacement, so that the portrait's own landmarks give exactly its own keypoints.

Emotion modulates all three inputs (FiLM, arXiv 1709.07871: h · (1 + γ(e)) + β(e)).
B = batch, T = steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from space_runtime.emotion import N_EMOTIONS
from space_runtime.geometry import N_LANDMARKS
from space_runtime.rendering.warp.keypoints import N_KEYPOINTS


@dataclass(frozen=True, slots=True)
class LatentsConfig:
    """Sizes. n_features: of a speech step. reach: largest added motion, normalised units. knee: displacement, in the
    same unit, at which half of the reach is allowed."""

    n_features: int = 96
    width: int = 96
    hidden: int = 128
    reach: float = 0.06
    knee: float = 0.02


class Film(nn.Module):
    """A layer whose output the emotion scales and shifts; a zero emotion changes nothing."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.layer = nn.Linear(n_in, n_out)
        self.modulation = nn.Linear(N_EMOTIONS, 2 * n_out, bias=False)
        nn.init.zeros_(self.modulation.weight)

    def forward(self, x: Tensor, emotion: Tensor) -> Tensor:
        scale, shift = self.modulation(emotion).chunk(2, -1)
        return nn.functional.silu(self.layer(x) * (1 + scale) + shift)


class Landmarks2Latents(nn.Module):
    """See the module. spread: (160, 78) motion of keypoints from that of landmarks; select: (78, 160) landmarks from
    keypoints."""

    spread: Tensor
    select: Tensor

    def __init__(self, config: LatentsConfig, spread: Tensor, select: Tensor) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("spread", spread)
        self.register_buffer("select", select)
        self.landmarks = Film(3 * N_LANDMARKS, config.width)
        self.speech = Film(config.n_features, config.width // 2)
        self.portrait = Film(3 * N_KEYPOINTS, config.width // 2)
        self.memory = nn.GRU(2 * config.width, config.hidden, batch_first=True)
        self.head = nn.Linear(config.hidden + 2 * config.width, 3 * N_KEYPOINTS)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(
        self, landmarks: Tensor, features: Tensor, keypoints: Tensor, emotion: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return (keypoints (B, T, 160, 3), state (B, hidden)).

        landmarks: (B, T, 78, 3). features: (B, T, F). keypoints: (B, 160, 3). emotion: (B, 8). state: (B, hidden).
        """
        b, t = landmarks.shape[:2]
        moved = landmarks - (self.select @ keypoints)[:, None]
        mood = emotion[:, None]
        portrait = self.portrait(keypoints.reshape(b, 1, -1), mood).expand(b, t, -1)
        heard = self.speech(features, mood)
        seen = self.landmarks(moved.reshape(b, t, -1) * 10, mood)
        x = torch.cat([seen, heard, portrait], -1)
        remembered, last = self.memory(x, state[None])
        added = self.head(torch.cat([remembered, x], -1)).reshape(b, t, N_KEYPOINTS, 3)
        return keypoints[:, None] + self.spread @ moved + self._allowance(moved) * added, last[0]

    def _allowance(self, moved: Tensor) -> Tensor:
        """Return (B, T, 160, 1): how far the network may add to each keypoint, 0 where no landmark near it moves."""
        distance = self.spread.abs() @ (moved.square().sum(-1, keepdim=True) + 1e-12).sqrt()
        distance = (distance - 1e-5).clamp(min=0)
        return self.config.reach * distance / (distance + self.config.knee)


class OneStep(nn.Module):
    """The exported form: one step, tensors without the time axis."""

    def __init__(self, network: Landmarks2Latents) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, landmarks: Tensor, features: Tensor, portrait_keypoints: Tensor, emotion: Tensor, state_in: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return (keypoints (B, 160, 3), state_out (B, hidden))."""
        keypoints, state = self.network(landmarks[:, None], features[:, None], portrait_keypoints, emotion, state_in)
        return keypoints[:, 0], state
