"""Speech2Landmarks: speech features and a neutral face to talking landmarks, one hop at a time.

    features (B,F) ─FiLM(emotion)─ in ─ GRU ─ GRU ─ h ┬─FiLM(style)─ motion weights (K) · basis ─┐
    neutral (B,78,3) ─ embed ─FiLM(emotion)───────────┤                                          ├─ + emotion ─
                                                      ├─ speech 0…1 (gate of motion) ────────────┤  close lips ─▶
                                                      ├─ closure 0…1 ────────────────────────────┘   landmarks
                                                      └─ tongue 0…1, its tip up and out

Symbols: B batch, T steps, F features, H width, K motion weights, N = 78 landmarks.

What is known is built in instead of learned: the mouth's motion lives in a space of K directions measured on a filmed
speaker and is scaled by the face's own mouth width and height; each emotion is a fixed displacement; where a p, b or m
is heard the inner lips meet; without speech the gate is exactly zero, so the face is exactly at rest.

FiLM: Perez et al. 2018, arXiv 1709.07871, here without offset terms at zero emotion and style: none changes nothing.
Zero style is the mean of the people who taught.
GRU stands for any kind of `export.models.layers`; it is the one that the bundle ships.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.models.layers import LAYERS, Layer
from space_runtime.animation.stages.landmarks import N_TONGUE
from space_runtime.emotion import N_EMOTIONS
from space_runtime.geometry import N_LANDMARKS
from space_runtime.rig.shapes import LIP_PAIRS
from space_runtime.style import N_CODE

NO_LIMIT = 1e3
GATES = ((0.5, 0.6), (0.125, 0.205), (0.0, 1.0), (0.0, 1.0))
"""Of speech, closed lips, the tongue up and out: below the first probability a gate is exactly 0, above the second
exactly 1. By measurement: export/README.md, *Hard negatives*; the tongue's are the probabilities themselves."""
LEAST_GAP = 0.3
"""The least height between the inner lips, over that at rest: lips press on one another but never pass through."""
OPEN_DAMPING = 0.6
"""The share of an emotion's mouth opening that gives way while there is speech, 0…1."""


@dataclass(frozen=True, slots=True)
class LandmarksConfig:
    """Sizes. n_classes: articulatory classes of the training head, which is not exported. kind: of `LAYERS`."""

    n_features: int
    n_classes: int
    n_motion: int
    width: int = 256
    n_layers: int = 2
    kind: str = "gru"
    n_embedded: int = 16


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """landmarks (…, 78, 3); speech and closure (…, 1), gates; tongue (…, 2), its tip up and out, 0…1."""

    landmarks: Tensor
    speech: Tensor
    closure: Tensor
    tongue: Tensor


def _differences(pairs: tuple[tuple[int, int], ...]) -> Tensor:
    """Return (n, N): what subtracts the second landmark of every pair from the first."""
    rows = torch.zeros(len(pairs), N_LANDMARKS)
    for row, (first, second) in enumerate(pairs):
        rows[row, first], rows[row, second] = 1.0, -1.0
    return rows


def _per_axis(matrix: Tensor) -> Tensor:
    """Return (3·n, 3·N): what acts on the landmarks of an (n, N) matrix, on each axis of a face's 3·N numbers."""
    return torch.kron(matrix.contiguous(), torch.eye(3))


def _opening(speech: Tensor, emotion: Tensor) -> Tensor:
    """Return how much of what opens the lips an emotion (…, 8) keeps while there is speech (…, 1)."""
    return (1 - OPEN_DAMPING * speech) * emotion


def _joined(*values: Tensor) -> Tensor:
    """Return the last axes of tensors one after another; the other axes broadcast."""
    shape = torch.broadcast_shapes(*(value.shape[:-1] for value in values))
    return torch.cat([value.expand(*shape, value.shape[-1]) for value in values], -1)


class Film(nn.Module):
    """Scale and shift by emotion or style; exactly the identity at zero."""

    identity: Tensor

    def __init__(self, n_values: int, n_conditions: int = N_EMOTIONS) -> None:
        super().__init__()
        self.modulation = nn.Linear(n_conditions, 2 * n_values, bias=False)
        nn.init.zeros_(self.modulation.weight)
        self.register_buffer("identity", torch.cat([torch.ones(n_values), torch.zeros(n_values)]), persistent=False)

    def forward(self, values: Tensor, condition: Tensor) -> Tensor:
        modulation = functional.linear(condition, self.modulation.weight, self.identity)
        scale, shift = modulation.chunk(2, -1)
        return values * scale + shift


