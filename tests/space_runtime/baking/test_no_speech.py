"""A line with sound and no lip motion is told, in one sentence that names the likely reason; others are not."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import soundfile

from space_runtime.arrays import Floats
from space_runtime.baking.bake import bake
from space_runtime.media.audio_file import open_sound
from tests.support.sounds import speechlike

RATE: Final = 16_000
TIME: Final = np.arange(3 * RATE) / RATE
VOICE: Final = speechlike(3.0)[:, 0]
NOISE: Final = np.random.default_rng(0).standard_normal(len(VOICE)).astype(np.float32)
TUNE: Final = 0.2 * np.sin(2 * np.pi * np.repeat([262, 330, 392, 523, 392, 330], RATE // 2) * TIME)
NOTES: Final = TUNE * (1 - TIME * 2 % 1) ** 2
WAVES: Final = [(0.1 + 0.1 * np.sin(TIME * 7 + phase)) * NOISE for phase in range(5)]

SOUNDS: Final[dict[str, tuple[Floats, str]]] = {
    "silence": (np.zeros(2 * RATE, np.float32), "it is silent"),
    "very quiet": (VOICE * 1e-5, "very quiet"),
    "hum": (np.asarray(0.3 * np.sin(2 * np.pi * 50 * TIME), np.float32), "steady"),
    "hiss": (0.1 * NOISE, "steady"),
    "music": (np.asarray(NOTES, np.float32), "music"),
    "drowned": (0.02 * VOICE + 0.1 * NOISE * np.linspace(0.3, 1, len(NOISE), dtype=np.float32), "drown"),
    "a click": (np.asarray([0.0] * 800 + [0.9] + [0.0] * 800, np.float32), "short"),
    "one channel of six": (np.stack([0.001 * VOICE, *WAVES], axis=1), "6 channels"),
}


def told(tmp_path: Path, caplog: pytest.LogCaptureFixture, samples: Floats) -> list[str]:
    line = tmp_path / "line.wav"
    soundfile.write(line, samples, RATE, subtype="FLOAT")
    with caplog.at_level(logging.WARNING):
        bake(line, tmp_path / "out")
    return [record.getMessage() for record in caplog.records if "line.wav" in record.getMessage()]


@pytest.mark.parametrize("name", SOUNDS)
def test_a_line_without_lip_motion_is_told_with_its_likely_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    samples, reason = SOUNDS[name]
    sentences = [sentence for sentence in told(tmp_path, caplog, samples) if "no speech" in sentence]
    assert len(sentences) == 1
    assert reason in sentences[0] and "\n" not in sentences[0]


@pytest.mark.parametrize("level", [1.0, 0.01])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_line_that_moves_the_lips_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, level: float, n_channels: int
) -> None:
    assert not told(tmp_path, caplog, np.repeat(level * VOICE[:, None], n_channels, axis=1))


def test_a_voice_that_turns_up_late_is_speech(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert not told(tmp_path, caplog, np.concatenate([np.zeros(4 * RATE, np.float32), VOICE]))


def test_what_was_said_about_a_sound_can_be_asked_for(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "stereo.wav", np.stack([VOICE, -VOICE], axis=1), RATE)
    sound = open_sound(tmp_path / "stereo.wav")
    assert not sound.notes
    for _ in sound.speech_blocks():
        pass
    assert len(sound.notes) == 1 and "cancel" in sound.notes[0]
