"""A filmed head beside what a generated one would be told of the same sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from export.data.motion.head_films import HeadFilm
from export.data.motion.head_measures import Voice, band_amplitudes
from export.data.motion.head_simulation import head_inputs
from space_runtime.animation.head_motion import HeadInputs
from space_runtime.arrays import Doubles
from space_runtime.inference.bundle import Bundle
from space_runtime.timebase import HOP, SAMPLE_RATE


@dataclass(frozen=True, slots=True, eq=False)
class FilmedHead:
    """A film, what a head would be told of its sound, and its voice. frames: those that may be learnt from."""

    film: HeadFilm
    inputs: HeadInputs
    voice: Voice
    frames: slice

    @classmethod
    def of(cls, bundle: Bundle, film: HeadFilm, frames: slice = slice(None)) -> FilmedHead:
        """Return a film made ready."""
        inputs = head_inputs(bundle, film.pcm)
        return cls(film, inputs, film_voice(film, inputs), frames)

    def amplitudes(self, angles_rad: Doubles) -> tuple[Doubles, Doubles]:
        """Return the (3, 5) of (T, 3) angles on this film's frames, in speech and in pauses."""
        shown, talking = angles_rad[self.frames], self.voice.speech[self.frames]
        return (
            band_amplitudes(shown, self.film.fps, talking),
            band_amplitudes(shown, self.film.fps, ~talking),
        )


def film_voice(film: HeadFilm, inputs: HeadInputs) -> Voice:
    """Return the voice at a film's frames: loudness over two frames, speech as the network hears it."""
    sample = np.arange(len(film.angles_rad)) * SAMPLE_RATE / film.fps
    reach = int(SAMPLE_RATE / film.fps)
    power = [np.mean(film.pcm[max(0, at - reach) : at + reach] ** 2) for at in sample.astype(np.int64)]
    hops = float(inputs.first_sample[0]) + HOP * np.arange(inputs.speech.shape[1])
    return Voice(10 * np.log10(np.array(power) + 1e-7), np.interp(sample, hops, inputs.speech[0]) > 0.5)
