"""Motion that is known exactly: a head that turns, looks, blinks, smiles and speaks, as smooth functions of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.arrays import Doubles, Floats
from space_runtime.rig.identity import look_weights
from space_runtime.rig.shapes import LOOK_ROWS, SHAPE

CLOSE_S, SHUT_S, OPEN_S = 0.08, 0.03, 0.16
"""Phases of a blink (VanderWerf et al. 2003, J. Neurophysiol. 89(5))."""
TURN_RAD: Final = np.radians([22.0, 13.0, 11.0])
SHIFT_CM: Final = np.array([4.0, 2.5, 6.0])
GAZE_RAD: Final = np.radians([16.0, 9.0])
SYLLABLES_HZ: Final = 3.6
BOTH: Final = ("Left", "Right")


@dataclass(frozen=True, slots=True, eq=False)
class KnownMotion:
    """T moments. weights: (T, 52). rotation_rad: (T, 3). shift_cm: (T, 3). eyes_rad: (T, 2, 2)."""

    times_s: Doubles
    weights: Floats
    rotation_rad: Floats
    shift_cm: Floats
    eyes_rad: Floats


def known_motion(times_s: Doubles, seed: int = 1) -> KnownMotion:
    """Return the motion of a seed at (T,) times. The first 0.6 s rest."""
    rng = np.random.default_rng(seed)
    begun = np.clip((times_s - 0.6) / 0.6, 0, 1)[:, None]
    turn = begun * TURN_RAD * np.stack([_wander(rng, times_s, 0.9) for _ in range(3)], 1)
    shift = begun * SHIFT_CM * np.stack([_wander(rng, times_s, 0.5) for _ in range(3)], 1)
    gaze = begun * GAZE_RAD * np.stack([_wander(rng, times_s, 1.5) for _ in range(2)], 1)
    eyes = np.repeat(gaze[:, None], 2, 1).astype(np.float32)
    weights = np.zeros((len(times_s), len(ARKIT_NAMES)))
    weights[:, list(LOOK_ROWS)] = look_weights(eyes)
    for name, values in _face(rng, times_s).items():
        sides = BOTH if f"{name}Left" in SHAPE else ("",)
        for side in sides:
            weights[:, SHAPE[name + side]] = begun[:, 0] * values
    return KnownMotion(times_s, weights.astype(np.float32), turn.astype(np.float32), shift.astype(np.float32), eyes)


def _face(rng: np.random.Generator, times_s: Doubles) -> dict[str, Doubles]:
    """Return the weights of shapes over time; of both sides where there are two."""
    beat = np.sin(2 * np.pi * SYLLABLES_HZ * times_s + 1.5 * _wander(rng, times_s, 0.8))
    speaks = np.clip(0.6 + _wander(rng, times_s, 0.5), 0, 1)
    smile = np.clip(_wander(rng, times_s, 0.4), 0, 1)
    brows = _wander(rng, times_s, 0.7)
    round_lips = np.clip(_wander(rng, times_s, 1.3), 0, 1) * speaks
    return {
        "jawOpen": 0.5 * speaks * np.clip(0.5 + 0.6 * beat, 0, 1),
        "mouthSmile": 0.8 * smile,
        "cheekSquint": 0.3 * smile,
        "mouthPucker": 0.6 * round_lips * (1 - smile),
        "browInnerUp": 0.8 * np.clip(brows, 0, 1),
        "browOuterUp": 0.6 * np.clip(brows, 0, 1),
        "browDown": 0.8 * np.clip(-brows, 0, 1),
        "eyeBlink": _blinks(rng, times_s),
    }


def _blinks(rng: np.random.Generator, times_s: Doubles) -> Doubles:
    """Return how far lids are shut: blinks every 1.2…3 s."""
    shut = np.zeros_like(times_s)
    at = float(times_s[0]) + 1.5
    while at < times_s[-1]:
        since = times_s - at
        rise = np.clip(since / CLOSE_S, 0, 1)
        fall = np.clip((since - CLOSE_S - SHUT_S) / OPEN_S, 0, 1)
        shut = np.maximum(shut, _ease(rise) * (1 - _ease(fall)))
        at += float(rng.uniform(1.2, 3.0))
    return shut


def _ease(share: Doubles) -> Doubles:
    return share**3 * (10 - 15 * share + 6 * share**2)


def _wander(rng: np.random.Generator, times_s: Doubles, top_hz: float) -> Doubles:
    """Return a smooth function of about −1…1: sines up to a frequency."""
    rates = rng.uniform(0.15, 1, 5) * top_hz
    phases, sizes = rng.uniform(0, 2 * np.pi, 5), rng.uniform(0.5, 1, 5)
    waves = sizes * np.sin(2 * np.pi * rates * times_s[:, None] + phases)
    return np.asarray(waves.sum(1) / (0.75 * sizes.sum()))
