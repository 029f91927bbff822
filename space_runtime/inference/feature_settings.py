"""The parameters of the speech features, once.

The features are computed from them, and a bundle's manifest states those that its networks were trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """The parameters of the features beside sample rate and hop (`timebase`). A network understands one set of them.

    frame, frame_hop, n_fft: samples of an analysis window, from one to the next, and of its Fourier transform.
    n_mels, lowest_hz, highest_hz: the mel bands. pre_emphasis_hz: bands above are raised by 6 dB per octave.
    level_decay_db_per_s, level_smoothing, level_floor: how fast the tracked loudness falls, the share of a new power in
    its mean (0…1), and its least power. band_floor: added to every band's power relative to the level.
    scale, offset: feature = scale · ln(power) + offset.
    """

    frame: int = 400
    frame_hop: int = 160
    n_fft: int = 512
    n_mels: int = 48
    lowest_hz: float = 60.0
    highest_hz: float = 7600.0
    pre_emphasis_hz: float = 500.0
    level_decay_db_per_s: float = 3.0
    level_smoothing: float = 0.1
    level_floor: float = 1e-7
    band_floor: float = 1e-6
    scale: float = 0.5
    offset: float = 3.0


FEATURES: Final = FeatureSettings()
"""The features of this runtime."""