class Face(nn.Module):
    """The fixed part: motion weights, emotion, gates → landmarks. Holds measured constants, learns nothing.

    basis (K, 3N): directions of mouth motion. expressions, openings (8, 3N): displacement of
    each full emotion, without and with what opens the lips. reference_size (2,): mouth width and height of the lower
    face of the filmed speaker. closers (3, N): see `_close`.

    Faces are rows of 3N numbers and everything linear is a product with a constant matrix: a hundred faces at once cost
    little more than the reading of their numbers.
    """

    basis: Tensor
    expressions: Tensor
    openings: Tensor
    reference_size: Tensor
    closers: Tensor
    pairs: Tensor
    rest_pairs: Tensor
    rest_offset: Tensor
    height_limit: Tensor
    spans: Tensor
    span_axes: Tensor
    size_to_face: Tensor

    def __init__(self, n_motion: int) -> None:
        super().__init__()
        for name, shape in {
            "basis": (n_motion, N_LANDMARKS * 3),
            "expressions": (N_EMOTIONS, N_LANDMARKS * 3),
            "openings": (N_EMOTIONS, N_LANDMARKS * 3),
            "reference_size": (2,),
            "closers": (3, N_LANDMARKS),
        }.items():
            self.register_buffer(name, torch.zeros(shape))
        gaps = _per_axis(_differences(LIP_PAIRS))
        beyond = torch.tensor([-NO_LIMIT, 0.0, -NO_LIMIT]).repeat(len(LIP_PAIRS))
        for name, constant in {
            "pairs": gaps.repeat(2, 1).T.contiguous(),
            "rest_pairs": torch.cat([gaps, LEAST_GAP * gaps]),
            "rest_offset": torch.cat([torch.zeros(len(gaps)), beyond]),
            "height_limit": torch.cat([beyond, (1 + LEAST_GAP) * beyond]),
            "spans": _per_axis(_differences(((54, 48), (33, 8)))).T.contiguous(),
            "span_axes": torch.eye(2).repeat_interleave(3, 0),
            "size_to_face": torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]).repeat(1, N_LANDMARKS),
        }.items():
            self.register_buffer(name, constant, persistent=False)

    def forward(self, motion: Tensor, speech: Tensor, closure: Tensor, neutral: Tensor, emotion: Tensor) -> Tensor:
        """Return (…, N, 3). motion (…, K); speech, closure (…, 1) gates; neutral (…, N, 3); emotion (…, 8)."""
        rest, opened = neutral.flatten(-2), _opening(speech, emotion)
        # One product of all directions: three of them and two sums take longer.
        amounts = _joined(speech * motion, opened, emotion)
        displacement = amounts @ torch.cat([self.basis, self.openings, self.expressions])
        return self._placed(displacement, speech, closure, rest)

    def assemble(self, talking: Tensor, speech: Tensor, closure: Tensor, neutral: Tensor, emotion: Tensor) -> Tensor:
        """Return landmarks (…, N, 3) from displacements of the filmed speaker's face ``talking`` (…, 3·N)."""
        displacement = talking + emotion @ self.expressions + _opening(speech, emotion) @ self.openings
        return self._placed(displacement, speech, closure, neutral.flatten(-2))

    def _placed(self, displacement: Tensor, speech: Tensor, closure: Tensor, rest: Tensor) -> Tensor:
        """Return landmarks (…, N, 3) of faces at rest (…, 3N) that move as the filmed speaker's does."""
        moved = rest + displacement * self._size(rest)
        face: Tensor = self._close(moved, rest, closure * speech).unflatten(-1, (N_LANDMARKS, 3))
        return face

    def _size(self, rest: Tensor) -> Tensor:
        """Return (…, 3N) factors: mouth width for x, height of the lower face for y and z, over the speaker's."""
        spans = rest @ self.spans
        width_and_height = torch.sqrt((spans * spans) @ self.span_axes) / self.reference_size
        factors: Tensor = width_and_height.clamp(0.6, 1.6) @ self.size_to_face
        return factors

    def _close(self, moved: Tensor, rest: Tensor, closure: Tensor) -> Tensor:
        """Return faces (…, 3N) whose lips come together by ``closure`` (…, 1) and never pass through one another.

        closers (3, N): how each landmark follows a change of the gap of each of the three inner pairs (upper lip > 0).
        Gaps are (…, 3 pairs · 3 axes), each twice: to close towards that at rest, and to keep `LEAST_GAP` of it;
        limits apply to their height alone.
        """
        at_rest = torch.maximum(functional.linear(rest, self.rest_pairs, self.rest_offset), self.height_limit)
        to_rest, to_least = (at_rest - moved @ self.pairs).chunk(2, -1)
        change = torch.maximum(closure * to_rest, to_least)
        closers = _per_axis(self.closers)
        return torch.addmm(moved, change, closers) if moved.dim() == 2 else moved + change @ closers


