"""Memory layers for Speech2Landmarks: kinds of causal layers, each whole over a sequence and step by step alike.

Symbols: B batch, T steps, H width, S numbers of state. Every layer maps H numbers a step to H. What the kinds are
worth: `python -m export compare`.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional


class Layer(nn.Module):
    """A causal layer. ``forward`` is one step, ``sequence`` many; both agree.

    n_state: numbers of state of one stream; all zeros is the start.
    """

    n_state: int

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return (answer (B, H), new state (B, S)) after one step x (B, H)."""
        answer, state = self.sequence(x[:, None], state)
        return answer[:, 0], state

    def sequence(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return (answers (B, T, H), last state (B, S)) of x (B, T, H)."""
        raise NotImplementedError


STATE_STEP: Final = 2 / 255
"""The step of a state, −1…1, that an exported network multiplies in eight bits."""


class GruLayer(Layer):
    """Gated recurrent unit (Cho et al. 2014) in the form of cuDNN: fused for sequences, plain arithmetic for a step.

    rounded: whether `sequence` multiplies the state in eight bits, as the exported network will, step by step.
    """

    rounded = False

    def __init__(self, width: int, number: int) -> None:
        super().__init__()
        del number
        self.n_state = width
        self.fused = nn.GRU(width, width, batch_first=True)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        state = self._next(self._gates_in(x), state, state)
        return state, state

    def _gates_in(self, x: Tensor) -> Tensor:
        """Return what x (…, H) adds to the three gates (…, 3·H)."""
        weight_in, _, bias_in, _ = self.fused.all_weights[0]
        return functional.linear(x, weight_in, bias_in)

    def _next(self, gates_in: Tensor, state: Tensor, seen: Tensor) -> Tensor:
        """Return the state (B, H) after one; ``seen`` (B, H) is the state as the product with its matrix takes it."""
        _, weight_state, _, bias_state = self.fused.all_weights[0]
        gates_state = functional.linear(seen, weight_state, bias_state)
        reset_in, update_in, new_in = gates_in.chunk(3, -1)
        reset_state, update_state, new_state = gates_state.chunk(3, -1)
        update = torch.sigmoid(update_in + update_state)
        candidate = torch.tanh(new_in + torch.sigmoid(reset_in + reset_state) * new_state)
        return candidate + update * (state - candidate)

    def sequence(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        if not self.rounded:
            outputs, last = self.fused(x, state[None].contiguous())
            return outputs, last[0]
        states = []
        for gates_in in self._gates_in(x).unbind(1):
            seen = torch.fake_quantize_per_tensor_affine(state, STATE_STEP, 128, 0, 255)
            state = self._next(gates_in, state, seen)
            states.append(state)
        return torch.stack(states, 1), state


class LstmLayer(Layer):
    """Long short-term memory (Hochreiter & Schmidhuber 1997, with Gers' forget gate). State: answer and cell."""

    def __init__(self, width: int, number: int) -> None:
        super().__init__()
        del number
        self.n_state = 2 * width
        self.fused = nn.LSTM(width, width, batch_first=True)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        weight_in, weight_state, bias_in, bias_state = self.fused.all_weights[0]
        before, cell = state.chunk(2, -1)
        gates = functional.linear(x, weight_in, bias_in) + functional.linear(before, weight_state, bias_state)
        enter, forget, new, leave = gates.chunk(4, -1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(new)
        answer = torch.sigmoid(leave) * torch.tanh(cell)
        return answer, torch.cat([answer, cell], -1)

    def sequence(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        before, cell = (part[None].contiguous() for part in state.chunk(2, -1))
        outputs, (answer, cell) = self.fused(x, (before, cell))
        return outputs, torch.cat([answer[0], cell[0]], -1)


class ConvolutionLayer(Layer):
    """Causal convolution (van den Oord et al. 2016) with a residual path: three steps, twice as far apart from layer to
    layer. State: the steps that it reaches back."""

    TAPS: Final = 3

    def __init__(self, width: int, number: int) -> None:
        super().__init__()
        self.reach = (self.TAPS - 1) * 2**number
        self.n_state = self.reach * width
        self.norm = nn.LayerNorm(width)
        self.taps = nn.Conv1d(width, width, self.TAPS, dilation=2**number)
        self.exit = nn.Linear(width, width)

    def sequence(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        past = torch.cat([state.unflatten(-1, (self.reach, -1)), self.norm(x)], 1)
        heard = self.taps(past.transpose(1, 2)).transpose(1, 2)
        return x + self.exit(functional.silu(heard)), past[:, -self.reach :].flatten(1)


class AttentionLayer(Layer):
    """Attention (Vaswani et al. 2017) over the last two seconds, then two linear layers. How long ago something was
    counts by a learned bias of each head (Raffel et al. 2020). State: the keys and values of that past."""

    PAST: Final = 100
    N_HEADS: Final = 4

    def __init__(self, width: int, number: int) -> None:
        super().__init__()
        del number
        self.n_state = self.PAST * 2 * width
        self.norm, self.asks, self.offers = nn.LayerNorm(width), nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.exit = nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(self.N_HEADS, self.PAST + 1))
        self.mind = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width)
        )

    def sequence(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        n, heard = x.shape[1], self.norm(x)
        past = torch.cat([state.unflatten(-1, (self.PAST, -1)), self.offers(heard)], 1)
        keys, values = (self._by_head(part) for part in past.chunk(2, -1))
        asked = self._by_head(self.asks(heard))
        # Step i of this sequence lies at place i + PAST of the past and sees the PAST steps before it and itself.
        distance = torch.arange(n)[:, None] + self.PAST - torch.arange(n + self.PAST)[None]
        seen = (distance >= 0) & (distance <= self.PAST)
        bias = self.bias[:, distance.clamp(0, self.PAST)].masked_fill(~seen, -math.inf)
        found = functional.scaled_dot_product_attention(asked, keys, values, attn_mask=bias[None])
        x = x + self.exit(found.transpose(1, 2).flatten(2))
        answer: Tensor = x + self.mind(x)
        return answer, past[:, -self.PAST :].flatten(1)

    def _by_head(self, rows: Tensor) -> Tensor:
        """Return (B, heads, T, H / heads) of (B, T, H)."""
        by_head: Tensor = rows.unflatten(-1, (self.N_HEADS, -1))
        return by_head.transpose(1, 2)


LAYERS: Final[dict[str, type[GruLayer | LstmLayer | ConvolutionLayer | AttentionLayer]]] = {
    "gru": GruLayer,
    "lstm": LstmLayer,
    "convolution": ConvolutionLayer,
    "attention": AttentionLayer,
}
"""By the name that a recipe gives them."""
