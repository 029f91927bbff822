"""The sentences of filmed people as rows of a corpus: their motion, their own voice and others' voices."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from export.data.corpora import Row, log_powers
from export.data.motion.films import Talk, resample_track
from export.data.motion.motion_space import BREATH_S, LEAD_IN_S, MotionSpace, speech_envelope
from export.data.motion.people import Filmed
from export.data.speech.phones import frame_labels
from export.data.speech.voices import Segment
from space_runtime.arrays import Floats

VOICE_SEED = 5
ACROSS = np.array([1, 0, 0], np.float32)
"""The axis of the mouth's width."""


def filmed_rows(filmed: Filmed, person: int, space: MotionSpace, n_voices: int, part: slice) -> Iterable[Row]:
    """Yield a person's sentences with their motion, each in the own voice and in ``n_voices`` others.

    The others depend on the person and on a sentence's number.
    """
    for number in range(*part.indices(len(filmed.sentences))):
        talk, phones = filmed.sentences[number]
        mel = log_powers(talk.pcm)
        labels, motion = frame_labels(phones, "arpabet", len(mel)), filmed_motion(filmed, talk, phones, space, len(mel))
        yield Row(mel, labels, motion, person)
        if n_voices:
            from export.data.speech.voice_conversion import speak_as_another, take_apart  # needs pyworld

            voice, rng = take_apart(talk.pcm), np.random.default_rng((VOICE_SEED, person, number))
            for _ in range(n_voices):
                yield Row(log_powers(speak_as_another(voice, len(talk.pcm), rng)), labels, motion, person)


def filmed_motion(filmed: Filmed, talk: Talk, phones: list[Segment], space: MotionSpace, n_frames: int) -> Floats:
    """Return the (n_frames, K) motion weights of a filmed sentence, at rest before and after it."""
    moved = filmed.moved(talk, phones)
    motion = np.zeros((n_frames, len(space.basis)), np.float32)
    for axes, lead_in_s in ((ACROSS, LEAD_IN_S), (1 - ACROSS, BREATH_S)):
        part = resample_track(space.weights(moved * axes), talk.fps, n_frames)
        motion += part * speech_envelope(phones, n_frames, lead_in_s)[:, None]
    return motion
