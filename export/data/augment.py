"""Augmentation on mel powers: other voices, rooms, microphones, levels and noise without touching a waveform.

Arrays: B sequences, N frames of 10 ms, 48 bands; natural logarithms of power unless said otherwise.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.signal import lfilter

from space_runtime.animation.stages.features import (
    FRAME,
    HIGHEST_HZ,
    LEVEL_DECAY,
    LEVEL_FLOOR,
    LEVEL_SMOOTHING,
    LOWEST_HZ,
    N_FEATURES,
    N_MELS,
    PRE_EMPHASIS_HZ,
    WINDOW,
    mel_power,
    normalised_log,
)
from space_runtime.arrays import Floats, Mask

Rng = np.random.Generator
SILENCE_LOG: Final = -27.0
HISS_SHARE, NOISE_SHARE = 0.3, 0.4
"""So many sequences have the white noise of amplifiers and microphones; so many of the others any noise at all."""
HUM_SHARE: Final = 0.3
"""So many of the made-up tones that sound alone are the mains."""
BURSTS_SHARE: Final = 0.25
"""So many of the sounds that are heard alone begin in silence and stop: a note then begins as suddenly as a cry."""
BURST_FRAMES, GAP_FRAMES = (8, 250), (15, 150)
"""How long such a sound lasts and the silence before it, shortest and longest."""
NATURAL: Final = 0.1
CREATURES: Final = 0.2
"""So many sequences have a voice that no person has."""
NOTHING_ABOVE: Final = 10.0
"""A voice lowered that much has nothing above what was recorded: a logarithm of power that is taken off."""
LN10_OVER_10: Final = float(np.log(10) / 10)
"""Natural logarithm of power per decibel."""


def augment(mel: Floats, noise_only: Mask, natural: Mask, sounds: Floats, rng: Rng) -> Floats:
    """Return (B, N, 48) linear powers of distorted (B, N, 48) sequences; ``noise_only`` ones lose all their speech.

    natural: (B,) sequences that keep their spectrum but for `NATURAL` of the changes: by it one hears a voice's effort.
    sounds: (B, N, 48) logarithms of other sounds, of which some are heard beside the speech or instead of it.
    """
    strength = np.where(natural, NATURAL, 1.0).astype(np.float32)
    mel = warp_bands(mel, rng, strength)
    mel += (equaliser(len(mel), rng) * strength[:, None])[:, None]
    mel += rng.uniform(-45, 3, (len(mel), 1, 1)).astype(np.float32) * LN10_OVER_10
    mel[noise_only] = SILENCE_LOG
    power = np.exp(mel)
    reverberate(power, rng)
    power += noise(power, noise_only, rng) + beside(power, noise_only, sounds, rng)
    power *= band_limit(len(mel), rng)[:, None]
    power *= codec_holes(power, rng)
    return power


def features_of(power: Floats, rng: Rng) -> Floats:
    """Return (B, N/2, 96) features of (B, N, 48) powers, as `space_runtime.animation.stages.features` computes them.

    The level starts at the floor or, as in the middle of a stream, at a random height.
    """
    means = power.mean(2).astype(np.float64)
    smooth = lfilter([LEVEL_SMOOTHING], [1, LEVEL_SMOOTHING - 1], means, axis=1)
    start = np.where(rng.random(len(power)) < 0.5, LEVEL_FLOOR, means.max(1) * 10 ** rng.uniform(-3, 0.5, len(power)))
    smooth[:, 0] = np.maximum(smooth[:, 0], start)
    rise = -np.log(LEVEL_DECAY) * np.arange(power.shape[1])
    level = np.exp(np.maximum.accumulate(np.log(np.maximum(smooth, LEVEL_FLOOR)) + rise, 1) - rise)
    level = np.maximum(level, LEVEL_FLOOR).astype(np.float32)
    return normalised_log(power, level[..., None]).reshape(len(power), -1, N_FEATURES)


def warp_bands(mel: Floats, rng: Rng, strength: Floats | None = None) -> Floats:
    """Return sequences whose frequency axis is stretched by ±20 %: shorter and longer vocal tracts; some by up to an
    octave: voices of creatures. strength: (B,) shares of that, all of it if left out."""
    factors = np.exp(rng.uniform(-0.2, 0.2, len(mel)))
    factors[rng.random(len(mel)) < 0.2] = 1.0
    strange = rng.random(len(mel)) < CREATURES
    factors[strange] = np.exp(rng.uniform(-np.log(2), np.log(2), int(strange.sum())))
    factors = factors if strength is None else factors**strength
    hz = _centres_hz()
    warped = np.empty_like(mel)
    for i, factor in enumerate(factors):
        place = np.interp(hz * factor, hz, np.arange(N_MELS))
        low = np.minimum(place.astype(int), N_MELS - 2)
        share = (place - low).astype(np.float32)
        warped[i] = mel[i][:, low] * (1 - share) + mel[i][:, low + 1] * share
        warped[i] -= NOTHING_ABOVE * (hz * factor > HIGHEST_HZ * 1.25)
    return warped


def equaliser(n: int, rng: Rng) -> Floats:
    """Return (n, 48) smooth random responses of about ±6 dB with a tilt: microphones and rooms."""
    place = np.linspace(0, 1, N_MELS)
    waves = np.stack([np.cos(np.pi * k * place) for k in range(1, 6)])
    strength = rng.normal(0, [4.0, 2.5, 1.5, 1.0, 1.0], (n, 5))
    response = strength @ waves * LN10_OVER_10
    return np.asarray(response, np.float32)


def reverberate(power: Floats, rng: Rng) -> None:
    """Put half of the (B, N, 48) sequences into rooms, in place: a fluttering tail, weaker in high bands.

    Powers add where sounds do not know of one another's phase: the tail is the power, smeared out exponentially.
    """
    for row in np.flatnonzero(rng.random(len(power)) < 0.5):
        rt60_s = float(np.exp(rng.uniform(np.log(0.12), np.log(1.0))))
        kept = 10 ** (-6 * 0.01 / rt60_s)
        share = 10 ** (-rng.uniform(0, 18) / 10)
        tail = lfilter([0, share * (1 - kept)], [1, -kept], power[row], axis=0)
        tail *= rng.standard_gamma(3.0, tail.shape) / 3.0 * np.linspace(1.2, 0.6, N_MELS)
        power[row] += tail.astype(np.float32)


def beside(power: Floats, noise_only: Mask, sounds: Floats, rng: Rng) -> Floats:
    """Return (B, N, 48) powers of other sounds: beside a fifth of the speech, alone in most that has no speech."""
    heard = np.exp(warp_bands(sounds, rng) + equaliser(len(sounds), rng)[:, None])
    heard /= plain_power(heard)[:, None, None] + 1e-12
    chosen = rng.random(len(power)) < np.where(noise_only, 0.75, 0.2)
    level = plain_power(power) * 10 ** (-rng.uniform(3, 30, len(power)) / 10)
    level = np.where(noise_only, 10 ** rng.uniform(-6.5, -0.5, len(power)), level)
    for row in np.flatnonzero(noise_only & (rng.random(len(power)) < BURSTS_SHARE)):
        heard[row] *= bursts(power.shape[1], rng)[:, None]
    return np.asarray(heard * (level * chosen)[:, None, None], np.float32)


def bursts(length: int, rng: Rng) -> Floats:
    """Return (length,) factors of power, 0 in silences and 1 in the sounds between them, with ramps of 10 to 200 ms."""
    bounds = [0]
    while bounds[-1] < length:
        for shortest, longest in (GAP_FRAMES, BURST_FRAMES):
            bounds.append(bounds[-1] + int(np.exp(rng.uniform(np.log(shortest), np.log(longest)))))
    there = np.zeros(length + 1)
    ramp = int(rng.integers(1, 21))
    for first, last in zip(bounds[1::2], bounds[2::2], strict=True):
        there[first:last] = np.minimum(np.arange(1, last - first + 1) / ramp, 1.0)[: max(length + 1 - first, 0)]
        if last < length:
            there[last : last + ramp] = np.linspace(1, 0, ramp + 1)[1:][: length + 1 - last]
    return np.asarray(there[:length] ** 2, np.float32)


def codec_holes(power: Floats, rng: Rng) -> Floats:
    """Return (B, N, 48) factors: in one sequence of six, bands far below the loudest of their frame are dropped."""
    depth_db = np.where(rng.random(len(power)) < 0.17, rng.uniform(18, 40, len(power)), 200.0)
    threshold = power.max(2, keepdims=True) * 10 ** (-depth_db[:, None, None] / 10)
    return np.asarray(np.where(power < threshold, 1e-4, 1.0), np.float32)


def noise(power: Floats, noise_only: Mask, rng: Rng) -> Floats:
    """Return (B, N, 48) powers to add: a faint floor always, often noise, sometimes other voices of the batch."""
    n, length, bands = power.shape
    loud = np.where(noise_only, 10 ** rng.uniform(-8.5, -0.5, n), plain_power(power))[:, None, None]
    hissing = rng.random(n) < HISS_SHARE
    heard_db = np.where(hissing, rng.uniform(3, 25, n), rng.uniform(5, 45, n))
    snr_db = np.where(hissing | (rng.random(n) < NOISE_SHARE), heard_db, rng.uniform(65, 95, n))
    snr_db[noise_only] = rng.uniform(-10, 10, int(noise_only.sum()))
    level = loud * 10 ** (-snr_db / 10)[:, None, None]
    texture = rng.standard_gamma(1 + 0.08 * np.arange(bands), (n, length, bands)).astype(np.float32)
    texture /= 1 + 0.08 * np.arange(bands, dtype=np.float32)
    for row in np.flatnonzero(~hissing & (rng.random(n) < np.where(noise_only, 0.5, 0.06))):
        texture[row] = hum(length, rng) if noise_only[row] and rng.random() < HUM_SHARE else music(length, rng)
    colour, swell = np.exp(_colour(n, rng)), _swell(n, length, rng)
    colour[hissing] = (_WHITE * np.exp(equaliser(n, rng)))[hissing]
    colour, swell = colour / (colour @ _PLAIN)[:, None], swell / swell.mean(1, keepdims=True)
    added = level * texture * colour[:, None] * swell
    talkers = (rng.random(n) < 0.12) & ~noise_only
    voices = np.roll(power, 1, 0) + np.roll(power, 2, 0) + np.roll(power, 3, 0)
    voices *= loud / (plain_power(voices)[:, None, None] + 1e-12) * 10 ** (-rng.uniform(8, 20, (n, 1, 1)) / 10)
    heard: Floats = (added + voices * talkers[:, None, None]).astype(np.float32)
    return heard


def plain_power(power: Floats) -> Floats:
    """Return (B,) mean powers of the sounds behind (B, N, 48) band powers, their pre-emphasis undone.

    A signal-to-noise ratio means this power. By that of the emphasised bands, hiss would count for ten times as much as
    it does in a waveform, and noise as loud as people know it would never be heard in training. White noise of unit
    power has power 1.
    """
    return np.asarray((power @ _PLAIN).mean(1), np.float32)


def music(length: int, rng: Rng) -> Floats:
    """Return (length, 48) of mean 1: one to four voices of sustained or plucked notes with their harmonics."""
    total = np.zeros((length, N_MELS), np.float32)
    for _ in range(int(rng.integers(1, 5))):
        start = 0
        while start < length:
            n = min(int(rng.integers(10, 180)), length - start)
            strength = np.arange(1, 25) ** -rng.uniform(0.5, 3.0)
            note = _in_bands(np.exp(rng.uniform(np.log(70), np.log(1000))), strength)
            total[start : start + n] += np.exp(-rng.uniform(0, 0.05) * np.arange(n))[:, None] * note
            start += n + int(rng.integers(0, 60)) * int(rng.random() < 0.3)
    return _leaked(total)


def hum(length: int, rng: Rng) -> Floats:
    """Return (length, 48) of mean 1: the mains, 50 or 60 Hz with harmonics of any strength that hardly change."""
    k = np.arange(1, int(rng.integers(20, 160)))
    strength = k ** -rng.uniform(0.3, 3.0) * np.exp(rng.normal(0, 1, k.size))
    strength[0::2] *= rng.choice((0.1, 1.0))  # a magnet pulls twice in a period
    steady = _in_bands(float(rng.choice((50.0, 60.0))) * float(rng.uniform(0.97, 1.03)), strength)
    return _leaked(np.repeat(steady * np.exp(2 * equaliser(1, rng)), length, 0))


def _in_bands(pitch_hz: float, strength: Floats) -> Floats:
    """Return the (48,) powers of harmonics of (K,) strengths, each in the band that is nearest."""
    harmonics = pitch_hz * np.arange(1, len(strength) + 1)
    nearest = np.abs(harmonics[:, None] - _centres_hz()).argmin(1)
    return np.asarray(np.bincount(nearest, strength * (harmonics < HIGHEST_HZ), N_MELS), np.float32)


def _leaked(powers: Floats) -> Floats:
    """Return (N, 48) powers of mean 1, a little of each band in its neighbours."""
    leaked = powers + 0.02 * (np.roll(powers, 1, 1) + np.roll(powers, -1, 1))
    return np.asarray(leaked / leaked.mean(), np.float32)


def band_limit(n: int, rng: Rng) -> Floats:
    """Return (n, 48) factors; one sequence in four keeps what a telephone carries, or loses its highs."""
    narrow = rng.random(n) < 0.25
    upper = np.where(narrow, rng.uniform(3300, 5500, n), 1e9)[:, None]
    lower = np.where(narrow & (rng.random(n) < 0.6), rng.uniform(150, 350, n), 0.0)[:, None]
    hz = _centres_hz()[None]
    return np.asarray(np.where((hz > upper) | (hz < lower), 1e-5, 1.0), np.float32)


def _colour(n: int, rng: Rng) -> Floats:
    """Spectra from hum to hiss; a quarter are rumble, which falls off steeply above a few hundred hertz or less.

    In these wide and emphasised high bands white noise rises by 33 dB, brown noise falls by 4.
    """
    place = np.linspace(-0.5, 0.5, N_MELS)
    tilt = rng.uniform(-25, 45, (n, 1)) * place * LN10_OVER_10
    cutoff = np.where(rng.random(n) < 0.25, rng.integers(0, 20, n), N_MELS)[:, None]
    beyond = np.maximum(np.arange(N_MELS) - cutoff, 0) * rng.uniform(1, 10, (n, 1)) * LN10_OVER_10
    colour = tilt + 2 * equaliser(n, rng) - np.minimum(beyond, rng.uniform(3, 9, (n, 1)))
    return np.asarray(colour, np.float32)


def _swell(n: int, length: int, rng: Rng) -> Floats:
    """Slow and sometimes rhythmic changes of loudness (n, length, 1): steady hiss, wind, traffic, clatter, music."""
    time = np.arange(length) / 100
    depth_db = np.where(rng.random(n) < 0.5, 0, rng.uniform(3, 20, n))
    rate, phase = np.exp(rng.uniform(np.log(0.3), np.log(8), n)), rng.uniform(0, 2 * np.pi, n)
    wave = np.sin(2 * np.pi * rate[:, None] * time + phase[:, None])
    return np.exp(depth_db[:, None] * wave * LN10_OVER_10)[..., None].astype(np.float32)


def _centres_hz() -> Floats:
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (LOWEST_HZ, HIGHEST_HZ))
    mel = np.linspace(low, high, N_MELS + 2)[1:-1]
    return np.asarray(700 * (10 ** (mel / 2595) - 1), np.float32)


def _emphasis() -> Floats:
    return np.asarray(1 + (_centres_hz() / PRE_EMPHASIS_HZ) ** 2, np.float32)


def _white() -> Floats:
    """(48,) band powers of white noise of unit power: those of a click as strong as what a Hann window lets through."""
    click = np.zeros(WINDOW, np.float32)
    click[-FRAME // 2] = np.sqrt(FRAME * 3 / 8)
    return np.asarray(mel_power(click)[-1])


_WHITE: Final = _white()
_PLAIN: Final = np.asarray(1 / _emphasis() / (_WHITE / _emphasis()).sum(), np.float32)
"""(48,): what a band's power counts in that of the sound. A band holds all its power, so a wide one counts no more."""
