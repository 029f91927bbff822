"""The golden clip, ``engine_bridge/vectors/clip.spaceclip`` with ``clip.json`` as its text: every player reads both.

``python -m tests.tools.golden_clip`` writes it; a test compares what lies there with it.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from engine_bridge.formats.clip import Clip
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.spaceclip import write_spaceclip
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.tools.golden_vectors import FOLDER, ramp

PATH = FOLDER / "clip.spaceclip"
N_FRAMES = 4


def golden_clip() -> Clip:
    """Four frames at 29.97 a second whose numbers all differ: the weights of frame k are a ramp from k/10 to 1."""
    fps = Fraction(30_000, 1_001)
    weights = np.stack([ramp(len(ARKIT_NAMES), k / 10, 1.0) for k in range(N_FRAMES)])
    return Clip(
        name="grüße/顔",
        fps=fps,
        sample_rate=16_000,
        metadata={"settings": {"seed": 7}},
        times_s=np.arange(N_FRAMES) * fps.denominator / fps.numerator,
        speech=ramp(N_FRAMES),
        blendshapes=weights,
        head_rotation_rad=ramp(N_FRAMES * 3, -0.3, 0.3).reshape(N_FRAMES, 3),
        head_translation=ramp(N_FRAMES * 3, -0.1, 0.1).reshape(N_FRAMES, 3),
        eye_rotation_rad=ramp(N_FRAMES * 4, -0.2, 0.2).reshape(N_FRAMES, 2, 2),
    )


def main() -> None:
    """Write the clip."""
    with PATH.open("wb") as file:
        write_spaceclip(golden_clip(), FormatOptions(), file)


if __name__ == "__main__":
    main()
