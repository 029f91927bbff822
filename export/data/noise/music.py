"""Music rendered with fluidsynth and the FluidR3 sound font (MIT) from pieces that `score` makes up."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import numpy as np

from export.data.noise.score import ARRANGEMENTS, Layout, compose
from export.data.noise.synth_primitives import Rng
from export.data.speech.voices import read_pcm
from space_runtime.arrays import Floats
from space_runtime.errors import UsageError
from space_runtime.timebase import SAMPLE_RATE

LICENCE: Final = "sound font FluidR3 (Frank Wen), MIT"
SOUND_FONTS: Final = (Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"), Path("/usr/share/soundfonts/FluidR3_GM.sf2"))
RENDER_RATE: Final = 44_100
"""The font's own rate: rendered at 16 kHz, its high partials would fold back."""
TIMEOUT_S: Final = 120


def make_music(seconds: float, rng: Rng, scratch: Path, arrangements: tuple[Layout, ...] = ARRANGEMENTS) -> Floats:
    """Return a random piece; ``scratch`` is a folder for two files. Raises `UsageError` when fluidsynth is missing."""
    score, sound = scratch / "piece.mid", scratch / "piece.wav"
    compose(seconds, rng, arrangements).save(score)
    options = ["-o", "synth.dynamic-sample-loading=1", "-g", "0.3"]
    wet = [f"{option}{rng.integers(0, 2)}" for option in ("-R", "-C")]
    command = ["fluidsynth", "-niq", "-F", str(sound), "-r", str(RENDER_RATE), "-T", "wav", "-O", "float"]
    subprocess.run(
        [*command, *options, *wet, str(find_sound_font()), str(score)],
        capture_output=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    pcm = read_pcm(sound)[: round(seconds * SAMPLE_RATE)]
    return np.pad(pcm, (0, round(seconds * SAMPLE_RATE) - len(pcm)))


def find_sound_font() -> Path:
    """Return the sound font. Raises `UsageError` that names the package when it or fluidsynth is missing."""
    if shutil.which("fluidsynth") is None:
        raise UsageError("music needs fluidsynth, which is not installed; install Debian's package fluidsynth")
    for path in SOUND_FONTS:
        if path.exists():
            return path
    raise UsageError(
        f"music needs the sound font {SOUND_FONTS[0].name}, which is not installed; "
        "install Debian's package fluid-soundfont-gm"
    )