class Speech2Landmarks(nn.Module):
    """The network. ``forward`` is one streaming step, ``sequence`` whole sequences for training; both agree."""

    def __init__(self, config: LandmarksConfig) -> None:
        super().__init__()
        self.config = config
        self.film = Film(config.n_features)
        self.entrance = nn.Sequential(nn.Linear(config.n_features, config.width), nn.SiLU())
        self.layers = nn.ModuleList(LAYERS[config.kind](config.width, n) for n in range(config.n_layers))
        self.embed = nn.Sequential(nn.Linear(N_LANDMARKS * 3, config.n_embedded), nn.Tanh())
        self.embed_film = Film(config.n_embedded)
        self.style = Film(config.width, N_CODE)
        self.motion = nn.Sequential(
            nn.Linear(config.width + config.n_embedded, config.width // 2),
            nn.SiLU(),
            nn.Linear(config.width // 2, config.n_motion),
        )
        self.switches = nn.Linear(config.width, len(GATES))
        self.classes = nn.Linear(config.width, config.n_classes)
        self.face = Face(config.n_motion)
        self.resting: Tensor
        self.lowest: Tensor
        self.highest: Tensor
        self.register_buffer("resting", torch.zeros(self.n_state))
        for name, limits in zip(("lowest", "highest"), zip(*GATES, strict=True), strict=True):
            self.register_buffer(name, torch.tensor(limits), persistent=False)

    @property
    def n_state(self) -> int:
        """Numbers of recurrent state per stream."""
        return sum(self._state_sizes())

    def _state_sizes(self) -> list[int]:
        return [layer.n_state for layer in self.layers if isinstance(layer, Layer)]

    def forward(
        self, features: Tensor, neutral: Tensor, emotion: Tensor, style: Tensor, state_in: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return landmarks (B,78,3), speech (B,1), closure (B,1), tongue (B,2), state_out (B,S) of a step (B,F).

        States are counted from ``resting``, so that a stream that starts with zeros has been silent for long.
        """
        x = self.entrance(self.film(features, emotion))
        states = []
        for layer, state in zip(self.layers, (state_in + self.resting).split(self._state_sizes(), -1), strict=True):
            x, state = layer(x, state)
            states.append(state)
        decoded = self.decode(x, neutral, emotion, style)
        tongue = decoded.speech * decoded.tongue
        return decoded.landmarks, decoded.speech, decoded.closure, tongue, torch.cat(states, -1) - self.resting

    def sequence(self, features: Tensor, emotion: Tensor, state_in: Tensor) -> tuple[Tensor, Tensor]:
        """Return the hidden values h (B,T,H) of features (B,T,F) and the last state (B,S)."""
        x = self.entrance(self.film(features, emotion[:, None]))
        states = []
        for layer, state in zip(self.layers, state_in.split(self._state_sizes(), -1), strict=True):
            assert isinstance(layer, Layer)
            x, last = layer.sequence(x, state)
            states.append(last)
        return x, torch.cat(states, -1)

    def decode(self, x: Tensor, neutral: Tensor, emotion: Tensor, style: Tensor) -> Decoded:
        """Return what the hidden values x (…,H) mean; neutral (…,78,3), emotion (…,8), style (…,4) broadcast."""
        embedded = self.embed_film(self.embed(neutral.flatten(-2)), emotion)
        if x.dim() > 2:  # a sequence: the same face at every step
            embedded = embedded.expand(*x.shape[:-1], -1)
        motion = self.motion(torch.cat([self.style(x, style), embedded], -1))
        speech, closure, tongue = self.gates(self.switches(x)).split((1, 1, N_TONGUE), -1)
        return Decoded(self.face(motion, speech, closure, neutral, emotion), speech, closure, tongue)

    def gates(self, logits: Tensor) -> Tensor:
        """Return (…, 4) 0…1 by `GATES`: exactly 0 below the first probability, 1 above the second, linear between."""
        return ((torch.sigmoid(logits) - self.lowest) / (self.highest - self.lowest)).clamp(0, 1)
