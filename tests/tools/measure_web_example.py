"""Measures how far a mouth in three.js is from its sound: ``python -m tests.tools.measure_web_example [N_MARKS]``.

Plays a clip with clicks and a jaw that opens at them in Chromium (the example of the web modules), and prints when the
jaw was open in a picture after the click left the audio device. In software, without a graphics card.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.support.browser.example_site import WATCH, distances_ms, marked_example


def main() -> None:
    """Play, and print the distribution."""
    n_marks = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with tempfile.TemporaryDirectory() as folder, marked_example(Path(folder), n_marks) as browser:
        browser.click("#baked")
        browser.wait_for("space.player?.playback.anchor?.clock === 'audio'")
        browser.evaluate(WATCH)
        browser.wait_for("!space.player.isPlaying")
        apart = distances_ms(browser)
    print(f"{len(apart)} of {n_marks} clicks; jaw after click: median {np.median(apart):.1f} ms")
    print(f"95 % within {np.quantile(np.abs(apart), 0.95):.1f} ms, at most {np.abs(apart).max():.1f} ms")


if __name__ == "__main__":
    main()
