"""Measures of head motion, of a film's and of generated ones, in the same way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, sosfiltfilt, welch

from space_runtime.animation.head_style import BANDS_HZ
from space_runtime.arrays import Doubles, Mask

EDGES_HZ: Final = np.geomspace(0.3, 6.0, 10)
"""Of the spectra's bands. At 25 fps the first holds one line of 0.2 Hz or none; a band without lines does not count."""
SMOOTHING_S: Final = 0.16
"""Of speeds and loudness, before they are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """Of T frames: loudness_db (T,), and speech (T,) True where somebody talks."""

    loudness_db: Doubles
    speech: Mask


@dataclass(frozen=True, slots=True, eq=False)
class HeadMeasures:
    """Of one track of angles.

    spectrum_db: (3, bands) power of the angular velocity by band from 0.3 to 6 Hz. coupling: correlation of the log of
        the head's speed with loudness. speech_speed, pause_speed: means in °/s. kurtosis: of the angular velocity, mean
        of the angles. acceleration: rms in °/s², mean of the angles. sd, fast_sd: (3,) degrees, all and above 0.5 Hz.
    """

    spectrum_db: Doubles
    coupling: float
    speech_speed: float
    pause_speed: float
    kurtosis: float
    acceleration: float
    sd: Doubles
    fast_sd: Doubles

    @property
    def ratio(self) -> float:
        """Return how many times as fast the head is in speech as in pauses."""
        return self.speech_speed / self.pause_speed


def measure(angles_rad: Doubles, voice: Voice, fps: float) -> HeadMeasures:
    """Return the measures of (T, 3) angles beside a voice."""
    degrees = np.degrees(angles_rad)
    velocity = np.gradient(degrees, axis=0) * fps
    speed = np.linalg.norm(velocity, axis=1)
    smooth = SMOOTHING_S * fps
    log_speed, loudness = np.log(gaussian_filter1d(speed, smooth) + 1), gaussian_filter1d(voice.loudness_db, smooth)
    return HeadMeasures(
        spectrum_db=velocity_spectrum(degrees, fps),
        coupling=float(np.corrcoef(log_speed, loudness)[0, 1]),
        speech_speed=float(speed[voice.speech].mean()),
        pause_speed=float(speed[~voice.speech].mean()),
        kurtosis=float(((velocity**4).mean(0) / velocity.var(0) ** 2).mean()),
        acceleration=float(np.gradient(velocity, axis=0).std(0).mean() * fps),
        sd=degrees.std(0),
        fast_sd=high_passed(degrees, fps).std(0),
    )


def velocity_spectrum(degrees: Doubles, fps: float) -> Doubles:
    """Return (3, bands) dB of the angular velocity's power by band of `EDGES_HZ` (Welch 1967)."""
    velocity = np.gradient(degrees, axis=0) * fps
    hz, power = welch(velocity, fps, nperseg=128, noverlap=96, axis=0)
    bands = [(hz >= low) & (hz < high) for low, high in pairwise(EDGES_HZ)]
    lines = [band for band in bands if band.any()]
    return np.array([[10 * np.log10(power[band, k].mean() + 1e-6) for band in lines] for k in range(3)])


def spectrum_distance(one: HeadMeasures, other: HeadMeasures) -> float:
    """Return the mean absolute difference of two spectra in dB."""
    return float(np.mean(np.abs(one.spectrum_db - other.spectrum_db)))


def band_amplitudes(angles_rad: Doubles, fps: float, where: Mask) -> Doubles:
    """Return (3, 5) amplitudes by band of `BANDS_HZ` in some of the frames, in radians.

    They are mean absolute values, on the scale of a normal distribution's standard deviation: a few large strokes at
    the edge of a pause do not speak for all of it.
    """
    sections = (butter(3, np.divide(band, fps / 2), "bandpass", output="sos") for band in BANDS_HZ)
    bands = np.array([np.abs(sosfiltfilt(each, angles_rad, axis=0)[where]).mean(0) for each in sections], np.float64)
    amplitudes: Doubles = np.multiply(bands.T, math.sqrt(math.pi / 2), dtype=np.float64)
    return amplitudes


def high_passed(values: Doubles, fps: float, from_hz: float = 0.5) -> Doubles:
    """Return values without what is slower."""
    filtered: Doubles = sosfiltfilt(butter(3, from_hz / (fps / 2), "highpass", output="sos"), values, axis=0)
    return filtered


def likeness(tracks: Doubles, fps: float) -> Doubles:
    """Return (3,) correlations between the fast angles of (S, T, 3) tracks, as a size of their mean over all pairs."""
    fast = [high_passed(track, fps) for track in tracks]
    pairs = [(a, b) for n, a in enumerate(fast) for b in fast[:n]]
    correlations = [[np.corrcoef(a[:, k], b[:, k])[0, 1] for k in range(3)] for a, b in pairs]
    sizes: Doubles = np.abs(np.mean(correlations, 0))
    return sizes


@dataclass(frozen=True, slots=True)
class HeadBar:
    """A row of the acceptance table: what is measured, from where to where it is accepted."""

    name: str
    lowest: float
    highest: float


BARS: Final = (
    HeadBar("spectrum distance to the film, dB", 0.0, 3.5),
    HeadBar("r of log speed with loudness", 0.55, 0.80),
    HeadBar("the same with another sound", -1.0, 0.15),
    HeadBar("speed in speech / in pauses", 2.2, 3.5),
    HeadBar("kurtosis of velocity", 4.0, 6.5),
    HeadBar("acceleration / the film's", 0.8, 1.2),
    HeadBar("likeness of seeds: yaw", 0.0, 0.1),
    HeadBar("likeness of seeds: pitch", 0.0, 0.4),
    HeadBar("likeness of seeds: roll", 0.0, 0.1),
    HeadBar("farthest mean of a minute in ten, degrees", 0.0, 2.5),
    HeadBar("largest angle in ten minutes, degrees", 0.0, 12.0),
)
"""Limits: what the film reaches against itself, with room: a distance of 2.8 dB between its parts, r of 0.70."""
