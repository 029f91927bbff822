"""Cries, laughter, grunts, held and sung notes: vowels said again by WORLD with another pitch, length and voice.

Each is a sound with the phone classes of its times, so that it can teach or judge like a sentence. pyworld is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyworld
from scipy.ndimage import uniform_filter1d

from export.data.speech.phones import CLASSES, SILENCE
from export.data.speech.voice_conversion import FRAME_MS, Doubles, Voiceprint, stretched, take_apart
from export.data.speech.vowels import Vowel, faded
from space_runtime.arrays import Floats
from space_runtime.timebase import SAMPLE_RATE

Rng = np.random.Generator
FRAME_S: Final = FRAME_MS / 1000
SILENT: Final = 1e-7
"""Least power: WORLD takes the logarithm of it."""
BREATH: Final = CLASSES.index("h")


@dataclass(frozen=True, slots=True, eq=False)
class Cry:
    """A sound of a mouth that is no sentence. pcm: (n,) at 16 kHz. labels: (n // 160,) classes in 10 ms frames."""

    kind: str
    pcm: Floats
    labels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def cut(vowel: Vowel, rng: Rng) -> tuple[Floats, Floats]:
    """Return the vowel as it was recorded."""
    del rng
    return vowel.alone, np.ones(round((vowel.end_s - vowel.start_s) * 100), np.float32)


def held(vowel: Vowel, rng: Rng) -> tuple[Floats, Floats]:
    """Return the vowel held for 0.5…3 s, with a little vibrato."""
    n = _frames(rng.uniform(0.5, 3.0))
    vibrato = 1 + rng.uniform(0, 0.03) * np.sin(2 * np.pi * rng.uniform(4, 6.5) * np.arange(n) * FRAME_S)
    return _said(vowel, _pitch(vowel, rng, 0.7, 1.6) * vibrato, _swell(n, rng), rng)


def bark(vowel: Vowel, rng: Rng) -> tuple[Floats, Floats]:
    """Return a short loud call whose pitch rises and falls."""
    n = _frames(rng.uniform(0.15, 0.5))
    arch = 1 + rng.uniform(0, 0.5) * np.sin(np.pi * np.linspace(0, 1, n) ** rng.uniform(0.5, 1.5))
    return _said(vowel, _pitch(vowel, rng, 0.9, 2.2) * arch, _swell(n, rng), rng, effort=rng.uniform(0.5, 1.0))


def scream(vowel: Vowel, rng: Rng) -> tuple[Floats, Floats]:
    """Return a high rough cry."""
    n = _frames(rng.uniform(0.4, 1.6))
    pitch = np.full(n, rng.uniform(350, 850)) * np.linspace(1, rng.uniform(0.7, 1.2), n)
    return _said(vowel, pitch, _swell(n, rng), rng, effort=1.0, rough=rng.uniform(0.2, 0.8))


def grunt(vowel: Vowel, rng: Rng) -> tuple[Floats, Floats]:
    """Return a short low rough sound of effort."""
    n = _frames(rng.uniform(0.12, 0.45))
    pitch = np.full(n, rng.uniform(60, 130)) * np.linspace(1.2, rng.uniform(0.6, 0.9), n)
    return _said(vowel, pitch, _swell(n, rng), rng, rough=rng.uniform(0.4, 1.0), breath=0.5)


def laugh(vowel: Vowel, rng: Rng) -> tuple[Floats, Floats]:
    """Return bursts of a vowel, 3.5 to 6 a second, breath between them, the pitch falling (slow: sobs)."""
    n = _frames(rng.uniform(0.8, 2.5))
    rate = rng.uniform(3.5, 6.0) if rng.random() < 0.75 else rng.uniform(1.5, 3.0)
    bursts = np.clip(1.6 * np.sin(2 * np.pi * rate * np.arange(n) * FRAME_S), 0, 1)
    pitch = _pitch(vowel, rng, 1.2, 2.5) * np.linspace(1.1, 0.8, n) * (0.9 + 0.2 * bursts)
    level = np.maximum(bursts, rng.uniform(0.005, 0.04)) * _swell(n, rng)
    return _said(vowel, pitch, level, rng, breath=rng.uniform(0.3, 0.8))


def sing(vowel: Vowel, rng: Rng) -> tuple[Floats, Floats]:
    """Return notes of one vowel, in semitones, with vibrato."""
    semitones = rng.integers(-7, 8, rng.integers(2, 6))
    notes = [np.full(_frames(rng.uniform(0.2, 0.9)), 2 ** (height / 12)) for height in semitones]
    steps = uniform_filter1d(np.concatenate(notes), 8)
    vibrato = 1 + 0.025 * np.sin(2 * np.pi * rng.uniform(5, 6.5) * np.arange(len(steps)) * FRAME_S)
    return _said(vowel, _pitch(vowel, rng, 0.8, 2.0) * steps * vibrato, _swell(len(steps), rng), rng)


def whisper(vowel: Vowel, rng: Rng) -> tuple[Floats, Floats]:
    """Return the vowel held without a voice."""
    n = _frames(rng.uniform(0.3, 1.5))
    return _said(vowel, np.zeros(n), _swell(n, rng), rng, breath=1.0)


KINDS: Final[dict[str, Callable[[Vowel, Rng], tuple[Floats, Floats]]]] = {
    "cut": cut,
    "held": held,
    "bark": bark,
    "scream": scream,
    "grunt": grunt,
    "laugh": laugh,
    "sing": sing,
    "whisper": whisper,
}


def cry(kind: str, vowel: Vowel, rng: Rng, around_s: float = 0.4) -> Cry:
    """Return a cry of a kind with silence around it; where it is quiet inside, its breath is labelled as such."""
    pcm, level = KINDS[kind](vowel, rng)
    before, after = (round(rng.uniform(0.5, 1.0) * around_s * 100) for _ in range(2))
    n = len(pcm) // 160
    loud = np.interp(np.arange(n) / 100, np.linspace(0, len(pcm) / SAMPLE_RATE, len(level)), level) > 0.05
    labels = np.where(loud, vowel.kind, BREATH).astype(np.uint8)
    still = np.full(before, SILENCE, np.uint8), np.full(after, SILENCE, np.uint8)
    sound = np.concatenate([np.zeros(before * 160, np.float32), pcm[: n * 160], np.zeros(after * 160, np.float32)])
    return Cry(kind, sound, np.concatenate([still[0], labels, still[1]]))


def _said(
    vowel: Vowel, pitch: Doubles, level: Doubles, rng: Rng, effort: float = 0.0, rough: float = 0.0, breath: float = 0.0
) -> tuple[Floats, Floats]:
    """Return the vowel at a (n,) pitch and (n,) level in frames of 5 ms, and the level.

    effort: tilts the spectrum up, as a raised voice does. rough: how deep the level shakes. breath: how much of it is.
    """
    voice, n = _middle(vowel), len(pitch)
    wander = np.cumsum(rng.choice([-1, 0, 1], n)) + int(rng.integers(len(voice.pitch)))
    at = np.abs((wander % max(2 * len(voice.pitch) - 2, 1)) - (len(voice.pitch) - 1))
    tilt = np.linspace(0, effort * 3.0, voice.envelope.shape[1])
    shake = 1 - rough * 0.8 * np.clip(uniform_filter1d(rng.standard_normal(n), 2), 0, 1)
    strength = (np.square(level * shake)[:, None] + SILENT) * np.exp(tilt)
    envelope = stretched(voice.envelope[at], float(np.exp(rng.uniform(-0.22, 0.28)))) * strength
    noise = np.clip(voice.breath[at] * (1 - breath) + breath, 0, 1)
    sound = pyworld.synthesize(
        pitch, np.ascontiguousarray(envelope), np.ascontiguousarray(noise), SAMPLE_RATE, FRAME_MS
    )
    loudest = float(np.abs(sound).max()) + 1e-9
    return faded(np.asarray(sound / loudest * rng.uniform(0.1, 0.9), np.float32)), np.asarray(level, np.float32)


def _middle(vowel: Vowel) -> Voiceprint:
    """Return the middle half of a vowel, taken apart."""
    first, last = (round(place * SAMPLE_RATE) for place in (vowel.start_s - 0.05, vowel.end_s + 0.05))
    whole = take_apart(vowel.pcm[max(first, 0) : last])
    n = len(whole.pitch)
    part = slice(n // 3, max(2 * n // 3, n // 3 + 2))
    return Voiceprint(whole.pitch[part], whole.envelope[part], whole.breath[part])


def _pitch(vowel: Vowel, rng: Rng, lowest: float, highest: float) -> float:
    """Return the vowel's own pitch in hertz times a random factor; that of a man where it has none."""
    voiced = _middle(vowel).pitch
    own = float(np.median(voiced[voiced > 0])) if (voiced > 0).any() else 120.0
    return float(np.clip(own * np.exp(rng.uniform(np.log(lowest), np.log(highest))), 60, 900))


def _swell(n: int, rng: Rng) -> Doubles:
    """Return (n,) a level that comes up in some 10 ms, changes slowly and dies away."""
    rise, fall = rng.uniform(2, 12), rng.uniform(6, 40)
    slow = np.exp(0.3 * np.interp(np.arange(n), np.linspace(0, n, 5), rng.standard_normal(5)))
    ends = np.minimum(1, np.arange(n) / rise) * np.minimum(1, np.arange(n)[::-1] / fall)
    return np.asarray(slow * ends / slow.max(), np.float64)


def _frames(seconds: float) -> int:
    return max(round(seconds / FRAME_S), 8)
